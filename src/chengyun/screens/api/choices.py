"""What a person may choose for an act: candidate units, handlers, checkers, standard entries, reasons; and what is proposed."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninja import Schema

from chengyun.cases.access import Reader
from chengyun.cases.decide import NextAction, next_actions
from chengyun.cases.desk import Desk
from chengyun.cases.records import Actor, Case, State
from chengyun.cases.responsibility import Decision
from chengyun.city.records import Limit, OrgKind, Role
from chengyun.screens.api.rows import Rows
from chengyun.screens.flow_words import action_word, flow_of
from chengyun.screens.words import say

GROUNDS = {
    "ask_void": ("not_a_matter", "duplicate", "test", "outside", "withdrawn"),
    "consult": ("unclear_duty", "shared_duty", "returned_often"),
    "force_close": ("cannot_be_solved", "owner_gone", "policy"),
}
EXEMPTIONS = ("evidence_complete", "known_place", "officer_saw_it")
UNIT_KINDS = frozenset({OrgKind.UNIT, OrgKind.FIRM, OrgKind.STREET, OrgKind.COMMUNITY, OrgKind.TEAM, OrgKind.BUREAU})
DANGER = frozenset({"approve_void", "force_close", "ask_void", "withdraw", "merge", "split", "lower_urgency", "reopen", "restore"})
OPTIONAL: Mapping[str, Sequence[str]] = {"conclude_consult": ("write_back?",)}
"""What an act may carry beyond what it needs: a consultation's decision may become a row of the duty list."""
FORWARD: Mapping[State, Sequence[str]] = {
    State.REPORTED: ("order_verify", "admit", "file"),
    State.VERIFYING: ("verify", "reassign_verify"),
    State.PENDING_FILING: ("file", "order_verify"),
    State.VOID_ASKED: ("approve_void",),
    State.PENDING_DISPATCH: ("dispatch",),
    State.RETURNED_TO_FILING: ("resubmit",),
    State.CONSULTING: ("conclude_consult",),
    State.DISPATCHED: ("accept",),
    State.HANDLING: ("finish", "feedback", "assign"),
    State.FINISHED: ("feedback",),
    State.EXTENSION_ASKED: ("endorse",),
    State.EXTENSION_ENDORSED: ("grant_extension",),
    State.SUSPENSION_ASKED: ("endorse",),
    State.SUSPENSION_ENDORSED: ("grant_suspension",),
    State.SUSPENDED: ("wake",),
    State.RETURNED: ("reassign",),
    State.FEEDBACK_GIVEN: ("order_check", "close"),
    State.CHECKING: ("check_pass",),
    State.PENDING_CLOSING: ("close",),
}
"""The act that moves a case on, whichever of these its flow has: the one the key A does."""


class ChoiceOut(Schema):
    value: int | str | bool
    label: str
    hint: str | None = None


class NextOut(Schema):
    action: str
    label: str
    needs: list[str]
    danger: bool
    proposed: bool
    facts: dict[str, Any]
    why_not: str | None
    choices: dict[str, list[ChoiceOut]]


def next_of(case: Case, reader: Reader, rows: Rows, desk: Desk) -> list[NextOut]:
    """The acts this reader's posts allow, in the order of the table; those whose conditions fail come with their reason."""
    found: dict[str, NextAction] = {}
    for post in reader.posts:
        actor = Actor(post.role, reader.person, post.org, post.deputy_for)
        for each in next_actions(case, actor, rows.rules, rows.now):
            if each.action not in found or (found[each.action].refused and not each.refused):
                found[each.action] = each
    unanswered = next((reporter for reporter in case.reporters if reporter.wants_answer and not reporter.answered), None)
    forward = FORWARD.get(case.state, ())
    closes_next = case.state == State.PENDING_CLOSING or (case.state == State.FEEDBACK_GIVEN and "close" in found)
    if closes_next and unanswered is not None:
        forward = ("answer",)
    chosen = next((name for name in forward if name in found and found[name].refused is None), None)
    party = desk.find_party(rows.ask.tenant, case) if {"dispatch", "reassign", "conclude_consult"} & set(found) else None
    return [_out(each, case, rows, chosen, party if isinstance(party, Decision) else None) for each in found.values()]


def _out(each: NextAction, case: Case, rows: Rows, chosen: str | None, party: Decision | None) -> NextOut:
    language = rows.ask.language
    choices = {need: found for need in each.needs if (found := _choices(need, each.action, case, rows, party)) is not None}
    facts = _proposed(each.action, case, rows, party)
    why_not = None
    if each.refused is not None:
        why_not = say(f"refused.{each.refused.reason}", language, **dict(each.refused.facts))
    return NextOut(
        action=each.action,
        label=action_word(flow_of(case, rows.rules), each.action, language),
        needs=[*each.needs, *OPTIONAL.get(each.action, ())],
        danger=each.action in DANGER,
        proposed=each.action == chosen,
        facts=facts,
        why_not=why_not,
        choices=choices,
    )


