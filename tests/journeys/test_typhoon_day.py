"""At noon the duty leader calls the day off: clocks that still run are timed anew with an entry of their own, closed ones keep theirs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from journeys.people import PATIENCE_MS, Person
from journeys.running_city import RunningCity

pytestmark = pytest.mark.unfinished

CITY_ZONE = ZoneInfo("Asia/Shanghai")


def unit_clock(case: dict[str, Any]) -> dict[str, Any] | None:
    return next((each for each in case["clocks"] if each["name"] == "unit"), None)


def test_a_typhoon_day_declared_at_noon_times_open_clocks_anew(enter: Callable[..., Person], city: RunningCity) -> None:
    leader, lead = enter("leader"), enter("lead")
    now = city.now().astimezone(CITY_ZONE)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    if now < noon:
        city.let_pass(noon - now)
        now = city.now().astimezone(CITY_ZONE)
    else:
        noon = now
    office = next(each for each in leader.asks("/city/calendars")["rows"] if not each["round_the_clock"])

    running, ended = None, None
    for row in leader.asks("/cases", state="dispatched,handling", limit=200)["rows"]:
        found = leader.asks(f"/cases/{row['id']}")
        clock = unit_clock(found)
        by_office = clock and clock["outcome"] == "running" and clock["calendar_name"] in (office["name_zh"], office["name_en"])
        if clock and by_office and datetime.fromisoformat(clock["due"]) > noon + timedelta(hours=1):
            running = found
            break
    for row in leader.asks("/cases", open="false", limit=20)["rows"]:
        ended = leader.asks(f"/cases/{row['id']}")
        if unit_clock(ended):
            break
    assert running and ended, "the demo city has cases under way and ended ones"
    before = unit_clock(running)
    assert before

    lead.open(f"/cases/{running['id']}")
    expect(lead.page.locator("#clock-panel")).to_be_visible(timeout=PATIENCE_MS)
    day = {
        "calendar": office["id"],
        "day": noon.date().isoformat(),
        "working": False,
        "from_moment": noon.isoformat(),
        "reason_zh": "台风停工",
    }
    made = leader.sends("/city/calendars/days", day, f"typhoon-{now.timestamp()}")
    assert made["cases_touched"] > 0

    entries = len(running["timeline"])
    with_entry = lead.until(
        """async ([id, seen]) => { const found = await (await fetch(`/api/v1/cases/${id}`)).json();
          return found.timeline.length > seen ? found : null; }""",
        arg=[running["id"], entries],
        seconds=60,
    )
    assert "retime" in [each["type"] for each in with_entry["timeline"][entries:]]
    after = unit_clock(with_entry)
    assert after and datetime.fromisoformat(after["due"]) > datetime.fromisoformat(before["due"])
    assert after["calendar_version"] == made["version"] > before["calendar_version"]
    lead.open(f"/cases/{running['id']}")
    due = datetime.fromisoformat(after["due"]).astimezone(CITY_ZONE)
    expect(lead.page.locator("#clock-panel")).to_contain_text(due.strftime("%H:%M"), timeout=PATIENCE_MS)

    still = leader.asks(f"/cases/{ended['id']}")
    assert still["timeline"] == ended["timeline"] and unit_clock(still) == unit_clock(ended)
