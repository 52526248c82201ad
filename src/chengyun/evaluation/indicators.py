"""PURE. The rates of a handling unit as data (domain.md 3.1, 3.2), and the named conditions they are written in.

Not here: 结案率 and 按期结案率 (cases, not dispatches) and the rates of posts and collectors; they count other things than charges.
"""

from collections.abc import Callable, Mapping, Sequence

from chengyun.cases.records import Urgency
from chengyun.evaluation.records import Charge, Indicator, Outcome

_TIMED = (Outcome.ON_TIME, Outcome.LATE, Outcome.OVERDUE_OPEN)

CONDITIONS: Mapping[str, Callable[[Charge], bool]] = {
    "dispatched": lambda c: not c.simple and c.confirmed,
    "counted": lambda c: not c.simple and c.confirmed and not c.appeal_granted and c.outcome is not Outcome.WITHDRAWN,
    "due": lambda c: c.outcome in _TIMED,
    "handled": lambda c: c.outcome in (Outcome.ON_TIME, Outcome.LATE, Outcome.NO_LIMIT),
    "on_time": lambda c: c.outcome is Outcome.ON_TIME,
    "late": lambda c: c.outcome is Outcome.LATE,
    "overdue_open": lambda c: c.outcome is Outcome.OVERDUE_OPEN,
    "returned": lambda c: c.returned,
    "extended": lambda c: c.extensions > 0,
    "reworked": lambda c: c.reworks > 0,
    "urgent": lambda c: c.urgency is not Urgency.NORMAL,
    "suspended": lambda c: any(end is None for _, end in c.suspensions),
    "appeal_granted": lambda c: c.appeal_granted,
    "simple": lambda c: c.simple,
    "unconfirmed": lambda c: not c.confirmed,
}
"""`suspended` is true for what stood on the list when the charge was frozen: suspended at period end, not times (domain 9.6)."""


def _rate(code: str, zh: str, en: str, denominator: str, adds: str, formula_zh: str, formula_en: str, source: str) -> Indicator:
    return Indicator(code, zh, en, tuple(denominator.split()), tuple(adds.split()), formula_zh, formula_en, source)


INDICATORS: Mapping[str, Indicator] = {
    rate.code: rate
    for rate in (
        _rate("handled_rate", "处置率", "Handled", "counted due", "handled", "处置数 ÷ 应处置数", "handled / due", "domain 3.2 [M]"),
        _rate(
            "on_time_rate", "按期处置率", "On time", "counted due", "on_time", "按期处置数 ÷ 应处置数", "on time / due", "domain 3.2 [M]"
        ),
        _rate("late_rate", "超期处置率", "Late", "counted due", "late", "超期处置数 ÷ 应处置数", "late / due", "domain 3.1"),
        _rate(
            "overdue_open_rate",
            "超期未处置率",
            "Overdue, still open",
            "counted due",
            "overdue_open",
            "超期未处置数 ÷ 应处置数",
            "overdue and open / due",
            "domain 3.1",
        ),
        _rate(
            "extension_rate", "延期率", "Extended", "counted due", "extended", "延期案件数 ÷ 应处置数", "extended / due", "domain 3.2 [M]"
        ),
        _rate(
            "rework_rate",
            "返工率",
            "Reworked",
            "counted handled",
            "reworked",
            "返工案件数 ÷ 处置数",
            "cases reworked / handled",
            "domain 3.2 [M]; cases, not times, so that it stays a share",
        ),
        _rate(
            "return_rate",
            "回退率",
            "Returned",
            "dispatched",
            "returned",
            "回退成立数 ÷ 派遣数",
            "accepted returns / dispatched",
            "domain 3.2 [M], 9.7",
        ),
        _rate(
            "urgent_on_time_rate",
            "紧急案件按期处置率",
            "Urgent, on time",
            "counted due urgent",
            "on_time",
            "紧急按期处置数 ÷ 紧急应处置数",
            "urgent on time / urgent due",
            "after the Jinhua rule, domain 3.2 [O]",
        ),
        _rate(
            "suspended_share",
            "期末缓办占比",
            "Suspended at period end",
            "dispatched",
            "suspended",
            "期末缓办数 ÷ 派遣数",
            "suspended at period end / dispatched",
            "domain 9.6",
        ),
    )
}


def meets(charge: Charge, conditions: Sequence[str]) -> bool:
    return all(CONDITIONS[name](charge) for name in conditions)


def denominator_of(charges: Sequence[Charge], indicator: Indicator) -> tuple[Charge, ...]:
    return tuple(c for c in charges if meets(c, indicator.denominator))


def numerator_of(charges: Sequence[Charge], indicator: Indicator) -> tuple[Charge, ...]:
    """Out of the denominator, never beside it. These are the cases a figure opens."""
    return tuple(c for c in denominator_of(charges, indicator) if meets(c, indicator.numerator_adds))
