"""Documents: PDF and Office (docx, xlsx, pptx). Never opened by a viewer of ours, never converted; searched for what could act, then kept.

A document that can run, fetch, carry other files or hide behind a password is refused with the reason, not repaired: a repaired
document is no longer the one its author signed. What authors leave inside (names, companies, earlier wording) stays
inside; so documents are level 3, never public.
"""

import re
import zipfile
import zlib
from io import BytesIO
from struct import unpack_from
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from chengyun.base.results import Refused
from chengyun.sources.attachments.kinds import Form
from chengyun.sources.attachments.records import MB, Limits, Taken

Cleaned = tuple[bytes, Taken | None]
DAMAGED = Refused("file_damaged")

# PDF --------------------------------------------------------------------------------------------------------------------------------------

_RUNS = ("JavaScript", "Launch", "SubmitForm", "ImportData", "RichMedia", "Rendition", "XFA", "GoToE")
_CARRIES = ("EmbeddedFile", "EmbeddedFiles", "Collection")
_REACHES = ("GoToR",)
_NAME_END = rb"(?=[\s/<>\[\]()%{}]|$)"
_RUNS_RE, _CARRIES_RE, _REACHES_RE = (
    re.compile(b"/(?:" + b"|".join(name.encode() for name in names) + b")" + _NAME_END) for names in (_RUNS, _CARRIES, _REACHES)
)
_ENCRYPT_RE = re.compile(rb"/Encrypt" + _NAME_END)
_STREAM_RE = re.compile(rb"stream(?:\r\n|\n|\r)")
_OBJECT_STREAM_RE = re.compile(rb"/ObjStm" + _NAME_END)
_FLATE_ONLY_RE = re.compile(rb"/Filter\s*\[?\s*/(?:FlateDecode|Fl)\s*\]?\s*(?:/(?!Filter)|>>)")
_PARAMETERS_RE = re.compile(rb"/(?:DecodeParms|DP|FFilter|F)" + _NAME_END)
LONGEST_DICTIONARY = 4096
MOST_OBJECT_STREAMS = 10_000
MOST_ESCAPES = 300_000
"""Three times the `#` that chance puts into 25 MB of packed pictures."""


def check_pdf(body: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    """The whole file is searched, with names unescaped (`/J#61vaScript`), and so is every object stream, unpacked within a limit.

    Every object stream must be one we could unpack: a chain of filters that hides one from us hides it for a reason.
    """
    end = body.rfind(b"%%EOF")
    if end < 0 or body[end + 5 :].strip(b"\0 \r\n\t\f"):
        return DAMAGED
    if body.count(b"#") > MOST_ESCAPES:
        return DAMAGED
    plain = _unescape(body)
    if (bad := _find_in_pdf(plain)) is not None:
        return bad
    named = list(_OBJECT_STREAM_RE.finditer(body))
    if len(named) != len(_OBJECT_STREAM_RE.findall(plain)):
        return Refused("document_runs_code", {"found": "hidden objects"})  # nobody escapes the letters of that word without a purpose
    if len(named) > MOST_OBJECT_STREAMS:
        return Refused("archive_too_large", {"entries": len(named), "limit": MOST_OBJECT_STREAMS})
    left, reached = limits.pdf_unpacked, 0
    for name in named:
        if name.start() < reached:
            return DAMAGED
        begin = _STREAM_RE.search(body, name.end(), name.end() + LONGEST_DICTIONARY)
        if begin is None:
            return DAMAGED
        opening = body.rfind(b"obj", max(reached, name.start() - LONGEST_DICTIONARY), name.start())
        dictionary = _unescape(body[max(opening, reached) : begin.start()])
        packed_so = b"/Filter" in dictionary
        if (packed_so and not _FLATE_ONLY_RE.search(dictionary)) or _PARAMETERS_RE.search(dictionary):
            return Refused("document_runs_code", {"found": "hidden objects"})
        stop = body.find(b"endstream", begin.end())
        reached = stop if stop >= 0 else len(body)
        if packed_so:
            inside = _inflate(body[begin.end() : reached], left)
            if isinstance(inside, Refused):
                return inside
            left -= len(inside)
            if (bad := _find_in_pdf(_unescape(inside))) is not None:
                return bad
    return body, None


def _unescape(body: bytes) -> bytes:
    """Names as a viewer reads them: `/J#61vaScript` is `/JavaScript` (ISO 32000-1, 7.3.5)."""
    if b"#" not in body:
        return body
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), body)


