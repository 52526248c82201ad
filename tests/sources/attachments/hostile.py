"""Sixty hostile files, generated. Each row: its name, the bytes, the name and type it was sent with.

Nothing here is large on disk; what is large is what a careless reader would make of it.
`PYTHONPATH=tests python -m sources.attachments.hostile FOLDER` writes them out for a look.
"""

import io
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sources.attachments import honest

SCRIPT = b"<script>alert('MARKER-RAN')</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>" + SCRIPT + b"</svg>"


@dataclass(frozen=True)
class Hostile:
    title: str
    body: bytes
    name: str = "photo.jpg"
    media_type: str = "image/jpeg"


def png(
    width: int, height: int, *, kind: int = 2, depth: int = 8, before: bytes = b"", data: bytes | None = None, after: bytes = b""
) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    packed = zlib.compress(bytes(64), 9) if data is None else data
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", packed) + after + chunk(b"IEND", b"")


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I", len(body) if length is None else length) + name + body + struct.pack(">I", zlib.crc32(name + body))


def picture(form: str, width: int = 40, height: int = 30, **more: object) -> bytes:
    out = io.BytesIO()
    honest.scene(width, height).save(out, form, **more)
    return out.getvalue()


def jpeg_sized(width: int, height: int) -> bytes:
    """A small JPEG that says it is a large one."""
    body = bytearray(picture("JPEG"))
    at = body.index(b"\xff\xc0")
    body[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(body)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([255, marker]) + struct.pack(">H", len(body) + 2) + body


def exif_jpeg(tiff: bytes) -> bytes:
    plain = picture("JPEG")
    return plain[:2] + segment(0xE1, b"Exif\0\0" + tiff) + plain[2:]


def looping_tiff() -> bytes:
    """A directory whose next directory, and whose every inner directory, is itself."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 8) for tag in (0x8769, 0x8825, 0xA005, 0x014A))
    return b"II*\0" + struct.pack("<IH", 8, 4) + entries + struct.pack("<I", 8)


def animation(form: str, frames: int, size: int) -> bytes:
    out = io.BytesIO()
    first, *rest = [Image.new("RGB", (size, size), (number % 256, 0, 0)) for number in range(frames)]
    first.save(out, form, save_all=True, append_images=rest, duration=10)
    return out.getvalue()


def webp_lie(width: int, height: int) -> bytes:
    """A WebP whose outer canvas is larger than the picture inside."""
    inner = picture("WEBP")[12:]
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"RIFF" + struct.pack("<I", 4 + len(canvas) + len(inner)) + b"WEBP" + canvas + inner


def zipped(entries: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return out.getvalue()


def nested_bomb() -> bytes:
    body = zipped({"0": bytes(4 * 1024 * 1024)})
    for level in range(4):
        body = zipped({f"{level}-{copy}.zip": body for copy in range(8)})
    return body


def lying_zip() -> bytes:
    """The directory says ten bytes; the entry unpacks to forty million."""
    body = bytearray(honest.office(more={"word/x.xml": b"<a>" + b" " * 40_000_000}))
    at = body.rindex(b"word/x.xml") - 46
    body[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(body)


def overlapping_zip() -> bytes:
    """Every directory row points at the same packed megabytes (the way of the better zip bomb)."""
    kernel = honest.office(more={"word/x.bin": bytes(8 * 1024 * 1024)})
    at = kernel.rindex(b"PK\x05\x06")
    start, size = struct.unpack_from("<I", kernel, at + 16)[0], struct.unpack_from("<I", kernel, at + 12)[0]
    rows = kernel[start : start + size]
    row = rows[rows.rindex(b"PK\x01\x02") :]
    more = b"".join(row.replace(b"word/x.bin", b"word/%05d" % number) for number in range(900))
    count = struct.unpack_from("<H", kernel, at + 10)[0] + 900
    return kernel[:start] + rows + more + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, size + len(more), start, 0)


def encrypted_zip() -> bytes:
    body = bytearray(honest.office())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := body.find(mark, at + 1)) >= 0:
            body[at + offset] |= 1
    return bytes(body)


def macro_types() -> str:
    return honest.CONTENT_TYPES.format(part="word/document.xml", kind="x").replace(
        "application/vnd.openxmlformats-officedocument.x.main+xml", "application/vnd.ms-word.document.macroEnabled.main+xml"
    )


def deep_boxes() -> bytes:
    inner = b""
    for _ in range(4000):
        inner = honest.box(b"trak", inner)
    return honest.box(b"ftyp", b"isom\0\0\0\0") + honest.box(b"mdat", b"x") + honest.box(b"moov", inner)


def film_with_table(count: int) -> bytes:
    """A sample table that announces far more rows than the file holds."""
    body = bytearray(honest.film())
    at = body.index(b"stsz") + 12
    body[at : at + 4] = struct.pack(">I", count)
    return bytes(body)


def make_hostile() -> Iterator[Hostile]:
    jpeg = picture("JPEG", 400, 300)
    docx = {"name": "a.docx", "media_type": honest_type("docx")}
    yield Hostile("nothing at all", b"")
    yield Hostile("only the first bytes of a JPEG", b"\xff\xd8\xff")
    yield Hostile("JPEG cut in half", jpeg[: len(jpeg) // 2])
    yield Hostile("JPEG header that says 65500 x 65500", jpeg_sized(65500, 65500))
    yield Hostile("JPEG header that says 7000 x 7000 over a few hundred bytes", jpeg_sized(7000, 7000))
    yield Hostile("JPEG with a page behind it", jpeg + b"<html>" + SCRIPT + b"</html>")
    yield Hostile("JPEG with a page in its comment", jpeg[:2] + segment(0xFE, b"<html>" + SCRIPT) + jpeg[2:])
    yield Hostile("JPEG with an archive behind it", jpeg + zipped({"x.jar": b"PK"}))
    yield Hostile("JPEG whose EXIF carries scripts", honest.photo(exif=script_exif()))
    yield Hostile("JPEG whose EXIF directories point at themselves", exif_jpeg(looping_tiff()))
    yield Hostile(
        "JPEG whose EXIF says a value of 4 GB",
        exif_jpeg(b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0132, 2, 0xFFFFFFF0, 8) + bytes(4)),
    )
    yield Hostile("JPEG with 400 full EXIF segments", jpeg[:2] + segment(0xE1, b"Exif\0\0" + bytes(65000)) * 300 + jpeg[2:])
    yield Hostile(
        "JPEG with a colour profile of noise", jpeg[:2] + segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(range(256)) * 200) + jpeg[2:]
    )
    yield Hostile("JPEG with a thousand scans", many_scans())
    yield Hostile("PNG of 50,001 x 50,001", png(50_001, 50_001), "a.png", "image/png")
    yield Hostile("PNG of 2 billion pixels in one row", png(2_000_000_000, 1), "a.png", "image/png")
    yield Hostile("PNG of 49 megapixels from 150 bytes", png(7000, 7000), "a.png", "image/png")
    yield Hostile(
        "PNG whose pixels are a bomb of 150 MB", png(7000, 7000, data=zlib.compress(bytes(7000 * 21001), 9)), "a.png", "image/png"
    )
    yield Hostile(
        "PNG of 16 bits, 49 megapixels, clear", png(7000, 7000, kind=6, depth=16, data=zlib.compress(bytes(7000 * 56001), 9)), "a.png", ""
    )
    yield Hostile("PNG with a chunk of 2 GB announced", png(4, 4, before=chunk(b"tEXt", b"x", 0x7FFFFFFF)), "a.png", "image/png")
    yield Hostile(
        "PNG with a text bomb", png(4, 4, before=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(60_000_000)))), "a.png", "image/png"
    )
    yield Hostile(
        "PNG with a profile bomb", png(4, 4, before=chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(60_000_000)))), "a.png", "image/png"
    )
    yield Hostile(
        "PNG with scripts in its text", png(1, 1, data=zlib.compress(bytes(4)), before=chunk(b"tEXt", b"k\0" + SCRIPT)), "a.png", ""
    )
    yield Hostile("PNG with noughts for an end", picture("PNG")[:-30] + bytes(30), "a.png", "image/png")
    yield Hostile("PNG of no width", png(0, 100), "a.png", "image/png")
    yield Hostile("PNG that moves", animation("PNG", 40, 60), "a.png", "image/png")
    yield Hostile("WebP of 400 frames", animation("WEBP", 400, 64), "a.webp", "image/webp")
    yield Hostile("WebP canvas of 16384 x 16384", webp_lie(16384, 16384), "a.webp", "image/webp")
    yield Hostile("WebP canvas of 49 megapixels around a stamp", webp_lie(7000, 7000), "a.webp", "image/webp")
    yield Hostile("WebP cut short", picture("WEBP")[:-20], "a.webp", "image/webp")
    yield Hostile("GIF that is also a script", b"GIF89a=1/*" + bytes(20) + b"*/;alert('MARKER-RAN')", "a.gif", "image/gif")
    yield Hostile("GIF of 300 frames called a photo", animation("GIF", 300, 32))
    yield Hostile("BMP", picture("BMP"), "a.bmp", "image/bmp")
    yield Hostile("ICO", picture("ICO", 64, 64), "a.ico", "image/x-icon")
    yield Hostile("TIFF whose directories go round", looping_tiff(), "a.tif", "image/tiff")
    yield Hostile(
        "Photoshop file", b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 30000, 30000, 8, 3), "a.psd", "image/vnd.adobe.photoshop"
    )
    yield Hostile("PostScript that calls a shell", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file\n", "a.eps", "application/postscript")
    yield Hostile("SVG with a script", SVG, "a.svg", "image/svg+xml")
    yield Hostile("SVG called a photo", b"<?xml version='1.0'?>" + SVG)
    yield Hostile("a page called a photo", b"<!doctype html>" + SCRIPT)
    yield Hostile("a program called a photo", b"\x7fELF\x02\x01\x01" + bytes(200))
    yield Hostile(
        "HEIC whose boxes lie", honest.box(b"ftyp", b"heic\0\0\0\0") + struct.pack(">I4s", 0xFFFFFFF0, b"meta"), "a.heic", "image/heic"
    )
    yield Hostile("a photo under a name with a nought in it", jpeg, "shell.php\0.jpg")
    yield Hostile("a photo under a name of 10,000 signs", jpeg, "长" * 10_000 + ".jpg")
    yield Hostile("a photo under a name that reads backwards", jpeg, "a\u202egpj.exe")
    yield Hostile("a photo under a path", jpeg, "../../../../etc/cron.d/x.jpg")
    yield Hostile("PDF with a script", honest.pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "a.pdf", "application/pdf")
    yield Hostile("PDF with a script in packed objects", honest.pdf(objects=b"5 0 << /S /J#61vaScript >>"), "a.pdf", "application/pdf")
    yield Hostile("PDF that is also a page", b"%PDF-1.4\n<html>" + SCRIPT + b"%%EOF</html>", "a.pdf", "application/pdf")
    yield Hostile("PDF whose packed objects are a bomb", honest.pdf(objects=bytes(200_000_000)), "a.pdf", "application/pdf")
    yield Hostile("archive in archive in archive", nested_bomb(), **docx)
    yield Hostile("document with 30 MB of blanks in 30 KB", honest.office(more={"word/x.xml": b"<a>" + b" " * 30_000_000}), **docx)
    yield Hostile("document whose directory lies about a size", lying_zip(), **docx)
    yield Hostile("document whose entries overlap", overlapping_zip(), **docx)
    yield Hostile("document with an entry that climbs out", honest.office(more={"../../../evil": b"x"}), **docx)
    yield Hostile("document with macros", honest.office(types=macro_types(), more={"word/vbaProject.bin": b"\0"}), **docx)
    yield Hostile("document that asks for a password", encrypted_zip(), **docx)
    yield Hostile(
        "sheet that fetches other sheets", honest.office("xlsx", more={"xl/externalLinks/externalLink1.xml": b"<a/>"}), "a.xlsx", ""
    )
    yield Hostile("film with boxes four thousand deep", deep_boxes(), "a.mp4", "video/mp4")
    yield Hostile("film whose table says two billion samples", film_with_table(2_000_000_000), "a.mp4", "video/mp4")


def honest_type(kind: str) -> str:
    return f"application/vnd.openxmlformats-officedocument.{honest.OFFICE[kind][1]}"


def script_exif() -> Image.Exif:
    exif = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        exif[tag] = SCRIPT.decode() * 20
    return exif


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated: small to send, long to decode."""
    body = picture("JPEG", 3000, 2000, progressive=True)
    at = body.rindex(b"\xff\xda")
    return body[:at] + body[at:-2] * 200 + b"\xff\xd9"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for number, one in enumerate(make_hostile(), start=1):
        (folder / f"{number:02d}.bin").write_bytes(one.body)
        print(number, len(one.body), one.title)
