"""Two tenants in one database: the demo city as A, and B, the same ground with a marker in every field that holds words.

B is written through the same stores and the same desk as any city, so what is probed is the program and not a fixture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from django.db import connections
from django.test import Client

from chengyun.base.ids import CaseId, TenantId
from chengyun.base.time import CityClock
from chengyun.cases.access import Channel
from chengyun.cases.desk import Done, NewReport, Order
from chengyun.cases.records import SourceFamily
from chengyun.city.records import Role
from chengyun.runtime import wiring
from chengyun.runtime.demo_city import records_of
from chengyun.runtime.installation import Installation
from chengyun.screens.house import House
from chengyun.stores import accounts
from chengyun.stores.city_load import load_city
from chengyun_demo.city import DemoCity, build

from .probe import Answer, Marks

A, B = TenantId(1), TenantId(2)
CODE_OF_A, ZONE = "990101", "Asia/Shanghai"
PASSWORD = "kites-over-the-river-9"
REFUSE = "2026:matter:06010"
FIRST_ID_OF_B = 73_000_001
"""Ids of B start here, so that one of them in an answer cannot be a row number of A."""


@dataclass
class TwoCities:
    house: House
    city: DemoCity
    marks: Marks
    cases: dict[TenantId, list[tuple[CaseId, str]]] = field(default_factory=dict)

    @property
    def logins(self) -> tuple[str, ...]:
        return tuple(account.name for account in self.city.people.accounts)

    def visitor(self, login: str | None = None) -> "Visitor":
        found = Visitor(Client(enforce_csrf_checks=True, headers={"host": f"{CODE_OF_A}.localhost", "accept-language": "zh-CN"}))
        if login is not None:
            found.sign_in(login)
        return found


@dataclass
class Visitor:
    """Somebody of tenant A, or nobody, at the reading doors."""

    client: Client

    def knock(self, address: str) -> Answer:
        found = self.client.get(address)
        body = b"".join(found.streaming_content) if found.streaming else found.content
        return Answer(found.status_code, dict(found.headers), body)

    def sign_in(self, login: str) -> None:
        token = self.client.get("/api/v1/session").json()["csrf"]
        body = {"account": login, "password": PASSWORD}
        answer = self.client.post("/api/v1/session", body, content_type="application/json", headers={"X-CSRFToken": token})
        assert answer.status_code == 200, answer.content


def make_two_cities(data: Path) -> TwoCities:
    city = build()
    marks = Marks()
    records = records_of(city)
    for tenant, code, zh, en, prefix in (
        (A, CODE_OF_A, city.name_zh, city.name_en, "WJ"),
        (B, "990202", marks.word("tenant.name_zh"), marks.word("tenant.name_en"), "QX"),
    ):
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO tenant (id, code, name_zh, name_en, zone, number_prefix, settings_version, active)"
                " VALUES (%s, %s, %s, %s, %s, %s, 1, true)",
                [tenant, code, zh, en, ZONE, prefix],
            )
    load_city(A, records)
    load_city(B, _marked(records, marks))
    by_number = {person.number: person for person in city.people.all}
    for account in city.people.accounts:
        accounts.make_account(A, account.name, PASSWORD, by_number[account.person].id, city.start.astimezone(UTC))
    clock = CityClock(city.start.astimezone(UTC), speed=0)
    installation = Installation(data=data, mode="demo", clock="city", secret="marker-probe-0123456789-abcdefghij")
    house = wiring.furnish(installation, clock)
    found = TwoCities(house, city, marks)
    found.cases[A] = list(_cases(found, A, lambda where: f"甲区 {where}"))
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('chengyun.tenant', %s, false)", [str(B)])
        for table in ("case_row", "reporter_identity"):
            cursor.execute(f"SELECT setval('{table}_id_seq', {FIRST_ID_OF_B})")
    found.cases[B] = list(_cases(found, B, marks.word))
    for case, number in found.cases[B]:
        marks.own("case.id", case)
        marks.own("case.number", number)
    return found


def _marked(records: Any, marks: Marks) -> Any:
    """The same city with a marker for every name, number and phone."""

    def marked(rows: Any, kind: str, *names: str) -> list[Any]:
        return [replace(row, **_tenant(row), **{name: marks.word(f"{kind}.{name}") for name in names}) for row in rows]

    return replace(
        records,
        organisations=marked(records.organisations, "organisation", "name_zh", "name_en", "phone", "code"),
        areas=marked(records.areas, "area", "name_zh", "name_en"),
        components=[],
        calendars=marked(records.calendars, "calendar", "name_zh", "name_en"),
        duty_rows=marked(records.duty_rows, "duty_row", "number", "signed_by"),
        people=marked(records.people, "person", "number"),
        names=marked(records.names, "person_name", "name_zh", "name_en", "phone"),
    )


def _tenant(row: Any) -> dict[str, Any]:
    return {"tenant": B} if hasattr(row, "tenant") else {}


def _cases(cities: TwoCities, tenant: TenantId, word: Any) -> Iterator[tuple[CaseId, str]]:
    """Two reports through the desk, a caller's and a citizen's, and a note on each."""
    desk, city = cities.house.desk, cities.city
    grid = next(area for area in city.areas if area.kind == "unit_grid")
    xs, ys = [x for x, _ in grid.rings[0][:-1]], [y for _, y in grid.rings[0][:-1]]
    place = [sum(xs) / len(xs), sum(ys) / len(ys)]
    for role, family in (
        (Role.CALL_AGENT, SourceFamily.HOTLINE),
        (Role.CITIZEN, SourceFamily.PUBLIC),
        (Role.CALL_AGENT, SourceFamily.HOTLINE),
    ):
        report = NewReport(
            family,
            facts={"category": REFUSE, "place": place},
            texts={"description": word("case_text.description"), "address": word("case_address.address"), "note": word("case_text.note")},
            contact_name=word("reporter_identity.name"),
            contact_phone=word("reporter_identity.phone"),
        )
        done = desk.report(_reader(cities, tenant, role), report, f"probe/{tenant}/{word('idempotency_key.key')}")
        assert isinstance(done, Done), done
        note = Order("note", texts={"note": word("case_text.note")})
        noted = desk.act(_reader(cities, tenant, Role.SHIFT_LEAD), done.case, note, f"note/{tenant}/{done.case}")
        assert isinstance(noted, Done), noted
        yield done.case, done.number


def _reader(cities: TwoCities, tenant: TenantId, role: Role) -> Any:
    person = next(p for p in cities.city.people.all if any(held.role is role for held in p.assignments))
    book = cities.house.book
    return book.reader(tenant, person.id, cities.house.clock.now(), Channel.DESK)
