"""Doors of those who keep the house: audit, accounts, switches; shifts and absences; sheets."""

import io
from typing import Any

import openpyxl
import pytest

from chengyun.cases import access
from screens.conftest import Town
from screens.test_doors import _report

# --- audit ------------------------------------------------------------------------------------------------------------


def test_looking_at_the_audit_is_itself_in_the_audit(town: Town) -> None:
    auditor = town.visitor("auditor")
    auditor.get("/api/v1/audit")
    page = auditor.get("/api/v1/audit", person="A003", operation="audit.read").json()
    assert page["rows"] and all(row["actor"].startswith("A003") for row in page["rows"])
    assert page["chain"]["ok"] is True


def test_who_did_what_to_a_case_is_found_by_its_number_page_by_page(town: Town) -> None:
    done = town.visitor("hotline").post("/api/v1/sources/reports", _report(town)).json()
    town.visitor("intake").post(f"/api/v1/cases/{done['case']}/actions", {"action": "admit", "facts": {"exemption": "evidence_complete"}})
    auditor, seen, mark = town.visitor("auditor"), [], None
    while True:
        page = auditor.get("/api/v1/audit", case=done["number"], limit=1, **({"after": mark} if mark else {})).json()
        seen += page["rows"]
        mark = page["next"]
        if mark is None:
            break
    assert len(seen) == len({row["seq"] for row in seen}) == page["total"] >= 2
    assert {row["case_number"] for row in seen} == {done["number"]}


def test_who_opened_a_number_is_one_question(town: Town) -> None:
    done = town.visitor("hotline").post("/api/v1/sources/reports", _report(town, contact={"name": "王小明", "phone": "13800138000"})).json()
    town.visitor("intake").post(f"/api/v1/cases/{done['case']}/unmask", {"reason": "电话回访"})
    rows = town.visitor("auditor").get("/api/v1/audit", level3="1", case=str(done["case"])).json()["rows"]
    assert [(row["action"], row["fields"]) for row in rows] == [("case.unmask", ["contact_name", "contact_phone"])]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"from": "yesterday"}, 422),
        ({"to": "2026-13-40"}, 422),
        ({"after": "x"}, 422),
        ({"limit": 10**6}, 422),
        ({"field": "; --"}, 422),
        ({"person": "' OR 1=1 --"}, 200),
        ({"case": "WJ' --"}, 200),
        ({"operation": "%"}, 200),
    ],
)
def test_a_strange_question_to_the_audit_finds_nothing_or_is_told_so(town: Town, query: dict[str, Any], status: int) -> None:
    answer = town.visitor("auditor").get("/api/v1/audit", **query)
    assert answer.status_code == status and (status == 422 or answer.json()["rows"] == [])


def test_the_audit_is_for_the_auditor_alone(town: Town) -> None:
    for account in ("admin", "security", "leader", "lead", "clerk", "citizen"):
        assert town.visitor(account).get("/api/v1/audit").status_code == 403, account


# --- switches ---------------------------------------------------------------------------------------------------------


def test_a_switch_turns_one_step_of_one_category_and_leaves_the_rest(town: Town) -> None:
    lead = town.visitor("lead")
    before = {row["category"]: row["steps"] for row in lead.get("/api/v1/settings").json()["automatic"]}
    body = {"category": "2026:matter:06010", "step": "dispatch", "on": False, "reason": "新人培训期间人工派遣"}
    made = lead.post("/api/v1/settings/switches", body, key="off")
    assert (made.status_code, lead.post("/api/v1/settings/switches", body, key="off").json()["repeated"]) == (201, True), made.json()
    found = lead.get("/api/v1/settings").json()
    after = {row["category"]: row["steps"] for row in found["automatic"]}
    assert after == before | {"2026:matter:06010": [step for step in before["*"] if step != "dispatch"]}
    assert "新人培训期间人工派遣" in [version["reason"] for version in found["history"]]
    rules = town.house.book.rules(town.city.tenant, town.clock.now())
    assert not rules.settings.automates("2026:matter:06010", "dispatch") and rules.settings.automates("2026:matter:06010", "file")
    assert rules.settings.automatic_condition, "what stood beside the switches stands"


