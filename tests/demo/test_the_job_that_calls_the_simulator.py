"""The worker's job that lets the demo's people work: only in a demo, only with an address, never when switched off."""

from datetime import UTC, datetime

import pytest

from chengyun.runtime.jobs import simulator as job

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.fixture
def called(monkeypatch, tmp_path):
    """Addresses the simulator was called with."""
    seen: list[str] = []

    class Seen:
        def step(self, now):
            assert now == NOW

    def made(address, accounts):
        seen.append(address)
        return Seen()

    (tmp_path / job.ACCOUNTS).write_text("{}")
    monkeypatch.setenv("CHENGYUN_DATA", str(tmp_path))
    monkeypatch.setenv("CHENGYUN_MODE", "demo")
    monkeypatch.setattr(job, "_simulator", made)
    monkeypatch.delenv("CHENGYUN_SIMULATOR", raising=False)
    monkeypatch.delenv("CHENGYUN_ADDRESS", raising=False)
    return seen


def test_it_works_at_the_address_the_supervisor_gives(called, monkeypatch):
    monkeypatch.setenv("CHENGYUN_ADDRESS", "http://127.0.0.1:8000")
    job.act(NOW)
    assert called == ["http://127.0.0.1:8000"]


def test_without_an_address_it_stays_at_home(called):
    job.act(NOW)
    assert called == []


def test_switched_off_it_stays_at_home(called, monkeypatch):
    monkeypatch.setenv("CHENGYUN_ADDRESS", "http://127.0.0.1:8000")
    monkeypatch.setenv("CHENGYUN_SIMULATOR", "off")
    job.act(NOW)
    assert called == []


def test_before_the_accounts_are_written_it_waits(called, monkeypatch, tmp_path):
    monkeypatch.setenv("CHENGYUN_ADDRESS", "http://127.0.0.1:8000")
    (tmp_path / job.ACCOUNTS).unlink()
    job.act(NOW)
    assert called == []


def test_a_real_city_has_no_such_job():
    assert [each.demo_only for each in job.JOBS] == [True]
