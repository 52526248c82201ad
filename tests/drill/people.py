"""People who work while processes are killed: they send, and when no answer comes they send the same again under the same key."""

import http.client
import json
import random
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from chengyun_demo.city import DemoCity
from chengyun_demo.photos import draw, scenes
from chengyun_demo.repairs import FLOW_OF
from chengyun_demo.rota import Rota
from chengyun_demo.scenario import Planner
from drill.journal import Acknowledged, Journal

AGAIN = (0, 408, 429, 500, 502, 503, 504)
"""Answers after which a client may and must try again; 0 is none at all."""


@dataclass
class Browser:
    """One account. A connection for each request: a killed server must not be mistaken for a slow one."""

    address: str
    account: str
    password: str
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", media_type: str = "application/json", key: str = "") -> tuple[int, dict]:
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=20)
        headers = {"Accept": "application/json", "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if method != "GET":
            headers |= {"X-CSRFToken": self.csrf, "Idempotency-Key": key or secrets.token_hex(8), "Content-Type": media_type}
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    kept, _, worth = value.partition(";")[0].partition("=")
                    self.cookies[kept] = worth
            return answer.status, json.loads(content) if content else {}
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()

    def sign_in(self) -> bool:
        status, said = self.ask("GET", "/api/v1/session")
        if status != 200:
            return False
        self.csrf = said["csrf"]
        body = json.dumps({"account": self.account, "password": self.password}).encode()
        status, said = self.ask("POST", "/api/v1/session", body)
        self.csrf = said.get("csrf", "") if status == 200 else ""
        return status == 200

    def insist(self, path: str, body: bytes, media_type: str, key: str, stop: threading.Event) -> tuple[int, dict]:
        """Send until there is an answer that says something. Gives up only when the drill is over."""
        while True:
            if not self.csrf and not self.sign_in():
                status, said = 0, {}
            else:
                status, said = self.ask("POST", path, body, media_type, key)
                if status in (401, 403):
                    self.csrf, status = "", 0
            if status not in AGAIN or stop.is_set():
                return status, said
            time.sleep(0.05)  # between two tries, as any client does; nothing is waited for here

    def report(self, body: dict[str, object], key: str, stop: threading.Event) -> tuple[int, dict]:
        return self.insist("/api/v1/sources/reports", json.dumps(body).encode(), "application/json", key, stop)

    def act(self, case: int, body: dict[str, object], key: str, stop: threading.Event) -> tuple[int, dict]:
        return self.insist(f"/api/v1/cases/{case}/actions", json.dumps(body).encode(), "application/json", key, stop)

    def upload(self, jpeg: bytes, key: str, stop: threading.Event) -> tuple[int, dict]:
        edge = secrets.token_hex(12)
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        body = head.encode() + jpeg + f"\r\n--{edge}--\r\n".encode()
        return self.insist("/api/v1/sources/attachments", body, f"multipart/form-data; boundary={edge}", key, stop)


@dataclass
class Worker:
    """A collector who reports with a photo, and a leader who writes a note on each case: three writes a turn."""

    address: str
    passwords: dict[str, str]
    city: DemoCity
    journal: Journal
    stop: threading.Event
    number: int
    refused: list[tuple[int, dict]] = field(default_factory=list)
    photos: int = 4
    """Every so many reports bring a photo of their own, the others the last one: cleaning a picture is slow work."""

    fell: bool = False

    def work(self) -> None:
        try:
            self._work()
        except BaseException:
            self.fell = True
            raise

    def _work(self) -> None:
        dice = random.Random(self.number)
        planner = Planner(self.city, Rota(self.city), dice)
        collector = Browser(self.address, "collector", self.passwords["collector"])
        leader = Browser(self.address, "leader", self.passwords["leader"])
        drawn = sorted(scenes())
        scene = drawn[self.number % len(drawn)]
        photo, turn = 0, 0
        while not self.stop.is_set():
            if turn % self.photos == 0:
                status, said = collector.upload(draw(scene), secrets.token_hex(8), self.stop)
                if status != 201:
                    continue
                photo = said["id"]
            turn += 1
            plan = planner.draw_report(self.city.start.date(), at=self.city.start)
            if plan.trouble.code in FLOW_OF:
                continue  # the water company's flow knows no leader's note
            mark = f"drill-{self.number}-{turn}-{secrets.token_hex(4)}"
            body = {
                "place": [plan.place.lon, plan.place.lat],
                "address": plan.address,
                "description": f"{plan.words} {mark}",
                "category": plan.trouble.code,
                "attachments": [{"id": photo, "stage": "before"}],
            }
            self.journal.attempt(mark)
            status, said = collector.report(body, mark, self.stop)
            if status != 201:
                self._other(status, said)
                continue
            self.journal.acknowledge(Acknowledged("report", mark, said["case"], said["seq"], photo))
            note = f"{mark}-note"
            self.journal.attempt(note)
            status, done = leader.act(said["case"], {"action": "leader_note", "texts": {"note": f"请跟进 {note}"}}, note, self.stop)
            if status == 200:
                self.journal.acknowledge(Acknowledged("act", note, done["case"], done["seq"]))
            else:
                self._other(status, done)

    def _other(self, status: int, said: dict) -> None:
        if not self.stop.is_set():
            self.refused.append((status, said))


def listen(browser: Browser, stop: threading.Event, heard: list[int]) -> None:
    """Holds a stream of events open, and opens it again whenever it is cut."""
    parts = urlsplit(browser.address)
    while not stop.is_set():
        if not browser.csrf and not browser.sign_in():
            time.sleep(0.1)
            continue
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
        try:
            cookies = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
            connection.request("GET", "/rt/events", headers={"Accept": "text/event-stream", "Cookie": cookies})
            answer = connection.getresponse()
            while not stop.is_set() and answer.status == 200 and (line := answer.fp.readline()):
                heard[0] += line.startswith(b"data:")
            if answer.status in (401, 403):
                browser.csrf = ""
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
