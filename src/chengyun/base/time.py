"""The one clock. Legal time is read here and nowhere else; everything inside is aware UTC.

Production uses `WallClock` and refuses anything else at start-up. The demo and the tests use `CityClock`, which can be
set and scaled. Time-outs are not legal time: they use `time.monotonic`.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The moment that counts, aware, in UTC."""
        ...


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class CityClock:
    """A clock that starts where it is told and runs `speed` times as fast as the wall; speed 0 stands still."""

    start: datetime
    speed: float = 1.0
    _origin: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.monotonic() - self._origin) * self.speed)

    def set(self, moment: datetime, speed: float | None = None) -> None:
        """Jump to an aware moment, and run on at `speed` (unchanged if not given)."""
        if moment.tzinfo is None:
            raise ValueError("the city clock needs an aware moment")
        self.start, self._origin = moment.astimezone(UTC), time.monotonic()
        if speed is not None:
            self.speed = speed

    def advance(self, by: timedelta) -> None:
        self.set(self.now() + by)


def to_text(moment: datetime) -> str:
    """UTC as events and files carry it: `2026-11-24T02:30:00.123456Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {text!r}; write it with an offset, for example 2026-11-24T10:30:00+08:00")
    return moment.astimezone(UTC)
