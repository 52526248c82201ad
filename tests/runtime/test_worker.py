"""Recurring work: each job on its own, woken by a notice, stopped cleanly, never stopped by another's fault."""

import threading
from datetime import UTC, datetime

import psycopg
import pytest

from chengyun.base.time import CityClock
from chengyun.runtime import worker
from chengyun.runtime.worker import Job, Worker

TUESDAY = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
PATIENCE = 30


@pytest.fixture
def running():
    """`running(jobs)` starts a worker in a thread; it is stopped and has ended when the test is over."""
    begun = []

    def begin(*jobs, listen_to=""):
        made = Worker(jobs, CityClock(TUESDAY, speed=0), listen_to)
        thread = threading.Thread(target=made.run)
        thread.start()
        begun.append((made, thread))
        return made

    yield begin
    for made, thread in begun:
        made.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


class Rounds:
    """Counts rounds, and lets a test wait for the next one."""

    def __init__(self, fault=None):
        self.fault, self.times, self.done = fault, [], threading.Semaphore(0)

    def __call__(self, now):
        self.times.append(now)
        self.done.release()
        if self.fault:
            raise self.fault

    def wait(self):
        assert self.done.acquire(timeout=PATIENCE)


def test_a_job_is_told_the_citys_time(running):
    job = Rounds()
    running(Job("clockwork", 0.01, job))
    job.wait()
    assert job.times[0] == TUESDAY


def test_a_failing_job_stops_no_other_and_its_fault_is_told_with_an_id(running, caplog):
    broken, sound = Rounds(ValueError("spoilt")), Rounds()
    running(Job("broken", 0.01, broken), Job("sound", 0.01, sound))
    for _ in range(3):
        broken.wait()
        sound.wait()
    assert any("in job broken" in record.getMessage() and record.getMessage().startswith("error ") for record in caplog.records)


def test_a_slow_job_delays_no_other(running):
    release, sound = threading.Event(), Rounds()
    running(Job("slow", 0.01, lambda now: release.wait(PATIENCE) and None), Job("sound", 0.01, sound))
    for _ in range(3):
        sound.wait()
    release.set()


def test_a_job_with_more_to_do_is_called_again_at_once(running):
    left = [5]
    finished = threading.Event()

    def work(now):
        left[0] -= 1
        if left[0] == 0:
            finished.set()
        return left[0] > 0

    running(Job("many", 3600, work))
    assert finished.wait(PATIENCE)


def test_a_notice_wakes_the_job_that_names_the_channel(running, postgres_server):
    awake, asleep = Rounds(), Rounds()
    login = postgres_server.administrator
    made = running(Job("awake", 3600, awake, wake_on=("bell",)), Job("asleep", 3600, asleep), listen_to=login.conninfo())
    assert made.ready_to_listen.wait(PATIENCE)
    awake.wait()
    asleep.wait()
    with psycopg.connect(login.conninfo(), autocommit=True) as connection:
        for _ in range(3):  # beginning to listen wakes once by itself, so one notice would prove nothing
            connection.execute("NOTIFY bell")
            awake.wait()
    assert len(asleep.times) == 1


def test_every_job_of_the_release_has_a_name_of_its_own():
    from chengyun.runtime.installation import Installation

    found = worker.find_jobs(Installation(data=None, mode="demo"))
    assert "timers" in [job.name for job in found]
    assert all(job.every > 0 for job in found)
