"""What a list shows beside its lines: the clocks, the first picture and the place in words. One look for a whole page, and no more of the
folded case than that: reading fifty whole ones cost more than all the rest of a page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection

from chengyun.base.ids import AttachmentId, CaseId, TenantId
from chengyun.cases.records import Clock, Request
from chengyun.stores.tenancy import in_tenant


@dataclass(frozen=True, slots=True)
class Beside:
    """`photo`: the first one among the evidence. `request`: what is asked for and not decided yet, as `cases.records.Case` has it."""

    clocks: tuple[Clock, ...]
    request: Request | None
    photo: AttachmentId | None
    flow: str
    flow_version: int
    address: str


_clocks = msgspec.json.Decoder(tuple[Clock, ...])
_request = msgspec.json.Decoder(Request | None)


def beside(tenant: TenantId, cases: Sequence[CaseId]) -> Mapping[int, Beside]:
    """By id; the caller has asked for the ids through a filter and shows only what the policy lets him."""
    if not cases:
        return {}
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(_BESIDE, [tenant, list(cases)])
        return {id_: Beside(_clocks.decode(clocks), _request.decode(request), *rest) for id_, clocks, request, *rest in cursor.fetchall()}


_BESIDE = """
SELECT c.id, coalesce((c.doc->'clocks')::text, '[]'), coalesce((c.doc->'request')::text, 'null'),
  jsonb_path_query_first(c.doc, '$.evidence[*] ? (@.kind == "photo").attachment')::bigint,
  coalesce(c.doc->>'flow', 'national'), coalesce((c.doc->>'flow_version')::int, 1), coalesce(a.address, '')
FROM case_row c LEFT JOIN case_address a ON a.tenant_id = c.tenant_id AND a.case_id = c.id
WHERE c.tenant_id = %s AND c.id = ANY(%s)
"""
