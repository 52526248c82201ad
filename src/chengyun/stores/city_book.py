"""The city as one tenant's processes hold it: every record of the standing city, compiled, until somebody changes one.

Each change raises `tenant_version`; a book looks at it at most every `LOOK_AGAIN` seconds, and at once after a change of its own
process. What it gives away is frozen and may be shared between threads.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from chengyun.base.errors import NotFound
from chengyun.base.ids import AreaCode, CalendarId, CategoryCode, OrgId, PersonId, TenantId
from chengyun.cases.flows import kept_flow
from chengyun.cases.lifecycle import Lifecycle
from chengyun.cases.national import NATIONAL
from chengyun.cases.responsibility import DutyIndex
from chengyun.cases.rules import Rules, Settings
from chengyun.city import calendars
from chengyun.city.areas import AreaIndex
from chengyun.city.calendars import CompiledCalendar
from chengyun.city.catalogue import Catalogue
from chengyun.city.records import (
    Area,
    Assignment,
    Category,
    CategoryField,
    CodeSet,
    DutyRow,
    Organisation,
    Person,
    Role,
    Scope,
    Shift,
    StandardEntry,
    WorkCalendar,
    in_force,
)
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec
from chengyun.stores.writing.city.rows import read_rows

LOOK_AGAIN = 0.2
"""Seconds of wall time a book may be stale after a change by another process."""
DAYS_KEPT = 6

CALENDARS = "calendars"
CASES = "cases"
"""Keys of settings: which calendar is the city's, the centre's and the wall clock's; and what of `rules.Settings` a city has otherwise."""
FLOW = "flow."
"""Begins the key of a department's flow: `flow.water_repair`, its value `{"file": ..., "text": ...}`. Every version stays for ever, since
cases go on by the one they began with."""


@dataclass(frozen=True)
class TenantFacts:
    id: TenantId
    code: str
    name_zh: str
    name_en: str
    zone: str
    number_prefix: str


