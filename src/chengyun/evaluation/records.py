"""What is counted, by which rule, and the score that comes out. Figures are exact fractions until they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from chengyun.base.ids import CaseId, OrgId, PersonId, TenantId
from chengyun.cases.records import Provenance, Urgency


class Outcome(StrEnum):
    """How one dispatch ended for the unit it was charged to.

    withdrawn   an accepted return, a recall, a step up the ladder, a void: not charged
    no_limit    handled, but under no limit: in no rate of time
    """

    OPEN = "open"
    ON_TIME = "on_time"
    LATE = "late"
    OVERDUE_OPEN = "overdue_open"
    WITHDRAWN = "withdrawn"
    NO_LIMIT = "no_limit"


@dataclass(frozen=True, slots=True)
class Charge:
    """One case at one unit for one dispatch: the smallest thing that is counted.

    due, handled       the deadline as it stood at the end, and the last feedback: the one that passed the check, once it is closed
                       (domain 9.1). For what was withdrawn, the moment it was
    closed             when the case was closed
    reworks            failed checks of this dispatch; extensions granted in it
    returned           the unit said "not mine" and was believed (wrong dispatch, domain 9.7)
    suspensions        spans on the suspended list; the last has no end while it lasts
    simple             put right on the spot: counted apart, never in a unit's rate (9.8)
    confirmed          False: a machine's finding no person has confirmed; enters no score (9.13)
    appeal_granted     out of the statistics, the fact kept (2.2)
    """

    tenant: TenantId
    unit: OrgId
    case: CaseId
    serial: int
    dispatched: datetime
    due: datetime | None
    handled: datetime | None
    outcome: Outcome
    closed: datetime | None = None
    reworks: int = 0
    extensions: int = 0
    returned: bool = False
    suspensions: tuple[tuple[datetime, datetime | None], ...] = ()
    urgency: Urgency = Urgency.NORMAL
    simple: bool = False
    confirmed: bool = True
    appeal_granted: bool = False
    supervised: bool = False
    provenance: Provenance = Provenance.LIVE

    @property
    def anchor(self) -> datetime | None:
        """The moment that puts it into one period and no other: when it was due, or closed before that ("plus those handled early",
        domain 3.1). By the closing and not by the feedback, since a feedback may still fail its check. None: in no period yet."""
        match self.outcome:
            case Outcome.WITHDRAWN:
                return self.handled
            case Outcome.NO_LIMIT:
                return self.closed
            case _ if self.due is not None and self.closed is not None:
                return min(self.due, self.closed)
            case _:
                return self.due


@dataclass(frozen=True, slots=True)
class Indicator:
    """A rate as data: the denominator's conditions, and what a charge must meet besides to be in the numerator. So every numerator
    is a subset of its denominator by construction (domain 9.6). Conditions are named in `indicators.CONDITIONS`."""

    code: str
    name_zh: str
    name_en: str
    denominator: tuple[str, ...]
    numerator_adds: tuple[str, ...]
    formula_zh: str
    formula_en: str
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Term:
    """An indicator's numerator with its factor: late work counts 0.4."""

    indicator: str
    factor: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class PartRule:
    """A part of a score: the sum of its terms over their common denominator, or with `less` what is left of 1."""

    code: str
    name_zh: str
    name_en: str
    weight: Fraction
    terms: tuple[Term, ...]
    formula_zh: str
    formula_en: str
    less: bool = False


@dataclass(frozen=True, slots=True)
class Grade:
    letter: str
    least: Fraction


@dataclass(frozen=True)
class ScoreRules:
    """A scoring template of a city, edited as a new version."""

    code: str
    version: int
    name_zh: str
    name_en: str
    source: str
    parts: tuple[PartRule, ...]
    indicators: Mapping[str, Indicator]
    grades: tuple[Grade, ...]
    full: int = 100


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part with everything that made it. `value` and `points` are None where there were no cases: never 100."""

    code: str
    weight: Fraction
    formula: str
    numerator: Fraction
    denominator: int
    value: Fraction | None
    points: Decimal | None


@dataclass(frozen=True)
class UnitScore:
    """`total` is the sum of exact points over the weights that had cases, rounded once; None: no cases at all.

    counts   every count behind it, by condition; cases: the cases in each numerator and denominator, for drilling down
    """

    unit: OrgId
    rules: str
    rules_version: int
    parts: tuple[ScorePart, ...]
    total: Decimal | None
    grade: str | None
    counts: Mapping[str, int] = field(default_factory=dict)
    computed_at: datetime | None = None
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """A later change of a score: a new entry with reason and author, beside the first figure (H5). Needs a second person (A6)."""

    unit: OrgId
    month: str
    before: Decimal | None
    after: Decimal
    reason: str
    """Code of the ground; its words stand in the audit."""
    asked_by: PersonId
    approved_by: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the league table. Units without cases stand at the end without a rank."""

    rank: int | None
    score: UnitScore
    change: int | None = None
    """Ranks gained since the period before; None if there is none to compare with."""
