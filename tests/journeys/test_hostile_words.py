"""Words that would be a program: written by every role in every field that takes words, then shown on every page that shows them.

What takes words is read from the description of the interface, so that a new field fails here until somebody has tried it. The fields
of the pages are typed into as well, letter by letter like a person's. Nothing may run, and the words stand there as they were written.
"""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from openpyxl import load_workbook

from chengyun.cases.flows import SHIPPED
from journeys.duty_list import DutyList
from journeys.people import Person
from journeys.running_city import ROOT, RunningCity

PAYLOADS = (
    "<script>window.__ran+=1</script>",
    "<img src=x onerror='window.__ran+=1'>",
    '"><svg onload=window.__ran+=1>',
    "javascript:window.__ran+=1",
    "{{constructor.constructor('window.__ran+=1')()}}",
    "</textarea><iframe srcdoc='<script>parent.__ran+=1</script>'></iframe>",
)
HOSTILE = " ".join(PAYLOADS)
SHORT = "<img src=x onerror=window.__ran+=1>"
FORMULA = f'=HYPERLINK("javascript:window.__ran+=1") {SHORT}'

WRITTEN = {
    "report_make": {"address", "description", "note", "source_detail", "contact.name", "contact.phone"},
    "case_act": {"texts.*"},
    "cases_act_many": {"items[].texts.*"},
    "attachment_make": {"file"},
    "finding_make": {"rule", "rule_version", "kind", "key", "model", "description"},
    "calendar_day_set": {"reason_zh", "reason_en"},
    "report_rate": {"text"},
    "case_unmask": {"reason"},
    "account_create": {"name", "phone"},
    "shift_hand_over": {"note"},
    "absence_register": {"reason"},
    "setting_switch": {"reason"},
    "flow_keep": {"text", "reason"},
    "flow_choose": {"reason"},
    "upload_start": {"name", "media_type"},
    "session_open": {"account", "password"},
}
"""Operation -> fields in which this journey writes."""
CODES = {"category", "component", "major", "area", "fields[]", "flow"}
"""Fields that name something known: any other word is refused, and the refusal is not a page."""
FLOW = "hostile_words"
FOLLOWS = "2026:component_fault:01001"
"""The category that follows the flow with the hostile title for a while."""


def fields_for_words() -> Iterator[tuple[str, str]]:
    """(operation, field) for every text of every request body that is not bound to a pattern, a format or a list."""
    told = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    schemas: Mapping[str, Any] = told["components"]["schemas"]

    def walk(schema: Mapping[str, Any], path: str) -> Iterator[str]:
        while "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        for each in [*schema.get("anyOf", []), *schema.get("allOf", []), *schema.get("oneOf", [])]:
            yield from walk(each, path)
        bound = "enum" in schema or "pattern" in schema or "const" in schema or schema.get("format") in ("date", "date-time", "time")
        if schema.get("type") == "string" and not bound:
            yield path
        for name, inner in schema.get("properties", {}).items():
            yield from walk(inner, f"{path}.{name}" if path else name)
        if isinstance(schema.get("additionalProperties"), dict):
            yield from walk(schema["additionalProperties"], f"{path}.*")
        if schema.get("type") == "array":
            yield from walk(schema.get("items", {}), f"{path}[]")

    for operations in told["paths"].values():
        for operation in operations.values():
            for body in operation.get("requestBody", {}).get("content", {}).values():
                for path in walk(body["schema"], ""):
                    yield operation["operationId"], path


def test_every_field_of_the_interface_that_takes_words_is_tried_here() -> None:
    found = {(operation, path) for operation, path in fields_for_words() if path not in CODES}
    tried = {(operation, path) for operation, paths in WRITTEN.items() for path in paths}
    assert found - tried == set(), "write hostile words there too"
    assert tried - {*found, ("attachment_make", "file")} == set(), "no such field any more"


