"""`decide(case, action, rules, now)`: may this be done, and what becomes of the case? Accepted(events) or Refused(reason).

Order of asking: is there such a row for this state and role; is the evidence there; do the named conditions hold. Then the event is
written with every fact resolved - the limit, the versions, the unit, the reason - and its clocks computed on the case as it will be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from chengyun.base.ids import AttachmentId, CaseId, OrgId, StandardId
from chengyun.base.results import Refused
from chengyun.base.time import from_text, to_text
from chengyun.cases import clocks
from chengyun.cases.evolve import CREATING, evolve, merge_clocks, target_state, with_changes, write_reporter, write_standard
from chengyun.cases.guards import GUARDS, next_loop
from chengyun.cases.lifecycle import Lifecycle, Transition
from chengyun.cases.records import Accepted, Action, Actor, Case, ClockChange, Event, Evidence, EvidenceStage, Reporter, StandardRef
from chengyun.cases.rules import Rules
from chengyun.city.records import Role

Facts = dict[str, object]


def decide(case: Case, action: Action, rules: Rules, now: datetime) -> Accepted | Refused:
    flow = rules.flow_for(case, action.facts.get("category"))
    row = flow.find(case.state, action.name, action.actor.role)
    if row is None:
        return _why_not(flow, case, action)
    refused = _missing(row, case, action) or _guarded(row, case, action, rules, now)
    if refused:
        return refused
    body = _resolve(case, action, rules, now)
    if isinstance(body, Refused):
        return body
    event = Event(
        case=case.id,
        seq=case.seq + 1,
        type=action.name,
        version=1,
        at=now,
        actor=action.actor,
        to=target_state(row.to, case),
        body=body,
        evidence=action.evidence,
        texts=tuple(sorted(key for key, words in action.texts.items() if words.strip())),
        captured_at=action.captured_at,
    )
    return Accepted((replace(event, clocks=_clock_changes(row, case, event, rules, now)),))


def _clock_changes(row: Transition, case: Case, event: Event, rules: Rules, now: datetime) -> tuple[ClockChange, ...]:
    after = evolve(case, event)
    changes: list[ClockChange] = []
    owed_since = event.body.get("answer_since")
    since = None if owed_since is None else from_text(str(owed_since))
    for op in (*row.clocks, *_relimit(case, after)):
        fresh = clocks.apply(op, after, rules, now, since)
        if fresh:
            after = with_changes(after, {"clocks": merge_clocks(after.clocks, fresh)})
            changes.extend(fresh)
    return tuple(changes)


def _relimit(case: Case, after: Case) -> tuple[str, ...]:
    """A correction that changes the limit re-times the unit's clock from its own start."""
    changed = case.standard is not None and after.standard is not None and case.standard.limit != after.standard.limit
    return ("relimit:unit", "relimit:sub_unit") if changed else ()


def _why_not(lifecycle: Lifecycle, case: Case, action: Action) -> Refused:
    if not lifecycle.rows:
        return Refused("flow_missing", {"flow": lifecycle.name, "version": lifecycle.version})
    here = lifecycle.by_cell.get((case.state, action.name))
    if here:
        who = sorted({str(role) for row in here for role in row.who})
        return Refused("not_your_role", {"action": action.name, "who": who})
    states = sorted({str(state) for state, name in lifecycle.by_cell if name == action.name})
    if not states:
        return Refused("unknown_action", {"action": action.name})
    return Refused("not_in_this_state", {"action": action.name, "state": str(case.state), "possible_in": states})


# --- evidence -------------------------------------------------------------------------------------------------------


def _missing(row: Transition, case: Case, action: Action) -> Refused | None:
    gone = [need for need in row.needs if not has_evidence(need, case, action)]
    return Refused("evidence_missing", {"action": action.name, "missing": gone}) if gone else None


def has_evidence(need: str, case: Case, action: Action) -> bool:
    kind, _, name = need.partition(":")
    if kind == "text":
        return bool(action.texts.get(name, "").strip())
    if kind == "photo":
        stage = EvidenceStage(name)
        return any(each.stage == stage and each.kind in ("photo", "video") for each in action.evidence)
    if kind == "whereabouts":
        return action.facts.get("place") is not None or bool(action.texts.get("address", "").strip())
    if kind in ("place", "category", "grid", "standard"):
        return action.facts.get(kind) is not None or getattr(case, kind) is not None
    return action.facts.get(kind) is not None


