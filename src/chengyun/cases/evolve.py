"""`evolve(case, event)`: the case after one more fact. Reads nothing but the event, so any history folds to the same case anywhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, TypeVar, cast

from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, CaseId, CategoryCode, DutyRowId, OrgId, PersonId, ReporterId, StandardId
from chengyun.base.time import from_text
from chengyun.cases.records import (
    Appeal,
    Case,
    Clock,
    ClockChange,
    Event,
    Provenance,
    Reporter,
    Request,
    SourceFamily,
    StandardRef,
    State,
    Supervision,
    Urgency,
)
from chengyun.city.records import ClockUnit, Counting, Limit, Loop

Changes = dict[str, Any]
T = TypeVar("T")

UPCASTERS: dict[tuple[str, int], Callable[[Event], Event]] = {}
"""(type, old version) -> the same fact in the next version's shape. Empty while every type is in its first version."""


def fold(first: Case, events: Iterable[Event]) -> Case:
    case = first
    for event in events:
        case = evolve(case, event)
    return case


def evolve(case: Case, event: Event) -> Case:
    while (event.type, event.version) in UPCASTERS:
        event = UPCASTERS[event.type, event.version](event)
    changes = APPLY[event.type](case, event) if event.type in APPLY else {}
    found = {"evidence": case.evidence + event.evidence, **_where(event.body), **changes}
    return with_changes(case, {**found, "state": event.to, "seq": event.seq, "clocks": merge_clocks(case.clocks, event.clocks)})


_NAMES = tuple(each.name for each in fields(Case))
_values = attrgetter(*_NAMES)


def with_changes(case: Case, changes: Changes) -> Case:
    """`replace` for a case, at half its cost: a case has many fields, and a report evolves some twenty times."""
    return Case(**{**dict(zip(_NAMES, _values(case), strict=True)), **changes})


def merge_clocks(clocks: tuple[Clock, ...], changes: tuple[ClockChange, ...]) -> tuple[Clock, ...]:
    """Each changed clock takes the place of the one of its name and serial, or joins at the end."""
    found = {(clock.name, clock.serial): clock for clock in clocks}
    for change in changes:
        found[change.clock.name, change.clock.serial] = change.clock
    return tuple(found.values())


def _where(body: Mapping[str, object]) -> Changes:
    """What and where, common to every event that settles it: category, standard, place, grid, component, urgency."""
    changes: Changes = {}
    if body.get("category") is not None:
        changes["category"] = CategoryCode(str(body["category"]))
    if body.get("standard") is not None:
        changes["standard"] = read_standard(cast(Mapping[str, Any], body["standard"]))
    if body.get("place") is not None:
        lon, lat = cast("list[float]", body["place"])
        changes["place"] = Point(lon, lat)
    if body.get("grid") is not None:
        changes["grid"] = AreaCode(str(body["grid"]))
    if body.get("component") is not None:
        changes["component"] = str(body["component"])
    if body.get("urgency") is not None:
        changes["urgency"] = Urgency(str(body["urgency"]))
    return changes


def read_standard(kept: Mapping[str, Any]) -> StandardRef:
    limit = Limit(int(kept["amount"]), ClockUnit(kept["unit"]), Counting(kept["counting"]))
    return StandardRef(StandardId(int(kept["id"])), int(kept["version"]), int(kept["condition_no"]), limit)


def write_standard(standard: StandardRef) -> dict[str, object]:
    return {
        "id": int(standard.id),
        "version": standard.version,
        "condition_no": standard.condition_no,
        "amount": standard.limit.amount,
        "unit": str(standard.limit.unit),
        "counting": str(standard.limit.counting),
    }


def _ids(value: object) -> list[int]:
    return [int(each) for each in cast("list[int]", value or [])]


