"""The program of the limited child: reads pictures from standard input, writes our own JPEGs to standard output. Imports nothing of ours.

It is started as a file by `pictures.py` in a fresh, isolated interpreter, loads the decoders, and only then locks the door behind itself:
another user if it was root, no free file descriptor (so no file and no socket can be opened), no new process, no core, a ceiling on address
space, and a system-call filter where the machine has one. After that it meets the first byte from outside.

Request and reply: 4 bytes length, JSON, then bodies of the lengths named in it. One reply per request, in order. A fault ends the child.
"""

import contextlib
import io
import json
import os
import resource
import struct
import sys
import warnings

DISPLAY_LONGEST = 2048
DISPLAY_ENOUGH = 1600
"""A phone photo scaled by the decoder itself to at least this is not scaled again: half the time, no loss anyone sees."""
THUMB_LONGEST = 320
STRIP_PIXELS = 2_000_000


def main() -> None:
    pillow_folder, extra_memory, pixels, frames, cpu_seconds = sys.argv[1], *map(int, sys.argv[2:6])
    sys.path.insert(0, pillow_folder)
    global Image, ImageCms
    from PIL import Image, ImageCms, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

    Image.MAX_IMAGE_PIXELS = pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    warm_up(frames)
    sealed = lock_in(extra_memory)
    write_reply({"ready": True, "sealed": sealed}, [])
    while True:
        head = read_exactly(4)
        request = json.loads(read_exactly(struct.unpack(">I", head)[0]))
        body = read_exactly(request["length"])
        allow_seconds(cpu_seconds)
        try:
            facts, bodies = make_derivatives(body, frames)
        except Exception as fault:  # noqa: BLE001 - the answer names its kind only; the child is thrown away by its owner
            write_reply({"refused": refusal_of(fault), "fault": type(fault).__name__}, [])
            return
        write_reply(facts, bodies)


def refusal_of(fault):
    if isinstance(fault, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "picture_too_many_pixels"
    if isinstance(fault, MemoryError | RecursionError):
        return "picture_too_costly"
    if isinstance(fault, Moves):
        return "picture_moves"
    return "file_damaged"


class Moves(Exception):
    """More frames than a photo has."""


def make_derivatives(body, frames):
    picture = Image.open(io.BytesIO(body), formats=("JPEG", "PNG", "WEBP"))  # a phone's many-picture JPEG opens as MPO
    form = picture.format
    if form == "WEBP" and getattr(picture, "n_frames", 1) > frames:
        raise Moves
    width, height = picture.size
    claims = read_claims(picture)
    turn = claims.pop("orientation")
    if turn in (5, 6, 7, 8):
        width, height = height, width
    profile = picture.info.get("icc_profile")
    if form in ("JPEG", "MPO"):
        picture.draft("RGB" if picture.mode == "RGB" else picture.mode, fit(picture.size, DISPLAY_ENOUGH))
    picture.load()
    display = to_plain_rgb(picture)
    picture = None
    display = to_srgb(display, profile)
    turned = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}.get(turn)
    if turned is not None:
        display = display.transpose(Image.Transpose(turned))
    thumb = display.resize(fit(display.size, THUMB_LONGEST), Image.Resampling.LANCZOS, reducing_gap=2.0)
    bodies = [encode(display, 82), encode(thumb, 75)]
    facts = {"format": form, "width": width, "height": height, "turned": turned is not None, "claims": claims}
    facts["sizes"] = [list(display.size), list(thumb.size)]
    return facts, bodies


