"""Queues, lists and the case page, on a real database with the demo city."""

import io
import secrets
from typing import Any

import pytest
from PIL import Image

from screens.conftest import Town, Visitor


def _place(town: Town, number: int = 0) -> list[float]:
    grids = [area for area in town.city.areas if area.kind == "unit_grid"]
    ring = grids[number].rings[0][:-1]
    return [sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)]


def _photo(visitor: Visitor, colour: str = "grey") -> int:
    body = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(body, "JPEG")
    body.seek(0)
    body.name = "photo.jpg"
    answer = visitor.client.post(
        "/api/v1/sources/attachments",
        {"file": body, "stage": "before"},
        headers={"X-CSRFToken": visitor.csrf, "Idempotency-Key": secrets.token_hex(8)},
    )
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def _collector_reports(town: Town, number: int, category: str = "2026:component_fault:01002") -> dict[str, Any]:
    """A manhole cover, by a collector, with a photo; filed and dispatched by itself if the switches say so."""
    visitor = town.visitor("collector")
    photo = _photo(visitor)
    body = {
        "category": category,
        "place": _place(town, number),
        "description": f"井盖破损 {number}",
        "address": f"文汇路{number}号",
        "attachments": [{"id": photo, "stage": "before"}],
    }
    answer = visitor.post("/api/v1/sources/reports", body)
    assert answer.status_code == 201, answer.json()
    return {**answer.json(), "photo": photo}


@pytest.fixture(scope="module")
def reported(town: Town) -> dict[str, Any]:
    return _collector_reports(town, 3)


def test_a_photographed_report_of_a_collector_is_dispatched_by_the_duty_list(town: Town, reported: dict[str, Any]) -> None:
    assert reported["events"][:2] == ["report", "file"]
    assert reported["state"] in ("dispatched", "consulting")


def test_the_page_of_a_case_tells_its_story_its_clocks_and_why(town: Town, reported: dict[str, Any]) -> None:
    body = town.visitor("dispatcher").get(f"/api/v1/cases/{reported['case']}").json()
    assert [entry["type"] for entry in body["timeline"]] == reported["events"]
    assert body["description"] == "井盖破损 3" and body["address"] == "文汇路3号"
    why = body["why"]
    assert why["sentence"] and len(why["checks"]) == 4
    assert all(each["unit"] for each in why["alternatives"])
    if reported["state"] == "dispatched":
        assert why["decision"] == "found" and why["gap"] is None and all(check["ok"] for check in why["checks"])
        assert why["row"]["unit"] == body["unit"] and body["unit"]["name_en"] in why["sentence"]
    unit = next((clock for clock in body["clocks"] if clock["name"] == "unit"), None)
    if reported["state"] == "dispatched":
        assert unit is not None and unit["due"] and unit["intervals"] and unit["counted_minutes_left"] > 0
    assert body["timeline"][0]["actor"]["person_name"]
    assert all(entry["actor"]["kind"] == "timer" for entry in body["timeline"][1:3])


def test_the_units_queue_has_the_case_and_its_tab_counts_it(town: Town, reported: dict[str, Any]) -> None:
    page = town.visitor("dispatcher").get(f"/api/v1/cases/{reported['case']}").json()
    clerks = {account.name: account.person for account in town.city.people.accounts}
    number_of = {person.id: person.number for person in town.city.people.all}
    unit = page["unit"]["id"] if page["unit"] else None
    if unit is None:
        pytest.fail("the demo's duty list has no unit for a broken sewer cover in a grid of the home street")
    account = next(
        (
            name
            for name, number in clerks.items()
            for person in town.city.people.all
            if number_of[person.id] == number and person.org == unit
        ),
        None,
    )
    if account is None:
        return  # the unit has no account in the demo
    visitor = town.visitor(account)
    heads = {head["key"]: head for head in visitor.get("/api/v1/tasks/queues").json()["queues"]}
    rows = visitor.get("/api/v1/tasks/queues/handle").json()
    assert reported["case"] in [row["id"] for row in rows["rows"]]
    assert heads["handle"]["count"] == rows["total"] == len(rows["rows"])


