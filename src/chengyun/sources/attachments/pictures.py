"""Photos: decoded and encoded anew by a limited child process, so that no decoder fault and no bomb reaches us (promises F1, F2).

A `PictureBench` keeps a few children waiting, because starting one costs about 0.2 s and a photo about 0.1 s. A child that met a fault, ran
over its time or has done its share is thrown away. The child's own program is `picture_child.py`.
"""

import atexit
import json
import os
import re
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from chengyun.base.geometry import Point
from chengyun.base.results import Refused
from chengyun.sources.attachments.records import MB, Derivative, Limits, Taken

EXTRA_MEMORY = 300 * MB
"""Promise F3. Above what the child has mapped when it locks itself in."""
CPU_SECONDS = 5
WALL_SECONDS = 10.0
SHARE = 100
"""Pictures one child makes before a fresh one takes over; chosen by us."""
LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 16 * MB
CHILD_PROGRAM = Path(__file__).with_name("picture_child.py")


@dataclass(frozen=True)
class Pictures:
    """What the child made of one photo."""

    form: str
    width: int
    height: int
    derivatives: tuple[Derivative, ...]
    taken: Taken


class ChildFailed(Exception):
    """The child is gone or answered nonsense; its picture is refused, the next one gets a new child."""


class Child:
    """One limited process. Not for two threads at once: the bench hands it to one at a time."""

    def __init__(self, limits: Limits) -> None:
        folder = str(Path(find_spec("PIL").origin).parent.parent)  # type: ignore[union-attr, arg-type]
        numbers = map(str, (EXTRA_MEMORY, limits.pixels, limits.frames, CPU_SECONDS))
        self.done = 0
        self.peak_kb = 0
        self.process = subprocess.Popen(  # noqa: S603 - our own program, no shell, no outside words
            [sys.executable, "-I", "-S", "-B", str(CHILD_PROGRAM), folder, *numbers],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
            close_fds=True,
            bufsize=0,
        )
        with self._time_limit():
            self.sealed = bool(self._read_reply()[0].get("sealed"))
        self.base_kb = self.peak_memory_kb()

    def work(self, body: bytes) -> tuple[dict[str, object], list[bytes]]:
        """One picture in, facts and bodies out; raises `ChildFailed`."""
        head = json.dumps({"length": len(body)}).encode()
        with self._time_limit():
            try:
                self._write(struct.pack(">I", len(head)) + head)
                self._write(body)
                reply = self._read_reply()
            except OSError as fault:
                raise ChildFailed(type(fault).__name__) from fault
        self.done += 1
        return reply

    def peak_memory_kb(self) -> int:
        """The most memory it ever held, as the kernel saw it; 0 where the kernel does not say."""
        try:
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        except OSError:
            return self.peak_kb
        self.peak_kb = max(self.peak_kb, int(found[1])) if found else self.peak_kb
        return self.peak_kb

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait()

    def _time_limit(self) -> "_KillAfter":
        return _KillAfter(self.process, WALL_SECONDS)

    def _write(self, body: bytes) -> None:
        view = memoryview(body)
        while view:
            view = view[os.write(self.process.stdin.fileno(), view) :]  # type: ignore[union-attr]

    def _read_reply(self) -> tuple[dict[str, object], list[bytes]]:
        (length,) = struct.unpack(">I", self._read(4))
        if length > LARGEST_HEAD:
            raise ChildFailed("head too long")
        facts = json.loads(self._read(length))
        lengths = facts.pop("lengths", [])
        if sum(lengths) > LARGEST_BODY:
            raise ChildFailed("bodies too long")
        return facts, [self._read(size) for size in lengths]

    def _read(self, length: int) -> bytes:
        parts = []
        while length:
            part = os.read(self.process.stdout.fileno(), length)  # type: ignore[union-attr]
            if not part:
                raise ChildFailed("ended")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