def _proposed(action: str, case: Case, rows: Rows, party: Decision | None) -> dict[str, Any]:
    if action in ("dispatch",) and party is not None:
        return {"unit": int(party.unit)}
    if action == "close":
        return {"closing_condition": True}
    if action in ("file", "resubmit") and case.standard is None and case.category is not None:
        entries = _entries(case, rows)
        return {"standard": int(entries[0].id)} if len(entries) == 1 else {}
    if action == "answer":
        waiting = [each for each in case.reporters if each.wants_answer and not each.answered]
        return {"reporter": int(waiting[0].id)} if len(waiting) == 1 else {}
    return {}


def _choices(need: str, action: str, case: Case, rows: Rows, party: Decision | None) -> list[ChoiceOut] | None:
    language = rows.ask.language
    if need in ("unit", "assisting"):
        return _units(action, case, rows, party)
    if need == "checker":
        return _people(rows, Role.COLLECTOR, None, case)
    if need == "handler":
        return _people(rows, Role.HANDLER, case, case)
    if need == "standard":
        return [_entry(each, rows) for each in _entries(case, rows)]
    if need == "urgency":
        return [ChoiceOut(value=each, label=say(f"urgency.{each}", language)) for each in ("normal", "urgent", "critical")]
    if need == "ground":
        return [ChoiceOut(value=each, label=say(f"ground.{each}", language)) for each in GROUNDS.get(action, ())]
    if need == "exemption":
        return [ChoiceOut(value=each, label=say(f"exemption.{each}", language)) for each in EXEMPTIONS]
    if need == "comparison":
        return [ChoiceOut(value=each, label=say(f"comparison.{each}", language)) for each in ("match", "mismatch")]
    if need == "reporter":
        waiting = [each for each in case.reporters if each.wants_answer]
        return [ChoiceOut(value=int(each.id), label=say("reporter.number", language, number=n)) for n, each in enumerate(waiting, start=1)]
    return None


def _units(action: str, case: Case, rows: Rows, party: Decision | None) -> list[ChoiceOut]:
    """All units in their official order; the one the duty list names first. Passing down offers the units below."""
    units = [org for org in rows.orgs.values() if org.kind in UNIT_KINDS]
    if action == "pass_down" and case.holders:
        units = [org for org in units if org.id != case.holders[-1] and rows.rules.is_within(org.id, case.holders[-1])]
    if action == "reassign":
        units = [org for org in units if org.id not in case.holders[:1]]  # whoever returned it does not simply get it again
    first = int(party.unit) if party else None
    units.sort(key=lambda org: (org.id != first, org.display_order, org.id))
    hint = say("why.duty_row", rows.ask.language, number=party.number) if party else None
    return [ChoiceOut(value=int(org.id), label=_name(org, rows), hint=hint if org.id == first else None) for org in units]


def _people(rows: Rows, role: Role, within: Case | None, case: Case) -> list[ChoiceOut]:
    """Staff who hold the role; handlers of the holding unit only, checkers without those who had a part in the case."""
    taken = {case.reported_by, *case.handled_by, *(each.person for each in case.reporters)}
    found = []
    for person, (org, roles) in rows.rules.staff.items():
        if role not in roles or (role is Role.COLLECTOR and person in taken):
            continue
        if within is not None and not (within.holders and rows.rules.is_within(org, within.holders[-1])):
            continue
        card = rows.here.book.person(rows.ask.tenant, person)
        if card is not None:
            found.append(ChoiceOut(value=int(person), label=f"{card.name} {card.number}", hint=rows.org_name(org)))
    return found


def _entries(case: Case, rows: Rows) -> Sequence[Any]:
    if case.category is None:
        return ()
    path = rows.rules.areas.locate(case.place) if rows.rules.areas is not None and case.place is not None else None
    return rows.rules.standards_for(case.category, path.area_class if path else None)


def _entry(entry: Any, rows: Rows) -> ChoiceOut:
    zh = rows.ask.language == "zh"
    return ChoiceOut(value=int(entry.id), label=entry.filing_zh if zh else entry.filing_en, hint=limit_words(entry.limit, rows))


def limit_words(limit: Limit, rows: Rows) -> str:
    return say(f"limit.{limit.unit}", rows.ask.language, amount=limit.amount)


def _name(org: Any, rows: Rows) -> str:
    return str(org.name_zh if rows.ask.language == "zh" else org.name_en)