def _find_in_pdf(plain: bytes) -> Refused | None:
    for reason, pattern in (
        ("document_encrypted", _ENCRYPT_RE),
        ("document_runs_code", _RUNS_RE),
        ("document_carries_files", _CARRIES_RE),
        ("document_reaches_out", _REACHES_RE),
    ):
        if found := pattern.search(plain):
            return Refused(reason, {"found": found[0].decode("latin-1")})
    return None


def _inflate(packed: bytes, most: int) -> bytes | Refused:
    """Unpacked to its end. What has no end within its stream, or breaks, may go on where only a viewer looks: refused."""
    unpacker = zlib.decompressobj()
    try:
        inside = unpacker.decompress(packed, most + 1)
    except zlib.error:
        return Refused("document_runs_code", {"found": "hidden objects"})
    if len(inside) > most:
        return Refused("archive_too_large", {"limit": most})
    return inside if unpacker.eof else Refused("document_runs_code", {"found": "hidden objects"})


# Office -----------------------------------------------------------------------------------------------------------------------------------

_MACRO_NAMES = re.compile(
    r"vbaproject|vbadata|activex/|macrosheets/|dialogsheets/|customui/|\.(?:bas|cls|frm|vbs|js|exe|dll|ocx|hta|lnk|bat|cmd|ps1)$"
)
_MACRO_TYPES = re.compile(r"macroenabled|vbaproject|activex|ms-office\.vba|oleobject|intlmacrosheet|ms-excel\.macrosheet")
_NESTED_HEADS = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\xd0\xcf\x11\xe0", b"%PDF-")
_PROGRAM_HEADS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe")
_DDE = re.compile(rb"\bDDE(?:AUTO)?\b|<\s*(?:\w+:)?ddeLink\b")
_LINK_TYPES = ("/hyperlink",)
_LINK_SCHEMES = ("http://", "https://", "mailto:", "tel:", "#")
LARGEST_DIRECTORY = 1 * MB
XML_KEPT = 16 * MB
"""XML read whole for its content types and relations; longer ones are searched in pieces only."""


def check_office(body: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    """Every entry is unpacked in pieces with all counters running (promise F4), named safely, and searched for code and far addresses."""
    refused = _check_directory(body, limits)
    if refused is not None:
        return refused
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            refused = _check_entries(archive, body, limits) or _check_contents(archive, len(body), limits, form)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, ValueError, OSError, RuntimeError):
        return DAMAGED
    return refused or (body, None)


def _check_directory(body: bytes, limits: Limits) -> Refused | None:
    """Before any library reads it: one directory, at the very end, of a sensible size."""
    at = body.rfind(b"PK\x05\x06")
    if at < 0 or len(body) - at < 22:
        return DAMAGED
    disk, first, here, total, size, start, note = unpack_from("<HHHHIIH", body, at + 4)
    if disk or first or here != total or at + 22 + note != len(body) or start + size != at or note:
        return DAMAGED
    if total > limits.zip_entries or size > LARGEST_DIRECTORY:
        return Refused("archive_too_large", {"entries": total, "limit": limits.zip_entries})
    return None


