"""A department's own flow in the running city: kept, checked, chosen per category, walked from report to score, told in its own words."""

import io
import json
import os
import subprocess
import sys
from typing import Any

import openpyxl
import pytest

from chengyun.cases.flows import SHIPPED
from chengyun.cases.national import NATIONAL
from chengyun.runtime.kept_flows import FlowKeeper
from chengyun.stores.checks import check_folds, check_four_tables
from screens.conftest import Town, Visitor
from screens.test_doors import _place_in_home_street, _report

COVER, OTHER = "2026:component_fault:01001", "2026:component_fault:01002"
TEXT = (SHIPPED / "water_repair.yaml").read_text(encoding="utf-8")
FLOWS, CHOICES = "/api/v1/settings/flows", "/api/v1/settings/flow-choices"


def altered(version: int, *swaps: tuple[str, str], name: str = "water_repair") -> str:
    text = TEXT.replace("version: 1", f"version: {version}", 1).replace("name: water_repair", f"name: {name}", 1)
    for found, instead in swaps:
        assert found in text
        text = text.replace(found, instead)
    return text


def keep(who: Visitor, text: str, **more: Any) -> Any:
    return who.post(FLOWS, {"file": "mine.yaml", "text": text, "reason": "与自来水公司商定", **more})


def act(who: Visitor, case: int, action: str, **body: Any) -> Any:
    return who.post(f"/api/v1/cases/{case}/actions", {"action": action, **body})