def _read_reporter(kept: Mapping[str, Any]) -> Reporter:
    person = kept.get("person")
    return Reporter(
        id=ReporterId(int(kept["id"])),
        person=None if person is None else PersonId(int(person)),
        family=SourceFamily(kept["family"]),
        origin=CaseId(int(kept["origin"])),
        wants_answer=bool(kept.get("wants_answer", True)),
        answered=bool(kept.get("answered", False)),
        identity_open=bool(kept.get("identity_open", False)),
    )


def write_reporter(reporter: Reporter) -> dict[str, object]:
    return {
        "id": int(reporter.id),
        "person": reporter.person,
        "family": str(reporter.family),
        "origin": int(reporter.origin),
        "wants_answer": reporter.wants_answer,
        "answered": reporter.answered,
        "identity_open": reporter.identity_open,
    }


# --- one small function per fact ------------------------------------------------------------------------------------


def _created(case: Case, event: Event) -> Changes:
    body = event.body
    reporters = tuple(_read_reporter(each) for each in cast("list[Mapping[str, Any]]", body.get("reporters") or []))
    parent = body.get("parent")
    return {
        "number": str(body["number"]),
        "flow": str(body["flow"]),
        "flow_version": int(cast(int, body["flow_version"])),
        "provenance": Provenance(str(body["provenance"])),
        "family": SourceFamily(str(body["family"])),
        "source_detail": str(body.get("source_detail") or ""),
        "reported_at": event.at,
        "captured_at": event.captured_at,
        "reporters": reporters,
        "reported_by": event.actor.person,
        "staff_of": None if body.get("staff_of") is None else OrgId(int(cast(int, body["staff_of"]))),
        "confirmed_by_person": bool(body.get("confirmed_by_person", True)),
        "parent": None if parent is None else CaseId(int(cast(int, parent))),
    }


def _simple(case: Case, event: Event) -> Changes:
    return {**_created(case, event), "simple": True, "filed_at": event.at, "closed_at": event.at, "checked": None}


def _child(case: Case, event: Event) -> Changes:
    return {**_created(case, event), "filed_at": event.at}


def _checker_set(case: Case, event: Event) -> Changes:
    return {"checker": PersonId(int(cast(int, event.body["checker"]))), "blind_check": bool(event.body.get("blind", False))}


def _checker_gone(case: Case, event: Event) -> Changes:
    return {"checker": None}


def _admitted(case: Case, event: Event) -> Changes:
    return {"exempt": True}


def _verified(found: bool) -> Callable[[Case, Event], Changes]:
    def apply(case: Case, event: Event) -> Changes:
        return {"verified": found, "checker": None, "confirmed_by_person": case.confirmed_by_person or found}

    return apply


def _filed(case: Case, event: Event) -> Changes:
    return {"filed_at": case.filed_at or event.at, "filed_by": event.actor.person, "prior": None}


def _asked_void(case: Case, event: Event) -> Changes:
    return {"prior": case.state, "request": Request("void", event.actor.person, event.at)}


def _void_settled(case: Case, event: Event) -> Changes:
    return {"request": None, "prior": None}


def _withdrawn(case: Case, event: Event) -> Changes:
    """Who takes his own report back waits for no answer."""
    return {"reporters": tuple(replace(each, wants_answer=False) for each in case.reporters)}


def _request_withdrawn(case: Case, event: Event) -> Changes:
    return {"request": None, "prior": None}


def _merged(case: Case, event: Event) -> Changes:
    return {"prior": case.state, "merged_into": CaseId(int(cast(int, event.body["into"])))}


def _unmerged(case: Case, event: Event) -> Changes:
    """A reporter whom the main case answered meanwhile has his answer."""
    answered = set(_ids(event.body.get("answered")))
    reporters = tuple(replace(each, answered=True) if each.id in answered else each for each in case.reporters)
    return {"prior": None, "merged_into": None, "reporters": reporters}


