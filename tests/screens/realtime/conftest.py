"""A relay on a loop of its own, and people who listen to it."""

import asyncio
import itertools
import secrets
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import pytest

from chengyun.base.ids import CaseId, PersonId
from chengyun.cases.access import Channel, Reader
from chengyun.cases.desk import Answer, NewReport, Order
from chengyun.cases.records import SourceFamily
from chengyun.screens.realtime.listening import SignedIn
from chengyun.screens.realtime.relay import Listener, Relay, Relays
from chengyun.screens.realtime.sight import sight_of
from chengyun.stores.following import Place
from screens.conftest import Town

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds a test waits at most for what must come; nothing waits this long when all is well."""
_keys = itertools.count(1)


@dataclass
class Heard:
    """What one listener was told, message by message."""

    listener: Listener
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    mark: str = ""

    def read(self) -> list[tuple[str, dict[str, Any]]]:
        """Take over what waits now."""
        raw = b"".join(self.listener.waiting)
        self.listener.waiting.clear()
        for block in filter(None, raw.decode().split("\n\n")):
            lines = dict(line.split(": ", 1) for line in block.split("\n"))
            self.mark = lines.get("id", self.mark)
            self.messages.append((lines["event"], msgspec.json.decode(lines["data"])))
        return self.messages

    def cases(self) -> list[dict[str, Any]]:
        return [data for kind, data in self.read() if kind == "case"]


@dataclass
class Live:
    """The live part of a town."""

    town: Town
    loop: asyncio.AbstractEventLoop
    relay: Relay

    def __repr__(self) -> str:
        return "Live()"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def reader(self, account: str) -> Reader:
        number = next(each.person for each in self.town.city.people.accounts if each.name == account)
        person = next(each.id for each in self.town.city.people.all if each.number == number)
        return self.of(person, Channel.PUBLIC if account == "citizen" else Channel.DESK)

    def of(self, person: PersonId, channel: Channel = Channel.DESK) -> Reader:
        return self.town.house.book.reader(self.town.city.tenant, person, self.town.clock.now(), channel)

    def listen(self, account: str, after: str | None = None) -> Heard:
        reader = self.reader(account)
        sight = sight_of(reader)
        assert sight is not None and reader.person is not None
        session = SignedIn(f"of {account}", reader.tenant, 0, reader.person, 0, reader.channel)
        return Heard(self.run(self.relay.listen(session, reader, sight, after)))

    def catch_up(self) -> None:
        """Until the relay has told everything that is in the outbox now."""
        from django.db import connection

        from chengyun.stores.tenancy import in_tenant

        with in_tenant(self.town.city.tenant), connection.cursor() as cursor:
            cursor.execute("SELECT o.xid::text, o.id FROM outbox o ORDER BY o.xid DESC, o.id DESC LIMIT 1")
            row = cursor.fetchone()
        if row is not None:
            self.run(self._until(Place(int(row[0]), row[1])))

    async def _until(self, place: Place) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.relay.place < place:
                await asyncio.sleep(0.002)

    # --- what people do

    def report(self, account: str = "hotline", **more: Any) -> Answer:
        facts = {"category": "2026:matter:06010", "place": self.place(), **more}
        report = NewReport(SourceFamily.HOTLINE, facts=facts, texts={"description": secrets.token_hex(8)})
        return self.town.house.desk.report(self.reader(account), report, f"report {next(_keys)}")

    def act(self, who: str | Reader, case: int, action: str, facts: dict[str, Any] | None = None, **texts: str) -> Answer:
        reader = self.reader(who) if isinstance(who, str) else who
        return self.town.house.desk.act(reader, CaseId(case), Order(action, facts or {}, texts), f"act {next(_keys)}")

    def place(self, number: int = 0) -> list[float]:
        grids = [area for area in self.town.city.areas if area.kind == "unit_grid"]
        ring = grids[number % len(grids)].rings[0][:-1]
        return [sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)]


@pytest.fixture(scope="module")
def live(town: Town) -> Iterator[Live]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="the loop of the test")
    thread.start()

    async def start() -> tuple[Relays, Relay]:
        relays = Relays(look_again=60.0)  # nobody here has a cookie; the streams with one are tested through the door
        relay = relays.of(town.city.tenant)
        await relay.ready()
        return relays, relay

    relays, relay = asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE)
    yield Live(town, loop, relay)
    asyncio.run_coroutine_threadsafe(relays.stop(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
