"""Promise P1: every column says how personal it is, what it is for, and how long it stays.

Each app keeps its labels in `labels.py` next to `models.py`; `tests/stores/test_labels.py` fails for a column without one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """GB/T 35273 and the grading of public data, in four steps."""

    PUBLIC = 1
    INTERNAL = 2
    PERSONAL = 3
    SENSITIVE = 4


@dataclass(frozen=True)
class Label:
    """purpose: why it is held, in a few words. retention: a key of `RETENTION`."""

    level: Level
    purpose: str
    retention: str


RETENTION: Mapping[str, str] = {
    "forever": "kept as long as the tenant exists",
    "with_case": "as long as the case it belongs to",
    "case_then_erased": "erased on request, at the latest two years after closing",
    "with_account": "as long as the account exists",
    "with_person": "as long as the person works here, then two years",
    "audit": "365 days by default, never less than 180 (promise H4)",
    "session": "until the session ends",
    "days_3": "three days",
    "days_30": "thirty days",
    "versions": "all versions, as past cases are read by the rules of their day",
}

Labels = Mapping[str, Mapping[str, Label]]
"""Model name -> column -> label."""


def label(level: Level, purpose: str, retention: str, columns: str) -> dict[str, Label]:
    """The same label for several columns, named with spaces between."""
    if retention not in RETENTION:
        raise ValueError(f"retention {retention!r} is not known; did you mean one of {sorted(RETENTION)}?")
    return {column: Label(level, purpose, retention) for column in columns.split()}
