"""A reader's compiled filter in SQL: the same words for tables, counts, tiles, search and exports (promise A1).

`access.matches` says the same of one case in Python; a property test holds the two together.
"""

from dataclasses import dataclass, field
from datetime import datetime

from chengyun.base.ids import CategoryCode, OrgId, PersonId
from chengyun.cases.access import CaseFilter, Clause
from chengyun.cases.records import SourceFamily, State, Urgency

Values = dict[str, object]


@dataclass(frozen=True)
class Asked:
    """What somebody narrows a list to, within what he may see. None is no limit; everything given must hold.

    holders      held now by one of these units
    handler      assigned to this person; with `or_unassigned`, also what lies with `holders` and is assigned to nobody
    overdue_at   the leading clock had run out at this moment
    due_until    the leading clock runs out before this moment (overdue ones included)
    """

    states: frozenset[State] | None = None
    open: bool | None = None
    areas: tuple[str, ...] | None = None
    categories: frozenset[CategoryCode] | None = None
    majors: frozenset[str] | None = None
    fields: frozenset[str] | None = None
    families: frozenset[SourceFamily] | None = None
    urgencies: frozenset[Urgency] | None = None
    holders: frozenset[OrgId] | None = None
    answerable: frozenset[OrgId] | None = None
    handler: PersonId | None = None
    or_unassigned: bool = False
    checker: PersonId | None = None
    supervised: bool | None = None
    appealed: bool | None = None
    simple: bool | None = None
    unit_outcome: str | None = None
    overdue_at: datetime | None = None
    due_until: datetime | None = None
    reported_from: datetime | None = None
    reported_until: datetime | None = None
    closed_from: datetime | None = None
    closed_until: datetime | None = None
    cells: tuple[tuple[int, int], ...] | None = None

    @property
    def is_tight(self) -> bool:
        """Whether it asks about work under way alone: some thousands of rows at most, whatever lies in the archive."""
        return bool(self.open) or (self.states is not None and self.states <= OPEN_STATES)


OPEN_STATES = frozenset(State) - {State.VOID, State.MERGED, State.CLOSED, State.FORCED_CLOSED, State.EVALUATED, State.UNKNOWN}


