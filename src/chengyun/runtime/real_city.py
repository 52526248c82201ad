"""An empty real city: the tenant, the shipped catalogue and calendars, its centre, and one administrator. The rest is the city's own."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chengyun.base.errors import BadInput
from chengyun.base.ids import CalendarId, OrgId, PersonId, TenantId
from chengyun.city.calendars import china_calendar
from chengyun.city.records import Assignment, Loop, Organisation, OrgKind, Person, Role, Scope, WorkCalendar
from chengyun.city.shipped import load_shipped
from chengyun.runtime.city_facts import CityFacts
from chengyun.stores import accounts
from chengyun.stores.city_load import CityRecords, load_city
from chengyun.stores.tenancy import all_tenants
from chengyun.stores.tenants import make_tenant

ADMINISTRATOR = PersonId(1)
OFFICE_DAY = ((time(8), time(12)), (time(14), time(18)))
"""One city's rule (domain 2.3), to be replaced by this city's own with `chengyun import calendar`."""
FOUNDED = date(2000, 1, 1)


@dataclass(frozen=True)
class PersonName:
    person: PersonId
    name_zh: str
    name_en: str
    phone: str = ""


def make_empty_city(facts: CityFacts, now: datetime) -> str:
    """Make it in a migrated database that keeps no city yet; gives the one-time password of the account `admin`."""
    if all_tenants():
        raise BadInput("this installation keeps a city already", place="database", cure="choose another data folder")
    tenant = TenantId(1)
    make_tenant(tenant, facts.code, facts.name_zh, facts.name_en, facts.zone, facts.prefix)
    shipped = load_shipped()
    load_city(
        tenant,
        CityRecords(
            organisations=first_organisations(tenant, facts),
            code_sets=shipped.code_sets,
            categories=shipped.categories,
            standards=shipped.standards,
            fields=shipped.fields,
            calendars=first_calendars(facts, now),
            people=[Person(ADMINISTRATOR, tenant, "A001", OrgId(2), (Assignment(Role.SYSTEM_ADMIN, Scope(), FOUNDED),))],
            names=[PersonName(ADMINISTRATOR, "系统管理员", "System administrator")],
        ),
    )
    password = secrets.token_urlsafe(18)
    accounts.make_account(tenant, "admin", password, ADMINISTRATOR, now, may_administer=True)
    return password


def first_organisations(tenant: TenantId, facts: CityFacts) -> list[Organisation]:
    top = (f"{facts.name_zh}人民政府", f"Government of {facts.name_en}")
    centre = ("城市运行管理中心", "City Operations Centre")
    return [
        Organisation(OrgId(1), tenant, "GOV", None, OrgKind.GOVERNMENT, *top, 1, Loop.LARGE, FOUNDED),
        Organisation(OrgId(2), tenant, "CTR", OrgId(1), OrgKind.CENTER, *centre, 2, Loop.MEDIUM, FOUNDED),
    ]


def first_calendars(facts: CityFacts, now: datetime) -> list[WorkCalendar]:
    """Office hours with the announced holidays, and round the clock."""
    year = now.astimezone(ZoneInfo(facts.zone)).year
    office = china_calendar(year, year + 1, id=CalendarId(1), hours=OFFICE_DAY, name_zh="工作时间", name_en="Office hours", zone=facts.zone)
    whole_day = dict.fromkeys(range(7), ((time(0), time(0)),))
    clock = WorkCalendar(
        CalendarId(2), 1, "连续计时", "Round the clock", facts.zone, whole_day, round_the_clock=True, full_day=timedelta(hours=24)
    )
    return [office, clock]
