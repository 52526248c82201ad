"""Open cases whose clocks still count by another version of their calendar."""

from collections.abc import Mapping

import msgspec
from django.db import connection

from chengyun.base.ids import CaseId, TenantId
from chengyun.stores.tenancy import in_tenant


def timed_otherwise(tenant: TenantId, versions: Mapping[str, int], after: int, most: int = 200) -> tuple[CaseId, ...]:
    """By id, those after `after`: cases with a live clock of a calendar named here, timed by another version of it."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM case_row c WHERE c.tenant_id = %(tenant)s AND c.open AND c.id > %(after)s AND EXISTS ("
            " SELECT FROM jsonb_array_elements(c.doc->'clocks') k WHERE coalesce(k->>'outcome', 'running') IN ('running', 'paused')"
            " AND k->'limit' IS NOT NULL AND jsonb_typeof(k->'limit') = 'object'"
            " AND (k->>'calendar_version')::int <> (%(versions)s::jsonb->>(k->>'calendar'))::int)"
            " ORDER BY c.id LIMIT %(most)s",
            {"tenant": tenant, "after": after, "versions": msgspec.json.encode(dict(versions)).decode(), "most": most},
        )
        return tuple(CaseId(row[0]) for row in cursor.fetchall())
