"""Real processes for tests: start them, read what they say, and see which still run."""

import contextlib
import json
import queue
import secrets
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from chengyun.runtime import children, postgres

PATIENCE = 90
"""Seconds; generous, for a machine where everything else also runs."""


class Started:
    """A process of ours with its output as lines."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, start_new_session=True, stdin=subprocess.DEVNULL
        )
        self.lines: list[str] = []
        self._fresh: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            self._fresh.put(line)
        self._fresh.put(None)

    def wait_for(self, words: str, patience: float = PATIENCE) -> str:
        """The first line with these words."""
        end = time.monotonic() + patience
        while True:
            try:
                line = self._fresh.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{words!r} was not said within {patience} s:\n{self.text}") from None
            if line is None:
                raise AssertionError(f"ended with {self.process.wait(10)} before saying {words!r}:\n{self.text}")
            if words in line:
                return line

    def wait(self, patience: float = PATIENCE) -> int:
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {patience} s:\n{self.text}") from None

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


def processes_of(data: Path) -> dict[int, str]:
    """Every living process that works for this data folder: by its environment, or as the database on its cluster."""
    found = {}
    needle = f"CHENGYUN_DATA={data}\0".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and children.is_running(int(entry.name)):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if needle in (entry / "environ").read_bytes() + b"\0" or f"{data}/" in command:
                    found[int(entry.name)] = command
    return found | dict.fromkeys(postgres.processes_on(data / "postgres"), "postgres")


def address_in(line: str) -> str:
    return line[line.index("http") :].split()[0].rstrip("/")


def ask(address: str, patience: float = 30) -> tuple[int, str]:
    """Status and body; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=patience) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


def children_of(data: Path) -> dict[str, int]:
    return {name: pid for name, (pid, _) in json.loads((data / "processes.json").read_text())["children"].items()}


def strong_secret() -> str:
    return secrets.token_urlsafe(36)
