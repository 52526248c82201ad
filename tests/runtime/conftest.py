"""A data folder and processes of our own for each test; none is left behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chengyun.runtime import children
from runtime_processes import Started, processes_of


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet; whatever worked on it is ended, then it is removed."""
    folder = Path(tempfile.mkdtemp(prefix="chengyun-data-", dir="/tmp"))
    folder.chmod(0o711)
    data = folder / "data"
    yield data
    for pid in processes_of(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    children.wait_until(lambda: not processes_of(data), 10)
    for named in folder.rglob("postgres.socket"):
        shutil.rmtree(named.read_text().strip(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """`start("demo", "--port", "0", ...)`: run `chengyun` as a process."""
    begun: list[Started] = []

    def begin(*words: object, **extra: str) -> Started:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CHENGYUN_", "DATABASE_URL", "DJANGO_"))}
        env |= {"PYTHONUNBUFFERED": "1"} | extra
        begun.append(Started([sys.executable, "-m", "chengyun.runtime.command_line", *map(str, words)], env))
        return begun[-1]

    yield begin
    for one in begun:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(15)
            one.process.kill()
            one.process.wait(10)
