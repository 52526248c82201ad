"""Somebody at work in the running demo city, through its public interface only: accounts, HTTP, nothing else.

`Simulator.step(now)` does one small thing - a report, a filing, a repair - and returns; whoever calls decides the pace. It acts as the
people of the demo accounts and touches only cases it reported itself, so that no visitor's work is taken out of his hands. What was
refused is left alone: a case that somebody else moved on is his now.

Talks to a loopback address by the standard library. An act that failed on the way is repeated with the same idempotency key.
"""

import http.client
import json
import logging
import random
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from chengyun.base.ids import AreaCode, OrgId, PersonId
from chengyun.base.time import to_text
from chengyun.cases.records import SourceFamily, State
from chengyun.cases.responsibility import Decision, DutyIndex, ask_at, find_party
from chengyun.city.areas import LEVELS, AreaIndex
from chengyun.city.calendars import compile as compile_calendar
from chengyun_demo.areas import COMMUNITIES, community_code
from chengyun_demo.city import DemoCity
from chengyun_demo.people import CITY_ZONE, Account
from chengyun_demo.photos import draw as draw_photo
from chengyun_demo.repairs import FLOW_OF
from chengyun_demo.rota import Rota
from chengyun_demo.scenario import TROUBLES, Plan, Planner
from chengyun_demo.stories import ANSWERS, EXTENSION_REASONS, RETURN_REASONS, REWORK_REASONS

log = logging.getLogger("chengyun.demo.simulator")

AT_ONCE = 12
"""So many cases of its own it carries at a time."""
REPORT_SHARE = 0.35
"""How often a step is a new report while there is other work."""
ANOTHER, UNANSWERED = "ordered_to_another", "reporter_unanswered"
PATIENCE = 6.0
"""Seconds an answer may take."""


class Unreachable(Exception):
    """The city does not answer, or not in a way that can be understood."""


@dataclass
class Reply:
    status: int
    body: object

    @property
    def fields(self) -> Mapping[str, object]:
        return self.body if isinstance(self.body, dict) else {}


