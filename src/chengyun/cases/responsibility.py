"""Who must handle it: the duty list asked one question, answered with its reason.

A pure join over category x owner x area x area class x hours. The most specific row wins; no row, or two that contradict each other,
is a `Gap` and goes to consultation. The reason is plain JSON: which row, what matched in each column, which rows came near and by which
column they lost. `recompute` gives the same answer from the stored reason alone. Read docs/reference/responsibility.md for its fields.

Specificity, first difference decides:
  category    that category, then its major, then any
  owner       the owner of the component, then whoever maintains it, then any
  area        unit grid, responsibility grid, community, street, district, then any
  area_class  that class, then any
  hours       office or off hours, then any
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice, zip_longest
from typing import Any, cast
from zoneinfo import ZoneInfo

from chengyun.base.ids import AreaCode, CategoryCode, DutyRowId, OrgId
from chengyun.base.time import from_text, to_text
from chengyun.city.calendars import CompiledCalendar
from chengyun.city.records import AreaKind, DutyRow, Hours, Loop, in_force

RULE_VERSION = "1"
ORDER = ("category", "owner", "area", "area_class", "hours")
"""Columns by weight: a difference in an earlier one outweighs all later ones."""
NEAR_MISSES = 8
"""How many rejected rows a reason lists, the nearest first. Chosen by us: what one reads on a case page without scrolling."""
_LOOKED_AT = 16
"""Of rows whose area does not fit, how many are looked at for near misses; there may be thousands."""
_AREA_RANK = {
    AreaKind.UNIT_GRID: 5,
    AreaKind.RESPONSIBILITY_GRID: 4,
    AreaKind.COMMUNITY: 3,
    AreaKind.STREET: 2,
    AreaKind.DISTRICT: 1,
}
Reason = Mapping[str, Any]
"""Plain JSON. Not to be altered: reasons share the parts that describe a row."""
_Match = tuple[int, str]
"""How specific a column matched, and by what."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is known of a matter when its unit is looked for.

    areas         the codes of the place by level, as many as are known; none outside all grids
    owner, maintenance   of the linked component, if there is one
    moment, day   when it is asked, in UTC, and the city day that was; validity goes by the day
    office_hours  whether it is office hours then
    """

    category: CategoryCode | None
    moment: datetime
    day: date
    office_hours: bool
    areas: Mapping[AreaKind, AreaCode] = field(default_factory=dict)
    area_class: int | None = None
    owner: OrgId | None = None
    maintenance: OrgId | None = None

    @property
    def major(self) -> str | None:
        return None if self.category is None else major_of(self.category)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of one row. `ladder` names the next units by loop; area duty is `unit`, trade duty `trade_department`."""

    unit: OrgId
    trade_department: OrgId | None
    assisting: tuple[OrgId, ...]
    ladder: tuple[tuple[Loop, OrgId], ...]
    row: DutyRowId
    version: int
    number: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Gap:
    """No answer. `kind`: `none`, or `several` when equally specific rows name different units (`candidates`: row and version)."""

    kind: str
    candidates: tuple[tuple[DutyRowId, int], ...]
    reason: Reason


def ask_at(
    moment: datetime,
    calendar: CompiledCalendar,
    category: CategoryCode | None,
    areas: Mapping[AreaKind, AreaCode],
    area_class: int | None = None,
    owner: OrgId | None = None,
    maintenance: OrgId | None = None,
) -> Question:
    """The question at a moment, with the city day and the office hours of a calendar."""
    day = moment.astimezone(ZoneInfo(calendar.zone)).date()
    return Question(category, moment.astimezone(UTC), day, calendar.is_working(moment), areas, area_class, owner, maintenance)


def major_of(category: CategoryCode) -> str:
    """`2026:matter:06010` -> `2026:06`, as the duty list writes it."""
    scheme, _, number = category.split(":")
    return f"{scheme}:{number[:2]}"


# --- the list, ready to be asked --------------------------------------------------------------------------------------


