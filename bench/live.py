"""A change seen by many listening screens: sessions of several roles, streams over TCP, acts through the API meanwhile.

Counted from the answer of the act (when it has committed) and, as the upper bound, from sending it. Beside it what listening costs when
nothing happens, and map tiles of the same city through their doors. The load generator runs on the same cores.
"""

import argparse
import math
import random
import selectors
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from bench.client import Client
from bench.machine import Stopwatch, machine, now_ms
from bench.standing_city import City, standing_city
from chengyun_demo.city import build

TARGET_MS = 100.0
ACCOUNTS = ("lead", "intake", "dispatcher", "leader", "hotline")
STREAMS_OF_A_SESSION = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=100_000, help="cases stored before")
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--per-second", type=float, default=5, help="reports a second")
    parser.add_argument("--data", type=Path, help="keep the city in this folder and find it again")


def run(arguments: argparse.Namespace) -> None:
    with standing_city(arguments.cases, arguments.data) as city:
        print(f"live: {machine(city.server)}; {city.cases:,} cases stored, {arguments.listeners} listeners", flush=True)
        time.sleep(5)  # the city has just opened: its caches fill beside us otherwise
        alone = _idle(city, 10)
        with Crowd(city, arguments.listeners) as crowd:
            listening = _idle(city, 10)
            print(f"idle CPU, web + worker / PostgreSQL: {alone} with nobody, {listening} with {arguments.listeners} listening")
            _tell(city, crowd, arguments)
        _tiles(city)


def _idle(city: City, seconds: float) -> str:
    before, start = city.cpu(), time.monotonic()
    time.sleep(seconds)
    spent, lasted = city.cpu(), (time.monotonic() - start) * 10
    return f"{(spent[0] - before[0]) / lasted:.1f}% / {(spent[1] - before[1]) / lasted:.1f}%"


class Crowd:
    """Streams read by one thread; keeps when each heard of each case first."""

    def __init__(self, city: City, many: int) -> None:
        self.city, self.many = city, many
        self.heard: list[tuple[int, float]] = []
        self._selector, self._over = selectors.DefaultSelector(), threading.Event()

    def __enter__(self) -> "Crowd":
        sessions: list[Client] = []
        for n in range(self.many):
            if n % STREAMS_OF_A_SESSION == 0:
                sessions.append(self.city.sign_in(ACCOUNTS[len(sessions) % len(ACCOUNTS)]))
            self._open(sessions[-1])
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]

    def _open(self, session: Client) -> None:
        parts = urlsplit(self.city.address)
        link = socket.create_connection((parts.hostname or "", parts.port or 80))
        link.sendall(
            f"GET /rt/events HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: sessionid={session.cookies['sessionid']}\r\n\r\n".encode()
        )
        head = link.recv(65536)
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"a stream was not opened: {head[:200]!r}")
        link.setblocking(False)
        self._selector.register(link, selectors.EVENT_READ)

    def _read(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.2):
                piece = key.fileobj.recv(65536)  # type: ignore[union-attr]
                at = now_ms()
                if not piece:
                    self._selector.unregister(key.fileobj)
                    continue
                for line in piece.split(b"\n"):
                    if line.startswith(b'data: {"') and b'"seq":1' in line and line.endswith(b"}"):
                        self.heard.append((msgspec.json.decode(line[6:])["id"], at))


def _tell(city: City, crowd: Crowd, arguments: argparse.Namespace) -> None:
    hotline, draw = city.sign_in("hotline"), random.Random(5)
    grids = [area.rings[0][0] for area in build().areas if area.kind == "unit_grid"]
    sent: dict[int, tuple[float, float]] = {}
    end = time.monotonic() + arguments.seconds
    errors = 0
    while time.monotonic() < end:
        began = now_ms()
        body = {"category": "2026:matter:06020", "place": list(draw.choice(grids)), "description": f"测试 {draw.random()}"}
        answer = hotline.post("/api/v1/sources/reports", body)
        if answer.status == 201:
            sent[int(str(answer.json()["case"]))] = (began, now_ms())
        else:
            errors += 1
        time.sleep(max(0.0, 1 / arguments.per_second - (now_ms() - began) / 1000))
    time.sleep(1.0)
    bound = Stopwatch([at - sent[case][0] for case, at in crowd.heard if case in sent])
    after = Stopwatch([max(0.0, at - sent[case][1]) for case, at in crowd.heard if case in sent])
    missing = len(sent) * arguments.listeners - len(after.spent)
    print(f"{len(sent)} reports x {arguments.listeners} listeners: {len(after.spent)} messages, {missing} missing, {errors} errors")
    print(f"  from the answer of the act: {after}   (target p99 {TARGET_MS:.0f} ms)")
    print(f"  from sending the act:       {bound}", flush=True)


def _tiles(city: City) -> None:
    lead = city.sign_in("lead")
    place = next(area for area in build().areas if area.kind == "unit_grid").rings[0][0]
    with city.database() as connection:
        (points,) = connection.execute("SELECT count(*) FROM case_row WHERE cell IS NOT NULL").fetchone() or (0,)
    for what, zoom, path, words in (
        (f"whole city, {points:,} points", 9, "cases", "state={all}&since=2001-01-01T00:00:{n:02d}Z"),
        ("whole city, open cases", 9, "cases", "since=2001-01-01T00:00:{n:02d}Z"),
        ("street, open cases", 16, "cases", "since=2001-01-01T00:00:{n:02d}Z"),
        ("street, drawn town (kept)", 16, "basemap", ""),
        ("street, areas (kept)", 16, "areas", ""),
    ):
        side = 1 << zoom
        x = int((place[0] + 180) / 360 * side)
        y = int((1 - math.asinh(math.tan(math.radians(place[1]))) / math.pi) / 2 * side)
        states = ",".join(state for state in _states())
        spent, size = [], 0
        for n in range(20):  # another second each time, so that no kept tile answers
            began = now_ms()
            answer = lead.get(f"/tiles/{path}/{zoom}/{x}/{y}.mvt?" + words.format(all=states, n=n))
            spent.append(now_ms() - began)
            size = len(answer.body)
            if answer.status not in (200, 204):
                raise SystemExit(f"a tile was not drawn: {answer.status}")
        print(f"tile {what:<34} {size:>8} bytes  {Stopwatch(spent[1:])}", flush=True)


def _states() -> list[str]:
    from chengyun.cases.records import State

    return [str(state) for state in State]
