"""A separate recomputation reaches the same score to the last digit, and counts add up (H5, domain.md 9.6).

`recompute` shares no code with the product: it reads plain rows and knows only the formula printed on the score sheet.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.ids import CaseId, OrgId, TenantId
from chengyun.evaluation.charges import settle
from chengyun.evaluation.indicators import INDICATORS, denominator_of, numerator_of
from chengyun.evaluation.periods import Month, months_of
from chengyun.evaluation.records import Charge, Outcome
from chengyun.evaluation.scoring import CITY_CENTRE, score

ZONE = "Asia/Shanghai"
START = datetime(2026, 9, 20, tzinfo=UTC)
MONTHS = list(months_of(Month(2026, 8), Month(2027, 3)))


@st.composite
def charges(draw, number=0):
    """A dispatch as the desk can make it: outcome and times agree."""
    dispatched = START + timedelta(hours=draw(st.integers(0, 24 * 100)))
    due = dispatched + timedelta(hours=draw(st.integers(1, 24 * 20)))
    kind = draw(st.sampled_from(list(Outcome)))
    lag = timedelta(hours=draw(st.integers(0, 24 * 30)))
    handled = {
        Outcome.ON_TIME: min(due, dispatched + lag),
        Outcome.LATE: due + timedelta(seconds=1) + lag,
        Outcome.WITHDRAWN: dispatched + lag,
        Outcome.NO_LIMIT: dispatched + lag,
    }.get(kind)
    closed = (
        handled + timedelta(hours=draw(st.integers(0, 100))) if handled and kind is not Outcome.WITHDRAWN and draw(st.booleans()) else None
    )
    return Charge(
        TenantId(1),
        OrgId(1),
        CaseId(number),
        0,
        dispatched,
        None if kind is Outcome.NO_LIMIT else due,
        handled,
        kind,
        closed=closed,
        reworks=draw(st.integers(0, 2)),
        extensions=draw(st.integers(0, 2)),
        returned=kind is Outcome.WITHDRAWN and draw(st.booleans()),
        confirmed=draw(st.sampled_from([True, True, True, False])),
        appeal_granted=kind is Outcome.LATE and draw(st.booleans()),
    )


many = st.lists(charges(), max_size=30).map(lambda found: [replace(c, case=CaseId(n)) for n, c in enumerate(found)])


def recompute(rows):
    """((on time + 0.4 x late) x 0.8 + (1 - extension rate) x 0.1 + (1 - rework rate) x 0.1) x 100, from rows of plain values."""
    getcontext().prec = 60
    due = on_time = late = extended = handled = reworked = 0
    for row in rows:
        if row["confirmed"] == "no" or row["appeal"] == "granted" or row["outcome"] == "withdrawn":
            continue
        timed = row["outcome"] in ("on_time", "late", "overdue_open")
        due += timed
        on_time += row["outcome"] == "on_time"
        late += row["outcome"] == "late"
        extended += timed and row["extensions"] > 0
        done = row["outcome"] in ("on_time", "late", "no_limit")
        handled += done
        reworked += done and row["reworks"] > 0
    parts = []
    if due:
        parts.append((Decimal("0.8"), (Decimal(on_time) + Decimal("0.4") * late) / due))
        parts.append((Decimal("0.1"), 1 - Decimal(extended) / due))
    if handled:
        parts.append((Decimal("0.1"), 1 - Decimal(reworked) / handled))
    if not parts:
        return None
    total = sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts) * 100
    # sixty digits are cut to forty first, so that 1/3 + 2/3 is 1 again and a half is a half
    return total.quantize(Decimal("1e-40")).quantize(Decimal("0.01"), ROUND_HALF_UP)


def as_rows(found):
    return [
        {
            "outcome": c.outcome.value,
            "confirmed": "yes" if c.confirmed else "no",
            "appeal": "granted" if c.appeal_granted else "",
            "extensions": c.extensions,
            "reworks": c.reworks,
        }
        for c in found
    ]


@settings(max_examples=300, deadline=None)
@given(many)
def test_a_separate_script_recomputes_every_score_to_the_last_digit(found):
    assert score(found, CITY_CENTRE, OrgId(1)).total == recompute(as_rows(found))


@settings(max_examples=150, deadline=None)
@given(many)
def test_every_charge_falls_in_exactly_one_month_or_in_none_yet(found):
    placed = [c.case for month in MONTHS for c in settle(found, month, ZONE)]
    assert len(placed) == len(set(placed))
    assert set(placed) == {c.case for c in found if c.anchor is not None}


@settings(max_examples=150, deadline=None)
@given(many)
def test_months_add_up_to_the_quarter(found):
    months = Month(2026, 11).quarter()
    settled = [settle(found, month, ZONE) for month in months]
    quarter = [c for month in settled for c in month]
    for indicator in INDICATORS.values():
        for side in (numerator_of, denominator_of):
            assert len(side(quarter, indicator)) == sum(len(side(month, indicator)) for month in settled)
    whole, parts = score(quarter, CITY_CENTRE, OrgId(1)).counts, [score(m, CITY_CENTRE, OrgId(1)).counts for m in settled]
    assert all(whole[name] == sum(part[name] for part in parts) for name in whole)


@settings(max_examples=150, deadline=None)
@given(many)
def test_every_numerator_is_a_subset_of_its_denominator(found):
    for indicator in INDICATORS.values():
        assert {c.case for c in numerator_of(found, indicator)} <= {c.case for c in denominator_of(found, indicator)}


@settings(max_examples=150, deadline=None)
@given(many, charges())
def test_a_score_stays_between_nothing_and_a_hundred_and_a_late_case_never_helps(found, more):
    before = score(found, CITY_CENTRE, OrgId(1))
    if before.total is None:
        return
    assert 0 <= before.total <= 100
    worst = replace(more, case=CaseId(999), outcome=Outcome.OVERDUE_OPEN, handled=None, confirmed=True, appeal_granted=False, extensions=1)
    assert score([*found, worst], CITY_CENTRE, OrgId(1)).total <= before.total or before.parts[0].value is None


@settings(max_examples=100, deadline=None)
@given(many)
def test_what_happened_after_the_month_does_not_change_it(found):
    """Frozen is frozen: the later fate of a case, its late feedback and its closing, leaves the month alone."""
    month = Month(2026, 10)
    end = month.span(ZONE)[1]
    later = [
        replace(c, outcome=Outcome.LATE, handled=max(end, c.due) + timedelta(days=3), closed=max(end, c.due) + timedelta(days=4))
        if c.outcome is Outcome.OVERDUE_OPEN and c.due is not None
        else c
        for c in found
    ]
    assert [(c.case, c.outcome) for c in settle(found, month, ZONE)] == [(c.case, c.outcome) for c in settle(later, month, ZONE)]