def _absorbed(case: Case, event: Event) -> Changes:
    joined = tuple(_read_reporter(each) for each in cast("list[Mapping[str, Any]]", event.body.get("reporters") or []))
    known = {reporter.id for reporter in case.reporters}
    fresh = tuple(reporter for reporter in joined if reporter.id not in known)
    return {"absorbed": (*case.absorbed, CaseId(int(cast(int, event.body["absorbed"])))), "reporters": case.reporters + fresh}


def _released(case: Case, event: Event) -> Changes:
    gone = CaseId(int(cast(int, event.body["released"])))
    return {
        "absorbed": tuple(each for each in case.absorbed if each != gone),
        "reporters": tuple(reporter for reporter in case.reporters if reporter.origin != gone),
    }


def _dispatched(case: Case, event: Event) -> Changes:
    body = event.body
    unit = OrgId(int(cast(int, body["unit"])))
    trade, row = body.get("trade_department"), cast("list[int] | None", body.get("duty_row"))
    filed: Changes = {} if case.filed_at else {"filed_at": event.at, "filed_by": event.actor.person}
    assisting = tuple(OrgId(each) for each in _ids(body.get("assisting")))
    handled_for = case.handled_for
    for each in (unit, *assisting):
        handled_for = _with(handled_for, each)
    return {
        **filed,
        "holders": (unit,),
        "handler": None,
        "trade_department": None if trade is None else OrgId(int(cast(int, trade))),
        "duty_row": None if row is None else (DutyRowId(row[0]), row[1]),
        "ladder": tuple((Loop(loop), OrgId(int(org))) for loop, org in cast("list[tuple[str, int]]", body.get("ladder") or [])),
        "loop": Loop(str(body["loop"])) if body.get("loop") else None,
        "assisting": tuple((each, False) for each in assisting),
        "handled_for": handled_for,
        "checker": None,
    }


def _climbed(case: Case, event: Event) -> Changes:
    unit = OrgId(int(cast(int, event.body["unit"])))
    return {"holders": (unit,), "loop": Loop(str(event.body["loop"])), "handled_for": _with(case.handled_for, unit)}


def _off_unit(case: Case, event: Event) -> Changes:
    return {"holders": (), "handler": None, "assisting": (), "duty_row": None}


def _split(case: Case, event: Event) -> Changes:
    return {"children": tuple((CaseId(each), False) for each in _ids(event.body["children"]))}


def _child_closed(case: Case, event: Event) -> Changes:
    child = CaseId(int(cast(int, event.body["child"])))
    return {"children": tuple((each, closed or each == child) for each, closed in case.children)}


def _child_reopened(case: Case, event: Event) -> Changes:
    child = CaseId(int(cast(int, event.body["child"])))
    return {"children": tuple((each, closed and each != child) for each, closed in case.children)}


def _accepted(case: Case, event: Event) -> Changes:
    if event.actor.person is None or event.actor.role.value != "handler":
        return {}
    return {"handler": event.actor.person, "handled_by": _with(case.handled_by, event.actor.person)}


def _passed_down(case: Case, event: Event) -> Changes:
    unit = OrgId(int(cast(int, event.body["unit"])))
    return {"holders": (*case.holders, unit), "handled_for": _with(case.handled_for, unit)}


def _taken_back(case: Case, event: Event) -> Changes:
    at = case.holders.index(OrgId(int(cast(int, event.body["unit"]))))
    return {"holders": case.holders[: at + 1], "handler": None}


def _handed_up(case: Case, event: Event) -> Changes:
    return {"holders": case.holders[:-1]}


def _returned(case: Case, event: Event) -> Changes:
    return {"returns": case.returns + 1}


def _assigned(case: Case, event: Event) -> Changes:
    handler = PersonId(int(cast(int, event.body["handler"])))
    return {"handler": handler, "handled_by": _with(case.handled_by, handler)}


def _handler_withdrawn(case: Case, event: Event) -> Changes:
    return {"handler": None}


