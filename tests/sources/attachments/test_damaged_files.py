"""A file with bytes changed, lost or doubled is taken in or refused with a known reason, quickly; nothing else ever comes out."""

import random
import time

import pytest

from chengyun.base.results import Refused
from chengyun.sources.attachments import REASONS, take_in
from sources.attachments import honest

TURNS = 150
HONEST = {
    "mp4": honest.film(),
    "mov": honest.film(b"qt  "),
    "webm": honest.webm(),
    "webm stream": honest.webm(unknown_sizes=True),
    "wav": honest.wav(),
    "mp3": honest.mp3(),
    "ogg": honest.ogg(),
    "amr": honest.amr(),
    "pdf": honest.pdf(objects=b"5 0 << /Type /Annot >>"),
    "docx": honest.office(),
    "xlsx": honest.office("xlsx"),
    "jpeg": honest.photo(64, 48),
    "png": honest.photo(64, 48, "PNG"),
    "webp": honest.photo(64, 48, "WEBP"),
}


def damage(body: bytes, dice: random.Random) -> bytes:
    broken = bytearray(body)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(broken))
        way = dice.randrange(5)
        if way == 0:
            broken[at] = dice.randrange(256)
        elif way == 1:
            broken[at] ^= 1 << dice.randrange(8)
        elif way == 2:
            broken[at : at + 4] = dice.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0"])
        elif way == 3 and len(broken) > 40:
            del broken[at : at + dice.randint(1, 20)]
        else:
            broken[at:at] = broken[at : at + dice.randint(1, 40)]
    return bytes(broken)


@pytest.mark.parametrize("form", HONEST)
def test_damaged_files_end_in_a_file_or_a_reason(bench, form):
    dice = random.Random(form)
    turns = TURNS if form not in ("jpeg", "png", "webp") else 8
    for _ in range(turns):
        broken = damage(HONEST[form], dice)
        started = time.monotonic()
        made = take_in(broken, "", bench=bench)
        assert time.monotonic() - started < 3
        assert not isinstance(made, Refused) or made.reason in REASONS
