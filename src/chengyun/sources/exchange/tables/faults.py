"""Collecting what is wrong with a file: the first faults in full, the rest as a number."""

from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches

from chengyun.base.errors import RowError

SHOWN = 50
"""How many faults of a file are told in full. Chosen by us: more than anybody mends in one go."""

_SHORT = 80


@dataclass
class Faults:
    """All faults of one file, in the order found."""

    file: str
    shown: int = SHOWN
    errors: list[RowError] = field(default_factory=list)
    total: int = 0

    def add(self, row: int, column: str, code: str, message: str, cure: str = "", near: tuple[str, Collection[str]] | None = None) -> None:
        """near   (what was found, what it could have been): a close one becomes "did you mean", sought only for faults that are told"""
        self.total += 1
        if len(self.errors) >= self.shown:
            return
        if near is not None and (meant := did_you_mean(*near)):
            cure = f"{meant}; {cure}" if cure else meant
        self.errors.append(RowError(self.file, row, column, code, message, cure))

    def __bool__(self) -> bool:
        return self.total > 0


def did_you_mean(found: str, known: Collection[str]) -> str:
    """
    >>> did_you_mean("WTR-7", ["WTR-07", "GAS-01"])
    'did you mean "WTR-07"?'
    """
    if len(found) > _SHORT:
        return ""
    folded = {k.casefold(): k for k in known}
    close = get_close_matches(found.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[close[0]]}"?' if close else ""


def quoted(found: str) -> str:
    """What was found, fit for a message: short, one line, without control signs."""
    clean = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in found[: _SHORT + 1])
    return f'"{clean[:_SHORT]}…"' if len(found) > _SHORT else f'"{clean}"'