def test_every_role_reads_its_own_queues_and_no_others(town: Town) -> None:
    for account, first in {
        "intake": "verify",
        "dispatcher": "dispatch",
        "clerk": "handle",
        "handler": "my_tasks",
        "collector": "my_checks",
    }.items():
        visitor = town.visitor(account)
        heads = visitor.get("/api/v1/tasks/queues").json()["queues"]
        assert heads[0]["key"] == first
        for head in heads:
            page = visitor.get(f"/api/v1/tasks/queues/{head['key']}")
            assert page.status_code == 200 and page.json()["total"] == head["count"], (account, head)
    assert town.visitor("collector").get("/api/v1/tasks/queues/dispatch").status_code == 404
    assert town.visitor("auditor").get("/api/v1/tasks/queues").status_code == 403


def test_pages_follow_one_another_without_a_gap(town: Town) -> None:
    for number in range(10, 16):
        _collector_reports(town, number)
    visitor = town.visitor("lead")
    whole = [row["id"] for row in visitor.get("/api/v1/cases", limit=200).json()["rows"]]
    walked: list[int] = []
    after = None
    while True:
        page = visitor.get("/api/v1/cases", limit=2, **({"after": after} if after else {})).json()
        walked += [row["id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert walked == whole


def test_a_list_and_its_count_agree_under_every_filter(town: Town) -> None:
    visitor = town.visitor("lead")
    for query in (
        {"source": "collector"},
        {"state": "dispatched,consulting"},
        {"field": "facilities"},
        {"overdue": "true"},
        {"street": "990101002"},
    ):
        body = visitor.get("/api/v1/cases", limit=200, **query).json()
        assert body["total"] == len(body["rows"]), query


@pytest.mark.parametrize("query", [{"state": "nonsense"}, {"unit": "1;DROP"}, {"limit": "9999"}, {"since": "yesterday"}, {"after": "%%%"}])
def test_a_filter_that_cannot_be_read_is_refused_with_its_place(town: Town, query: dict[str, str]) -> None:
    answer = town.visitor("lead").get("/api/v1/cases", **query)
    assert answer.status_code == 422, (query, answer.status_code)


def test_the_search_box_finds_a_number_and_an_address(town: Town, reported: dict[str, Any]) -> None:
    visitor = town.visitor("intake")
    number = visitor.get("/api/v1/cases", text=reported["number"]).json()["rows"]
    assert [row["id"] for row in number] == [reported["case"]]
    assert reported["case"] in [row["id"] for row in visitor.get("/api/v1/cases", text="文汇路3号").json()["rows"]]


def test_a_photo_is_seen_by_those_who_see_its_case_and_by_nobody_else(town: Town, reported: dict[str, Any]) -> None:
    path = f"/api/v1/attachments/{reported['photo']}/thumb"
    seen = town.visitor("dispatcher").get(path)
    assert (seen.status_code, seen["Content-Type"], seen["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert town.visitor().get(path).status_code == 404
    assert town.visitor("citizen").get(path).status_code == 404


def test_a_photo_that_hangs_nowhere_yet_is_its_uploaders_alone(town: Town) -> None:
    collector = town.visitor("collector")
    path = f"/api/v1/attachments/{_photo(collector, 'red')}/display"
    assert collector.get(path).status_code == 200
    assert town.visitor("lead").get(path).status_code == 404


def test_a_citizen_reads_his_own_case_in_plain_parts_only(town: Town) -> None:
    citizen = town.visitor("citizen")
    case = citizen.post(
        "/api/v1/sources/reports", {"category": "2026:matter:06010", "place": _place(town, 40), "description": "垃圾"}
    ).json()["case"]
    body = citizen.get(f"/api/v1/cases/{case}").json()
    assert body["clocks"] == [] and body["why"] is None and body["lon"] is None
    assert town.visitor("citizen").get("/api/v1/cases/1").status_code in (200, 404)
