"""Exact totals of queues: deltas written with each change are folded into counters now and then, by one worker at a time."""

from django.db import connection

from chengyun.base.ids import TenantId
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.ground import DESK

_FOLD = """
WITH taken AS (DELETE FROM queue_delta WHERE tenant_id = %(tenant)s RETURNING state, holder, street, weight),
summed AS (SELECT state, holder, street, sum(weight) AS weight FROM taken GROUP BY state, holder, street),
kept AS (
  INSERT INTO queue_counter (tenant_id, state, holder, street, cases)
  SELECT %(tenant)s, state, holder, street, weight FROM summed WHERE weight <> 0
  ON CONFLICT (tenant_id, state, holder, street) DO UPDATE SET cases = queue_counter.cases + excluded.cases)
SELECT count(*) FROM taken
"""
_RECOUNT = """
SELECT coalesce(c.state, r.state), coalesce(c.holder, r.holder), coalesce(c.street, r.street), coalesce(c.cases, 0), coalesce(r.cases, 0)
FROM (
  SELECT state, holder, street, sum(cases) AS cases FROM (
    SELECT state, holder, street, cases FROM queue_counter WHERE tenant_id = %(tenant)s
    UNION ALL SELECT state, holder, street, weight FROM queue_delta WHERE tenant_id = %(tenant)s) both_kinds
  GROUP BY state, holder, street) c
FULL JOIN (
  SELECT state, coalesce(holder, 0) AS holder, coalesce(street, '') AS street, count(*) AS cases FROM case_row
  WHERE tenant_id = %(tenant)s GROUP BY 1, 2, 3) r
ON c.state = r.state AND c.holder = r.holder AND c.street = r.street
WHERE coalesce(c.cases, 0) <> coalesce(r.cases, 0)
"""


def fold_counters(tenant: TenantId) -> int:
    """Fold what has gathered; gives how many deltas. Readers see the same sum before, during and after."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT set_config('role', '{DESK}', true), pg_advisory_xact_lock(1128882176, %s)", [tenant])
        cursor.execute(_FOLD, {"tenant": tenant})
        return int(cursor.fetchone()[0])


def recount(tenant: TenantId) -> tuple[tuple[str, int, str, int, int], ...]:
    """Queues whose counter differs from the rows: (state, holder, street, counter, rows). None is the only good answer."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"tenant": tenant})
        return tuple(cursor.fetchall())
