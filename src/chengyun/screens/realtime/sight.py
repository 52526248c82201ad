"""What one listener may be told of an event, and how the message looks. Pure: cards in, messages out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chengyun.base.ids import AreaCode, CaseId, OrgId, PersonId, TenantId
from chengyun.cases import access
from chengyun.cases.access import CaseFilter, Group, Kind, Reader, ReporterRef, Target
from chengyun.cases.showing import GROUP_OF_EVENT
from chengyun.stores.following import Line, Place

FieldOf = Callable[[str], str | None]

TOLD = frozenset({"number", "state", "urgency", "category", "seq", "grid", "holders", "handler"})
"""Fields of a case that a message may carry, each only if the reader may see its group."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How far somebody sees: those with equal sight are told the same, so a message is judged and written once for all of them."""

    only: CaseFilter
    fields: frozenset[Group]


def sight_of(reader: Reader) -> Sight | None:
    """None: this reader follows nothing."""
    answer = access.may(reader, "live.follow", Target(reader.tenant))
    if isinstance(answer, access.Denied) or answer.filter is None:
        return None
    return Sight(answer.filter, answer.fields)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the relay keeps it. `before` stands if somebody may have lost sight of the case by it."""

    place: Place
    case: CaseId
    facts: Mapping[str, Any]
    kind: str
    moved: bool
    after: Target
    before: Target | None


def told_of(tenant: TenantId, line: Line, field_of: FieldOf) -> Told:
    card = line.card
    was = card.get("was") or {}
    return Told(
        place=line.place,
        case=line.case,
        facts={"id": int(line.case), "seq": line.seq, **{name: card.get(name) for name in TOLD - {"seq"}}},
        kind=str(card.get("type", "")),
        moved="state" in was or line.seq == 1,
        after=target_of_card(tenant, card, field_of),
        before=target_of_card(tenant, {**card, **was}, field_of) if was else None,
    )


def target_of_card(tenant: TenantId, card: Mapping[str, Any], field_of: FieldOf) -> Target:
    """The case as the policy sees it, from what the outbox says of it: the same as `access.target_of` of the case then."""
    category = card.get("category")
    return Target(
        tenant,
        kind=Kind.CASE,
        area=AreaCode(card["grid"]) if card.get("grid") else None,
        orgs=frozenset(OrgId(each) for each in (*card.get("holders", ()), *card.get("assisting", ()))),
        past_orgs=frozenset(OrgId(each) for each in card.get("handled_for", ())),
        trade_department=card.get("trade_department"),
        field=field_of(category) if category else None,
        reporters=tuple(ReporterRef(PersonId(each)) for each in card.get("reporters", ())),
        reported_by=card.get("reported_by"),
        handler=card.get("handler"),
        checker=card.get("checker"),
        staff_of=card.get("staff_of"),
    )


def message_for(sight: Sight, told: Told) -> dict[str, Any] | None:
    """What readers of this sight are told; None: nothing.

    `gone`: it left their sight by this event; the message then says which case and no more.
    """
    if not access.matches(sight.only, told.after):
        if told.before is None or not access.matches(sight.only, told.before):
            return None
        return {"id": told.facts["id"], "gone": True}
    group = GROUP_OF_EVENT.get(told.kind)
    if Group.WORK not in sight.fields and group is not Group.PUBLIC and not told.moved:
        return None  # a citizen is told of steps, not that somebody worked on it
    seen = access.visible(sight.fields, set(told.facts))
    message = {name: value for name, value in told.facts.items() if name in seen or name == "id"}
    if group in sight.fields:
        message["type"] = told.kind
    return message
