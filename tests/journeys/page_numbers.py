"""What stands on a page against what the API answers the same person: every figure of the pages a journey visits.

The pages count clocks down by themselves; so a clock agrees when it shows the API's minutes or those of a minute before or after.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, expect

from journeys.people import PATIENCE_MS, Person

ZONE = ZoneInfo("Asia/Shanghai")
TEXTS = """(list) => list.map((each) => each.textContent.replace(/\\s+/g, ' ').trim())"""


def digits(text: str) -> int:
    return int(re.sub(r"\D", "", text) or 0)


def clock_words(person: Person, clock: Mapping[str, Any] | None) -> set[str]:
    """The figures a chip may show for a clock of the API: as answered, and a minute to either side."""
    if clock is None or clock["outcome"] == "cancelled":
        return {person.reads("clock.none")}
    left, limit, day = clock["counted_minutes_left"], clock["limit_minutes"], clock["day_minutes"]
    working = clock["working"]
    if clock["outcome"] in ("met", "late"):
        minutes = -left if clock["outcome"] == "late" else clock["used_minutes"]
        return {person.reads(f"clock.{clock['outcome']}", span=span(person, minutes, day, working))}
    if clock["paused"]:
        return {person.reads("clock.paused")} if clock["paused_until"] is None else {day_words(person, clock["paused_until"])}
    if left is None or (limit is None and clock["due"] is None):
        return {person.reads("clock.none")}
    if working and not clock["calendar_open"] and left >= 0:
        return {moment_words(person, clock["next_opening"])}
    near = range(left - 2, left + 2)
    return {person.reads("clock.left" if each >= 0 else "clock.over", span=span(person, abs(each), day, working)) for each in near} | {
        person.reads("clock.over", span=span(person, 0, day, working)) for each in near if each < 0
    }


def span(person: Person, minutes: int, day: int, working: bool) -> str:
    if minutes >= 2 * day and (working or minutes >= 2 * 1440):
        return person.reads("span.workdays" if working else "span.days", n=minutes // day)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02d}"
    return person.reads("span.minutes", n=minutes or "<1")


def day_words(person: Person, moment: str | datetime) -> str:
    at = _in_zone(moment)
    same_year = at.year == person.city.now().astimezone(ZONE).year
    if person.language == "zh":
        return at.strftime("%m-%d" if same_year else "%Y-%m-%d")
    return f"{at.day} {at:%b}" + ("" if same_year else f" {at.year}")


def moment_words(person: Person, moment: str | datetime, with_today: bool = False) -> str:
    at, now = _in_zone(moment), person.city.now().astimezone(ZONE)
    named = {now.date() - timedelta(days=1): "day.yesterday", now.date() + timedelta(days=1): "day.tomorrow"}
    if with_today:
        named[now.date()] = "day.today"
    if at.date() == now.date() and not with_today:
        return at.strftime("%H:%M")
    day = person.reads(named[at.date()]) if at.date() in named else day_words(person, at)
    return f"{day} {at:%H:%M}"


def _in_zone(moment: str | datetime) -> datetime:
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(ZONE)


def texts(place: Locator) -> list[str]:
    found: list[str] = place.evaluate_all(TEXTS)
    return found


# --- pages ------------------------------------------------------------------------------------------------------------


def the_queue_holds(person: Person) -> None:
    """Counts on the tabs, the total under the list, and each line: which case, when it came, its clock."""
    page = person.page
    queues = {each["key"]: each["count"] for each in person.asks("/tasks/queues")["queues"]}
    expect(page.locator("nav[role=tablist] a").first).to_be_visible(timeout=PATIENCE_MS)
    person.until(
        """(wanted) => { const tabs = [...document.querySelectorAll('nav[role=tablist] a')];
          return tabs.length === Object.keys(wanted).length && tabs.every((tab) =>
            Number(tab.querySelector('b').textContent.replace(/\\D/g, '')) === wanted[tab.pathname.split('/').pop()]); }""",
        arg=queues,
    )
    key = re.search(r"/work/(\w+)", page.url)
    assert key, page.url
    if page.locator("button.newbar").count():
        page.keyboard.press("n")
    answer = person.asks(f"/tasks/queues/{key[1]}", limit=50)
    ids = [row["id"] for row in answer["rows"]]
    person.until("(ids) => [...document.querySelectorAll('li.case')].map((each) => Number(each.dataset.id)).join() === ids.join()", arg=ids)
    foot = person.reads("queue.total", n=f"{answer['total']:,}", shown=len(ids))
    assert texts(page.locator(".left .foot span"))[0] == foot
    for row, line in zip(answer["rows"], texts(page.locator("li.case")), strict=True):
        assert moment_words(person, row["reported_at"]) in line, (line, row["reported_at"])
        assert any(words in line for words in clock_words(person, row["clock"])), (line, row["clock"])


def the_case_holds(person: Person, told: Mapping[str, Any]) -> None:
    """Number, entries by kind, photos, each clock with its sum, reporters: as the API tells them."""
    page, story = person.page, told["timeline"]
    expect(page.locator(".story .entry")).to_have_count(len(story), timeout=PATIENCE_MS)
    assert told["number"].replace(" ", "") in re.sub(r"\s", "", page.locator("header .meta").inner_text())
    by_people = sum(each["actor"]["kind"] == "person" for each in story)
    shown = [digits(each) for each in texts(page.locator(".story .filters button"))]
    assert shown[:4] == [len(story), by_people, len(story) - by_people, sum(bool(each["evidence"]) for each in story)]
    assert [moment_words(person, each["at"]) for each in story] == texts(page.locator(".story .entry > time"))
    stages = [photo["stage"] for each in story for photo in each["evidence"]]
    before, after = (sum(each in kinds for each in stages) for kinds in (("before", "verify"), ("after", "check")))
    assert person.reads("case.before_after", before=before, after=after) in page.locator(".col h2 small").all_inner_texts()
    assert page.locator("main .plain > li").count() >= len(told["reporters"])
    _the_clocks_hold(person, told)


def _the_clocks_hold(person: Person, told: Mapping[str, Any]) -> None:
    panel = person.page.locator("#clock-panel")
    leading = (told["clock"] or {}).get("name", "unit")
    main = next((each for each in told["clocks"] if each["name"] == leading), told["clocks"][0])
    head = panel.locator(".head").first.inner_text()
    assert any(words in head for words in clock_words(person, main)), (head, main)
    if main["due"]:
        assert moment_words(person, main["due"]) in panel.locator(".line .last").first.inner_text()
    rows = [each.split("\t") for each in panel.locator(".intervals tbody tr:not(.past)").all_inner_texts()]
    if rows:
        assert amount(rows[-1][-1]) == sum(amount(row[-1]) for row in rows[:-1]), rows
        wanted = main["limit"]["amount"] * (1 + main["extensions"]) if _in_days(main) else main["limit_minutes"]
        assert amount(rows[-1][-1]) == wanted, (rows, main)
    chips = texts(panel.locator(".clocks > li > button .clock .figure > span"))
    beside = [each for each in told["clocks"] if each is not main]
    assert len(chips) == len(beside)
    for chip, clock in zip(chips, beside, strict=True):
        assert any(words in chip for words in clock_words(person, clock)), (chip, clock)


def _in_days(clock: Mapping[str, Any]) -> bool:
    return bool(clock["limit"]) and clock["limit"]["unit"] == "work_day" and clock["limit"]["counting"] != "accumulate"


def amount(cell: str) -> int:
    """`15:58` in minutes, `2 work days` as 2, a dash as nothing."""
    hours = re.search(r"(\d+):(\d\d)", cell)
    return int(hours[1]) * 60 + int(hours[2]) if hours else digits(cell)


def tenths(value: float) -> str:
    """With one digit as a page writes it: a half goes up (6.25 is 6.3; Python's own format would say 6.2)."""
    return str(Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_UP))