def page_of(who: Visitor, case: int) -> Any:
    answer = who.get(f"/api/v1/cases/{case}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def begin(town: Town, category: str = COVER, **more: Any) -> int:
    """A report taken down by the hotline: without a photo, so that nothing goes by itself."""
    body = _report(
        town, category=category, description="供水井盖松动，往外冒水", contact={"name": "王小明", "phone": "13800138000"}, **more
    )
    made = town.visitor("hotline").post("/api/v1/sources/reports", body)
    assert made.status_code == 201, made.content
    return int(made.json()["case"])


def photo(who: Visitor, stage: str) -> list[dict[str, object]]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from chengyun_demo.photos import draw

    file = SimpleUploadedFile("after.jpg", draw("manhole-1-after"), "image/jpeg")
    headers = {"X-CSRFToken": who.csrf, "Idempotency-Key": os.urandom(8).hex()}
    taken = who.client.post("/api/v1/sources/attachments", {"file": file, "stage": stage}, headers=headers)
    assert taken.status_code in (200, 201), taken.content
    return [{"id": taken.json()["id"], "stage": stage}]


def test_a_burst_goes_from_report_to_score_by_the_water_companys_flow(town: Town) -> None:
    case = begin(town)
    room, crew, intake = town.visitor("dispatcher"), town.visitor("waterworks"), town.visitor("intake")
    seen = page_of(room, case)
    assert (seen["flow"], seen["flow_version"], seen["flow_title"]) == ("water_repair", 1, "Water emergency repair")
    assert seen["state_name"] == "Fault reported" and seen["timeline"][0]["label"] == "Report a fault"
    offered = {each["action"]: each for each in seen["next_actions"]}
    assert offered["file"]["label"] == "Take on" and offered["file"]["proposed"] and "order_verify" not in offered
    standard = offered["file"]["choices"]["standard"][0]["value"]
    filed = act(room, case, "file", facts={"category": COVER, "standard": standard, "place": _place_in_home_street(town)})
    assert filed.status_code == 200, filed.content
    if filed.json()["state"] == "pending_dispatch":
        unit = next(org.id for org in town.city.organisations.all if org.code == "WTR-F")
        sent = act(room, case, "dispatch", facts={"unit": int(unit)})
        assert sent.status_code == 200, sent.content
    assert page_of(crew, case)["state_name"] == "Crew called"
    rows = crew.get("/api/v1/tasks/queues/handle").json()["rows"]
    assert {row["state_name"] for row in rows if row["id"] == case} == {"Crew called"}
    assert act(crew, case, "accept").status_code == 200
    assert "finish" not in {each["action"] for each in page_of(crew, case)["next_actions"]}
    back = act(crew, case, "feedback", texts={"result": "已通水"}, evidence=photo(crew, "after"))
    assert back.status_code == 200 and back.json()["state"] == "feedback_given", back.content
    closing = {each["action"]: each for each in page_of(intake, case)["next_actions"]}
    assert closing["answer"]["proposed"] and closing["close"]["why_not"]
    reporter = page_of(intake, case)["reporters"][0]["id"]
    assert act(intake, case, "answer", facts={"reporter": reporter}, texts={"answer": "已通水，谢谢"}).status_code == 200
    closed = act(intake, case, "close", facts={"closing_condition": 1})
    assert closed.status_code == 200 and closed.json()["state"] == "evaluated", closed.content  # the demo scores by itself
    ended = page_of(intake, case)
    assert ended["state_name"] == "Scored" and {each["label"] for each in ended["timeline"]} >= {
        "Crew sets out",
        "Report water back",
        "Score",
    }
    folds, four = check_folds(town.city.tenant), check_four_tables(town.city.tenant)
    assert folds.differences == () and four.whole


def test_an_act_of_the_national_steps_that_the_flow_leaves_out_is_refused(town: Town) -> None:
    case = begin(town)
    answer = act(town.visitor("intake"), case, "order_verify", facts={"checker": 1})
    assert (answer.status_code, answer.json()["reason"]) == (422, "unknown_action")


def test_words_come_in_the_readers_language(town: Town) -> None:
    case = begin(town)
    intake = town.visitor("intake")
    intake.client.defaults.pop("HTTP_X_LANGUAGE", None)
    found = intake.client.get(f"/api/v1/cases/{case}", headers={"x-language": "zh"}).json()
    assert (found["state_name"], found["flow_title"]) == ("已报修", "供水抢修流程")


def test_a_new_version_holds_for_new_cases_and_those_under_way_keep_theirs(town: Town) -> None:
    old, admin = begin(town), town.visitor("admin")
    made = keep(admin, altered(2, ("reported: {zh: 已报修, en: Fault reported}", "reported: {zh: 新报修, en: Fault taken down}")))
    assert made.status_code == 201 and made.json()["kept"], made.content
    new, intake = begin(town), town.visitor("intake")
    assert page_of(intake, old)["state_name"] == "Fault reported"
    assert (page_of(intake, new)["state_name"], page_of(intake, new)["flow_version"]) == ("Fault taken down", 2)
    listed = {each["name"]: each for each in admin.get(FLOWS).json()["flows"]}
    told = {each["version"]: each for each in listed["water_repair"]["versions"]}
    assert (told[2]["in_force"], told[1]["in_force"], told[2]["reason"]) == (True, False, "与自来水公司商定")
    assert told[1]["open_cases"] >= 1 and told[2]["open_cases"] >= 1
    assert check_folds(town.city.tenant).differences == ()


def test_the_same_text_again_changes_nothing_and_a_changed_one_needs_a_higher_version(town: Town) -> None:
    admin = town.visitor("admin")
    assert keep(admin, altered(1)).json()["kept"] is False
    answer = keep(admin, altered(1, ("已销单", "已完成")))
    assert (answer.status_code, answer.json()["code"]) == (422, "flow_version_kept")
    keep(admin, altered(7, name="gas_repair"))
    assert keep(admin, altered(6, ("已销单", "已完成"), name="gas_repair")).json()["code"] == "flow_version_old"


def test_a_faulty_file_is_told_line_by_line_and_changes_nothing(town: Town) -> None:
    admin = town.visitor("admin")
    before = admin.get(FLOWS).json()["flows"]
    answer = keep(admin, altered(9, ("to: evaluated}", "to: evaluatd}"), ("zh: 已通水", "zh: ''")))
    body = answer.json()
    assert (answer.status_code, body["code"], body["facts"]["count"]) == (422, "bad_flow", 2)
    assert all(fault.startswith("mine.yaml:") for fault in body["facts"]["faults"])
    assert any("did you mean" in fault for fault in body["facts"]["faults"])
    assert admin.get(FLOWS).json()["flows"] == before


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "[" * 5000, "bad_flow"),
        ("a: &x 1\nb: *x", "bad_flow"),
        ("\x01", "bad_flow"),
        ("name: !!python/object/apply:os.system [x]", "bad_flow"),
        (TEXT.replace("name: water_repair", "name: national"), "flow_name_taken"),
    ],
)
def test_hostile_files_are_refused(town: Town, text: str, code: str) -> None:
    answer = keep(town.visitor("admin"), text)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_file_with_a_zero_byte_ends_at_the_door(town: Town) -> None:
    answer = keep(town.visitor("admin"), f"{TEXT}\x00")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_trial_keeps_nothing_and_a_flow_holds_from_now_on_at_the_earliest(town: Town) -> None:
    admin = town.visitor("admin")
    assert keep(admin, altered(1, name="heat_repair"), trial=True).json()["kept"] is False
    assert "heat_repair" not in {each["name"] for each in admin.get(FLOWS).json()["flows"]}
    late = keep(admin, altered(1, name="heat_repair"), valid_from="2026-01-01T00:00:00+08:00")
    assert late.json()["code"] == "flow_in_the_past"
    ahead = keep(admin, altered(1, name="heat_repair"), valid_from="2027-01-01T00:00:00+08:00")
    assert ahead.status_code == 201
    chosen = admin.post(CHOICES, {"category": OTHER, "flow": "heat_repair", "reason": "试一试吧"})
    assert chosen.json()["code"] == "flow_unknown"  # not in force yet