@pytest.mark.parametrize("change", [{"category": "2026:matter:99999"}, {"step": "fly"}, {"reason": ""}, {"on": "perhaps"}, {"extra": 1}])
def test_a_switch_that_does_not_exist_is_not_turned(town: Town, change: dict[str, Any]) -> None:
    body = {"category": "*", "step": "check", "on": True, "reason": "按规定启用"} | change
    assert town.visitor("admin").post("/api/v1/settings/switches", body).status_code == 422


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_one_opens_an_account_another_grants_and_it_signs_in(town: Town) -> None:
    admin, security = town.visitor("admin"), town.visitor("security")
    unit = town.city.organisations.id("WTB-DR")
    made = admin.post("/api/v1/accounts", {"number": "N900", "name": "新人", "org": unit}, key="new")
    assert made.status_code == 201, made.json()
    again = admin.post("/api/v1/accounts", {"number": "N900", "name": "新人", "org": unit}, key="new")
    assert again.status_code in (201, 422) and not (again.json().get("password"))
    account, password = made.json()["account"], made.json()["password"]
    assert admin.post(f"/api/v1/accounts/{account}/posts", {"role": "handler"}).status_code == 403
    assert security.post(f"/api/v1/accounts/{account}/posts", {"role": "handler", "org": unit}).status_code == 201
    visitor = town.visitor()
    assert visitor.sign_in("N900", password).json()["roles"] == ["handler"]
    assert security.post(f"/api/v1/accounts/{account}/sessions/end", {}).status_code == 200
    assert visitor.get("/api/v1/me").status_code == 401
    assert security.post(f"/api/v1/accounts/{account}/disable", {}).status_code == 200
    assert visitor.sign_in("N900", password).status_code == 401


def test_roles_that_exclude_each_other_are_not_granted_and_nobody_changes_his_own(town: Town) -> None:
    security = town.visitor("security")
    rows = {row["number"]: row for row in security.get("/api/v1/accounts", limit=500).json()["rows"]}
    clerk = next(row for row in rows.values() if row["posts"] and row["posts"][0]["role"] == "unit_clerk")
    for role in ("auditor", "system_admin", "collector"):
        answer = security.post(f"/api/v1/accounts/{clerk['id']}/posts", {"role": role})
        assert (answer.status_code, answer.json()["reason"]) == (422, "roles_exclude_each_other"), role
    own = rows["A002"]["id"]
    for act in ("disable", "sessions/end", "posts"):
        assert security.post(f"/api/v1/accounts/{own}/{act}", {"role": "auditor"} if act == "posts" else {}).status_code == 403, act
    assert security.post("/api/v1/accounts/99999999/disable", {}).status_code == 404


def _new_account(town: Town, number: str) -> tuple[int, str]:
    unit = town.city.organisations.id("WTB-DR")
    made = town.visitor("admin").post("/api/v1/accounts", {"number": number, "name": "新人", "org": unit}).json()
    return made["account"], made["password"]


def _posts(town: Town, number: str) -> list[dict[str, Any]]:
    return town.visitor("security").get("/api/v1/accounts", text=number).json()["rows"][0]["posts"]


def test_a_new_password_is_told_once_ends_the_old_one_and_its_sessions(town: Town) -> None:
    account, password = _new_account(town, "N901")
    visitor = town.visitor()
    assert visitor.sign_in("N901", password).status_code == 200
    admin = town.visitor("admin")
    told = admin.post(f"/api/v1/accounts/{account}/password", {}, key="anew")
    again = admin.post(f"/api/v1/accounts/{account}/password", {}, key="anew").json()
    assert (told.status_code, again["password"], again["repeated"]) == (200, None, True)
    assert visitor.get("/api/v1/me").status_code == 401
    assert visitor.sign_in("N901", password).status_code == 401
    assert visitor.sign_in("N901", told.json()["password"]).status_code == 200
    assert told.json()["password"] not in str(town.visitor("auditor").get("/api/v1/audit", operation="account.reset_password").json())


def test_who_makes_accounts_cannot_take_the_key_of_an_administrator_nor_the_other_way_round(town: Town) -> None:
    ids = {row["number"]: row["id"] for row in town.visitor("security").get("/api/v1/accounts", limit=500).json()["rows"]}
    ordinary, _ = _new_account(town, "N902")

    def answers(who: str, account: int, door: str = "password") -> tuple[int, str | None]:
        told = town.visitor(who).post(f"/api/v1/accounts/{account}/{door}", {})
        return told.status_code, told.json().get("reason")

    assert answers("admin", ids["A002"]) == answers("admin", ids["A003"]) == (403, "other_administrator_resets")
    assert answers("security", ordinary) == (403, "not_your_role")
    assert answers("admin", ids["A001"]) == (403, "own_account")
    other = "administrator-password"
    assert answers("admin", ids["A002"], other) == answers("admin", ids["A003"], other) == (403, "not_your_role")
    assert answers("security", ids["A002"], other) == (403, "own_account")
    assert answers("security", ordinary, other) == (403, "other_administrator_resets")
    assert answers("auditor", ordinary)[0] == answers("lead", ordinary)[0] == 403
    assert answers("admin", 99_999_999)[0] == 404
    told = town.visitor("security").post(f"/api/v1/accounts/{ids['A003']}/administrator-password", {})
    town.passwords["auditor"] = told.json()["password"]
    assert town.visitor("auditor").get("/api/v1/me").json()["roles"] == ["auditor"]


