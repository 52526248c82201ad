"""Creating one case through the API: place, grid, category, photo, duty list, deadline, duplicates, events, audit, outbox, one transaction.

A collector reports, again and again, over kept connections: somewhere in the demo's street, about something; the city files and
dispatches it by itself. The load generator runs on the same cores. CPU is that of web, worker and supervisor, PostgreSQL's beside it.
"""

import argparse
import json
import multiprocessing
import queue
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.client import Client
from bench.machine import Stopwatch, cpu_ms, machine, now_ms, tree
from bench.standing_city import City, standing_city
from chengyun_demo.city import build
from chengyun_demo.photos import draw, scenes
from chengyun_demo.rota import Rota
from chengyun_demo.scenario import Planner

TARGETS = {"cpu": 2.5, "rate": 400.0, "p99": 100.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=100_000, help="cases stored before the first report")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--data", type=Path, help="keep the city in this folder and find it again")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--no-granian", action="store_true")
    parser.add_argument("--no-split", action="store_true")


def run(arguments: argparse.Namespace) -> list[dict[str, object]]:
    with standing_city(arguments.cases, arguments.data) as city:
        return measure(city, arguments)


def measure(city: City, arguments: argparse.Namespace) -> list[dict[str, object]]:
    print(f"create: {machine(city.server)}; {city.cases:,} cases stored, {arguments.seconds:.0f} s each, worker running", flush=True)
    collector = city.sign_in("collector")
    photo = collector.send_photo(draw(next(iter(scenes()))))
    found = []
    for many in arguments.concurrency:
        found.append(_run(city, collector, photo, many, arguments.seconds, "one port (uvicorn)", []))
    if not arguments.no_granian:
        with granian(city) as (address, pid):
            for many in arguments.concurrency:
                found.append(_run(city, collector.another(address), photo, many, arguments.seconds, "granian, through Django alone", [pid]))
    if not arguments.no_split:
        split(city, photo)
    return found


def reports(photo: int, seed: int) -> Iterator[bytes]:
    """Bodies of reports, as the demo's own planner draws them."""
    city = build()
    dice = random.Random(seed)
    planner = Planner(city, Rota(city), dice)
    while True:
        plan = planner.draw_report(city.start.date(), at=city.start)
        body: dict[str, object] = {
            "place": [plan.place.lon, plan.place.lat],
            "address": plan.address,
            "description": f"{plan.words}，编号{dice.randrange(10**6)}",
            "category": plan.trouble.code,
            "attachments": [{"id": photo, "stage": "before"}],
        }
        yield json.dumps(body).encode()


def _load(client: Client, bodies: list[list[bytes]], seconds: float, out: "multiprocessing.Queue[object]") -> None:
    """The load generator, in a process of its own: one thread for each connection."""
    spent: queue.SimpleQueue[tuple[float, int]] = queue.SimpleQueue()
    gate = threading.Barrier(len(bodies) + 1)
    end = [0.0]

    def work(own: list[bytes]) -> None:
        mine = client.another()
        mine.get("/api/v1/session")
        gate.wait()
        for body in own:
            if now_ms() > end[0]:
                return
            before = now_ms()
            answer = mine.ask("POST", "/api/v1/sources/reports", body, "application/json")
            spent.put((now_ms() - before, answer.status))

    threads = [threading.Thread(target=work, args=(own,)) for own in bodies]
    for thread in threads:
        thread.start()
    end[0] = now_ms() + seconds * 1000
    gate.wait()
    begun = now_ms()
    for thread in threads:
        thread.join()
    took = now_ms() - begun
    found = []
    while not spent.empty():
        found.append(spent.get())
    out.put((found, took))


def _run(city: City, client: Client, photo: int, many: int, seconds: float, server: str, more: list[int]) -> dict[str, object]:
    enough = int(seconds * 800 / many) + 10
    source = reports(photo, random.randrange(10**9))
    bodies = [[next(source) for _ in range(enough)] for _ in range(many)]
    warm = client.another()
    for _ in range(30):
        warm.ask("POST", "/api/v1/sources/reports", next(source), "application/json")
    context = multiprocessing.get_context("fork")
    out: multiprocessing.Queue[object] = context.Queue()
    generator = context.Process(target=_load, args=(client, bodies, seconds, out))
    before, extra = city.cpu(), cpu_ms(more)
    generator.start()
    spent, took = out.get()  # type: ignore[misc]
    generator.join()
    after = city.cpu()
    statuses = [status for _, status in spent]
    made = sum(status == 201 for status in statuses)
    watch = Stopwatch([ms for ms, status in spent if status == 201])
    ours = (after[0] - before[0] + cpu_ms(more) - extra) / max(1, made)
    figures: dict[str, object] = {
        "what": f"create, {server}, {many} at once",
        "rate": made / took * 1000,
        "p50": watch.at(0.5),
        "p99": watch.at(0.99),
        "max": watch.worst,
        "cpu": ours,
        "database_cpu": (after[1] - before[1]) / max(1, made),
        "errors": len(statuses) - made,
        "target": "<= 2.5 ms CPU, >= 400/s, p99 <= 100 ms",
    }
    print(
        f"  {figures['what']:<60} {figures['rate']:>6.0f}/s  {watch}  CPU ours {ours:.2f} ms + PostgreSQL"
        f" {figures['database_cpu']:.2f} ms each, errors {figures['errors']}",
        flush=True,
    )
    return figures


@contextmanager
def granian(city: City) -> Iterator[tuple[str, int]]:
    """One WSGI process of the same installation, as a city would run several behind its proxy."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "8", "--no-log"]
    command += ["--host", "127.0.0.1", "--port", str(port), "bench.wsgi:application"]
    process = subprocess.Popen(command, env=city.environment(), start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(1)
        serving = max(tree(process.pid), key=lambda pid: cpu_ms([pid]))
        yield f"http://127.0.0.1:{port}", serving
    finally:
        process.terminate()
        process.wait(20)


def split(city: City, photo: int) -> None:
    """Where the time of one report goes: the same application in one process of its own, timers around its parts."""
    command = [sys.executable, "-m", "bench.split", str(photo), city.passwords["collector"]]
    subprocess.run(command, env=city.environment(), check=True)