def _assisting_set(case: Case, event: Event) -> Changes:
    done = dict(case.assisting)
    units = tuple((OrgId(each), done.get(OrgId(each), False)) for each in _ids(event.body["assisting"]))
    handled = case.handled_for
    for unit, _ in units:
        handled = _with(handled, unit)
    return {"assisting": units, "handled_for": handled}


def _assist_done(case: Case, event: Event) -> Changes:
    return {"assisting": tuple((unit, done or unit == event.actor.org) for unit, done in case.assisting)}


def _asked(kind: str) -> Callable[[Case, Event], Changes]:
    def apply(case: Case, event: Event) -> Changes:
        until = event.body.get("until")
        endorsed = event.actor.person if event.to.value.endswith("_endorsed") else None
        moment = None if until is None else from_text(str(until))
        return {"request": Request(kind, event.actor.person, event.at, moment, endorsed)}

    return apply


def _endorsed(case: Case, event: Event) -> Changes:
    return {"request": case.request and replace(case.request, endorsed_by=event.actor.person)}


def _request_gone(case: Case, event: Event) -> Changes:
    return {"request": None}


def _extended(case: Case, event: Event) -> Changes:
    return {"request": None, "extensions": case.extensions + 1}


def _suspended(case: Case, event: Event) -> Changes:
    return {"suspensions": case.suspensions + 1}


def _reworked(case: Case, event: Event) -> Changes:
    return {"reworks": case.reworks + 1, "checker": None, "checked": None}


def _finished(case: Case, event: Event) -> Changes:
    return {"handled_by": case.handled_by if event.actor.person is None else _with(case.handled_by, event.actor.person)}


def _check_passed(case: Case, event: Event) -> Changes:
    return {"checked": True, "checked_by": event.actor.person, "confirmed_by_person": True}


def _check_failed(case: Case, event: Event) -> Changes:
    return {"reworks": case.reworks + 1, "checked": False, "checked_by": event.actor.person, "checker": None, "confirmed_by_person": True}


def _compared(case: Case, event: Event) -> Changes:
    return {"checked": True, "checked_by": event.actor.person}


def _closed(case: Case, event: Event) -> Changes:
    return {"closed_at": event.at}


def _force_closed(case: Case, event: Event) -> Changes:
    return {"closed_at": event.at, "forced": True, "request": None}


def _appealed(case: Case, event: Event) -> Changes:
    return {"appeal": Appeal(event.actor.person, event.at)}


def _appeal_reviewed(case: Case, event: Event) -> Changes:
    appeal, reviewer = case.appeal, event.actor.person
    if appeal is None or reviewer is None:
        return {}
    reviews = (*appeal.reviews, (reviewer, bool(event.body["granted"])))
    outcome = "open" if len(reviews) < 2 else ("granted" if all(granted for _, granted in reviews) else "refused")
    return {"appeal": replace(appeal, reviews=reviews, outcome=outcome)}


def _rechecked(case: Case, event: Event) -> Changes:
    return {"rechecks": (*case.rechecks, bool(event.body["passed"]))}


def _rated(case: Case, event: Event) -> Changes:
    return {"solved": bool(event.body["solved"]), "satisfaction": int(cast(int, event.body["satisfaction"]))}


def _reopened(case: Case, event: Event) -> Changes:
    return {
        **_off_unit(case, event),
        "reopens": case.reopens + 1,
        "closed_at": None,
        "forced": False,
        "checked": None,
        "checker": None,
        "request": None,
        "children": (),
        "reporters": _owed_again(case),
    }


def _owed_again(case: Case) -> tuple[Reporter, ...]:
    """The answer that was given no longer holds; whoever wanted one is owed the new one."""
    return tuple(replace(each, answered=False) for each in case.reporters)


def _restored(case: Case, event: Event) -> Changes:
    return {"verified": None, "exempt": True, "closed_at": None, "reporters": _owed_again(case)}


