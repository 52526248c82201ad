"""How the standing city is used: what is usual at a place, how many cases a duty row sent, which cases a calendar times."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from chengyun.base.ids import CategoryCode, TenantId
from chengyun.cases.access import CaseFilter
from chengyun.stores.reading.filters import Asked, where
from chengyun.stores.tenancy import in_tenant


def usual_categories(tenant: TenantId, community: str | None, since: datetime, most: int) -> tuple[CategoryCode, ...]:
    """Categories reported most since then, there or anywhere, in that order. An order and no counts, so it tells of no case."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT category FROM case_row WHERE tenant_id = %s AND reported_at >= %s AND category IS NOT NULL"
            " AND (%s::text IS NULL OR community = %s) GROUP BY category ORDER BY count(*) DESC, category LIMIT %s",
            [tenant, since, community, community, most],
        )
        return tuple(CategoryCode(row[0]) for row in cursor.fetchall())


def cases_by_duty_row(only: CaseFilter, since: datetime) -> Mapping[int, int]:
    """Duty row -> cases it dispatched since, of those the reader may see."""
    found = where(only, Asked(reported_from=since))
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.duty_row, count(*) FROM case_row c WHERE {found.sql} AND c.duty_row IS NOT NULL GROUP BY c.duty_row", found.values
        )
        return dict(cursor.fetchall())


def cases_timed_by(tenant: TenantId, calendar: str, since: datetime) -> int:
    """Open cases with a clock running on this calendar that is not due before that moment: a change of the calendar re-times them."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM case_row c WHERE c.tenant_id = %s AND c.open AND EXISTS (
              SELECT FROM jsonb_array_elements(c.doc->'clocks') k WHERE k->>'calendar' = %s AND k->>'outcome' IN ('running', 'paused')
                AND k->'limit'->>'unit' LIKE 'work%%' AND coalesce((k->>'due')::timestamptz >= %s, true))
            """,
            [tenant, calendar, since],
        )
        return int(cursor.fetchone()[0])
