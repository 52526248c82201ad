"""Work calendars made ready for counting: when is the city at work, and how much working time lies between two moments.

A `WorkCalendar` is what people edit: office hours by weekday and the days that differ. `compile` turns one version of it into
a table of openings with the working time before each of them, so that a question is one look-up, for one moment or for a column.
`cases.deadlines` asks here and is the only place that turns limits into deadlines.

How the record is read (the same words stand in docs/reference/deadlines.md):
- It is working time when the city's clock shows a time inside the hours of that day; an opening ends just before its end.
  So an hour that the clock skips does not exist, and an hour that it shows twice counts twice.
- An end of 00:00 means midnight. Hours do not run past midnight: two openings do.
- `DayRule(working=True)` without hours (a make-up workday) has the hours of its weekday or, at a weekend, of the first weekday
  that has any. `working=False` with hours is a day called off in its course: those hours still count as working time, but the
  day is no work day for limits counted in days.
- A round-the-clock calendar is always open, holidays or not.
- `valid_from` and `valid_to` choose between versions; they do not cut the table, because re-timing an old case needs its past.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import chinese_calendar
import numpy as np
from numpy.typing import NDArray

from chengyun.base.errors import BadInput, ChengyunError
from chengyun.base.ids import CalendarId
from chengyun.city.records import DayRule, WorkCalendar

Column = NDArray[np.int64]
Hours = tuple[tuple[time, time], ...]
Answer = TypeVar("Answer")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000
"""One day in microseconds. Inside this module and `cases.deadlines` a moment is an integer: microseconds of UTC since 1970."""
HORIZON_YEARS = 50
"""How far past the question a table grows before we say that the calendar cannot answer. Chosen by us: no limit comes near it."""
_MOST_YEARS = 400
FIRST_CALENDAR = CalendarId(1)
OFFICE_HOURS: Hours = ((time(8), time(12)), (time(14), time(18)))
"""Working time of one city (domain 2.3); a city edits its own."""


class CalendarGap(ChengyunError):
    """The calendar ends, or stays closed, before the answer is known. Whoever keeps the calendar must act."""

    code = "calendar_gap"


class BeyondTable(LookupError):
    """The answer lies past the years compiled so far. Never leaves `CompiledCalendar.ask`."""


def to_micros(moment: datetime) -> int:
    """Aware moment -> microseconds of UTC since 1970, exact."""
    if moment.tzinfo is None:
        raise BadInput(
            "a time without a zone cannot be counted", code="naive_time", cure="give it a zone or an offset", value=moment.isoformat()
        )
    return (moment - EPOCH) // MICROSECOND


def to_moment(micros: int) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError as error:
        raise CalendarGap("the answer lies past the year 9999", micros=micros) from error


# --- the table ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Every opening of some years, in order, as columns; each method has a twin for whole columns.

    opens, closes   start and end of each opening, UTC
    before, after   working time before and at the end of each opening, from the beginning of the table
    day             city day (ordinal) each opening belongs to
    shift           what to add to UTC to read the city's clock during the opening
    shown_until     highest reading of the city's clock at the end of any opening so far
    days            ordinals of the days that count as work days
    day_opens, day_closes   first opening and last closing of each of them
    """

    first: int
    last: int
    opens: Column
    closes: Column
    before: Column
    after: Column
    day: Column
    shift: Column
    shown_until: Column
    days: Column
    day_opens: Column
    day_closes: Column

    # Lists beside the columns: bisecting a list is ten times as fast as asking numpy for a single value.
    l_opens: list[int] = field(init=False)
    l_closes: list[int] = field(init=False)
    l_before: list[int] = field(init=False)
    l_after: list[int] = field(init=False)
    l_day: list[int] = field(init=False)
    l_shift: list[int] = field(init=False)
    l_shown_until: list[int] = field(init=False)
    l_days: list[int] = field(init=False)
    l_day_opens: list[int] = field(init=False)
    l_day_closes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("opens", "closes", "before", "after", "day", "shift", "shown_until", "days", "day_opens", "day_closes"):
            object.__setattr__(self, f"l_{name}", getattr(self, name).tolist())

    # one moment

    def opening_at(self, moment: int) -> int | None:
        """Which opening the moment lies in."""
        i = bisect_right(self.l_opens, self._inside(moment)) - 1
        return i if i >= 0 and moment < self.l_closes[i] else None

    def next_opening(self, moment: int) -> int:
        """The moment itself when open, else the start of the next opening."""
        return max(moment, self.l_opens[self.opening_from(moment)])

    def opening_from(self, moment: int) -> int:
        """Which opening the moment lies in or, when closed, the next one."""
        i = bisect_right(self.l_closes, self._inside(moment))
        if i == len(self.l_closes):
            raise BeyondTable
        return i

    def worked(self, moment: int) -> int:
        """Working time from the beginning of the table to the moment."""
        i = bisect_right(self.l_opens, self._inside(moment)) - 1
        return 0 if i < 0 else self.l_before[i] + min(moment, self.l_closes[i]) - self.l_opens[i]

    def when_worked(self, work: int) -> int:
        """First moment by which so much working time has passed: the end of an opening, not the start of the next."""
        i = bisect_left(self.l_after, work)
        if i == len(self.l_after):
            raise BeyondTable
        return self.l_opens[i] + work - self.l_before[i]

    def work_day(self, day: int, count: int) -> int:
        """Index of the `count`-th work day after a day (ordinal)."""
        i = bisect_right(self.l_days, day) + count - 1
        if i >= len(self.l_days):
            raise BeyondTable
        return i

    def same_time(self, opening: int, moment: int, count: int) -> int:
        """The same time of day `count` work days after a moment in an opening.

        If that day is closed at that time: its next opening; if it has none any more: its last closing (Civil Code art. 203).
        """
        if count == 0:
            return moment
        i = self.work_day(self.l_day[opening], count)
        day = self.l_days[i]
        shown = day * DAY + (moment + self.l_shift[opening]) % DAY
        j = bisect_right(self.l_shown_until, shown)
        if j == len(self.l_day) or self.l_day[j] != day:
            return self.l_day_closes[i]
        return max(self.l_opens[j], shown - self.l_shift[j])

    def work_days_until(self, day: int, moment: int) -> int:
        """How many work days after a day (ordinal) have opened by a moment."""
        latest = self.l_day[bisect_right(self.l_opens, self._inside(moment)) - 1]
        return max(0, bisect_right(self.l_days, latest) - bisect_right(self.l_days, day))

    def last_closing(self, opening: int) -> int:
        """The last closing of the day an opening belongs to."""
        day = self.l_day[opening]
        i = bisect_left(self.l_days, day)
        if i < len(self.l_days) and self.l_days[i] == day:
            return self.l_day_closes[i]
        while opening + 1 < len(self.l_day) and self.l_day[opening + 1] == day:
            opening += 1
        return self.l_closes[opening]

    def openings(self, a: int, b: int) -> Iterator[tuple[int, int]]:
        """Openings between two moments, cut at both."""
        if a >= b:
            return
        for i in range(bisect_right(self.l_closes, self._inside(a)), bisect_left(self.l_opens, self._inside(b))):
            yield max(a, self.l_opens[i]), min(b, self.l_closes[i])

    def _inside(self, moment: int) -> int:
        if not self.first <= moment < self.last:
            raise BeyondTable
        return moment

    # columns

    def worked_column(self, moments: Column) -> Column:
        i = np.searchsorted(self.opens, self._inside_column(moments), side="right") - 1
        worked = self.before[i] + np.minimum(moments, self.closes[i]) - self.opens[i]
        return np.where(i < 0, 0, worked)

    def when_worked_column(self, work: Column) -> Column:
        i = np.searchsorted(self.after, work, side="left")
        if len(work) and i.max() == len(self.after):
            raise BeyondTable
        return self.opens[i] + work - self.before[i]

    def opening_from_column(self, moments: Column) -> Column:
        i = np.searchsorted(self.closes, self._inside_column(moments), side="right")
        if len(i) and i.max() == len(self.closes):
            raise BeyondTable
        return i.astype(np.int64)

    def work_day_column(self, days: Column, counts: Column) -> Column:
        i = np.searchsorted(self.days, days, side="right") + counts - 1
        if len(i) and i.max() >= len(self.days):
            raise BeyondTable
        return i

    def same_time_column(self, openings: Column, moments: Column, counts: Column) -> Column:
        """For counts of one and more."""
        i = self.work_day_column(self.day[openings], counts)
        day = self.days[i]
        shown = day * DAY + (moments + self.shift[openings]) % DAY
        j = np.searchsorted(self.shown_until, shown, side="right")
        clipped = np.minimum(j, len(self.day) - 1)
        closed = (j == len(self.day)) | (self.day[clipped] != day)
        return np.where(closed, self.day_closes[i], np.maximum(self.opens[clipped], shown - self.shift[clipped]))

    def _inside_column(self, moments: Column) -> Column:
        if len(moments) and not (self.first <= moments.min() and moments.max() < self.last):
            raise BeyondTable
        return moments


