"""The clock of this installation, shared by its processes.

A real city reads the wall. The demo reads a city clock that can be set and scaled: it stands in `clock.json` of the data
folder, so that web and worker agree, and goes on from where it stood when the demo is started again.
"""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chengyun.base.time import Clock, WallClock, from_text, to_text
from chengyun.runtime.installation import Installation
from chengyun.runtime.secrets_file import write_private

FILE = "clock.json"
START = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
"""A Tuesday, 09:30 in the demo city (DESIGN 2, city clock)."""


@dataclass
class SharedCityClock:
    """`monotonic` of Linux is the same for all processes of a boot, so one written origin serves them all."""

    path: Path
    _version: tuple[int, int] = (0, 0)
    _start: datetime = START
    _speed: float = 1.0
    _origin: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        self._read_if_changed()
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self._speed)

    @property
    def speed(self) -> float:
        self._read_if_changed()
        return self._speed

    def set(self, moment: datetime, speed: float | None = None) -> None:
        """Jump to an aware moment for every process, and run on at `speed` (unchanged if not given)."""
        if moment.tzinfo is None:
            raise ValueError("the city clock needs an aware moment")
        kept = {"start": to_text(moment), "speed": self.speed if speed is None else speed, "origin": time.monotonic(), "boot": _boot()}
        write_private(self.path, json.dumps(kept))
        self._read_if_changed()

    def advance(self, by: timedelta) -> None:
        self.set(self.now() + by)

    def keep(self) -> None:
        """Write where the clock stands, so that the next start, or the next boot, goes on from here."""
        self.set(self.now())

    def _read_if_changed(self) -> None:
        try:
            about = self.path.stat()
        except FileNotFoundError:
            return
        version = (about.st_mtime_ns, about.st_ino)
        if version == self._version:
            return
        kept = json.loads(self.path.read_text(encoding="utf-8"))
        self._start, self._speed, self._version = from_text(kept["start"]), float(kept["speed"]), version
        # After another boot the written origin means nothing: the city's time stood still meanwhile.
        self._origin = float(kept["origin"]) if kept["boot"] == _boot() else time.monotonic()


def read_clock(installation: Installation) -> Clock:
    if installation.clock == "wall":
        return WallClock()
    return SharedCityClock(installation.data / FILE)


def wind_city_clock(data: Path) -> None:
    """At the start of a demo: begin on that Tuesday, or go on from where the clock last stood; time did not pass in between."""
    clock = SharedCityClock(data / FILE)
    if not clock.path.exists():
        clock.set(START, 1.0)
        return
    kept = json.loads(clock.path.read_text(encoding="utf-8"))
    clock.set(from_text(kept["start"]), float(kept["speed"]))


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