def _check_entries(archive: zipfile.ZipFile, body: bytes, limits: Limits) -> Refused | None:
    entries = archive.infolist()
    if len(entries) > limits.zip_entries:
        return Refused("archive_too_large", {"entries": len(entries), "limit": limits.zip_entries})
    names, reached = set(), 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        name = entry.orig_filename
        parts = name.split("/")
        odd = "\\" in name or "\0" in name or ":" in name or name.startswith("/") or ".." in parts or len(name) > 255
        if odd or len(parts) > limits.zip_depth or name.lower() in names or (entry.external_attr >> 16 & 0o170000) == 0o120000:
            return Refused("archive_unsafe_name", {"name": name[:80]})
        names.add(name.lower())
        if entry.flag_bits & 0x41:
            return Refused("document_encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.header_offset < reached:
            return DAMAGED
        reached = entry.header_offset + 30 + len(name.encode()) + entry.compress_size
        if _MACRO_NAMES.search(name.lower()):
            return Refused("document_runs_code", {"found": name[:80]})
        if "externallinks/" in name.lower():
            return Refused("document_reaches_out", {"found": name[:80]})
        if "embeddings/" in name.lower():
            return Refused("document_carries_files", {"found": name[:80]})
    if "encryptedpackage" in names:
        return Refused("document_encrypted")
    return None if "[content_types].xml" in names else DAMAGED


def _check_contents(archive: zipfile.ZipFile, packed_total: int, limits: Limits, form: Form) -> Refused | None:
    unpacked_total = 0
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        seen, kept, tail, xml = 0, bytearray(), b"", entry.filename.lower().endswith((".xml", ".rels", ".vml"))
        with archive.open(entry) as opened:
            while piece := opened.read(256 * 1024):
                if seen == 0 and (refused := _check_head(piece, entry.filename, xml)) is not None:
                    return refused
                seen += len(piece)
                unpacked_total += len(piece)
                ratio = seen / max(1, entry.compress_size)
                if unpacked_total > limits.zip_unpacked or (seen > MB and ratio > limits.zip_ratio):
                    return Refused("archive_too_large", {"unpacked": unpacked_total, "limit": limits.zip_unpacked})
                if unpacked_total > MB and unpacked_total / packed_total > limits.zip_ratio:
                    return Refused("archive_too_large", {"unpacked": unpacked_total, "limit": limits.zip_unpacked})
                if xml:
                    if (refused := _check_piece(tail + piece)) is not None:
                        return refused
                    tail = piece[-64:]
                    if len(kept) + len(piece) <= XML_KEPT:
                        kept += piece
        if entry.filename.lower().endswith(".rels") or entry.filename.lower() == "[content_types].xml":
            refused = _check_plan(bytes(kept), entry.filename.lower(), form) if seen <= XML_KEPT else DAMAGED
            if refused is not None:
                return refused
    return None


def _check_head(piece: bytes, name: str, xml: bool) -> Refused | None:
    if piece.startswith(_NESTED_HEADS):
        return Refused("archive_nested", {"found": name[:80]})
    if piece.startswith(_PROGRAM_HEADS):
        return Refused("document_runs_code", {"found": name[:80]})
    if xml and not piece.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return DAMAGED  # other encodings would hide words from the search below
    return None


def _check_piece(piece: bytes) -> Refused | None:
    if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
        return Refused("document_reaches_out", {"found": "DOCTYPE"})
    if b"encoding=" in piece[:200] and not re.search(rb"""encoding=["'](?:utf-8|us-ascii)["']""", piece[:200], re.IGNORECASE):
        return DAMAGED
    if _DDE.search(piece) and (b"instrText" in piece or b"ddeLink" in piece or b"fldSimple" in piece):
        return Refused("document_runs_code", {"found": "DDE"})
    return None


def _check_plan(xml: bytes, name: str, form: Form) -> Refused | None:
    """Content types and relations: what the parts are, and what they point to."""
    try:
        root: Element = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException):
        return DAMAGED
    if name == "[content_types].xml":
        kinds = [str(part.get("ContentType", "")).lower() for part in root]
        if any(_MACRO_TYPES.search(kind) for kind in kinds):
            return Refused("document_runs_code", {"found": "macros"})
        main = form.media_type.lower() + ".main+xml"
        return None if main in kinds else Refused("file_type_differs", {"found": "another kind of Office file"})
    for relation in root:
        target, kind = str(relation.get("Target", "")), str(relation.get("Type", ""))
        outside = str(relation.get("TargetMode", "")).lower() == "external"
        if outside and not (kind.endswith(_LINK_TYPES) and target.lower().startswith(_LINK_SCHEMES)):
            return Refused("document_reaches_out", {"found": target[:80]})
    return None
