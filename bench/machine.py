"""Which machine a figure is from, and how much CPU our processes took."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def machine(postgres: str = "") -> str:
    """CPU, cores, memory, PostgreSQL, day, and how busy the machine was with other things."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown CPU")
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    load = os.getloadavg()[0]
    parts = [cpu, f"{os.cpu_count()} cores", f"{memory / 2**20:.0f} GB", f"Linux {os.uname().release}"]
    parts += [f"PostgreSQL {postgres}"] if postgres else []
    return ", ".join([*parts, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", f"load before {load:.1f}"])


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def cpu_ms(pids: Iterable[int]) -> float:
    """User and system time so far, with that of children already ended."""
    total = 0
    for pid in pids:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            continue
        total += sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
    return total * TICK_MS


def tree(root: int) -> set[int]:
    """A process and everything below it."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            except OSError:
                continue
            below.setdefault(parent, []).append(int(entry.name))
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += below.get(pid, [])
    return found


@dataclass
class Stopwatch:
    """Times of one kind of request, in milliseconds."""

    spent: list[float]

    def at(self, share: float) -> float:
        ordered = sorted(self.spent)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")

    @property
    def worst(self) -> float:
        return max(self.spent, default=float("nan"))

    def __str__(self) -> str:
        return f"p50 {self.at(0.5):.1f} ms, p99 {self.at(0.99):.1f} ms, max {self.worst:.1f} ms"


def now_ms() -> float:
    return time.perf_counter() * 1000
