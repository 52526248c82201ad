"""The books of one city for the desk of tables: implements `sources.exchange.tables.ports.CityTables` on the store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from chengyun.base.errors import NotFound
from chengyun.base.ids import TenantId
from chengyun.cases.ports import AuditEntry
from chengyun.city.records import CodeSet, Shift
from chengyun.sources.exchange.tables import KnownCity, PersonRow, Table
from chengyun.stores.audit import record_entry
from chengyun.stores.city_book import TenantFacts, read_book, read_names, read_tenant, read_version
from chengyun.stores.city_load import CityRecords, load_city
from chengyun.stores.tenancy import all_tenants, in_tenant
from chengyun.stores.writing.cases.work import digest_key
from chengyun.stores.writing.city.rows import read_rows

_ONE_IMPORT_AT_A_TIME = 0x43495459
"""First half of an advisory lock; the second is the tenant."""

_PARTS = {
    "organisations": "organisations",
    "areas": "areas",
    "shifts": "shifts",
    "calendar": "calendars",
    "code-sets": "code_sets",
    "catalogue": "categories",
    "standards": "standards",
    "fields": "fields",
    "duty-list": "duty_rows",
}


@dataclass(frozen=True)
class _Details:
    person: Any
    name_zh: str
    name_en: str
    phone: str


@dataclass(frozen=True)
class StoredWork:
    tenant: TenantFacts
    secret: str

    def known(self, day: date) -> KnownCity:
        book = read_book(self.tenant.id, read_version(self.tenant.id))
        names = read_names(self.tenant.id, list(book.people))
        return KnownCity(
            tenant=self.tenant.id,
            day=day,
            zone=self.tenant.zone,
            organisations=book.organisations,
            areas=book.areas,
            people=tuple(PersonRow(person, *names.get(id_, ("", "", ""))) for id_, person in book.people.items()),
            code_sets=read_rows(self.tenant.id, CodeSet),
            categories=book.catalogue.categories,
            standards=book.standards,
            duty_rows=book.duty_rows,
            fields=book.fields,
            calendars=book.calendars,
            shifts=tuple(_in_utc(s) for s in read_rows(self.tenant.id, Shift)),
        )

    def write(self, table: Table, records: Sequence[Any]) -> None:
        if table.name == "people":
            people = tuple(row.person for row in records)
            names = tuple(_Details(row.person.id, row.name_zh, row.name_en, row.phone) for row in records)
            load_city(self.tenant.id, CityRecords(people=people, names=names))
        else:
            load_city(self.tenant.id, CityRecords(**{_PARTS[table.name]: records}))

    def record_audit(self, entry: AuditEntry) -> None:
        record_entry(self.tenant.id, entry, digest_key(self.secret))


@dataclass(frozen=True)
class StoredCityTables:
    """`secret` of the installation keys the digests of the audit."""

    tenant: TenantFacts
    secret: str

    @contextmanager
    def change(self) -> Iterator[StoredWork]:
        with in_tenant(self.tenant.id, durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ONE_IMPORT_AT_A_TIME, int(self.tenant.id)])
            yield StoredWork(self.tenant, self.secret)


def find_tenant(code: str | None) -> TenantFacts:
    """The tenant with that code, or the only one there is."""
    tenants = [_read(id_) for id_ in all_tenants()]
    if code is None and len(tenants) == 1:
        return tenants[0]
    for tenant in tenants:
        if tenant.code == code:
            return tenant
    listed = ", ".join(t.code for t in tenants) or "none yet"
    raise NotFound(f"there is no tenant {code!r}; there are: {listed}" if code else f"name one with --tenant; there are: {listed}")


def _read(id_: TenantId) -> TenantFacts:
    with in_tenant(id_):
        return read_tenant(id_)


def _in_utc(shift: Shift) -> Shift:
    """The driver gives times in the session's zone; records carry UTC."""
    as_utc = [datetime.astimezone(moment, UTC) for moment in (shift.starts, shift.ends)]
    return Shift(shift.person, as_utc[0], as_utc[1], shift.area)
