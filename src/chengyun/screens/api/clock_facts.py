"""A clock as a screen needs it: what is left in counted minutes, and whether it counts just now. Every moment is the engine's."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chengyun.base.time import to_text
from chengyun.cases import deadlines
from chengyun.cases.records import Clock, ClockName, Request
from chengyun.cases.rules import Rules
from chengyun.city.calendars import CompiledCalendar
from chengyun.city.records import ClockUnit
from chengyun.screens.api.answers import Told

MINUTE = timedelta(minutes=1)
WORK_UNITS = frozenset({ClockUnit.WORK_MINUTE, ClockUnit.WORK_HOUR, ClockUnit.WORK_DAY})
LEADING = (
    ClockName.APPROVE,
    ClockName.SUSPENSION,
    ClockName.SUB_UNIT,
    ClockName.UNIT,
    ClockName.CONSULT,
    ClockName.DISPATCH,
    ClockName.CHECK,
    ClockName.CLOSE,
    ClockName.VERIFY,
    ClockName.FILE,
    ClockName.ANSWER,
)
"""Whose time counts first when several run: the one somebody must act on now."""


class LimitOut(Told):
    amount: int
    unit: str
    counting: str


class ClockOut(Told):
    """Minutes are minutes that count, not minutes of the wall clock; below zero means past due."""

    name: str
    serial: int
    started: str
    due: str | None
    stopped: str | None
    limit: LimitOut | None
    outcome: str
    paused: bool
    working: bool
    calendar_open: bool
    next_opening: str | None
    counted_minutes_left: int | None
    limit_minutes: int | None
    used_minutes: int
    day_minutes: int
    provisional: bool
    paused_until: str | None
    extensions: int
    as_of: str


def leading(clocks: Sequence[Clock]) -> Clock | None:
    """The clock a list shows: the first of LEADING that runs or stands paused; else how the unit's clock ended."""
    alive = [clock for clock in clocks if clock.outcome in ("running", "paused") and clock.limit is not None]
    alive += [clock for clock in clocks if clock.name == ClockName.SUSPENSION and clock.outcome == "running"]
    for name in LEADING:
        found = next((clock for clock in reversed(alive) if clock.name == name), None)
        if found is not None:
            return found
    return next((clock for clock in reversed(clocks) if clock.name == ClockName.UNIT and clock.outcome in ("met", "late")), None)


def clock_out(clock: Clock, request: Request | None, rules: Rules, now: datetime) -> ClockOut:
    """`request`: of the case, for how long a suspension stands."""
    calendar = rules.calendars[clock.calendar]
    working = clock.limit is not None and clock.limit.unit in WORK_UNITS
    end = clock.stopped or now
    spent = deadlines.elapsed(clock.started, max(end, clock.started), calendar, [(a, b or end) for a, b, _ in clock.pauses])
    used = (spent.working if working else spent.wall) // MINUTE
    whole = _whole_minutes(clock, calendar, working, now)
    is_open = not working or calendar.is_working(now)
    paused = clock.outcome == "paused"
    more: dict[str, Any] = {}
    if clock.limit is not None:
        more["limit"] = LimitOut(amount=clock.limit.amount, unit=str(clock.limit.unit), counting=str(clock.limit.counting))
    return ClockOut(
        name=str(clock.name),
        serial=clock.serial,
        started=to_text(clock.started),
        due=to_text(clock.due) if clock.due else None,
        stopped=to_text(clock.stopped) if clock.stopped else None,
        limit=more.get("limit"),
        outcome=clock.outcome,
        paused=paused,
        working=working,
        calendar_open=is_open,
        next_opening=None if is_open else to_text(calendar.next_opening(now)),
        counted_minutes_left=None if whole is None else _left(clock, calendar, working, now, whole - used),
        limit_minutes=whole,
        used_minutes=used,
        day_minutes=calendar.full_day // 60_000_000 if working else 1440,
        provisional=clock.provisional,
        paused_until=to_text(request.until) if paused and request and request.until else None,
        extensions=clock.extensions,
        as_of=to_text(now),
    )


def _left(clock: Clock, calendar: CompiledCalendar, working: bool, now: datetime, by_difference: int) -> int:
    """From now to the deadline in counted time; a paused clock has no deadline, so what it has not used."""
    end = clock.stopped or now
    if clock.due is None:
        return by_difference
    left = calendar.working_time(end, clock.due) if working else clock.due - end
    return left // MINUTE


def _whole_minutes(clock: Clock, calendar: CompiledCalendar, working: bool, now: datetime) -> int | None:
    """The whole limit in counted minutes, extensions included; day countings as the time their days are worth."""
    if clock.limit is None:
        if clock.due is None:
            return None
        return (clock.due - clock.started) // MINUTE
    each = {
        ClockUnit.URGENT_MINUTE: 1,
        ClockUnit.URGENT_HOUR: 60,
        ClockUnit.URGENT_DAY: 1440,
        ClockUnit.WORK_MINUTE: 1,
        ClockUnit.WORK_HOUR: 60,
        ClockUnit.WORK_DAY: calendar.full_day // 60_000_000,
    }[clock.limit.unit]
    return clock.limit.amount * each * (1 + clock.extensions)
