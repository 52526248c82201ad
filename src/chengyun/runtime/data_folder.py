"""The data folder of an installation: what it is, who writes in it now, and what a killed predecessor left.

chengyun.json       what this folder is: `city` or `demo`
supervisor.lock     held by the one supervisor; its text names the holder (promise R3)
processes.json      children of the supervisor, so that a successor can end those a kill left behind
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from chengyun.runtime import children, postgres
from chengyun.runtime.refusals import StartRefused
from chengyun.runtime.secrets_file import write_private

MARK = "chengyun.json"
LOCK = "supervisor.lock"
PROCESSES = "processes.json"
OURS = ("log", "attachments", "exports", "tls", "cache", "outbox", "anchors", "blobs", "uploads")
"""Folders the product makes below the data folder."""


def make(data: Path, mode: str) -> None:
    """Make the folder, or make sure it is of the wanted kind. One that exists keeps its permissions: it may not be ours alone."""
    if not data.exists():
        data.mkdir(mode=0o711, parents=True)
    mark = data / MARK
    if not mark.exists():
        foreign = [p.name for p in data.iterdir() if p.name not in (LOCK, PROCESSES, "secrets.json", *OURS)]
        if foreign:
            raise StartRefused(
                "data_folder_foreign",
                f"{data} holds things that are not ours ({', '.join(sorted(foreign)[:3])})",
                cure="choose an empty or a new folder with --data",
            )
        write_private(mark, json.dumps({"mode": mode}))
    if (found := mode_of(data)) != mode:
        raise StartRefused(
            "data_folder_of_other_kind",
            f"{data} is the data folder of a {'demo' if found == 'demo' else 'real city'}",
            cure=f"choose another folder with --data, or start it with: chengyun {'demo' if found == 'demo' else 'serve'} --data {data}",
        )


def mode_of(data: Path) -> str:
    """`city` or `demo`; empty when this is no data folder of ours."""
    try:
        return str(json.loads((data / MARK).read_text(encoding="utf-8"))["mode"])
    except (OSError, ValueError, KeyError):
        return ""


def empty_demo(data: Path) -> None:
    """Start over: remove everything we made in a demo's folder. A real city's folder is refused."""
    if not data.exists():
        return
    if mode_of(data) == "city":
        raise StartRefused("data_folder_of_city", f"{data} holds a real city; --fresh would delete it", cure="choose another folder")
    if not mode_of(data):
        return
    postgres.remove_cluster(data)
    for name in OURS:
        shutil.rmtree(data / name, ignore_errors=True)
    for name in (
        "accounts.json",
        "clock.json",
        "migrated.stamp",
        "demo.stamp",
        "secrets.json",
        "postgres.socket",
        "anchor.key",
        "audit_key.pem",
        "basemap.geojson",
        MARK,
    ):
        (data / name).unlink(missing_ok=True)


@dataclass
class Lock:
    """The right to write in a data folder. Freed by the kernel when the holder ends, however it ends."""

    data: Path
    name: str
    """How the holder is called when a second one asks: `chengyun demo on port 8000`."""
    file: IO[str] | None = field(default=None, repr=False)

    def take(self) -> None:
        path = self.data / LOCK
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip() or "another process"
            file.close()
            raise StartRefused(
                "data_folder_taken",
                f"{self.data} is in use by {holder}",
                cure="stop that one first, or choose another folder with --data",
                holder=holder,
            ) from None
        file.truncate(0)
        file.write(f"{self.name} (process {os.getpid()})\n")
        file.flush()
        self.file = file

    def free(self) -> None:
        if self.file is not None:
            self.file.truncate(0)
            self.file.close()
            self.file = None


def started_at(pid: int) -> str:
    """The kernel's start time of a process, in ticks since boot: with it a number used again is not taken for the old process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def record_children(data: Path, running: Mapping[str, int]) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    write_private(data / PROCESSES, json.dumps({"boot": boot, "children": {name: [pid, started_at(pid)] for name, pid in running.items()}}))


def end_leftovers(data: Path) -> list[str]:
    """End children of a killed supervisor that still run; returns their names. The caller holds the lock."""
    try:
        kept = json.loads((data / PROCESSES).read_text(encoding="utf-8"))
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        left = {name: int(pid) for name, (pid, start) in kept["children"].items() if kept["boot"] == boot and started_at(int(pid)) == start}
    except (OSError, ValueError, KeyError):
        return []
    left = {name: pid for name, pid in left.items() if children.is_running(pid)}
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 3.0)):
        for pid in left.values():
            if children.is_running(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        if children.wait_until(lambda: not any(children.is_running(pid) for pid in left.values()), patience):
            break
    (data / PROCESSES).unlink(missing_ok=True)
    return sorted(left)
