"""One demo city as people meet it: started through the supervisor, on a free port, in a folder of its own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

from chengyun.runtime import children, clock, web_folder
from chengyun_demo.city import DemoCity, build
from runtime_processes import Started, address_in, processes_of

ROOT = Path(__file__).parents[2]
OPENING = 300
"""Seconds until the first page, on a machine where everything else also runs."""


@dataclass
class RunningCity:
    address: str
    data: Path
    accounts: dict[str, str]
    """Login -> password."""

    @cached_property
    def built(self) -> DemoCity:
        """The same city as the generator made it: what stands still can be computed, not looked up."""
        return build()

    @property
    def clock(self) -> clock.SharedCityClock:
        return clock.SharedCityClock(self.data / clock.FILE)

    def now(self) -> datetime:
        return self.clock.now()

    def machine_key(self, name: str) -> str:
        """A new key of the machine account, as the operator of the installation makes it; `name` stands beside it."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CHENGYUN_", "DATABASE_URL", "DJANGO_"))}
        env |= {"CHENGYUN_DATA": str(self.data), "CHENGYUN_MODE": "demo"}
        command = [sys.executable, "-c", KEY_FOR_A_MACHINE, name]
        made = subprocess.run(
            command, env=env, input=self.accounts["machine"], capture_output=True, text=True, timeout=OPENING, check=False
        )
        assert made.returncode == 0, made.stderr[-2000:]
        return made.stdout.strip()

    def let_pass(self, by: timedelta) -> None:
        """Time goes by in the city; nobody waits for it."""
        self.clock.advance(by)


KEY_FOR_A_MACHINE = """
import sys
from chengyun.runtime.commands.import_tables import open_installation
_, clock = open_installation()
from chengyun.runtime.city_tables import find_tenant
from chengyun.stores import accounts, machine_tokens
tenant, now = find_tenant(None).id, clock.now()
machine = accounts.sign_in(tenant, "machine", sys.stdin.read(), now)
print(machine_tokens.make_token(tenant, machine.account, sys.argv[1], now))
"""
"""What an operator does to hand out a key. In a process of its own: the journeys' thread has an event loop, where Django refuses."""


def build_front_end() -> None:
    """What ./run builds, by the function ./run uses; nothing to do when its sources have not changed, or ./run has just done it."""
    if os.environ.get("CHENGYUN_WEB") and web_folder.is_built():
        return
    loader = SourceFileLoader("chengyun_run_script", str(ROOT / "run"))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    script = module_from_spec(spec)
    loader.exec_module(script)
    script.build_web()


@contextlib.contextmanager
def running_city() -> Iterator[RunningCity]:
    """A fresh city; or, for somebody who writes a journey, the one that already runs: CHENGYUN_JOURNEYS_AT="ADDRESS DATA-FOLDER"."""
    if running := os.environ.get("CHENGYUN_JOURNEYS_AT"):
        address, _, kept = running.partition(" ")
        yield RunningCity(address, Path(kept), _accounts(Path(kept)))
        return
    build_front_end()
    folder = Path(tempfile.mkdtemp(prefix="chengyun-journeys-", dir="/tmp"))
    folder.chmod(0o711)
    data = folder / "data"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CHENGYUN_", "DATABASE_URL", "DJANGO_"))}
    env |= {"PYTHONUNBUFFERED": "1", "CHENGYUN_SIMULATOR": "off", "CHENGYUN_WEB": str(web_folder.find())}
    command = [sys.executable, "-m", "chengyun.runtime.command_line", "demo", "--port", "0", "--data", str(data), "--no-open"]
    started = Started(command, env)
    try:
        address = address_in(started.wait_for("demo: http", OPENING))
        yield RunningCity(address, data, _accounts(data))
    finally:
        _stop(started, data)
        for named in folder.rglob("postgres.socket"):
            shutil.rmtree(named.read_text().strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _accounts(data: Path) -> dict[str, str]:
    listed: list[dict[str, Any]] = json.loads((data / "accounts.json").read_text(encoding="utf-8"))["accounts"]
    return {each["login"]: each["password"] for each in listed}


def _stop(started: Started, data: Path) -> None:
    if started.process.poll() is None:
        started.interrupt()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.process.wait(30)
    for pid in processes_of(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    children.wait_until(lambda: not processes_of(data), 10)
