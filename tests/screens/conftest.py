"""A house with the demo city in it, and people who knock at its doors."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chengyun.base.time import CityClock
from chengyun.runtime import wiring
from chengyun.runtime.demo_city import make_standing_city
from chengyun.runtime.installation import Installation
from chengyun.screens.house import House
from chengyun_demo.city import DemoCity

TUESDAY = datetime.fromisoformat("2026-11-24T09:30:00+08:00")


@dataclass
class Visitor:
    """Somebody at the interface: signs in, sends the token back, names a key for every write."""

    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True, headers={"host": "localhost", "x-language": "en"}))
    csrf: str = ""

    def get(self, path: str, **query: object) -> Any:
        return self.client.get(path, query)

    def post(self, path: str, body: object, key: str | None = None) -> Any:
        headers = {"X-CSRFToken": self.csrf, "Idempotency-Key": key or secrets.token_hex(8)}
        return self.client.post(path, json.dumps(body), content_type="application/json", headers=headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers={"X-CSRFToken": self.csrf})

    def sign_in(self, account: str, password: str) -> Any:
        self.csrf = self.get("/api/v1/session").json()["csrf"]
        answer = self.post("/api/v1/session", {"account": account, "password": password})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer


@dataclass
class Town:
    house: House
    city: DemoCity
    clock: CityClock
    passwords: dict[str, str]

    def visitor(self, account: str | None = None) -> Visitor:
        found = Visitor()
        if account is None:
            found.csrf = found.get("/api/v1/session").json()["csrf"]
        else:
            assert found.sign_in(account, self.passwords[account]).status_code == 200
        return found


@pytest.fixture(scope="module")
def town(module_database: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data: Path = tmp_path_factory.mktemp("town")
    city = make_standing_city(data, TUESDAY, lambda _: None)
    clock = CityClock(TUESDAY, speed=0)
    house = wiring.furnish(Installation(data=data, mode="demo", clock="city", secret="x" * 8 + secrets.token_hex(24)), clock)
    listed = json.loads((data / "accounts.json").read_text())["accounts"]
    yield Town(house, city, clock, {each["login"]: each["password"] for each in listed})
