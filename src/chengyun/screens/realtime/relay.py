"""The relay of one tenant: follows the outbox for all who listen in this process, and tells each what he may know.

One task, one connection. While somebody listens it looks every `LOOK_EVERY`; nobody listening, once a second, so that a browser that comes
back within a minute goes on where it was. What was told last stays in a ring in memory; a listener who has been away longer is told to
read everything anew (`reset`). Why a look and no notice of the database: docs/decisions/live-updates.md.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg

from chengyun.base.ids import TenantId
from chengyun.base.time import to_text
from chengyun.cases.access import Reader
from chengyun.screens import house
from chengyun.screens.outside import Outside
from chengyun.screens.realtime import listening
from chengyun.screens.realtime.listening import SignedIn
from chengyun.screens.realtime.sight import Sight, Told, message_for, sight_of, told_of
from chengyun.screens.realtime.tabs import count_tabs
from chengyun.stores.following import AT_ONCE, Line, OutboxTail, Place, open_tail

log = logging.getLogger("chengyun.live")

LOOK_EVERY = 0.025
"""Seconds between looks at the outbox while somebody listens; half of it is what a message waits on average."""
LOOK_IDLE = 1.0
RING = 4_000
"""Messages kept for those who come back: some minutes of a busy city."""
PING_EVERY = 15.0
COUNT_EVERY = 1.0
"""Seconds between two counts of tabs at most; a burst of events is counted once."""
MOST_WAITING = 2_000
"""Messages a slow browser may have waiting before it is told to read anew instead."""
STALE = 3.0
"""Seconds without a look after which nothing is vouched for: no ping is sent, and pages show the age of what they have."""


@dataclass(eq=False)
class Listener:
    """One stream. `ended` says why it was closed by us."""

    session: SignedIn
    reader: Reader
    sight: Sight
    ended: bool = False
    waiting: deque[bytes] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, frame: bytes) -> None:
        self.waiting.append(frame)
        self.woken.set()

    def end(self) -> None:
        self.ended = True
        self.woken.set()

    async def next(self) -> bytes:
        """What waits, joined; empty once the stream is over."""
        await self.woken.wait()
        frames = b"".join(self.waiting)
        self.waiting.clear()
        if self.ended:
            return frames
        self.woken.clear()
        return frames or await self.next()


def frame(kind: str, data: Any, place: Place | None = None) -> bytes:
    head = f"id: {place}\n" if place is not None else ""
    return b"%bevent: %b\ndata: %b\n\n" % (head.encode(), kind.encode(), msgspec.json.encode(data))


def read_mark(text: str | None) -> Place | None:
    """A place as `Last-Event-ID` gives it back."""
    xid, dash, id_ = (text or "").partition("-")
    if not dash or not (xid.isdecimal() and id_.isdecimal()) or len(xid) > 20 or len(id_) > 19:
        return None
    return Place(int(xid), int(id_))


class Relay:
    def __init__(self, tenant: TenantId, outside: Outside, *, look_again: float = listening.LOOK_AGAIN, ring: int = RING) -> None:
        self.tenant, self._outside, self._look_again, self._most = tenant, outside, look_again, ring
        self.listeners: set[Listener] = set()
        self.place = Place()
        self._floor = Place()
        self._ring: deque[Told] = deque()
        self._looked = 0.0
        self._to_count: set[tuple[SignedIn, Sight]] = set()
        self._counted: dict[SignedIn, dict[str, int]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ready: asyncio.Event = asyncio.Event()
        self._hurry: asyncio.Event = asyncio.Event()

    # --- coming and going of listeners

    async def ready(self) -> None:
        """Until the ring is loaded for the first time: a place given out before would mean nothing."""
        await self._ready.wait()

    async def listen(self, session: SignedIn, reader: Reader, sight: Sight, after: str | None) -> Listener:
        """From now on, or from where the listener was. He hears the place he is at first, so that he can name it later."""
        await self.ready()
        found = Listener(session, reader, sight)
        as_of = await self._outside(_now)
        mark = read_mark(after)
        if after and (mark is None or mark < self._floor):
            found.tell(frame("reset", {"reason": "too_old" if mark else "unreadable", "as_of": as_of}, self.place))
        elif mark is not None:
            for told in self._ring:
                if told.place > mark and (message := message_for(sight, told)) is not None:
                    found.tell(frame("case", message, told.place))
        found.tell(frame("ping", {"as_of": as_of}, self.place))
        self.listeners.add(found)
        self._hurry.set()
        return found

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        if not any(each.session == listener.session for each in self.listeners):
            self._counted.pop(listener.session, None)

    def start(self) -> None:
        for work in (self._follow, self._ping, self._look_at_sessions, self._count):
            self._tasks.append(asyncio.create_task(_keep_on(work), name=f"live {work.__name__} of tenant {self.tenant}"))

    async def stop(self) -> None:
        for listener in self.listeners:
            listener.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- following

    async def _follow(self) -> None:
        async with open_tail(self.tenant) as tail:
            if not self._ready.is_set():
                await self._load(tail)
            while True:
                lines = await tail.after(self.place)
                self._looked = time.monotonic()
                if lines:
                    self._tell(await self._outside(self._judge, lines))
                if len(lines) < AT_ONCE:
                    await self._rest()

    async def _rest(self) -> None:
        """Until the next look; a first listener ends a long rest."""
        if self.listeners:
            await asyncio.sleep(LOOK_EVERY)
            return
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), LOOK_IDLE)
        except TimeoutError:
            return

    async def _load(self, tail: OutboxTail) -> None:
        lines = await tail.newest(self._most)
        if lines:
            first = lines[0].place
            self._floor = Place(first.xid, first.id - 1) if len(lines) == self._most else Place()
            self._ring.extend(await self._outside(self._judge, lines))
            self.place = lines[-1].place
        self._looked = time.monotonic()
        self._ready.set()

    def _judge(self, lines: Iterable[Line]) -> list[Told]:
        book = house.current().book
        return [told_of(self.tenant, line, lambda category: book.field_of(self.tenant, category)) for line in lines]

    def _tell(self, told: list[Told]) -> None:
        groups: dict[Sight, list[Listener]] = {}
        for listener in self.listeners:
            groups.setdefault(listener.sight, []).append(listener)
        for sight, members in groups.items():
            messages = [(each, message) for each in told if (message := message_for(sight, each)) is not None]
            if not messages:
                continue
            frames = b"".join(frame("case", message, each.place) for each, message in messages)
            for listener in members:
                if len(listener.waiting) >= MOST_WAITING:
                    listener.waiting.clear()
                    listener.tell(frame("reset", {"reason": "too_slow"}, told[-1].place))
                else:
                    listener.tell(frames)
                self._to_count.add((listener.session, sight))
        self._ring.extend(told)
        self.place = told[-1].place
        while len(self._ring) > self._most:
            self._floor = self._ring.popleft().place

    # --- beside it

    async def _ping(self) -> None:
        """City time, and the place all have heard up to: whoever was told nothing of late can still name where he is."""
        while True:
            await asyncio.sleep(PING_EVERY)
            if self.listeners and time.monotonic() - self._looked < STALE:
                found = frame("ping", {"as_of": await self._outside(_now)}, self.place)
                for listener in self.listeners:
                    listener.tell(found)

    async def _look_at_sessions(self) -> None:
        while True:
            await asyncio.sleep(self._look_again)
            sessions = {listener.session for listener in self.listeners}
            if not sessions:
                continue
            found = await self._outside(listening.look_again, self.tenant, sessions)
            sights = {session: sight_of(reader) if reader else None for session, reader in found.items()}
            for listener in tuple(self.listeners):
                if listener.session not in sights:
                    continue
                reader, sight = found[listener.session], sights[listener.session]
                if reader is None or sight is None:
                    listener.end()
                elif sight != listener.sight:
                    # Another post since: what was shown may be too much or too little.
                    listener.reader, listener.sight = reader, sight
                    listener.tell(frame("reset", {"reason": "posts_changed"}, self.place))

    async def _count(self) -> None:
        """Tabs of those who were told of something; only what differs from the last count is worth a message."""
        while True:
            await asyncio.sleep(COUNT_EVERY)
            waiting, self._to_count = self._to_count, set()
            readers = {listener.session: listener.reader for listener in self.listeners}
            for session in {session for session, _ in waiting if session in readers}:
                counts = await self._outside(count_tabs, readers[session])
                if counts and counts != self._counted.get(session):
                    self._counted[session] = counts
                    found = frame("counts", counts)
                    for listener in self.listeners:
                        if listener.session == session:
                            listener.tell(found)


def _now() -> str:
    return to_text(house.current().clock.now())


async def _keep_on(work: Callable[[], Any]) -> None:
    """A task that fails is told and starts again: the database may be away for a while."""
    while True:
        try:
            await work()
        except (psycopg.Error, OSError) as fault:
            log.warning("live updates of %s stand still: %s", work.__name__, type(fault).__name__)
        except Exception:
            log.exception("live updates of %s failed", work.__name__)
        await asyncio.sleep(1.0)


class Relays:
    """The relays of this process: one per tenant that somebody has listened to."""

    def __init__(self, **settings: Any) -> None:
        self.outside = Outside("live", 2)
        self._settings = settings
        self._running: dict[TenantId, Relay] = {}

    def of(self, tenant: TenantId) -> Relay:
        relay = self._running.get(tenant)
        if relay is None:
            relay = self._running[tenant] = Relay(tenant, self.outside, **self._settings)
            relay.start()
        return relay

    async def stop(self) -> None:
        await asyncio.gather(*(relay.stop() for relay in self._running.values()))
        self.outside.close()