def the_scores_hold(person: Person, unit: int, figure: str) -> Mapping[str, Any]:
    """The league table cell by cell, the parts of one unit, and behind one figure as many cases as it says. Returns the unit's line."""
    page = person.page
    person.open(f"/scores?unit={unit}&figure={figure}")
    board = person.asks("/evaluation/units")
    lines = [*board["rows"], board["total"]]
    keys = [each["key"] for each in board["rows"][0]["figures"]][:3]
    table = page.locator(".columns > section:first-child > table tbody tr")
    expect(table).to_have_count(len(lines), timeout=PATIENCE_MS)
    shown_lines = table.evaluate_all("(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim()))")
    for line, cells in zip(lines, shown_lines, strict=True):
        score = "—" if line["score"] is None else tenths(line["score"])
        assert cells[2].split(" ")[0] == score and digits(cells[3]) == line["cases"], (cells, line)
        figures = {each["key"]: each for each in line["figures"]}
        assert cells[4:7] == [_share(person, figures[key]) for key in keys], (cells, line)
    mine: Mapping[str, Any] = next(each for each in board["rows"] if each["unit"]["id"] == unit)
    parts = page.locator("section.parts .part")
    for part, shown in zip(mine["figures"], texts(parts.locator(".door")), strict=True):
        if part["denominator"]:
            assert shown == f"{part['numerator']:,} / {part['denominator']:,}"
        else:
            assert shown == person.reads("score.no_cases")
    behind = next(each for each in mine["figures"] if each["key"] == figure)
    listed = person.reads("score.open_list", n=f"{behind['numerator']:,}")
    if behind["numerator"]:
        expect(page.locator("section.behind a", has_text=listed)).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator("section.behind tbody tr")).to_have_count(min(50, behind["numerator"]))
    return mine


