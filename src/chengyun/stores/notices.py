"""Notices at rest: written once per person and event, read a page at a time, marked when seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.ids import CaseId, PersonId, TenantId
from chengyun.stores.tenancy import in_tenant


@dataclass(frozen=True)
class NewNotice:
    person: PersonId
    kind: str
    case: CaseId
    seq: int
    number: str
    category: str | None
    at: datetime


@dataclass(frozen=True)
class KeptNotice:
    id: int
    kind: str
    case: CaseId
    number: str
    category: str | None
    at: datetime
    read_at: datetime | None


def keep(tenant: TenantId, notices: Iterable[NewNotice]) -> None:
    """Joins the transaction it is called in; one that stands already is left as it is."""
    rows = [(tenant, n.person, n.kind, n.case, n.seq, n.number, n.category, n.at) for n in notices]
    if not rows:
        return
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO notice (tenant_id, person, kind, case_id, seq, number, category, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            rows,
        )


def find(tenant: TenantId, person: PersonId, after: int | None, most: int) -> tuple[KeptNotice, ...]:
    """The person's notices, newest first, those older than `after`."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, case_id, number, category, at, read_at FROM notice WHERE tenant_id = %s AND person = %s AND id < %s"
            " ORDER BY id DESC LIMIT %s",
            [tenant, person, after if after is not None else 2**62, most],
        )
        return tuple(KeptNotice(*row) for row in cursor.fetchall())


def count_unread(tenant: TenantId, person: PersonId) -> int:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM notice WHERE tenant_id = %s AND person = %s AND read_at IS NULL", [tenant, person])
        return int(cursor.fetchone()[0])


def mark_read(tenant: TenantId, person: PersonId, ids: Sequence[int] | None, now: datetime) -> int:
    """These, or all (None); only the person's own, and only once."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notice SET read_at = %s WHERE tenant_id = %s AND person = %s AND read_at IS NULL"
            " AND (%s::bigint[] IS NULL OR id = ANY(%s::bigint[]))",
            [now, tenant, person, ids, ids],
        )
        return int(cursor.rowcount)


def clean(tenant: TenantId, before: datetime) -> int:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("DELETE FROM notice WHERE tenant_id = %s AND at < %s", [tenant, before])
        return int(cursor.rowcount)
