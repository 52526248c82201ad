"""Errors sorted by who must act. A "no" from the rules is not here: it is a value, `Refused` (see results).

Machines get `code`, people get a sentence made from `code` and `facts` in their language at the edge, logs get the facts.
"""

from dataclasses import dataclass


class ChengyunError(Exception):
    """Root of our own errors."""

    code = "error"

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class BadInput(ChengyunError):
    """The caller must act: what was sent cannot be taken. `place` names file:line, column or field; `cure` what to do."""

    code = "bad_input"

    def __init__(self, message: str, *, place: str = "", cure: str = "", code: str = "bad_input", **facts: object) -> None:
        super().__init__(message, place=place, cure=cure, **facts)
        self.place, self.cure, self.code = place, cure, code

    def __str__(self) -> str:
        head = f"{self.place}: " if self.place else ""
        tail = f"; {self.cure}" if self.cure else ""
        return f"{head}{super().__str__()}{tail}"


class NotFound(ChengyunError):
    """There is no such thing, or the reader may not know of it: the two look the same (promise A4)."""

    code = "not_found"


class Conflict(ChengyunError):
    """The same idempotency key with another body, or a state that moved on meanwhile."""

    code = "conflict"


class SourceDown(ChengyunError):
    """The operator of another system must act."""

    code = "source_down"


class BadPack(ChengyunError):
    """The author of a pack must act."""

    code = "bad_pack"


@dataclass(frozen=True)
class RowError:
    """One fault in a file: `duty_list.csv:118: unit "WTR-7" is not in organisations.csv; did you mean "WTR-07"?`"""

    file: str
    row: int
    column: str
    code: str
    message: str
    cure: str = ""

    def __str__(self) -> str:
        tail = f"; {self.cure}" if self.cure else ""
        return f"{self.file}:{self.row}: {self.column}: {self.message}{tail}"
