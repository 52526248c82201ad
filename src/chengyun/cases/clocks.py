"""The named clocks of a case: which limit and calendar each has, and what start, stop, pause ... do to it.

Computes no time itself: every moment comes from `deadlines`. Each function takes a clock and gives the clock afterwards.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from chengyun.base.ids import OrgId
from chengyun.cases import deadlines
from chengyun.cases.records import Case, Clock, ClockChange, ClockName
from chengyun.cases.rules import Rules
from chengyun.city.records import Limit

CITY_CLOCKS = frozenset({ClockName.UNIT, ClockName.SUB_UNIT, ClockName.ANSWER, ClockName.SUPERVISION, ClockName.CONSULT, ClockName.CASE})
"""Handling runs on the city's working time, internal steps on the centre's shift calendar (domain 9.2)."""

ALIVE = ("running", "paused")
MERGED = "merged"


def calendar_of(name: ClockName) -> str:
    return "city" if name in CITY_CLOCKS else "centre"


def limit_of(name: ClockName, case: Case, rules: Rules) -> Limit | None:
    """The limit a clock gets when it starts; None counts elapsed time only (the case clock, filing to closing, never reset)."""
    if name in (ClockName.UNIT, ClockName.SUB_UNIT):
        return case.standard.limit if case.standard else None
    if name == ClockName.ANSWER:
        waiting = [each.family for each in case.reporters if each.wants_answer and not each.answered]
        limits = [rules.settings.answer_limits[family] for family in (*waiting, case.family) if family in rules.settings.answer_limits]
        return limits[0] if limits else None
    return rules.settings.step_limits.get(name)


def apply(op: str, case: Case, rules: Rules, now: datetime, since: datetime | None = None) -> tuple[ClockChange, ...]:
    """What one clock word of the lifecycle table (`start:unit`, `cancel:*`) does to a case that the event has already changed.

    start     a new clock runs                         stop     it ends, met or late
    begin     starts, or runs on if it ever ran        cancel   it ends without a verdict, not charged
    ensure    runs if a reporter waits for his answer  drop     late if its time is up already, else cancelled
    settle    stops when no reporter waits any more    pause, resume; freeze and thaw are the two for a merged case
    extend, retime, relimit                            a new due time
    since     for `ensure`: from when the answer has been owed, if that was before (a report merged from elsewhere)
    """
    verb, _, which = op.partition(":")
    if verb == "start":
        return (ClockChange("start", start(ClockName(which), case, rules, now)),)
    if verb == "begin":
        ever = any(clock.name == which for clock in case.clocks)
        return _each("resume", which, case, rules, now) if ever else (ClockChange("start", start(ClockName(which), case, rules, now)),)
    if verb == "ensure":
        return _ensure(ClockName(which), case, rules, now, since or now) if _answer_owed(case) else ()
    if verb == "settle":
        return () if _answer_owed(case) else _each("stop", which, case, rules, now)
    return _each(verb, which, case, rules, now)


def _answer_owed(case: Case) -> bool:
    return any(each.wants_answer and not each.answered for each in case.reporters)


def _ensure(name: ClockName, case: Case, rules: Rules, now: datetime, since: datetime) -> tuple[ClockChange, ...]:
    """Nobody waits longer because his report was merged into a younger promise: the earliest start counts."""
    alive = next((clock for clock in case.clocks if clock.name == name and clock.outcome in ALIVE), None)
    if alive is None:
        return (ClockChange("start", start(name, case, rules, now, since)),)
    return (ClockChange("retime", retime(replace(alive, started=since), rules, now)),) if since < alive.started else ()


def _each(verb: str, which: str, case: Case, rules: Rules, now: datetime) -> tuple[ClockChange, ...]:
    """`*` means every clock but the answer clock: a reporter is owed his answer whatever becomes of the case. Only a merged case
    freezes that too, because its main case answers for it."""
    if verb == "relimit":
        change: Change = partial(relimit, limit=limit_of(ClockName(which), case, rules))
    else:
        change = CHANGES[verb]
    every = which == "*" and (verb in ("freeze", "thaw", "retime"))
    wanted = [clock for clock in case.clocks if clock.name == which or every or (which == "*" and clock.name != ClockName.ANSWER)]
    if verb == "resume":
        wanted = [clock for clock in wanted[-1:] if clock.org is None or clock.org in _holding(which, case)]
    else:
        wanted = [clock for clock in wanted if clock.outcome in ALIVE]
    if which == ClockName.SUB_UNIT and verb in ("cancel", "drop"):
        wanted = [clock for clock in wanted if clock.org not in _holding(which, case)]
    afterwards = ((clock, change(clock, rules, now)) for clock in wanted)
    return tuple(ClockChange(_said(verb, after), after) for clock, after in afterwards if after != clock)


def _holding(which: str, case: Case) -> tuple[OrgId, ...]:
    """The units whose clock of that name may run. The first holder answers by the unit clock, even if it was once passed down to it."""
    return case.holders[1:] if which == ClockName.SUB_UNIT else case.holders


def _said(verb: str, after: Clock) -> str:
    """The word written into the event: freeze, thaw and drop are said as what they came to."""
    if verb == "drop":
        return "stop" if after.outcome == "late" else "cancel"
    return {"freeze": "pause", "thaw": "resume"}.get(verb, verb)


def start(name: ClockName, case: Case, rules: Rules, now: datetime, since: datetime | None = None) -> Clock:
    """The clock as it begins; `since` if its time has been running from before."""
    serial = sum(1 for clock in case.clocks if clock.name == name)
    org = case.holders[-1 if name == ClockName.SUB_UNIT else 0] if case.holders and name in (ClockName.UNIT, ClockName.SUB_UNIT) else None
    key = calendar_of(name)
    bare = Clock(name, since or now, limit_of(name, case, rules), key, rules.calendars[key].version, None, org=org, serial=serial)
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


def again(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """After a calendar edit. A deadline that has passed stands: a holiday declared now does not undo an overdue (domain 9.4)."""
    if clock.outcome not in ALIVE or (clock.due is not None and clock.due <= now):
        return clock
    return retime(clock, rules, now)


def pause(clock: Clock, rules: Rules, now: datetime, why: str = "paused") -> Clock:
    if clock.outcome != "running":
        return clock
    return retime(replace(clock, pauses=(*clock.pauses, (now, None, why)), outcome="paused"), rules, now)


def freeze(clock: Clock, rules: Rules, now: datetime) -> Clock:
    return pause(clock, rules, now, MERGED)


def thaw(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """Only what the merge itself stopped runs again: a consultation's pause stays."""
    return resume(clock, rules, now) if clock.outcome == "paused" and clock.pauses[-1][2] == MERGED else clock