@dataclass(frozen=True)
class SettingVersion:
    key: str
    version: int
    value: Any
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class CityBook:
    """Everything that stands still, all versions; and what one day's rules are made of it."""

    tenant: TenantFacts
    version: int
    organisations: tuple[Organisation, ...]
    areas: tuple[Area, ...]
    catalogue: Catalogue
    standards: tuple[StandardEntry, ...]
    fields: tuple[CategoryField, ...]
    calendars: tuple[WorkCalendar, ...]
    duty_rows: tuple[DutyRow, ...]
    people: Mapping[PersonId, Person]
    settings: tuple[SettingVersion, ...]
    _rules: dict[object, Rules] = field(default_factory=dict, repr=False)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tenant.zone)

    def day_of(self, at: datetime) -> date:
        """The city day of a moment."""
        return at.astimezone(self.zone).date()

    def organisations_on(self, day: date) -> Mapping[OrgId, Organisation]:
        return {org.id: org for org in self.organisations if in_force(org.valid_from, org.valid_to, day)}

    def field_of(self, category: CategoryCode) -> str | None:
        """One of the six fields; also for a category no longer in force, since its cases are still about something."""
        found = self.catalogue.latest(category)
        return found.field if found else None

    def calendar(self, id_: CalendarId, at: datetime) -> CompiledCalendar:
        """The newest version in force."""
        day = self.day_of(at)
        versions = [c for c in self.calendars if c.id == id_ and in_force(c.valid_from, c.valid_to, day)]
        if not versions:
            raise NotFound(f"calendar {id_} is not in force on {day.isoformat()}", calendar=id_)
        return calendars.compile(max(versions, key=lambda c: c.version))

    def setting(self, key: str, at: datetime) -> SettingVersion | None:
        """The newest version in force at that moment."""
        fitting = [s for s in self.settings if s.key == key and s.valid_from <= at and (s.valid_to is None or at < s.valid_to)]
        return max(fitting, key=lambda s: s.version, default=None)

    def case_settings(self, at: datetime) -> Settings:
        kept = self.setting(CASES, at)
        usual = replace(Settings(), version=0, number_prefix=self.tenant.number_prefix)
        if kept is None:
            return usual
        own = msgspec.convert(kept.value, Settings, strict=False)
        named = {name: getattr(own, name) for name in kept.value}
        for table in ("step_limits", "answer_limits"):
            if table in named:
                named[table] = {**getattr(usual, table), **named[table]}
        return replace(usual, **named, version=kept.version)

    @cached_property
    def kept_flows(self) -> tuple[tuple[SettingVersion, Lifecycle], ...]:
        """Every version of every flow. Raises BadFlow, with file and line, for one that today's program no longer understands."""
        kept = (each for each in self.settings if each.key.startswith(FLOW))
        return tuple((each, kept_flow(each.value["text"], each.value["file"])) for each in kept)

    def flows(self, at: datetime) -> Mapping[str, Lifecycle]:
        """By name what new cases follow at that moment; by `name@version` every version cases may have begun with."""
        found = {f"{flow.name}@{flow.version}": flow for _, flow in self.kept_flows}
        in_order = sorted(self.kept_flows, key=lambda pair: pair[0].version)
        return found | {flow.name: flow for kept, flow in in_order if kept.valid_from <= at}

    def named_calendars(self, at: datetime) -> Mapping[str, CompiledCalendar]:
        """`city`, `centre`, `clock`; by setting, else the first with office hours, the next one, and the one round the clock."""
        kept = self.setting(CALENDARS, at)
        if kept is not None:
            return {name: self.calendar(CalendarId(id_), at) for name, id_ in kept.value.items()}
        ids = sorted({c.id for c in self.calendars if not c.round_the_clock})
        walls = sorted({c.id for c in self.calendars if c.round_the_clock})
        if not ids or not walls:
            raise NotFound("the city has no work calendar yet: it needs one with office hours and one round the clock")
        return {
            "city": self.calendar(ids[0], at),
            "centre": self.calendar(ids[1] if len(ids) > 1 else ids[0], at),
            "clock": self.calendar(walls[0], at),
        }

    def rules(self, at: datetime) -> Rules:
        """The rule book of a moment; the same object for every moment of a day that has the same settings."""
        day = self.day_of(at)
        settings = self.case_settings(at)
        kept = self.setting(CALENDARS, at)
        key = (day, settings.version, kept.version if kept else 0, sum(flow.valid_from <= at for flow, _ in self.kept_flows))
        found = self._rules.get(key)
        if found is None:
            found = self._compile(at, day, settings)
            while len(self._rules) >= DAYS_KEPT:
                self._rules.pop(next(iter(self._rules)), None)
            self._rules[key] = found
        return found

    def _compile(self, at: datetime, day: date, settings: Settings) -> Rules:
        newest: dict[object, StandardEntry] = {}
        for entry in self.standards:
            if in_force(entry.valid_from, entry.valid_to, day) and (entry.id not in newest or newest[entry.id].version < entry.version):
                newest[entry.id] = entry
        staff = {
            person.id: (person.org, frozenset(a.role for a in person.assignments if in_force(a.valid_from, a.valid_to, day)))
            for person in self.people.values()
            if person.active
        }
        return Rules(
            tenant=self.tenant.id,
            version=self.version,
            lifecycle=NATIONAL,
            settings=settings,
            flows=self.flows(at),
            calendars=self.named_calendars(at),
            units=self.organisations_on(day),
            standards={entry.id: entry for entry in newest.values()},
            staff=staff,
            fields={c.code: c.field for c in self.catalogue.in_force(day)},
            areas=AreaIndex(self.areas, day),
            duty=DutyIndex((row for row in self.duty_rows if in_force(row.valid_from, row.valid_to, day)), self.version),
        )