def _urged(case: Case, event: Event) -> Changes:
    return {"urges": case.urges + 1}


def _supervised(case: Case, event: Event) -> Changes:
    return {"supervisions": (*case.supervisions, Supervision(len(case.supervisions) + 1, event.actor.person, event.at))}


def _supervision_answered(case: Case, event: Event) -> Changes:
    return {"supervisions": tuple(replace(each, answered_at=event.at) if each.answered_at is None else each for each in case.supervisions)}


def _answered(case: Case, event: Event) -> Changes:
    who = int(cast(int, event.body["reporter"]))
    return {"reporters": tuple(replace(each, answered=True) if each.id == who else each for each in case.reporters)}


def _identity_opened(case: Case, event: Event) -> Changes:
    me = event.actor.person
    return {"reporters": tuple(replace(each, identity_open=True) if each.person == me else each for each in case.reporters)}


def _confirmed(case: Case, event: Event) -> Changes:
    return {"confirmed_by_person": True}


def _with(seen: tuple[T, ...], one: T) -> tuple[T, ...]:
    return seen if one in seen else (*seen, one)


APPLY: Mapping[str, Callable[[Case, Event], Changes]] = {
    "report": _created,
    "simple_close": _simple,
    "create_child": _child,
    "admit": _admitted,
    "order_verify": _checker_set,
    "reassign_verify": _checker_set,
    "recall_verify": _checker_gone,
    "verify": _verified(True),
    "verify_absent": _verified(False),
    "file": _filed,
    "ask_void": _asked_void,
    "approve_void": _void_settled,
    "refuse_void": _void_settled,
    "restore": _restored,
    "withdraw": _withdrawn,
    "merge": _merged,
    "unmerge": _unmerged,
    "absorb": _absorbed,
    "release": _released,
    "dispatch": _dispatched,
    "dispatch_urgent": _dispatched,
    "conclude_consult": _dispatched,
    "reassign": _dispatched,
    "return_filing": _off_unit,
    "consult": _off_unit,
    "recall": _off_unit,
    "split": _split,
    "child_closed": _child_closed,
    "child_reopened": _child_reopened,
    "accept": _accepted,
    "pass_down": _passed_down,
    "take_back": _taken_back,
    "hand_up": _handed_up,
    "climb": _climbed,
    "return": _returned,
    "assign": _assigned,
    "withdraw_handler": _handler_withdrawn,
    "set_assisting": _assisting_set,
    "assist_done": _assist_done,
    "ask_extension": _asked("extension"),
    "ask_suspension": _asked("suspension"),
    "endorse": _endorsed,
    "refuse_extension": _request_gone,
    "refuse_suspension": _request_gone,
    "withdraw_request": _request_withdrawn,
    "grant_extension": _extended,
    "grant_suspension": _suspended,
    "wake": _request_gone,
    "finish": _finished,
    "order_check": _checker_set,
    "reassign_check": _checker_set,
    "rework": _reworked,
    "compare_photos": _compared,
    "check_pass": _check_passed,
    "check_fail": _check_failed,
    "close": _closed,
    "force_close": _force_closed,
    "appeal": _appealed,
    "review_appeal": _appeal_reviewed,
    "recheck": _rechecked,
    "rate": _rated,
    "reopen": _reopened,
    "urge": _urged,
    "supervise": _supervised,
    "answer_supervision": _supervision_answered,
    "answer": _answered,
    "open_identity": _identity_opened,
    "confirm_finding": _confirmed,
}
"""Facts that change a case. Facts not named here (notes, warnings, calls ...) are history only."""

CREATING = frozenset({"report", "simple_close", "create_child"})


def target_state(to: str, case: Case) -> State:
    """Where a transition leads: its own state, the same one, or back to where the case came from."""
    if to == "@same":
        return case.state
    if to == "@prior":
        return case.prior or State.PENDING_FILING
    return State(to)