class _KillAfter:
    """Kills the process if the block takes longer than allowed; the blocked read then sees its end."""

    def __init__(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        self.timer = threading.Timer(seconds, process.kill)
        self.timer.daemon = True

    def __enter__(self) -> None:
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()


class PictureBench:
    """A few limited children, handed out one picture at a time. Safe for threads; a forked process starts its own."""

    def __init__(self, limits: Limits | None = None, seats: int = 2) -> None:
        self.limits = limits or Limits()
        self._seats = threading.BoundedSemaphore(seats)
        self._idle: list[Child] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self.watch: list[tuple[int, int]] | None = None
        """Set to a list by whoever wants the memory of each picture: (KB before it, KB at most) of the child that did it."""
        atexit.register(self.close)

    def make(self, body: bytes, zone: tzinfo | None = None) -> Pictures | Refused:
        """Display and thumbnail of one photo, and what it claimed. `zone` is assumed for a photo that names no offset."""
        with self._seats:
            child = self._take()
            keep = False
            try:
                facts, bodies = child.work(body)
                keep = "refused" not in facts and child.done < SHARE
            except ChildFailed:
                return Refused("picture_too_costly", {"seconds": WALL_SECONDS, "memory_mb": EXTRA_MEMORY // MB})
            finally:
                if self.watch is not None:
                    self.watch.append((child.base_kb, child.peak_memory_kb()))
                self._give_back(child, keep)
        if "refused" in facts:
            return Refused(str(facts["refused"]), {"pixels": self.limits.pixels, "frames": self.limits.frames})
        return read_pictures(facts, bodies, zone)

    def warm(self) -> None:
        """Start one child now, so that the first photo need not wait for it."""
        with self._seats:
            self._give_back(self._take(), keep=True)

    def close(self) -> None:
        if self._owner == os.getpid():
            with self._lock:
                idle, self._idle = self._idle, []
            for child in idle:
                child.end()

    def _take(self) -> Child:
        with self._lock:
            if self._owner != os.getpid():
                self._idle, self._owner = [], os.getpid()
            while self._idle:
                child = self._idle.pop()
                if child.process.poll() is None:
                    return child
                child.end()
        return Child(self.limits)

    def _give_back(self, child: Child, keep: bool) -> None:
        if not keep:
            child.end()
            return
        with self._lock:
            self._idle.append(child)


def read_pictures(facts: dict[str, object], bodies: list[bytes], zone: tzinfo | None) -> Pictures | Refused:
    """The child's answer, believed only as far as it can be checked: its bodies must be JPEGs, its numbers numbers."""
    sizes = facts["sizes"]
    if len(bodies) != 2 or not all(body.startswith(b"\xff\xd8\xff") for body in bodies):
        return Refused("file_damaged")
    derivatives = tuple(
        Derivative(role, "image/jpeg", body, sha256(body).hexdigest(), int(width), int(height))
        for role, body, (width, height) in zip(("display", "thumb"), bodies, sizes, strict=True)  # type: ignore[call-overload]
    )
    claims = facts["claims"] if isinstance(facts["claims"], dict) else {}
    taken = read_taken(claims, bool(facts["turned"]), zone)
    return Pictures(str(facts["format"]), int(facts["width"]), int(facts["height"]), derivatives, taken)  # type: ignore[call-overload]


def read_taken(claims: dict[str, object], turned: bool, zone: tzinfo | None) -> Taken:
    at, zone_from = read_moment(claims, zone)
    accuracy = claims.get("accuracy")
    sensible = isinstance(accuracy, float) and 0 < accuracy < 1e6
    return Taken(at, zone_from, read_place(claims), accuracy if sensible else None, turned)  # type: ignore[arg-type]


def read_moment(claims: dict[str, object], zone: tzinfo | None) -> tuple[datetime | None, str]:
    wall = _read_wall(str(claims.get("time", "")))
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", str(claims.get("offset", "")))
    if wall and offset and int(offset[2]) < 15 and int(offset[3]) < 60:
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3])) * (-1 if offset[1] == "-" else 1)
        return wall.replace(tzinfo=timezone(shift)).astimezone(UTC), "file"
    day, clock = re.fullmatch(r"(\d{4}):(\d\d):(\d\d)", str(claims.get("gps_date", ""))), claims.get("gps_time")
    if day and isinstance(clock, list) and len(clock) == 3 and all(0 <= part < 61 for part in clock):
        moment = _read_wall(f"{day[0]} {int(clock[0]):02d}:{int(clock[1]):02d}:{int(clock[2]):02d}")
        if moment:
            return moment, "gps"
    if wall and zone is not None and wall.year > 1970:
        return wall.replace(tzinfo=zone).astimezone(UTC), "city"
    return None, ""


def _read_wall(text: str) -> datetime | None:
    """`2026:11:24 10:30:00` as EXIF writes it; carries UTC only until its real zone is put in."""
    try:
        return datetime.strptime(text[:19] + " +0000", "%Y:%m:%d %H:%M:%S %z") if len(text) >= 19 and text[:4] > "1970" else None
    except ValueError:
        return None


def read_place(claims: dict[str, object]) -> Point | None:
    """WGS84 as the satellite receiver wrote it; 0/0 is a receiver without a fix."""
    degrees = []
    for name, negative, most in (("lon", "W", 180.0), ("lat", "S", 90.0)):
        parts = claims.get(name)
        if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, float) and 0 <= part <= 180 for part in parts):
            return None
        value = parts[0] + parts[1] / 60 + parts[2] / 3600
        if value > most:
            return None
        degrees.append(-value if str(claims.get(name + "_ref", "")).upper() == negative else value)
    return None if degrees == [0.0, 0.0] else Point(*degrees)