def test_words_where_a_code_belongs_are_refused_and_never_sent_back_as_a_page(enter: Callable[..., Person], city: RunningCity) -> None:
    admin, citizen = enter("admin"), enter("citizen")
    for person, path, body in (
        (citizen, "/sources/reports", {"category": SHORT, "description": "x", "address": "x"}),
        (admin, "/city/duty-list", {"category": SHORT, "handling_unit": 1}),
        (admin, "/city/duty-list", {"major": SHORT[:12], "area": SHORT[:24], "handling_unit": 1}),
        (admin, "/settings/switches", {"category": SHORT, "step": "file", "on": True, "reason": HOSTILE[:200]}),
        (admin, "/settings/flow-choices", {"category": SHORT, "flow": "national", "reason": HOSTILE[:200]}),
        (admin, "/settings/flow-choices", {"category": "*", "flow": SHORT, "reason": HOSTILE[:200]}),
        (citizen, f"/cases/{SHORT}/actions", {"action": SHORT}),
    ):
        answer = person.posts(path, body, f"code-{city.now().timestamp()}")
        assert 400 <= answer.status < 500, (path, answer.status)
        assert answer.headers["content-type"].startswith(("application/json", "text/plain")) or SHORT not in answer.text(), path
        assert answer.headers["x-content-type-options"] == "nosniff", path


def types_everywhere(person: Person) -> int:
    """Hostile words in every field of the page that can be seen; searches are also sent. Returns how many fields there were."""
    fields = person.page.locator(
        "textarea:visible, input:visible:not([type=file]):not([type=checkbox]):not([type=radio]):not([type=number])"
        ":not([type=date]):not([type=datetime-local]):not([readonly]):not([disabled])"
    )
    count = fields.count()
    for number in range(count):
        field = fields.nth(number)
        if not field.is_visible():
            continue
        field.fill(HOSTILE[:200])
        if field.get_attribute("type") == "search":
            field.press("Enter")
    return count


def ran(person: Person) -> int:
    """How often words were run: by the hook every page of this person has, in the page or in any frame of it, or as a dialog."""
    return person.dialogs + sum(frame.evaluate("window.__ran || 0") for frame in person.page.frames)


