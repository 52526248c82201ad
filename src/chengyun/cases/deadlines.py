"""When work must be done: a limit, a start and a calendar give a deadline and the time that makes it up.

The one module that computes deadlines (promise D1). Everything is an argument; the answer carries the spans it counted, so that
a dispute is read, not argued. Rules and examples: docs/reference/deadlines.md; why they are so: docs/decisions/countings.md.

Units: urgent units run by the wall clock, day and night. Work units run on the calendar. Work hours and minutes are added up;
work days are counted as the limit says:
  accumulate   N x the calendar's full day of working time, added up
  same_time    the same time of day, N work days on
  end_of_day   the last closing of the Nth work day, not counting the first
A start outside working hours begins at the next opening. A limit of zero is due at its start. An extension makes the limit once
longer. Moments are exact to the microsecond, nothing is rounded.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chengyun.base.errors import BadInput
from chengyun.city.calendars import BeyondTable, CalendarGap, Column, CompiledCalendar, Table, joined, to_micros, to_moment
from chengyun.city.records import ClockUnit, Counting, Limit

__all__ = ["RULE_VERSION", "CalendarGap", "Due", "Elapsed", "Pause", "due", "due_column", "elapsed", "limit_code"]

RULE_VERSION = "1"
"""Version of the rules in this module; stored with every deadline."""

Pause = tuple[datetime, datetime | None]
"""Time that does not count: from, to; no end while it lasts."""
Span = tuple[int, int]

_MINUTE = 60_000_000
_LENGTH = {
    ClockUnit.URGENT_MINUTE: _MINUTE,
    ClockUnit.URGENT_HOUR: 60 * _MINUTE,
    ClockUnit.URGENT_DAY: 24 * 60 * _MINUTE,
    ClockUnit.WORK_MINUTE: _MINUTE,
    ClockUnit.WORK_HOUR: 60 * _MINUTE,
}
"""What one of a unit is worth, in microseconds. A work day is worth what its calendar says."""
_URGENT = frozenset({ClockUnit.URGENT_MINUTE, ClockUnit.URGENT_HOUR, ClockUnit.URGENT_DAY})


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline and how it came about.

    at           UTC
    intervals    UTC, in order, the last ends at `at`. Urgent units, work hours, work minutes and `accumulate`: the time counted,
                 pauses left out; the lengths add up to limit x (1 + extensions). `same_time` and `end_of_day`: one interval for
                 each counted work day, so their number is limit x (1 + extensions); pauses inside them are not cut out.
                 A limit of zero has none.
    provisional  reaches past the days whose holidays are announced; publishing them may move it
    """

    at: datetime
    intervals: tuple[tuple[datetime, datetime], ...]
    provisional: bool
    zone: str
    calendar: str
    calendar_version: int
    rule_version: str


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Time between two moments, pauses left out: by the wall clock, and working time only."""

    wall: timedelta
    working: timedelta

    @property
    def wall_minutes(self) -> int:
        return self.wall // timedelta(minutes=1)

    @property
    def working_minutes(self) -> int:
        return self.working // timedelta(minutes=1)


def due(start: datetime, limit: Limit, calendar: CompiledCalendar, pauses: Sequence[Pause] = (), extensions: int = 0) -> Due | None:
    """Moment by which work must be done; None while an open pause holds the clock, because there is no answer yet.

    start       aware; outside working hours it begins at the next opening
    pauses      any order, may overlap; what lies before the start or after the deadline does not matter. A clock that had run out
                before an open pause began keeps its deadline.
    extensions  each adds one original limit
    Raises      BadInput for a negative amount, a time without zone, a pause that ends before it starts; CalendarGap if the calendar
                stays closed for ever
    """
    _check(limit, extensions)
    begin = to_micros(start)
    spans, open_from = _merged(pauses, begin)
    amount = limit.amount * (1 + extensions)
    if amount == 0:
        return _answer(begin, (), False, calendar)
    if limit.unit in _URGENT:
        at, counted = _by_the_clock(begin, amount * _LENGTH[limit.unit], spans)
    else:
        latest = max(begin, spans[-1][1]) if spans else begin
        at, counted = calendar.ask(begin, latest, lambda table: _on_the_calendar(table, begin, amount, limit, calendar.full_day, spans))
    if open_from is not None and at > open_from:  # not yet known
        return None
    provisional = limit.unit not in _URGENT and calendar.provisional_from is not None and at > calendar.provisional_from
    return _answer(at, counted, provisional, calendar)


def elapsed(start: datetime, end: datetime, calendar: CompiledCalendar, pauses: Sequence[Pause] = ()) -> Elapsed:
    """Time from start to end without the pauses; nothing if the end lies before the start. An open pause lasts to the end."""
    begin, stop = to_micros(start), to_micros(end)
    if stop <= begin:
        return Elapsed(timedelta(0), timedelta(0))
    spans, open_from = _merged(pauses, begin)
    if open_from is not None:
        stop = min(stop, open_from)
    left = list(_outside(begin, stop, spans))
    working = calendar.ask(begin, stop, lambda table: sum(table.worked(b) - table.worked(a) for a, b in left))
    return Elapsed(timedelta(microseconds=sum(b - a for a, b in left)), timedelta(microseconds=working))


# --- whole columns ------------------------------------------------------------------------------------------------

_CODES = {(unit, counting): 3 * u + c for u, unit in enumerate(ClockUnit) for c, counting in enumerate(Counting)}
_LIMITS = {code: key for key, code in _CODES.items()}


def limit_code(unit: ClockUnit, counting: Counting = Counting.ACCUMULATE) -> int:
    """The number that stands for a unit and its counting in `due_column`."""
    return _CODES[unit, counting]


def due_column(starts: NDArray[np.datetime64], amounts: ArrayLike, codes: ArrayLike, calendar: CompiledCalendar) -> NDArray[np.datetime64]:
    """`due` for whole columns, without pauses: one deadline for each start, equal to the scalar answer.

    starts   datetime64, UTC; NaT gives NaT
    amounts  of the limits, whole numbers, extensions already added in; one number stands for all rows
    codes    of the limits, from `limit_code`; one number stands for all rows
    Returns  datetime64[us], UTC, same length and order. Provisional are those after `calendar.provisional_from` in work units
    """
    known = ~np.isnat(starts)
    begins: Column = np.where(known, starts, np.datetime64(0, "us")).astype("datetime64[us]").astype(np.int64)
    amount_column: Column = np.broadcast_to(np.asarray(amounts, dtype=np.int64), begins.shape)
    code_column: Column = np.broadcast_to(np.asarray(codes, dtype=np.int64), begins.shape)
    if amount_column.size and amount_column.min() < 0:
        raise BadInput("a limit below zero", code="bad_limit", cure="zero or more", row=int(amount_column.argmin()))
    dues = begins.copy()
    running = known & (amount_column > 0)
    for code in np.unique(code_column[running]).tolist():
        if code not in _LIMITS:
            raise BadInput(
                f"limit code {code}", code="bad_limit", cure="codes come from limit_code()", row=int((code_column == code).argmax())
            )
        rows = running & (code_column == code)
        dues[rows] = _due_of_a_kind(begins[rows], amount_column[rows], *_LIMITS[code], calendar)
    result: NDArray[np.datetime64] = dues.astype("datetime64[us]")
    result[~known] = np.datetime64("NaT")
    return result


def _due_of_a_kind(begins: Column, amounts: Column, unit: ClockUnit, counting: Counting, calendar: CompiledCalendar) -> Column:
    if unit in _URGENT:
        return begins + amounts * _LENGTH[unit]

    def answer(table: Table) -> Column:
        if unit is not ClockUnit.WORK_DAY or counting is Counting.ACCUMULATE:
            need = amounts * _LENGTH.get(unit, calendar.full_day)
            return table.when_worked_column(table.worked_column(begins) + need)
        openings = table.opening_from_column(begins)
        if counting is Counting.SAME_TIME:
            return table.same_time_column(openings, np.maximum(begins, table.opens[openings]), amounts)
        days: Column = table.day_closes[table.work_day_column(table.day[openings], amounts)]
        return days

    return calendar.ask(int(begins.min()), int(begins.max()), answer)


# --- the countings ------------------------------------------------------------------------------------------------


def _on_the_calendar(table: Table, begin: int, amount: int, limit: Limit, full_day: int, spans: list[Span]) -> tuple[int, Iterable[Span]]:
    if limit.unit is not ClockUnit.WORK_DAY:
        return _added_up(table, begin, amount * _LENGTH[limit.unit], spans)
    if limit.counting is Counting.ACCUMULATE:
        return _added_up(table, begin, amount * full_day, spans)
    if limit.counting is Counting.SAME_TIME:
        return _same_time(table, begin, amount, spans)
    return _end_of_day(table, begin, amount, spans)


def _by_the_clock(begin: int, need: int, spans: list[Span]) -> tuple[int, Iterable[Span]]:
    at = _run(begin, need, spans, lambda moment: moment, lambda amount: amount)
    return at, joined(_outside(begin, at, spans))


def _added_up(table: Table, begin: int, need: int, spans: list[Span]) -> tuple[int, Iterable[Span]]:
    at = _run(begin, need, spans, table.worked, table.when_worked)
    return at, joined(opening for a, b in _outside(begin, at, spans) for opening in table.openings(a, b))


def _run(begin: int, need: int, spans: list[Span], counted: Callable[[int], int], when: Callable[[int], int]) -> int:
    """Run from begin until `need` is counted, standing still in the pauses."""
    target = counted(begin) + need
    for a, b in spans:
        if when(target) <= a:
            break
        target += counted(b) - counted(a)
    return when(target)


def _same_time(table: Table, begin: int, days: int, spans: list[Span]) -> tuple[int, Iterable[Span]]:
    """The deadline of every day up to the last; each ends one interval."""
    opening = table.opening_from(begin)
    begins = max(begin, table.l_opens[opening])
    lengths = [(a, table.next_opening(b), *_pause_in_days(table, max(a, begins), b)) for a, b in spans if b > begins]
    marks = [begins, *(_same_time_paused(table, opening, begins, n, lengths) for n in range(1, days + 1))]
    return marks[-1], pairwise(marks)


def _same_time_paused(table: Table, opening: int, begins: int, days: int, lengths: list[tuple[int, int, int, int]]) -> int:
    """Whole days of a pause move the deadline by days, the rest by working time; never into the pause.

    A deadline at the opening of a day, moved by a full day of working time, would come to lie at a closing inside the pause, so that
    whoever resumes were late at once. The working time is the same at the next opening.
    """
    rest, at = 0, table.same_time(opening, begins, days)
    for a, resumed, pause_days, pause_rest in lengths:
        if at <= a:
            break
        days, rest = days + pause_days, rest + pause_rest
        at = table.same_time(opening, begins, days)
        if rest:
            at = table.when_worked(table.worked(at) + rest)
        at = max(at, resumed)
    return at


def _pause_in_days(table: Table, a: int, b: int) -> tuple[int, int]:
    """A pause measured as people would: so many work days to the same time of day, and the working time left over."""
    opening = table.opening_from(a)
    a = max(a, table.l_opens[opening])
    if a >= b:
        return 0, 0
    days = table.work_days_until(table.l_day[opening], b)
    while days and table.same_time(opening, a, days) > b:
        days -= 1
    return days, table.worked(b) - table.worked(table.same_time(opening, a, days))


def _end_of_day(table: Table, begin: int, days: int, spans: list[Span]) -> tuple[int, Iterable[Span]]:
    """Count closings: the first is not counted, and one that falls in a pause is passed over."""
    opening = table.opening_from(begin)
    first_day = table.l_day[opening]
    counted: list[Span] = []
    missing = days + 1
    if not _paused(table.last_closing(opening), spans):
        missing -= 1
    i = table.work_day(first_day, 1)
    while missing:
        if i == len(table.l_days):
            raise BeyondTable
        closing = table.l_day_closes[i]
        if not _paused(closing, spans):
            missing -= 1
            counted.append((table.l_day_opens[i], closing))
        i += 1
    return counted[-1][1], counted[-days:]


def _paused(closing: int, spans: list[Span]) -> bool:
    """Whether the time just before a closing was paused."""
    return any(a < closing <= b for a, b in spans)


# --- pauses and answers -------------------------------------------------------------------------------------------


def _merged(pauses: Sequence[Pause], begin: int) -> tuple[list[Span], int | None]:
    """Pauses from the start on, in order, apart; and where the open one begins, with those that run into it."""
    if not pauses:
        return [], None
    closed: list[Span] = []
    open_from: int | None = None
    for from_moment, to_moment_ in pauses:
        from_ = max(begin, to_micros(from_moment))
        if to_moment_ is None:
            open_from = from_ if open_from is None else min(open_from, from_)
            continue
        if to_moment_ < from_moment:
            raise BadInput("a pause ends before it starts", code="bad_pause", cure="check its two moments", pause=str(from_moment))
        closed.append((from_, to_micros(to_moment_)))
    spans: list[Span] = []
    for from_, to in sorted(closed):
        if to <= from_:
            continue
        if spans and from_ <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], to)
        else:
            spans.append((from_, to))
    while open_from is not None and spans and spans[-1][1] >= open_from:
        open_from = min(open_from, spans.pop()[0])
    return spans, open_from


def _outside(a: int, b: int, spans: list[Span]) -> Iterable[Span]:
    """What of a..b lies outside the pauses."""
    for from_, to in spans:
        if from_ >= b:
            break
        if a < from_:
            yield a, from_
        a = max(a, to)
    if a < b:
        yield a, b


def _answer(at: int, counted: Iterable[Span], provisional: bool, calendar: CompiledCalendar) -> Due:
    return Due(
        at=to_moment(at),
        intervals=tuple((to_moment(a), to_moment(b)) for a, b in counted),
        provisional=provisional,
        zone=calendar.zone,
        calendar=str(calendar.id),
        calendar_version=calendar.version,
        rule_version=RULE_VERSION,
    )


def _check(limit: Limit, extensions: int) -> None:
    if limit.amount < 0:
        raise BadInput(f"a limit of {limit.amount}", code="bad_limit", cure="zero or more", amount=limit.amount)
    if extensions < 0:
        raise BadInput(f"{extensions} extensions", code="bad_limit", cure="zero or more", extensions=extensions)
