"""What was asked for with a reason - an unmasking, a large export - and the second person who agreed to it (promises P2, A6)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.ids import PersonId, TenantId
from chengyun.stores.tenancy import in_tenant


@dataclass(frozen=True)
class AskedFor:
    id: int
    kind: str
    about: str
    asked_by: PersonId
    asked_at: datetime
    words: str
    approved_by: PersonId | None
    used_at: datetime | None


_ROW = "id, kind, about, asked_by, asked_at, words, approved_by, used_at"


def count_since(tenant: TenantId, kind: str, person: PersonId, since: datetime) -> int:
    """How many of these a person has carried out since then."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM second_person WHERE tenant_id = %s AND kind = %s AND asked_by = %s AND used_at >= %s",
            [tenant, kind, person, since],
        )
        return int(cursor.fetchone()[0])


def find_open(tenant: TenantId, kind: str, about: str, person: PersonId) -> AskedFor | None:
    """The newest request of this person for this thing that was not carried out yet; the row is held until the transaction ends."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_ROW} FROM second_person WHERE tenant_id = %s AND kind = %s AND about = %s AND asked_by = %s AND used_at IS NULL"
            " ORDER BY approved_by IS NULL, id DESC LIMIT 1 FOR NO KEY UPDATE",
            [tenant, kind, about, person],
        )
        row = cursor.fetchone()
    return AskedFor(*row) if row else None


def get(tenant: TenantId, kind: str, id_: int) -> AskedFor | None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT {_ROW} FROM second_person WHERE tenant_id = %s AND kind = %s AND id = %s", [tenant, kind, id_])
        row = cursor.fetchone()
    return AskedFor(*row) if row else None


def ask(tenant: TenantId, kind: str, about: str, person: PersonId, words: str, now: datetime, *, used: bool = False) -> int:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO second_person (tenant_id, kind, about, asked_by, asked_at, words, used_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [tenant, kind, about, person, now, words, now if used else None],
        )
        return int(cursor.fetchone()[0])


def approve(tenant: TenantId, id_: int, person: PersonId, now: datetime) -> bool:
    """False if somebody else was first, or it was carried out already."""
    return _change(tenant, "SET approved_by = %s, approved_at = %s WHERE approved_by IS NULL AND used_at IS NULL AND", [person, now], id_)


def use(tenant: TenantId, id_: int, now: datetime) -> bool:
    return _change(tenant, "SET used_at = %s WHERE used_at IS NULL AND", [now], id_)


def _change(tenant: TenantId, what: str, values: list[object], id_: int) -> bool:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"UPDATE second_person {what} tenant_id = %s AND id = %s", [*values, tenant, id_])
        return bool(cursor.rowcount)
