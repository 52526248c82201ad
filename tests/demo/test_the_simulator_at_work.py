"""The simulator works through HTTP alone. A stand-in city on a loopback port answers it with the rules of the pure core."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from PIL import Image

from chengyun.base.ids import AttachmentId, CaseId, ReporterId
from chengyun.base.results import Refused
from chengyun.cases.decide import decide
from chengyun.cases.evolve import evolve
from chengyun.cases.records import Action, Actor, Case, Evidence, EvidenceStage, Reporter, SourceFamily, State
from chengyun.city.records import Role
from chengyun_demo.history import rule_book
from chengyun_demo.simulator import AT_ONCE, Simulator

FAMILY = {Role.COLLECTOR: SourceFamily.COLLECTOR, Role.CITIZEN: SourceFamily.PUBLIC, Role.CALL_AGENT: SourceFamily.HOTLINE}
SECRET = "a-password-of-this-test"


class StandIn:
    """Sessions, uploads, reports and acts as the real doors take them; what is allowed is decided by the core."""

    def __init__(self, city):
        self.city, self.rules, self.now = city, rule_book(city), city.start
        self.people = {person.number: person for person in city.people.all}
        self.accounts = {account.name: account for account in city.people.accounts}
        self.cases: dict[int, Case] = {}
        self.photos: list[bytes] = []
        self.keys: list[str] = []
        self.refused: list[Refused] = []
        self.faults: list[str] = []
        self.sends = None
        """A collector whom the city sends to check by itself."""

    def actor(self, name):
        account = self.accounts[name]
        person = self.people[account.person]
        return Actor(account.role, person.id, person.org)

    def report(self, name, body):
        actor, ident = self.actor(name), CaseId(len(self.cases) + 1)
        family = FAMILY[actor.role]
        wants = family is not SourceFamily.COLLECTOR
        reporter = Reporter(ReporterId(ident), actor.person if family is not SourceFamily.HOTLINE else None, family, ident, wants)
        facts = {"place": body["place"], "category": body["category"], "grid": self.city.grid_at(self.city.centre)}
        texts = {"address": body["address"], "description": body["description"]}
        case = Case(ident, self.city.tenant, number=f"WJ {ident}", family=family, reporters=(reporter,))
        return self.decide(case, Action("report", actor, facts, texts, self.evidence(body.get("attachments", []))), 201)

    def act(self, name, ident, body):
        case = self.cases[ident]
        if body["expected_seq"] != case.seq:
            return 409, {}
        action = Action(body["action"], self.actor(name), body["facts"], body["texts"], self.evidence(body["evidence"]))
        return self.decide(case, action, 200)

    def decide(self, case, action, good):
        answer = decide(case, action, self.rules, self.now)
        if isinstance(answer, Refused):
            self.refused.append(answer)
            return 422, {"reason": answer.reason, "facts": dict(answer.facts)}
        for event in answer.events:
            case = evolve(case, event)
        if case.state is State.FEEDBACK_GIVEN and self.sends is not None:
            ordered = decide(case, Action("order_check", Actor(Role.SYSTEM), {"checker": int(self.sends)}), self.rules, self.now)
            case = evolve(case, ordered.events[0])
        self.cases[case.id] = case
        return good, {"case": case.id, "number": case.number, "seq": case.seq, "state": str(case.state)}

    def evidence(self, given):
        return tuple(Evidence(AttachmentId(each["id"]), EvidenceStage(each["stage"])) for each in given)


class Door(BaseHTTPRequestHandler):
    city: StandIn

    def log_message(self, *_):
        pass

    def answer(self, status, body, *cookies):
        content = json.dumps(body).encode()
        self.send_response(status)
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def who(self):
        kept = dict(part.strip().split("=", 1) for part in self.headers.get("Cookie", "").split(";") if "=" in part)
        return kept.get("sessionid")

    def do_GET(self):
        if self.path == "/api/v1/session":
            return self.answer(200, {"csrf": "token"}, "csrftoken=token; Path=/")
        return self.answer(404, {})

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("X-CSRFToken") != "token" or not self.headers.get("Idempotency-Key"):
            self.city.faults.append(f"{self.path} without token or key")
        self.city.keys.append(self.headers.get("Idempotency-Key", ""))
        if self.path == "/api/v1/session":
            body = json.loads(content)
            if body["password"] != SECRET or body["account"] not in self.city.accounts:
                return self.answer(401, {})
            return self.answer(200, {"csrf": "token"}, f"sessionid={body['account']}; Path=/; HttpOnly")
        name = self.who()
        if name is None:
            return self.answer(401, {})
        if self.path == "/api/v1/sources/attachments":
            start = content.index(b"\xff\xd8")
            self.city.photos.append(content[start : content.rindex(b"\r\n--")])
            return self.answer(201, {"id": str(len(self.city.photos))})
        if self.path == "/api/v1/sources/reports":
            return self.answer(*self.city.report(name, json.loads(content)))
        return self.answer(*self.city.act(name, int(self.path.split("/")[4]), json.loads(content)))


@pytest.fixture
def stand_in(city):
    served = StandIn(city)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("CityDoor", (Door,), {"city": served}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield served
    server.shutdown()
    server.server_close()
    thread.join(5)


def at_work(stand_in, steps, seed=1):
    passwords = dict.fromkeys(stand_in.accounts, SECRET)
    simulator = Simulator(stand_in.address, passwords, stand_in.city, seed)
    for _ in range(steps):
        simulator.step(stand_in.now)
        stand_in.now += timedelta(seconds=50)
    return simulator


def test_cases_go_from_the_report_to_their_closing(stand_in):
    simulator = at_work(stand_in, 330)
    closed = [case for case in stand_in.cases.values() if case.state is State.CLOSED]
    assert len(closed) >= 8
    assert simulator.done >= 7
    assert {refused.reason for refused in stand_in.refused} <= {"reporter_unanswered"}
    assert stand_in.faults == []
    assert len(stand_in.cases) - len(closed) <= AT_ONCE


def test_every_source_of_a_report_comes_up_and_the_public_is_answered(stand_in):
    at_work(stand_in, 330, seed=2)
    assert {case.family for case in stand_in.cases.values()} == {SourceFamily.COLLECTOR, SourceFamily.PUBLIC, SourceFamily.HOTLINE}
    for case in stand_in.cases.values():
        if case.state is State.CLOSED:
            assert all(reporter.answered for reporter in case.reporters if reporter.wants_answer)


def test_it_never_touches_a_case_it_did_not_report(stand_in):
    report = stand_in.report("hotline", HANDMADE)
    before = stand_in.cases[report[1]["case"]]
    at_work(stand_in, 120)
    assert stand_in.cases[before.id] == before


def test_its_photos_are_pictures_and_its_keys_are_used_once(stand_in):
    at_work(stand_in, 90)
    assert len(stand_in.photos) >= 10
    for photo in stand_in.photos[:10]:
        assert Image.open(BytesIO(photo)).format == "JPEG"
    assert len(set(stand_in.keys)) == len(stand_in.keys)


def test_a_check_that_chance_gave_to_another_collector_is_asked_for(stand_in):
    stand_in.sends = stand_in.people["C005"].id
    at_work(stand_in, 330)
    assert [case for case in stand_in.cases.values() if case.state is State.CLOSED]
    assert {refused.reason for refused in stand_in.refused} - {"reporter_unanswered"} == {"ordered_to_another"}


def test_a_case_that_somebody_else_moved_on_is_left_to_him(stand_in):
    simulator = at_work(stand_in, 12)
    errand = simulator.errands[0]
    errand.seq -= 1
    errand.not_before = None
    mine = [each.id for each in simulator.errands]
    for other in simulator.errands[1:]:
        other.not_before = stand_in.now + timedelta(days=1)
    while errand in simulator.errands:
        simulator.step(stand_in.now)
    assert errand.id in mine
    assert errand.id not in [each.id for each in simulator.errands]


def test_a_city_that_does_not_answer_lets_it_rest(city):
    simulator = Simulator("http://127.0.0.1:9", dict.fromkeys((a.name for a in city.people.accounts), SECRET), city)
    assert simulator.step(city.start) is False
    assert simulator.errands == []


HANDMADE = {
    "place": [124.0, 30.0],
    "category": "2026:matter:06010",
    "address": "钟楼街1号",
    "description": "路边有垃圾",
}
