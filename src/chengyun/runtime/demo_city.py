"""Loads the demo city: what stands still, its accounts, and ninety days of cases that the pure core lived through.

The generator makes records and knows no store; here they are written through the same doors that write a real city.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from chengyun.base.ids import AttachmentId
from chengyun.base.time import CityClock
from chengyun.cases import timers
from chengyun.cases.national import ENDED
from chengyun.cases.ports import AuditEntry, Recording
from chengyun.city.shipped import load_shipped
from chengyun.runtime.files_at_rest import FilesAtRest
from chengyun.runtime.installation import Installation
from chengyun.runtime.secrets_file import write_private
from chengyun.stores import accounts, attachments
from chengyun.stores.attachments import NewAttachment
from chengyun.stores.city_book import CityBooks
from chengyun.stores.city_load import CityRecords, load_city
from chengyun.stores.writing.cases.work import NUMBER_SLOTS, digest_key, open_work
from chengyun_demo.city import DemoCity, build
from chengyun_demo.history import past_cases
from chengyun_demo.life import PastCase

CODE, ZONE = "wangjiang", "Asia/Shanghai"
BATCH = 200
"""Cases a transaction: large enough that commits do not count, small enough that memory does not either."""
BASEMAP = "basemap.geojson"
ACCOUNTS = "accounts.json"


def load(installation: Installation, say: Callable[[str], None] = print) -> DemoCity:
    """Make the demo city in an empty, migrated database."""
    city = build()
    found_tenant(installation, city)
    say("writing what stands still: areas, organisations, people, catalogue, duty list, components ...")
    load_city(city.tenant, standing_records(city))
    open_accounts(installation, city)
    write_private(installation.data / BASEMAP, basemap(city))
    books = CityBooks()
    done = 0
    drawn = Drawn(FilesAtRest(installation.data, CityClock(city.start.astimezone(UTC), speed=0)), city)
    for batch in in_batches(past_cases(city), BATCH):
        load_cases(installation, city, books, batch)
        drawn.hang(batch)
        done += len(batch)
        if done % 1000 == 0 or len(batch) < BATCH:
            say(f"  {done} past cases")
    go_on_numbering(installation, city)
    return city


def found_tenant(installation: Installation, city: DemoCity) -> None:
    """The tenant itself is made by the owner of the tables: no process that serves may make one."""
    with psycopg.connect(installation.owner().conninfo(), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO tenant (id, code, name_zh, name_en, zone, number_prefix, settings_version, active)"
            " VALUES (%s, %s, %s, %s, %s, %s, 1, true)",
            [city.tenant, CODE, city.name_zh, city.name_en, ZONE, city.case_prefix],
        )


def standing_records(city: DemoCity) -> CityRecords:
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


def open_accounts(installation: Installation, city: DemoCity) -> None:
    """One account for each role, with a password nobody has used before; told on the terminal and in a file of mode 0600."""
    by_number = {person.number: person for person in city.people.all}
    told = []
    for account in city.people.accounts:
        password = secrets.token_urlsafe(12)
        accounts.make_account(
            city.tenant,
            account.name,
            password,
            by_number[account.person].id,
            city.start.astimezone(UTC),
            may_administer=account.role.value == "system_admin",
        )
        told.append(
            {
                "role": account.role.value,
                "account": account.name,
                "password": password,
                "title_zh": account.text_zh,
                "title_en": account.text_en,
            }
        )
    write_private(installation.data / ACCOUNTS, json.dumps({"accounts": told}, ensure_ascii=False, indent=1))


def load_cases(installation: Installation, city: DemoCity, books: CityBooks, batch: Iterable[PastCase]) -> None:
    """A batch of finished lives in one transaction of the desk. History was told when it happened: no outbox lines."""
    clock = CityClock(city.start.astimezone(UTC), speed=0)
    book = books.book(city.tenant)
    with open_work(city.tenant, clock, digest_key(installation.secret_key), book.field_of, ZoneInfo(ZONE)) as work:
        for past in batch:
            case = past.case
            due = () if case.state in ENDED else [t for c in case.clocks for t in timers.set_for(case, c, clock.now())]
            work.record(
                Recording(
                    case=case,
                    before_seq=0,
                    events=past.events,
                    texts=past.texts,
                    reporters=past.reporters,
                    address=past.address,
                    audit=tuple(AuditEntry(f"case.{e.type}", f"case:{case.id}", "done", e.actor, e.at, "simulated") for e in past.events),
                    timers=tuple(due),
                )
            )


class Drawn:
    """Pictures of the past: each scene is drawn and cleaned once, and hangs in every case that shows it."""

    def __init__(self, files: FilesAtRest, city: DemoCity) -> None:
        self._files, self._tenant = files, city.tenant
        self._draw = import_module("chengyun_demo.photos").draw if find_spec("chengyun_demo.photos") else None
        self._scenes: dict[str, NewAttachment] = {}

    def hang(self, batch: Iterable[PastCase]) -> None:
        if self._draw is None:
            return
        made: list[tuple[AttachmentId, NewAttachment, object, object]] = []
        for past in batch:
            for photo in past.photos:
                if photo.scene not in self._scenes:
                    self._scenes[photo.scene] = self._files.clean_and_keep(
                        self._tenant, f"{photo.scene}.jpg", "image/jpeg", self._draw(photo.scene)
                    )
                made.append((photo.attachment, self._scenes[photo.scene], photo.by, photo.taken_at))
        attachments.record_many(self._tenant, made)


def go_on_numbering(installation: Installation, city: DemoCity) -> None:
    """The next case, reporter and picture get the number after the last of the past; so does the next case of the day."""
    day = city.start.strftime("%y%m%d")
    with psycopg.connect(installation.owner().conninfo()) as connection:
        connection.execute("SELECT set_config('chengyun.tenant', %s, true)", [str(int(city.tenant))])
        for table in ("case_row", "reporter_identity", "attachment"):
            connection.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {}), false)").format(
                    sql.Literal(table), sql.Identifier(table)
                )
            )
        row = connection.execute(
            "SELECT max(split_part(number, ' ', 4)::int) FROM case_row WHERE number LIKE %s", [f"{city.case_prefix} {day[:4]} {day[4:]} %"]
        ).fetchone()
        last = int(row[0]) if row and row[0] else 0
        connection.execute(
            "INSERT INTO case_number (tenant_id, day, slot, next) SELECT %s, %s, slot, %s + slot + 1 FROM generate_series(0, %s) slot",
            [city.tenant, day, last, NUMBER_SLOTS - 1],
        )


def basemap(city: DemoCity) -> str:
    """GeoJSON of the ground: streets, water, green, buildings; `properties.layer` names the layer."""
    return json.dumps({"type": "FeatureCollection", "features": city.basemap}, ensure_ascii=False)


def in_batches(cases: Iterable[PastCase], size: int) -> Iterator[list[PastCase]]:
    rest = iter(cases)
    while batch := list(islice(rest, size)):
        yield batch
