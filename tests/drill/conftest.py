"""Data folders and processes as in `tests/runtime`: ended and removed after each test."""

from runtime.conftest import data, start

__all__ = ["data", "start"]
