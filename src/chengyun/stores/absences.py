"""Who is away and who stands in; and what one shift gave over to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from chengyun.base.ids import PersonId, TenantId
from chengyun.city.roles import Absence
from chengyun.stores.city_load import raise_version
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec


def read_absences(tenant: TenantId) -> tuple[Absence, ...]:
    """All, past ones included: which of them hold on a day is the question of `city.roles`."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute('SELECT person, deputy, from_day, to_day FROM absence WHERE tenant_id = %s ORDER BY "row"', [tenant])
        return tuple(Absence(*row) for row in cursor.fetchall())


def register_absence(tenant: TenantId, absence: Absence, reason: str, by: PersonId, now: datetime) -> int:
    """In the transaction of the write; the deputy holds the posts from the next look at the book on."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO absence (tenant_id, person, deputy, from_day, to_day, reason, registered_by, registered_at)"
            ' VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING "row"',
            [tenant, absence.person, absence.deputy, absence.from_day, absence.to_day, reason, by, now],
        )
        row = int(cursor.fetchone()[0])
        raise_version(tenant, "city")
    return row


@dataclass(frozen=True)
class Handover:
    id: int
    giver: PersonId
    taker: PersonId
    at: datetime
    counts: Mapping[str, int]
    note: str


def record_handover(tenant: TenantId, giver: PersonId, taker: PersonId, at: datetime, counts: Mapping[str, int], note: str) -> int:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO handover (tenant_id, giver, taker, at, counts, note) VALUES (%s, %s, %s, %s, %s::jsonb, %s) RETURNING "row"',
            [tenant, giver, taker, at, codec.write_text(counts), note],
        )
        return int(cursor.fetchone()[0])


def read_handovers(tenant: TenantId, start: datetime, end: datetime, person: PersonId | None = None) -> tuple[Handover, ...]:
    """Of a span, newest first; with `person`, those he gave or took."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            'SELECT "row", giver, taker, at, counts::text, note FROM handover WHERE tenant_id = %s AND at >= %s AND at < %s'
            ' AND (%s::bigint IS NULL OR %s IN (giver, taker)) ORDER BY at DESC, "row" DESC LIMIT 200',
            [tenant, start, end, person, person],
        )
        return tuple(Handover(row[0], row[1], row[2], row[3], codec.read_json(row[4]), row[5]) for row in cursor.fetchall())  # type: ignore[arg-type]


def current(absences: tuple[Absence, ...], day: date) -> tuple[Absence, ...]:
    return tuple(each for each in absences if each.from_day <= day and (each.to_day is None or day < each.to_day))
