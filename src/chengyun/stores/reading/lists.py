"""Lists of cases by pages, and exact counts. A page is asked for by the last row seen, never by its number, so page 1,000 costs what
page 1 does and nothing is shown twice when rows move.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

import msgspec
from django.db import connection

from chengyun.base.errors import BadInput
from chengyun.base.ids import CaseId, OrgId
from chengyun.cases.access import CaseFilter, Clause
from chengyun.stores.reading.filters import OPEN_STATES, Asked, Where, where
from chengyun.stores.tenancy import in_tenant

COUNTED = 10_000
"""Counts beyond this are shown as "10,000+"."""
MOST_BRANCHES = 24
"""A list by due time over more states or units than this sorts instead of merging."""


class Order(StrEnum):
    DUE = "due"
    """By the leading clock: the longest overdue first, what is never due last."""
    NEWEST = "newest"
    OLDEST = "oldest"


_SORT = {Order.DUE: ("due_sort", ">"), Order.NEWEST: ("reported_at", "<"), Order.OLDEST: ("reported_at", ">")}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A row of a list. `lon` and `lat` are exact: mask them where the policy says so."""

    id: int
    number: str
    seq: int
    state: str
    step: int
    open: bool
    provenance: str
    family: str
    source_detail: str
    urgency: str
    category: str | None
    major: str | None
    field: str | None
    grid: str | None
    component: str | None
    lon: float | None
    lat: float | None
    reported_at: datetime | None
    filed_at: datetime | None
    closed_at: datetime | None
    clock: str | None
    clock_started: datetime | None
    clock_outcome: str | None
    due_at: datetime | None
    due_sort: datetime
    provisional: bool
    answerable: int | None
    holder: int | None
    trade_department: int | None
    handler: int | None
    checker: int | None
    returns: int
    reworks: int
    urges: int
    extensions: int
    supervisions: int
    unanswered: int
    supervised: bool
    appealed: bool
    simple: bool
    confirmed: bool
    merged_into: int | None
    staff_of: int | None


_LINE = ", ".join(f"c.{f.name}" for f in fields(CaseLine))


@dataclass(frozen=True)
class Page:
    """`after` asks for the next page; None: this was the last."""

    rows: tuple[CaseLine, ...]
    after: str | None


@dataclass(frozen=True)
class Count:
    """Exact, unless `more`: then at least this many."""

    cases: int
    more: bool = False


def list_cases(only: CaseFilter, asked: Asked, order: Order = Order.DUE, after: str | None = None, size: int = 50) -> Page:
    """A page of what the reader may see and asked for."""
    column, sign = _SORT[order]
    direction = "" if sign == ">" else " DESC"
    by = f"ORDER BY {column}{direction}, id{direction}"
    branches, values = [], {}
    for branch in _branches(asked, order):
        found = where(only, branch)
        # Reports have a moment from their first event on; only rows without one are left out of lists by report time.
        if order is not Order.DUE:
            found.need("c.reported_at IS NOT NULL")
        if after is not None:
            moment, id_ = read_cursor(after)
            found.need(f"(c.{column}, c.id) {sign} ({found.bind(moment)}, {found.bind(id_)})")
        sql, own = _renamed(found, len(branches))
        branches.append(f"(SELECT {_LINE} FROM case_row c WHERE {sql} {by} LIMIT {int(size) + 1})")
        values |= own
    with in_tenant(only.tenant), connection.cursor() as cursor:
        merged = f"{' UNION ALL '.join(branches)} {by} LIMIT {int(size) + 1}" if len(branches) > 1 else branches[0]
        cursor.execute(merged, values)
        rows = tuple(CaseLine(*row) for row in cursor.fetchall())
    last = rows[size - 1] if len(rows) > size else None
    return Page(rows[:size], write_cursor(getattr(last, column), last.id) if last else None)


def _branches(asked: Asked, order: Order) -> Iterable[Asked]:
    """One branch per unit or state, so that each reads its own index in order and stops at the page's end."""
    if order is not Order.DUE or asked.open is False or asked.handler is not None or asked.checker is not None:
        return (asked,)
    waiting = _of_open(asked)
    if waiting.open and asked.holders and len(asked.holders) <= MOST_BRANCHES:
        return [replace(waiting, holders=frozenset({org})) for org in sorted(asked.holders)]
    if waiting.open and not asked.holders and asked.states and len(asked.states) <= MOST_BRANCHES:
        return [replace(waiting, states=frozenset({state})) for state in sorted(asked.states)]
    return (waiting,)


