"""The named conditions of the lifecycle table. Each answers None (go on) or Refused(reason, facts).

A condition that asks about a fact not given yet lets it pass: the evidence column asks for the fact, and a button may be shown.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from chengyun.base.ids import OrgId, PersonId
from chengyun.base.results import Refused
from chengyun.base.time import from_text, to_text
from chengyun.cases.records import Action, Case, Clock, ClockName, EvidenceStage, SourceFamily, State, Urgency
from chengyun.cases.rules import Rules, keys_of
from chengyun.city.records import Role

Guard = Callable[[Case, Action, Rules, datetime], Refused | None]

URGENCY_ORDER = (Urgency.NORMAL, Urgency.URGENT, Urgency.CRITICAL)


def running(case: Case, name: ClockName) -> Clock | None:
    """The clock of that name that still runs or stands paused, the latest if several."""
    found = [clock for clock in case.clocks if clock.name == name and clock.outcome in ("running", "paused")]
    return found[-1] if found else None


def _person(action: Action, key: str) -> PersonId | None:
    value = action.facts.get(key)
    return None if value is None else PersonId(int(cast(int, value)))


def _unit(action: Action) -> OrgId | None:
    value = action.facts.get("unit")
    return None if value is None else OrgId(int(cast(int, value)))


def _refuse_unless(holds: bool, reason: str, **facts: object) -> Refused | None:
    return None if holds else Refused(reason, facts)


# --- who ------------------------------------------------------------------------------------------------------------


def own_report(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    me = action.actor.person
    mine = me is not None and (case.reported_by == me or any(reporter.person == me for reporter in case.reporters))
    return _refuse_unless(mine, "not_your_report")


def sole_reporter(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(len(case.reporters) <= 1 and not case.absorbed, "others_reported_it_too")


def not_own_report(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    me = action.actor.person
    return _refuse_unless(me is None or case.reported_by != me, "own_report")


def not_own_request(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """Nobody approves his own request, nor approves twice (promise A6)."""
    me, request = action.actor.person, case.request
    mine = me is not None and request is not None and me in (request.asked_by, request.endorsed_by)
    return _refuse_unless(not mine, "own_request")


def own_request(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    me, request = action.actor.person, case.request
    return _refuse_unless(me is not None and request is not None and request.asked_by == me, "not_your_request")


def is_checker(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.checker is not None and case.checker == action.actor.person, "ordered_to_another", checker=case.checker)


def verifier_neutral(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    chosen = _person(action, "checker")
    if chosen is None:
        return None
    if any(reporter.person == chosen for reporter in case.reporters) or case.reported_by == chosen:
        return Refused("checker_reported_it", {"checker": chosen})
    return _is_collector(chosen, rules)


def _is_collector(chosen: PersonId, rules: Rules) -> Refused | None:
    known = rules.staff.get(chosen)
    return _refuse_unless(known is not None and Role.COLLECTOR in known[1], "checker_is_no_collector", checker=chosen)


def checker_neutral(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """Never the handling unit, its staff or the handler (domain 9.10); whether the reporter may check is policy."""
    chosen = _person(action, "checker") or (action.actor.person if action.actor.role == Role.COLLECTOR else None)
    if chosen is None:
        return None
    if chosen in case.handled_by or chosen == case.handler:
        return Refused("checker_handled_it", {"checker": chosen})
    org, _ = rules.staff.get(chosen, (action.actor.org if chosen == action.actor.person else None, frozenset()))
    units = {*case.handled_for, *case.holders, *(unit for unit, _ in case.assisting)}
    if org is not None and any(rules.is_within(org, unit) for unit in units):
        return Refused("checker_of_the_unit", {"checker": chosen})
    reported = case.reported_by == chosen or any(reporter.person == chosen for reporter in case.reporters)
    if reported and not rules.settings.reporter_may_check:
        return Refused("checker_reported_it", {"checker": chosen})
    return _is_collector(chosen, rules)


def recheck_neutral(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """Somebody who had no part in it: neither reported, handled nor checked it, nor belongs to a unit that did (domain 9.10)."""
    me, org = action.actor.person, action.actor.org
    took_part = me in (case.checked_by, case.reported_by, *case.handled_by) or any(each.person == me for each in case.reporters)
    of_the_unit = org is not None and any(rules.is_within(org, unit) for unit in case.handled_for)
    return _refuse_unless(not took_part and not of_the_unit, "recheck_by_another")


def not_own_check(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    me = action.actor.person
    return _refuse_unless(me is None or case.checked_by != me, "own_check")


# --- filing -----------------------------------------------------------------------------------------------------------


def verified_first(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """Reports of the public, media, leaders and machines are verified first unless admitted (domain 2.1)."""
    return _refuse_unless(case.family == SourceFamily.COLLECTOR or case.verified is not None or case.exempt, "verify_first")


def not_absent(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.verified is not False, "found_absent")


def simple_allowed(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    keys = keys_of(cast("None", action.facts.get("category") or case.category))
    return _refuse_unless(any(key in rules.settings.simple for key in keys), "not_for_simple_procedure")


def not_simple(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(not case.simple, "simple_stays_closed")


def main_open(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """The main case as the desk found it under lock (`main_state`)."""
    ended = {State.CLOSED, State.FORCED_CLOSED, State.EVALUATED, State.VOID, State.MERGED}
    state = action.facts.get("main_state")
    return None if state is None else _refuse_unless(State(str(state)) not in ended, "main_not_open", state=state)


def not_into_itself(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(action.facts.get("into") != case.id, "merge_into_itself")


def nothing_absorbed(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """A case that carries others is the main one: merge the other way round."""
    return _refuse_unless(not case.absorbed, "carries_others", absorbed=list(case.absorbed))


def stands_alone(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """A part of a split case answers to its parent; merged elsewhere, the parent would wait for it for ever."""
    return _refuse_unless(case.parent is None, "child_cannot_merge", parent=case.parent)


def something_changes(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    keys = ("category", "standard", "grid", "place", "component")
    return _refuse_unless(any(action.facts.get(key) is not None for key in keys), "nothing_changes")


# --- dispatch and the unit ----------------------------------------------------------------------------------------------


def is_critical(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.urgency == Urgency.CRITICAL, "not_critical")


def unit_known(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    unit = _unit(action)
    return _refuse_unless(unit is None or unit in rules.units, "unit_unknown", unit=unit)


def units_known(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """Assisting units are known, and none of them is the lead: the unit being sent to, else those that hold it."""
    lead = _unit(action)
    leads = case.holders if lead is None else (lead,)
    wanted = [OrgId(int(each)) for each in cast("list[int]", action.facts.get("assisting") or [])]
    strange = [unit for unit in wanted if unit not in rules.units or unit in leads]
    return _refuse_unless(not strange, "unit_unknown", unit=strange[0] if strange else None)


def other_unit(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(not case.holders or _unit(action) != case.holders[0], "same_unit_again")


def holds_it(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """The unit that holds it now: its own clerk, or a handler of it or of a team below it."""
    org = action.actor.org
    if org is None or not case.holders:
        return Refused("not_held_by_you", {})
    holder = case.holders[-1]
    mine = rules.is_within(org, holder) if action.actor.role == Role.HANDLER else org == holder
    return _refuse_unless(mine, "not_held_by_you", holder=holder)


def is_answerable(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(len(case.holders) == 1, "passed_down_hand_up_first")


def has_upper(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(len(case.holders) > 1, "nobody_above")


def next_loop(case: Case) -> tuple[str, OrgId] | None:
    """The next rung of the case's ladder above the loop it stands in."""
    rungs = [loop for loop, _ in case.ladder]
    at = rungs.index(case.loop) + 1 if case.loop in rungs else 0
    for loop, org in case.ladder[at:]:
        if not case.holders or org != case.holders[0]:
            return str(loop), org
    return None


