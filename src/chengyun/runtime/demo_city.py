"""Bringing the demo city in: records, accounts with random passwords, the switches of the automatic steps, and its past."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connections

from chengyun.base.ids import TenantId
from chengyun.runtime.secrets_file import write_private
from chengyun.stores import accounts
from chengyun.stores.city_book import CASES
from chengyun.stores.city_load import CityRecords, load_city, write_setting
from chengyun_demo.city import DemoCity, build

ACCOUNTS = "accounts.json"

AUTOMATIC = {"*": ["file", "dispatch", "check", "score"]}
"""What the demo city lets happen without a person: everything but confirming feedback and closing (3 manual + 4 automatic, domain 2.5)."""


@dataclass(frozen=True)
class DemoAccount:
    login: str
    password: str
    role: str
    title_zh: str
    title_en: str


def make_demo_city(data: Path, now: datetime, say: Callable[[str], None]) -> DemoCity:
    """Load everything into an empty database, and write the accounts where only the owner of the folder reads them."""
    city = build()
    make_tenant(city.tenant, "990101", city.name_zh, city.name_en, "Asia/Shanghai", city.case_prefix)
    counts = load_city(city.tenant, records_of(city))
    say(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count))
    set_switches(city, now - timedelta(days=365))
    made = open_accounts(city, now)
    write_private(data / ACCOUNTS, json.dumps({"accounts": [vars(account) for account in made]}, ensure_ascii=False, indent=2))
    return city


def make_tenant(tenant: TenantId, code: str, name_zh: str, name_en: str, zone: str, prefix: str) -> None:
    """The row of a city itself; only the owner of the tables may write it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenant (id, code, name_zh, name_en, zone, number_prefix, settings_version, active)"
            " VALUES (%s, %s, %s, %s, %s, %s, 1, true) ON CONFLICT (id) DO NOTHING",
            [int(tenant), code, name_zh, name_en, zone, prefix],
        )


def records_of(city: DemoCity) -> CityRecords:
    catalogue = city.catalogue
    return CityRecords(
        organisations=city.organisations.all,
        areas=city.areas,
        components=city.components,
        code_sets=catalogue.code_sets,
        categories=catalogue.categories,
        standards=city.standards,
        fields=[field for fields in catalogue._fields.values() for field in fields],
        duty_rows=city.duty_rows,
        calendars=city.calendars,
        people=city.people.all,
        names=city.people.details.values(),
        shifts=city.people.shifts,
    )


def set_switches(city: DemoCity, since: datetime) -> None:
    """The first condition of a category's standard table is the one automatic filing uses; a city would choose for itself."""
    first: dict[str, int] = {}
    for entry in city.standards:
        first[entry.category] = min(entry.condition_no, first.get(entry.category, entry.condition_no))
    value: Mapping[str, object] = {"automatic": AUTOMATIC, "automatic_condition": first}
    write_setting(city.tenant, CASES, value, since, None, since)


def open_accounts(city: DemoCity, now: datetime) -> list[DemoAccount]:
    """One account per role, each with a random password of its own."""
    numbers = {person.number: person.id for person in city.people.all}
    made = []
    for account in city.people.accounts:
        password = secrets.token_urlsafe(9)
        administers = account.role in ("system_admin", "security_admin", "auditor")
        accounts.make_account(city.tenant, account.name, password, numbers[account.person], now, may_administer=administers)
        made.append(DemoAccount(account.name, password, str(account.role), account.text_zh, account.text_en))
    return made
