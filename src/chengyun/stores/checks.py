"""Proofs over everything stored: every case is the fold of its events, and no decision left a row in one table without the others."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from django.db import connection

from chengyun.base.ids import CaseId, TenantId
from chengyun.cases.evolve import fold
from chengyun.cases.national import STEP
from chengyun.cases.records import Case, Event
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec
from chengyun.stores.writing.cases.columns import COLUMNS, extract, links
from chengyun.stores.writing.cases.counters import recount

AT_ONCE = 2_000


@dataclass(frozen=True)
class Difference:
    """`kind`: `fold` (row and events disagree), `columns`, `links`, `seq` (holes in the history), `no_events`."""

    case: CaseId
    kind: str
    where: str = ""


@dataclass(frozen=True)
class FoldCheck:
    cases: int
    events: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class FourTables:
    """Rows that stand alone, by table: nothing may be here."""

    rows_without_event: int
    events_without_row: int
    events_without_audit: int
    events_without_outbox: int
    outbox_without_event: int
    counters_off: int

    @property
    def whole(self) -> bool:
        return not any(vars(self).values())


def check_folds(tenant: TenantId, most: int = 100) -> FoldCheck:
    """Fold every case and compare it with its row, its columns and its links; stops collecting after `most` differences."""
    found: list[Difference] = []
    cases = count = 0
    with in_tenant(tenant):
        for kept, field, columns, linked, events in _histories(tenant):
            cases += 1
            count += len(events)
            if len(found) < most:
                found += _differences(kept, field, columns, linked, events)
    return FoldCheck(cases, count, tuple(found))


def _differences(
    kept: Case, field: str | None, columns: dict[str, object], linked: frozenset[tuple[str, int]], events: tuple[Event, ...]
) -> Iterator[Difference]:
    if not events:
        yield Difference(kept.id, "no_events")
        return
    if [event.seq for event in events] != list(range(1, len(events) + 1)):
        yield Difference(kept.id, "seq")
        return
    folded = codec.as_written(fold(Case(kept.id, kept.tenant), events))
    if folded != kept:
        parts = [name for name in Case.__dataclass_fields__ if getattr(folded, name) != getattr(kept, name)]
        yield Difference(kept.id, "fold", ", ".join(parts))
    expected = dict(zip((name for name, _ in COLUMNS), extract(kept, field, STEP[kept.state]), strict=True))
    off = [name for name, value in columns.items() if value != expected[name]]
    if off:
        yield Difference(kept.id, "columns", ", ".join(off))
    if linked != links(kept):
        yield Difference(kept.id, "links")


_PLAIN = tuple(name for name, kind in COLUMNS if kind != "jsonb")


def _histories(
    tenant: TenantId,
) -> Iterator[tuple[Case, str | None, dict[str, object], frozenset[tuple[str, int]], tuple[Event, ...]]]:
    last = 0
    listed = ", ".join(f"c.{name}" for name in _PLAIN)
    statement = f"""
        SELECT c.id, c.doc::text, c.field,
          (SELECT json_agg(e.data ORDER BY e.seq) FROM case_event e WHERE e.tenant_id = c.tenant_id AND e.case_id = c.id)::text,
          (SELECT json_agg(json_build_array(l.kind, l.ref)) FROM case_link l WHERE l.tenant_id = c.tenant_id AND l.case_id = c.id)::text,
          {listed}
        FROM case_row c WHERE c.tenant_id = %s AND c.id > %s ORDER BY c.id LIMIT %s
    """
    while True:
        rows = psycopg.Cursor(connection.connection).execute(statement.encode(), (tenant, last, AT_ONCE)).fetchall()
        for _, doc, field, data, linked, *plain in rows:
            events = codec.read_events(data) if data else ()
            pairs = frozenset((kind, ref) for kind, ref in codec.read_json(linked or "[]"))  # type: ignore[attr-defined]
            yield codec.read_case(doc), field, dict(zip(_PLAIN, plain, strict=True)), pairs, events
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][0]


def check_four_tables(tenant: TenantId) -> FourTables:
    """Case, event, audit and outbox of one decision carry the same transaction. Outbox lines are cleared away after a while, so events
    are held against it only from its oldest line on."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(_FOUR, {"tenant": tenant})
        counts = cursor.fetchone()
    return FourTables(*counts, counters_off=len(recount(tenant)))


_FOUR = """
SELECT
  (SELECT count(*) FROM case_row c WHERE c.tenant_id = %(tenant)s AND NOT EXISTS (
    SELECT FROM case_event e WHERE e.tenant_id = c.tenant_id AND e.case_id = c.id AND e.seq = c.seq AND e.xid = c.xid)),
  (SELECT count(*) FROM case_event e WHERE e.tenant_id = %(tenant)s AND NOT EXISTS (
    SELECT FROM case_row c WHERE c.tenant_id = e.tenant_id AND c.id = e.case_id AND c.seq >= e.seq)),
  (SELECT count(*) FROM case_event e WHERE e.tenant_id = %(tenant)s AND NOT EXISTS (
    SELECT FROM audit_entry a WHERE a.tenant_id = e.tenant_id AND a.xid = e.xid)),
  (SELECT count(*) FROM case_event e WHERE e.tenant_id = %(tenant)s
    AND e.xid >= (SELECT min(xid) FROM outbox WHERE tenant_id = %(tenant)s) AND NOT EXISTS (
    SELECT FROM outbox o WHERE o.tenant_id = e.tenant_id AND o.xid = e.xid)),
  (SELECT count(*) FROM outbox o WHERE o.tenant_id = %(tenant)s AND o.seq IS NOT NULL AND NOT EXISTS (
    SELECT FROM case_event e WHERE e.tenant_id = o.tenant_id AND e.case_id = o.case_id AND e.seq = o.seq AND e.xid = o.xid))
"""