class Browser:
    """One account with its cookies. Signs in when it must."""

    def __init__(self, address: str, account: str, password: str, authority: Path | None = None) -> None:
        self.parts = urlsplit(address)
        self.trusted = ssl.create_default_context(cafile=str(authority)) if self.parts.scheme == "https" and authority else None
        self.account, self.password = account, password
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def post(self, path: str, body: Mapping[str, object], key: str) -> Reply:
        if "sessionid" not in self.cookies:
            self._sign_in()
        reply = self._ask("POST", path, json.dumps(body).encode(), "application/json", key)
        if reply.status == 401:
            self.cookies.clear()
            self._sign_in()
            reply = self._ask("POST", path, json.dumps(body).encode(), "application/json", key)
        return reply

    def send_photo(self, jpeg: bytes, stage: str, key: str) -> int:
        """Upload a picture; gives the id of the attachment."""
        if "sessionid" not in self.cookies:
            self._sign_in()
        edge = secrets.token_hex(12)
        part = f'--{edge}\r\nContent-Disposition: form-data; name="stage"\r\n\r\n{stage}\r\n'
        part += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        body = part.encode() + jpeg + f"\r\n--{edge}--\r\n".encode()
        reply = self._ask("POST", "/api/v1/sources/attachments", body, f"multipart/form-data; boundary={edge}", key)
        if reply.status not in (200, 201) or "id" not in reply.fields:
            raise Unreachable(f"a photo was not taken: {reply.status}")
        return int(str(reply.fields["id"]))

    def _sign_in(self) -> None:
        self._ask("GET", "/api/v1/session")
        reply = self._ask("POST", "/api/v1/session", json.dumps({"account": self.account, "password": self.password}).encode())
        if reply.status != 200:
            raise Unreachable(f"account {self.account} was not let in: {reply.status}")

    def _ask(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json", key: str = "") -> Reply:
        host, port = self.parts.hostname or "127.0.0.1", self.parts.port or 80
        connection = (
            http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=self.trusted)
            if self.trusted
            else http.client.HTTPConnection(host, port, timeout=PATIENCE)
        )
        headers = {"Accept": "application/json", "Accept-Language": "zh-CN"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method != "GET":
            if self.trusted:
                headers["Referer"] = f"https://{self.parts.netloc}/"
            headers |= {"Content-Type": media_type, "X-CSRFToken": self.csrf, "Idempotency-Key": key or secrets.token_hex(8)}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as fault:
            raise Unreachable(str(fault)) from fault
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                for kept in SimpleCookie(value).values():
                    self.cookies[kept.key] = kept.value
        try:
            read = json.loads(content) if content else {}
        except ValueError:
            read = {}
        if isinstance(read, dict) and isinstance(read.get("csrf"), str):
            self.csrf = read["csrf"]
        self.csrf = self.cookies.get("csrftoken", self.csrf)
        return Reply(answer.status, read)


@dataclass
class Errand:
    """A case of our own, and what we know of it from the answers to our acts."""

    id: int
    plan: Plan
    state: State
    seq: int
    unit: OrgId | None
    """The unit the duty list names; None: a gap."""
    holder: OrgId | None = None
    handler: bool = False
    returned: bool = False
    asked_for_time: bool = False
    not_before: datetime | None = None


@dataclass
class Simulator:
    """address     of the web process, `http://127.0.0.1:8000`
    passwords   account name -> password, as the demo printed them
    authority   certificate of the demo's own authority, when it serves HTTPS
    """

    address: str
    passwords: Mapping[str, str]
    city: DemoCity
    seed: int = 0
    authority: Path | None = None
    errands: list[Errand] = field(default_factory=list)
    done: int = 0
    rested_for: str = ""
    borne: Mapping[str, object] = field(default_factory=dict)
    """Facts of the refusal borne last."""

    def __post_init__(self) -> None:
        self.draw = random.Random(f"{self.city.seed}:simulator:{self.seed}")
        self.planner = Planner(self.city, Rota(self.city), self.draw)
        self.accounts: dict[str, Account] = {account.name: account for account in self.city.people.accounts}
        self.people = {person.number: person for person in self.city.people.all}
        self.browsers: dict[str, Browser] = {}
        day = self.city.start.astimezone(CITY_ZONE).date()
        self.areas, self.duty = AreaIndex(self.city.areas, day), DutyIndex(self.city.duty_rows, 1)
        self.office = compile_calendar(self.city.calendars[0])
        self.desks = self._desks()

    def step(self, now: datetime) -> bool:
        """Do one thing. False if there was nothing to do, or the city could not be reached."""
        try:
            waiting = [errand for errand in self.errands if errand.not_before is None or errand.not_before <= now]
            if len(self.errands) < AT_ONCE and (not waiting or self.draw.random() < REPORT_SHARE):
                return self._report(now)
            if not waiting:
                return False
            return self._move_on(self.draw.choice(waiting), now)
        except Unreachable as fault:
            log.log(logging.DEBUG if str(fault) == self.rested_for else logging.INFO, "simulator rests: %s", fault)
            self.rested_for = str(fault)
            return False

    # --- reporting ------------------------------------------------------------------------------------------------------

    def _report(self, now: datetime) -> bool:
        plan, unit = self._choose_matter(now)
        account = {SourceFamily.COLLECTOR: "collector", SourceFamily.PUBLIC: "citizen"}.get(plan.family, "hotline")
        who, key = self._browser(account), secrets.token_hex(8)
        body: dict[str, object] = {
            "place": [plan.place.lon, plan.place.lat],
            "address": plan.address,
            "description": plan.words,
            "category": plan.trouble.code,
        }
        if plan.component is not None and account == "collector":
            body["component"] = plan.component.identifier
        if account != "hotline":
            body["attachments"] = [{"id": self._photo(who, plan, "before"), "stage": "before"}]
        if account == "collector":
            body["captured_at"] = to_text(now - timedelta(seconds=40))
        reply = who.post("/api/v1/sources/reports", body, key)
        if reply.status != 201:
            log.info("simulator: a report was not taken: %s %s", reply.status, reply.body)
            return False
        self.errands.append(Errand(0, plan, State.REPORTED, 0, unit))
        self._take(self.errands[-1], reply, now)
        return True

    def _choose_matter(self, now: datetime) -> tuple[Plan, OrgId | None]:
        """Something that belongs to units whose accounts we have, so that it can be carried to its end."""
        day = now.astimezone(CITY_ZONE).date()
        families = (SourceFamily.COLLECTOR,) * 6 + (SourceFamily.PUBLIC,) * 2 + (SourceFamily.HOTLINE,)
        ours = set(self.desks)
        for _ in range(60):
            family = self.draw.choice(families)
            trouble = self.draw.choice(
                [t for t in TROUBLES if t.number in ("01001", "01002", "01003", "01004", "06010", "06012", "06036", "06042", "07001")]
            )
            person = self._person("collector") if family is SourceFamily.COLLECTOR else None
            plan = self.planner.draw_report(day, trouble=trouble, family=family, at=now, reporter=person)
            found = self._party(plan, now)
            if found is None or found in ours or self.city.organisation(found).code == "ST2":
                return plan, found
        return plan, found

    def _party(self, plan: Plan, now: datetime) -> OrgId | None:
        path = self.areas.tree.path(plan.grid)
        levels = (path.grid, path.community, path.street, path.district)
        located = {kind: code for kind, code in zip(LEVELS, levels, strict=True) if code is not None}
        owner, keeper = (plan.component.owner, plan.component.maintenance) if plan.component else (None, None)
        answer = find_party(ask_at(now, self.office, plan.trouble.code, located, path.area_class, owner, keeper), self.duty)
        return answer.unit if isinstance(answer, Decision) else None

    # --- moving on ------------------------------------------------------------------------------------------------------

    def _move_on(self, errand: Errand, now: datetime) -> bool:
        way = {
            State.REPORTED: self._order_verify,
            State.VERIFYING: self._verify,
            State.PENDING_FILING: self._file,
            State.PENDING_DISPATCH: self._dispatch,
            State.CONSULTING: self._conclude,
            State.RETURNED: self._reassign,
            State.DISPATCHED: self._accept,
            State.HANDLING: self._handle,
            State.EXTENSION_ASKED: self._endorse,
            State.EXTENSION_ENDORSED: self._grant,
            State.FINISHED: self._confirm,
            State.FEEDBACK_GIVEN: self._order_check,
            State.CHECKING: self._check,
            State.PENDING_CLOSING: self._close,
        }.get(errand.state)
        if way is None:
            self._forget(errand, finished=errand.state in (State.CLOSED, State.EVALUATED))
            return False
        return way(errand, now)

    def _act(
        self, errand: Errand, account: str, action: str, now: datetime, facts: Mapping[str, object] | None = None,
        texts: Mapping[str, str] | None = None, photo: str = "", bearing: str = "",
    ) -> bool:  # fmt: skip
        """One act of the lifecycle. A refusal for the reason `bearing` is borne, as is "there is no such case" to
        somebody it was not given to; any other ends our part in the case."""
        who, key = self._browser(account), secrets.token_hex(8)
        evidence = [{"id": self._photo(who, errand.plan, photo), "stage": photo}] if photo else []
        body = {"action": action, "expected_seq": errand.seq, "facts": facts or {}, "texts": texts or {}, "evidence": evidence}
        reply = who.post(f"/api/v1/cases/{errand.id}/actions", body, key)
        if bearing and (reply.fields.get("reason") == bearing or reply.status == 404):
            facts = reply.fields.get("facts")
            self.borne = facts if isinstance(facts, dict) else {}
            return False
        if reply.status != 200:
            log.info("simulator: %s of case %s was refused: %s %s", action, errand.id, reply.status, reply.body)
            self._forget(errand)
            return False
        self._take(errand, reply, now)
        return True

    def _take(self, errand: Errand, reply: Reply, now: datetime) -> None:
        """What the answer says of the case; the next act waits a while, as people do."""
        errand.id, errand.seq = int(str(reply.fields["case"])), int(str(reply.fields["seq"]))
        errand.state = State(str(reply.fields["state"]))
        errand.not_before = now + timedelta(seconds=self.draw.uniform(20, 240))
        if errand.state is State.DISPATCHED and errand.holder is None:
            errand.holder = errand.unit

    def _forget(self, errand: Errand, *, finished: bool = False) -> None:
        self.errands.remove(errand)
        self.done += finished

    def _order_verify(self, errand: Errand, now: datetime) -> bool:
        if errand.plan.trouble.code in FLOW_OF:
            return self._file(errand, now)
        return self._act(errand, "intake", "order_verify", now, {"checker": int(self._person("collector2"))})

    def _verify(self, errand: Errand, now: datetime) -> bool:
        if self._act(errand, "collector2", "verify", now, photo="verify", bearing=ANOTHER):
            return True
        return errand in self.errands and self._act(errand, "intake", "reassign_verify", now, {"checker": int(self._person("collector2"))})

    def _file(self, errand: Errand, now: datetime) -> bool:
        category, day = errand.plan.trouble.code, now.astimezone(CITY_ZONE).date()
        entries = self.city.catalogue.standards_for(category, self._area_class(errand.plan.grid), day)
        facts = {"category": category, "standard": int(entries[0].id), "place": [errand.plan.place.lon, errand.plan.place.lat]}
        return self._act(errand, "intake", "file", now, facts)

    def _dispatch(self, errand: Errand, now: datetime) -> bool:
        errand.holder = None
        if errand.unit is None and errand.plan.trouble.code in FLOW_OF:
            errand.unit = self.city.organisations.id("WTR-F")
        if errand.unit is None:
            return self._act(errand, "dispatcher", "consult", now, {"ground": "gap"})
        return self._act(errand, "dispatcher", "dispatch", now, {"unit": int(errand.unit)})

    def _conclude(self, errand: Errand, now: datetime) -> bool:
        errand.unit, errand.holder = self.city.organisations.id("ST2-SAN"), None
        return self._act(errand, "dispatcher", "conclude_consult", now, {"unit": int(errand.unit)}, {"reason": "会商意见：由街道队伍处置"})

    def _reassign(self, errand: Errand, now: datetime) -> bool:
        return self._act(errand, "dispatcher", "refuse_return", now, {}, {"reason": "权责清单明确由贵单位处置"})

    def _accept(self, errand: Errand, now: datetime) -> bool:
        holder = errand.holder or errand.unit
        assert holder is not None
        if self.city.organisation(holder).code == "ST2":
            errand.holder = self.city.organisations.id("ST2-SAN")
            return self._act(errand, "street", "pass_down", now, {"unit": int(errand.holder)})
        desk = self.desks.get(holder)
        if desk is None:
            self._forget(errand)
            return False
        if not errand.returned and holder == errand.unit and errand.plan.trouble.code not in FLOW_OF and self.draw.random() < 0.06:
            errand.returned = True
            return self._act(errand, desk[0], "return", now, {}, {"reason": self.draw.choice(RETURN_REASONS)})
        return self._act(errand, desk[0], "accept", now)

    def _handle(self, errand: Errand, now: datetime) -> bool:
        clerk, handler = self._desk(errand)
        if errand.plan.trouble.code in FLOW_OF:
            return self._act(errand, clerk, "feedback", now, {}, {"result": errand.plan.trouble.done}, photo="after")
        if not errand.handler:
            errand.handler = True
            return self._act(errand, clerk, "assign", now, {"handler": int(self._person(handler))})
        if not errand.asked_for_time and self.draw.random() < 0.04:
            errand.asked_for_time = True
            return self._act(errand, handler, "ask_extension", now, {}, {"reason": self.draw.choice(EXTENSION_REASONS)})
        return self._act(errand, handler, "finish", now, {}, {"note": errand.plan.trouble.done}, photo="after")

    def _endorse(self, errand: Errand, now: datetime) -> bool:
        return self._act(errand, self._desk(errand)[0], "endorse", now)

    def _grant(self, errand: Errand, now: datetime) -> bool:
        return self._act(errand, "dispatcher", "grant_extension", now)

    def _confirm(self, errand: Errand, now: datetime) -> bool:
        return self._act(errand, self._desk(errand)[0], "feedback", now, {}, {"result": errand.plan.trouble.done})

    def _order_check(self, errand: Errand, now: datetime) -> bool:
        if errand.plan.trouble.code in FLOW_OF:
            return self._close(errand, now)
        return self._act(errand, "dispatcher", "order_check", now, {"checker": int(self._person("collector2"))})

    def _check(self, errand: Errand, now: datetime) -> bool:
        """By the collector whose account we have; if chance drew another, the desk is asked to send ours."""
        if self.draw.random() < 0.08:
            words = {"reason": self.draw.choice(REWORK_REASONS)}
            done = self._act(errand, "collector2", "check_fail", now, {}, words, photo="check", bearing=ANOTHER)
        else:
            done = self._act(errand, "collector2", "check_pass", now, photo="check", bearing=ANOTHER)
        if done or errand not in self.errands:
            return done
        return self._act(errand, "dispatcher", "reassign_check", now, {"checker": int(self._person("collector2"))})

    def _close(self, errand: Errand, now: datetime) -> bool:
        """Closed, unless somebody still waits for his answer: the refusal says who, and he gets it first."""
        if self._act(errand, "intake", "close", now, {"closing_condition": 1}, bearing=UNANSWERED):
            return True
        waiting = self.borne.get("reporters")
        if errand not in self.errands or not isinstance(waiting, list) or not waiting:
            return False
        return self._act(errand, "intake", "answer", now, {"reporter": waiting[0]}, {"answer": self.draw.choice(ANSWERS)})

    # --- who is who -----------------------------------------------------------------------------------------------------

    def _desks(self) -> dict[OrgId, tuple[str, str]]:
        """Units whose clerk and handler both have an account."""
        orgs = self.city.organisations
        return {
            orgs.id("WTB-DR"): ("clerk", "handler"),
            orgs.id("ST2-SAN"): ("cleaning", "cleaner"),
            orgs.id("WTR-F"): ("waterworks", "waterworks"),
            orgs.community("E").id: ("community", "gridworker"),
        }

    def _desk(self, errand: Errand) -> tuple[str, str]:
        holder = errand.holder or errand.unit
        assert holder is not None
        return self.desks[holder]

    def _person(self, account: str) -> PersonId:
        return self.people[self.accounts[account].person].id

    def _area_class(self, grid: AreaCode) -> int:
        return next(klass for letter, (_, _, klass) in COMMUNITIES.items() if grid.startswith(community_code(letter)))

    def _browser(self, account: str) -> Browser:
        if account not in self.browsers:
            self.browsers[account] = Browser(self.address, account, self.passwords[account], self.authority)
        return self.browsers[account]

    def _photo(self, who: Browser, plan: Plan, stage: str) -> int:
        variant = 1 + int(plan.place.lon * 1e6) % 3
        return who.send_photo(draw_photo(f"{plan.trouble.theme}-{variant}-{stage}"), stage, secrets.token_hex(8))
