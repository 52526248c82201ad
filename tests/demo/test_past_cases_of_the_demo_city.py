"""The past of the demo city was decided by the core, folds to what it says, and leaves work in every queue."""

from collections import Counter
from datetime import timedelta

import pytest

from chengyun.cases.evolve import fold
from chengyun.cases.records import Case, ClockName, EvidenceStage, Provenance, SourceFamily, State
from chengyun.city.records import Role
from chengyun.tasks.queues import QUEUES, Mine
from chengyun_demo.history import past_cases

TROUBLES_OF_THE_TRADE = """
    simple_close verify_absent approve_void return reassign refuse_return return_filing consult conclude_consult check_fail
    grant_extension refuse_extension grant_suspension wake force_close merge absorb urge escalate supervise answer_supervision appeal
    review_appeal rate recheck dispatch_urgent pass_down assist_done answer leader_note
"""


@pytest.fixture(scope="session")
def past(city):
    return list(past_cases(city))


def test_there_are_more_than_three_thousand_over_ninety_days(city, past):
    assert len(past) >= 3_000
    first = min(each.case.reported_at for each in past)
    assert timedelta(days=88) < city.start - first < timedelta(days=92)
    assert all(event.at <= city.start for each in past for event in each.events)


def test_every_case_is_the_fold_of_its_events(past):
    for each in past:
        assert fold(Case(each.case.id, each.case.tenant), each.events) == each.case


def test_events_are_numbered_without_holes_and_time_runs_forward(past):
    for each in past:
        assert [event.seq for event in each.events] == list(range(1, each.case.seq + 1))
        moments = [event.at for event in each.events]
        assert moments == sorted(moments)


def test_everything_is_marked_as_simulated(past):
    assert {each.case.provenance for each in past} == {Provenance.SIMULATED}


def test_numbers_are_unique_and_run_through_the_day_in_order_of_the_reports(past):
    numbers = [each.case.number for each in past]
    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers)
    assert len({each.case.id for each in past}) == len(past)


def test_words_stand_beside_the_events_that_name_them_and_nowhere_else(past):
    for each in past:
        named = {(event.seq, field) for event in each.events for field in event.texts}
        assert named == set(each.texts)
        assert all(words.strip() for words in each.texts.values())


def test_no_name_or_phone_of_a_reporter_stands_in_an_event(past):
    for each in past:
        body = repr(each.events)
        for identity in each.reporters:
            assert not identity.name or identity.name not in body
            assert not identity.phone or identity.phone not in body


def test_photos_of_the_evidence_have_a_drawn_scene(past):
    for each in past:
        shown = {item.attachment for event in each.events for item in event.evidence}
        assert shown == {photo.attachment for photo in each.photos}
    stages = {photo.stage for each in past for photo in each.photos}
    assert stages == {EvidenceStage.BEFORE, EvidenceStage.VERIFY, EvidenceStage.AFTER, EvidenceStage.CHECK}


def test_all_the_troubles_of_the_trade_have_happened(past):
    happened = Counter(event.type for each in past for event in each.events)
    assert [name for name in TROUBLES_OF_THE_TRADE.split() if not happened[name]] == []
    assert 0.04 <= happened["return"] / happened["dispatch"] <= 0.09
    assert 0.05 <= happened["check_fail"] / happened["check_pass"] <= 0.14


def test_units_are_late_now_and_then_and_not_all_alike(past):
    outcome = Counter()
    by_unit = {}
    for each in past:
        for clock in each.case.clocks:
            if clock.name is ClockName.UNIT and clock.outcome in ("met", "late"):
                outcome[clock.outcome] += 1
                by_unit.setdefault(clock.org, Counter())[clock.outcome] += 1
    assert 0.05 <= outcome["late"] / outcome.total() <= 0.25
    shares = [count["late"] / count.total() for count in by_unit.values() if count.total() >= 40]
    assert max(shares) - min(shares) > 0.08