def test_an_account_switched_off_is_switched_on_again_with_its_posts(town: Town) -> None:
    account, password = _new_account(town, "N903")
    security, visitor = town.visitor("security"), town.visitor()
    security.post(f"/api/v1/accounts/{account}/disable", {})
    assert visitor.sign_in("N903", password).status_code == 401
    assert [row["id"] for row in security.get("/api/v1/accounts", text="N903", active="false").json()["rows"]] == [account]
    assert town.visitor("admin").post(f"/api/v1/accounts/{account}/enable", {}).status_code == 403
    assert security.post(f"/api/v1/accounts/{account}/enable", {}).status_code == 200
    assert visitor.sign_in("N903", password).status_code == 200


def test_a_post_ends_on_a_day_or_gives_way_to_its_next_version_and_the_past_stands(town: Town) -> None:
    account, password = _new_account(town, "N904")
    unit = town.city.organisations.id("WTB-DR")
    security, visitor = town.visitor("security"), town.visitor()
    security.post(f"/api/v1/accounts/{account}/posts", {"role": "handler", "org": unit})
    first = _posts(town, "N904")[0]
    changed = security.post(f"/api/v1/accounts/{account}/posts", {"role": "unit_clerk", "org": unit, "replaces": first["id"]})
    assert changed.status_code == 201, changed.json()
    assert visitor.sign_in("N904", password).json()["roles"] == ["unit_clerk"]
    now = next(each for each in _posts(town, "N904") if each["now"])
    later = security.post(f"/api/v1/accounts/{account}/posts/{now['id']}/end", {"on": "2026-12-24"})
    assert later.status_code == 200, later.json()
    assert [each["valid_to"] for each in _posts(town, "N904") if each["now"]] == ["2026-12-24"]
    assert security.post(f"/api/v1/accounts/{account}/posts/{now['id']}/end", {}).status_code == 200
    assert visitor.get("/api/v1/me").json()["roles"] == []
    again = security.post(f"/api/v1/accounts/{account}/posts/{now['id']}/end", {})
    assert (again.status_code, again.json()["reason"]) == (422, "post_has_ended")
    assert len(_posts(town, "N904")) == 2, "what was held once stays readable"


@pytest.mark.parametrize(
    ("door", "body", "status"),
    [
        ("posts/{post}/end", {"on": "2026-11-01"}, 422),
        ("posts/{post}/end", {"on": "2999-11-01"}, 422),
        ("posts/{post}/end", {"on": "' OR 1=1"}, 422),
        ("posts/{post}/end", {"person": 1}, 422),
        ("posts/999999/end", {}, 404),
        ("posts", {"role": "handler", "valid_from": "2026-01-01"}, 422),
        ("posts", {"role": "handler", "valid_to": "2026-11-24"}, 422),
        ("posts", {"role": "handler", "replaces": 999_999}, 404),
        ("posts", {"role": "auditor"}, 422),
        ("posts", {"role": "handler", "area": "' --"}, 422),
        ("posts", {"role": "handler", "org": 999_999}, 422),
    ],
)
def test_a_post_that_cannot_be_changes_nothing(town: Town, door: str, body: dict[str, Any], status: int) -> None:
    security = town.visitor("security")
    found = security.get("/api/v1/accounts", text="H001").json()["rows"]
    row = next(each for each in found if each["posts"])
    before = _posts(town, row["number"])
    answer = security.post(f"/api/v1/accounts/{row['id']}/{door.format(post=row['posts'][0]['id'])}", body)
    assert answer.status_code == status, answer.json()
    assert _posts(town, row["number"]) == before


def test_somebody_elses_post_is_not_ended_through_another_account(town: Town) -> None:
    security = town.visitor("security")
    rows = [each for each in security.get("/api/v1/accounts", limit=500).json()["rows"] if each["posts"] and not each["guarded"]]
    one, other = rows[0], rows[1]
    assert security.post(f"/api/v1/accounts/{one['id']}/posts/{other['posts'][0]['id']}/end", {}).status_code == 404
    assert town.visitor("admin").post(f"/api/v1/accounts/{one['id']}/posts/{one['posts'][0]['id']}/end", {}).status_code == 403


def test_accounts_are_found_page_by_page_by_words_and_by_role(town: Town) -> None:
    admin, seen, mark = town.visitor("admin"), [], None
    while True:
        page = admin.get("/api/v1/accounts", limit=7, **({"after": mark} if mark else {})).json()
        seen += [row["id"] for row in page["rows"]]
        mark = page["next"]
        if mark is None:
            break
    assert len(seen) == len(set(seen)) == page["total"] > 7
    leads = admin.get("/api/v1/accounts", role="shift_lead").json()["rows"]
    assert leads and all(any(post["role"] == "shift_lead" and post["now"] for post in row["posts"]) for row in leads)
    assert admin.get("/api/v1/accounts", text="%_' --").json()["rows"] == []