class DutyIndex:
    """One version of the duty list, compiled: rows by category or major, and in there by area. Never altered.

    A new version of a row replaces the older one from its first day, whatever end the older one was given.
    """

    def __init__(self, rows: Iterable[DutyRow], version: int) -> None:
        self.version = version
        self._shelves: dict[str, _Shelf] = {}
        self.size = 0
        for row in _without_overlap(rows):
            self._shelves.setdefault(row.category or row.major or "", _Shelf()).add(row)
            self.size += 1

    def shelves(self, question: Question) -> list["_Shelf"]:
        """Rows of that category, of its major and of any, the nearest first."""
        keys = (question.category, question.major, "")
        return [self._shelves[key] for key in keys if key is not None and key in self._shelves]


class _Shelf:
    def __init__(self) -> None:
        self.by_area: dict[AreaCode | None, list[DutyRow]] = {}

    def add(self, row: DutyRow) -> None:
        self.by_area.setdefault(row.area, []).append(row)

    def fitting(self, question: Question) -> list[DutyRow]:
        """Rows of the place or of no place in particular."""
        found = list(self.by_area.get(None, ()))
        for code in question.areas.values():
            found += self.by_area.get(code, ())
        return found

    def elsewhere(self, question: Question) -> Iterator[DutyRow]:
        places = {None, *question.areas.values()}
        return (row for area, rows in self.by_area.items() if area not in places for row in rows)


def _without_overlap(rows: Iterable[DutyRow]) -> list[DutyRow]:
    ordered = sorted(rows, key=lambda row: (row.id, row.version))
    result = []
    for row, following in zip_longest(ordered, ordered[1:]):
        if following is not None and following.id == row.id and in_force(date.min, row.valid_to, following.valid_from):
            row = replace(row, valid_to=following.valid_from)
        result.append(row)
    return result


# --- the answer ---------------------------------------------------------------------------------------------------


def find_party(question: Question, index: DutyIndex) -> Decision | Gap:
    """The unit that must handle it, or the gap, with the reason. Tens of microseconds, however long the list."""
    matching: list[tuple[tuple[int, ...], DutyRow]] = []
    missed: list[tuple[DutyRow, list[str]]] = []
    shelves = index.shelves(question)
    for shelf in shelves:
        for row in shelf.fitting(question):
            matches, lost = _compare(row, question)
            if lost:
                missed.append((row, lost))
            else:
                matching.append((tuple(rank for rank, _ in matches), row))
    if not matching:
        return Gap("none", (), _reason(question, index, "none", (), (), [], _near(question, shelves, missed)))
    matching.sort(key=lambda each: (tuple(-rank for rank in each[0]), each[1].id))
    best = matching[0][0]
    tied = [row for ranks, row in matching if ranks == best]
    rejected = [_less_specific(row, ranks, tied[0], best) for ranks, row in matching[len(tied) : len(tied) + NEAR_MISSES]]
    if len(rejected) < NEAR_MISSES:
        rejected += _near(question, shelves, missed)[: NEAR_MISSES - len(rejected)]
    if len({_units(row) for row in tied}) > 1:
        shown = _one_of_each(tied)
        reason = _reason(question, index, "several", shown, (), [], rejected)
        return Gap("several", tuple((row.id, row.version) for row in shown), reason)
    row = tied[0]
    reason = _reason(question, index, "found", (row,), tied[1 : 1 + NEAR_MISSES], _compare(row, question)[0], rejected)
    return Decision(row.handling_unit, row.trade_department, row.assisting, row.ladder, row.id, row.version, row.number, reason)


def count_answers(question: Question, index: DutyIndex) -> int:
    """How many different answers the list has: 0 a gap, 1 as it should be, more a contradiction. Without reasons, so the whole list can
    be searched for what is missing. A row for some owner answers a question that names none: the owner is asked when a case comes."""
    matching: list[tuple[tuple[int, ...], DutyRow]] = []
    by_owner = False
    for shelf in index.shelves(question):
        for row in shelf.fitting(question):
            matches, lost = _compare(row, question)
            if not lost:
                matching.append((tuple(rank for rank, _ in matches), row))
            by_owner = by_owner or lost == ["owner"]
    if not matching:
        return int(by_owner and question.owner is None)
    best = max(ranks for ranks, _ in matching)
    return len({_units(row) for ranks, row in matching if ranks == best})


