"""What a list shows beside its lines: the folded case (for its clocks and pictures) and the place in words. One look for a whole page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from chengyun.base.ids import CaseId, TenantId
from chengyun.cases.records import Case
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec


@dataclass(frozen=True, slots=True)
class Beside:
    case: Case
    address: str


def beside(tenant: TenantId, cases: Sequence[CaseId]) -> Mapping[int, Beside]:
    """By id; the caller has asked for the ids through a filter and shows only what the policy lets him."""
    if not cases:
        return {}
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.doc::text, coalesce(a.address, '') FROM case_row c"
            " LEFT JOIN case_address a ON a.tenant_id = c.tenant_id AND a.case_id = c.id"
            " WHERE c.tenant_id = %s AND c.id = ANY(%s)",
            [tenant, list(cases)],
        )
        return {row[0]: Beside(codec.read_case(row[1]), row[2]) for row in cursor.fetchall()}
