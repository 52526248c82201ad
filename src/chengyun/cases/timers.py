"""Which moments of a case's clocks must be acted on, and what is done when one comes. Deadlines are rows, never sleeps.

`warn` when a quarter of the time is left, `overdue` at the deadline, `wake` when a suspension ends. A timer names its clock and serial
and the very deadline it was set for; when the clock moves, the old rows are cleared and new ones set in the same transaction.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chengyun.cases.ports import Timer
from chengyun.cases.records import Action, Actor, Case, Clock, ClockName, Event
from chengyun.city.records import Role

SYSTEM = Actor(Role.SYSTEM)
WARN_SHARE = 0.25
"""Warn with a quarter of the time left: the phase "soon" of the design language, section 7."""


def prefix(case: Case, clock: Clock) -> str:
    return f"{case.id}/{clock.name}/{clock.serial}/"


def moved(events: Iterable[Event]) -> tuple[Clock, ...]:
    """The clocks that events changed, each as it stands after the last of them."""
    found = {(change.clock.name, change.clock.serial): change.clock for event in events for change in event.clocks}
    return tuple(found.values())


def set_for(case: Case, clock: Clock, now: datetime) -> tuple[Timer, ...]:
    """The timers of one clock: none when it is stopped, paused or has no deadline."""
    if clock.outcome != "running" or clock.due is None:
        return ()
    stem = f"{prefix(case, clock)}{clock.due.timestamp():.6f}/"
    if clock.name == ClockName.SUSPENSION:
        return (Timer("wake", clock.due, case.id, stem + "wake", clock.name, clock.serial),)
    found = [Timer("overdue", clock.due, case.id, stem + "overdue", clock.name, clock.serial)]
    warning = clock.due - max(WARN_SHARE * (clock.due - clock.started), timedelta(0))
    if warning > now and clock.name in (ClockName.UNIT, ClockName.SUB_UNIT, ClockName.ANSWER):
        found.insert(0, Timer("warn", warning, case.id, stem + "warn", clock.name, clock.serial))
    return tuple(found)


def actions_when_due(timer_kind: str, clock: str, serial: int, case: Case) -> tuple[Action, ...]:
    """What the system does when a timer rings, if its clock still runs: warn; urge and escalate; wake."""
    running = any(each.name == clock and each.serial == serial and each.outcome == "running" for each in case.clocks)
    if not running:
        return ()
    facts = {"clock": clock, "serial": serial}
    if timer_kind == "wake":
        return (Action("wake", SYSTEM, facts),)
    if timer_kind == "warn":
        return (Action("warn", SYSTEM, facts),)
    escalate = Action("escalate", SYSTEM, facts)
    return (Action("urge", SYSTEM, facts), escalate) if clock in (ClockName.UNIT, ClockName.SUB_UNIT) else (escalate,)