def recompute(reason: Reason) -> Decision | Gap:
    """The same answer from the stored reason alone: its question asked of the rows it lists."""
    listed = [*reason["rows"], *reason["same_answer"], *(each["row"] for each in reason["rejected"])]
    index = DutyIndex((_read_row(row) for row in listed), reason["list_version"])
    return replace(find_party(_read_question(reason["question"]), index), reason=reason)


def _compare(row: DutyRow, question: Question) -> tuple[list[_Match], list[str]]:
    """How a row matches, column by column in the order of weight; and the columns in which it does not."""
    matches: list[_Match] = []
    lost: list[str] = []
    if row.category is not None:
        matches.append((2, "category") if row.category == question.category else (0, ""))
    elif row.major is not None:
        matches.append((1, "major") if row.major == question.major else (0, ""))
    else:
        matches.append((0, "any"))
    if row.owner is None:
        matches.append((0, "any"))
    elif row.owner == question.owner:
        matches.append((2, "owner"))
    else:
        matches.append((1, "maintenance") if row.owner == question.maintenance else (0, ""))
    if row.area is None:
        matches.append((0, "any"))
    else:
        levels = [kind for kind, code in question.areas.items() if code == row.area]
        matches.append((_AREA_RANK[levels[0]], levels[0].value) if levels else (0, ""))
    if row.area_class is None:
        matches.append((0, "any"))
    else:
        matches.append((1, "area_class") if row.area_class == question.area_class else (0, ""))
    if row.hours is Hours.ANY:
        matches.append((0, "any"))
    else:
        asked = Hours.OFFICE if question.office_hours else Hours.OFF_HOURS
        matches.append((1, asked.value) if row.hours is asked else (0, ""))
    lost = [column for column, (_, by) in zip(ORDER, matches, strict=True) if not by]
    if not in_force(row.valid_from, row.valid_to, question.day):
        lost.append("validity")
    return matches, lost


def _units(row: DutyRow) -> tuple[OrgId, OrgId | None]:
    """What two rows must agree in, to be one answer."""
    return row.handling_unit, row.trade_department


def _one_of_each(tied: list[DutyRow]) -> list[DutyRow]:
    """The tied rows a reason lists: one for each different answer first."""
    seen: set[tuple[OrgId, OrgId | None]] = set()
    first: list[DutyRow] = []
    rest: list[DutyRow] = []
    for row in tied:
        (rest if _units(row) in seen else first).append(row)
        seen.add(_units(row))
    return (first + rest)[:NEAR_MISSES]


def _near(question: Question, shelves: Sequence[_Shelf], missed: list[tuple[DutyRow, list[str]]]) -> list[dict[str, object]]:
    """Rows that came near: those that fail in the fewest columns, of these the ones for the very category first."""
    elsewhere = islice((row for shelf in shelves for row in shelf.elsewhere(question)), _LOOKED_AT)
    near = missed + [(row, _compare(row, question)[1]) for row in elsewhere]
    near.sort(key=lambda each: (len(each[1]), each[0].category is None, each[0].major is None, each[0].id, each[0].version))
    return [_mismatch(row, lost, question) for row, lost in near[:NEAR_MISSES]]


# --- the reason -------------------------------------------------------------------------------------------------------


def _reason(
    question: Question,
    index: DutyIndex,
    outcome: str,
    rows: Sequence[DutyRow],
    same_answer: Sequence[DutyRow],
    matches: list[_Match],
    rejected: list[dict[str, object]],
) -> Reason:
    return {
        "rule_version": RULE_VERSION,
        "list_version": index.version,
        "list_size": index.size,
        "outcome": outcome,
        "order": list(ORDER),
        "question": _question_as_json(question),
        "rows": [_row_as_json(row) for row in rows],
        "matched": {
            column: {"by": by, "value": None if by == "any" else _value(rows[0], column)}
            for column, (_, by) in zip(ORDER, matches, strict=False)
        },
        "same_answer": [_row_as_json(row) for row in same_answer],
        "rejected": rejected[:NEAR_MISSES],
    }