def all_write(enter: Callable[..., Person], city: RunningCity) -> dict[str, Any]:
    """Everybody writes where he may. Returns the people, three cases, and the code of the first."""
    duty = DutyList(city.built)
    category = next(duty.answered_by("ST2", next(iter(duty.places("L", 3)))))
    logins = ("citizen", "intake", "lead", "street", "hotline", "auditor", "dispatcher", "admin", "cleaner", "collector", "security")
    by: dict[str, Person] = {login: enter(login) for login in logins}
    run = f"hostile-{city.now().timestamp()}"

    rows = by["lead"].asks("/cases", open="true", category=category.code, limit=200)["rows"]
    place, elsewhere = [each for each in duty.quiet_places("L", 3, rows) if category in duty.answered_by("ST2", each)][:2]

    def write(login: str, path: str, body: Mapping[str, Any]) -> Any:
        return by[login].sends(path, body, f"{run}-{login}-{path.replace('/', '-')}-{body.get('action', '')}")

    pieces = by["citizen"].sends_in_pieces(f"{SHORT}.jpg", "image/jpeg", f"{run}-pieces")
    assert pieces.ok, pieces.text()[:300]
    no_type = by["citizen"].sends_in_pieces(f"{SHORT}.jpg", SHORT, f"{run}-no-type")
    assert (no_type.status, no_type.json()["reason"]) == (422, "file_type_differs"), "a type of that name is none, and is refused as words"
    first = write(
        "citizen",
        "/sources/reports",
        {
            "category": category.code,
            "place": [place.lon, place.lat],
            "address": FORMULA[:256],
            "description": HOSTILE,
            "contact": {"name": SHORT, "phone": SHORT[:30]},
            "attachments": [
                {"id": by["citizen"].sends_photo(f"{SHORT}.jpg", f"{run}-photo"), "stage": "before"},
                {"id": pieces.json()["id"], "stage": "before"},
            ],
        },
    )
    by_phone = write(
        "hotline",
        "/sources/reports",
        {
            "place": [elsewhere.lon, elsewhere.lat],
            "address": HOSTILE[:256],
            "description": HOSTILE,
            "note": HOSTILE,
            "contact": {"name": SHORT, "phone": "10000000002"},
            "source_detail": SHORT[:40],
        },
    )
    case = first["case"]
    reporter = by["intake"].asks(f"/cases/{case}")["reporters"][0]["id"]
    for login, action, facts, texts in (
        ("street", "return", {}, {"reason": HOSTILE}),
        ("dispatcher", "refuse_return", {}, {"reason": HOSTILE}),
        ("street", "accept", {}, {}),
        ("lead", "supervise", {}, {"reason": HOSTILE}),
        ("street", "answer_supervision", {}, {"note": HOSTILE}),
        ("intake", "note", {}, {"note": HOSTILE}),
        ("intake", "answer", {"reporter": reporter}, {"answer": HOSTILE}),
    ):
        write(login, f"/cases/{case}/actions", {"action": action, "facts": facts, "texts": texts})
    many = {"items": [{"case": each["case"], "action": "note", "texts": {"note": HOSTILE}} for each in (first, by_phone)]}
    results = write("intake", "/cases/actions", many)["results"]
    assert all(each["done"] for each in results), results
    write("intake", f"/cases/{case}/unmask", {"reason": HOSTILE[:200]})
    calendar = next(each["id"] for each in by["admin"].asks("/city/calendars")["rows"] if not each["round_the_clock"])
    far = (city.now() + timedelta(days=300)).date()
    day = {"calendar": calendar, "day": far.isoformat(), "working": False, "reason_zh": HOSTILE[:80], "reason_en": HOSTILE[:120]}
    write("admin", "/city/calendars/days", day)
    write("admin", "/settings/switches", {"category": category.code, "step": "file", "on": True, "reason": HOSTILE[:200]})
    flow = (SHIPPED / "water_repair.yaml").read_text(encoding="utf-8").replace("name: water_repair", f"name: {FLOW}", 1)
    titled = re.sub(
        r"^title: .*$", lambda _: f"title: {{zh: {json.dumps(SHORT)}, en: {json.dumps(SHORT)}}}", flow, count=1, flags=re.MULTILINE
    )
    write("admin", "/settings/flows", {"file": "hostile.yaml", "text": f"# {HOSTILE}\n{titled}", "reason": HOSTILE[:200]})
    write("admin", "/settings/flow-choices", {"category": FOLLOWS, "flow": FLOW, "reason": HOSTILE[:200]})
    org = int(city.built.organisations.id("ST2"))
    number = f"H{int(city.now().timestamp())}"
    for login in ("admin", "security"):
        made = by[login].posts(
            "/accounts", {"number": f"{number}{login[0]}", "name": HOSTILE[:80], "org": org, "phone": SHORT}, f"{run}-{login}"
        )
        if made.ok:
            break
    assert made.ok, made.text()[:300]
    colleague = next(
        each["id"]
        for each in by["lead"].asks("/city/people", role="shift_lead")["rows"]
        if each["id"] != by["lead"].asks("/me")["person"]["id"]
    )
    write("lead", "/shifts/handover", {"to": colleague, "note": HOSTILE})
    write(
        "lead",
        "/absences",
        {"deputy": colleague, "from_day": far.isoformat(), "to_day": (far + timedelta(days=1)).isoformat(), "reason": HOSTILE[:80]},
    )
    machine = {
        "source": "video",
        "rule": HOSTILE[:64],
        "rule_version": SHORT[:20],
        "kind": SHORT[:40],
        "key": f"{SHORT}{run}",
        "model": HOSTILE[:80],
        "category": category.code,
        "place": [place.lon, place.lat],
        "onset": city.now().isoformat(),
        "score": 0.9,
        "description": HOSTILE,
    }
    found = by["auditor"].page.request.post(
        f"{city.address}/api/v1/sources/findings",
        data=machine,
        headers={"Authorization": f"Bearer {city.machine_key('hostile')}", "Idempotency-Key": f"{run}-machine"},
    )
    assert found.ok, found.text()[:300]
    refused = by["citizen"].posts(f"/sources/reports/{case}/rating", {"solved": False, "text": HOSTILE}, f"{run}-rating")
    assert refused.status == 422, "the words of a rating are taken with a closed case, and shown like those of an objection"
    return {"by": by, "case": case, "by_phone": by_phone["case"], "found": found.json()["case"], "code": first.get("code") or str(case)}


