"""/readyz: 200 only when people could work now. Proved by doing it: sign in, read a queue with rows, fetch a map tile.

The steps call the real application in this process, through every wrapper, with one of the demo's accounts. A real city has no
such account: there the database and the migrations are looked at. A full proof is repeated at most every five seconds.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Scope

from chengyun.runtime.installation import Installation

GOOD_FOR = 5.0
BAD_FOR = 0.5
QUEUES = ("intake", "filing", "dispatch", "handling", "check", "supervision")
ACCOUNTS = "accounts.json"


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body or b"null")


@dataclass
class Visitor:
    """A caller inside the process: remembers cookies, sends the CSRF token back."""

    application: ASGIApp
    host: str = "localhost"
    secure: bool = False
    cookies: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        headers = [("host", self.host), ("accept", "application/json"), ("content-length", str(len(content))), ("accept-language", "en")]
        if body is not None:
            headers.append(("content-type", "application/json"))
        if self.cookies:
            headers.append(("cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items())))
        if token := self.cookies.get("csrftoken"):
            headers.append(("x-csrftoken", token))
        if self.secure:
            headers.append(("referer", f"https://{self.host}/"))
        path_only, _, query = path.partition("?")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https" if self.secure else "http",
            "path": path_only,
            "raw_path": path_only.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in headers],
            "client": ("127.0.0.1", 0),
            "server": (self.host, 0),
        }
        sent = False
        answer = Answer(0, [], b"")
        over = asyncio.Event()

        async def receive() -> Message:
            nonlocal sent
            if sent:
                await over.wait()
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = [(k.decode().lower(), v.decode("latin-1")) for k, v in message.get("headers", [])]
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        async with asyncio.timeout(10):
            await self.application(scope, receive, send)
        over.set()
        for name, value in answer.headers:
            if name == "set-cookie":
                self.cookies.update({k: morsel.value for k, morsel in SimpleCookie(value).items()})
        return answer


@dataclass
class Readiness:
    installation: Installation
    application: ASGIApp | None = None
    _missing: list[str] = field(default_factory=lambda: ["not looked yet"])
    _looked: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, _: Request) -> Response:
        async with self._lock:
            if time.monotonic() - self._looked > (BAD_FOR if self._missing else GOOD_FOR):
                self._missing = await self.find_missing()
                self._looked = time.monotonic()
        headers = {"Cache-Control": "no-store"}
        if self._missing:
            return JSONResponse({"ready": False, "missing": self._missing}, 503, headers | {"Retry-After": "1"})
        return JSONResponse({"ready": True}, headers=headers)

    async def find_missing(self) -> list[str]:
        """What keeps people from working, in words; empty when nothing does. Never says more than the name of a step."""
        try:
            await asyncio.to_thread(self._ask_database)
        except (psycopg.Error, OSError):
            return ["database"]
        if not self.installation.is_demo:
            return []
        try:
            return await self._walk()
        except Exception:  # noqa: BLE001 - whatever breaks the walk means "not ready"; the fault itself is logged where it arose
            return ["scripted walk"]

    def _ask_database(self) -> None:
        with psycopg.connect(self.installation.app().conninfo(), autocommit=True, connect_timeout=3) as connection:
            connection.execute("SELECT 1")

    async def _walk(self) -> list[str]:
        assert self.application is not None
        try:
            accounts = json.loads((self.installation.data / ACCOUNTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ["demo accounts"]
        missing = []
        visitor = Visitor(self.application)
        await visitor.ask("GET", "/api/v1/session")
        account = _account_of(accounts, "dispatcher") or {}
        signed_in = await visitor.ask(
            "POST", "/api/v1/session", {"account": account.get("login", ""), "password": account.get("password", "")}
        )
        if signed_in.status not in (200, 201):
            return ["sign-in"]
        rows = 0
        for queue in QUEUES:
            answer = await visitor.ask("GET", f"/api/v1/tasks/queues/{queue}")
            found = answer.json() if answer.status == 200 else {}
            rows += len(found.get("rows", found.get("items", [])) if isinstance(found, dict) else [])
            if rows:
                break
        if not rows:
            missing.append("queue with rows")
        tile = await visitor.ask("GET", "/tiles/cases/0/0/0.mvt")
        if tile.status != 200:
            missing.append("map tile")
        await visitor.ask("DELETE", "/api/v1/session")
        return missing


def _account_of(accounts: object, role: str) -> dict[str, str] | None:
    listed = accounts.get("accounts", []) if isinstance(accounts, dict) else accounts
    if isinstance(listed, list):
        return next((a for a in listed if isinstance(a, dict) and a.get("role") == role), None)
    return None
