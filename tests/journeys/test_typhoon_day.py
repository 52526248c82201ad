"""At noon the duty leader calls the day off: clocks that still run are timed anew with an entry of their own, closed ones keep theirs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from journeys.people import PATIENCE_MS, Person
from journeys.running_city import RunningCity

CITY_ZONE = ZoneInfo("Asia/Shanghai")
REASON, REASON_EN = "台风停工", "Typhoon, work stopped"


COUNTED = ("started", "due", "stopped", "outcome", "intervals", "pauses", "calendar_version")
"""What a clock counted and came to; when an office opens next is told beside it and is another matter."""


def unit_clock(case: dict[str, Any]) -> dict[str, Any] | None:
    return next((each for each in case["clocks"] if each["name"] == "unit"), None)


def comes_noon(city: RunningCity) -> datetime:
    """The next noon of the city; if it is past, that of tomorrow."""
    now = city.now().astimezone(CITY_ZONE)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    noon += timedelta(days=1) if now > noon else timedelta()
    city.let_pass(noon - now)
    return noon


def cases_to_watch(leader: Person, calendar: dict[str, Any], noon: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """One whose unit's clock runs by the office calendar until after noon, and one that has ended."""
    names = (calendar["name_zh"], calendar["name_en"])
    for row in leader.asks("/cases", state="dispatched,handling", order="newest", limit=200)["rows"]:
        running = leader.asks(f"/cases/{row['id']}")
        clock = unit_clock(running)
        if (
            clock
            and clock["outcome"] == "running"
            and clock["working"]
            and clock["calendar_name"] in names
            and datetime.fromisoformat(clock["due"]) > noon
        ):
            break
    else:
        raise AssertionError("no case of a unit runs by the office calendar")
    for row in leader.asks("/cases", open="false", limit=20)["rows"]:
        ended = leader.asks(f"/cases/{row['id']}")
        if unit_clock(ended):
            return running, ended
    raise AssertionError("no case has ended")


def test_a_typhoon_day_declared_at_noon_times_open_clocks_anew(enter: Callable[..., Person], city: RunningCity) -> None:
    noon = comes_noon(city)
    leader, clerk = enter("leader", "zh"), enter("lead", "en")
    office = next(each for each in leader.asks("/city/calendars")["rows"] if not each["round_the_clock"])
    running, ended = cases_to_watch(leader, office, noon)
    before = unit_clock(running)
    assert before
    clerk.open(f"/cases/{running['id']}")
    expect(clerk.page.locator("#clock-panel")).to_be_visible(timeout=PATIENCE_MS)

    # By clicks: the calendar, this day, from noon on, and why.
    leader.page.locator(".me > button").click()
    leader.page.locator('.menu a[href="/calendar"]').click()
    leader.page.get_by_role("button", name=office["name_zh"]).click()
    form = leader.page.locator("form.cy-panel")
    expect(form.locator("[name=day]")).to_have_value(noon.date().isoformat(), timeout=PATIENCE_MS)
    form.get_by_role("radio", name=leader.reads("calendar.from")).click()
    form.locator("[name=from]").fill("12:00")
    form.locator("[name=reason_zh]").fill(REASON)
    form.locator("[name=reason_en]").fill(REASON_EN)
    with leader.page.expect_response("**/city/calendars/days") as answer:
        form.get_by_role("button", name=leader.reads("calendar.declare")).click()
    made = leader.answered(answer.value)
    assert made["cases_touched"] > 0
    leader.sees(leader.reads("calendar.done", version=made["version"], n=made["cases_touched"]))
    expect(leader.page.locator(".cy-table")).to_contain_text(REASON)

    # Whoever has the case open sees it happen: the entry with the day and the reason, and the new moment in the panel.
    entry = clerk.page.locator("li.entry").filter(has_text=REASON_EN)
    expect(entry.first).to_be_visible(timeout=60_000)
    expect(entry.first).to_contain_text(noon.date().isoformat())
    after_case = leader.asks(f"/cases/{running['id']}")
    assert "retime" in [each["type"] for each in after_case["timeline"][len(running["timeline"]) :]]
    after = unit_clock(after_case)
    assert after and datetime.fromisoformat(after["due"]) > datetime.fromisoformat(before["due"])
    assert after["calendar_version"] == made["version"] > before["calendar_version"]
    due = datetime.fromisoformat(after["due"]).astimezone(CITY_ZONE)
    expect(clerk.page.locator("#clock-panel")).to_contain_text(due.strftime("%H:%M"), timeout=PATIENCE_MS)

    # What had ended keeps its clocks and its history.
    still = leader.asks(f"/cases/{ended['id']}")
    assert still["timeline"] == ended["timeline"]
    kept, was = unit_clock(still), unit_clock(ended)
    assert kept and was and {name: kept.get(name) for name in COUNTED} == {name: was.get(name) for name in COUNTED}
