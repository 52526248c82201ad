"""Films: MP4, MOV, 3GP (and M4A) and WebM. Never decoded, run or converted: walked box by box, and everything but picture and sound wiped.

Places sit in many corners of these files: `udta` (the `©xyz` and `loci` atoms), QuickTime `meta` keys, XMP in `uuid`, and whole timed
tracks of positions (phones, action cameras, drones). So we keep what plays and wipe the rest in place, which leaves every offset as it was:
unknown boxes become `free` and are zeroed, tracks that are neither picture nor sound are zeroed together with their samples.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chengyun.base.results import Refused
from chengyun.sources.attachments.kinds import Form
from chengyun.sources.attachments.records import Limits, Taken

Cleaned = tuple[bytes, Taken | None]
MOST_BOXES = 20_000
MOST_SAMPLES = 300_000
"""Of one track. Ten minutes of film have about 30,000; each step below is bounded, because each is a loop."""
MOST_TRACKS = 8
MOST_BLOCKS = 300_000
DAMAGED = Refused("file_damaged")

_KEEP = {
    "": {"ftyp", "styp", "moov", "mdat", "moof", "mfra", "sidx", "pdin"},
    "moov": {"mvhd", "trak", "mvex", "iods"},
    "trak": {"tkhd", "edts", "mdia", "tapt"},
    "mdia": {"mdhd", "hdlr", "minf"},
    "minf": {"vmhd", "smhd", "nmhd", "gmhd", "hdlr", "dinf", "stbl"},
    "stbl": {
        "stsd",
        "stts",
        "stss",
        "ctts",
        "cslg",
        "stsc",
        "stsz",
        "stz2",
        "stco",
        "co64",
        "sgpd",
        "sbgp",
        "sdtp",
        "stsh",
        "padb",
        "subs",
        "saiz",
        "saio",
    },
    "edts": {"elst"},
    "moof": {"mfhd", "traf"},
    "traf": {"tfhd", "trun", "tfdt", "sdtp", "sbgp", "sgpd", "subs", "saiz", "saio"},
    "mvex": {"mehd", "trex", "trep"},
}
"""What may stay, by the box it stands in (ISO/IEC 14496-12). A list of what is bad would always be one phone behind."""
_CONTAINERS = {"moov", "trak", "mdia", "minf", "stbl", "edts", "moof", "traf", "mvex"}
_SPARE = {"free", "skip", "wide"}
_SINCE_1904 = datetime(1904, 1, 1, tzinfo=UTC)


class Damaged(Exception):
    """The structure does not hold; never leaves this module."""


@dataclass(frozen=True)
class Box:
    name: str
    start: int
    inside: int
    end: int


def walk(body: bytearray, start: int, end: int, count: list[int]) -> Iterator[Box]:
    """The boxes side by side between two offsets; sizes that do not fit raise `Damaged`."""
    while start < end:
        count[0] += 1
        if end - start < 8 or count[0] > MOST_BOXES:
            if end - start < 8 and not any(body[start:end]):
                return  # a few zeros closing a QuickTime container
            raise Damaged
        size, name = struct.unpack_from(">I4s", body, start)
        inside = start + 8
        if size == 1:
            if end - start < 16:
                raise Damaged
            (size,) = struct.unpack_from(">Q", body, inside)
            inside += 8
        elif size == 0:
            size = end - start
        if start + size > end or size < inside - start:
            raise Damaged
        yield Box(name.decode("latin-1"), start, inside, start + size)
        start += size


def clean_mp4(source: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    body = bytearray(source)
    try:
        return _clean_mp4(body, form)
    except (Damaged, struct.error):
        return DAMAGED


def _clean_mp4(body: bytearray, form: Form) -> Cleaned | Refused:
    count = [0]
    top = list(walk(body, 0, len(body), count))
    names = [box.name for box in top]
    if names[0] != "ftyp" or names.count("moov") != 1 or ("mdat" not in names and "moof" not in names):
        raise Damaged
    moov = next(box for box in top if box.name == "moov")
    media, other = [], []
    for track in (box for box in walk(body, moov.inside, moov.end, count) if box.name == "trak"):
        (media if _handler(body, track, count) in ("vide", "soun") else other).append(track)
    if not media or len(media) > MOST_TRACKS:
        raise Damaged
    if form.kind.value == "sound" and any(_handler(body, track, count) == "vide" for track in media):
        return Refused("file_type_differs", {"found": "video/mp4"})
    if other and "moof" in names:
        return Refused("film_carries_more", {"tracks": len(other)})
    taken = _creation_time(body, moov, count)
    data = [box for box in top if box.name == "mdat"]
    used = sorted(piece for track in media for piece in _samples(body, track, count)) if "moof" not in names else None
    if used is not None:
        _wipe_gaps(body, data, used)
    for track in other:
        _wipe(body, track)
    _clean_level(body, "", 0, len(body), count, depth=0)
    return bytes(body), taken


def _clean_level(body: bytearray, parent: str, start: int, end: int, count: list[int], depth: int) -> None:
    if depth > 8:
        raise Damaged
    for box in walk(body, start, end, count):
        if box.name not in _KEEP[parent]:
            _wipe(body, box)
        elif box.name in _CONTAINERS:
            _clean_level(body, box.name, box.inside, box.end, count, depth + 1)
        elif box.name in ("mvhd", "tkhd", "mdhd"):
            width = 16 if body[box.inside] == 1 else 8
            if box.end - box.inside < 4 + width:
                raise Damaged
            body[box.inside + 4 : box.inside + 4 + width] = bytes(width)
        elif box.name == "hdlr" and box.end - box.inside > 24:
            body[box.inside + 24 : box.end] = bytes(box.end - box.inside - 24)


def _wipe(body: bytearray, box: Box) -> None:
    body[box.start + 4 : box.start + 8] = b"free"
    body[box.inside : box.end] = bytes(box.end - box.inside)


def _wipe_gaps(body: bytearray, data: list[Box], used: list[tuple[int, int]]) -> None:
    """Zero what no picture or sound sample points at: samples of other tracks, and whatever hides between."""
    joined: list[tuple[int, int]] = []
    for start, end in used:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    place = 0
    for box in data:
        at = box.inside
        while place < len(joined) and joined[place][0] < box.end:
            start, end = joined[place]
            if start < box.inside or end > box.end:
                raise Damaged
            body[at:start] = bytes(start - at)
            at, place = end, place + 1
        body[at : box.end] = bytes(box.end - at)
    if place < len(joined):
        raise Damaged


def _inner(body: bytearray, box: Box, path: str, count: list[int]) -> Box:
    for name in path.split("/"):
        found = next((inner for inner in walk(body, box.inside, box.end, count) if inner.name == name), None)
        if found is None:
            raise Damaged
        box = found
    return box


def _handler(body: bytearray, track: Box, count: list[int]) -> str:
    box = _inner(body, track, "mdia/hdlr", count)
    return body[box.inside + 8 : box.inside + 12].decode("latin-1")


def _samples(body: bytearray, track: Box, count: list[int]) -> list[tuple[int, int]]:
    """Byte ranges of a track's chunks, joined where they touch; offsets from the start of the file."""
    table = _inner(body, track, "mdia/minf/stbl", count)
    boxes = {box.name: box for box in walk(body, table.inside, table.end, count)}
    if "stsc" not in boxes or "stsz" not in boxes or not boxes.keys() & {"stco", "co64"}:
        raise Damaged
    wide = "co64" in boxes
    at = boxes["co64" if wide else "stco"]
    chunks = _numbers(body, at, ">u8" if wide else ">u4", 8 if wide else 4)
    runs = _numbers(body, boxes["stsc"], ">u4", 12)
    same, total = struct.unpack_from(">II", body, boxes["stsz"].inside + 4)
    if total > MOST_SAMPLES or len(runs) % 3:
        raise Damaged
    sizes = [] if same else _numbers(body, boxes["stsz"], ">u4", 4, header=12)
    if not same and len(sizes) != total:
        raise Damaged
    pieces: list[tuple[int, int]] = []
    sample, run = 0, 0
    for number, offset in enumerate(chunks, start=1):
        while (run + 1) * 3 < len(runs) and runs[(run + 1) * 3] <= number:
            run += 1
        many = min(runs[run * 3 + 1], total - sample) if runs else 0
        length = same * many if same else sum(sizes[sample : sample + many])
        sample += many
        if pieces and pieces[-1][1] == offset:
            pieces[-1] = (pieces[-1][0], offset + length)
        elif length:
            pieces.append((offset, offset + length))
    return pieces


