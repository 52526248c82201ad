"""One report, all the way, by the rules alone: the first page of docs/flow."""

from cases.small_city import (
    CLERK,
    COLLECTOR,
    DISPATCHER,
    GRID,
    HANDLER,
    MANHOLE,
    MANHOLE_STANDARD,
    OFFICER,
    OTHER_COLLECTOR,
    SYSTEM,
    WATER,
    at,
    do,
    rules,
    unborn,
)
from chengyun.cases.records import ClockName, State


def test_a_collectors_report_is_filed_dispatched_handled_checked_closed_and_scored() -> None:
    book = rules()
    case = do(unborn(), book, at("2026-11-24 10:00"), COLLECTOR, "report", photos="before", place=[118.2, 31.1], category=MANHOLE)
    assert case.state == State.PENDING_FILING
    case = do(case, book, at("2026-11-24 10:05"), OFFICER, "file", standard=int(MANHOLE_STANDARD.id), grid=GRID)
    case = do(case, book, at("2026-11-24 10:10"), DISPATCHER, "dispatch", unit=int(WATER))
    unit = case.clocks[-1]
    assert (unit.name, unit.due) == (ClockName.UNIT, at("2026-11-24 16:10"))  # 1:50 before noon, lunch, 2:10 after two
    case = do(case, book, at("2026-11-24 10:20"), CLERK, "accept")
    case = do(case, book, at("2026-11-24 10:21"), CLERK, "assign", handler=int(HANDLER))
    case = do(case, book, at("2026-11-24 11:00"), HANDLER, "arrive")
    case = do(case, book, at("2026-11-24 15:00"), HANDLER, "finish", photos="after")
    case = do(case, book, at("2026-11-24 15:10"), CLERK, "feedback", text_result="井盖已更换")
    case = do(case, book, at("2026-11-24 15:15"), OFFICER, "order_check", checker=int(OTHER_COLLECTOR))
    case = do(case, book, at("2026-11-24 15:40"), OTHER_COLLECTOR, "check_pass", photos="check")
    case = do(case, book, at("2026-11-24 15:45"), OFFICER, "close", closing_condition=True)
    case = do(case, book, at("2026-11-24 15:45"), SYSTEM, "score")
    assert case.state == State.EVALUATED
    assert {clock.name: clock.outcome for clock in case.clocks} == {
        ClockName.FILE: "met",
        ClockName.CASE: "stopped",
        ClockName.DISPATCH: "met",
        ClockName.ACCEPT: "met",
        ClockName.UNIT: "met",
        ClockName.CHECK: "met",
        ClockName.CLOSE: "met",
    }
