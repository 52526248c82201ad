"""Bringing a city in: the demo's, or a city's own files once they were read and checked. All or nothing, replacing rows of the same key."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.db import connection

from chengyun.base.ids import PersonId, TenantId
from chengyun.city.records import (
    Area,
    Category,
    CategoryField,
    CodeSet,
    Component,
    DutyRow,
    Organisation,
    Person,
    Shift,
    StandardEntry,
    WorkCalendar,
)
from chengyun.stores.city_book import CityBook, read_settings
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec
from chengyun.stores.writing.city.rows import insert, write_rows


class PersonDetails(Protocol):
    """A person's name and phone: level 3, in rows of their own."""

    @property
    def person(self) -> PersonId: ...
    @property
    def name_zh(self) -> str: ...
    @property
    def name_en(self) -> str: ...
    @property
    def phone(self) -> str: ...


@dataclass(frozen=True)
class CityRecords:
    """What is to be loaded; empty parts are left as they are."""

    organisations: Iterable[Organisation] = ()
    areas: Iterable[Area] = ()
    components: Iterable[Component] = ()
    code_sets: Iterable[CodeSet] = ()
    categories: Iterable[Category] = ()
    standards: Iterable[StandardEntry] = ()
    fields: Iterable[CategoryField] = ()
    duty_rows: Iterable[DutyRow] = ()
    calendars: Iterable[WorkCalendar] = ()
    people: Iterable[Person] = ()
    names: Iterable[PersonDetails] = ()
    shifts: Iterable[Shift] = ()


def load_city(tenant: TenantId, city: CityRecords) -> dict[str, int]:
    """Write everything in one transaction and raise the version of the city's book; gives the number of rows per part."""
    people = tuple(city.people)
    parts: dict[str, Iterable[Any]] = {
        "organisations": city.organisations,
        "areas": city.areas,
        "components": city.components,
        "code_sets": city.code_sets,
        "categories": city.categories,
        "standards": city.standards,
        "fields": city.fields,
        "duty_rows": city.duty_rows,
        "calendars": city.calendars,
        "people": people,
        "shifts": city.shifts,
    }
    with in_tenant(tenant):
        counts = {name: write_rows(tenant, items) for name, items in parts.items()}
        names = [{"person": n.person, "name_zh": n.name_zh, "name_en": n.name_en, "phone": n.phone} for n in city.names]
        if names:
            insert(tenant, "person_name", ("person", "name_zh", "name_en", "phone"), ("person",), names)
        _load_assignments(tenant, people)
        raise_version(tenant, "city")
    return counts


def _load_assignments(tenant: TenantId, people: Iterable[Person]) -> None:
    """A person's posts are replaced as a whole."""
    rows = [
        {
            "person": person.id,
            "role": held.role,
            "area": held.scope.area,
            "org": held.scope.org,
            "fields": sorted(held.scope.fields) if held.scope.fields is not None else None,
            "valid_from": held.valid_from,
            "valid_to": held.valid_to,
            "deputy_for": held.deputy_for,
        }
        for person in people
        for held in person.assignments
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM role_assignment WHERE tenant_id = %s AND person = ANY(%s)", [tenant, [row["person"] for row in rows]])
    insert(tenant, "role_assignment", tuple(rows[0]), (), rows)


def raise_version(tenant: TenantId, book: str) -> None:
    """Tell everybody who keeps a compiled book that it is stale. In the transaction of the change."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenant_version (tenant_id, book, version) VALUES (%s, %s, 1)"
            " ON CONFLICT (tenant_id, book) DO UPDATE SET version = tenant_version.version + 1",
            [tenant, book],
        )


def hold_settings(held: CityBook) -> CityBook:
    """The book with the settings as they stand now, which nobody else changes until the transaction ends: a setting made of the one
    before must not be made of one that another process has just replaced."""
    raise_version(held.tenant.id, "city")
    return replace(held, settings=read_settings(held.tenant.id))


def write_setting(tenant: TenantId, key: str, value: object, valid_from: datetime, set_by: PersonId | None, set_at: datetime) -> int:
    """A new version of a setting, in force from `valid_from`; gives its version."""
    with in_tenant(tenant), connection.cursor() as cursor:
        raise_version(tenant, "city")
        cursor.execute(
            "INSERT INTO setting (tenant_id, key, version, value, valid_from, set_by, set_at)"
            " SELECT %s, %s, coalesce(max(version), 0) + 1, %s::jsonb, %s, %s, %s FROM setting WHERE tenant_id = %s AND key = %s"
            " RETURNING version",
            [tenant, key, codec.write_text(value), valid_from, set_by, set_at, tenant, key],
        )
        return int(cursor.fetchone()[0])
