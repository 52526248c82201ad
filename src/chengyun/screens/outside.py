"""Sync work of async routes: in a few threads of their own, each with its own database connection, which is looked after between calls.

Routes that stream or draw tiles run in the event loop; Django's stores are sync. The default pool of the loop would open a connection in
each of its many threads and never close one.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")


class Outside:
    """A small pool beside the event loop: `await outside(read_something, tenant)`."""

    def __init__(self, name: str, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._threads = threads

    async def __call__(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(_fresh, work, *args, **kwargs))

    def close(self) -> None:
        """Wait for what runs, and close the connections in the threads that opened them."""
        barrier = [self._pool.submit(connections.close_all) for _ in range(self._threads)]
        for each in barrier:
            each.result()
        self._pool.shutdown()


def _fresh(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()  # the database may have been away since the last call
    return work(*args, **kwargs)
