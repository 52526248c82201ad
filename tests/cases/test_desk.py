"""The desk: one call, one transaction, and what follows by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cases.memory_store import MemoryCases, first_of, refolded
from cases.small_city import (
    CITIZEN,
    CLERK,
    COLLECTOR,
    COMMUNITY,
    DISPATCHER,
    GRID,
    HANDLER,
    LITTER,
    MANHOLE,
    OFFICER,
    OTHER_COLLECTOR,
    PLACE,
    STREET,
    TEAM_CLERK,
    TENANT,
    WATER,
    WATER_TEAM,
    at,
    photo,
    reader,
    rules,
)
from chengyun.base.errors import Conflict
from chengyun.base.ids import CaseId, PersonId
from chengyun.base.results import Refused
from chengyun.base.time import CityClock
from chengyun.cases import access
from chengyun.cases.desk import COMPANIONS, Desk, Done, NewReport, Order
from chengyun.cases.records import Case, ClockName, SourceFamily, State
from chengyun.cases.rules import Settings

EVERYTHING = Settings(
    automatic={"*": frozenset({"file", "dispatch", "feedback", "check", "close", "score"})}, automatic_condition={MANHOLE: 1}
)


class Town:
    """A desk over the memory store, with a clock that stands at Tuesday 10:00."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.clock = CityClock(at("2026-11-24 10:00"), speed=0)
        self.store = MemoryCases(rules(settings), on_shift=(COLLECTOR, OTHER_COLLECTOR))
        self.desk = Desk(self.store, self.clock)
        self.keys = 0

    def case(self, case: int) -> Case:
        return self.store.shelves.cases[CaseId(case)]

    def report(self, who: PersonId, words: str = "井盖破损", **changes: object) -> Done:
        family = SourceFamily.COLLECTOR if who in (COLLECTOR, OTHER_COLLECTOR) else SourceFamily.PUBLIC
        report = NewReport(
            family,
            facts={"category": MANHOLE, "place": PLACE},
            texts={"description": words},
            evidence=(photo("before"),),
            reporter=who,
        )
        self.keys += 1
        answer = self.desk.report(reader(who), replace(report, **changes), f"report-{self.keys}")  # type: ignore[arg-type]
        assert isinstance(answer, Done), answer
        return answer

    def act(self, who: PersonId, case: int, action: str, *, photos: str = "", **given: object) -> Done:
        answer = self.try_to(who, case, action, photos=photos, **given)
        assert isinstance(answer, Done), f"{action}: {answer}"
        return answer

    def try_to(self, who: PersonId, case: int, action: str, *, photos: str = "", **given: object) -> object:
        texts = {name.removeprefix("text_"): str(words) for name, words in given.items() if name.startswith("text_")}
        facts = {name: value for name, value in given.items() if not name.startswith("text_")}
        self.keys += 1
        order = Order(action, facts, texts, tuple(photo(stage) for stage in photos.split()))
        return self.desk.act(reader(who), CaseId(case), order, f"act-{self.keys}")


def test_a_citizens_photo_becomes_a_dispatched_case_without_a_person_and_lists_why() -> None:
    town = Town(EVERYTHING)
    done = town.report(CITIZEN)
    assert (done.state, done.events) == (State.DISPATCHED, ("report", "file", "dispatch"))
    filed, sent = town.store.shelves.events[done.case][1:]
    assert (
        filed.body["conditions"]
        == dict.fromkeys(("category_chosen", "inside_a_grid", "photo", "no_duplicate", "switched_on"), True) | {"one_standard_entry": True}
        or filed.body["conditions"]["one_standard_entry"] is True
    )  # type: ignore[index]
    assert sent.body["unit"] == WATER
    assert sent.body["why"], "the reason of the duty list is in the event"


def test_nothing_is_filed_by_itself_while_the_switch_is_off() -> None:
    town = Town()
    assert town.report(CITIZEN).state == State.REPORTED


def test_a_report_outside_every_grid_waits_for_a_person() -> None:
    town = Town(EVERYTHING)
    done = town.report(CITIZEN, facts={"category": MANHOLE, "place": [119.0, 32.0]})
    assert done.state == State.REPORTED


def test_a_gap_in_the_duty_list_goes_to_consultation_and_the_next_such_case_goes_by_the_row_written_back() -> None:
    town = Town(EVERYTHING)
    done = town.report(COLLECTOR, facts={"category": LITTER, "place": PLACE})
    assert done.state == State.CONSULTING
    assert [case for case, _ in town.store.shelves.gaps] == [done.case]
    town.act(DISPATCHER, done.case, "conclude_consult", unit=int(STREET), write_back=True, text_reason="街道负责")
    draft = town.store.shelves.duty_rows[0]
    assert (draft.category, draft.area, draft.handling_unit) == (LITTER, GRID[:12], STREET)
    assert town.case(done.case).duty_row == (9001, 1)


