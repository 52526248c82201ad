"""What lists ask for, pulled out of a case into columns. Reads the case, its category's field, its state's step."""

from datetime import UTC, datetime

from chengyun.base.ids import CategoryCode
from chengyun.cases.records import Case, Clock, ClockName, State
from chengyun.stores.cells import cell

FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""`due_sort` of what is never due."""

DONE = frozenset({State.VOID, State.MERGED, State.CLOSED, State.FORCED_CLOSED, State.EVALUATED, State.UNKNOWN})
"""States that wait for nobody."""

_BEHIND = {ClockName.CASE: 2, ClockName.ANSWER: 1, ClockName.SUPERVISION: 1}
"""Clocks that lead only while no step clock runs: they stand behind the work, not for it."""

COLUMNS: tuple[tuple[str, str], ...] = (
    ("number", "text"),
    ("seq", "int"),
    ("doc", "jsonb"),
    ("state", "text"),
    ("step", "smallint"),
    ("open", "boolean"),
    ("flow", "text"),
    ("provenance", "text"),
    ("family", "text"),
    ("source_detail", "text"),
    ("urgency", "text"),
    ("category", "text"),
    ("major", "text"),
    ("field", "text"),
    ("grid", "text"),
    ("street", "text"),
    ("community", "text"),
    ("component", "text"),
    ("lon", "float8"),
    ("lat", "float8"),
    ("cell", "bigint"),
    ("reported_at", "timestamptz"),
    ("captured_at", "timestamptz"),
    ("filed_at", "timestamptz"),
    ("closed_at", "timestamptz"),
    ("clock", "text"),
    ("clock_started", "timestamptz"),
    ("clock_outcome", "text"),
    ("due_at", "timestamptz"),
    ("due_sort", "timestamptz"),
    ("provisional", "boolean"),
    ("answerable", "bigint"),
    ("holder", "bigint"),
    ("trade_department", "bigint"),
    ("assisting", "jsonb"),
    ("handler", "bigint"),
    ("checker", "bigint"),
    ("reported_by", "bigint"),
    ("duty_row", "bigint"),
    ("returns", "smallint"),
    ("reworks", "smallint"),
    ("urges", "smallint"),
    ("extensions", "smallint"),
    ("supervisions", "smallint"),
    ("unanswered", "smallint"),
    ("unit_clock_outcome", "text"),
    ("merged_into", "bigint"),
    ("parent", "bigint"),
    ("simple", "boolean"),
    ("confirmed", "boolean"),
    ("staff_of", "bigint"),
    ("supervised", "boolean"),
    ("appealed", "boolean"),
)
"""Column and type, in the order of `extract`."""


def leading_clock(case: Case) -> Clock | None:
    """The clock a queue shows: of those still running the one due first, step clocks before the case's own; else one that stands paused."""
    waiting = [clock for clock in case.clocks if clock.outcome in ("running", "paused")]
    if not waiting:
        return None
    return min(waiting, key=lambda clock: (_BEHIND.get(clock.name, 0), clock.due is None, clock.due or FAR, clock.started))


def major_of(category: CategoryCode | None) -> str | None:
    """The major class a category belongs to, components and events alike: `2026:06` of `2026:event:0601`."""
    if category is None:
        return None
    scheme, _, number = category.split(":", 2)
    return f"{scheme}:{number[:2]}"


def extract(case: Case, field: str | None, step: int) -> tuple[object, ...]:
    """Values of `COLUMNS`, JSON-ready."""
    clock = leading_clock(case)
    unit_clocks = [c for c in case.clocks if c.name is ClockName.UNIT]
    place, grid = case.place, case.grid
    return (
        case.number,
        case.seq,
        case,
        case.state,
        step,
        case.state not in DONE,
        case.flow,
        case.provenance,
        case.family,
        case.source_detail,
        case.urgency,
        case.category,
        major_of(case.category),
        field,
        grid,
        grid[:9] if grid else None,
        grid[:12] if grid else None,
        case.component,
        place.lon if place else None,
        place.lat if place else None,
        cell(place) if place else None,
        case.reported_at,
        case.captured_at,
        case.filed_at,
        case.closed_at,
        clock.name if clock else None,
        clock.started if clock else None,
        clock.outcome if clock else None,
        clock.due if clock else None,
        clock.due if clock and clock.due else FAR,
        clock.provisional if clock else False,
        case.holders[0] if case.holders else None,
        case.holders[-1] if case.holders else None,
        case.trade_department,
        case.assisting or None,
        case.handler,
        case.checker,
        case.reported_by,
        case.duty_row[0] if case.duty_row else None,
        case.returns,
        case.reworks,
        case.urges,
        case.extensions,
        len(case.supervisions),
        sum(1 for reporter in case.reporters if reporter.wants_answer and not reporter.answered),
        unit_clocks[-1].outcome if unit_clocks else None,
        case.merged_into,
        case.parent,
        case.simple,
        case.confirmed_by_person,
        case.staff_of,
        any(supervision.answered_at is None for supervision in case.supervisions),
        case.appeal is not None and case.appeal.outcome == "open",
    )


def links(case: Case) -> frozenset[tuple[str, int]]:
    """Whom the case concerns, in the words of `access.target_of`."""
    found = {("unit", org) for org in case.holders} | {("unit", org) for org, _ in case.assisting}
    found |= {("past", org) for org in case.handled_for} | {("past", clock.org) for clock in case.clocks if clock.org is not None}
    found |= {("reporter", reporter.person) for reporter in case.reporters if reporter.person is not None}
    if case.reported_by is not None:
        found.add(("reporter", case.reported_by))
    if case.trade_department is not None:
        found.add(("trade", case.trade_department))
    return frozenset(found)
