"""Files as honest people send them, generated: photos with everything a phone writes into them, films, sounds, documents."""

import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'
)
OFFICE = {
    "docx": ("word/document.xml", "wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation"),
}
SECRET = b"MARKER-31.2304-121.4737"


def scene(width: int, height: int) -> Image.Image:
    """Something like a street: soft shapes and noise, so that sizes and times are those of photos."""
    noise = np.random.default_rng(7).integers(0, 255, (max(2, height // 16), max(2, width // 16), 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def phone_exif(orientation: int = 6, offset: str | None = "+08:00", place: bool = True) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0110] = "PhoneModel " + SECRET.decode()
    exif[0x0112] = orientation
    exif[0x0132] = "2026:11:24 10:30:05"
    exif[0x8769] = {0x9003: "2026:11:24 10:29:59"} | ({0x9011: offset} if offset else {})
    if place:
        exif[0x8825] = {1: "N", 2: (31.0, 13.0, 49.44), 3: "E", 4: (121.0, 28.0, 25.32), 31: 8.5}
    return exif


def photo(width: int = 1200, height: int = 900, form: str = "JPEG", exif: Image.Exif | None = None, **more: object) -> bytes:
    out = io.BytesIO()
    scene(width, height).save(out, form, exif=exif or phone_exif(), **more)
    return out.getvalue()


def box(name: bytes, *inner: bytes) -> bytes:
    body = b"".join(inner)
    return struct.pack(">I4s", 8 + len(body), name) + body


def track(handler: bytes, offset: int, length: int) -> bytes:
    """One track with one chunk of one sample."""
    table = box(
        b"stbl",
        box(b"stsd", bytes(8)),
        box(b"stts", bytes(8)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(">IIII", 0, 0, 1, length)),
        box(b"stco", struct.pack(">III", 0, 1, offset)),
    )
    return box(
        b"trak",
        box(b"tkhd", bytes(84)),
        box(
            b"mdia",
            box(b"mdhd", bytes(24)),
            box(b"hdlr", bytes(8), handler, bytes(12), SECRET),
            box(b"minf", box(b"vmhd", bytes(12)), table),
        ),
        box(b"udta", box(b"\xa9xyz", SECRET)),
    )


def film(brand: bytes = b"isom", handlers: tuple[bytes, ...] = (b"vide", b"soun", b"meta")) -> bytes:
    """An MP4 that tells its place in five ways: udta, QuickTime meta, XMP, a timed track, and bytes nobody points at."""
    samples = {b"vide": b"VIDEO" * 40, b"soun": b"SOUND" * 20, b"meta": SECRET * 3, b"text": SECRET * 2}
    head = box(b"ftyp", brand, bytes(4), b"isomavc1")
    data = b"".join(samples[handler] for handler in handlers) + SECRET
    at, tracks = len(head) + 8, []
    for handler in handlers:
        tracks.append(track(handler, at, len(samples[handler])))
        at += len(samples[handler])
    moov = box(
        b"moov",
        box(b"mvhd", struct.pack(">III", 0, 3_877_000_000, 3_877_000_000), bytes(88)),
        *tracks,
        box(b"udta", box(b"\xa9xyz", SECRET), box(b"loci", SECRET)),
        box(b"meta", box(b"keys", b"com.apple.quicktime.location.ISO6709"), box(b"ilst", SECRET)),
    )
    return head + box(b"mdat", data) + moov + box(b"uuid", bytes(16), b"<x:xmpmeta>", SECRET)


def element(number: int, *inner: bytes) -> bytes:
    body = b"".join(inner)
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + (1 << 56 | len(body)).to_bytes(8, "big") + body


def webm(kinds: tuple[int, ...] = (1, 2), unknown_sizes: bool = False) -> bytes:
    head = element(0x1A45DFA3, element(0x4282, b"webm"))
    info = element(
        0x1549A966, element(0x2AD7B1, b"\x0f\x42\x40"), element(0x4D80, b"Recorder"), element(0x5741, SECRET), element(0x4461, bytes(8))
    )
    tracks = element(0x1654AE6B, *(element(0xAE, element(0xD7, bytes([n + 1])), element(0x83, bytes([k]))) for n, k in enumerate(kinds)))
    tags = element(0x1254C367, element(0x7373, SECRET))
    cluster = element(0xE7, b"\0"), element(0xA3, b"\x81\0\0\x80FRAME")
    if unknown_sizes:
        unknown = b"\x01" + b"\xff" * 7
        return head + b"\x18\x53\x80\x67" + unknown + info + tracks + (b"\x1f\x43\xb6\x75" + unknown + b"".join(cluster)) * 2 + tags
    return head + element(0x18538067, info, tracks, element(0x1F43B675, *cluster), tags)


def wav() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)

    inner = (
        chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))
        + chunk(b"LIST", b"INFOICMT" + SECRET)
        + chunk(b"data", b"\x80" * 801)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(inner)) + b"WAVE" + inner


def mp3() -> bytes:
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    notes = b"TXXX" + SECRET
    return b"ID3\x03\0\0" + struct.pack(">I", len(notes)) + notes + frame * 12 + b"TAG" + SECRET.ljust(125, b"\0")


def ogg(comments: tuple[bytes, ...] = (b"ENCODER=recorder",)) -> bytes:
    def page(number: int, packet: bytes, kind: int) -> bytes:
        lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
        raw = b"OggS\0" + bytes([kind]) + bytes(8) + struct.pack("<II", 9, number) + bytes(4) + bytes([len(lacing)]) + lacing + packet
        return raw[:22] + struct.pack("<I", ogg_sum(raw)) + raw[26:]

    tags = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", len(comments))
    tags += b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    head = b"OpusHead\x01\x01" + bytes(2) + struct.pack("<I", 48000) + bytes(3)
    return page(0, head, 2) + page(1, tags, 0) + page(2, b"\xf8\xff\xfe" * 40, 4)


def ogg_sum(raw: bytes) -> int:
    """Bit by bit, unlike the table of the product."""
    value = 0
    for byte in raw:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x104C11DB7) if value & 0x80000000 else value << 1
    return value


def amr(wide: bool = False) -> bytes:
    return b"#!AMR-WB\n" + (b"\x44" + bytes(60)) * 20 if wide else b"#!AMR\n" + (b"\x3c" + bytes(31)) * 20


def pdf(extra: bytes = b"", objects: bytes = b"", tail: bytes = b"") -> bytes:
    """One page. `extra` goes into the catalogue; `objects` is the plain content of an object stream."""
    packed = zlib.compress(objects)
    stream = b"4 0 obj << /Type /ObjStm /N 1 /First 5 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream endobj\n" % (
        len(packed),
        packed,
    )
    return (
        b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R "
        + extra
        + b" >> endobj\n2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n3 0 obj << /Type /Page /Parent 2 0 R >> endobj\n"
        + (stream if objects else b"")
        + b"trailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
        + tail
    )


def office(
    kind: str = "docx", more: dict[str, bytes] | None = None, relations: str = "", text: bytes = b"<w:t>report</w:t>", types: str = ""
) -> bytes:
    part, word = OFFICE[kind]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types or CONTENT_TYPES.format(part=part, kind=word))
        archive.writestr("_rels/.rels", RELATIONS.format(inner=""))
        archive.writestr(part, b'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w">' + text + b"</w:document>")
        archive.writestr(part.split("/")[0] + "/_rels/" + part.split("/")[1] + ".rels", RELATIONS.format(inner=relations))
        for name, body in (more or {}).items():
            archive.writestr(name, body)
    return out.getvalue()
