"""The worker process: jobs that come round. Timers, the outbox relay, the audit sealer, late duplicate search, the simulator.

A job is a name, an interval and a callable; it lives in a module of `jobs/` that publishes `JOBS`. Each job has a thread of its
own, so a slow one delays nobody and a failing one stops nobody: its fault is logged with an id and it comes round again, later
each time up to a minute. Waiting is monotonic; the time a job is told is the city's. A notice from the database wakes a job
that names its channel before its interval is over.
"""

import importlib
import logging
import os
import pkgutil
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from django.db import connections

from chengyun.base.time import Clock
from chengyun.runtime import jobs as jobs_package
from chengyun.runtime.installation import Installation

log = logging.getLogger("chengyun.worker")

LONGEST_PAUSE = 60.0
"""Seconds a failing job waits at most before it is tried again."""


@dataclass(frozen=True)
class Job:
    """One piece of recurring work.

    every       seconds between the end of one round and the start of the next
    run         gets the city's time; True means there is more to do at once
    wake_on     channels of NOTIFY that end the waiting early
    """

    name: str
    every: float
    run: Callable[[datetime], bool | None]
    wake_on: tuple[str, ...] = ()
    demo_only: bool = False


def find_jobs(installation: Installation) -> list[Job]:
    """Every job of this release, by name; a name twice is a fault of ours."""
    found: dict[str, Job] = {}
    for module in pkgutil.iter_modules(jobs_package.__path__, jobs_package.__name__ + "."):
        for job in importlib.import_module(module.name).JOBS:
            if job.name in found:
                raise ValueError(f"two jobs are called {job.name}")
            if installation.is_demo or not job.demo_only:
                found[job.name] = job
    return [found[name] for name in sorted(found)]


@dataclass
class Worker:
    jobs: Sequence[Job]
    clock: Clock
    listen_to: str = ""
    """libpq words of the connection that listens for notices; empty: nobody is woken early."""
    stopping: threading.Event = field(default_factory=threading.Event)
    woken: dict[str, threading.Event] = field(default_factory=dict)
    ready_to_listen: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.woken = {job.name: threading.Event() for job in self.jobs}

    def run(self) -> int:
        """Until `stop` is called: then each job ends its round, and the process ends."""
        threads = [threading.Thread(target=self._come_round, args=(job,), name=job.name) for job in self.jobs]
        if self.listen_to:
            threads.append(threading.Thread(target=self._listen, name="listen", daemon=True))
        for thread in threads:
            thread.start()
        self.stopping.wait()
        for thread in threads:
            if not thread.daemon:
                thread.join()
        return 0

    def stop(self, *_: object) -> None:
        self.stopping.set()
        for event in self.woken.values():
            event.set()

    def stop_on_signal(self) -> None:
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _come_round(self, job: Job) -> None:
        faults = 0
        woken = self.woken[job.name]
        while not self.stopping.is_set():
            woken.clear()
            more = False
            try:
                more = bool(job.run(self.clock.now()))
                faults = 0
            except Exception:  # a fault of one job is that job's own; it is told with an id and tried again
                faults += 1
                log.exception("error %s in job %s, the %d. in a row", os.urandom(6).hex(), job.name, faults)
                _leave_broken_connections()
            if not more:
                woken.wait(min(LONGEST_PAUSE, job.every * 2**faults) if faults else job.every)
        connections.close_all()

    def _listen(self) -> None:
        channels = {channel for job in self.jobs for channel in job.wake_on}
        while channels and not self.stopping.is_set():
            try:
                with psycopg.connect(self.listen_to, autocommit=True) as connection:
                    for channel in sorted(channels):
                        connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
                    self.ready_to_listen.set()
                    self._wake({*channels})  # what was told before we listened
                    while not self.stopping.is_set():
                        for notice in connection.notifies(timeout=1.0):
                            self._wake({notice.channel})
            except psycopg.Error:
                log.warning("the database went away; listening again in a second")
                self.stopping.wait(1.0)

    def _wake(self, channels: set[str]) -> None:
        for job in self.jobs:
            if channels.intersection(job.wake_on):
                self.woken[job.name].set()


def _leave_broken_connections() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
