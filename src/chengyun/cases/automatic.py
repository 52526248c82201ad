"""What the city lets happen without a person (the 3 manual + 4 automatic way, domain 2.5), switched per category.

Each answer is an action of the system with its reasons as facts, the version of the settings that switched it on among them; it passes
through `decide` like anybody's. None: a person's turn.
"""

from collections.abc import Mapping

from chengyun.base.ids import PersonId
from chengyun.cases.records import Action, Actor, Case, EvidenceStage, SourceFamily, State
from chengyun.cases.responsibility import Decision, Gap
from chengyun.cases.rules import Rules
from chengyun.city.records import Role

SYSTEM = Actor(Role.SYSTEM)


def filing(case: Case, rules: Rules, duplicate_free: bool, asked_standard: int | None) -> Action | None:
    """File by itself: category chosen, place inside a grid, photo, no duplicate, one standard entry, switch on (domain 9.11).

    The event lists the conditions; a public report that meets them all needs no verification first.
    """
    category = case.category
    if case.state not in (State.REPORTED, State.PENDING_FILING) or category is None or not rules.settings.automates(category, "file"):
        return None
    path = rules.areas.locate(case.place) if rules.areas and case.place else None
    entries = rules.standards_for(category, path.area_class if path else None)
    condition = rules.settings.automatic_condition.get(category)
    chosen = [each for each in entries if (each.id == asked_standard if asked_standard else condition in (None, each.condition_no))]
    conditions = {
        "category_chosen": True,
        "inside_a_grid": case.grid is not None,
        "photo": any(each.stage == EvidenceStage.BEFORE and each.kind == "photo" for each in case.evidence),
        "no_duplicate": duplicate_free,
        "one_standard_entry": len(chosen) == 1,
        "switched_on": True,
    }
    machine_unverified = case.family in (SourceFamily.VIDEO, SourceFamily.SENSOR) and not case.confirmed_by_person
    if not all(conditions.values()) or case.verified is False or (machine_unverified and case.verified is None):
        return None
    facts = {"standard": int(chosen[0].id), "conditions": conditions, "settings_version": rules.settings.version}
    return Action("file", SYSTEM, facts)


def dispatching(case: Case, rules: Rules, answer: Decision | Gap) -> Action | None:
    """Dispatch by the duty list; no answer, or two, is a gap and goes to consultation."""
    if case.state != State.PENDING_DISPATCH or not rules.settings.automates(case.category, "dispatch"):
        return None
    switched = {"settings_version": rules.settings.version}
    if isinstance(answer, Gap):
        return Action("consult", SYSTEM, {"ground": f"gap_{answer.kind}", "why": answer.reason, **switched})
    return Action("dispatch", SYSTEM, {**dispatch_facts(answer), **switched})


def dispatch_facts(answer: Decision) -> Mapping[str, object]:
    """A decision of the duty list as the facts of a dispatch: unit, trade department, row, ladder, and the whole reason."""
    return {
        "unit": int(answer.unit),
        "trade_department": None if answer.trade_department is None else int(answer.trade_department),
        "assisting": [int(each) for each in answer.assisting],
        "ladder": [[str(loop), int(org)] for loop, org in answer.ladder],
        "duty_row": [int(answer.row), answer.version],
        "why": answer.reason,
    }


def consulting(case: Case, rules: Rules) -> Action | None:
    """After several returns (default 2) the matter goes to consultation by itself (domain 2.2)."""
    if case.state != State.RETURNED or case.returns < rules.settings.returns_before_consult:
        return None
    return Action("consult", SYSTEM, {"ground": "returned_often", "returns": case.returns})


def confirming(case: Case, rules: Rules) -> Action | None:
    """Let the handler's "done" stand as the unit's feedback."""
    switched = case.state == State.FINISHED and rules.settings.automates(case.category, "feedback")
    facts = {"confirmed": "by_rule", "settings_version": rules.settings.version}
    return Action("feedback", SYSTEM, facts) if switched and all(done for _, done in case.assisting) else None


def wants_checker(case: Case, rules: Rules) -> bool:
    return case.state == State.FEEDBACK_GIVEN and rules.settings.automates(case.category, "check")


def checking(checker: PersonId, rules: Rules) -> Action:
    return Action("order_check", SYSTEM, {"checker": int(checker), "drawn": True, "settings_version": rules.settings.version})


def closing(case: Case, rules: Rules) -> Action | None:
    """Close what a collector passed, once every reporter has his answer."""
    if case.state != State.PENDING_CLOSING or case.checked is not True or not rules.settings.automates(case.category, "close"):
        return None
    if any(each.wants_answer and not each.answered for each in case.reporters):
        return None
    return Action("close", SYSTEM, {"closing_condition": True, "by": "passed_check", "settings_version": rules.settings.version})


def scoring(case: Case, rules: Rules) -> Action | None:
    ended = case.state in (State.CLOSED, State.FORCED_CLOSED)
    return (
        Action("score", SYSTEM, {"settings_version": rules.settings.version})
        if ended and rules.settings.automates(case.category, "score")
        else None
    )


def rejoining(case: Case) -> Action | None:
    """A split case goes on when the last of its children is closed."""
    ready = case.state == State.SPLIT and case.children and all(closed for _, closed in case.children)
    return Action("rejoin", SYSTEM) if ready else None