@dataclass
class Where:
    """Conditions on `case_row c` under construction, with their values by name."""

    parts: list[str] = field(default_factory=list)
    values: Values = field(default_factory=dict)

    def bind(self, value: object) -> str:
        """A place for the value, named by its order."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def need(self, condition: str) -> None:
        self.parts.append(condition)

    def equals(self, column: str, value: object) -> None:
        if value is not None:
            self.need(f"c.{column} = {self.bind(value)}")

    def within(self, column: str, values: frozenset[object] | frozenset[str] | frozenset[int] | None) -> None:
        if values is not None:
            self.need(self.one_of(column, values))

    def one_of(self, column: str, values: frozenset[object] | frozenset[str] | frozenset[int]) -> str:
        listed = sorted(values)  # type: ignore[type-var]
        if len(listed) == 1:
            return f"c.{column} = {self.bind(listed[0])}"
        return f"c.{column} = ANY({self.bind(listed)})"

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts) or "true"


def where(only: CaseFilter, asked: Asked) -> Where:
    """The cases a reader may see and asked for."""
    found = Where()
    found.need(f"c.tenant_id = {found.bind(int(only.tenant))}")
    found.need(seen(only, found, probe=asked.is_tight))
    _narrow(asked, found)
    return found


def seen(only: CaseFilter, found: Where, probe: bool = False) -> str:
    """What the reader may see at all: any of the clauses. `probe`: few rows are asked about, look each of them up."""
    clauses = [_clause(clause, found, probe) for clause in only.clauses]
    if not clauses:
        return "false"
    return clauses[0] if len(clauses) == 1 else f"({' OR '.join(clauses)})"


def _clause(clause: Clause, found: Where, probe: bool) -> str:
    parts: list[str] = []
    if clause.areas is not None:
        parts.append(_in_areas(clause.areas, found))
    if clause.fields is not None:
        parts.append(found.one_of("field", clause.fields) if clause.fields else "false")
    if clause.holding is not None:
        kinds = ["unit", *(["past"] if clause.past else []), *(["trade"] if clause.trade else [])]
        parts.append(_linked(kinds, clause.holding, found, probe))
    if clause.reporter is not None:
        parts.append(_linked(["reporter"], clause.reporter, found, probe))
    if clause.handler is not None:
        parts.append(found.one_of("handler", clause.handler) if clause.handler else "false")
    if clause.checker is not None:
        parts.append(found.one_of("checker", clause.checker) if clause.checker else "false")
    if clause.not_about:
        parts.append(f"(c.staff_of IS NULL OR NOT {found.one_of('staff_of', clause.not_about)})")
    return f"({' AND '.join(parts)})" if parts else "true"


def _linked(kinds: list[str], refs: frozenset[OrgId] | frozenset[PersonId], found: Where, probe: bool) -> str:
    if not refs:
        return "false"
    look = (
        f"FROM case_link l WHERE l.tenant_id = c.tenant_id AND l.case_id = c.id"
        f" AND l.kind = ANY({found.bind(kinds)}) AND l.ref = ANY({found.bind(sorted(refs))}::bigint[])"
    )
    # EXISTS lets the planner begin with the links of the unit, which is right for its whole past and wrong for the fifty rows of a queue.
    if not probe:
        return f"EXISTS (SELECT {look})"
    looked = f"coalesce((SELECT true {look} LIMIT 1), false)"
    # What a unit holds is linked to it: its own row says so, and no link need be looked up for the whole of its queue.
    return f"(coalesce({found.one_of('holder', refs)}, false) OR {looked})" if "unit" in kinds else looked


def _in_areas(prefixes: tuple[str, ...], found: Where) -> str:
    """Codes below a prefix are a range of the index; `~` stands after every digit and letter."""
    ranges = []
    for prefix in prefixes:
        if prefix == "":
            return "true"
        ranges.append(f"(c.grid >= {found.bind(prefix)} AND c.grid < {found.bind(prefix + '~')})")
    return f"({' OR '.join(ranges)})" if ranges else "false"


def _narrow(asked: Asked, found: Where) -> None:
    found.within("state", asked.states)
    if asked.open is not None:
        found.need("c.open" if asked.open else "NOT c.open")
    if asked.areas is not None:
        found.need(_in_areas(asked.areas, found))
    found.within("category", asked.categories)
    found.within("major", asked.majors)
    found.within("field", asked.fields)
    found.within("family", asked.families)
    found.within("urgency", asked.urgencies)
    found.within("holder", asked.holders)
    found.within("answerable", asked.answerable)
    if asked.handler is not None:
        own = f"c.handler = {found.bind(asked.handler)}"
        found.need(f"({own} OR c.handler IS NULL)" if asked.or_unassigned else own)
    found.equals("checker", asked.checker)
    found.equals("supervised", asked.supervised)
    found.equals("appealed", asked.appealed)
    found.equals("simple", asked.simple)
    found.equals("unit_clock_outcome", asked.unit_outcome)
    for column, sign, moment in (
        ("due_at", "<", asked.overdue_at),
        ("due_at", "<", asked.due_until),
        ("reported_at", ">=", asked.reported_from),
        ("reported_at", "<", asked.reported_until),
        ("closed_at", ">=", asked.closed_from),
        ("closed_at", "<", asked.closed_until),
    ):
        if moment is not None:
            found.need(f"c.{column} {sign} {found.bind(moment)}")
    if asked.cells is not None:
        spans = [f"(c.cell >= {found.bind(low)} AND c.cell < {found.bind(high)})" for low, high in asked.cells]
        found.need(f"({' OR '.join(spans)})")