def fit(size, longest):
    """The size with its longest side cut to `longest`, never grown, never below one pixel."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def to_plain_rgb(picture):
    """RGB on white at display size, strip by strip: a full-size second copy would double the memory of a 50-megapixel picture."""
    width, height = picture.size
    factor = max(1, max(width, height) // DISPLAY_LONGEST)
    if factor == 1:
        small = on_white(picture)
    else:
        rows = max(factor, STRIP_PIXELS // width // factor * factor)
        small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
        for top in range(0, height, rows):
            strip = on_white(picture.crop((0, top, width, min(height, top + rows))))
            small.paste(strip.reduce(factor), (0, top // factor))
    wanted = fit(small.size, DISPLAY_LONGEST)
    if small.size != wanted:
        small = small.resize(wanted, Image.Resampling.LANCZOS)
    fresh = Image.new("RGB", small.size)  # a new image carries no notes, palette or profile of the old one
    fresh.paste(small)
    return fresh


def on_white(picture):
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        high = 257.0 if picture.mode != "F" else 1.0
        return picture.convert("F").point(lambda value: value * (1.0 / high)).convert("L").convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        white = Image.new("RGB", clear.size, "white")
        white.paste(clear, mask=clear.getchannel("A"))
        return white
    return picture.convert("RGB")


def to_srgb(display, profile):
    """Phones photograph in wider colours than pages assume; convert before the profile is dropped. A bad profile changes nothing."""
    if not profile or len(profile) > 1_000_000:
        return display
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return display
        return ImageCms.profileToProfile(display, source, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return display


def encode(picture, quality):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()


def read_claims(picture):
    """Orientation, time and place out of EXIF, as plain text and numbers; whatever cannot be read is not claimed."""
    claims = {"orientation": 1}
    try:
        exif = picture.getexif()
        claims["orientation"] = int(exif.get(0x0112, 1))
        inner, place = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    except Exception:  # noqa: BLE001 - hostile EXIF has many ways to fail; a photo without claims is still a photo
        return claims
    for name, value in (
        ("time", inner.get(0x9003) or exif.get(0x0132)),
        ("offset", inner.get(0x9011) or inner.get(0x9010)),
        ("gps_date", place.get(29)),
        ("lat_ref", place.get(1)),
        ("lon_ref", place.get(3)),
    ):
        if isinstance(value, str) and len(value) < 64:
            claims[name] = value.strip("\x00 ")
    for name, tag in (("lat", 2), ("lon", 4), ("gps_time", 7)):
        try:
            claims[name] = [float(part) for part in place[tag]][:3]
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            continue
    with contextlib.suppress(KeyError, TypeError, ValueError, ZeroDivisionError):
        claims["accuracy"] = float(place[31])
    return claims


def warm_up(frames):
    """One tiny picture of each format all the way, so that every lazy import has happened before the door is locked."""
    global SRGB
    SRGB = ImageCms.createProfile("sRGB")
    profile = ImageCms.ImageCmsProfile(SRGB).tobytes()
    for form, mode in (("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "I;16"), ("WEBP", "RGB"), ("PNG", "P")):
        out = io.BytesIO()
        tags = Image.Exif()
        tags[0x0112], tags[0x0132] = 6, "2026:11:24 10:30:00"
        Image.new(mode, (8, 4)).save(out, form, exif=tags, icc_profile=profile)
        make_derivatives(out.getvalue(), frames)
    to_srgb(Image.new("RGB", (4, 4)), profile.replace(b"sRGB", b"xRGB"))


def lock_in(extra_memory):
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - pathlib is one import more
        now_mapped = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    filter_program = build_filter()
    for limit, value in (
        (resource.RLIMIT_AS, now_mapped + extra_memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (value, value))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    return filter_program()


ALLOWED_CALLS = {
    # memory, reading and writing what is open, signals, time, locks, limits of oneself, leaving; nothing that opens, connects or starts
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 19, 20, 24, 25, 28, 35, 39, 60, 96, 98, 131, 186, 202, 228, 230, 231, 302, 318, 334),
    ),
    "aarch64": (
        0xC00000B7,
        (
            29,
            57,
            62,
            63,
            64,
            65,
            66,
            80,
            79,
            93,
            94,
            98,
            101,
            113,
            115,
            124,
            132,
            134,
            135,
            139,
            165,
            169,
            172,
            178,
            214,
            215,
            216,
            222,
            226,
            233,
            261,
            278,
            293,
        ),
    ),
}


def build_filter():
    """A seccomp filter answering EPERM to every call not in the list; loaded late, because loading needs calls the list does not have."""
    machine = os.uname().machine
    if machine not in ALLOWED_CALLS or sys.byteorder != "little":
        return lambda: False
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    architecture, numbers = ALLOWED_CALLS[machine]

    def instruction(code, k, jump_true=0, jump_false=0):
        return struct.pack("<HBBI", code, jump_true, jump_false, k)

    program = [instruction(0x20, 4), instruction(0x15, architecture, 1, 0), instruction(0x06, 0x80000000), instruction(0x20, 0)]
    program += [instruction(0x15, number, len(numbers) - position, 0) for position, number in enumerate(numbers)]
    program += [instruction(0x06, 0x00050001), instruction(0x06, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(program))
    header = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code)))

    def load():
        kept = code, header
        if libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0))) != 0:
            return False
        return libc.prctl(22, ctypes.c_ulong(2), kept[1], ctypes.c_ulong(0), ctypes.c_ulong(0)) == 0

    return load


def allow_seconds(seconds):
    used = resource.getrusage(resource.RUSAGE_SELF)
    ceiling = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, ceiling))


def read_exactly(length):
    body = bytearray(length)
    view, filled = memoryview(body), 0
    while filled < length:
        chunk = os.readv(0, [view[filled:]])
        if not chunk:
            os._exit(0)
        filled += chunk
    return bytes(body) if length < 65536 else view


def write_reply(facts, bodies):
    facts["lengths"] = [len(body) for body in bodies]
    head = json.dumps(facts).encode()
    for part in (struct.pack(">I", len(head)), head, *bodies):
        view = memoryview(part)
        while view:
            view = view[os.write(1, view) :]


if __name__ == "__main__":
    main()