def _numbers(body: bytearray, box: Box, kind: str, each: int, header: int = 8) -> list[int]:
    (many,) = struct.unpack_from(">I", body, box.inside + header - 4)
    if many > MOST_SAMPLES or box.inside + header + many * each > box.end:
        raise Damaged
    code = "Q" if kind == ">u8" else "I"
    return list(struct.unpack_from(f">{many * each // struct.calcsize(code)}{code}", body, box.inside + header))


def _creation_time(body: bytearray, moov: Box, count: list[int]) -> Taken | None:
    head = _inner(body, moov, "mvhd", count)
    (seconds,) = struct.unpack_from(">Q" if body[head.inside] == 1 else ">I", body, head.inside + 4)
    if not 3_000_000_000 < seconds < 2**32:  # before 1999: a phone that did not know
        return None
    return Taken(at=_SINCE_1904 + timedelta(seconds=seconds), zone_from="file")


# WebM, a Matroska subset ------------------------------------------------------------------------------------------------------------------

_SEGMENT, _CLUSTER, _TRACKS, _ENTRY, _TYPE, _INFO = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0x83, 0x1549A966
_LEVEL_ONE = {0x114D9B74, _INFO, _TRACKS, _CLUSTER, 0x1C53BB6B, 0x1254C367, 0x1941A469, 0x1043A770}
_KEEP_WEBM = {0x114D9B74, _INFO, _TRACKS, _CLUSTER, 0x1C53BB6B, 0xEC}
_KEEP_INFO = {0x2AD7B1, 0x4489, 0x4D80, 0x5741, 0xEC}
"""Time scale, duration and the names of the two programs that wrote it, which the format demands and which we overwrite."""
_UNKNOWN = -1


