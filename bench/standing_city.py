"""A demo city that runs as users have it - supervisor, PostgreSQL, web, worker - with an archive of any size behind it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import archive
from bench.client import Client
from bench.machine import cpu_ms, tree
from chengyun.runtime.installation import Installation

PATIENCE = 900


@dataclass
class City:
    """`pids`: web and worker, all of ours that serves; `database`: the head of PostgreSQL."""

    data: Path
    address: str
    supervisor: int
    passwords: dict[str, str]
    server: str
    cases: int

    @property
    def installation(self) -> Installation:
        return Installation(self.data, mode="demo", clock="city")

    def children(self) -> dict[str, int]:
        return {name: pid for name, (pid, _) in json.loads((self.data / "processes.json").read_text())["children"].items()}

    def cpu(self) -> tuple[float, float]:
        """Milliseconds so far: (ours, PostgreSQL's)."""
        ours = {self.supervisor, *self.children().values()}
        database = set().union(*(tree(pid) for pid in tree(self.supervisor) - ours if _name(pid) == "postgres"))
        return cpu_ms(ours), cpu_ms(database)

    def sign_in(self, account: str) -> Client:
        client = Client(self.address)
        client.sign_in(account, self.passwords[account])
        return client

    def database(self) -> "psycopg.Connection[tuple[object, ...]]":
        """As the administrator of the cluster, whom row security does not bind."""
        login = self.installation.administrator().to(self.installation.owner().dbname)
        return psycopg.connect(login.conninfo(), autocommit=True)

    def environment(self) -> dict[str, str]:
        """For another process of the same installation."""
        return os.environ | {
            "CHENGYUN_DATA": str(self.data),
            "CHENGYUN_MODE": "demo",
            "CHENGYUN_CLOCK": "city",
            "DJANGO_SETTINGS_MODULE": "chengyun.runtime.settings",
        }


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@contextlib.contextmanager
def standing_city(cases: int, data: Path | None = None) -> Iterator[City]:
    """Open a city with at least `cases` stored. A folder given is kept, and found again with its archive next time."""
    folder = data or Path(tempfile.mkdtemp(prefix="chengyun-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    log = (folder / "bench.log").open("w+", encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CHENGYUN_", "DATABASE_URL", "DJANGO_"))}
    env |= {
        "CHENGYUN_SIMULATOR": "off",
        "CHENGYUN_RATES": "1000000",
        "PYTHONUNBUFFERED": "1",
        "CHENGYUN_WEB": os.environ.get("CHENGYUN_WEB", ""),
    }
    command = [sys.executable, "-m", "chengyun.runtime.command_line", "demo", "--port", "0", "--data", str(folder / "city"), "--no-open"]
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=env, start_new_session=True)
    try:
        address = _wait(process, folder / "bench.log")
        listed = json.loads((folder / "city" / "accounts.json").read_text(encoding="utf-8"))["accounts"]
        city = City(folder / "city", address, process.pid, {a["login"]: a["password"] for a in listed}, "", 0)
        with city.database() as connection:
            city.server = connection.info.parameter_status("server_version") or ""
            city.cases = archive.fill(connection, cases)
        yield city
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        log.close()
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        said = log.read_text(encoding="utf-8")
        if "Ctrl-C stops everything" in said:
            return next(word for word in said.split() if word.startswith("http")).rstrip("/")
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise SystemExit(f"the city did not open:\n{log.read_text(encoding='utf-8')}")
