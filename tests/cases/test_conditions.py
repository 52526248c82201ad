"""Each named condition of the lifecycle table, in words of the trade: what it refuses, and that the like is accepted when it holds.

The last test turns each condition into "always yes" and asks that its own test then fails, so none stands in the table unproved.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from cases.small_city import (
    ASSESSOR,
    CITIZEN,
    CLERK,
    COLLECTOR,
    COMMUNITY,
    DISPATCHER,
    GRID,
    HANDLER,
    LEAD,
    LITTER,
    MANHOLE,
    OFFICER,
    OTHER_COLLECTOR,
    SECOND_ASSESSOR,
    SECOND_CLERK,
    SECOND_DISPATCHER,
    STREET,
    STREET_CLERK,
    SYSTEM,
    TEAM_CLERK,
    WATER,
    WATER_TEAM,
    actor,
    at,
    do,
    photo,
    rules,
    unborn,
)
from chengyun.base.ids import CaseId, OrgId, PersonId, ReporterId
from chengyun.base.results import Refused
from chengyun.base.time import to_text
from chengyun.cases.decide import decide
from chengyun.cases.guards import GUARDS
from chengyun.cases.records import Accepted, Action, Actor, Case, Reporter, SourceFamily, State, Urgency
from chengyun.cases.rules import Rules, Settings
from chengyun.city.records import Role

BOOK = rules()
TEN = at("2026-11-24 10:00")
PROOFS: dict[str, Callable[[], None]] = {}
LADDER = [["micro", int(COMMUNITY)], ["small", int(STREET)], ["medium", int(WATER)]]


def proves(condition: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def mark(test: Callable[[], None]) -> Callable[[], None]:
        PROOFS[condition] = test
        return test

    return mark


# --- a case at each station of its way ----------------------------------------------------------------------------------


def reported(family: SourceFamily = SourceFamily.PUBLIC, who: PersonId = CITIZEN) -> Case:
    return do(unborn(1, family, who), BOOK, TEN, who, "report", photos="before", place=[118.2, 31.1], category=MANHOLE)


def collected() -> Case:
    return reported(SourceFamily.COLLECTOR, COLLECTOR)


def verifying() -> Case:
    return do(reported(), BOOK, TEN, OFFICER, "order_verify", checker=int(OTHER_COLLECTOR))


def filed() -> Case:
    return do(collected(), BOOK, TEN, OFFICER, "file", standard=1, grid=GRID)


def sent(unit: OrgId = WATER, **more: object) -> Case:
    return do(filed(), BOOK, TEN, DISPATCHER, "dispatch", unit=int(unit), **more)


def handling() -> Case:
    return do(sent(), BOOK, TEN, CLERK, "accept")


def given_to_handler() -> Case:
    return do(handling(), BOOK, TEN, CLERK, "assign", handler=int(HANDLER))


def fed_back() -> Case:
    return do(handling(), BOOK, TEN, CLERK, "feedback", photos="after", text_result="井盖已更换")


def checking() -> Case:
    return do(fed_back(), BOOK, TEN, OFFICER, "order_check", checker=int(OTHER_COLLECTOR))


def to_close() -> Case:
    return do(checking(), BOOK, TEN, OTHER_COLLECTOR, "check_pass", photos="check")


def closed() -> Case:
    return do(to_close(), BOOK, TEN, OFFICER, "close", closing_condition=True)


def asked(what: str = "extension", **facts: object) -> Case:
    return do(handling(), BOOK, TEN, CLERK, f"ask_{what}", text_reason="缺件", **facts)


def split() -> Case:
    return do(filed(), BOOK, TEN, DISPATCHER, "split", children=[8, 9])


# --- asking --------------------------------------------------------------------------------------------------------------


def ask(
    case: Case, who: Actor | PersonId, name: str, *, now: datetime = TEN, book: Rules = BOOK, photos: str = "", **given: object
) -> object:
    texts = {key.removeprefix("text_"): str(words) for key, words in given.items() if key.startswith("text_")}
    facts = {key: value for key, value in given.items() if not key.startswith("text_")}
    person = who if isinstance(who, Actor) else actor(who)
    return decide(case, Action(name, person, facts, texts, tuple(photo(stage) for stage in photos.split())), book, now)


def no(answer: object, reason: str) -> None:
    assert isinstance(answer, Refused) and answer.reason == reason, answer


def yes(answer: object) -> None:
    assert isinstance(answer, Accepted), answer


# --- who -----------------------------------------------------------------------------------------------------------------


@proves("own_report")
def test_only_the_reporter_withdraws_his_report() -> None:
    no(ask(reported(), COLLECTOR, "withdraw", text_reason="看错了"), "not_your_report")
    yes(ask(reported(), CITIZEN, "withdraw", text_reason="看错了"))


@proves("sole_reporter")
def test_a_report_that_others_share_is_not_withdrawn_by_one_of_them() -> None:
    told_twice = replace(reported(), reporters=(*reported().reporters, Reporter(ReporterId(99), None, SourceFamily.HOTLINE, CaseId(2))))
    no(ask(told_twice, CITIZEN, "withdraw", text_reason="看错了"), "others_reported_it_too")


@proves("not_own_report")
def test_nobody_files_what_he_reported_himself() -> None:
    own = replace(collected(), reported_by=OFFICER)
    no(ask(own, OFFICER, "file", standard=1, grid=GRID), "own_report")
    yes(ask(own, LEAD, "file", standard=1, grid=GRID))


@proves("not_own_request")
def test_nobody_approves_his_own_request_nor_approves_it_twice() -> None:
    case = asked()
    mine = replace(case, request=replace(case.request, endorsed_by=DISPATCHER))  # type: ignore[type-var]
    no(ask(mine, DISPATCHER, "grant_extension"), "own_request")
    yes(ask(mine, SECOND_DISPATCHER, "grant_extension"))


@proves("own_request")
def test_only_who_asked_takes_the_request_back() -> None:
    no(ask(asked(), SECOND_CLERK, "withdraw_request"), "not_your_request")
    yes(ask(asked(), CLERK, "withdraw_request"))


@proves("is_checker")
def test_only_the_collector_who_was_sent_reports_what_he_saw() -> None:
    no(ask(verifying(), COLLECTOR, "verify", photos="verify"), "ordered_to_another")
    yes(ask(verifying(), OTHER_COLLECTOR, "verify", photos="verify"))


@proves("verifier_neutral")
def test_a_report_is_not_verified_by_its_reporter_nor_by_somebody_who_is_no_collector() -> None:
    his = replace(reported(), reported_by=COLLECTOR)
    no(ask(his, OFFICER, "order_verify", checker=int(COLLECTOR)), "checker_reported_it")
    no(ask(his, OFFICER, "order_verify", checker=int(HANDLER)), "checker_is_no_collector")
    yes(ask(his, OFFICER, "order_verify", checker=int(OTHER_COLLECTOR)))


@proves("checker_neutral")
def test_work_is_not_checked_by_the_handler_his_unit_or_the_reporter() -> None:
    of_the_unit = PersonId(900)
    book = replace(BOOK, staff={**BOOK.staff, of_the_unit: (WATER_TEAM, frozenset({Role.COLLECTOR}))})
    no(ask(fed_back(), OFFICER, "order_check", checker=int(of_the_unit), book=book), "checker_of_the_unit")
    no(ask(replace(fed_back(), handled_by=(OTHER_COLLECTOR,)), OFFICER, "order_check", checker=int(OTHER_COLLECTOR)), "checker_handled_it")
    no(ask(fed_back(), OFFICER, "order_check", checker=int(COLLECTOR)), "checker_reported_it")
    yes(ask(fed_back(), OFFICER, "order_check", checker=int(OTHER_COLLECTOR)))
    yes(ask(fed_back(), OFFICER, "order_check", checker=int(COLLECTOR), book=rules(Settings(reporter_may_check=True))))


@proves("recheck_neutral")
def test_a_sample_is_rechecked_by_somebody_who_had_no_part_in_the_case() -> None:
    no(ask(closed(), OTHER_COLLECTOR, "recheck", passed=True), "recheck_by_another")
    no(ask(closed(), COLLECTOR, "recheck", passed=True), "recheck_by_another")
    no(ask(closed(), Actor(Role.COLLECTOR, PersonId(901), WATER_TEAM), "recheck", passed=True), "recheck_by_another")
    yes(ask(closed(), ASSESSOR, "recheck", passed=True))


@proves("not_own_check")
def test_who_compared_the_photos_does_not_close_the_case() -> None:
    case = do(fed_back(), BOOK, TEN, OFFICER, "compare_photos", comparison="match")
    no(ask(case, OFFICER, "close", closing_condition=True), "own_check")
    yes(ask(case, LEAD, "close", closing_condition=True))


# --- filing ----------------------------------------------------------------------------------------------------------------


@proves("verified_first")
def test_a_public_report_is_verified_or_admitted_before_it_is_filed() -> None:
    asked_back = replace(reported(), state=State.PENDING_FILING)
    no(ask(asked_back, OFFICER, "file", standard=1, grid=GRID), "verify_first")
    yes(ask(replace(asked_back, exempt=True), OFFICER, "file", standard=1, grid=GRID))


@proves("not_absent")
def test_what_was_not_found_on_site_is_not_filed() -> None:
    absent = do(verifying(), BOOK, TEN, OTHER_COLLECTOR, "verify_absent", photos="verify", text_reason="井盖完好")
    no(ask(absent, OFFICER, "file", standard=1, grid=GRID), "found_absent")


@proves("simple_allowed")
def test_only_chosen_categories_are_put_right_on_the_spot() -> None:
    def on_the_spot(book: Rules) -> object:
        facts = {"category": LITTER, "place": [118.2, 31.1], "grid": GRID, "standard": 3}
        return ask(unborn(), COLLECTOR, "simple_close", photos="before after", book=book, **facts)

    no(on_the_spot(rules(Settings(simple=frozenset({MANHOLE})))), "not_for_simple_procedure")
    yes(on_the_spot(rules(Settings(simple=frozenset({LITTER})))))


@proves("not_simple")
def test_what_was_put_right_on_the_spot_is_reported_anew_not_reopened() -> None:
    no(ask(replace(closed(), simple=True), OFFICER, "reopen", text_reason="又坏了"), "simple_stays_closed")
    yes(ask(closed(), OFFICER, "reopen", text_reason="又坏了"))


@proves("main_open")
def test_a_report_joins_only_a_case_that_still_runs() -> None:
    no(ask(reported(), OFFICER, "merge", into=2, main_state="closed"), "main_not_open")
    yes(ask(reported(), OFFICER, "merge", into=2, main_state="handling"))


@proves("not_into_itself")
def test_a_case_is_not_merged_into_itself() -> None:
    no(ask(reported(), OFFICER, "merge", into=1, main_state="reported"), "merge_into_itself")


@proves("nothing_absorbed")
def test_a_case_that_carries_others_stays_the_main_one() -> None:
    no(ask(replace(reported(), absorbed=(CaseId(3),)), OFFICER, "merge", into=2, main_state="reported"), "carries_others")


@proves("stands_alone")
def test_a_part_of_a_split_case_is_not_merged_elsewhere() -> None:
    no(ask(replace(filed(), parent=CaseId(7)), DISPATCHER, "merge", into=2, main_state="handling"), "child_cannot_merge")


@proves("something_changes")
def test_a_correction_corrects_something() -> None:
    no(ask(filed(), OFFICER, "correct", text_reason="更正"), "nothing_changes")
    yes(ask(filed(), OFFICER, "correct", text_reason="更正", standard=2))


# --- dispatch and the unit ---------------------------------------------------------------------------------------------------


@proves("is_critical")
def test_only_a_critical_case_goes_straight_to_the_unit() -> None:
    urgent = {"category": MANHOLE, "standard": 1, "grid": GRID, "unit": int(WATER), "call": {"number": "on duty"}}
    no(ask(reported(), OFFICER, "dispatch_urgent", **urgent), "not_critical")
    yes(ask(replace(reported(), urgency=Urgency.CRITICAL), OFFICER, "dispatch_urgent", **urgent))


@proves("unit_known")
def test_work_is_sent_only_to_a_unit_of_the_city() -> None:
    no(ask(filed(), DISPATCHER, "dispatch", unit=777), "unit_unknown")


@proves("units_known")
def test_assisting_units_are_of_the_city_and_are_not_the_lead_itself() -> None:
    no(ask(filed(), DISPATCHER, "dispatch", unit=int(WATER), assisting=[777]), "unit_unknown")
    no(ask(filed(), DISPATCHER, "dispatch", unit=int(WATER), assisting=[int(WATER)]), "unit_unknown")
    no(ask(handling(), DISPATCHER, "set_assisting", assisting=[int(WATER)]), "unit_unknown")
    yes(ask(handling(), DISPATCHER, "set_assisting", assisting=[int(STREET)]))


@proves("other_unit")
def test_a_unit_that_returned_a_case_does_not_simply_get_it_again() -> None:
    returned = do(sent(), BOOK, TEN, CLERK, "return", text_reason="非我单位")
    no(ask(returned, DISPATCHER, "reassign", unit=int(WATER), text_reason="再派"), "same_unit_again")
    yes(ask(returned, DISPATCHER, "reassign", unit=int(STREET), text_reason="街道负责"))


@proves("holds_it")
def test_only_the_unit_that_holds_a_case_acts_on_it() -> None:
    no(ask(sent(), STREET_CLERK, "accept"), "not_held_by_you")
    yes(ask(sent(), CLERK, "accept"))


@proves("is_answerable")
def test_what_was_passed_down_is_handed_up_before_it_is_returned() -> None:
    below = do(sent(), BOOK, TEN, CLERK, "pass_down", unit=int(WATER_TEAM))
    no(ask(below, TEAM_CLERK, "return", text_reason="非我单位"), "passed_down_hand_up_first")


@proves("has_upper")
def test_the_answerable_unit_has_nobody_to_hand_up_to() -> None:
    no(ask(sent(), CLERK, "hand_up", text_reason="办不了"), "nobody_above")
    yes(ask(do(sent(), BOOK, TEN, CLERK, "pass_down", unit=int(WATER_TEAM)), TEAM_CLERK, "hand_up", text_reason="办不了"))


@proves("has_next_loop")
def test_a_case_climbs_the_ladder_only_while_there_is_a_larger_loop() -> None:
    no(ask(sent(), CLERK, "climb", text_reason="需上级"), "top_of_the_ladder")
    yes(ask(sent(STREET, ladder=LADDER, loop="small"), STREET_CLERK, "climb", text_reason="需上级"))


@proves("below_holder")
def test_a_unit_passes_down_only_to_what_stands_below_it() -> None:
    no(ask(sent(), CLERK, "pass_down", unit=int(COMMUNITY)), "not_below_you")
    yes(ask(sent(), CLERK, "pass_down", unit=int(WATER_TEAM)))


@proves("above_holder")
def test_only_who_passed_it_down_takes_it_back() -> None:
    below = do(sent(), BOOK, TEN, CLERK, "pass_down", unit=int(WATER_TEAM))
    no(ask(below, TEAM_CLERK, "take_back", text_reason="自办"), "not_above_holder")
    yes(ask(below, CLERK, "take_back", text_reason="自办"))


@proves("handler_withdrawn")
def test_a_unit_withdraws_its_handler_before_it_says_not_mine() -> None:
    no(ask(given_to_handler(), CLERK, "return", text_reason="非我单位"), "withdraw_handler_first")
    yes(ask(do(given_to_handler(), BOOK, TEN, CLERK, "withdraw_handler"), CLERK, "return", text_reason="非我单位"))


@proves("handler_of_unit")
def test_a_unit_assigns_only_handlers_of_its_own() -> None:
    no(ask(handling(), CLERK, "assign", handler=int(COLLECTOR)), "handler_not_yours")
    yes(ask(handling(), CLERK, "assign", handler=int(HANDLER)))


@proves("has_handler")
def test_there_must_be_a_handler_to_withdraw() -> None:
    no(ask(handling(), CLERK, "withdraw_handler"), "no_handler")


@proves("is_handler")
def test_only_the_assigned_handler_reports_the_work_done() -> None:
    no(ask(given_to_handler(), Actor(Role.HANDLER, PersonId(902), WATER_TEAM), "finish", photos="after"), "assigned_to_another")
    yes(ask(given_to_handler(), HANDLER, "finish", photos="after"))


@proves("is_assisting")
def test_only_an_assisting_unit_reports_its_part_done_and_once() -> None:
    case = do(handling(), BOOK, TEN, DISPATCHER, "set_assisting", assisting=[int(STREET)])
    no(ask(case, CLERK, "assist_done", text_note="好了"), "not_assisting")
    done = do(case, BOOK, TEN, STREET_CLERK, "assist_done", text_note="好了")
    no(ask(done, STREET_CLERK, "assist_done", text_note="好了"), "not_assisting")


@proves("assists_done")
def test_the_lead_unit_gives_feedback_when_every_assisting_unit_is_done() -> None:
    case = do(handling(), BOOK, TEN, DISPATCHER, "set_assisting", assisting=[int(STREET)])
    no(ask(case, CLERK, "feedback", photos="after", text_result="好了"), "assists_open")
    done = do(case, BOOK, TEN, STREET_CLERK, "assist_done", text_note="好了")
    yes(ask(done, CLERK, "feedback", photos="after", text_result="好了"))


@proves("has_unit")
def test_a_case_whose_parts_did_the_work_has_no_unit_to_send_it_back_to() -> None:
    whole = replace(split(), state=State.PENDING_CLOSING)
    no(ask(whole, OFFICER, "rework", text_reason="不合格"), "no_unit")
    yes(ask(to_close(), OFFICER, "rework", text_reason="不合格"))


@proves("is_no_child")
def test_a_part_is_not_split_again() -> None:
    no(ask(replace(filed(), parent=CaseId(7)), DISPATCHER, "split", children=[8, 9]), "child_cannot_split")


@proves("children_closed")
def test_a_split_case_goes_on_when_its_last_part_is_closed() -> None:
    one = do(split(), BOOK, TEN, SYSTEM, "child_closed", child=8)
    no(ask(one, SYSTEM, "rejoin"), "children_open")
    both = do(one, BOOK, TEN, SYSTEM, "child_closed", child=9)
    yes(ask(both, SYSTEM, "rejoin"))
    no(ask(do(both, BOOK, TEN, SYSTEM, "child_reopened", child=8), SYSTEM, "rejoin"), "children_open")


# --- clocks -----------------------------------------------------------------------------------------------------------------


@proves("before_due")
def test_an_extension_is_asked_before_the_deadline() -> None:
    no(ask(handling(), CLERK, "ask_extension", text_reason="缺件", now=at("2026-11-24 16:01")), "already_overdue")
    yes(ask(handling(), CLERK, "ask_extension", text_reason="缺件", now=at("2026-11-24 16:00")))


@proves("extensions_left")
def test_no_third_extension_is_asked() -> None:
    no(ask(replace(handling(), extensions=2), CLERK, "ask_extension", text_reason="缺件"), "no_extension_left")
    yes(ask(replace(handling(), extensions=1), CLERK, "ask_extension", text_reason="缺件"))


@proves("suspensions_left")
def test_no_second_suspension_is_asked() -> None:
    until = to_text(at("2026-12-24 10:00"))
    no(ask(replace(handling(), suspensions=1), CLERK, "ask_suspension", text_reason="等汛期", until=until), "no_suspension_left")


@proves("until_in_reach")
def test_a_suspension_ends_within_a_year_and_not_in_the_past() -> None:
    for day in ("2027-11-25 10:00", "2026-11-24 09:00"):
        no(ask(handling(), CLERK, "ask_suspension", text_reason="等汛期", until=to_text(at(day))), "until_out_of_reach")
    yes(ask(handling(), CLERK, "ask_suspension", text_reason="等汛期", until=to_text(at("2027-11-24 10:00"))))


@proves("until_ahead")
def test_a_suspension_whose_end_has_come_is_not_granted_any_more() -> None:
    case = asked("suspension", until=to_text(at("2026-11-24 11:00")))
    no(ask(case, DISPATCHER, "grant_suspension", now=at("2026-11-24 11:00")), "until_passed")
    yes(ask(case, DISPATCHER, "grant_suspension", now=at("2026-11-24 10:59")))


@proves("until_reached")
def test_a_suspended_case_wakes_by_itself_on_its_day_and_not_before() -> None:
    asleep = do(asked("suspension", until=to_text(at("2026-12-01 10:00"))), BOOK, TEN, DISPATCHER, "grant_suspension")
    no(ask(asleep, SYSTEM, "wake", now=at("2026-12-01 09:59")), "until_not_reached")
    yes(ask(asleep, SYSTEM, "wake", now=at("2026-12-01 10:00")))


# --- closing and after ---------------------------------------------------------------------------------------------------------


@proves("has_photo_pair")
def test_photos_are_compared_when_there_is_one_before_and_one_after() -> None:
    no(ask(replace(fed_back(), evidence=(photo("after"),)), OFFICER, "compare_photos", comparison="match"), "no_photo_pair")
    yes(ask(fed_back(), OFFICER, "compare_photos", comparison="match"))


@proves("reporters_answered")
def test_no_case_is_closed_while_a_reporter_has_no_answer() -> None:
    told = Reporter(ReporterId(99), CITIZEN, SourceFamily.PUBLIC, CaseId(1))
    no(ask(replace(to_close(), reporters=(told,)), OFFICER, "close", closing_condition=True), "reporter_unanswered")
    yes(ask(replace(to_close(), reporters=(replace(told, answered=True),)), OFFICER, "close", closing_condition=True))
    yes(ask(replace(to_close(), reporters=(replace(told, wants_answer=False),)), OFFICER, "close", closing_condition=True))


@proves("reporter_known")
def test_an_answer_goes_to_somebody_who_reported_the_case() -> None:
    no(ask(reported(), OFFICER, "answer", reporter=12345, text_answer="已办"), "reporter_unknown")
    yes(ask(reported(), OFFICER, "answer", reporter=10, text_answer="已办"))


def late() -> Case:
    slow = do(handling(), BOOK, at("2026-11-25 10:00"), CLERK, "feedback", photos="after", text_result="好了")
    ordered = do(slow, BOOK, at("2026-11-25 10:00"), OFFICER, "order_check", checker=int(OTHER_COLLECTOR))
    passed = do(ordered, BOOK, at("2026-11-25 10:10"), OTHER_COLLECTOR, "check_pass", photos="check")
    return do(passed, BOOK, at("2026-11-25 10:20"), OFFICER, "close", closing_condition=True)


@proves("charged_late")
def test_only_a_unit_marked_late_appeals() -> None:
    no(ask(closed(), CLERK, "appeal", text_reason="不服"), "not_charged_late")
    no(ask(late(), STREET_CLERK, "appeal", text_reason="不服"), "not_charged_late")
    yes(ask(late(), CLERK, "appeal", text_reason="不服"))


def appealed() -> Case:
    return do(late(), BOOK, at("2026-11-25 11:00"), CLERK, "appeal", text_reason="不服")


@proves("no_appeal_before")
def test_a_case_is_appealed_once() -> None:
    no(ask(appealed(), CLERK, "appeal", text_reason="仍不服"), "appealed_before")


@proves("appeal_open")
def test_two_reviewers_end_an_appeal() -> None:
    one = do(appealed(), BOOK, TEN, ASSESSOR, "review_appeal", granted=True, text_reason="属实")
    two = do(one, BOOK, TEN, SECOND_ASSESSOR, "review_appeal", granted=True, text_reason="属实")
    assert two.appeal is not None and two.appeal.outcome == "granted"
    third = Actor(Role.ASSESSOR, PersonId(903))
    no(ask(two, third, "review_appeal", granted=False, text_reason="不"), "no_open_appeal")
    no(ask(closed(), ASSESSOR, "review_appeal", granted=True, text_reason="属实"), "no_open_appeal")


@proves("not_reviewed_by_me")
def test_nobody_reviews_an_appeal_twice() -> None:
    one = do(appealed(), BOOK, TEN, ASSESSOR, "review_appeal", granted=True, text_reason="属实")
    no(ask(one, ASSESSOR, "review_appeal", granted=True, text_reason="属实"), "reviewed_by_you")
    yes(ask(one, SECOND_ASSESSOR, "review_appeal", granted=True, text_reason="属实"))


@proves("supervision_open")
def test_there_must_be_a_supervision_to_answer() -> None:
    no(ask(handling(), CLERK, "answer_supervision", text_note="在办"), "no_open_supervision")


@proves("answers_for_it")
def test_a_supervision_is_answered_by_a_unit_that_had_the_case() -> None:
    case = do(handling(), BOOK, TEN, LEAD, "supervise", text_reason="超时")
    no(ask(case, STREET_CLERK, "answer_supervision", text_note="在办"), "not_held_by_you")
    yes(ask(case, CLERK, "answer_supervision", text_note="在办"))


@proves("urgency_rises")
def test_raising_the_urgency_raises_it() -> None:
    no(ask(handling(), DISPATCHER, "raise_urgency", urgency="normal"), "urgency_not_higher")
    yes(ask(handling(), DISPATCHER, "raise_urgency", urgency="critical"))


@proves("urgency_falls")
def test_lowering_the_urgency_lowers_it() -> None:
    critical = do(handling(), BOOK, TEN, DISPATCHER, "raise_urgency", urgency="urgent")
    no(ask(critical, LEAD, "lower_urgency", urgency="critical", text_reason="误报"), "urgency_not_lower")
    yes(ask(critical, LEAD, "lower_urgency", urgency="normal", text_reason="误报"))


@proves("is_unconfirmed")
def test_a_machines_finding_is_confirmed_once() -> None:
    no(ask(handling(), OFFICER, "confirm_finding"), "already_confirmed")
    yes(ask(replace(handling(), confirmed_by_person=False), OFFICER, "confirm_finding"))


# --- the proof of the proofs ------------------------------------------------------------------------------------------------


def test_every_condition_has_its_test() -> None:
    assert set(PROOFS) == set(GUARDS)


@pytest.mark.parametrize("condition", sorted(GUARDS))
def test_a_condition_turned_into_always_yes_is_noticed(condition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GUARDS, condition, lambda case, action, rules, now: None)  # type: ignore[arg-type]
    with pytest.raises((AssertionError, KeyError)):  # noticed by the test, or by a decision that cannot be written
        PROOFS[condition]()