def _share(person: Person, figure: Mapping[str, Any]) -> str:
    return person.reads("score.no_cases") if not figure["denominator"] else tenths(100 * figure["value"])


def todays_tasks_hold(person: Person) -> None:
    """A phone: as many cards as the queues give, each with its clock."""
    page = person.page
    person.open("/phone/today")
    heads = [each["key"] for each in person.asks("/tasks/queues")["queues"] if each["count"] and each["key"] not in ("done", "watched")]
    rows = {row["id"]: row for key in heads for row in person.asks(f"/tasks/queues/{key}", limit=50)["rows"]}
    cards = page.locator("a.task")
    expect(cards).to_have_count(len(rows), timeout=PATIENCE_MS)
    assert digits(page.locator("h2 .cy-figure").inner_text()) == len(rows)
    for card in cards.all():
        row = rows[digits((card.get_attribute("href") or "").rpartition("/")[2])]
        shown = card.locator(".clock").inner_text()
        assert any(words in shown for words in clock_words(person, row["clock"])), (shown, row["clock"])


def the_own_report_holds(citizen: Person, code: str) -> Mapping[str, Any]:
    """A reporter's page: number, five steps with their moments, the promise, photos, answers."""
    page = citizen.page
    citizen.open(f"/citizen/mine/{code}")
    told: Mapping[str, Any] = citizen.asks(f"/sources/reports/{code}")
    expect(page.locator(".case")).to_contain_text(told["code"], timeout=PATIENCE_MS)
    words = page.locator(".case").inner_text()
    steps = texts(page.locator("section ol > li"))
    assert len(steps) == 5
    for step in told["steps"]:
        if step["at"]:
            assert moment_words(citizen, step["at"], with_today=True) in steps[step["step"] - 1], (steps, step)
    if told["promised_by"] and not told["finished"]:
        assert moment_words(citizen, told["promised_by"], with_today=True) in words
    for answer in told["answers"]:
        assert answer["text"] in words and moment_words(citizen, answer["at"]) in words
    return told


def the_duty_row_holds(person: Person, number: str) -> None:
    """The duty list shows the row of that number with its unit, version and count, and how many rows it lists."""
    person.open(f"/city?text={number}")
    answer = person.asks("/city/duty-list", text=number)
    rows: Sequence[Mapping[str, Any]] = answer["rows"]
    expect(person.page.locator("tbody tr")).to_have_count(len(rows), timeout=PATIENCE_MS)
    expect(person.page.locator("footer span").first).to_have_text(person.reads("duty.count", n=f"{answer['total']:,}"))
    for row, line in zip(rows, person.page.locator("tbody tr").all(), strict=True):
        cells = texts(line.locator("td"))
        assert cells[0] == row["number"] and digits(cells[-2]) == row["version"] and digits(cells[-1]) == (row["cases_30d"] or 0), cells