def test_the_same_key_is_one_act_and_another_body_is_a_conflict() -> None:
    town = Town()
    report = NewReport(SourceFamily.COLLECTOR, facts={"category": MANHOLE, "place": PLACE}, evidence=(photo("before"),))
    first = town.desk.report(reader(COLLECTOR), report, "once")
    again = town.desk.report(reader(COLLECTOR), report, "once")
    assert isinstance(first, Done) and isinstance(again, Done)
    assert (again.case, again.repeated, len(town.store.shelves.cases)) == (first.case, True, 1)
    with pytest.raises(Conflict):
        town.desk.report(reader(COLLECTOR), replace(report, texts={"description": "别的"}), "once")
    other = town.desk.report(reader(OTHER_COLLECTOR), report, "once")
    assert isinstance(other, Done) and other.case != first.case, "keys are a person's own"


def test_a_refusal_changes_nothing_at_all() -> None:
    town = Town()
    case = town.report(COLLECTOR).case
    before = town.store.snapshot()
    answer = town.try_to(OFFICER, case, "dispatch", unit=int(WATER))
    assert isinstance(answer, Refused) and answer.reason == "not_in_this_state"
    assert town.store.snapshot() == before


def test_what_follows_from_an_act_on_another_case_cannot_be_ordered_by_itself_not_even_by_the_system() -> None:
    town = Town()
    case, other = town.report(COLLECTOR).case, town.report(OTHER_COLLECTOR, words="别的").case
    before = town.store.snapshot()
    for number, action in enumerate(sorted(COMPANIONS)):
        facts = {"absorbed": int(other), "released": int(other), "child": int(other), "reporters": []}
        answer = town.desk.act(access.system(TENANT), CaseId(case), Order(action, facts), f"companion-{number}")
        assert isinstance(answer, Refused) and answer.reason == "unknown_action", action
    assert town.store.snapshot() == before


def test_a_report_of_a_category_that_is_no_code_is_refused_with_its_reason() -> None:
    town = Town()
    for number, word in enumerate(("垃圾", "2026:06", "a:b:c:d")):
        report = NewReport(SourceFamily.COLLECTOR, facts={"category": word, "place": PLACE})
        answer = town.desk.report(reader(COLLECTOR), report, f"word-{number}")
        assert answer == Refused("category_unknown", {"category": word})


def test_who_may_not_know_of_a_case_gets_the_same_answer_as_for_one_that_does_not_exist() -> None:
    town = Town()
    case = town.report(COLLECTOR).case
    answer = town.try_to(CLERK, case, "note", text_note="x")
    assert isinstance(answer, access.Denied) and answer.as_absent


def _to_feedback(town: Town, case: int) -> None:
    town.act(CLERK, case, "accept")
    town.act(CLERK, case, "assign", handler=int(HANDLER))
    town.clock.advance(timedelta(hours=1))
    town.act(HANDLER, case, "finish", photos="after")


def test_a_failed_check_comes_back_to_the_same_unit_and_its_first_deadline_goes_on() -> None:
    town = Town(EVERYTHING)
    done = town.report(CITIZEN)
    due = next(clock for clock in town.case(done.case).clocks if clock.name == ClockName.UNIT).due
    _to_feedback(town, done.case)
    case = town.case(done.case)
    assert (case.state, case.checker) == (State.CHECKING, COLLECTOR), (
        "feedback, the order and the drawing of a checker follow by themselves"
    )
    town.clock.advance(timedelta(minutes=20))
    town.act(COLLECTOR, done.case, "check_fail", photos="check", text_reason="仍有破损")
    case = town.case(done.case)
    unit = next(clock for clock in case.clocks if clock.name == ClockName.UNIT)
    assert (case.state, case.holders, case.reworks) == (State.HANDLING, (WATER,), 1)
    assert due is not None and unit.due == due + timedelta(minutes=20), "time in checking is not charged"


def test_closing_waits_for_the_reporters_answer_and_then_the_score_follows() -> None:
    town = Town(EVERYTHING)
    done = town.report(CITIZEN)
    _to_feedback(town, done.case)
    checked = town.act(COLLECTOR, done.case, "check_pass", photos="check")
    assert checked.state == State.PENDING_CLOSING
    refused = town.try_to(OFFICER, done.case, "close", closing_condition=True)
    assert isinstance(refused, Refused) and refused.reason == "reporter_unanswered"
    reporter = int(town.case(done.case).reporters[0].id)
    answered = town.act(OFFICER, done.case, "answer", reporter=reporter, text_answer="井盖已更换")
    assert answered.events == ("answer", "close", "score")
    assert town.case(done.case).state == State.EVALUATED


