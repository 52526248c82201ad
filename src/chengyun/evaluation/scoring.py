"""PURE. A unit's score from its charges by a template, the league table, and corrections that hide nothing.

    points of a part = value x weight x 100;  total = sum of points / sum of the weights that had cases
No cases is no figure, never 100: a part without a denominator is left out and the others carry its weight.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from chengyun.base.errors import BadInput
from chengyun.base.ids import OrgId
from chengyun.base.results import Refused
from chengyun.evaluation.indicators import CONDITIONS, INDICATORS, denominator_of, meets, numerator_of
from chengyun.evaluation.records import Charge, Correction, Grade, PartRule, Place, ScorePart, ScoreRules, Term, UnitScore

GRADES = (Grade("A", Fraction(90)), Grade("B", Fraction(80)), Grade("C", Fraction(70)), Grade("D", Fraction(60)), Grade("E", Fraction(0)))
"""Domain 3.4 [M]: 90, 80, 70, 60; to be verified with GB/T 30428.4."""

CITY_CENTRE = ScoreRules(
    code="city_centre",
    version=1,
    name_zh="处置单位月度评分（某市中心模板）",
    name_en="Handling units by month (template of one city centre)",
    source="domain.md 3.3 [S]: one city centre scores each handling team as "
    "((on time + 0.4 x late) x 0.8 + (1 - extension rate) x 0.1 + (1 - rework rate) x 0.1) x 100",
    parts=(
        PartRule(
            "timeliness",
            "按期处置",
            "Handled on time",
            Fraction(8, 10),
            (Term("on_time_rate"), Term("late_rate", Fraction(4, 10))),
            "（按期处置数 + 0.4 × 超期处置数）÷ 应处置数 × 0.8 × 100",
            "(on time + 0.4 × late) / due × 0.8 × 100",
        ),
        PartRule(
            "extension",
            "少延期",
            "Few extensions",
            Fraction(1, 10),
            (Term("extension_rate"),),
            "（1 − 延期案件数 ÷ 应处置数）× 0.1 × 100",
            "(1 − extended / due) × 0.1 × 100",
            True,
        ),
        PartRule(
            "rework",
            "少返工",
            "Little rework",
            Fraction(1, 10),
            (Term("rework_rate"),),
            "（1 − 返工案件数 ÷ 处置数）× 0.1 × 100",
            "(1 − reworked / handled) × 0.1 × 100",
            True,
        ),
    ),
    indicators=INDICATORS,
    grades=GRADES,
)


def check_rules(rules: ScoreRules) -> None:
    """Raises BadInput if a template cannot give a figure between 0 and `full`: unknown names, terms of unequal denominators,
    weights that are not 1 together."""
    for indicator in rules.indicators.values():
        for name in (*indicator.denominator, *indicator.numerator_adds):
            if name not in CONDITIONS:
                raise BadInput(f'condition "{name}" is not known', place=f"{rules.code}.{indicator.code}", code="condition_unknown")
    for part in rules.parts:
        unknown = [t.indicator for t in part.terms if t.indicator not in rules.indicators]
        if unknown or not part.terms:
            raise BadInput(f"indicators {unknown} are not known", place=f"{rules.code}.{part.code}", code="indicator_unknown")
        if len({rules.indicators[t.indicator].denominator for t in part.terms}) > 1:
            raise BadInput("terms of one part need one denominator", place=f"{rules.code}.{part.code}", code="denominators_differ")
        if part.weight <= 0 or any(not 0 <= t.factor <= 1 for t in part.terms):
            raise BadInput("weights are above 0, factors from 0 to 1", place=f"{rules.code}.{part.code}", code="weight_out_of_range")
    if sum((part.weight for part in rules.parts), Fraction(0)) != 1:
        raise BadInput("the weights of the parts must be 1 together", place=rules.code, code="weights_not_one")


def score(charges: Sequence[Charge], rules: ScoreRules, unit: OrgId | None = None, at: datetime | None = None) -> UnitScore:
    """The score of one unit from its charges of a period (`charges.settle`). With `unit`, those of other units are left out."""
    mine = [c for c in charges if unit is None or c.unit == unit]
    units = {c.unit for c in mine}
    if len(units) > 1:
        raise ValueError(f"charges of {len(units)} units in one score")
    exact = [_part(mine, rules, part) for part in rules.parts]
    counted = [(part, found) for part, found in zip(rules.parts, exact, strict=True) if found.value is not None]
    weights = sum((part.weight for part, _ in counted), Fraction(0))
    total = sum((found.value * part.weight for part, found in counted if found.value is not None), Fraction(0)) * rules.full
    whole = total / weights if weights else None
    return UnitScore(
        unit=unit if unit is not None else (units.pop() if units else OrgId(0)),
        rules=rules.code,
        rules_version=rules.version,
        parts=tuple(exact),
        total=None if whole is None else rounded(whole),
        grade=None if whole is None else grade_of(rounded(whole), rules.grades),
        counts=counts(mine),
        computed_at=at,
    )


def score_units(charges: Sequence[Charge], rules: ScoreRules, at: datetime | None = None) -> tuple[UnitScore, ...]:
    """The score of every unit that was charged with anything, in the order of their numbers."""
    by_unit: dict[OrgId, list[Charge]] = {}
    for charge in charges:
        by_unit.setdefault(charge.unit, []).append(charge)
    return tuple(score(by_unit[unit], rules, unit, at) for unit in sorted(by_unit))


def _part(charges: Sequence[Charge], rules: ScoreRules, part: PartRule) -> ScorePart:
    denominator = len(denominator_of(charges, rules.indicators[part.terms[0].indicator]))
    numerator = sum((t.factor * len(numerator_of(charges, rules.indicators[t.indicator])) for t in part.terms), Fraction(0))
    if denominator == 0:
        return ScorePart(part.code, part.weight, part.formula_en, numerator, 0, None, None)
    value = numerator / denominator
    value = 1 - value if part.less else value
    return ScorePart(part.code, part.weight, part.formula_en, numerator, denominator, value, rounded(value * part.weight * rules.full))


def counts(charges: Sequence[Charge]) -> Mapping[str, int]:
    """How many charges of the unit meet each condition; what rates are made of is asked of those that count."""
    found = {name: sum(1 for c in charges if meets(c, (name,))) for name in CONDITIONS}
    counted = [c for c in charges if meets(c, ("counted",))]
    timed = {name: sum(1 for c in counted if meets(c, (name,))) for name in ("due", "handled", "on_time", "late", "overdue_open")}
    times = {"rework_times": sum(c.reworks for c in counted), "extension_times": sum(c.extensions for c in counted)}
    return {**found, **timed, **times}


def rounded(value: Fraction) -> Decimal:
    """Two decimals, half up, from the exact fraction: rounded once and at the end (H5: recomputed to the last digit)."""
    cents = value * 100
    whole = (cents.numerator * 2 + cents.denominator) // (cents.denominator * 2)
    return (Decimal(whole) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def grade_of(total: Decimal, grades: Sequence[Grade] = GRADES) -> str:
    """By the figure that is shown, so nobody reads 90.00 and B."""
    best_first = sorted(grades, key=lambda g: g.least, reverse=True)
    return next((g.letter for g in best_first if Fraction(total) >= g.least), best_first[-1].letter)


def league(scores: Iterable[UnitScore], before: Mapping[OrgId, int] | None = None) -> tuple[Place, ...]:
    """Best first; equal figures share a rank and the next rank is left out. Order among equals: the unit's number."""
    listed = sorted(scores, key=lambda s: (s.total is None, -(s.total or Decimal(0)), s.unit))
    places: list[Place] = []
    for number, each in enumerate(listed, 1):
        rank: int | None = None
        if each.total is not None:
            rank = places[-1].rank if places and places[-1].score.total == each.total else number
        earlier = (before or {}).get(each.unit)
        places.append(Place(rank, each, earlier - rank if earlier is not None and rank is not None else None))
    return tuple(places)


def corrected(first: UnitScore, correction: Correction) -> UnitScore | Refused:
    """The score as it counts after a correction; the first stays as it was computed, and screens show both."""
    if correction.asked_by == correction.approved_by:
        return Refused("own_request")
    if correction.unit != first.unit or correction.before != first.total:
        return Refused("score_moved_on", {"found": str(first.total), "expected": str(correction.before)})
    if not correction.reason:
        return Refused("reason_needed")
    return replace(first, total=correction.after, grade=grade_of(correction.after), corrected=True)