def test_a_category_is_given_a_flow_and_taken_from_it_again(town: Town) -> None:
    admin, intake = town.visitor("admin"), town.visitor("intake")
    body = {"category": OTHER, "flow": "water_repair", "reason": "排水井盖也由自来水公司抢修"}
    assert admin.post(CHOICES, body).status_code == 201
    under_way = begin(town, OTHER)
    assert page_of(intake, under_way)["flow"] == "water_repair"
    listed = {each["category"]: each["flow"] for each in admin.get(FLOWS).json()["choices"]}
    assert listed[OTHER] == "water_repair" and listed[COVER] == "water_repair"
    assert admin.post(CHOICES, {**body, "flow": None}).status_code == 201
    assert page_of(intake, begin(town, OTHER))["flow"] == "national"
    assert page_of(intake, under_way)["flow"] == "water_repair"
    for wrong, code in (({"category": "2026:matter:99999"}, "category_unknown"), ({"flow": "no_such"}, "flow_unknown")):
        answer = admin.post(CHOICES, {**body, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_what_was_kept_and_chosen_is_in_the_audit(town: Town) -> None:
    admin = town.visitor("admin")
    keep(admin, altered(3, name="lift_repair"))
    rows = town.visitor("auditor").get("/api/v1/audit", operation="settings.flows.write").json()["rows"]
    assert any("lift_repair@3" in json.dumps(row, ensure_ascii=False) for row in rows)


def test_only_the_system_administrator_keeps_flows_and_all_staff_read_them(town: Town) -> None:
    for account in town.passwords.keys() - {"machine", "admin"}:
        who = town.visitor(account)
        assert keep(who, altered(1)).status_code == 403, account
        assert who.post(CHOICES, {"category": OTHER, "flow": None, "reason": "没有理由"}).status_code == 403, account
        wanted = 403 if account == "citizen" else 200
        assert [who.get(path).status_code for path in (FLOWS, f"{FLOWS}/national", f"{FLOWS}/national/table.xlsx")] == [wanted] * 3, account


def test_the_table_shown_is_the_table_that_runs_with_our_own_choices_marked(town: Town) -> None:
    lead = town.visitor("lead")
    shown = lead.get(f"{FLOWS}/national").json()
    assert [row["action"]["code"] for row in shown["rows"]] == [row.action for row in NATIONAL.rows]
    assert {row["action"]["code"] for row in shown["rows"] if row["ours"]} >= {"split", "leader_note"}
    assert shown["choices"] and all(row["source"] for row in shown["rows"])
    moves = {(each["start"], each["end"]) for each in shown["moves"]}
    assert ("dispatched", "handling") in moves and ("none", "reported") in moves
    own = lead.get(f"{FLOWS}/water_repair", version=1).json()
    assert own["text"] == TEXT and own["states"][0]["word"] == "Fault reported" and not own["national"]
    for strange in ("nowhere", "water_repair@1", "..", "%00"):
        assert lead.get(f"{FLOWS}/{strange}").status_code == 404
    assert lead.get(f"{FLOWS}/national", version=2).status_code == 404
    assert lead.get(f"{FLOWS}/national", version=-1).status_code == 422


def test_the_sheet_has_a_line_for_every_row(town: Town) -> None:
    answer = town.visitor("lead").get(f"{FLOWS}/water_repair/table.xlsx", version=1)
    lines = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert len(lines) == 1 + TEXT.count("- {in:") and lines[0][:2] == ("Step", "In state")
    assert lines[1][2] == "Report a fault"


def test_the_command_line_keeps_and_chooses_alike(town: Town) -> None:
    keeper = FlowKeeper.of(town.city.tenant, "x" * 40, town.clock)
    assert keeper.check("a.yaml", altered(1, name="sewer_repair"))["good"]
    made = keeper.keep("a.yaml", altered(1, name="sewer_repair"), None, "排水公司商定")
    assert made["kept"] and keeper.choose(OTHER, "sewer_repair", "排水公司商定")["flow"] == "sewer_repair"
    told = keeper.told()
    assert {"category": OTHER, "flow": "sewer_repair"} in told["choices"]
    keeper.choose(OTHER, None, "改回")


def test_a_command_without_a_reason_is_refused_before_anything_is_read() -> None:
    words = [sys.executable, "-m", "chengyun.runtime.command_line", "flow", "choose", OTHER, "water_repair", "--data", "/nonexistent"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--reason" in done.stderr