# --- compiled calendars -------------------------------------------------------------------------------------------


class CompiledCalendar:
    """One version of a work calendar, ready to count. The years in its table grow with the questions.

    Safe to share between threads: a grown table replaces the old one whole.
    """

    def __init__(self, calendar: WorkCalendar) -> None:
        self.calendar = calendar
        self.id: CalendarId = calendar.id
        self.version = calendar.version
        self.zone = calendar.zone
        self.round_the_clock = calendar.round_the_clock
        self._place = f"calendar {calendar.id} version {calendar.version}"
        try:
            self._zone = ZoneInfo(calendar.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadInput(
                f'time zone "{calendar.zone}" is not known', place=self._place, code="bad_calendar", cure="use a name such as Asia/Shanghai"
            ) from error
        self._ordinary = next((tuple(calendar.weekly[d]) for d in range(7) if calendar.weekly.get(d)), ())
        self._rules = self._checked_rules()
        self.full_day = calendar.full_day // MICROSECOND
        self.provisional_from = self._provisional_from()
        self._table: Table | None = None

    def is_working(self, moment: datetime) -> bool:
        micros = to_micros(moment)
        return self.ask(micros, micros, lambda table: table.opening_at(micros)) is not None

    def next_opening(self, moment: datetime) -> datetime:
        """The moment itself when open, else the start of the next opening."""
        micros = to_micros(moment)
        return to_moment(self.ask(micros, micros, lambda table: table.next_opening(micros)))

    def working_time(self, a: datetime, b: datetime) -> timedelta:
        """Working time from a to b, exact; negative when b lies before a."""
        from_, to = to_micros(a), to_micros(b)
        return timedelta(microseconds=self.ask(min(from_, to), max(from_, to), lambda table: table.worked(to) - table.worked(from_)))

    def working_minutes(self, a: datetime, b: datetime) -> int:
        """Whole working minutes from a to b; a begun minute is not counted."""
        return self.working_time(a, b) // timedelta(minutes=1)

    def openings(self, a: datetime, b: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """Working time from a to b as spans, cut at both; spans that touch are one."""
        from_, to = to_micros(a), to_micros(b)
        spans = self.ask(from_, max(from_, to), lambda table: joined(table.openings(from_, to)))
        return tuple((to_moment(start), to_moment(end)) for start, end in spans)

    def is_work_day(self, day: date) -> bool:
        """Whether a city day counts as a work day in limits counted in days (by the rules; blind to skipped hours)."""
        hours, counted = self._hours_of(day)
        return counted and bool(hours)

    def is_provisional(self, moment: datetime) -> bool:
        """Whether a deadline at that moment reaches past the days whose holidays are announced."""
        return self.provisional_from is not None and to_micros(moment) > self.provisional_from

    def ask(self, first: int, last: int, question: Callable[[Table], Answer]) -> Answer:
        """Put a question to a table that covers both moments, growing it until the answer is found."""
        table = self._covering(first, last)
        while True:
            try:
                return question(table)
            except BeyondTable:
                table = self._grown(table, last)

    # the years of the table

    def _covering(self, first: int, last: int) -> Table:
        table = self._table
        if table is not None and table.first <= first and last < table.last:
            return table
        low, high = _year(first) - 1, _year(last) + 2
        if high - low > _MOST_YEARS:
            raise CalendarGap(f"{self._place}: {low} to {high} is more than a calendar can hold", years=high - low)
        if table is not None:
            both = min(low, _year(table.first)), max(high, _year(table.last) + 1)
            low, high = both if both[1] - both[0] <= _MOST_YEARS else (low, high)
        self._table = self._build(low, high)
        return self._table

    def _grown(self, table: Table, asked: int) -> Table:
        """The same table with more years, twice as many ahead each time, until the horizon."""
        low, high, asked_year = _year(table.first), _year(table.last) + 1, _year(asked)
        grown = None
        if high - asked_year < HORIZON_YEARS:
            grown = self._build(low, min(high + max(2, high - asked_year), asked_year + HORIZON_YEARS + 1))
        if grown is None or grown.last == table.last:
            raise CalendarGap(
                f"{self._place} has no answer in the {HORIZON_YEARS} years after {to_moment(asked):%Y-%m-%d}: "
                "look at its office hours, or at the length of the limit",
                calendar=self.id,
                version=self.version,
            )
        self._table = grown
        return grown

    def _build(self, low: int, high: int) -> Table:
        """All openings of the years low..high-1, in three steps: hours by the city's clock, then UTC, then sums."""
        low, high = max(low, 2), min(high, 9998)
        first_day, last_day = (date(y, 1, 1).toordinal() - EPOCH.toordinal() for y in (low, high))
        if self.round_the_clock:
            shown = [(d * DAY, (d + 1) * DAY, d, 1) for d in range(first_day, last_day)]
        else:
            shown = [
                (d * DAY + _of_day(a), d * DAY + (_of_day(b) or DAY), d, counted)
                for d in range(first_day, last_day)
                for hours, counted in [self._hours_of(date.fromordinal(d + EPOCH.toordinal()))]
                for a, b in hours
            ]
        start, end, day, counted = np.array(shown, dtype=np.int64).reshape(-1, 4).T
        pieces: list[Column] = []
        # A margin of a day on both sides: no city's clock is further than that from UTC.
        covered = (first_day + 1) * DAY, (last_day - 1) * DAY
        for from_, to, shift in self._shifts(*covered):
            opens, closes = np.maximum(start - shift, from_), np.minimum(end - shift, to)
            kept = opens < closes
            pieces.append(np.stack([opens, closes, day, counted, np.full_like(opens, shift)])[:, kept])
        opens, closes, day, counted, shift_column = np.concatenate(pieces, axis=1)
        after = np.cumsum(closes - opens)
        of_work_days = day[counted == 1]
        work_days, first_piece = np.unique(of_work_days, return_index=True)
        _, last_piece = np.unique(of_work_days[::-1], return_index=True)
        return Table(
            first=covered[0],
            last=covered[1],
            opens=opens,
            closes=closes,
            before=after - (closes - opens),
            after=after,
            day=day,
            shift=shift_column,
            shown_until=np.maximum.accumulate(closes + shift_column),
            days=work_days,
            day_opens=opens[counted == 1][first_piece],
            day_closes=closes[counted == 1][::-1][last_piece],
        )

    def _shifts(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Spans of UTC during which the city's clock keeps one distance from it: (from, to, distance)."""
        second = 1_000_000
        spans, start = [], first
        shift = self._shift_at(first)
        for probe in range(first + DAY, last + DAY, DAY):
            now = self._shift_at(min(probe, last))
            if now == shift:
                continue
            low, high = (probe - DAY) // second, min(probe, last) // second
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._shift_at(middle * second) == shift else (low, middle)
            spans.append((start, high * second, shift))
            start, shift = high * second, now
        return [*spans, (start, last, shift)]

    def _shift_at(self, moment: int) -> int:
        offset = to_moment(moment).astimezone(self._zone).utcoffset()
        assert offset is not None
        return offset // MICROSECOND

    # the rules of a day

    def _hours_of(self, day: date) -> tuple[Hours, bool]:
        """Openings of a day by the city's clock, and whether it counts as a work day."""
        if self.round_the_clock:
            return ((time(0), time(0)),), True
        rule = self._rules.get(day)
        if rule is None:
            return tuple(self.calendar.weekly.get(day.weekday(), ())), True
        if rule.hours or not rule.working:
            return rule.hours, rule.working
        return tuple(self.calendar.weekly.get(day.weekday(), ())) or self._ordinary, True

    def _checked_rules(self) -> dict[date, DayRule]:
        for weekday, hours in self.calendar.weekly.items():
            if weekday not in range(7):
                raise BadInput(f"weekday {weekday}", place=self._place, code="bad_calendar", cure="0 is Monday, 6 is Sunday")
            self._check_hours(tuple(hours), f"weekday {weekday}")
        rules: dict[date, DayRule] = {}
        for rule in self.calendar.days:
            if rule.day in rules:
                raise BadInput(f"{rule.day} has two rules", place=self._place, code="bad_calendar", cure="keep one")
            self._check_hours(rule.hours, str(rule.day))
            if rule.working and not rule.hours and not self._ordinary:
                raise BadInput(f"{rule.day} is a workday without hours", place=self._place, code="bad_calendar", cure="give its hours")
            rules[rule.day] = rule
        if self.calendar.full_day <= timedelta(0):
            raise BadInput("a full day must be longer than nothing", place=self._place, code="bad_calendar", cure="for example 8 hours")
        return rules

    def _check_hours(self, hours: Hours, where: str) -> None:
        until = -1
        for a, b in hours:
            start, end = _of_day(a), _of_day(b) or DAY
            if start >= end:
                raise BadInput(
                    f"{where}: {a:%H:%M}-{b:%H:%M} ends before it starts",
                    place=self._place,
                    code="bad_calendar",
                    cure="split it at midnight",
                )
            if start < until:
                raise BadInput(
                    f"{where}: {a:%H:%M}-{b:%H:%M} overlaps the hours before it",
                    place=self._place,
                    code="bad_calendar",
                    cure="list hours in order, apart",
                )
            until = end

    def _provisional_from(self) -> int | None:
        through = self.calendar.published_through
        if self.round_the_clock or through >= date(9990, 1, 1):
            return None
        return to_micros(datetime.combine(through + timedelta(days=1), time(0), tzinfo=self._zone))


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch made one."""
    result: list[tuple[int, int]] = []
    for start, end in spans:
        if result and result[-1][1] == start:
            result[-1] = result[-1][0], end
        else:
            result.append((start, end))
    return result


def _of_day(reading: time) -> int:
    return ((reading.hour * 60 + reading.minute) * 60 + reading.second) * 1_000_000 + reading.microsecond


def _year(moment: int) -> int:
    return to_moment(moment).year


_COMPILED: dict[tuple[CalendarId, int], list[CompiledCalendar]] = {}
_KEPT = 256


def compile(calendar: WorkCalendar) -> CompiledCalendar:
    """The compiled form of this version, from memory if the same record was compiled before.

    Two tenants may use the same id and version for different calendars, so what is remembered is compared whole.
    """
    known = _COMPILED.get((calendar.id, calendar.version), ())
    for compiled in known:
        if compiled.calendar is calendar or compiled.calendar == calendar:
            return compiled
    compiled = CompiledCalendar(calendar)
    if len(_COMPILED) >= _KEPT:
        _COMPILED.clear()
    _COMPILED[calendar.id, calendar.version] = [compiled, *known[:15]]
    return compiled


# --- the calendar of a Chinese city -------------------------------------------------------------------------------


def china_calendar(
    year_from: int,
    year_to: int,
    *,
    id: CalendarId = FIRST_CALENDAR,
    version: int = 1,
    hours: Hours = OFFICE_HOURS,
    name_zh: str = "市级工作时间",
    name_en: str = "City working time",
    zone: str = "Asia/Shanghai",
) -> WorkCalendar:
    """National holidays and make-up workdays of the years from..to (both in), Monday to Friday at the given hours.

    Announced days come from the package `chinesecalendar`, which follows the yearly notice of the State Council. The calendar is
    published through the end of the last announced year it covers; later days are plain weeks, and deadlines there provisional.
    """
    announced = {**chinese_calendar.holidays, **chinese_calendar.workdays}
    days = tuple(
        DayRule(
            day=day,
            working=day in chinese_calendar.workdays,
            reason_zh=_NAMES_ZH.get(name, name) + ("调休上班" if day in chinese_calendar.workdays else ""),
            reason_en=f"{name} make-up workday" if day in chinese_calendar.workdays else name,
        )
        for day, name in sorted(announced.items())
        if year_from <= day.year <= year_to
    )
    announced_years = [day.year for day in announced]
    if not min(announced_years) <= year_from <= year_to:
        raise BadInput(
            f"years {year_from} to {year_to}",
            code="bad_calendar",
            cure=f"holidays are known from {min(announced_years)} on, first year first",
        )
    return WorkCalendar(
        id=id,
        version=version,
        name_zh=name_zh,
        name_en=name_en,
        zone=zone,
        weekly=dict.fromkeys(range(5), hours),
        days=days,
        published_through=date(min(year_to, max(announced_years)), 12, 31),
        full_day=sum((timedelta(microseconds=(_of_day(b) or DAY) - _of_day(a)) for a, b in hours), timedelta()),
    )


_NAMES_ZH = {str(name.value): str(name.chinese) for name in chinese_calendar.Holiday}
