"""How often a door may be knocked at: a bucket of tokens per address, and per person where a session tells who it is.

Kept in the memory of the process: one web process serves a city, and a restart forgiving a minute of knocks does no harm. Locks of
accounts do not hang on this; they stand in the database (promise I2).
"""

import hashlib
import json
import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.types import ASGIApp, Receive, Scope, Send

from chengyun.screens.words import language_of, say


@dataclass(frozen=True)
class Rate:
    """`burst` at once, then `per_minute`; for one session, and `times` as much for one address: a call centre shares one."""

    burst: int
    per_minute: float
    times: int = 20


RATES: dict[tuple[str, str], Rate] = {
    ("POST", "/api/v1/session"): Rate(10, 10, times=6),
    ("POST", "/api/v1/sources/reports"): Rate(30, 30),
    ("POST", "/api/v1/sources/attachments"): Rate(60, 60),
    ("GET", "/api/v1/track/"): Rate(30, 30),
    ("GET", "/api/v1/exports/"): Rate(5, 5, times=4),
}
"""Chosen by us: a quick reporter sends one in two seconds, photos two; a guesser of codes or passwords gets nowhere."""
MOST_KEPT = 50_000


@dataclass
class Buckets:
    """Tokens by key; the longest unused are forgotten first."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str, burst: float, per_minute: float) -> float:
        """0 if a token was there, else the seconds until one is."""
        now = self.clock()
        tokens, seen = self._kept.pop(key, (burst, now))
        tokens = min(burst, tokens + (now - seen) * per_minute / 60)
        waits = 0.0 if tokens >= 1 else (1 - tokens) * 60 / per_minute
        self._kept[key] = (tokens - 1 if not waits else tokens, now)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return waits


class RateLimits:
    """`CHENGYUN_RATES` makes all rates that many times larger, for measuring; 1 if it is not set."""

    def __init__(self, application: ASGIApp, buckets: Buckets | None = None) -> None:
        self.application, self.buckets = application, buckets or Buckets()
        self.larger = float(os.environ.get("CHENGYUN_RATES") or 1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = rate_of(scope) if scope["type"] == "http" else None
        if found is None:
            await self.application(scope, receive, send)
            return
        name, rate = found
        waits = max(
            self.buckets.take(f"{name} {key}", rate.burst * times * self.larger, rate.per_minute * times * self.larger)
            for key, times in ((session_of(scope), 1), (f"at {address_of(scope)}", rate.times))
            if key
        )
        if not waits:
            await self.application(scope, receive, send)
            return
        await _too_many(scope, send, waits)


def rate_of(scope: Scope) -> tuple[str, Rate] | None:
    method, path = scope["method"], scope["path"].rstrip("/") or "/"
    for (wanted, where), rate in RATES.items():
        if method == wanted and (path == where or (where.endswith("/") and scope["path"].startswith(where))):
            return f"{wanted} {where}", rate
    return None


def session_of(scope: Scope) -> str:
    """A digest of the session's cookie; empty for who has none, and then the address alone counts."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookie = SimpleCookie(value.decode("latin-1")).get("sessionid")
            except CookieError:
                return ""
            return hashlib.sha256(cookie.value.encode()).hexdigest()[:24] if cookie else ""
    return ""


def address_of(scope: Scope) -> str:
    """The address the connection came from. Headers of proxies are not believed here; the web server translates those it trusts."""
    client = scope.get("client")
    return str(client[0]) if client else "local"


async def _too_many(scope: Scope, send: Send, waits: float) -> None:
    accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"), "")
    words = say("problem.too_many", language_of(accept))
    body = json.dumps({"code": "too_many", "message": words, "error_id": "", "facts": {"seconds": math.ceil(waits)}}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(math.ceil(waits)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
