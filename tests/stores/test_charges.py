"""The scores' facts as the store gives them: each dispatch of the month once, returns told from the history, within the reader's sight."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from chengyun.cases.access import CaseFilter, Clause
from chengyun.cases.ports import AuditEntry, Recording
from chengyun.cases.records import Case, Clock, ClockChange, ClockName, State
from chengyun.city.records import ClockUnit, Limit
from chengyun.evaluation.charges import settle
from chengyun.evaluation.periods import Month
from chengyun.evaluation.records import Outcome
from chengyun.evaluation.scoring import CITY_CENTRE, score_units
from chengyun.stores.reading.charges import read_charges
from stores.written import COLLECTOR, ONE, TUESDAY, TWO, event, report, work

ALL = CaseFilter(ONE, (Clause(),))
NOVEMBER, ZONE = Month(2026, 11), "Asia/Shanghai"
HOUR = timedelta(hours=1)


def unit_clock(org: int, serial: int, outcome: str, due_in: int = 4, after: int = 3) -> Clock:
    limit = Limit(4, ClockUnit.WORK_HOUR)
    stopped = TUESDAY + after * HOUR if outcome != "running" else None
    return Clock(
        ClockName.UNIT, TUESDAY, limit, "city", 1, TUESDAY + due_in * HOUR, org=org, serial=serial, outcome=outcome, stopped=stopped
    )


def go_on(case: Case, kind: str, state: State, clocks: tuple[Clock, ...], op: str, **parts: object) -> Case:
    with work(case.tenant) as opened:
        after = replace(case, seq=case.seq + 1, state=state, clocks=clocks, **parts)
        happened = event(after, kind, state, clocks=(ClockChange(op, clocks[-1]),))
        entry = AuditEntry(f"case.{kind}", f"case:{case.id}", "accepted", COLLECTOR, TUESDAY, "web")
        opened.record(Recording(after, case.seq, (happened,), audit=(entry,)))
    return after


def closed(case: Case, *clocks: Clock, on=TUESDAY + 9 * HOUR) -> Case:
    return go_on(case, "close", State.CLOSED, clocks, "stop", closed_at=on, holders=(clocks[-1].org,), returns=case.returns)


def charges(only: CaseFilter = ALL, month: Month = NOVEMBER):
    return settle(read_charges(only, *month.span(ZONE)), month, ZONE)


def test_a_month_has_each_dispatch_once_and_the_next_month_has_none_of_them(database):
    closed(report(), unit_clock(4, 0, "met"))
    closed(report(), unit_clock(5, 0, "late", after=7))
    found = charges()
    assert [(c.unit, c.outcome) for c in found] == [(4, Outcome.ON_TIME), (5, Outcome.LATE)]
    assert charges(month=NOVEMBER.next()) == ()
    assert [s.total for s in score_units(found, CITY_CENTRE)] == [Decimal("100.00"), Decimal("52.00")]


def test_what_is_open_and_overdue_is_in_the_month_it_was_due(database):
    go_on(report(), "dispatch", State.HANDLING, (unit_clock(4, 0, "running"),), "start", holders=(4,))
    assert [c.outcome for c in charges()] == [Outcome.OVERDUE_OPEN]


def test_a_return_that_was_believed_is_told_from_the_history(database):
    case = report()
    wrong, right = unit_clock(4, 0, "cancelled"), unit_clock(5, 1, "met")
    case = go_on(case, "return", State.RETURNED, (unit_clock(4, 0, "running"),), "start", returns=1)
    case = go_on(case, "reassign", State.DISPATCHED, (wrong,), "cancel")
    closed(case, wrong, right)
    assert [(c.unit, c.outcome, c.returned) for c in charges()] == [(4, Outcome.WITHDRAWN, True), (5, Outcome.ON_TIME, False)]


def test_only_what_the_reader_may_see_and_nothing_of_another_tenant_is_counted(database):
    closed(report(), unit_clock(4, 0, "met"))
    closed(report(), unit_clock(5, 0, "met"))
    closed(report(TWO), unit_clock(4, 0, "met"))
    of_unit_4 = CaseFilter(ONE, (Clause(holding=frozenset({4}), past=True),))
    assert [c.unit for c in charges(of_unit_4)] == [4]
    assert len(charges()) == 2
