"""The demo's clock: one for all processes, settable, and standing still while nothing runs."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chengyun.base.time import WallClock
from chengyun.runtime.clock import FILE, START, SharedCityClock, read_clock, wind_city_clock
from chengyun.runtime.installation import Installation


def test_it_begins_on_a_tuesday_at_half_past_nine_city_time(tmp_path):
    wind_city_clock(tmp_path)
    assert START.weekday() == 1
    assert timedelta(0) <= SharedCityClock(tmp_path / FILE).now() - START < timedelta(minutes=1)
    assert datetime(2026, 11, 24, 1, 30, tzinfo=UTC) == START


def test_setting_it_in_one_process_sets_it_in_the_others(tmp_path):
    web, worker = SharedCityClock(tmp_path / FILE), SharedCityClock(tmp_path / FILE)
    noon = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
    worker.now()
    web.set(noon, speed=0)
    assert worker.now() == web.now() == noon
    web.advance(timedelta(days=2))
    assert worker.now() == noon + timedelta(days=2)


def test_a_moment_without_a_zone_is_refused(tmp_path):
    with pytest.raises(ValueError, match="aware"):
        SharedCityClock(tmp_path / FILE).set(datetime(2026, 12, 1))  # noqa: DTZ001


def test_it_goes_on_from_where_it_stood_at_the_next_start(tmp_path):
    moment = datetime(2026, 12, 3, 4, 0, tzinfo=UTC)
    SharedCityClock(tmp_path / FILE).set(moment, speed=0)
    kept = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps(kept | {"boot": "another boot", "origin": 10**9}))
    wind_city_clock(tmp_path)
    assert SharedCityClock(tmp_path / FILE).now() == moment


def test_a_real_city_reads_the_wall(tmp_path):
    assert isinstance(read_clock(Installation(tmp_path)), WallClock)