def _mismatch(row: DutyRow, lost: list[str], question: Question) -> dict[str, object]:
    column = lost[0]
    return {
        "row": _row_as_json(row),
        "how": "mismatch",
        "lost_by": column,
        "also": lost[1:],
        "row_has": _value(row, column),
        "asked": _asked(question, column),
    }


def _less_specific(row: DutyRow, ranks: tuple[int, ...], winner: DutyRow, best: tuple[int, ...]) -> dict[str, object]:
    column = next(name for name, mine, theirs in zip(ORDER, ranks, best, strict=True) if mine != theirs)
    return {
        "row": _row_as_json(row),
        "how": "less_specific",
        "lost_by": column,
        "also": [],
        "row_has": _value(row, column),
        "asked": _value(winner, column),
    }


def _value(row: DutyRow, column: str) -> object:
    if column == "category":
        return row.category or row.major
    if column == "hours":
        return row.hours.value
    if column == "validity":
        return [row.valid_from.isoformat(), row.valid_to.isoformat() if row.valid_to else None]
    return cast(object, getattr(row, column))


def _asked(question: Question, column: str) -> object:
    if column == "owner":
        return [unit for unit in (question.owner, question.maintenance) if unit is not None]
    if column == "area":
        return list(question.areas.values())
    if column == "hours":
        return (Hours.OFFICE if question.office_hours else Hours.OFF_HOURS).value
    if column == "validity":
        return question.day.isoformat()
    return cast(object, getattr(question, column))


def _question_as_json(question: Question) -> dict[str, object]:
    return {
        "category": question.category,
        "major": question.major,
        "areas": {kind.value: code for kind, code in question.areas.items()},
        "area_class": question.area_class,
        "owner": question.owner,
        "maintenance": question.maintenance,
        "moment": to_text(question.moment),
        "day": question.day.isoformat(),
        "office_hours": question.office_hours,
    }


def _read_question(stored: Mapping[str, Any]) -> Question:
    return Question(
        category=stored["category"],
        moment=from_text(stored["moment"]),
        day=date.fromisoformat(stored["day"]),
        office_hours=stored["office_hours"],
        areas={AreaKind(kind): AreaCode(code) for kind, code in stored["areas"].items()},
        area_class=stored["area_class"],
        owner=stored["owner"],
        maintenance=stored["maintenance"],
    )


def _row_as_json(row: DutyRow) -> dict[str, object]:
    return {
        "id": row.id,
        "version": row.version,
        "number": row.number,
        "category": row.category,
        "major": row.major,
        "owner": row.owner,
        "area": row.area,
        "area_class": row.area_class,
        "hours": row.hours.value,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        "unit": row.handling_unit,
        "trade_department": row.trade_department,
        "assisting": list(row.assisting),
        "ladder": [[loop.value, unit] for loop, unit in row.ladder],
        "source": row.source,
    }


def _read_row(stored: Mapping[str, Any]) -> DutyRow:
    return DutyRow(
        id=DutyRowId(stored["id"]),
        version=stored["version"],
        number=stored["number"],
        category=stored["category"],
        major=stored["major"],
        area=stored["area"],
        owner=stored["owner"],
        hours=Hours(stored["hours"]),
        handling_unit=OrgId(stored["unit"]),
        trade_department=stored["trade_department"],
        assisting=tuple(stored["assisting"]),
        ladder=tuple((Loop(loop), OrgId(unit)) for loop, unit in stored["ladder"]),
        area_class=stored["area_class"],
        valid_from=date.fromisoformat(stored["valid_from"]),
        valid_to=date.fromisoformat(stored["valid_to"]) if stored["valid_to"] else None,
        source=stored["source"],
    )