def _element(body: bytearray, at: int, end: int) -> tuple[int, int, int]:
    """(id, start of data, size or _UNKNOWN) of the EBML element at an offset."""
    number, at = _variable(body, at, end, keep_marker=True, longest=4)
    size, at = _variable(body, at, end, keep_marker=False, longest=8)
    if size != _UNKNOWN and at + size > end:
        raise Damaged
    return number, at, size


def _variable(body: bytearray, at: int, end: int, keep_marker: bool, longest: int) -> tuple[int, int]:
    if at >= end or body[at] == 0:
        raise Damaged
    length = 9 - body[at].bit_length()
    if length > longest or at + length > end:
        raise Damaged
    number = int.from_bytes(body[at : at + length], "big")
    if not keep_marker:
        number &= (1 << 7 * length) - 1
        if number == (1 << 7 * length) - 1:
            number = _UNKNOWN
    return number, at + length


def clean_webm(source: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    body = bytearray(source)
    try:
        number, inside, size = _element(body, 0, len(body))
        if size == _UNKNOWN or b"webm" not in body[inside : inside + size]:
            return Refused("file_type_not_accepted", {"found": "video/x-matroska"})
        number, inside, size = _element(body, inside + size, len(body))
        if number != _SEGMENT:
            raise Damaged
        end = len(body) if size == _UNKNOWN else inside + size
        if end != len(body):
            raise Damaged
        kinds: set[int] = set()
        _clean_segment(body, inside, end, kinds)
        if not kinds:
            raise Damaged
        if kinds - {1, 2}:
            return Refused("film_carries_more", {"tracks": len(kinds - {1, 2})})
        return bytes(body), None
    except Damaged:
        return DAMAGED


def _clean_segment(body: bytearray, at: int, end: int, kinds: set[int]) -> None:
    count = 0
    while at < end:
        count += 1
        if count > MOST_BOXES:
            raise Damaged
        number, inside, size = _element(body, at, end)
        if size == _UNKNOWN:
            if number != _CLUSTER:
                raise Damaged
            at = _end_of_cluster(body, inside, end)
            continue
        stop = inside + size
        if number not in _KEEP_WEBM or number == 0xEC:
            _void(body, at, stop)
        elif number == _INFO:
            for child, begin, data, finish in _children(body, inside, stop):
                if child not in _KEEP_INFO or child == 0xEC:
                    _void(body, begin, finish)
                elif child in (0x4D80, 0x5741):
                    body[data:finish] = b"-" * (finish - data)
        elif number == _TRACKS:
            _read_tracks(body, inside, stop, kinds)
        at = stop


def _read_tracks(body: bytearray, at: int, end: int, kinds: set[int]) -> None:
    for child, _, inside, stop in _children(body, at, end):
        if child != _ENTRY:
            continue
        for part, begin, data, finish in _children(body, inside, stop):
            if part == _TYPE:
                kinds.add(int.from_bytes(body[data:finish], "big"))
            elif part == 0x536E:  # a name given to the track
                _void(body, begin, finish)


def _children(body: bytearray, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    for _ in range(MOST_BOXES):
        if at >= end:
            return
        number, inside, size = _element(body, at, end)
        if size == _UNKNOWN:
            raise Damaged
        yield number, at, inside, inside + size
        at = inside + size
    raise Damaged


def _end_of_cluster(body: bytearray, at: int, end: int) -> int:
    for _ in range(MOST_BLOCKS):
        if at >= end:
            return at
        number, inside, size = _element(body, at, end)
        if number in _LEVEL_ONE:
            return at
        if size == _UNKNOWN:
            raise Damaged
        at = inside + size
    raise Damaged


def _void(body: bytearray, start: int, end: int) -> None:
    """Turn an element into an EBML Void of the same length."""
    total = end - start
    if total < 2:
        raise Damaged
    length = 8 if total >= 9 else 1
    size = total - 1 - length
    body[start] = 0xEC
    body[start + 1 : start + 1 + length] = ((1 << 7 * length) | size).to_bytes(length, "big")
    body[start + 1 + length : end] = bytes(size)
