"""Bringing the demo city in: records, accounts with random passwords, the switches of the automatic steps, and its past."""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connections

from chengyun.base.ids import TenantId
from chengyun.base.results import Refused
from chengyun.cases.flows import SHIPPED, shipped_flows
from chengyun.cases.records import Actor
from chengyun.city.records import Role
from chengyun.city.shipped import load_shipped
from chengyun.runtime.installation import Installation
from chengyun.runtime.secrets_file import write_private
from chengyun.runtime.wiring import BASEMAP, FileKeeper, furnish
from chengyun.screens.house import House
from chengyun.stores import accounts, attachments
from chengyun.stores.city_book import CASES, FLOW, CityBooks
from chengyun.stores.city_load import CityRecords, load_city, write_setting
from chengyun.stores.past_cases import load_past_cases
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.tenants import make_tenant
from chengyun.stores.writing.cases.work import digest_key, open_work
from chengyun_demo import photos
from chengyun_demo.city import DemoCity, build
from chengyun_demo.history import past_cases
from chengyun_demo.life import PastCase
from chengyun_demo.repairs import FLOW_OF

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


def make_demo_city(installation: Installation, say: Callable[[str], None]) -> DemoCity:
    """Everything of the demo in an empty database: what stands still, then ninety days of past cases."""
    house = furnish(installation)
    city = make_standing_city(installation.data, house.clock.now(), say)
    load_past(installation, house, city, say)
    return city


def make_standing_city(data: Path, now: datetime, say: Callable[[str], None]) -> DemoCity:
    """What stands still, and the accounts, written where only the owner of the folder reads them."""
    city = build()
    make_tenant(city.tenant, "990101", city.name_zh, city.name_en, "Asia/Shanghai", city.case_prefix)
    counts = load_city(city.tenant, records_of(city))
    say(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count))
    set_switches(city, now - timedelta(days=365))
    made = open_accounts(city, now)
    write_private(data / BASEMAP, json.dumps({"type": "FeatureCollection", "features": city.basemap}, ensure_ascii=False))
    write_private(data / ACCOUNTS, json.dumps({"accounts": [vars(account) for account in made]}, ensure_ascii=False, indent=2))
    return city


def records_of(city: DemoCity) -> CityRecords:
    catalogue = city.catalogue
    return CityRecords(
        organisations=city.organisations.all,
        areas=city.areas,
        components=city.components,
        code_sets=catalogue.code_sets,
        categories=catalogue.categories,
        standards=city.standards,
        fields=load_shipped().fields,
        duty_rows=city.duty_rows,
        calendars=city.calendars,
        people=city.people.all,
        names=city.people.details.values(),
        shifts=city.people.shifts,
    )


def set_switches(city: DemoCity, since: datetime) -> None:
    """The first condition of a category's standard table is the one automatic filing uses; a city would choose for itself. The water
    company's flow is kept and chosen for what its crews repair."""
    for flow in shipped_flows().values():
        file = f"{flow.name}.yaml"
        kept = {"file": file, "text": (SHIPPED / file).read_text(encoding="utf-8")}
        write_setting(city.tenant, f"{FLOW}{flow.name}", kept, since, None, since)
    first: dict[str, int] = {}
    for entry in city.standards:
        first[entry.category] = min(entry.condition_no, first.get(entry.category, entry.condition_no))
    value: Mapping[str, object] = {"automatic": AUTOMATIC, "automatic_condition": first, "flow_of": FLOW_OF}
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


def load_past(installation: Installation, house: House, city: DemoCity, say: Callable[[str], None], cases: Iterable[PastCase] = ()) -> None:
    """Past cases through the loader of lived cases; meanwhile their pictures are drawn and cleaned on the other core."""
    book = CityBooks().book(city.tenant)
    with ThreadPoolExecutor(2) as hands:
        gallery = Gallery(house, city.tenant, hands)
        past = tuple(cases or past_cases(city))
        key = digest_key(installation.secret_key)
        done = load_past_cases(city.tenant, past, Actor(Role.SYSTEM), city.start.astimezone(UTC), book.field_of, key, name="demo-city")
        with open_work(city.tenant, house.clock, key, book.field_of, book.zone) as work:
            for each in past:
                if each.open_gap is not None:
                    work.record_gap(each.case.id, each.open_gap)
        say(f"{done.cases:,} past cases with {done.events:,} events")
        gallery.hang(past)
        say(f"{sum(len(each.photos) for each in past):,} drawn pictures")


class Gallery:
    """Pictures of the past: each scene is drawn and cleaned once, and hangs in every case that shows it."""

    def __init__(self, house: House, tenant: TenantId, hands: Executor) -> None:
        assert isinstance(house.files, FileKeeper)
        self._files, self._tenant = house.files, tenant
        self._scenes = {scene: hands.submit(self._make, scene) for scene in photos.scenes()}

    def hang(self, past: Iterable[PastCase]) -> None:
        hung = [(photo.attachment, self._scenes[photo.scene].result(), photo.by, photo.taken_at) for each in past for photo in each.photos]
        attachments.keep_many(self._tenant, hung)
        with in_tenant(self._tenant, using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('attachment', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM attachment), false)"
            )

    def _make(self, scene: str) -> attachments.Kept:
        try:
            found = self._files.clean_and_keep(self._tenant, f"{scene}.jpg", "image/jpeg", photos.draw(scene))
        finally:
            connections.close_all()  # the book was read on a connection of this thread's own
        if isinstance(found, Refused):
            raise RuntimeError(f"the drawn picture {scene} was refused: {found.reason}")
        return found
