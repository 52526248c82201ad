"""What a file is, by its first bytes; what its name and declared type may then be. What is not in this table is not accepted.

Not here on purpose: SVG, HTML, XML and plain text (pages could run them), GIF, BMP, TIFF, ICO, PSD, EPS (decoders with a past,
no phone sends them), HEIC (Pillow cannot read it; phones' browsers hand over JPEG when a page asks for it), old Office (.doc,
.xls: macros inside OLE), archives.
"""

import re
from dataclasses import dataclass

from chengyun.sources.attachments.records import Kind


@dataclass(frozen=True)
class Form:
    """One accepted form. `family` chooses who cleans it."""

    media_type: str
    extension: str
    kind: Kind
    family: str
    types: frozenset[str]
    extensions: frozenset[str]


def _form(media_type: str, extension: str, kind: Kind, family: str, types: str = "", extensions: str = "") -> Form:
    return Form(media_type, extension, kind, family, frozenset([media_type, *types.split()]), frozenset([extension, *extensions.split()]))


_OFFICE = "application/vnd.openxmlformats-officedocument."
JPEG = _form("image/jpeg", "jpg", Kind.PHOTO, "photo", "image/jpg image/pjpeg image/heic image/heif", "jpeg jpe jfif heic heif")
PNG = _form("image/png", "png", Kind.PHOTO, "photo")
WEBP = _form("image/webp", "webp", Kind.PHOTO, "photo")
MP4 = _form("video/mp4", "mp4", Kind.VIDEO, "mp4", "video/x-m4v", "m4v")
MOV = _form("video/quicktime", "mov", Kind.VIDEO, "mp4", "video/mp4", "qt mp4")
THREE_GP = _form("video/3gpp", "3gp", Kind.VIDEO, "mp4", "video/mp4 video/3gpp2", "3g2 mp4")
M4A = _form("audio/mp4", "m4a", Kind.SOUND, "mp4", "audio/x-m4a audio/m4a audio/aac", "mp4 aac")
WEBM = _form("video/webm", "webm", Kind.VIDEO, "webm", "audio/webm", "weba")
MP3 = _form("audio/mpeg", "mp3", Kind.SOUND, "mp3", "audio/mp3")
OGG = _form("audio/ogg", "ogg", Kind.SOUND, "ogg", "application/ogg audio/opus", "oga opus")
WAV = _form("audio/wav", "wav", Kind.SOUND, "wav", "audio/x-wav audio/wave audio/vnd.wave")
AMR = _form("audio/amr", "amr", Kind.SOUND, "amr", "audio/amr-wb audio/3gpp", "awb")
PDF = _form("application/pdf", "pdf", Kind.DOCUMENT, "pdf")
DOCX = _form(_OFFICE + "wordprocessingml.document", "docx", Kind.DOCUMENT, "office")
XLSX = _form(_OFFICE + "spreadsheetml.sheet", "xlsx", Kind.DOCUMENT, "office")
PPTX = _form(_OFFICE + "presentationml.presentation", "pptx", Kind.DOCUMENT, "office")

FORMS = (JPEG, PNG, WEBP, MP4, MOV, THREE_GP, M4A, WEBM, MP3, OGG, WAV, AMR, PDF, DOCX, XLSX, PPTX)
CLAIMS_NOTHING = {"", "application/octet-stream", "binary/octet-stream"}
_OFFICE_PARTS = ((b"word/document.xml", DOCX), (b"xl/workbook.xml", XLSX), (b"ppt/presentation.xml", PPTX))
_MP4_SOUND = {b"M4A ", b"M4B "}
_MP4_BRANDS = {
    b"isom",
    b"iso2",
    b"iso3",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"M4VP",
    b"MSNV",
    b"dash",
    b"hvc1",
    b"iso8",
    b"iso9",
}


def find_form(body: bytes) -> Form | None:
    """The accepted form these bytes begin like; its cleaner then reads the whole of it."""
    head = body[:64]
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _find_mp4(head)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return WEBM
    if head.startswith(b"OggS"):
        return OGG
    if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return AMR
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and len(head) > 2 and head[1] & 0xE6 == 0xE2):
        return MP3
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return next((form for part, form in _OFFICE_PARTS if part in body), None)
    return None


def _find_mp4(head: bytes) -> Form | None:
    brand = head[8:12]
    if brand in _MP4_SOUND:
        return M4A
    if brand == b"qt  ":
        return MOV
    if brand[:3] in (b"3gp", b"3g2"):
        return THREE_GP
    return MP4 if brand in _MP4_BRANDS else None


def goes_with(form: Form, name: str, media_type: str) -> bool:
    """Whether name and declared type may belong to a file of this form.

    A missing ending or type claims nothing; between photo formats any claim of a photo will do.
    """
    declared = media_type.split(";")[0].strip().lower()
    ending = re.search(r"\.(?=[A-Za-z0-9]*[A-Za-z])([A-Za-z0-9]{1,8})\s*$", name.split("\x00")[0][-64:])
    types, endings = form.types, form.extensions
    if form.kind is Kind.PHOTO:
        types, endings = JPEG.types | PNG.types | WEBP.types, JPEG.extensions | PNG.extensions | WEBP.extensions
    elif form in (MP4, MOV, THREE_GP, M4A, AMR):
        # one container, many names: what counts is that it is a film or a sound and not something else
        family = (MP4, MOV, THREE_GP, M4A, AMR)
        types, endings = frozenset().union(*(one.types for one in family)), frozenset().union(*(one.extensions for one in family))
    fits_type = declared in CLAIMS_NOTHING or declared in types
    return fits_type and (ending is None or ending[1].lower() in endings)
