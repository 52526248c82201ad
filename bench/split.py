"""Where the time of one created case goes: reports by the quick way, in groups, as they come when many send at once. Timers wrapped around
the parts in one process, without sockets; each part's own time only.

The timers cost something themselves: shares are good, sums are some tenths of a millisecond above the truth.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import django

REPORTS = 320
TOGETHER = 16


class Parts:
    """Own time of each part: what a part calls is taken off its account."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self._stack: list[tuple[str, float, float]] = []

    def clear(self) -> None:
        self.cpu.clear(), self.wall.clear(), self.calls.clear()

    def _charge(self, now: float, wall: float) -> None:
        if self._stack:
            part, cpu_from, wall_from = self._stack[-1]
            self.cpu[part] = self.cpu.get(part, 0) + now - cpu_from
            self.wall[part] = self.wall.get(part, 0) + wall - wall_from

    def around(self, part: str, owner: Any, name: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            now, wall = time.thread_time(), time.perf_counter()
            self._charge(now, wall)
            self._stack.append((part, now, wall))
            self.calls[part] = self.calls.get(part, 0) + 1
            try:
                return inner(*args, **kwargs)
            finally:
                now, wall = time.thread_time(), time.perf_counter()
                self._charge(now, wall)
                self._stack.pop()
                if self._stack:
                    self._stack[-1] = (self._stack[-1][0], now, wall)

        setattr(owner, name, timed)


def main(photo: int, password: str) -> None:
    django.setup()
    import psycopg
    from django.test import Client

    from bench.create import reports
    from chengyun.cases import access, correlation, desk, responsibility
    from chengyun.cases.desk import Desk
    from chengyun.runtime import wiring
    from chengyun.runtime.installation import read_installation
    from chengyun.screens.api import asgi as quick
    from chengyun.screens.api.asking import Session
    from chengyun.stores.writing.cases import codec
    from chengyun.stores.writing.cases import work as writing

    wiring.furnish(read_installation())
    visitor = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    csrf = visitor.get("/api/v1/session").json()["csrf"]
    signed = visitor.post(
        "/api/v1/session", {"account": "collector", "password": password}, content_type="application/json", headers={"X-CSRFToken": csrf}
    )
    csrf = signed.json()["csrf"]
    parts = Parts()
    source = reports(photo, 11)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.cookies.items())

    def request(number: int) -> tuple[dict[str, Any], bytes]:
        told = {"host": "localhost", "cookie": cookies, "x-csrftoken": csrf, "idempotency-key": f"split-{time.time_ns()}-{number}"}
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/sources/reports",
            "query_string": b"",
            "scheme": "http",
            "http_version": "1.1",
            "server": ("localhost", 80),
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
        }
        return scope, next(source)

    def make(many: int) -> None:
        answers = quick.answer_all([request(number) for number in range(many)])
        assert all(answer.status_code == 201 for answer in answers), [bytes(answer.body) for answer in answers if answer.status_code != 201]

    for _ in range(4):
        make(TOGETHER)
    for part, owner, name in (
        ("SQL: driver and waiting", psycopg.Cursor, "execute"),
        ("sign-in looked up", Session, "authenticate"),
        ("desk: the rest", Desk, "report_all"),
        ("desk: decide and evolve", desk._Sitting, "_do"),
        ("desk: decide and evolve", desk, "decide"),
        ("policy", access, "may"),
        ("policy", access, "check_fields"),
        ("dispatch by the duty list", desk._Sitting, "find_party"),
        ("grid of a place", desk._Sitting, "_ground"),
        ("duplicates", desk._Sitting, "propose_duplicates"),
        ("duplicates", correlation, "rank"),
        ("store: rows made", writing.CaseWork, "_record"),
        ("store: JSON", codec, "write_text"),
    ):
        parts.around(part, owner, name)
    assert responsibility
    begun, wall = time.thread_time(), time.perf_counter()
    for _ in range(REPORTS // TOGETHER):
        make(TOGETHER)
    cpu, took = time.thread_time() - begun, time.perf_counter() - wall
    parts.cpu["request and answer"] = cpu - sum(parts.cpu.values())
    parts.wall["request and answer"] = took - sum(parts.wall.values())
    statements = parts.calls["SQL: driver and waiting"] / REPORTS
    print(f"  cost split of one create ({REPORTS} reports, {TOGETHER} at a time, no sockets; {statements:.1f} SQL statements each):")
    for part in sorted(parts.cpu, key=lambda each: -parts.cpu[each]):
        print(f"    {part:<36}{parts.cpu[part] / REPORTS * 1000:>7.2f} ms CPU{parts.wall[part] / REPORTS * 1000:>8.2f} ms wall")
    print(f"    {'sum':<36}{cpu / REPORTS * 1000:>7.2f} ms CPU{took / REPORTS * 1000:>8.2f} ms wall", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
