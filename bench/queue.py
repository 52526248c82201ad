"""A unit's work queue: 50 rows by due time with filters, and page 1,000 of the whole list; through HTTP and as SQL alone."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bench.client import Client
from bench.machine import Stopwatch, machine, now_ms
from bench.standing_city import City, standing_city

TURNS = 200
DEEP = 1_000
"""The page that is said to cost no more than the first."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=100_000, help="cases stored; 500000 for the figure of the design")
    parser.add_argument("--data", type=Path, help="keep the city in this folder and find it again")


def run(arguments: argparse.Namespace) -> list[dict[str, object]]:
    with standing_city(arguments.cases, arguments.data) as city:
        return measure(city)


def measure(city: City) -> list[dict[str, object]]:
    print(f"queue: {machine(city.server)}; {city.cases:,} cases stored, {TURNS} turns each, worker running", flush=True)
    clerk, lead = city.sign_in("street"), city.sign_in("lead")
    deep = _page(lead, DEEP)
    asked = (
        ("a unit's queue, first page", clerk, _queue(clerk), "<= 10 ms p50"),
        ("a unit's queue with filters", clerk, _queue(clerk) + "&urgency=normal&source=collector,hotline", "<= 10 ms p50"),
        ("all cases of the district, first page", lead, "/api/v1/cases?limit=50", ""),
        (f"all cases of the district, page {deep[1]:,}", lead, deep[0], "<= 15 ms p50"),
        ("tabs with their counts", clerk, "/api/v1/tasks/queues", ""),
    )
    found = []
    for what, client, path, target in asked:
        spent, rows, errors = [], 0, 0
        before = city.cpu()
        for _ in range(TURNS):
            begun = now_ms()
            answer = client.get(path)
            spent.append(now_ms() - begun)
            errors += answer.status != 200
            rows = len(answer.json().get("rows", ())) if answer.status == 200 else rows  # type: ignore[arg-type]
        after = city.cpu()
        watch = Stopwatch(spent)
        figures: dict[str, object] = {
            "what": what,
            "p50": watch.at(0.5),
            "p99": watch.at(0.99),
            "max": watch.worst,
            "cpu": (after[0] - before[0]) / TURNS,
            "database_cpu": (after[1] - before[1]) / TURNS,
            "errors": errors,
            "target": target,
        }
        found.append(figures)
        print(
            f"  {what:<42}{rows:>4} rows  {watch}  CPU ours {figures['cpu']:.2f} ms + PostgreSQL {figures['database_cpu']:.2f} ms,"
            f" errors {errors}  {target}",
            flush=True,
        )
    paths = json.dumps([(what, path) for what, _, path, _ in asked[:4]])
    command = [sys.executable, "-m", "bench.queue_sql", paths, city.passwords["street"], city.passwords["lead"]]
    subprocess.run(command, env=city.environment(), check=True)
    return found


def _queue(client: Client) -> str:
    """The unit's fullest tab."""
    heads = client.get("/api/v1/tasks/queues").json()["queues"]
    fullest = max(heads, key=lambda head: head["count"])  # type: ignore[call-overload, index]
    return f"/api/v1/tasks/queues/{fullest['key']}?limit=50"


def _page(client: Client, number: int) -> tuple[str, int]:
    """The path of a page far down, found as a reader would: page after page, here by four at a time."""
    path, page = "/api/v1/cases?limit=200", 1
    while page + 4 <= number:
        mark = client.get(path).json()["next"]
        if mark is None:
            break
        page += 4
        path = f"/api/v1/cases?limit=200&after={mark}"
    return path.replace("limit=200", "limit=50"), page
