"""A line between a phone and the city that can be cut: at once, in the middle of something sent, or before its answer comes back.

A plain relay of bytes on a port of its own, in a thread of its own. The city behind it notices nothing but a connection that ends.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE = 16_384


@dataclass
class _Break:
    what: bytes
    after: int | None
    """So many bytes of what is sent go through; None: all of it, and the answer is lost."""


@dataclass
class BadLine:
    """`cut` and `mend` by hand; `breaks_in` and `loses_answer_of` cut it when something goes by, and it stays cut until mended."""

    host: str
    port: int
    address: str = ""
    down: threading.Event = field(default_factory=threading.Event)
    _armed: list[_Break] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def breaks_in(self, what: str, after: int) -> None:
        """Cut when `after` bytes of the next request that begins so have gone through, its head counted."""
        self._armed.append(_Break(what.encode(), after))

    def loses_answer_of(self, what: str) -> None:
        """Let the next request that begins so arrive whole; cut when its answer comes."""
        self._armed.append(_Break(what.encode(), None))

    def cut(self) -> None:
        self.down.set()
        self._loop.call_soon_threadsafe(self._hang_up)

    def mend(self) -> None:
        self.down.clear()

    def _hang_up(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down.is_set():
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self.host, self.port)
        self._open |= {writer, back}
        losing = asyncio.Event()
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await asyncio.gather(self._go(reader, back, losing), self._come(there, writer, losing))
        self._open -= {writer, back}
        for each in (writer, back):
            each.transport.abort()

    async def _go(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        left: int | None = None
        while piece := await reader.read(PIECE):
            found = next((each for each in self._armed if piece.startswith(each.what)), None)
            if found is not None:
                self._armed.remove(found)
                left = found.after
                if left is None:
                    losing.set()
            if left is not None:
                piece, left = piece[:left], left - len(piece)
            back.write(piece)
            await back.drain()
            if left is not None and left <= 0:
                await asyncio.sleep(0.05)  # what went through is with the city before the line ends
                self.down.set()
                self._hang_up()
        back.write_eof()

    async def _come(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        while piece := await there.read(PIECE):
            if losing.is_set():
                self.down.set()
                self._hang_up()
                return
            writer.write(piece)
            await writer.drain()
        writer.close()


@contextlib.contextmanager
def bad_line(address: str) -> Iterator[BadLine]:
    parts = urlsplit(address)
    line = BadLine(parts.hostname or "127.0.0.1", parts.port or 80)
    ready = threading.Event()

    def run() -> None:
        asyncio.set_event_loop(line._loop)
        server = line._loop.run_until_complete(asyncio.start_server(line.connect, "127.0.0.1", 0))
        line.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        line._loop.run_forever()
        server.close()
        line._hang_up()
        for task in asyncio.all_tasks(line._loop):
            task.cancel()
        line._loop.run_until_complete(asyncio.sleep(0))
        line._loop.close()

    thread = threading.Thread(target=run, name="bad line", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield line
    finally:
        line._loop.call_soon_threadsafe(line._loop.stop)
        thread.join(10)
