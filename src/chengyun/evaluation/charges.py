"""PURE. From a folded case to what is charged to whom, and the facts as they stood when a month was frozen."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chengyun.base.ids import OrgId
from chengyun.cases.records import Case, Clock, ClockName, Event, State
from chengyun.evaluation.periods import Month
from chengyun.evaluation.records import Charge, Outcome

_OUTCOMES = {"met": Outcome.ON_TIME, "late": Outcome.LATE, "cancelled": Outcome.WITHDRAWN, "stopped": Outcome.NO_LIMIT}


def charges_of(case: Case, events: Sequence[Event] = ()) -> tuple[Charge, ...]:
    """One charge for each unit clock of the case, in order of dispatch; none for a case that is void or merged into another.

    A return believed and a recall both end a clock without a verdict; which of them it was stands in the events alone. Without
    them `returned` is False.
    """
    if case.state in (State.VOID, State.MERGED):
        return ()
    believed = _returned(events)
    suspensions = tuple((c.started, c.stopped) for c in case.clocks if c.name == ClockName.SUSPENSION)
    clocks = [c for c in case.clocks if c.name == ClockName.UNIT and c.org is not None]
    appealed = _appealed(case, clocks)
    return tuple(
        _charge(case, clock, clock.org, clock.serial in believed, appealed, suspensions) for clock in clocks if clock.org is not None
    )


def _charge(
    case: Case,
    clock: Clock,
    unit: OrgId,
    returned: bool,
    appealed: int | None,
    suspensions: tuple[tuple[datetime, datetime | None], ...],
) -> Charge:
    return Charge(
        tenant=case.tenant,
        unit=unit,
        case=case.id,
        serial=clock.serial,
        dispatched=clock.started,
        due=clock.due,
        handled=clock.stopped,
        outcome=_OUTCOMES.get(clock.outcome, Outcome.OPEN),
        closed=case.closed_at,
        reworks=sum(1 for _, _, why in clock.pauses if why == "checking"),
        extensions=clock.extensions,
        returned=returned,
        suspensions=tuple((a, b) for a, b in suspensions if a >= clock.started and (clock.stopped is None or a <= clock.stopped)),
        urgency=case.urgency,
        simple=case.simple,
        confirmed=case.confirmed_by_person,
        appeal_granted=clock.serial == appealed,
        supervised=bool(case.supervisions),
        provenance=case.provenance,
    )


def _returned(events: Sequence[Event]) -> frozenset[int]:
    """Dispatches whose unit clock was cancelled out of the state `returned`: the dispatcher believed the unit."""
    found, before = set(), State.NONE
    for event in events:
        if before is State.RETURNED:
            found |= {c.clock.serial for c in event.clocks if c.op == "cancel" and c.clock.name == ClockName.UNIT}
        before = event.to
    return frozenset(found)


def _appealed(case: Case, clocks: Sequence[Clock]) -> int | None:
    """The dispatch that a granted appeal speaks of: the last one marked late."""
    if case.appeal is None or case.appeal.outcome != "granted":
        return None
    return max((c.serial for c in clocks if c.outcome == "late"), default=None)


def as_of(charge: Charge, moment: datetime) -> Charge:
    """The charge as it stood at a moment: feedback after it had not been given yet, and a deadline passed without it is overdue.

    Feedback that still waits for its check counts as it stands; if the check fails afterwards, that is a correction.
    """
    closed = charge.closed if charge.closed is not None and charge.closed <= moment else None
    suspensions = tuple((a, b if b is not None and b <= moment else None) for a, b in charge.suspensions if a <= moment)
    seen = replace(charge, closed=closed, suspensions=suspensions)
    if charge.handled is not None and charge.handled <= moment:
        return seen
    overdue = charge.due is not None and charge.due < moment
    return replace(seen, handled=None, outcome=Outcome.OVERDUE_OPEN if overdue else Outcome.OPEN, returned=False)


def settle(
    charges: Iterable[Charge], month: Month, zone: str, grace: timedelta = timedelta(0), now: datetime | None = None
) -> tuple[Charge, ...]:
    """The charges of a month, frozen at its end (plus `grace`, if a city waits some days for late feedback); while the month still
    runs, as they stand `now`.

    Every charge falls in exactly one month, so settled months can be joined to any longer period without counting twice.
    """
    start, end = month.span(zone)
    return settle_between(charges, start, end, end + grace if now is None else min(end + grace, now))


def settle_between(charges: Iterable[Charge], start: datetime, end: datetime, frozen: datetime) -> tuple[Charge, ...]:
    """The charges of any span, as they stood when it was frozen: a day, or the last thirty, for a look that decides nothing."""
    return tuple(as_of(c, frozen) for c in charges if c.anchor is not None and start <= c.anchor < end)
