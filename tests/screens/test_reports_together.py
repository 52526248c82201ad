"""Reports that arrive together are taken in together; each is answered as if it had come alone, by the same door."""

import json
import secrets
from typing import Any

import pytest

from chengyun.base.errors import Conflict
from chengyun.screens.api.asgi import PostOnly, answer_all, take_in
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases.reports import ReportsWork
from screens.conftest import Town, Visitor

PATH = "/api/v1/sources/reports"


def place(town: Town, number: int) -> list[float]:
    grids = [area for area in town.city.areas if area.kind == "unit_grid"]
    ring = grids[number % len(grids)].rings[0][:-1]
    return [sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)]


def body(town: Town, number: int, **more: object) -> dict[str, Any]:
    return {"category": "2026:matter:06010", "place": place(town, number), "description": f"垃圾外露第{number}处", **more}


def sent(visitor: Visitor, content: object, key: str | None = None, **headers: str) -> tuple[dict[str, Any], bytes]:
    """A request as the server hands it over."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.client.cookies.items())
    told = {
        "host": "localhost",
        "cookie": cookies,
        "x-csrftoken": visitor.csrf,
        "x-language": "en",
        "idempotency-key": key or secrets.token_hex(8),
        "content-type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "headers": [(name.encode(), value.encode()) for name, value in told.items() if value],
    }
    return scope, content if isinstance(content, bytes) else json.dumps(content).encode()


def read(answers: list[Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(each.status_code, json.loads(each.body)) for each in answers]


def numbers(told: list[tuple[int, dict[str, Any]]]) -> list[int]:
    return [int(said["number"].split()[-1]) for status, said in told if status == 201]


def stored(town: Town) -> int:
    from django.db import connection

    with in_tenant(town.city.tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM case_row) + (SELECT count(*) FROM case_event) + (SELECT count(*) FROM audit_entry)"
            " + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM idempotency) + (SELECT count(*) FROM timer)"
        )
        return int(cursor.fetchone()[0])


def test_each_gets_a_case_of_its_own_filed_and_dispatched(town: Town) -> None:
    hotline, street = town.visitor("hotline"), town.visitor("intake")
    told = read(answer_all([sent((hotline, street)[n % 2], body(town, 10 + n)) for n in range(6)]))
    assert [status for status, _ in told] == [201] * 6
    assert len({said["case"] for _, said in told}) == len({said["number"] for _, said in told}) == 6
    assert {said["events"][0] for _, said in told} == {"report"}


def test_a_refused_one_leaves_nothing_and_stops_no_other(town: Town) -> None:
    hotline = town.visitor("hotline")
    strange = body(town, 21, component="0000000000000000000000")
    before = stored(town)
    told = read(answer_all([sent(hotline, strange)]))
    assert (told[0][0], told[0][1]["reason"], stored(town)) == (422, "component_unknown", before)
    told = read(answer_all([sent(hotline, body(town, 20)), sent(hotline, strange), sent(hotline, body(town, 22))]))
    assert [status for status, _ in told] == [201, 422, 201]


def test_the_numbers_of_refused_reports_go_back(town: Town) -> None:
    """With sixteen slots a day numbers need not follow each other, but each is given to a case."""
    hotline = town.visitor("hotline")
    strange = body(town, 30, component="0000000000000000000000")
    first = numbers(read(answer_all([sent(hotline, body(town, 31)), sent(hotline, strange), sent(hotline, strange)])))
    following = [number for _ in range(16) for number in numbers(read(answer_all([sent(hotline, body(town, 32))])))]
    assert first[0] + 16 in following


def test_the_same_key_in_one_group_makes_one_case(town: Town) -> None:
    hotline = town.visitor("hotline")
    one = sent(hotline, body(town, 40), key="one-key")
    told = read(answer_all([one, sent(hotline, body(town, 41)), one, sent(hotline, body(town, 42), key="one-key")]))
    assert [status for status, _ in told] == [201, 201, 201, 409]
    assert (told[2][1]["case"], told[2][1]["repeated"]) == (told[0][1]["case"], True)


def test_two_identical_reports_in_one_group_see_each_other(town: Town) -> None:
    hotline = town.visitor("hotline")
    told = read(answer_all([sent(hotline, body(town, 50)), sent(hotline, body(town, 50))]))
    first, second = told[0][1]["case"], told[1][1]["case"]
    assert first in told[1][1]["proposals"] or "merge" in told[1][1]["events"], (first, second, told[1][1])


def test_if_they_cannot_be_written_together_each_is_tried_alone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    hotline = town.visitor("hotline")
    whole, sizes = ReportsWork.write_all, []

    def write_all(work: ReportsWork) -> None:
        sizes.append(len(work._out.recordings))
        if len(work._out.recordings) > 1:
            raise Conflict("two writers stood in each other's way")
        whole(work)

    monkeypatch.setattr(ReportsWork, "write_all", write_all)
    told = read(answer_all([sent(hotline, body(town, 60 + n)) for n in range(3)]))
    assert ([status for status, _ in told], sizes) == ([201] * 3, [3, 1, 1, 1])


def test_a_key_taken_meanwhile_by_another_transaction_is_answered_with_its_case(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    hotline = town.visitor("hotline")
    request = sent(hotline, body(town, 70), key="raced")
    look, raced = ReportsWork._look_around, []

    def look_around(work: ReportsWork, *asked: Any) -> None:
        """After the keys were looked up, before any neighbourhood is locked."""
        if not raced:
            raced.append(1)
            raced.append(read(answer_all_beside([request]))[0][1]["case"])
        look(work, *asked)

    monkeypatch.setattr(ReportsWork, "_look_around", look_around)
    (status, said), *_ = read(answer_all([request]))
    assert (status, said["case"], said["repeated"]) == (201, raced[1], True)


def answer_all_beside(requests: list[tuple[dict[str, Any], bytes]]) -> list[Any]:
    """As another process would: in a thread, with a connection of its own."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(answer_all, requests).result(20)
        beside.submit(connections.close_all).result(20)
    return found


