"""Sounds: WAV, MP3, Ogg, AMR (M4A goes with the films). Never decoded; walked frame by frame, notes and pictures inside dropped."""

import struct

from chengyun.base.results import Refused
from chengyun.sources.attachments.kinds import Form
from chengyun.sources.attachments.records import Limits, Taken

Cleaned = tuple[bytes, Taken | None]
DAMAGED = Refused("file_damaged")
MOST_CHUNKS = 200
MOST_AMR_FRAMES = 1_000_000
"""Five and a half hours; a frame may be one byte long."""
_AMR_FRAMES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
_AMR_WB_FRAMES = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)
"""Bytes of a frame by its type (RFC 4867, 5.3); 0: the type is reserved."""


def clean_wav(body: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    """Only `fmt `, `fact` and `data` stay; LIST, bext, iXML, id3 and strangers are gone."""
    kept, at, seen, many = [], 12, set(), 0
    while at + 8 <= len(body):
        name, size = body[at : at + 4], struct.unpack_from("<I", body, at + 4)[0]
        if at + 8 + size > len(body):
            return DAMAGED
        if name in (b"fmt ", b"fact", b"data"):
            kept.append(body[at : at + 8 + size] + b"\0" * (size & 1))
            seen.add(name)
        at += 8 + size + (size & 1)
        many += 1
        if many > MOST_CHUNKS:
            return DAMAGED
    if not {b"fmt ", b"data"} <= seen:
        return DAMAGED
    chunks = b"".join(kept)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks, None


_MP3_RATES = {
    # (version, layer): kbit/s by index; ISO 11172-3 2.4.2.3 and ISO 13818-3
    (3, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def clean_mp3(body: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    """The layer-3 frames, one after the other, and nothing before, between or after them."""
    at = 0
    while body[at : at + 3] == b"ID3" and len(body) >= at + 10:
        size = body[at + 6 : at + 10]
        at += 10 + (size[0] & 127) * 2097152 + (size[1] & 127) * 16384 + (size[2] & 127) * 128 + (size[3] & 127)
    start, frames, view = at, 0, memoryview(body)
    while at + 4 <= len(body):
        length = _mp3_frame(body, at)
        if not length or at + length > len(body):
            break
        at += length
        frames += 1
    left = body[at:]
    if frames < 3 or (left.strip(b"\0") and not left.startswith((b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")) and len(left) > 2048):
        return DAMAGED
    return bytes(view[start:at]), None


def _mp3_frame(body: bytes, at: int) -> int:
    """Length of the MPEG layer-3 frame at an offset, 0 if there is none."""
    first, second, third = body[at], body[at + 1], body[at + 2]
    version, layer = second >> 3 & 3, second >> 1 & 3
    if first != 255 or second >> 5 != 7 or version == 1 or layer != 1 or third >> 4 in (0, 15) or third >> 2 & 3 == 3:
        return 0
    rate = _MP3_RATES[3 if version == 3 else 2, 1][third >> 4] * 1000
    hertz = _MP3_HERTZ[version][third >> 2 & 3]
    return (144 if version == 3 else 72) * rate // hertz + (third >> 1 & 1)


def clean_ogg(body: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    """Opus or Vorbis in whole pages with right sums. Comments cannot be wiped without touching every sum, so a file that carries any beyond
    the name of the program that wrote it is refused."""
    at, packets, current = 0, [], b""
    while at < len(body):
        if body[at : at + 5] != b"OggS\0" or at + 27 > len(body):
            return DAMAGED
        lacing = body[at + 27 : at + 27 + body[at + 26]]
        end = at + 27 + len(lacing) + sum(lacing)
        if len(lacing) != body[at + 26] or end > len(body):
            return DAMAGED
        if len(packets) < 2:
            page = body[at:end]
            if _ogg_sum(page[:22] + b"\0\0\0\0" + page[26:]) != struct.unpack_from("<I", page, 22)[0]:
                return DAMAGED
            offset = at + 27 + len(lacing)
            for length in lacing:
                current += body[offset : offset + length]
                offset += length
                if length < 255:
                    packets.append(current)
                    current = b""
        at = end
    if len(packets) < 2:
        return DAMAGED
    if packets[0].startswith(b"OpusHead") and packets[1].startswith(b"OpusTags"):
        comments = packets[1][8:]
    elif packets[0].startswith(b"\x01vorbis") and packets[1].startswith(b"\x03vorbis"):
        comments = packets[1][7:]
    else:
        return Refused("file_type_not_accepted", {"found": "ogg"})
    return (body, None) if _only_encoder(comments) else Refused("sound_carries_notes")


def _only_encoder(comments: bytes) -> bool:
    try:
        (length,) = struct.unpack_from("<I", comments)
        (many,) = struct.unpack_from("<I", comments, 4 + length)
        at = 8 + length
        if length > 200 or many > 8:
            return False
        for _ in range(many):
            (length,) = struct.unpack_from("<I", comments, at)
            if length > 200 or not comments[at + 4 : at + 4 + length].upper().startswith(b"ENCODER"):
                return False
            at += 4 + length
    except struct.error:
        return False
    return not comments[at:].strip(b"\0\x01")


def _ogg_sums() -> list[int]:
    sums = []
    for number in range(256):
        value = number << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        sums.append(value)
    return sums


_OGG_SUMS = _ogg_sums()


def _ogg_sum(page: bytes) -> int:
    """CRC-32 as Ogg has it (RFC 3533): polynomial 0x04c11db7, not reflected, start 0."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _OGG_SUMS[value >> 24 ^ byte]
    return value


def clean_amr(body: bytes, limits: Limits, form: Form) -> Cleaned | Refused:
    wide = body.startswith(b"#!AMR-WB\n")
    at, frames, lengths = (9, 0, _AMR_WB_FRAMES) if wide else (6, 0, _AMR_FRAMES)
    while at < len(body):
        length = lengths[body[at] >> 3 & 15]
        if body[at] & 0x83 or not length or at + length > len(body):
            return DAMAGED
        at += length
        frames += 1
        if frames > MOST_AMR_FRAMES:
            return DAMAGED
    return (body, None) if frames else DAMAGED
