"""The named clocks of a case: which limit and calendar each has, and what start, stop, pause ... do to it.

Computes no time itself: every moment comes from `deadlines`. Each function takes a clock and gives the clock afterwards.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from chengyun.cases import deadlines
from chengyun.cases.records import Case, Clock, ClockChange, ClockName
from chengyun.cases.rules import Rules
from chengyun.city.records import Limit

CITY_CLOCKS = frozenset({ClockName.UNIT, ClockName.SUB_UNIT, ClockName.ANSWER, ClockName.SUPERVISION, ClockName.CONSULT, ClockName.CASE})
"""Handling runs on the city's working time, internal steps on the centre's shift calendar (domain 9.2)."""

ALIVE = ("running", "paused")


def calendar_of(name: ClockName) -> str:
    return "city" if name in CITY_CLOCKS else "centre"


def limit_of(name: ClockName, case: Case, rules: Rules) -> Limit | None:
    """The limit a clock gets when it starts; None counts elapsed time only (the case clock, filing to closing, never reset)."""
    if name in (ClockName.UNIT, ClockName.SUB_UNIT):
        return case.standard.limit if case.standard else None
    if name == ClockName.ANSWER:
        return rules.settings.answer_limits.get(case.family)
    return rules.settings.step_limits.get(name)


def apply(op: str, case: Case, rules: Rules, now: datetime) -> tuple[ClockChange, ...]:
    """What one clock word of the lifecycle table (`start:unit`, `cancel:*`) does to a case that the event has already changed."""
    verb, _, which = op.partition(":")
    if verb == "start":
        return (ClockChange("start", start(ClockName(which), case, rules, now)),)
    if verb == "ensure":
        waits = any(each.wants_answer and not each.answered for each in case.reporters)
        alive = any(clock.name == which and clock.outcome in ALIVE for clock in case.clocks)
        return (ClockChange("start", start(ClockName(which), case, rules, now)),) if waits and not alive else ()
    if verb == "settle":
        waits = any(each.wants_answer and not each.answered for each in case.reporters)
        return () if waits else _each("stop", which, case, rules, now)
    return _each(verb, which, case, rules, now)


def _each(verb: str, which: str, case: Case, rules: Rules, now: datetime) -> tuple[ClockChange, ...]:
    """`*` means every clock but the answer clock: a reporter is owed his answer whatever becomes of the case."""
    if verb == "relimit":
        change: Change = partial(relimit, limit=limit_of(ClockName(which), case, rules))
    else:
        change = CHANGES[verb]
    wanted = [clock for clock in case.clocks if (clock.name == which or (which == "*" and clock.name != ClockName.ANSWER))]
    if verb == "resume" and which != "*":
        wanted = wanted[-1:]
    else:
        wanted = [clock for clock in wanted if clock.outcome in ALIVE]
    return tuple(ClockChange(verb, after) for clock in wanted if (after := change(clock, rules, now)) != clock)


def start(name: ClockName, case: Case, rules: Rules, now: datetime) -> Clock:
    serial = sum(1 for clock in case.clocks if clock.name == name)
    org = case.holders[-1 if name == ClockName.SUB_UNIT else 0] if case.holders and name in (ClockName.UNIT, ClockName.SUB_UNIT) else None
    key = calendar_of(name)
    bare = Clock(name, now, limit_of(name, case, rules), key, rules.calendars[key].version, None, org=org, serial=serial)
    if name == ClockName.SUSPENSION and case.request and case.request.until:
        return replace(bare, due=case.request.until)
    return retime(bare, rules, now)


def retime(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """The clock with its due time computed anew from its own facts; `due` is None without a limit and while it stands paused."""
    if clock.limit is None:
        return clock
    calendar = rules.calendars[clock.calendar]
    found = deadlines.due(clock.started, clock.limit, calendar, [(a, b) for a, b, _ in clock.pauses], clock.extensions)
    if found is None:
        return replace(clock, due=None, intervals=(), calendar_version=calendar.version)
    return replace(clock, due=found.at, intervals=found.intervals, provisional=found.provisional, calendar_version=found.calendar_version)


def pause(clock: Clock, rules: Rules, now: datetime) -> Clock:
    if clock.outcome != "running":
        return clock
    return retime(replace(clock, pauses=(*clock.pauses, (now, None, "paused")), outcome="paused"), rules, now)


def resume(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """Run on after a pause; or after a stop that did not hold (rework): the time in checking is not charged (domain 9.1)."""
    if clock.outcome in ("met", "late", "stopped") and clock.stopped is not None:
        pauses = (*clock.pauses, (clock.stopped, now, "checking"))
        return retime(replace(clock, pauses=pauses, outcome="running", stopped=None), rules, now)
    if clock.outcome != "paused":
        return clock
    return retime(replace(clock, pauses=_closed(clock, now), outcome="running"), rules, now)


def _closed(clock: Clock, now: datetime) -> tuple[tuple[datetime, datetime | None, str], ...]:
    return tuple((a, now if b is None else b, why) for a, b, why in clock.pauses)


def stop(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """Met or late by the due time as it stood; a clock stopped while paused runs on for this moment first."""
    if clock.outcome == "paused":
        clock = resume(clock, rules, now)
    if clock.due is None:
        return replace(clock, stopped=now, outcome="stopped")
    return replace(clock, stopped=now, outcome="met" if now <= clock.due else "late")


def cancel(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """It ends without a verdict: not charged."""
    return replace(clock, pauses=_closed(clock, now), stopped=now, outcome="cancelled")


def extend(clock: Clock, rules: Rules, now: datetime) -> Clock:
    return retime(replace(clock, extensions=clock.extensions + 1), rules, now)


def relimit(clock: Clock, rules: Rules, now: datetime, limit: Limit | None) -> Clock:
    """After a correction: the new limit from the old start."""
    return retime(replace(clock, limit=limit), rules, now)


Change = Callable[[Clock, Rules, datetime], Clock]
CHANGES: dict[str, Change] = {"stop": stop, "cancel": cancel, "pause": pause, "resume": resume, "extend": extend, "retime": retime}
