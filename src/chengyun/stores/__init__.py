"""EDGE. Where things are kept: writing (Django apps, one per stage), reading (SQL), blobs. No ORM object leaves this package."""
