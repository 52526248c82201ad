"""A unit's month, by hand: what counts, what does not, and the figure that comes out (domain.md 3.2, 3.3, 9.1, 9.6, 9.13)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from chengyun.base.errors import BadInput
from chengyun.base.ids import CaseId, OrgId, PersonId, TenantId
from chengyun.base.results import Refused
from chengyun.cases.records import Actor, Appeal, Case, Clock, ClockChange, ClockName, Event, State, Urgency
from chengyun.city.records import ClockUnit, Limit, Role
from chengyun.evaluation.charges import as_of, charges_of, settle
from chengyun.evaluation.indicators import INDICATORS, denominator_of, numerator_of
from chengyun.evaluation.periods import Month, months_of
from chengyun.evaluation.records import Charge, Correction, Outcome, Term
from chengyun.evaluation.scoring import CITY_CENTRE, check_rules, corrected, grade_of, league, rounded, score, score_units

UNIT, OTHER = OrgId(11), OrgId(12)
ZONE = "Asia/Shanghai"
NOVEMBER = Month(2026, 11)


def day(number, hour=2, month=11):
    return datetime(2026, month, number, hour, tzinfo=UTC)


def charge(number, outcome=Outcome.ON_TIME, **changes):
    handled = {Outcome.ON_TIME: day(3), Outcome.LATE: day(6), Outcome.WITHDRAWN: day(3), Outcome.NO_LIMIT: day(3)}.get(outcome)
    due = None if outcome is Outcome.NO_LIMIT else day(5)
    known = Charge(TenantId(1), UNIT, CaseId(number), 0, day(2), due, handled, outcome, closed=day(7) if handled else None)
    return replace(known, **changes)


MONTH = [
    *(charge(n) for n in range(1, 7)),  # six on time
    charge(7, reworks=2),  # on time in the end, after two failed checks
    charge(8, extensions=1),
    charge(9, Outcome.LATE),
    charge(10, Outcome.OVERDUE_OPEN),
    # and six that are not counted against the unit
    charge(11, Outcome.WITHDRAWN, returned=True),
    charge(12, Outcome.WITHDRAWN),
    charge(13, Outcome.LATE, appeal_granted=True),
    charge(14, Outcome.LATE, confirmed=False),
    charge(15, Outcome.LATE, simple=True),
    charge(16, Outcome.OPEN),
]


def test_the_template_of_a_city_centre_on_a_month_counted_by_hand():
    found = score(MONTH, CITY_CENTRE)
    time, extension, rework = found.parts
    # (8 + 0.4 x 1) / 10 x 0.8 x 100 = 67.20
    assert (time.numerator, time.denominator, time.points) == (Fraction(84, 10), 10, Decimal("67.20"))
    # (1 - 1 / 10) x 0.1 x 100 = 9.00
    assert (extension.numerator, extension.denominator, extension.points) == (1, 10, Decimal("9.00"))
    # (1 - 1 / 9) x 0.1 x 100 = 8.888...
    assert (rework.numerator, rework.denominator, rework.points) == (1, 9, Decimal("8.89"))
    assert found.total == Decimal("85.09") and found.grade == "B"


def test_every_figure_opens_its_cases():
    late = INDICATORS["late_rate"]
    assert [c.case for c in numerator_of(MONTH, late)] == [9]
    assert [c.case for c in denominator_of(MONTH, late)] == list(range(1, 11))
    assert [c.case for c in numerator_of(MONTH, INDICATORS["return_rate"])] == [11]
    assert len(denominator_of(MONTH, INDICATORS["return_rate"])) == 14


def test_what_is_left_out_is_still_counted_apart():
    counts = score(MONTH, CITY_CENTRE).counts
    assert (counts["appeal_granted"], counts["unconfirmed"], counts["simple"], counts["returned"]) == (1, 1, 1, 1)
    assert (counts["due"], counts["on_time"], counts["late"], counts["overdue_open"]) == (10, 8, 1, 1)
    assert (counts["reworked"], counts["rework_times"]) == (1, 2)


def test_no_cases_is_no_figure_and_never_a_hundred():
    found = score([], CITY_CENTRE, UNIT)
    assert (found.total, found.grade) == (None, None)
    assert all(p.points is None and p.denominator == 0 for p in found.parts)
    only_returned = score([charge(1, Outcome.WITHDRAWN, returned=True)], CITY_CENTRE)
    assert only_returned.total is None


def test_a_part_without_cases_leaves_its_weight_to_the_others():
    """Nothing handled: there is no rework rate, and 0 on time of 1 with no extension is 10 of 90 points."""
    found = score([charge(1, Outcome.OVERDUE_OPEN)], CITY_CENTRE)
    assert found.parts[2].points is None
    assert found.total == Decimal("11.11")


def test_perfect_is_a_hundred():
    assert score([charge(1)], CITY_CENTRE).total == Decimal("100.00")


def test_every_unit_charged_with_anything_has_a_score():
    assert [(s.unit, s.counts["due"]) for s in score_units([charge(1, unit=OTHER), *MONTH], CITY_CENTRE)] == [(UNIT, 10), (OTHER, 1)]


def test_a_score_is_of_one_unit():
    two = [charge(1), charge(2, unit=OTHER)]
    with pytest.raises(ValueError, match="2 units"):
        score(two, CITY_CENTRE)
    assert score(two, CITY_CENTRE, OTHER).counts["due"] == 1


@pytest.mark.parametrize(
    ("total", "letter"), [("100", "A"), ("90.00", "A"), ("89.99", "B"), ("80", "B"), ("70", "C"), ("60", "D"), ("59.99", "E"), ("0", "E")]
)
def test_grades(total, letter):
    assert grade_of(Decimal(total)) == letter


@pytest.mark.parametrize(("value", "shown"), [("1/3", "0.33"), ("2/3", "0.67"), ("1/200", "0.01"), ("0.005", "0.01"), ("0.0049", "0.00")])
def test_rounding_is_half_up_and_once(value, shown):
    assert rounded(Fraction(value)) == Decimal(shown)


def test_equal_units_share_a_rank_and_units_without_cases_have_none():
    def scored(unit, *outcomes):
        return score([charge(n, o, unit=OrgId(unit)) for n, o in enumerate(outcomes)], CITY_CENTRE, OrgId(unit))

    good, same, bad, none = scored(3, Outcome.ON_TIME), scored(1, Outcome.ON_TIME), scored(2, Outcome.LATE), scored(4)
    table = league([bad, none, good, same], before={OrgId(2): 1, OrgId(1): 2})
    assert [(p.rank, p.score.unit, p.change) for p in table] == [(1, 1, 1), (1, 3, None), (3, 2, -2), (None, 4, None)]


# --- templates ----------------------------------------------------------------------------------------------------


def test_the_shipped_template_is_sound():
    check_rules(CITY_CENTRE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"weight": Fraction(7, 10)}, "weights_not_one"),
        ({"terms": (Term("nonsense"),)}, "indicator_unknown"),
        ({"terms": (Term("on_time_rate"), Term("rework_rate"))}, "denominators_differ"),
        ({"terms": (Term("on_time_rate", Fraction(2)),)}, "weight_out_of_range"),
    ],
)
def test_a_template_that_gives_no_sound_figure_is_refused_with_its_place(change, code):
    first, *rest = CITY_CENTRE.parts
    with pytest.raises(BadInput) as error:
        check_rules(replace(CITY_CENTRE, parts=(replace(first, **change), *rest)))
    assert error.value.code == code and "city_centre" in error.value.place


# --- periods ------------------------------------------------------------------------------------------------------


def test_a_month_is_of_city_time():
    # 16:00 UTC on 31 October is 1 November in Shanghai.
    assert Month.of(datetime(2026, 10, 31, 16, tzinfo=UTC), ZONE) == NOVEMBER
    assert NOVEMBER.span(ZONE)[0] == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert [str(m) for m in months_of(Month(2026, 11), Month(2027, 2))] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert Month(2026, 12).quarter() == (Month(2026, 10), Month(2026, 11), Month(2026, 12))


def test_what_was_overdue_at_the_end_of_the_month_stays_overdue_in_it():
    late = charge(1, Outcome.LATE, handled=day(3, month=12), closed=day(4, month=12))
    (frozen,) = settle([late], NOVEMBER, ZONE)
    assert (frozen.outcome, frozen.handled) == (Outcome.OVERDUE_OPEN, None)
    assert settle([late], NOVEMBER.next(), ZONE) == ()
    (waited,) = settle([late], NOVEMBER, ZONE, grace=timedelta(days=5))
    assert waited.outcome is Outcome.LATE


def test_what_was_closed_before_it_was_due_counts_where_it_was_closed():
    early = charge(1, due=day(10, month=12))
    assert [c.outcome for c in settle([early], NOVEMBER, ZONE)] == [Outcome.ON_TIME]
    # handled in November, closed in December, due in December: December, since the check might still have failed
    checked_later = replace(early, closed=day(1, month=12))
    assert settle([checked_later], NOVEMBER, ZONE) == ()
    assert len(settle([checked_later], NOVEMBER.next(), ZONE)) == 1


def test_in_a_running_month_what_is_not_due_yet_is_not_overdue():
    waiting = charge(1, Outcome.OPEN, due=day(25), closed=None)
    assert [c.outcome for c in settle([waiting], NOVEMBER, ZONE, now=day(24))] == [Outcome.OPEN]
    assert [c.outcome for c in settle([waiting], NOVEMBER, ZONE, now=day(26))] == [Outcome.OVERDUE_OPEN]
    assert settle([waiting], NOVEMBER, ZONE, now=day(20, month=12)) == settle([waiting], NOVEMBER, ZONE)


def test_the_first_moment_of_a_month_is_in_it_and_the_first_of_the_next_is_not():
    start, end = NOVEMBER.span(ZONE)
    at_start, at_end = charge(1, Outcome.OPEN, due=start, closed=None), charge(2, Outcome.OPEN, due=end, closed=None)
    assert [c.case for c in settle([at_start, at_end], NOVEMBER, ZONE)] == [1]
    assert [c.case for c in settle([at_start, at_end], NOVEMBER.next(), ZONE)] == [2]


def test_at_the_very_moment_of_freezing_feedback_and_closing_count_and_a_deadline_has_not_passed():
    moment = day(20)
    given = as_of(charge(1, handled=moment, closed=moment, due=moment), moment)
    assert (given.outcome, given.handled, given.closed) == (Outcome.ON_TIME, moment, moment)
    assert as_of(charge(1, Outcome.OPEN, due=moment, closed=None), moment).outcome is Outcome.OPEN
    later = as_of(charge(1, handled=moment + timedelta(seconds=1), due=moment), moment)
    assert (later.outcome, later.handled) == (Outcome.OPEN, None)


def test_a_suspension_belongs_to_the_dispatch_in_which_it_happened():
    first, second = unit_clock(0, OTHER, "cancelled", day(3)), unit_clock(1, UNIT, "running", None, started=day(4))
    suspended = Clock(ClockName.SUSPENSION, day(5), None, "city", 1, None, stopped=day(8))
    case = Case(CaseId(1), TenantId(1), state=State.HANDLING, clocks=(first, second, suspended))
    assert [c.suspensions for c in charges_of(case)] == [(), ((day(5), day(8)),)]


def test_suspended_means_at_the_end_of_the_period():
    spans = ((day(3), day(20)), (day(25), day(5, month=12)))
    november = as_of(charge(1, suspensions=spans), NOVEMBER.span(ZONE)[1])
    december = as_of(charge(1, suspensions=spans), NOVEMBER.next().span(ZONE)[1])
    share = INDICATORS["suspended_share"]
    assert len(numerator_of([november], share)) == 1
    assert len(numerator_of([december], share)) == 0


# --- from the case ------------------------------------------------------------------------------------------------

LIMIT = Limit(1, ClockUnit.WORK_DAY)


def unit_clock(serial, org, outcome, stopped, **changes):
    return replace(
        Clock(ClockName.UNIT, day(2), LIMIT, "city", 1, day(5), org=org, serial=serial, outcome=outcome, stopped=stopped), **changes
    )


def event(number, kind, to, *changes):
    return Event(CaseId(1), number, kind, 1, day(3), Actor(Role.DISPATCHER), to, clocks=changes)


def test_a_case_sent_to_the_wrong_unit_first_is_charged_to_the_second_alone():
    wrong = unit_clock(0, OTHER, "cancelled", day(3))
    right = unit_clock(1, UNIT, "met", day(4), pauses=((day(3), day(3, 5), "checking"), (day(3, 6), day(3, 7), "paused")))
    case = Case(CaseId(1), TenantId(1), state=State.CLOSED, clocks=(wrong, right), closed_at=day(7), urgency=Urgency.URGENT)
    events = (
        event(1, "return", State.RETURNED),
        event(2, "reassign", State.DISPATCHED, ClockChange("cancel", wrong), ClockChange("start", right)),
    )
    first, second = charges_of(case, events)
    assert (first.unit, first.outcome, first.returned) == (OTHER, Outcome.WITHDRAWN, True)
    assert (second.unit, second.outcome, second.returned, second.reworks) == (UNIT, Outcome.ON_TIME, False, 1)
    assert second.urgency is Urgency.URGENT and second.closed == day(7)


def test_a_recall_is_not_a_return():
    clock = unit_clock(0, OTHER, "cancelled", day(3))
    case = Case(CaseId(1), TenantId(1), state=State.PENDING_DISPATCH, clocks=(clock,))
    recall = event(1, "recall", State.PENDING_DISPATCH, ClockChange("cancel", clock))
    (only,) = charges_of(case, (recall,))
    assert (only.outcome, only.returned) == (Outcome.WITHDRAWN, False)


@pytest.mark.parametrize("state", [State.VOID, State.MERGED])
def test_a_void_or_merged_case_is_charged_to_nobody(state):
    assert charges_of(Case(CaseId(1), TenantId(1), state=state, clocks=(unit_clock(0, UNIT, "late", day(6)),))) == ()


def test_a_granted_appeal_takes_the_late_mark_out_and_an_open_one_does_not():
    case = Case(CaseId(1), TenantId(1), state=State.CLOSED, clocks=(unit_clock(0, UNIT, "late", day(6)),), closed_at=day(7))
    granted = replace(case, appeal=Appeal(PersonId(1), day(8), outcome="granted"))
    waiting = replace(case, appeal=Appeal(PersonId(1), day(8)))
    assert score(charges_of(granted), CITY_CENTRE).total is None
    assert score(charges_of(waiting), CITY_CENTRE).total == Decimal("52.00")
    (fact,) = charges_of(granted)
    assert fact.outcome is Outcome.LATE and fact.appeal_granted


# --- corrections --------------------------------------------------------------------------------------------------


def test_a_correction_stands_beside_the_first_figure_and_needs_a_second_person():
    first = score(MONTH, CITY_CENTRE)
    change = Correction(UNIT, "2026-11", first.total, Decimal("90.00"), "checked_by_mistake", PersonId(1), PersonId(2), day(9))
    after = corrected(first, change)
    assert (after.total, after.grade, after.corrected, first.total) == (Decimal("90.00"), "A", True, Decimal("85.09"))
    assert corrected(first, replace(change, approved_by=PersonId(1))) == Refused("own_request")
    assert corrected(first, replace(change, before=Decimal("85.00"))).reason == "score_moved_on"
    assert corrected(first, replace(change, reason="")) == Refused("reason_needed")