def test_two_reports_of_one_matter_are_proposed_merged_by_an_officer_and_all_reporters_are_kept() -> None:
    town = Town()
    first = town.report(COLLECTOR, words="文汇路井盖破损")
    second = town.report(CITIZEN, words="我家门口的井盖坏了，请来修")
    assert second.proposals == (first.case,)
    town.act(OFFICER, second.case, "merge", into=int(first.case))
    main, joined = town.case(first.case), town.case(second.case)
    assert (joined.state, joined.merged_into, main.absorbed) == (State.MERGED, main.id, (joined.id,))
    assert {each.person for each in main.reporters} == {COLLECTOR, CITIZEN}
    town.act(OFFICER, second.case, "unmerge", text_reason="不是同一件")
    main, joined = town.case(first.case), town.case(second.case)
    assert (joined.state, main.absorbed, {each.person for each in main.reporters}) == (State.REPORTED, (), {COLLECTOR})


def test_what_is_certain_is_merged_by_itself_and_the_younger_joins_the_older() -> None:
    town = Town(replace(Settings(), merge_certainty=0.9))
    first = town.report(COLLECTOR, words="文汇路井盖破损")
    second = town.report(CITIZEN, words="文汇路井盖破损")
    assert second.state == State.MERGED and town.case(second.case).merged_into == first.case


def test_a_split_case_waits_for_its_children() -> None:
    town = Town(Settings(automatic={"*": frozenset({"score"})}))
    case = town.report(COLLECTOR).case
    town.act(OFFICER, case, "file", standard=1)
    town.act(DISPATCHER, case, "split", parts=[{}, {"category": str(LITTER), "standard": 3}])
    assert town.case(case).state == State.SPLIT
    children = [child for child, _ in town.case(case).children]
    assert [town.case(child).category for child in children] == [MANHOLE, LITTER]
    for child in children:
        town.act(DISPATCHER, child, "dispatch", unit=int(WATER))
        town.act(CLERK, child, "accept")
        town.act(CLERK, child, "feedback", photos="after", text_result="好了")
        town.act(OFFICER, child, "order_check", checker=int(OTHER_COLLECTOR))
        town.act(OTHER_COLLECTOR, child, "check_pass", photos="check")
        town.act(OFFICER, child, "close", closing_condition=True)
    assert town.case(case).state == State.PENDING_CLOSING


def test_a_loop_climbs_its_ladder_and_each_unit_has_the_full_limit() -> None:
    town = Town()
    case = town.report(COLLECTOR).case
    town.act(OFFICER, case, "file", standard=1)
    town.act(DISPATCHER, case, "dispatch", unit=int(COMMUNITY), ladder=[["micro", int(COMMUNITY)], ["small", int(STREET)]], loop="micro")
    from cases.small_city import STAFF, Role  # the community's clerk exists in this test alone

    clerk = PersonId(900)
    STAFF[clerk] = (COMMUNITY, frozenset({Role.UNIT_CLERK}))
    town.act(clerk, case, "climb", text_reason="超出社区能力")
    assert (town.case(case).holders, str(town.case(case).loop)) == ((STREET,), "small")
    outcomes = [(clock.org, clock.outcome) for clock in town.case(case).clocks if clock.name == ClockName.UNIT]
    assert outcomes == [(COMMUNITY, "cancelled"), (STREET, "running")]


def test_a_timer_warns_urges_and_wakes_once() -> None:
    town = Town(EVERYTHING)
    done = town.report(CITIZEN)
    waiting = sorted(town.store.shelves.timers.values(), key=lambda timer: timer.at)
    unit = [timer for timer in waiting if timer.clock == "unit"]
    assert [timer.kind for timer in unit] == ["warn", "overdue"]
    town.clock.set(unit[1].at)
    with town.store.work(TENANT) as work:
        events = town.desk.ring(access.system(TENANT), unit[1], work)
    assert [event.type for event in events] == ["urge", "escalate"]
    assert town.case(done.case).urges == 1


def test_a_stopped_clock_takes_its_timers_with_it() -> None:
    town = Town(EVERYTHING)
    done = town.report(CITIZEN)
    _to_feedback(town, done.case)
    assert not [timer for timer in town.store.shelves.timers.values() if timer.clock == "unit"]


def test_every_case_folds_from_its_events_to_what_is_kept() -> None:
    town = Town(EVERYTHING)
    done = town.report(CITIZEN)
    _to_feedback(town, done.case)
    town.act(COLLECTOR, done.case, "check_pass", photos="check")
    kept = town.case(done.case)
    assert refolded(town.store, kept.id, first_of(kept)) == kept


def test_a_team_below_the_unit_does_not_know_of_the_case_until_it_is_given_to_it() -> None:
    town = Town(EVERYTHING)
    case = town.report(CITIZEN).case
    assert isinstance(town.try_to(TEAM_CLERK, case, "accept"), access.Denied)
    town.act(CLERK, case, "pass_down", unit=int(WATER_TEAM))
    town.act(TEAM_CLERK, case, "accept")
    assert town.case(case).holders == (WATER, WATER_TEAM)
    assert isinstance(town.try_to(CLERK, case, "feedback", photos="after", text_result="x"), Refused), "it is with the team now"
    town.act(CLERK, case, "take_back", text_reason="自己处理")
    assert town.case(case).holders == (WATER,)