def _of_open(asked: Asked) -> Asked:
    """The same question, saying aloud that only open cases can answer it: that is what the indexes of the queues are kept for."""
    return replace(asked, open=True) if asked.states is not None and asked.states <= OPEN_STATES else asked


def _renamed(found: Where, number: int) -> tuple[str, dict[str, object]]:
    """The branch with names of its own, so that several fit in one statement."""
    sql = found.sql.replace("%(v", f"%(b{number}v")
    return sql, {f"b{number}{name}": value for name, value in found.values.items()}


def write_cursor(moment: datetime, id_: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([moment, id_])).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, int]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=tuple[datetime, int])
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise BadInput("this page mark is damaged", place="after", cure="start again from the first page", code="bad_cursor") from error


def count_cases(only: CaseFilter, asked: Asked, most: int = COUNTED) -> Count:
    """How many there are; beyond `most` only that there are more."""
    if _counter_knows(only, asked):
        return Count(_from_counters(only, asked))
    found = where(only, _of_open(asked))
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT FROM case_row c WHERE {found.sql} LIMIT {int(most) + 1}) n", found.values)
        number = int(cursor.fetchone()[0])
    return Count(min(number, most), number > most)


def _counter_knows(only: CaseFilter, asked: Asked) -> bool:
    """Counters are kept by state, holding unit and street; anything finer is counted."""
    if asked.states is None or asked != Asked(states=asked.states, holders=asked.holders, open=asked.open):
        return False
    if asked.open is False or (asked.open and not asked.states <= OPEN_STATES):
        return False
    if asked.holders is not None and any(_sees_all_held_by(clause, asked.holders) for clause in only.clauses):
        return True
    clause = only.clauses[0] if len(only.clauses) == 1 else None
    return clause is not None and clause == Clause(areas=clause.areas) and _by_streets(clause)


def _by_streets(clause: Clause) -> bool:
    return clause.areas is None or all(len(prefix) <= 9 for prefix in clause.areas)


def _sees_all_held_by(clause: Clause, units: frozenset[OrgId]) -> bool:
    """Whoever may see what his units hold sees all of it when he asks for those units: nothing is left out by area, field or subject."""
    return (
        clause.holding is not None
        and units <= clause.holding
        and clause == Clause(holding=clause.holding, past=clause.past, trade=clause.trade)
    )


def _from_counters(only: CaseFilter, asked: Asked) -> int:
    found = Where()
    found.need(f"c.tenant_id = {found.bind(int(only.tenant))}")
    found.within("state", asked.states)
    found.within("holder", asked.holders)
    areas = only.clauses[0].areas if len(only.clauses) == 1 else None  # several: one of them sees all that is asked for
    if areas is not None:
        spans = [f"(c.street >= {found.bind(area)} AND c.street < {found.bind(area + '~')})" if area else "true" for area in areas]
        found.need(f"({' OR '.join(spans)})" if spans else "false")
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce((SELECT sum(cases) FROM queue_counter c WHERE {found.sql}), 0)"
            f" + coalesce((SELECT sum(weight) FROM queue_delta c WHERE {found.sql}), 0)",
            found.values,
        )
        return int(cursor.fetchone()[0])


def lines_of(only: CaseFilter, cases: Sequence[CaseId]) -> tuple[CaseLine, ...]:
    """The rows of these cases as far as the reader may see them, in the order asked."""
    found = where(only, Asked())
    found.need(f"c.id = ANY({found.bind(list(cases))}::bigint[])")
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT {_LINE} FROM case_row c WHERE {found.sql}", found.values)
        rows = {row[0]: CaseLine(*row) for row in cursor.fetchall()}
    return tuple(rows[case] for case in cases if case in rows)


def holders_of(only: CaseFilter) -> frozenset[OrgId]:
    """Units that hold something open the reader may see: what a list of units to choose from offers."""
    found = where(only, Asked(open=True))
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT c.holder FROM case_row c WHERE {found.sql} AND c.holder IS NOT NULL", found.values)
        return frozenset(OrgId(row[0]) for row in cursor.fetchall())