# --- people -----------------------------------------------------------------------------------------------------------


def test_a_deputy_holds_the_posts_of_whoever_is_away(town: Town) -> None:
    lead = town.visitor("lead")
    people = {row["number"]: row for row in lead.get("/api/v1/city/people", limit=500).json()["rows"]}
    away, deputy = people["D001"], people["S001"]
    body = {"deputy": deputy["id"], "from_day": "2026-11-24", "to_day": "2026-11-28", "reason": "年假"}
    made = town.visitor("dispatcher").post("/api/v1/absences", body)
    assert made.status_code == 201, made.json()
    assert "dispatcher" in town.visitor("intake").get("/api/v1/me").json()["roles"]
    lent = [post for post in town.visitor("intake").get("/api/v1/me").json()["posts"] if post["role"] == "dispatcher"]
    assert [post["deputy_for"] for post in lent] == [away["id"]]
    assert [(a["person"]["number"], a["deputy"]["number"]) for a in lead.get("/api/v1/shifts").json()["absences"]] == [("D001", "S001")]


@pytest.mark.parametrize(
    "change",
    [{"deputy": 999_999}, {"from_day": "2020-01-01"}, {"to_day": "2026-11-20"}, {"from_day": "no"}, {"to_day": "2126-01-01"}],
)
def test_an_absence_that_cannot_be_is_not_written_down(town: Town, change: dict[str, Any]) -> None:
    deputy = town.visitor("lead").get("/api/v1/city/people", text="S001").json()["rows"][0]["id"]
    body = {"deputy": deputy, "from_day": "2026-11-24", "to_day": "2026-11-28"} | change
    assert town.visitor("hotline").post("/api/v1/absences", body).status_code == 422


def test_what_is_open_is_handed_over_with_its_counts_and_both_see_it(town: Town) -> None:
    town.visitor("hotline").post("/api/v1/sources/reports", _report(town, description="交接前的一件"))
    intake = town.visitor("intake")
    counts = {queue["key"]: queue["count"] for queue in intake.get("/api/v1/tasks/queues").json()["queues"]}
    taker = next(row for row in intake.get("/api/v1/city/people", role="intake_officer").json()["rows"] if row["number"] != "S001")
    made = intake.post("/api/v1/shifts/handover", {"to": taker["id"], "note": "三号路口的渣土请跟进"}).json()
    assert made["counts"] == counts
    given = intake.get("/api/v1/shifts").json()["handovers"]
    assert [(h["note"], h["taker"]["id"], h["counts"]) for h in given] == [("三号路口的渣土请跟进", taker["id"], counts)]
    assert town.visitor("dispatcher").get("/api/v1/shifts").json()["handovers"] == []


# --- sheets -----------------------------------------------------------------------------------------------------------


def test_a_sheet_holds_the_list_and_no_cell_of_it_is_a_formula(town: Town) -> None:
    for words in ("=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2\x07"):
        town.visitor("hotline").post("/api/v1/sources/reports", _report(town, address=words))
    lead = town.visitor("lead")
    total = lead.get("/api/v1/cases", limit=1).json()["total"]
    answer = lead.get("/api/v1/exports/cases.xlsx")
    assert answer.status_code == 200, answer.content
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert sheet.max_row == total + 1
    assert not [cell.value for cell in cells if cell.data_type == "f" or str(cell.value)[:1] in "=+-@"]
    assert any(str(cell.value).startswith("2026-11-24 ") for cell in cells)
    assert not any("13800138000" in str(cell.value) for cell in cells)


def test_a_large_sheet_waits_for_a_second_person(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.visitor("hotline").post("/api/v1/sources/reports", _report(town))
    before = access.may
    small = access.Limits(export_rows=0)
    monkeypatch.setattr(access, "may", lambda reader, operation, target: before(reader, operation, target, small))
    dispatcher = town.visitor("dispatcher")
    refused = dispatcher.get("/api/v1/exports/cases.xlsx", urgency="normal")
    assert (refused.status_code, refused.json()["reason"]) == (403, "second_person_needed")
    request = refused.json()["facts"]["request"]
    assert dispatcher.post(f"/api/v1/exports/{request}/approve", {}).status_code == 403
    assert town.visitor("lead").post(f"/api/v1/exports/{request}/approve", {}).status_code == 200
    assert dispatcher.get("/api/v1/exports/cases.xlsx", urgency="normal").status_code == 200
    assert dispatcher.get("/api/v1/exports/cases.xlsx", urgency="normal").status_code == 403


def test_who_may_not_export_does_not(town: Town) -> None:
    for account in ("collector", "handler", "hotline", "auditor", "citizen"):
        assert town.visitor(account).get("/api/v1/exports/cases.xlsx").status_code == 403, account
