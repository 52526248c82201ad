"""Every response carries the headers; doors for strangers cannot be knocked at without end."""

import asyncio
from typing import Any

from chengyun.screens.security.headers import HEADERS, SecurityHeaders
from chengyun.screens.security.rates import Buckets, RateLimits


def _ask(
    application: Any, method: str = "GET", path: str = "/", headers: tuple[tuple[bytes, bytes], ...] = (), client: str = "10.0.0.1"
) -> Any:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), "client": (client, 1)}
    asyncio.run(application(scope, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


async def _answers(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"no-referrer")]})
    await send({"type": "http.response.body", "body": b""})


def test_every_answer_carries_the_headers_and_a_stricter_one_of_its_own_stays() -> None:
    _, headers = _ask(SecurityHeaders(_answers))
    assert {name.lower() for name in HEADERS} <= headers.keys()
    assert headers["referrer-policy"] == "no-referrer"
    script = next(part for part in headers["content-security-policy"].split("; ") if part.startswith("script-src"))
    assert script == "script-src 'self'" and "unsafe-eval" not in headers["content-security-policy"]


def test_a_refusal_by_rate_carries_the_headers_too_and_says_when_to_come_back() -> None:
    moment = [0.0]
    application = SecurityHeaders(RateLimits(_answers, Buckets(lambda: moment[0])))
    seen = [_ask(application, "POST", "/api/v1/session")[0] for _ in range(61)]
    assert (seen.count(200), seen.count(429)) == (60, 1)
    status, headers = _ask(application, "POST", "/api/v1/session")
    assert status == 429 and int(headers["retry-after"]) >= 1 and headers["x-content-type-options"] == "nosniff"
    moment[0] += 60
    assert _ask(application, "POST", "/api/v1/session")[0] == 200


def test_one_session_spends_its_own_tokens_and_reading_is_free() -> None:
    application = RateLimits(_answers, Buckets(lambda: 0.0))
    mine, other = ((b"cookie", b"sessionid=a"),), ((b"cookie", b"sessionid=b"),)
    seen = [_ask(application, "POST", "/api/v1/sources/reports", mine)[0] for _ in range(31)]
    assert (seen.count(200), seen[-1]) == (30, 429)
    assert _ask(application, "POST", "/api/v1/sources/reports", other)[0] == 200
    assert {_ask(application, "GET", "/api/v1/cases", mine)[0] for _ in range(200)} == {200}


def test_guessing_codes_is_slow() -> None:
    application = RateLimits(_answers, Buckets(lambda: 0.0))
    seen = [_ask(application, "GET", f"/api/v1/track/{n}")[0] for n in range(700)]
    assert seen.count(200) == 600


def test_a_damaged_cookie_is_no_way_around() -> None:
    application = RateLimits(_answers, Buckets(lambda: 0.0))
    seen = [_ask(application, "POST", "/api/v1/session", ((b"cookie", bytes([255, n % 256])),))[0] for n in range(61)]
    assert seen.count(200) == 60


def test_what_was_not_seen_for_long_is_forgotten() -> None:
    buckets = Buckets(lambda: 0.0)
    for number in range(60_000):
        buckets.take(str(number), 1, 1)
    assert len(buckets._kept) == 50_000
