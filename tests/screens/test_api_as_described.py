"""The interface is what it says it is (promise F9): generated requests as three roles meet no server error, no status and no shape that
is not described, no words of an exception; and whatever is refused has written nothing.
"""

import contextlib
import io
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import hypothesis
import psycopg
import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from chengyun.cases.flows import SHIPPED
from chengyun_demo.rota import Rota
from chengyun_demo.scenario import Planner
from counts import count

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = ("lead", "citizen", "admin")
"""One who runs the desk (files, dispatches, sees people), one from outside, one who keeps the city."""
ALSO = ("security", "auditor")
"""Only one sensible request each: to show that what the three may not do can be done by those who may."""
LEAST_REACHED = 0.9
CATEGORY = "2026:matter:06010"
INTERNALS = ("Traceback", "site-packages", "psycopg", "django.", "Exception", "Error(", "SELECT ", "chengyun.stores", ".py")
WRITTEN = (
    *("case_row", "case_event", "case_text", "case_link", "case_attachment", "audit_entry", "outbox", "idempotency", "timer"),
    *("queue_delta", "attachment", "duty_row", "duty_gap", "duplicate_proposal", "reporter_identity", "work_calendar", "setting"),
)
"""Where a write would show. Sessions and counted sign-in tries are not writes of the city."""


@dataclass
class Caller:
    """Somebody signed in, whose requests carry his cookie, his token and a key of their own."""

    town: Any
    account: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sign_in()

    def sign_in(self) -> None:
        visitor = self.town.visitor(self.account)
        cookie: SimpleCookie = visitor.client.cookies
        self.cookies = {name: kept.value for name, kept in cookie.items()}
        self.headers = {
            "X-CSRFToken": visitor.csrf,
            "X-Language": "en",
        }

    def call(self, case: Any) -> Any:
        return case.call(headers=self.headers | {"Idempotency-Key": secrets.token_hex(8)}, cookies=self.cookies)


@pytest.fixture(scope="module")
def schema(town: Any) -> Any:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app=get_wsgi_application())


@pytest.fixture(scope="module")
def rows_written(town: Any, module_database: Any) -> Iterator[Callable[[], dict[str, int]]]:
    with psycopg.connect(module_database.owner.conninfo(), autocommit=True) as connection:
        connection.execute("SELECT set_config('chengyun.tenant', '1', false)")
        there = {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}
        tables = [name for name in WRITTEN if name in there]
        counted = ", ".join(f"(SELECT count(*) FROM {name})" for name in tables)
        yield lambda: dict(zip(tables, connection.execute(f"SELECT {counted}").fetchone() or (), strict=True))


@pytest.fixture(scope="module")
def known(town: Any) -> dict[str, list[Any]]:
    """Real ids for the places of a path, so that requests come past the first door."""
    citizen, hotline = town.visitor("citizen"), town.visitor("hotline")
    place = [124.0, 30.0]
    body = {"place": place, "address": "幸福路 1 号", "description": "路灯不亮", "category": CATEGORY}
    mine = citizen.post("/api/v1/sources/reports", body)
    assert mine.status_code == 201, mine.content
    theirs = hotline.post("/api/v1/sources/reports", body | {"contact": {"name": "王小明", "phone": "10000000001"}})
    assert theirs.status_code == 201, theirs.content
    png = io.BytesIO()
    Image.new("RGB", (32, 32), "green").save(png, "PNG")
    png.seek(0)
    png.name = "a.png"
    taken = citizen.client.post(
        "/api/v1/sources/attachments", {"file": png}, headers={"X-CSRFToken": citizen.csrf, "Idempotency-Key": secrets.token_hex(8)}
    )
    assert taken.status_code == 201, taken.content
    filed = _filed(town, png)
    announced = citizen.post("/api/v1/sources/uploads", {"size": 10, "sha256": "0" * 64})
    assert announced.status_code == 201, announced.content
    code = mine.json().get("code") or "none"
    return {
        "case": [filed, mine.json()["case"], theirs.json()["case"]],
        "key": ["dispatch", "to_dispatch", "supervise", "intake"],
        "attachment": [taken.json()["id"]],
        "role": ["thumb", "display"],
        "code": [code, CATEGORY],
        "token": [code],
        "unit": [1, 43],
        "request_id": [1],
        "account": [_account_of(town, "gridworker")],
        "post": [_post_of(town, "gridworker")],
        "row": [max(row.id for row in town.city.duty_rows)],
        "upload": [announced.json()["id"]],
        "name": ["national"],
        "colleague": [_colleague_of(town, "lead")],
        "administrator": [_account_of(town, "admin")],
        "png": [png.getvalue()],
    }


