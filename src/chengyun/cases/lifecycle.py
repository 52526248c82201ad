"""The life of a case as one table: from which state, which act, by whom, to where, with what evidence, under which conditions,
and what it does to which clock. Buttons, documentation and tests are made from it; `decide` reads nothing else about order.

The national seven steps (domain.md 2.1, 2.2, 9) are the default. A department's own flow is another table in YAML (`flows.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from chengyun.cases.records import State
from chengyun.city.records import Role

PRIOR = "@prior"
"""Target of a transition that goes back to where the case stood before."""

SAME = "@same"
"""Target of a transition that leaves the state alone."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. Cells of several states share a row when nothing else differs.

    who      roles that may; scope and the named conditions narrow it further
    needs    evidence: `text:reason`, `photo:after`, or a fact by name
    guards   named conditions, see `guards.py`
    clocks   `start:unit`, `stop:file`, `pause:case`, `resume:unit`, `cancel:unit`, `extend:unit`, `stop:*`
    """

    states: tuple[State, ...]
    action: str
    who: frozenset[Role]
    to: str
    needs: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lifecycle:
    """A flow: its rows, and the rows by (state, action)."""

    name: str
    version: int
    rows: tuple[Transition, ...]
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Own words for actions or states: key -> (zh, en); what is missing has the default words."""

    @cached_property
    def by_cell(self) -> Mapping[tuple[State, str], tuple[Transition, ...]]:
        cells: dict[tuple[State, str], tuple[Transition, ...]] = {}
        for row in self.rows:
            for state in row.states:
                cells[state, row.action] = (*cells.get((state, row.action), ()), row)
        return cells

    @cached_property
    def by_state(self) -> Mapping[State, tuple[Transition, ...]]:
        found: dict[State, tuple[Transition, ...]] = {}
        for row in self.rows:
            for state in row.states:
                found[state] = (*found.get(state, ()), row)
        return found

    def find(self, state: State, action: str, role: Role) -> Transition | None:
        """The row by which this role may do this here; None if there is none."""
        return next((row for row in self.by_cell.get((state, action), ()) if role in row.who), None)

    def roles(self, state: State, action: str) -> frozenset[Role]:
        """Everybody who may do this here."""
        return frozenset().union(*(row.who for row in self.by_cell.get((state, action), ())))
