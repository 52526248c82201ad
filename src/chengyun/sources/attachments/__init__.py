"""The one sanitiser: a file from outside goes in, a harmless copy of our own making or a refusal comes out.

Photos are decoded in a limited child process and encoded anew; films, sounds and documents are checked, cleaned of places and notes,
and never run, converted or shown in a page. Nothing here stores anything: `stores/blobs.py` keeps the result, `runtime` wires both.
"""

from chengyun.sources.attachments.intake import take_in
from chengyun.sources.attachments.names import clean_name
from chengyun.sources.attachments.pictures import PictureBench
from chengyun.sources.attachments.records import REASONS, Derivative, Kind, Limits, Sanitised, Taken

__all__ = ["REASONS", "Derivative", "Kind", "Limits", "PictureBench", "Sanitised", "Taken", "clean_name", "take_in"]
