"""The audit as its reader asks it: newest first, page by page, narrowed by person, thing, operation and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.ids import CaseId, PersonId, TenantId
from chengyun.stores.tenancy import in_tenant

COUNTED = 10_000


@dataclass(frozen=True)
class AuditAsked:
    """None is no limit. `operations` are whole names; `containing` a part of one."""

    person: PersonId | None = None
    object: str | None = None
    operations: tuple[str, ...] | None = None
    containing: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    id: int
    at: datetime
    person: PersonId | None
    deputy_for: PersonId | None
    role: str
    origin: str
    operation: str
    object: str
    result: str


def read_audit(tenant: TenantId, asked: AuditAsked, before: int | None, size: int) -> tuple[AuditLine, ...]:
    sql, values = _where(tenant, asked)
    if before is not None:
        sql, values = f"{sql} AND id < %s", [*values, before]
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, at, person, deputy_for, role, origin, operation, object, result FROM audit_entry"
            f" WHERE {sql} ORDER BY id DESC LIMIT %s",
            [*values, size],
        )
        return tuple(AuditLine(*row) for row in cursor.fetchall())


def count_audit(tenant: TenantId, asked: AuditAsked) -> tuple[int, bool]:
    """How many, and whether that is exact."""
    sql, values = _where(tenant, asked)
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT FROM audit_entry WHERE {sql} LIMIT %s) n", [*values, COUNTED + 1])
        number = int(cursor.fetchone()[0])
    return min(number, COUNTED), number <= COUNTED


def numbers_of(tenant: TenantId, cases: Sequence[CaseId]) -> dict[int, str]:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT id, number FROM case_row WHERE tenant_id = %s AND id = ANY(%s)", [tenant, list(cases)])
        return dict(cursor.fetchall())


def case_of_number(tenant: TenantId, number: str) -> CaseId | None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM case_row WHERE tenant_id = %s AND number = %s", [tenant, number])
        row = cursor.fetchone()
    return CaseId(row[0]) if row else None


def _where(tenant: TenantId, asked: AuditAsked) -> tuple[str, list[object]]:
    parts, values = ["tenant_id = %s"], [tenant]
    found: list[tuple[str, object | None]] = [
        ("person = %s", asked.person),
        ("object = %s", asked.object),
        ("operation = ANY(%s)", list(asked.operations) if asked.operations is not None else None),
        ("position(%s IN operation) > 0", asked.containing or None),
        ("at >= %s", asked.since),
        ("at < %s", asked.until),
    ]
    all_values: list[object] = [*values]
    for part, value in found:
        if value is not None:
            parts.append(part)
            all_values.append(value)
    return " AND ".join(parts), all_values
