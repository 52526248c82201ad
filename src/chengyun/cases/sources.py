"""Where each row of the national table comes from: a section of the trade reference, or a choice of ours (marked "ours").

`national_sources.tsv` is made by docs/reference/make_lifecycle.py from the matrix that was written by hand; a test asks that it is up to
date. The city reads both on its lifecycle page, so that it knows what was decided for it and may decide otherwise.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from chengyun.cases.lifecycle import Transition
from chengyun.cases.national import NATIONAL

FILE = Path(__file__).with_name("national_sources.tsv")
OURS = "ours"
CHOICES = 8
"""So many decisions have a sentence of their own (`lifecycle.choice.N` in the words of the screens)."""


@cache
def sources_of_rows() -> Mapping[Transition, str]:
    """Row of the national table -> its source, in the words of the reference."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return {row: line.partition("\t")[2] for row, line in zip(NATIONAL.rows, lines, strict=True)}


def is_ours(source: str) -> bool:
    """Whether some part of it is our own choice."""
    return any(part.strip().startswith(OURS) for part in source.split(";"))