def resume(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """Run on after a pause; or after a stop that did not hold (rework): the time in checking is not charged (domain 9.1).

    What was late stays late: its deadline has passed and no newer calendar moves it.
    """
    if clock.outcome in ("met", "late", "stopped") and clock.stopped is not None:
        pauses = (*clock.pauses, (clock.stopped, now, "closed" if clock.name == ClockName.CASE else "checking"))
        ran_on = replace(clock, pauses=pauses, outcome="running", stopped=None)
        return ran_on if clock.outcome == "late" else retime(ran_on, rules, now)
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


def drop(clock: Clock, rules: Rules, now: datetime) -> Clock:
    """Taken off before the deadline it is not charged; what is overdue already stays late, so nobody can recall a delay away."""
    ran = resume(clock, rules, now)
    return stop(clock, rules, now) if ran.due is not None and ran.due < now else cancel(clock, rules, now)


def extend(clock: Clock, rules: Rules, now: datetime) -> Clock:
    return retime(replace(clock, extensions=clock.extensions + 1), rules, now)


def relimit(clock: Clock, rules: Rules, now: datetime, limit: Limit | None) -> Clock:
    """After a correction: the new limit from the old start."""
    return retime(replace(clock, limit=limit), rules, now)


Change = Callable[[Clock, Rules, datetime], Clock]
CHANGES: dict[str, Change] = {
    "stop": stop,
    "cancel": cancel,
    "drop": drop,
    "pause": pause,
    "resume": resume,
    "freeze": freeze,
    "thaw": thaw,
    "extend": extend,
    "retime": again,
}

VERBS = frozenset({"start", "begin", "ensure", "settle", *CHANGES})
"""The clock words a lifecycle table may use."""
