"""Where the time of one created case goes. Timers wrapped around the parts in one process, without sockets; each part's own time only.

The timers cost something themselves: shares are good, sums are some tenths of a millisecond above the truth.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import django

REPORTS = 300


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

    def make(number: int) -> None:
        headers = {"X-CSRFToken": csrf, "Idempotency-Key": f"split-{time.time_ns()}-{number}"}
        answer = visitor.post("/api/v1/sources/reports", next(source), content_type="application/json", headers=headers)
        assert answer.status_code == 201, answer.content

    for number in range(40):
        make(number)
    for part, owner, name in (
        ("SQL: driver and waiting", psycopg.Cursor, "execute"),
        ("sign-in looked up", Session, "authenticate"),
        ("desk: the rest", Desk, "report"),
        ("desk: decide and evolve", desk._Sitting, "_do"),
        ("policy", access, "may"),
        ("policy", access, "check_fields"),
        ("dispatch by the duty list", desk._Sitting, "find_party"),
        ("grid of a place", desk._Sitting, "_ground"),
        ("duplicates", desk._Sitting, "propose_duplicates"),
        ("duplicates", correlation, "rank"),
        ("store: rows made", writing.CaseWork, "record"),
        ("store: JSON", codec, "write_text"),
    ):
        parts.around(part, owner, name)
    assert responsibility
    begun, wall = time.thread_time(), time.perf_counter()
    for number in range(REPORTS):
        make(number)
    cpu, took = time.thread_time() - begun, time.perf_counter() - wall
    parts.cpu["HTTP, Django, ninja, test client"] = cpu - sum(parts.cpu.values())
    parts.wall["HTTP, Django, ninja, test client"] = took - sum(parts.wall.values())
    print(f"  cost split of one create (one process, no sockets, {REPORTS} reports; {parts.calls['SQL: driver and waiting'] / REPORTS:.1f}"
          " SQL statements each):")  # fmt: skip
    for part in sorted(parts.cpu, key=lambda each: -parts.cpu[each]):
        print(f"    {part:<36}{parts.cpu[part] / REPORTS * 1000:>7.2f} ms CPU{parts.wall[part] / REPORTS * 1000:>8.2f} ms wall")
    print(f"    {'sum':<36}{cpu / REPORTS * 1000:>7.2f} ms CPU{took / REPORTS * 1000:>8.2f} ms wall", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