FAULTY: dict[str, tuple[str | None, Any, dict[str, str]]] = {
    "no token": ("collector", {}, {"x_csrftoken": ""}),
    "no key": ("collector", {}, {"idempotency_key": ""}),
    "a key too long": ("collector", {}, {"idempotency_key": "k" * 101}),
    "no json": ("collector", b"{", {}),
    "not utf-8": ("collector", b'{"description":"\xff"}', {}),
    "a list": ("collector", [], {}),
    "an unknown field": ("collector", {"colour": "red"}, {}),
    "half a place": ("collector", {"place": [120.0]}, {}),
    "a field his role may not send": ("citizen", {"urgency": "critical"}, {}),
    "an unknown category": ("collector", {"category": "2026:matter:99999", "description": "x"}, {}),
    "another's photo": ("collector", {"category": "2026:matter:06010", "attachments": [{"id": 999999, "stage": "before"}]}, {}),
    "half a surrogate pair": ("collector", b'{"description":"\\ud800"}', {}),
    "a zero byte": ("collector", {"description": "a\0b"}, {}),
    "a role that reports nothing": ("auditor", {"description": "x"}, {}),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_request_is_refused_as_by_the_other_way_and_writes_nothing(town: Town, name: str) -> None:
    account, content, headers = FAULTY[name]
    visitor = town.visitor(account)
    before = stored(town)
    request = sent(visitor, content, **headers)
    ((status, said),) = read(answer_all([request]))
    plain = {key.decode(): value.decode() for key, value in request[0]["headers"] if key != b"cookie"}
    through_django = visitor.client.post(PATH, request[1], content_type="application/json", headers=plain)
    assert status == through_django.status_code, (said, through_django.content)
    assert 400 <= status < 500
    assert {key: value for key, value in said.items() if key != "error_id"} == {
        key: value for key, value in through_django.json().items() if key != "error_id"
    }
    assert stored(town) == before


def test_another_host_is_refused(town: Town) -> None:
    visitor = town.visitor("collector")
    ((status, _),) = read(answer_all([sent(visitor, body(town, 1), host="elsewhere.example")]))
    assert status == 400


def test_a_session_closed_here_reports_no_more_in_its_owners_name(town: Town) -> None:
    visitor = town.visitor("auditor")
    request = sent(visitor, {"description": "x"})
    ((status, said),) = read(answer_all([request]))
    assert (status, said["facts"]) == (422, {"field": "description"}), "an auditor reports nothing, and is known as one"
    assert visitor.delete("/api/v1/session").status_code == 204
    ((status, said),) = read(answer_all([request]))
    assert said.get("facts") != {"field": "description"}, "now he is a member of the public, at once and not a second later"


def test_only_posts_take_the_quick_way() -> None:
    route = PostOnly(PATH, take_in, methods=["POST"])
    for method, full in (("POST", True), ("GET", False), ("PUT", False), ("OPTIONS", False)):
        match, _ = route.matches({"type": "http", "method": method, "path": PATH})
        assert (match.name == "FULL") is full, method
