"""What becomes of a case's clocks when somebody would like them otherwise."""

from dataclasses import replace

from cases.small_city import (
    CITIZEN,
    CLERK,
    COLLECTOR,
    DISPATCHER,
    GRID,
    LEAD,
    MANHOLE,
    OFFICER,
    OTHER_COLLECTOR,
    SYSTEM,
    WATER,
    WATER_TEAM,
    at,
    do,
    office_hours,
    rules,
    unborn,
)
from chengyun.cases import clocks
from chengyun.cases.records import Case, Clock, ClockName, SourceFamily, State
from chengyun.cases.rules import Rules
from chengyun.city.calendars import CompiledCalendar
from chengyun.city.records import DayRule

BOOK = rules()
TEN = at("2026-11-24 10:00")


def handling() -> Case:
    """Dispatched on Tuesday at ten with four working hours: due at 16:00."""
    case = do(unborn(), BOOK, TEN, COLLECTOR, "report", photos="before", place=[118.2, 31.1], category=MANHOLE)
    case = do(case, BOOK, TEN, OFFICER, "file", standard=1, grid=GRID)
    case = do(case, BOOK, TEN, DISPATCHER, "dispatch", unit=int(WATER))
    return do(case, BOOK, TEN, CLERK, "accept")


def clock(case: Case, name: ClockName = ClockName.UNIT) -> Clock:
    return [each for each in case.clocks if each.name == name][-1]


def with_holiday() -> Rules:
    """The same city after today was declared a holiday."""
    edited = CompiledCalendar(office_hours(2, days=(DayRule(at("2026-11-24 00:00").date(), working=False),)))
    return replace(BOOK, calendars={**BOOK.calendars, "city": edited})


def test_a_holiday_declared_before_the_deadline_moves_it() -> None:
    case = do(handling(), with_holiday(), at("2026-11-24 15:00"), SYSTEM, "retime", calendar_version={"city": 2})
    assert (clock(case).due, clock(case).calendar_version) == (at("2026-11-25 12:00"), 2)


def test_a_holiday_declared_afterwards_does_not_undo_an_overdue() -> None:
    for moment in ("2026-11-24 16:00", "2026-11-24 17:00"):
        case = do(handling(), with_holiday(), at(moment), SYSTEM, "retime", calendar_version={"city": 2})
        assert (clock(case).due, clock(case).calendar_version) == (at("2026-11-24 16:00"), 1)


def test_late_work_that_fails_its_check_stays_late_after_a_holiday_is_declared() -> None:
    late = do(handling(), BOOK, at("2026-11-24 17:00"), CLERK, "feedback", photos="after", text_result="好了")
    again = do(late, with_holiday(), at("2026-11-24 17:30"), OFFICER, "rework", text_reason="不合格")
    assert (clock(again).outcome, clock(again).due) == ("running", at("2026-11-24 16:00"))


def test_a_stopped_clock_is_never_timed_anew() -> None:
    done = do(handling(), BOOK, at("2026-11-24 15:00"), CLERK, "feedback", photos="after", text_result="好了")
    case = do(done, with_holiday(), at("2026-11-24 15:30"), SYSTEM, "retime", calendar_version={"city": 2})
    assert clock(case) == clock(done)


def test_a_recall_before_the_deadline_charges_nobody_and_after_it_the_delay_stays() -> None:
    for moment, outcome in (("2026-11-24 15:00", "cancelled"), ("2026-11-24 17:00", "late")):
        assert clock(do(handling(), BOOK, at(moment), DISPATCHER, "recall", text_reason="派错")).outcome == outcome


def test_asking_and_withdrawing_wins_no_time() -> None:
    case = do(handling(), BOOK, at("2026-11-24 11:00"), CLERK, "ask_extension", text_reason="缺件")
    assert (clock(case).outcome, clock(case).due) == ("running", at("2026-11-24 16:00"))
    case = do(case, BOOK, at("2026-11-24 15:00"), CLERK, "withdraw_request")
    assert clock(case).due == at("2026-11-24 16:00")


def test_the_time_a_collector_verifies_is_not_the_filing_desks() -> None:
    case = do(unborn(1, SourceFamily.PUBLIC, CITIZEN), BOOK, TEN, CITIZEN, "report", place=[118.2, 31.1], category=MANHOLE)
    case = do(case, BOOK, at("2026-11-24 10:05"), OFFICER, "order_verify", checker=int(OTHER_COLLECTOR))
    case = do(case, BOOK, at("2026-11-24 10:30"), OTHER_COLLECTOR, "verify", photos="verify")
    assert clock(case, ClockName.FILE).due == at("2026-11-24 10:40")


def test_who_withdraws_his_report_is_owed_no_answer_and_a_void_report_still_is() -> None:
    told = do(unborn(1, SourceFamily.PUBLIC, CITIZEN), BOOK, TEN, CITIZEN, "report", place=[118.2, 31.1], category=MANHOLE)
    withdrawn = do(told, BOOK, TEN, CITIZEN, "withdraw", text_reason="看错了")
    assert (withdrawn.state, clock(withdrawn, ClockName.ANSWER).outcome) == (State.VOID, "cancelled")
    asked = do(told, BOOK, TEN, OFFICER, "ask_void", ground="test", text_reason="测试")
    void = do(asked, BOOK, TEN, LEAD, "approve_void")
    assert (void.state, clock(void, ClockName.ANSWER).outcome) == (State.VOID, "running")


def test_a_team_that_holds_the_case_itself_now_has_the_unit_clock_alone() -> None:
    """It was passed down to it once, then dispatched to it: rework does not wake the old clock of a team below a unit."""
    now = at("2026-11-24 10:00")
    old = Clock(ClockName.SUB_UNIT, now, None, "city", 1, None, org=WATER_TEAM, stopped=now, outcome="met")
    below = replace(unborn(), clocks=(old,), holders=(WATER, WATER_TEAM))
    assert [change.op for change in clocks.apply("resume:sub_unit", below, rules(), now)] == ["resume"]
    assert clocks.apply("resume:sub_unit", replace(below, holders=(WATER_TEAM,)), rules(), now) == ()