def _guarded(row: Transition, case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    for name in row.guards:
        refused = GUARDS[name](case, action, rules, now)
        if refused:
            return refused
    return None


# --- resolved facts ---------------------------------------------------------------------------------------------------


def _resolve(case: Case, action: Action, rules: Rules, now: datetime) -> Facts | Refused:
    """The body of the event: the facts given, with what they mean today written out."""
    body: Facts = {key: value for key, value in action.facts.items() if value is not None}
    if action.captured_at is not None and action.clock_error_s is not None:
        body["clock_error_s"] = action.clock_error_s
    if action.facts.get("standard") is not None:
        standard = _standard(case, action, rules)
        if isinstance(standard, Refused):
            return standard
        body["standard"] = write_standard(standard)
    more = RESOLVERS.get(action.name)
    if more is None:
        return body
    extra = more(case, action, rules, now)
    return extra if isinstance(extra, Refused) else {**body, **extra}


def _standard(case: Case, action: Action, rules: Rules) -> StandardRef | Refused:
    """The chosen entry of the standard table, checked against the category and the area class it is used in."""
    given = action.facts["standard"]
    wanted = StandardId(int(cast(Any, given["id"] if isinstance(given, Mapping) else given)))
    entry = rules.standards.get(wanted)
    category = str(action.facts.get("category") or case.category)
    if entry is None or entry.category != category:
        return Refused("standard_of_another_category", {"standard": int(wanted), "category": category})
    return StandardRef(entry.id, entry.version, entry.condition_no, entry.limit)


def _created(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    return {
        "number": case.number,
        "flow": (flow := rules.flow_for(case, action.facts.get("category"))).name,
        "flow_version": flow.version,
        "provenance": str(case.provenance),
        "family": str(case.family),
        "source_detail": case.source_detail,
        "reporters": [write_reporter(each) for each in case.reporters],
        "confirmed_by_person": action.actor.role != Role.MACHINE,
        "settings_version": rules.settings.version,
    }


def _sent_to_unit(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    unit = rules.units[OrgId(int(cast(int, action.facts["unit"])))]
    return {"unit": int(unit.id), "loop": action.facts.get("loop") or str(unit.loop), "rules_version": rules.version}


def _climb(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    rung = next_loop(case)
    return {} if rung is None else {"loop": rung[0], "unit": int(rung[1]), "from": int(case.holders[0])}


def _take_back(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    return {"unit": int(cast(int, action.actor.org)), "from": int(case.holders[-1])}


def _leaving_unit(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    return {"from": int(case.holders[-1])} if case.holders else {}


def _grant(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    request = case.request
    if request is None:
        return {}
    return {
        "asked_by": request.asked_by,
        "endorsed_by": request.endorsed_by,
        "until": to_text(request.until) if request.until else None,
    }


def _merge(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    return {"reporters": [write_reporter(each) for each in case.reporters]}


def _correct(case: Case, action: Action, rules: Rules, now: datetime) -> Facts | Refused:
    """After filing, a new category needs its own standard entry; the old values stay readable in the event."""
    category = action.facts.get("category")
    if category is not None and category != case.category and action.facts.get("standard") is None:
        return Refused("evidence_missing", {"action": "correct", "missing": ["standard"]})
    before: Facts = {"category": case.category, "grid": case.grid, "component": case.component}
    if case.standard:
        before["standard"] = write_standard(case.standard)
    if case.place:
        before["place"] = [case.place.lon, case.place.lat]
    return {"before": {key: value for key, value in before.items() if value is not None and action.facts.get(key) is not None}}


def _close(case: Case, action: Action, rules: Rules, now: datetime) -> Facts:
    """Closing names the entry whose closing condition was met."""
    return {"standard": write_standard(case.standard)} if case.standard else {}


RESOLVERS: Mapping[str, Callable[[Case, Action, Rules, datetime], Facts | Refused]] = {
    "report": _created,
    "simple_close": _created,
    "create_child": _created,
    "dispatch": _sent_to_unit,
    "dispatch_urgent": _sent_to_unit,
    "conclude_consult": _sent_to_unit,
    "reassign": _sent_to_unit,
    "pass_down": _sent_to_unit,
    "climb": _climb,
    "take_back": _take_back,
    "hand_up": _leaving_unit,
    "return": _leaving_unit,
    "recall": _leaving_unit,
    "grant_extension": _grant,
    "grant_suspension": _grant,
    "refuse_extension": _grant,
    "refuse_suspension": _grant,
    "merge": _merge,
    "correct": _correct,
    "close": _close,
}


# --- the case before its first event, and what may be done next ---------------------------------------------------------


def unborn(case: Case, reporters: tuple[Reporter, ...]) -> Case:
    """A case as it stands before `report`: its id, number, source and reporters are known, nothing has happened."""
    return replace(case, reporters=reporters)


@dataclass(frozen=True)
class NextAction:
    """A button: the act, what it asks for, and why it is off, if it is."""

    action: str
    needs: tuple[str, ...]
    to: str
    refused: Refused | None


def next_actions(case: Case, actor: Actor, rules: Rules, now: datetime) -> tuple[NextAction, ...]:
    """What this person may do with this case now, in the order of the table; conditions that fail come with their reason."""
    asked = [
        row
        for row in rules.flow_for(case, case.category).by_state.get(case.state, ())
        if actor.role in row.who and row.action not in CREATING
    ]
    found = []
    for row in asked:
        probe = Action(row.action, actor)
        found.append(NextAction(row.action, _still_needed(row, case, probe), row.to, _guarded(row, case, probe, rules, now)))
    return tuple(found)


def _still_needed(row: Transition, case: Case, probe: Action) -> tuple[str, ...]:
    return tuple(need for need in row.needs if not has_evidence(need, case, probe))


def evidence(attachment: int, stage: str, kind: str = "photo") -> Evidence:
    return Evidence(AttachmentId(attachment), EvidenceStage(stage), kind)


def child_of(parent: Case, child: CaseId, number: str) -> Case:
    """The unborn child of a split: same source and reporters stay with the parent, which answers for all."""
    return Case(id=child, tenant=parent.tenant, number=number, family=parent.family, source_detail="split", provenance=parent.provenance)
