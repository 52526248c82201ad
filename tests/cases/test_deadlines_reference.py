"""The examples of docs/reference/deadlines.md are true."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chengyun.cases.deadlines import due
from chengyun.city import calendars
from chengyun.city.records import ClockUnit, Counting, Limit

PAGE = Path(__file__).parents[2] / "docs/reference/deadlines.md"
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines() if line.startswith("| 2026-")]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(("start", "allowed", "pause", "answer", "because"), ROWS)
def test_example_of_the_reference_page(start, allowed, pause, answer, because):
    amount, unit, *counting = allowed.split()
    limit = Limit(int(amount), ClockUnit(unit), Counting(counting[0]) if counting else Counting.ACCUMULATE)
    pauses = [(at(pause.split(" to ")[0]), at(pause.split(" to ")[1]))] if pause else []
    assert due(at(start), limit, calendars.compile(calendars.china_calendar(2026, 2026)), pauses).at == at(answer)


def test_the_page_has_examples_of_every_counting():
    assert {counting.value for counting in Counting} <= {word for row in ROWS for word in row[1].split()}
