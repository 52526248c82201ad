"""Sheets for people: what every file of rows and columns that leaves us is made of."""

from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_000


def cell(sheet: Any, value: object) -> Any:
    """Words stay words: a cell that begins like a formula is text to the sheet, and marked so for whoever saves it as CSV."""
    if isinstance(value, int):
        return WriteOnlyCell(sheet, value=value)
    words = ILLEGAL_CHARACTERS_RE.sub("", str(value or ""))[:LONGEST_CELL]
    made = WriteOnlyCell(sheet, value=words)
    if words[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        made.value = f"'{words}"
    made.data_type = "s"
    return made