def test_every_source_family_reports_and_the_public_gets_its_answers(past):
    assert {each.case.family for each in past} == set(SourceFamily)
    for each in past:
        if each.case.state in (State.CLOSED, State.FORCED_CLOSED, State.EVALUATED):
            assert all(reporter.answered for reporter in each.case.reporters if reporter.wants_answer)


def test_about_two_hundred_stand_open_in_every_state_this_morning(past):
    ended = {State.CLOSED, State.FORCED_CLOSED, State.EVALUATED, State.VOID, State.MERGED}
    still = Counter(each.case.state for each in past if each.case.state not in ended)
    assert 150 <= still.total() <= 320
    assert set(still) >= set(State) - ended - {State.NONE, State.UNKNOWN, State.SPLIT}


def test_open_work_is_partly_late_and_partly_has_time_left(city, past):
    late = Counter()
    for each in past:
        for clock in each.case.clocks:
            if clock.name is ClockName.UNIT and clock.outcome == "running" and clock.due:
                late[clock.due < city.start] += 1
    assert late[True] >= 5
    assert late[False] >= 40


def test_every_queue_of_every_account_that_has_one_holds_rows(city, past):
    people = {person.number: person for person in city.people.all}
    for account in city.people.accounts:
        person = people[account.person]
        for queue in QUEUES:
            if account.role not in queue.roles or account.name not in ("collector", "intake", "lead", "dispatcher", "clerk", "handler"):
                continue
            if queue.key in ("supervised", "suspended_unit", "approve_unit"):
                continue
            waiting = [each.case for each in past if each.case.state in queue.states]
            if queue.mine is Mine.HOLDER:
                waiting = [case for case in waiting if case.holders and case.holders[-1] == person.org]
            elif queue.mine is Mine.HANDLER:
                waiting = [case for case in waiting if case.handler == person.id]
            elif queue.mine is Mine.CHECKER:
                waiting = [case for case in waiting if case.checker == person.id]
            assert waiting, (account.name, queue.key)


def test_a_case_is_handed_over_like_one_write_of_the_desk(city, past):
    for each in past:
        recording = each.recording(city.start)
        assert recording.before_seq == 0
        assert len(recording.audit) == len(recording.messages) == len(recording.events)
        assert all(timer.at > city.start for timer in recording.timers)
    rung = {timer.dedup for each in past for timer in each.recording(city.start).timers}
    assert len(rung) == sum(len(each.recording(city.start).timers) for each in past)
    assert len(rung) > 100


def test_what_is_talked_over_this_morning_names_the_gap_of_the_duty_list(past):
    talked_over = [each for each in past if each.case.state is State.CONSULTING]
    gaps = [each.open_gap for each in talked_over if each.open_gap is not None]
    assert len(gaps) >= 5
    assert {gap["why"]["outcome"] for gap in gaps} == {"none", "several"}
    assert all(each.open_gap is None for each in past if each.case.state is not State.CONSULTING)


def test_checkers_are_neither_the_reporter_nor_of_the_unit(city, past):
    brigade = city.organisations.id("CTR-COL")
    for each in past:
        if each.case.checked_by is not None:
            checker = city.people.all[each.case.checked_by - 1]
            assert checker.org == brigade
            assert each.case.checked_by != each.case.reported_by
            assert any(post.role is Role.COLLECTOR for post in checker.assignments)


def test_the_same_seed_gives_the_same_past(city, past):
    again = past_cases(city)
    for _ in range(40):
        one = next(again)
        assert one == past[[each.case.id for each in past].index(one.case.id)]


def test_covers_of_the_water_company_went_by_its_own_flow_and_some_are_under_way(past):
    own = [each.case for each in past if each.case.flow == "water_repair"]
    assert len(own) > 20 and {case.category for case in own} == {"2026:component_fault:01001"}
    assert {State.REPORTED, State.DISPATCHED, State.HANDLING, State.FEEDBACK_GIVEN, State.EVALUATED} <= {case.state for case in own}
    happened = {event.type for each in past if each.case.flow == "water_repair" for event in each.events}
    assert {"suspension_endorsed", "feedback_given"} <= {str(case.state) for case in own} and "order_check" not in happened