def _account_of(town: Any, name: str) -> int:
    """An account nobody else in this test needs."""
    from chengyun.stores import accounts

    found = accounts.sign_in(town.city.tenant, name, town.passwords[name], town.clock.now())
    return int(found.account)  # type: ignore[union-attr]


def _colleague_of(town: Any, name: str) -> int:
    """Another shift lead, who can take the shift over."""
    lead = town.visitor(name)
    me = lead.get("/api/v1/me").json()["person"]["id"]
    return int(next(row["id"] for row in lead.get("/api/v1/city/people", role="shift_lead").json()["rows"] if row["id"] != me))


def _post_of(town: Any, name: str) -> int:
    account = _account_of(town, name)
    rows = town.visitor("security").get("/api/v1/accounts", limit=500).json()["rows"]
    return int(next(row["posts"][0]["id"] for row in rows if row["id"] == account))


def _filed(town: Any, png: io.BytesIO) -> int:
    """A collector's report with a photo: the city files and dispatches it by itself."""
    collector = town.visitor("collector")
    png.seek(0)
    headers = {"X-CSRFToken": collector.csrf, "Idempotency-Key": secrets.token_hex(8)}
    photo = collector.client.post("/api/v1/sources/attachments", {"file": png}, headers=headers).json()["id"]
    planner = Planner(town.city, Rota(town.city), random.Random(1))
    place = planner.draw_report(town.city.start.date(), at=town.city.start).place
    body = {
        "place": [place.lon, place.lat],
        "description": "垃圾未清",
        "category": CATEGORY,
        "attachments": [{"id": photo, "stage": "before"}],
    }
    made = collector.post("/api/v1/sources/reports", body)
    assert made.status_code == 201, made.content
    return int(made.json()["case"])


@dataclass
class Story:
    """What a role met: by operation, how often each status."""

    met: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)


def _operations(schema: Any) -> list[Any]:
    return [found.ok() for found in schema.get_all_operations()]


def _try(caller: Caller, case: Any, story: Story, rows_written: Callable[[], dict[str, int]]) -> None:
    name = case.operation.definition.raw["operationId"]
    before = rows_written()
    response = caller.call(case)
    if response.status_code == 401 and name not in ("session_open", "session_close"):
        caller.sign_in()  # signed out by an earlier request
        response = caller.call(case)
    story.met[name][response.status_code] += 1
    if response.status_code >= 400 and rows_written() != before:
        after = rows_written()
        story.faults.append(f"{name} {response.status_code} wrote {[t for t in after if after[t] != before[t]]}: {case.as_curl_command()}")
    body = response.content.decode(errors="replace") if response.status_code >= 400 else ""
    if found := [word for word in INTERNALS if word in body]:
        story.faults.append(f"{name} {response.status_code} tells {found}: {body[:300]}")
    try:
        case.validate_response(response, checks=CHECKS)
    except BaseExceptionGroup as faults:
        told = [" ".join(str(each).split())[:300] for each in faults.exceptions]
        story.faults.append(f"{name} {response.status_code}: {told} {response.content[:200]!r} at {case.as_curl_command()[:400]}")
    if name in ("session_open", "session_close") and response.status_code < 300:
        caller.sign_in()