def has_next_loop(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(next_loop(case) is not None, "top_of_the_ladder")


def below_holder(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    unit = _unit(action)
    if unit is None:
        return None
    below = bool(case.holders) and unit != case.holders[-1] and unit in rules.units and rules.is_within(unit, case.holders[-1])
    return _refuse_unless(below, "not_below_you", unit=unit)


def above_holder(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(action.actor.org in case.holders[:-1], "not_above_holder")


def handler_withdrawn(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """A unit says "not mine" only after it has withdrawn the handler it assigned (domain 2.2)."""
    return _refuse_unless(case.handler is None, "withdraw_handler_first", handler=case.handler)


def handler_of_unit(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    handler = _person(action, "handler")
    if handler is None:
        return None
    org, roles = rules.staff.get(handler, (None, frozenset()))
    fits = bool(case.holders) and Role.HANDLER in roles and rules.is_within(org, case.holders[-1])
    return _refuse_unless(fits, "handler_not_yours", handler=handler)


def has_handler(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.handler is not None, "no_handler")


def is_handler(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.handler is not None and case.handler == action.actor.person, "assigned_to_another", handler=case.handler)


def is_assisting(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless((action.actor.org, False) in case.assisting, "not_assisting")


def assists_done(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    open_units = [unit for unit, done in case.assisting if not done]
    return _refuse_unless(not open_units, "assists_open", units=open_units)


def has_unit(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(bool(case.holders), "no_unit")


def is_no_child(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.parent is None, "child_cannot_split")


def children_closed(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    still = [child for child, closed in case.children if not closed]
    return _refuse_unless(bool(case.children) and not still, "children_open", children=still)


# --- clocks -------------------------------------------------------------------------------------------------------------


def before_due(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    """Asked before the deadline; not allowed once overdue (domain 2.2)."""
    clock = running(case, ClockName.UNIT)
    late = clock is None or (clock.due is not None and now > clock.due)
    return _refuse_unless(not late, "already_overdue", due=to_text(clock.due) if clock and clock.due else None)


def extensions_left(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    most = rules.settings.max_extensions
    return _refuse_unless(case.extensions < most, "no_extension_left", granted=case.extensions, most=most)


def suspensions_left(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    most = rules.settings.max_suspensions
    return _refuse_unless(case.suspensions < most, "no_suspension_left", granted=case.suspensions, most=most)


def until_in_reach(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    if action.facts.get("until") is None:
        return None
    until, latest = from_text(str(action.facts["until"])), now + rules.settings.longest_suspension
    return _refuse_unless(now < until <= latest, "until_out_of_reach", latest=to_text(latest))


def until_ahead(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    ahead = case.request is not None and case.request.until is not None and case.request.until > now
    return _refuse_unless(ahead, "until_passed")


def until_reached(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    reached = case.request is None or case.request.until is None or now >= case.request.until
    return _refuse_unless(reached, "until_not_reached")


# --- closing and after ----------------------------------------------------------------------------------------------------


def has_photo_pair(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    stages = {each.stage for each in case.evidence if each.kind == "photo"}
    return _refuse_unless({EvidenceStage.BEFORE, EvidenceStage.AFTER} <= stages, "no_photo_pair")


def reporters_answered(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    waiting = [reporter.id for reporter in case.reporters if reporter.wants_answer and not reporter.answered]
    return _refuse_unless(not waiting, "reporter_unanswered", reporters=waiting)


def reporter_known(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    who = action.facts.get("reporter")
    return _refuse_unless(who is None or any(reporter.id == who for reporter in case.reporters), "reporter_unknown")


def charged_late(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    late = any(clock.name == ClockName.UNIT and clock.org == action.actor.org and clock.outcome == "late" for clock in case.clocks)
    return _refuse_unless(late, "not_charged_late")


def no_appeal_before(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.appeal is None, "appealed_before")


def appeal_open(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(case.appeal is not None and case.appeal.outcome == "open", "no_open_appeal")


def not_reviewed_by_me(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    mine = case.appeal is not None and any(reviewer == action.actor.person for reviewer, _ in case.appeal.reviews)
    return _refuse_unless(not mine, "reviewed_by_you")


def supervision_open(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(any(each.answered_at is None for each in case.supervisions), "no_open_supervision")


def answers_for_it(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(action.actor.org is not None and action.actor.org in case.handled_for, "not_held_by_you")


def urgency_rises(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    wanted = action.facts.get("urgency")
    rises = wanted is None or URGENCY_ORDER.index(Urgency(str(wanted))) > URGENCY_ORDER.index(case.urgency)
    return _refuse_unless(rises, "urgency_not_higher")


def urgency_falls(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    wanted = action.facts.get("urgency")
    falls = case.urgency != Urgency.NORMAL and (
        wanted is None or URGENCY_ORDER.index(Urgency(str(wanted))) < URGENCY_ORDER.index(case.urgency)
    )
    return _refuse_unless(falls, "urgency_not_lower")


def is_unconfirmed(case: Case, action: Action, rules: Rules, now: datetime) -> Refused | None:
    return _refuse_unless(not case.confirmed_by_person, "already_confirmed")


GUARDS: Mapping[str, Guard] = {
    guard.__name__: guard
    for guard in (
        own_report,
        sole_reporter,
        not_own_report,
        not_own_request,
        own_request,
        is_checker,
        verifier_neutral,
        checker_neutral,
        recheck_neutral,
        not_own_check,
        verified_first,
        not_absent,
        simple_allowed,
        not_simple,
        main_open,
        not_into_itself,
        nothing_absorbed,
        stands_alone,
        something_changes,
        is_critical,
        unit_known,
        units_known,
        other_unit,
        holds_it,
        is_answerable,
        has_upper,
        has_next_loop,
        below_holder,
        above_holder,
        handler_withdrawn,
        handler_of_unit,
        has_handler,
        is_handler,
        is_assisting,
        assists_done,
        has_unit,
        is_no_child,
        children_closed,
        before_due,
        extensions_left,
        suspensions_left,
        until_in_reach,
        until_ahead,
        until_reached,
        has_photo_pair,
        reporters_answered,
        reporter_known,
        charged_late,
        no_appeal_before,
        appeal_open,
        not_reviewed_by_me,
        supervision_open,
        answers_for_it,
        urgency_rises,
        urgency_falls,
        is_unconfirmed,
    )
}
