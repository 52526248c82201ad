"""The doors of the interface, on a real database with the demo city."""

from typing import Any

import pytest

from screens.conftest import Town


def _place_in_home_street(town: Town) -> list[float]:
    grid = next(area for area in town.city.areas if area.kind == "unit_grid")
    lons, lats = [x for x, _ in grid.rings[0][:-1]], [y for _, y in grid.rings[0][:-1]]
    return [sum(lons) / len(lons), sum(lats) / len(lats)]


def _report(town: Town, **more: Any) -> dict[str, Any]:
    return {"category": "2026:matter:06010", "place": _place_in_home_street(town), "description": "垃圾外露", **more}


def test_nobody_is_signed_in_and_the_city_introduces_itself(town: Town) -> None:
    body = town.visitor().get("/api/v1/session").json()
    assert (body["signed_in"], body["city"]["name_zh"], body["demo"]) == (False, "临江市望江区", True)


def test_every_demo_account_signs_in_and_is_told_its_roles(town: Town) -> None:
    for account in town.passwords.keys() - {"machine"}:
        body = town.visitor(account).get("/api/v1/me").json()
        assert body["signed_in"] and body["roles"], account


@pytest.mark.parametrize("name", ["dispatcher\x01", "\x7f", "line\nbreak"])
def test_a_name_that_nobody_can_have_signs_nobody_in(town: Town, name: str) -> None:
    refused = town.visitor().sign_in(name, "not the password")
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_failed")


@pytest.mark.parametrize("name", ["dispatcher\x00", "\x00"])
def test_a_name_with_a_zero_byte_is_no_body_at_all(town: Town, name: str) -> None:
    """It ends where every body is read, before anybody is looked for."""
    refused = town.visitor().sign_in(name, town.passwords["dispatcher"])
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("3048-02-14T20:59:49+23:04", 200),
        ("2026-11-24T10:00:00-23:59", 200),
        ("0001-01-01T00:00:00+01:00", 422),
        ("2026-11-24T10:00:00", 422),
    ],
)
def test_a_moment_may_have_any_offset_and_must_be_a_moment(town: Town, moment: str, status: int) -> None:
    assert town.visitor("lead").get("/api/v1/cases", since=moment).status_code == status


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(town: Town) -> None:
    wrong = town.visitor().sign_in("dispatcher", "not the password")
    unknown = town.visitor().sign_in("nobody-of-that-name", "not the password")
    assert (wrong.status_code, wrong.json()["message"]) == (unknown.status_code, unknown.json()["message"])


def test_without_a_session_the_desk_is_closed(town: Town) -> None:
    assert town.visitor().get("/api/v1/me").status_code == 401


def test_a_write_without_the_token_or_without_a_key_is_refused(town: Town) -> None:
    visitor = town.visitor("hotline")
    token, visitor.csrf = visitor.csrf, "x" * 32
    assert visitor.post("/api/v1/sources/reports", _report(town)).status_code == 403
    visitor.csrf = token
    visitor.client.defaults.pop("HTTP_IDEMPOTENCY_KEY", None)
    bare = visitor.client.post("/api/v1/sources/reports", "{}", content_type="application/json", headers={"X-CSRFToken": token})
    assert (bare.status_code, bare.json()["code"]) == (400, "key_missing")


@pytest.mark.parametrize("code", ["<img src=x>", "x", "2026:matter", "a:b:c:d", "2026:matter:99999"])
def test_a_report_under_words_that_are_no_category_is_refused(town: Town, code: str) -> None:
    answer = town.visitor("hotline").post("/api/v1/sources/reports", _report(town, category=code))
    assert (answer.status_code, answer.json()["reason"]) == (422, "category_unknown")


def test_a_hotline_report_is_kept_once_however_often_it_is_sent(town: Town) -> None:
    visitor = town.visitor("hotline")
    first = visitor.post("/api/v1/sources/reports", _report(town), key="same")
    again = visitor.post("/api/v1/sources/reports", _report(town), key="same")
    other = visitor.post("/api/v1/sources/reports", _report(town, description="另一件"), key="same")
    assert (first.status_code, again.json()["case"], again.json()["repeated"], other.status_code) == (201, first.json()["case"], True, 409)