def _generated(caller: Caller, schema: Any, known: dict[str, list[Any]], story: Story, rows_written: Any) -> None:
    many = count("api_fuzz", "examples")
    for operation in _operations(schema):
        _generate(caller, operation, GenerationMode.POSITIVE, many, known, story, rows_written)
        _generate(caller, operation, GenerationMode.NEGATIVE, max(1, many // 2), known, story, rows_written)


def _generate(
    caller: Caller, operation: Any, mode: GenerationMode, many: int, known: dict[str, list[Any]], story: Story, rows_written: Any
) -> None:
    """Two of three requests name something that exists."""

    @hypothesis.settings(
        max_examples=many,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(hypothesis.strategies.data())
    def requests(data: Any) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        for name in case.path_parameters or {}:
            if name in known and data.draw(hypothesis.strategies.integers(0, 2)):
                case.path_parameters[name] = data.draw(hypothesis.strategies.sampled_from(known[name]))
        _try(caller, case, story, rows_written)

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # nothing that is not well formed can be sent to this operation
        requests()


FLOW = (SHIPPED / "water_repair.yaml").read_text(encoding="utf-8")
NOBODY = 999
"""Stands in an address where nothing real should be touched: an account, an absence."""


def _seeded(caller: Caller, schema: Any, known: dict[str, list[Any]], story: Story, rows_written: Any) -> None:
    """One sensible request for each operation: what a page would send."""
    case_id = known["case"][0]
    bodies = {
        "session_open": {"account": caller.account, "password": caller.town.passwords[caller.account]},
        "report_make": {"place": [124.001, 30.001], "description": "井盖松动", "category": "2026:matter:06012"},
        "case_act": {"action": "urge"},
        "cases_act_many": {"items": [{"case": case_id, "action": "urge"}]},
        "calendar_day_set": {"calendar": 1, "day": "2026-12-30", "working": False, "reason_zh": "台风停工"},
        "clock_set": {"advance_minutes": 1},
        "duty_row_end": {"seen_version": 1, "reason": "划转"},
        "report_rate": {"satisfaction": "satisfied"},
        "case_unmask": {"reason": "核实回访"},
        "absence_register": {"deputy": 30, "from_day": "2026-12-01", "to_day": "2026-12-03", "reason": "休假"},
        "setting_switch": {"category": "*", "step": "close", "on": True, "reason": "试行自动结案"},
        "account_grant": {"role": "handler", "org": 16, "valid_from": "2026-12-01", "valid_to": "2026-12-31"},
        "account_create": {"number": "N777", "name": "新人", "org": 16},
        "account_end_post": {},
        "account_reset_administrator": {},
        "duty_row_write": {"category": CATEGORY, "handling_unit": 16, "valid_from": "2026-12-20"},
        "shift_hand_over": {"to": known["colleague"][0], "note": "夜里还有两件要看"},
        "flow_keep": {"file": "water_repair.yaml", "text": FLOW, "reason": "试行新的流程", "trial": True},
        "flow_choose": {"category": "2026:matter:06012", "flow": None, "reason": "照旧按全国流程"},
        "upload_start": {"size": 20, "sha256": "1" * 64},
    }
    for operation in _operations(schema):
        name = operation.definition.raw["operationId"]
        places = {each.name: known.get(each.name, [NOBODY])[0] for each in operation.path_parameters}
        if name.startswith("category_"):
            places["code"] = CATEGORY
        if name == "account_reset_administrator":
            places["account"] = known["administrator"][0]
        more: dict[str, Any] = {"path_parameters": places} if places else {}
        if name == "attachment_make":
            more |= {"body": {"file": known["png"][0]}, "media_type": "multipart/form-data"}
        if name == "upload_continue":
            more |= {"query": {"offset": 0}}
        if name in bodies:
            more |= {"body": bodies[name], "media_type": "application/json"}
        if operation.method.upper() == "POST" and operation.body and "body" not in more:
            continue
        _try(caller, operation.Case(**more), story, rows_written)


def test_generated_requests_as_three_roles_meet_what_is_described(town, schema, known, rows_written, capsys):
    stories = {}
    for role in ROLES:
        caller, story = Caller(town, role), Story()
        _seeded(caller, schema, known, story, rows_written)
        _generated(caller, schema, known, story, rows_written)
        stories[role] = story
    for role in ALSO:
        _seeded(Caller(town, role), schema, known, stories.setdefault(role, Story()), rows_written)
    names = {each.definition.raw["operationId"] for each in _operations(schema)}
    reached = {n for story in stories.values() for n, met in story.met.items() if any(200 <= status < 300 for status in met)}
    asked = sum(sum(met.values()) for story in stories.values() for met in story.met.values())
    with capsys.disabled():
        told = f"{len(reached)} of {len(names)} operations reached a 2xx; not: {sorted(names - reached)}"
        print(f"\n{asked} requests as {len(ROLES)} roles: {told}")
        for name in sorted(names - reached):
            print(f"  {name}: {[dict(story.met[name]) for story in stories.values()]}")
    faults = [f"as {role}: {line}" for role, story in stories.items() for line in story.faults]
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:40])
    assert len(reached) >= LEAST_REACHED * len(names), sorted(names - reached)
