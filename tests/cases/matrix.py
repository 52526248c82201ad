"""The expected matrix of a flow, written by hand from the trade, as cells one can compare with a lifecycle table."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from chengyun.cases.lifecycle import Lifecycle, Transition
from chengyun.cases.records import State
from chengyun.city.records import Role

Key = tuple[str, str, str]
"""(state, action, role)"""


@dataclass(frozen=True)
class Cell:
    """What one role may do by one act in one state. Evidence has no order; conditions and clocks are read in theirs."""

    to: str
    needs: frozenset[str]
    guards: tuple[str, ...]
    clocks: tuple[str, ...]


def read(path: Path) -> Mapping[Key, Cell]:
    """The matrix of a CSV: a line for each state, act and group of roles."""
    found: dict[Key, Cell] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            cell = Cell(row["to"], frozenset(row["needs"].split()), tuple(row["guards"].split()), tuple(row["clocks"].split()))
            assert row["why"], f"{path.name}:{number}: a cell without its source"
            for role in row["who"].split():
                key = (row["state"], row["action"], role)
                assert key not in found, f"{path.name}:{number}: {key} stands there twice"
                found[key] = cell
    return found


def cells_of(flow: Lifecycle) -> Mapping[Key, list[Cell]]:
    """The same of a table. A list, so that two rows for one role, of which only the first would ever be used, show."""
    found: dict[Key, list[Cell]] = {}
    for row in flow.rows:
        cell = Cell(str(row.to), frozenset(row.needs), row.guards, row.clocks)
        for state in row.states:
            for role in row.who:
                found.setdefault((str(state), row.action, str(role)), []).append(cell)
    return found


def differences(flow: Lifecycle, expected: Mapping[Key, Cell]) -> list[str]:
    """Every cell in which table and matrix differ, in words."""
    have = cells_of(flow)
    return [
        f"{' '.join(key)}: table {have.get(key)}, expected {expected.get(key)}"
        for key in sorted(have.keys() | expected.keys())
        if have.get(key) != ([expected[key]] if key in expected else None)
    ]


def mutants(flow: Lifecycle) -> Iterator[tuple[str, Lifecycle]]:
    """The table with one thing wrong: a row left out, another target, a role more or less, evidence, a condition, a clock word or a
    state left out."""
    for at, row in enumerate(flow.rows):
        name = f"row {at} ({row.action} in {', '.join(row.states)})"
        yield f"{name}: left out", _with(flow, at)
        for wrong, changed in _altered(row):
            yield f"{name}: {wrong}", _with(flow, at, changed)


def _with(flow: Lifecycle, at: int, *instead: Transition) -> Lifecycle:
    return Lifecycle(flow.name, flow.version, (*flow.rows[:at], *instead, *flow.rows[at + 1 :]), flow.labels)


def _altered(row: Transition) -> Iterator[tuple[str, Transition]]:
    yield "other target", replace(row, to=str(State.CLOSED if row.to != State.CLOSED else State.VOID))
    stranger = next(role for role in Role if role not in row.who)
    yield f"{stranger} added", replace(row, who=row.who | {stranger})
    for role in row.who:
        yield f"{role} removed", replace(row, who=row.who - {role})
    for column in ("states", "needs", "guards", "clocks"):
        values = getattr(row, column)
        for at, value in enumerate(values):
            yield f"{value} dropped", replace(row, **{column: values[:at] + values[at + 1 :]})
