"""Cells: text in a file to a value, and the value back to the same text. What is asked of a cell stands in `columns`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from chengyun.sources.exchange.tables.columns import Cell, Column
from chengyun.sources.exchange.tables.faults import Faults, quoted
from chengyun.sources.exchange.tables.mapping import TableMapping

YES = {"yes", "y", "true", "1", "是", "有"}
NO = {"no", "n", "false", "0", "否", "无"}
LARGEST_INTEGER = 2**31 - 1


class NotSo(ValueError):
    """The text is not what the column wants: `found`, `wanted`."""

    def __init__(self, code: str, message: str, cure: str = "", near: tuple[str, tuple[str, ...]] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.cure, self.near = code, message, cure, near


def read_cell(text: str, column: Column, row: int, mapping: TableMapping, zone: ZoneInfo, faults: Faults) -> object:
    """The value of a cell after the mapping's words for it; None if it is empty or wrong (and then told)."""
    values = mapping.values.get(column.key)
    if values is not None:
        text = values.get(text, text)
    text = text or column.default
    theirs = mapping.columns.get(column.key, column.key)
    if not text:
        if column.required:
            faults.add(row, theirs, "cell.empty", "the cell is empty", f"{column.meaning}: fill it, or give a constant in the mapping")
        return () if column.cell in (Cell.LIST, Cell.PAIRS, Cell.CHOICES, Cell.HOURS) else None
    try:
        return _READ[column.cell](text, column, mapping, zone)
    except NotSo as no:
        faults.add(row, theirs, no.code, no.message, no.cure, no.near)
        return None


def _text(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> str:
    if len(text) > column.most:
        raise NotSo("cell.long", f"{quoted(text)} has {len(text):,} signs", f"at most {column.most:,}")
    return text


def _integer(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> int:
    plain = text.removesuffix(".0")  # spreadsheets write whole numbers so
    body = plain.removeprefix("-")
    if not (body.isascii() and body.isdigit() and len(body) <= 10) or abs(int(plain)) > LARGEST_INTEGER:
        raise NotSo("cell.not_integer", f"{quoted(text)} is not a whole number", "write digits only")
    return int(plain)


def _date(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> date:
    for form in dict.fromkeys((mapping.dates, "%Y-%m-%d")):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    raise NotSo("cell.not_date", f"{quoted(text)} is not a day written {mapping.dates}", "name their form under `dates` in the mapping")


def _moment(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.strptime(text, mapping.moments) if mapping.moments else datetime.fromisoformat(text)  # noqa: DTZ007
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        wanted = mapping.moments or "2026-11-24 09:30"
        raise NotSo("cell.not_moment", f"{quoted(text)} is not a time written {wanted}", "name their form under `moments`") from None


def _yes_no(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> bool:
    folded = text.casefold()
    if folded not in YES | NO:
        raise NotSo(
            "cell.not_yes_no", f"{quoted(text)} is neither yes nor no", "write yes or no (是, 否), or name their words under `values`"
        )
    return folded in YES


def _choice(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> str:
    return _one_of(text, column)


def _one_of(text: str, column: Column) -> str:
    if text not in column.choices:
        cure = f"one of {', '.join(column.choices)}; their words can be named under `values` in the mapping"
        raise NotSo("cell.not_a_choice", f"{quoted(text)} is not known here", cure, (text, column.choices))
    return text


def _list(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> tuple[str, ...]:
    parts = tuple(p.strip() for p in text.split("|") if p.strip())
    return tuple(_one_of(p, column) for p in parts) if column.choices else parts


def _pairs(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for part in text.split("|"):
        left, colon, right = part.strip().partition(":")
        if not colon or not right:
            raise NotSo("cell.not_pairs", f"{quoted(part)} is not a pair", f"write {column.meaning}")
        pairs.append((_one_of(left.strip(), column), right.strip()))
    return tuple(pairs)


def _choices(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> tuple[tuple[str, str, str], ...]:
    found: list[tuple[str, str, str]] = []
    for part in _split(text, "|"):
        words = [_plain(w).strip() for w in _split(part, "=")]
        if len(words) not in (2, 3) or not all(words[:2]):
            raise NotSo("cell.not_choices", f"{quoted(part)} is not an answer", "write key=中文=English, with | between answers")
        found.append((words[0], words[1], words[2] if len(words) == 3 and words[2] else words[1]))
    if len({key for key, _, _ in found}) != len(found):
        raise NotSo("cell.not_choices", f"{quoted(text)} has one key twice", "give each answer a key of its own")
    return tuple(found)


def _hours(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> tuple[tuple[time, time], ...]:
    found: list[tuple[time, time]] = []
    for part in text.replace("；", "|").replace(";", "|").split("|"):
        opens, dash, closes = part.strip().partition("-")
        try:
            found.append((time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())))
        except ValueError:
            raise NotSo("cell.not_hours", f"{quoted(part)} is not a pair of times", "write 08:00-12:00|14:00-18:00") from None
        if not dash or (found[-1][1] != time(0) and found[-1][0] >= found[-1][1]) or any(t.tzinfo for t in found[-1]):
            raise NotSo("cell.not_hours", f"{quoted(part)} ends before it begins", "write 08:00-12:00|14:00-18:00; midnight is 00:00")
    return tuple(found)


def _never(text: str, column: Column, mapping: TableMapping, zone: ZoneInfo) -> object:
    raise NotSo("cell.polygon", "a polygon cannot stand in a cell", "hand in GeoJSON")


_READ: Mapping[Cell, Callable[[str, Column, TableMapping, ZoneInfo], object]] = {
    Cell.TEXT: _text,
    Cell.INTEGER: _integer,
    Cell.DATE: _date,
    Cell.MOMENT: _moment,
    Cell.YES_NO: _yes_no,
    Cell.CHOICE: _choice,
    Cell.LIST: _list,
    Cell.PAIRS: _pairs,
    Cell.CHOICES: _choices,
    Cell.HOURS: _hours,
    Cell.POLYGON: _never,
}


# --- and back -----------------------------------------------------------------------------------------------------


def write_cell(value: object, column: Column) -> str:
    if value is None:
        return ""
    match column.cell:
        case Cell.YES_NO:
            return "yes" if value else "no"
        case Cell.DATE:
            return "" if value == date.min else value.isoformat()  # type: ignore[attr-defined]
        case Cell.MOMENT:
            return value.astimezone(UTC).isoformat()  # type: ignore[attr-defined]
        case Cell.LIST:
            return "|".join(_iterable(value))
        case Cell.PAIRS:
            return "|".join(f"{left}:{right}" for left, right in _iterable(value))
        case Cell.CHOICES:
            return "|".join("=".join(_escaped(w) for w in choice) for choice in _iterable(value))
        case Cell.HOURS:
            return "|".join(f"{opens.isoformat()}-{closes.isoformat()}" for opens, closes in _iterable(value))
        case _:
            return str(value)


def _iterable(value: object) -> Iterable:  # type: ignore[type-arg]
    return value  # type: ignore[return-value]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("=", "\\=")


def _split(text: str, at: str) -> list[str]:
    """Split at a sign, but not where a backslash stands before it; the backslashes stay."""
    parts, current, skip = [], "", False
    for sign in text:
        if not skip and sign == at:
            parts.append(current)
            current = ""
        else:
            current += sign
        skip = sign == "\\" and not skip
    return [*parts, current]


def _plain(text: str) -> str:
    plain, skip = "", False
    for sign in text:
        if sign == "\\" and not skip:
            skip = True
        else:
            plain += sign
            skip = False
    return plain