def test_no_word_anybody_writes_is_ever_run_as_a_program(enter: Callable[..., Person], city: RunningCity) -> None:
    written = all_write(enter, city)
    by, case, by_phone, found = written["by"], written["case"], written["by_phone"], written["found"]
    nobody = enter(None)
    pages: list[tuple[Person, list[str], bool]] = [
        (by["citizen"], ["/citizen/mine", f"/citizen/mine/{written['code']}", "/citizen"], True),
        (by["street"], [f"/work/handle?case={case}", f"/cases/{case}", "/notices"], True),
        (by["intake"], ["/work/verify", f"/cases/{by_phone}", f"/cases/{case}", "/cases", "/cases?text=onerror", "/map"], True),
        (by["lead"], [f"/cases/{found}", f"/cases/{case}/print?kind=whole", f"/cases/{case}/print?kind=order", "/shift"], True),
        (by["dispatcher"], ["/work/dispatch", f"/cases/{case}", "/city"], True),
        (by["auditor"], ["/audit"], False),
        (by["hotline"], ["/hotline"], False),
        (by["admin"], ["/setup", "/calendar", f"/lifecycle/{FLOW}", "/accounts"], True),
        (by["security"], ["/accounts"], True),
        (by["collector"], ["/phone/today", "/phone/report", "/phone/me"], False),
        (by["cleaner"], ["/phone/today"], False),
        (nobody, ["/sign-in", "/citizen", f"/cases?text={HOSTILE}"], False),
    ]
    fields = 0
    for person, paths, shows in pages:
        seen = False
        for path in paths:
            person.open(path)
            person.until("document.body.innerText.length > 20")
            person.page.wait_for_load_state("networkidle")
            seen |= "onerror" in person.page.inner_text("body")
            fields += types_everywhere(person)
            person.page.wait_for_timeout(150)
            assert ran(person) == 0, f"{person.login} at {path}: words were run"
        person.shows("hostile")
        assert seen or not shows, f"{person.login}: the words must have been on one of {paths} for this to prove anything"
        bare = [
            each.url for each in person.answers if each.url.startswith(city.address) and not each.headers.get("content-security-policy")
        ]
        assert not bare, f"answers without a content security policy: {sorted(set(bare))[:10]}"
    assert fields >= 15
    back = {"category": FOLLOWS, "flow": None, "reason": HOSTILE[:200]}
    by["admin"].sends("/settings/flow-choices", back, f"hostile-back-{city.now().timestamp()}")
    a_sheet_shows_them_as_words(by["lead"])


def a_sheet_shows_them_as_words(lead: Person) -> None:
    answer = lead.context.request.get("/api/v1/exports/cases.xlsx", params={"open": "true"})
    assert answer.ok and "attachment" in answer.headers["content-disposition"], answer.text()[:200]
    cells = [cell for row in load_workbook(io.BytesIO(answer.body())).active.iter_rows() for cell in row]
    ours = [cell for cell in cells if cell.value and "onerror" in str(cell.value)]
    assert ours and all(cell.data_type == "s" for cell in ours), [cell.value for cell in ours]
    assert any(FORMULA[:40] in str(cell.value) for cell in ours)