class CityBooks:
    """The books of all tenants of one process."""

    def __init__(self) -> None:
        self._books: dict[TenantId, tuple[float, CityBook]] = {}
        self._lock = threading.Lock()

    def book(self, tenant: TenantId) -> CityBook:
        """The tenant's book, as fresh as `LOOK_AGAIN` says."""
        kept = self._books.get(tenant)
        if kept is not None and time.monotonic() - kept[0] < LOOK_AGAIN:
            return kept[1]
        with self._lock:
            kept = self._books.get(tenant)
            if kept is not None and time.monotonic() - kept[0] < LOOK_AGAIN:
                return kept[1]
            looked = time.monotonic()
            with in_tenant(tenant):
                version = read_version(tenant)
                book = kept[1] if kept is not None and kept[1].version == version else read_book(tenant, version)
            self._books[tenant] = (looked, book)
            return book

    def forget(self, tenant: TenantId) -> None:
        """Look again at the next question: something was changed here."""
        self._books.pop(tenant, None)


def read_version(tenant: TenantId) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM tenant_version WHERE tenant_id = %s AND book = 'city'", [tenant])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def read_book(tenant: TenantId, version: int) -> CityBook:
    """Read everything that stands still, inside a transaction of the tenant."""
    standards = read_rows(tenant, StandardEntry)
    fields = read_rows(tenant, CategoryField)
    return CityBook(
        tenant=read_tenant(tenant),
        version=version,
        organisations=read_rows(tenant, Organisation),
        areas=read_rows(tenant, Area),
        catalogue=Catalogue(read_rows(tenant, Category), standards, fields, read_rows(tenant, CodeSet)),
        standards=standards,
        fields=fields,
        calendars=read_rows(tenant, WorkCalendar),
        duty_rows=read_rows(tenant, DutyRow),
        people=read_people(tenant),
        settings=read_settings(tenant),
    )


def read_tenant(tenant: TenantId) -> TenantFacts:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, code, name_zh, name_en, zone, number_prefix FROM tenant WHERE id = %s", [tenant])
        row = cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no tenant {tenant}", tenant=tenant)
    return TenantFacts(*row)


def read_people(tenant: TenantId) -> Mapping[PersonId, Person]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person, role, area, org, fields::text, valid_from, valid_to, deputy_for FROM role_assignment"
            ' WHERE tenant_id = %s ORDER BY "row"',
            [tenant],
        )
        held: dict[PersonId, list[Assignment]] = {}
        for person, role, area, org, names, valid_from, valid_to, deputy_for in cursor.fetchall():
            scope = Scope(AreaCode(area) if area else None, org, frozenset(codec.read_json(names)) if names else None)  # type: ignore[arg-type]
            held.setdefault(person, []).append(Assignment(Role(role), scope, valid_from, valid_to, deputy_for))
    return {person.id: replace(person, assignments=tuple(held.get(person.id, ()))) for person in read_rows(tenant, Person)}


def read_settings(tenant: TenantId) -> tuple[SettingVersion, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, version, value::text, valid_from, valid_to FROM setting WHERE tenant_id = %s ORDER BY id", [tenant])
        return tuple(SettingVersion(key, version, codec.read_json(value), a, b) for key, version, value, a, b in cursor.fetchall())


def read_shifts(tenant: TenantId, starts: datetime, ends: datetime) -> tuple[Shift, ...]:
    """Shifts that touch the span, by start."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT person, starts, ends, area FROM shift WHERE tenant_id = %s AND ends > %s AND starts < %s ORDER BY starts, person",
            [tenant, starts, ends],
        )
        return tuple(Shift(*row) for row in cursor.fetchall())


def read_names(tenant: TenantId, people: Sequence[PersonId]) -> Mapping[PersonId, tuple[str, str, str]]:
    """(zh, en, phone) of staff: level 3, so whoever shows the phone writes an audit entry."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT person, name_zh, name_en, phone FROM person_name WHERE tenant_id = %s AND person = ANY(%s)", [tenant, list(people)]
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}