def test_what_a_device_says_of_its_clock_is_told_beside_what_it_captured(town: Town) -> None:
    visitor = town.visitor("hotline")
    told = _report(town, captured_at="2026-11-24T01:00:00Z", clock_error_s=90.5)
    made = visitor.post("/api/v1/sources/reports", told, key="device").json()
    entry = visitor.get(f"/api/v1/cases/{made['case']}").json()["timeline"][0]
    assert (entry["captured_at"][:19], entry["facts"]["clock_error_s"]) == ("2026-11-24T01:00:00", 90.5)
    assert entry["at"] > entry["captured_at"]
    wrong = visitor.post("/api/v1/sources/reports", {**told, "clock_error_s": 1e12}, key="device-2")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_input")
    smuggled = visitor.post(f"/api/v1/cases/{made['case']}/actions", {"action": "note", "facts": {"clock_error_s": 1}}, key="device-3")
    assert (smuggled.status_code, smuggled.json()["facts"]["field"]) == (422, "clock_error_s")


def test_a_field_a_role_may_not_send_is_refused_and_not_ignored(town: Town) -> None:
    answer = town.visitor("citizen").post("/api/v1/sources/reports", _report(town, urgency="critical"))
    assert (answer.status_code, answer.json()["reason"]) == (422, "forbidden_field")
    assert town.visitor("citizen").post("/api/v1/sources/reports", _report(town, colour="red")).status_code == 422


def test_an_officer_admits_and_files_what_the_hotline_took_down(town: Town) -> None:
    alone = _report(town, category="2026:matter:06020", description="渣土洒落在路口")
    case = town.visitor("hotline").post("/api/v1/sources/reports", alone).json()["case"]
    officer = town.visitor("intake")
    admitted = officer.post(f"/api/v1/cases/{case}/actions", {"action": "admit", "facts": {"exemption": "evidence_complete"}})
    assert (admitted.status_code, admitted.json()["state"]) == (200, "pending_filing"), admitted.json()
    entry = min((e for e in town.city.standards if e.category == "2026:matter:06020"), key=lambda e: e.condition_no)
    filed = officer.post(f"/api/v1/cases/{case}/actions", {"action": "file", "facts": {"standard": int(entry.id)}})
    assert filed.json()["state"] in ("dispatched", "consulting"), filed.json()


def test_a_refusal_says_why_in_the_readers_language(town: Town) -> None:
    case = town.visitor("hotline").post("/api/v1/sources/reports", _report(town)).json()["case"]
    answer = town.visitor("intake").post(f"/api/v1/cases/{case}/actions", {"action": "close"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "not_in_this_state")
    assert answer.json()["message"] == "The case cannot take this step in its present state"


@pytest.mark.parametrize("fact", ["why", "duty_row", "conditions"])
def test_nobody_writes_the_desks_own_facts(town: Town, fact: str) -> None:
    case = town.visitor("hotline").post("/api/v1/sources/reports", _report(town)).json()["case"]
    answer = town.visitor("intake").post(f"/api/v1/cases/{case}/actions", {"action": "admit", "facts": {fact: {"x": 1}}})
    assert (answer.status_code, answer.json()["reason"]) == (422, "field_forbidden")


def test_a_case_that_is_not_mine_looks_like_one_that_is_not_there(town: Town) -> None:
    case = town.visitor("hotline").post("/api/v1/sources/reports", _report(town)).json()["case"]
    clerk = town.visitor("clerk")
    there = clerk.post(f"/api/v1/cases/{case}/actions", {"action": "accept"})
    nowhere = clerk.post("/api/v1/cases/999999/actions", {"action": "accept"})
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert {**there.json(), "error_id": ""} == {**nowhere.json(), "error_id": ""}


def test_leaving_closes_the_session(town: Town) -> None:
    visitor = town.visitor("leader")
    assert visitor.delete("/api/v1/session").status_code == 204
    assert visitor.get("/api/v1/me").status_code == 401
