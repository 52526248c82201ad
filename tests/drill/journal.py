"""The judge of the drill: what the server acknowledged, written down and synced by the client before it does anything else."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Acknowledged:
    """`mark` stands in the words of the write and nowhere else: the business key by which a second copy would be seen."""

    kind: str
    """report or act"""
    mark: str
    case: int
    seq: int
    attachment: int = 0


class Journal:
    """Only appended to. An attempt is noted before it is sent, an acknowledgement when the answer is here."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._path, self._lock = path, threading.Lock()
        self.acknowledged = 0
        self.attempted = 0

    def attempt(self, mark: str) -> None:
        self.attempted += 1
        self._append({"attempt": mark})

    def acknowledge(self, what: Acknowledged) -> None:
        self._append({"ack": asdict(what)})
        self.acknowledged += 1

    def _append(self, line: dict[str, object]) -> None:
        with self._lock:
            os.write(self._file, json.dumps(line).encode() + b"\n")
            os.fsync(self._file)

    def read(self) -> Iterator[Acknowledged]:
        for line in self._path.read_text().splitlines():
            found = json.loads(line)
            if "ack" in found:
                yield Acknowledged(**found["ack"])

    def marks(self) -> set[str]:
        return {found["attempt"] for line in self._path.read_text().splitlines() if "attempt" in (found := json.loads(line))}

    def close(self) -> None:
        os.close(self._file)
