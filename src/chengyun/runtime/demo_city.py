"""Bringing the demo city in: records, accounts with random passwords, the switches of the automatic steps, and its past."""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import connections

from chengyun.base.ids import TenantId
from chengyun.base.results import Refused
from chengyun.base.time import CityClock
from chengyun.city.shipped import load_shipped
from chengyun.runtime.installation import Installation
from chengyun.runtime.secrets_file import write_private
from chengyun.runtime.wiring import FileKeeper, furnish
from chengyun.screens.house import House
from chengyun.stores import accounts, attachments
from chengyun.stores.city_book import CASES, CityBooks
from chengyun.stores.city_load import CityRecords, load_city, write_setting
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.tenants import make_tenant
from chengyun.stores.writing.cases.work import NUMBER_SLOTS, digest_key, open_work
from chengyun_demo import photos
from chengyun_demo.city import DemoCity, build
from chengyun_demo.history import past_cases
from chengyun_demo.life import PastCase

BATCH = 200
"""Cases a transaction: large enough that commits do not count, small enough that memory does not either."""
BASEMAP = "basemap.geojson"

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


def load_past(installation: Installation, house: House, city: DemoCity, say: Callable[[str], None], cases: Iterable[PastCase] = ()) -> None:
    """Past cases, each as the one write of the desk it would have been; then numbers go on after them."""
    moment = CityClock(city.start.astimezone(UTC), speed=0)
    key = digest_key(installation.secret_key)
    book = CityBooks().book(city.tenant)
    gallery = Gallery(house, city.tenant)
    done = 0
    rest = iter(cases or past_cases(city))
    while batch := list(islice(rest, BATCH)):
        with open_work(city.tenant, moment, key, book.field_of, book.zone) as work:
            for past in batch:
                work.record(past.recording(moment.now()))
                if past.open_gap is not None:
                    work.record_gap(past.case.id, past.open_gap)
        gallery.hang(batch)
        done += len(batch)
        if done % 1000 == 0 or len(batch) < BATCH:
            say(f"  {done:,} past cases")
    go_on_numbering(city)


class Gallery:
    """Pictures of the past: each scene is drawn and cleaned once, and hangs in every case that shows it."""

    def __init__(self, house: House, tenant: TenantId) -> None:
        assert isinstance(house.files, FileKeeper)
        self._files, self._tenant = house.files, tenant
        self._scenes: dict[str, attachments.Kept] = {}

    def hang(self, batch: Iterable[PastCase]) -> None:
        attachments.keep_many(
            self._tenant,
            [(photo.attachment, self._scene(photo.scene), photo.by, photo.taken_at) for past in batch for photo in past.photos],
        )

    def _scene(self, scene: str) -> attachments.Kept:
        kept = self._scenes.get(scene)
        if kept is None:
            found = self._files.clean_and_keep(self._tenant, f"{scene}.jpg", "image/jpeg", photos.draw(scene))
            if isinstance(found, Refused):
                raise RuntimeError(f"the drawn picture {scene} was refused: {found.reason}")
            kept = self._scenes[scene] = found
        return kept


def go_on_numbering(city: DemoCity) -> None:
    """The next case, reporter and picture get the number after the last of the past; so does the next case of the day."""
    day = city.start.strftime("%y%m%d")
    with in_tenant(city.tenant, using="owner"), connections["owner"].cursor() as cursor:
        for table in ("case_row", "reporter_identity", "attachment"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)")
        like = f"{city.case_prefix} {day[:4]} {day[4:]} %"
        cursor.execute("SELECT coalesce(max(split_part(number, ' ', 4)::int), 0) FROM case_row WHERE number LIKE %s", [like])
        (last,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO case_number (tenant_id, day, slot, next) SELECT %s, %s, slot, %s + slot + 1 FROM generate_series(0, %s) slot",
            [city.tenant, day, last, NUMBER_SLOTS - 1],
        )
