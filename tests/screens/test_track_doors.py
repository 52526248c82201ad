"""Following one's own report, with an account and without; and opening a reporter's number, with a reason."""

import re
from typing import Any

import pytest

from screens.conftest import Town, Visitor
from screens.test_doors import _report

SECRET_WORDS = ("王小明", "13800138000", "幸福路 12 号", "垃圾外露")


def _from_the_street(town: Town, visitor: Visitor, **more: Any) -> dict[str, Any]:
    body = _report(town, address="幸福路 12 号", contact={"name": "王小明", "phone": "13800138000"}, **more)
    answer = visitor.post("/api/v1/sources/reports", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def _from_elsewhere(town: Town, visitor: Visitor) -> dict[str, Any]:
    """Another's report at the other end of the street: no part of the same matter, and so never merged with it."""
    grid = [area for area in town.city.areas if area.kind == "unit_grid"][-1]
    lons, lats = [x for x, _ in grid.rings[0][:-1]], [y for _, y in grid.rings[0][:-1]]
    return _from_the_street(town, visitor, place=[sum(lons) / len(lons), sum(lats) / len(lats)])


def test_a_stranger_follows_his_report_by_a_code_nobody_can_guess(town: Town) -> None:
    stranger = town.visitor()
    code = _from_the_street(town, stranger)["code"]
    assert re.fullmatch(r"[A-Z2-7]{26}", code)
    for address in (f"/api/v1/track/{code}", f"/api/v1/sources/reports/{code}", f"/api/v1/track/{code.lower()}"):
        found = town.visitor().get(address)
        assert (found.status_code, found.json()["finished"]) == (200, False)
        assert found["Referrer-Policy"] == "no-referrer" and found["Cache-Control"] == "no-store"
        assert not any(word in found.content.decode() for word in SECRET_WORDS)
        assert [step["step"] for step in found.json()["steps"]] == [1, 2, 3, 4, 5] and found.json()["steps"][0]["at"]


def test_the_same_report_sent_twice_gets_the_same_code(town: Town) -> None:
    stranger = town.visitor()
    body = _report(town, description="两次发送")
    first, again = (stranger.post("/api/v1/sources/reports", body, key="twice").json() for _ in range(2))
    assert (first["code"], again["repeated"]) == (again["code"], True)


def test_of_the_code_only_a_digest_is_kept(town: Town, app_connection) -> None:
    code = _from_the_street(town, town.visitor())["code"]
    app_connection.execute("SELECT set_config('chengyun.tenant', %s, false)", [str(int(town.city.tenant))])
    for table in ("tracking_link", "idempotency", "audit_entry", "outbox", "case_row"):
        rows = app_connection.execute(f"SELECT t::text FROM {table} t").fetchall()
        assert not any(code in row[0] for row in rows), table


def test_a_revoked_code_opens_nothing_and_a_new_one_takes_its_place(town: Town) -> None:
    done = _from_the_street(town, town.visitor())
    links, now = town.house.links, town.clock.now()
    assert links.revoke(town.city.tenant, done["case"], now) == 1
    assert town.visitor().get(f"/api/v1/track/{done['code']}").status_code == 404
    fresh = links.give(town.city.tenant, done["case"], now)
    assert fresh != done["code"] and town.visitor().get(f"/api/v1/track/{fresh}").status_code == 200


@pytest.mark.parametrize("code", ["A" * 26, "x", "' OR 1=1 --", "%00", "1" * 400, "999999999"])
def test_a_code_that_is_none_looks_like_nothing(town: Town, code: str) -> None:
    assert town.visitor().get(f"/api/v1/track/{code}").status_code == 404
    assert town.visitor().get(f"/api/v1/sources/reports/{code}").status_code == 404


def test_a_signed_in_citizen_sees_his_own_reports_and_nobody_elses(town: Town) -> None:
    other = _from_elsewhere(town, town.visitor())
    citizen = town.visitor("citizen")
    mine = _from_the_street(town, citizen)
    rows = citizen.get("/api/v1/sources/reports").json()["rows"]
    assert str(mine["case"]) in [row["code"] for row in rows] and str(other["case"]) not in [row["code"] for row in rows]
    own = citizen.get(f"/api/v1/sources/reports/{mine['case']}").json()
    assert (own["address"], own["can_rate"]) == ("幸福路 12 号", False)
    assert citizen.get(f"/api/v1/sources/reports/{other['case']}").status_code == 404
    assert town.visitor().get(f"/api/v1/sources/reports/{mine['case']}").status_code == 404


def test_by_its_code_too_a_signed_in_citizen_sees_his_own_report_whole(town: Town) -> None:
    citizen = town.visitor("citizen")
    mine, other = _from_the_street(town, citizen), _from_elsewhere(town, town.visitor())
    by_code = citizen.get(f"/api/v1/sources/reports/{mine['code']}").json()
    assert (by_code["address"], by_code["code"]) == ("幸福路 12 号", mine["code"])
    assert town.visitor().get(f"/api/v1/sources/reports/{mine['code']}").json()["address"] is None
    assert citizen.get(f"/api/v1/sources/reports/{other['code']}").json()["address"] is None


def test_nobody_rates_what_is_not_finished_or_not_his(town: Town) -> None:
    citizen = town.visitor("citizen")
    mine = _from_the_street(town, citizen)
    answer = citizen.post(f"/api/v1/sources/reports/{mine['case']}/rating", {"solved": True})
    assert (answer.status_code, answer.json()["reason"]) == (422, "not_in_this_state")
    other = _from_elsewhere(town, town.visitor())
    assert citizen.post(f"/api/v1/sources/reports/{other['case']}/rating", {"solved": True}).status_code == 404
    assert citizen.post(f"/api/v1/sources/reports/{other['code']}/rating", {"solved": True}).status_code == 404


def test_a_number_is_opened_with_a_reason_and_that_is_noted(town: Town, app_connection) -> None:
    case = _from_the_street(town, town.visitor())["case"]
    officer = town.visitor("intake")
    assert officer.post(f"/api/v1/cases/{case}/unmask", {"reason": "呃"}).json()["reason"] == "reason_needed"
    opened = officer.post(f"/api/v1/cases/{case}/unmask", {"reason": "电话回访"}, key="open")
    assert opened.json()["contacts"] == [{"reporter": opened.json()["contacts"][0]["reporter"], "name": "王小明", "phone": "13800138000"}]
    assert officer.post(f"/api/v1/cases/{case}/unmask", {"reason": "电话回访"}, key="open").status_code == 200
    app_connection.execute("SELECT set_config('chengyun.tenant', %s, false)", [str(int(town.city.tenant))])
    entries = app_connection.execute(
        "SELECT t::text FROM audit_entry t WHERE operation = 'case.unmask' AND object = %s", [f"case:{case}"]
    ).fetchall()
    assert len(entries) == 1 and "电话回访" not in entries[0][0] and "13800138000" not in entries[0][0]


def test_who_does_not_answer_reporters_opens_no_number(town: Town) -> None:
    case = _from_the_street(town, town.visitor())["case"]
    for account, statuses in (("dispatcher", (403,)), ("clerk", (404,)), ("auditor", (403,)), ("citizen", (403,))):
        answer = town.visitor(account).post(f"/api/v1/cases/{case}/unmask", {"reason": "想看一看是谁"})
        assert answer.status_code in statuses, (account, answer.json())


def test_above_the_days_number_a_second_person_must_agree(town: Town) -> None:
    case = _from_the_street(town, town.visitor())["case"]
    agent = town.visitor("hotline")
    for _ in range(20):
        assert agent.post(f"/api/v1/cases/{case}/unmask", {"reason": "电话回访"}).status_code == 200
    asked = agent.post(f"/api/v1/cases/{case}/unmask", {"reason": "电话回访"}, key="asked")
    request = asked.json()["request"]
    assert (asked.status_code, asked.json()["contacts"], request > 0) == (202, [], True), "asked for, and nothing opened"
    again = agent.post(f"/api/v1/cases/{case}/unmask", {"reason": "电话回访"}, key="asked")
    assert (again.status_code, again.json()) == (202, asked.json())
    assert agent.post(f"/api/v1/cases/unmaskings/{request}/approve", {}).status_code == 403
    assert town.visitor("lead").post(f"/api/v1/cases/unmaskings/{request}/approve", {}).status_code == 200
    assert agent.post(f"/api/v1/cases/{case}/unmask", {"reason": "电话回访"}).status_code == 200
    more = agent.post(f"/api/v1/cases/{case}/unmask", {"reason": "电话回访"})
    assert (more.status_code, more.json()["contacts"]) == (202, []) and more.json()["request"] != request
