"""`GET /rt/events` through a real server: who gets a stream, what it brings, and when it ends (I3)."""

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette

from chengyun.cases.desk import Done, NewReport
from chengyun.cases.records import SourceFamily
from chengyun.screens.realtime import asgi, listening
from chengyun.stores import accounts
from screens.conftest import Town


@pytest.fixture(scope="module")
def address(town: Town) -> Iterator[tuple[str, int]]:
    patience, listening.LOOK_AGAIN = listening.LOOK_AGAIN, 0.1
    settings, asgi.Relays = asgi.Relays, lambda: settings(look_again=0.05)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=asgi.ROUTES, lifespan=asgi.lifespan), log_level="warning", lifespan="on", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join()
    listening.LOOK_AGAIN, asgi.Relays = patience, settings


def open_stream(address: tuple[str, int], town: Town, account: str | None) -> http.client.HTTPResponse:
    link = http.client.HTTPConnection(*address, timeout=20)
    cookie = "" if account is None else f"sessionid={town.visitor(account).client.cookies['sessionid'].value}"
    link.request("GET", "/rt/events", headers={"Cookie": cookie, "Accept-Language": "en"})
    return link.getresponse()


def blocks(answer: http.client.HTTPResponse) -> Iterator[dict[str, str]]:
    block: dict[str, str] = {}
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        block[name] = value
    yield block
    if not answer.isclosed():
        yield from blocks(answer)


def test_without_a_session_there_is_no_stream(address: tuple[str, int], town: Town) -> None:
    answer = open_stream(address, town, None)
    assert (answer.status, answer.headers["content-type"]) == (401, "application/json")


@pytest.mark.parametrize("account", ["admin", "security", "auditor"])
def test_who_has_no_cases_to_follow_is_refused(address: tuple[str, int], town: Town, account: str) -> None:
    assert open_stream(address, town, account).status == 403


def test_a_report_comes_down_the_stream_of_the_desk(address: tuple[str, int], town: Town) -> None:
    answer = open_stream(address, town, "lead")
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    stream = blocks(answer)
    assert next(stream) == {"retry": "2000"}
    assert next(stream)["event"] == "ping"
    place = next(area for area in town.city.areas if area.kind == "unit_grid").rings[0][0]
    facts = {"category": "2026:matter:06010", "place": list(place)}
    hotline = next(p.id for p in town.city.people.all if p.number == "H001")
    reader = town.house.book.reader(town.city.tenant, hotline, town.clock.now(), listening.Channel.DESK)
    done = town.house.desk.report(reader, NewReport(SourceFamily.HOTLINE, facts=facts, texts={"description": "井盖"}), "stream door")
    assert isinstance(done, Done), done
    told = next(block for block in stream if block.get("event") == "case")
    assert f'"id":{done.case}' in told["data"] and "-" in told["id"]
    counted = next(block for block in stream if block.get("event") == "counts")
    assert '"verify":' in counted["data"]


@pytest.mark.parametrize("end", ["signed_out", "disabled", "sessions_closed"])
def test_a_closed_session_closes_its_stream(address: tuple[str, int], town: Town, end: str) -> None:
    visitor = town.visitor("dispatcher")
    link = http.client.HTTPConnection(*address, timeout=20)
    link.request("GET", "/rt/events", headers={"Cookie": f"sessionid={visitor.client.cookies['sessionid'].value}"})
    answer = link.getresponse()
    assert answer.status == 200
    account = visitor.client.session["account"]
    if end == "signed_out":
        assert visitor.delete("/api/v1/session").status_code == 204
    elif end == "disabled":
        accounts.set_active(town.city.tenant, account, False)
    else:
        accounts.close_sessions(town.city.tenant, account)
    answer.read()  # returns when the server ends the stream, and only then
    accounts.set_active(town.city.tenant, account, True)


def test_sessions_are_looked_at_often_enough_for_the_promise() -> None:
    assert listening.LOOK_AGAIN <= 4.0
