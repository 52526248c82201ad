"""The scoreboard: every number is the length of its list, and nobody is scored on no cases."""

import itertools
import time
from datetime import UTC
from decimal import Decimal

import pytest

from chengyun.base.time import CityClock
from chengyun.evaluation.charges import charges_of, settle
from chengyun.evaluation.periods import Month
from chengyun.evaluation.scoring import CITY_CENTRE, score
from chengyun.stores.city_book import CityBooks
from chengyun.stores.writing.cases.work import open_work
from chengyun_demo.history import past_cases
from screens.conftest import TUESDAY, Town


@pytest.fixture(scope="module")
def lived(town: Town) -> Town:
    """Every fourth past case of the demo: enough for every unit of the street to have some."""
    moment = CityClock(TUESDAY.astimezone(UTC), speed=0)
    book = CityBooks().book(town.city.tenant)
    for batch in _batches(town):
        with open_work(town.city.tenant, moment, b"k" * 32, book.field_of, book.zone) as work:
            for past in batch:
                work.record(past.recording(moment.now()))
    return town


def _batches(town: Town):
    rest = itertools.islice(past_cases(town.city), 0, None, 4)
    while batch := list(itertools.islice(rest, 200)):
        yield batch


@pytest.fixture(scope="module")
def board(lived: Town):
    return lived.visitor("assessor").get("/api/v1/evaluation/units", period="2026-11").json()


def test_every_figure_opens_as_many_cases_as_it_counts(lived: Town, board) -> None:
    visitor = lived.visitor("assessor")
    looked = 0
    for row in [*board["rows"][:4], board["total"]]:
        for figure in row["figures"]:
            for side in ("numerator", "denominator"):
                asked = figure["filter"] | {"part": side, "limit": 200}
                page = visitor.get(f"/api/v1/evaluation/units/{asked.pop('unit')}/cases", **{k: v for k, v in asked.items() if v}).json()
                count = len(page["rows"])
                while page["next"]:
                    again = {k: v for k, v in asked.items() if v} | {"after": page["next"]}
                    page = visitor.get(f"/api/v1/evaluation/units/{row['unit']['id']}/cases", **again).json()
                    count += len(page["rows"])
                assert count == figure[side] == page["total"], (row["unit"], figure["key"], side)
                looked += count
        asked = row["filter"] | {"limit": 200}
        unit = asked.pop("unit")
        page = visitor.get(f"/api/v1/evaluation/units/{unit}/cases", **{k: v for k, v in asked.items() if v}).json()
        ids = [each["id"] for each in page["rows"]]
        assert page["total"] == row["cases"] and len(set(ids)) == len(ids) == min(200, row["cases"]), row["unit"]
    assert looked > 50


def test_a_score_is_what_the_rules_say_of_the_cases_themselves(lived: Town, board) -> None:
    charges = [c for n, past in enumerate(past_cases(lived.city)) if n % 4 == 0 for c in charges_of(past.case, past.events)]
    settled = settle(charges, Month(2026, 11), "Asia/Shanghai", now=lived.clock.now())
    for row in board["rows"]:
        expected = score(settled, CITY_CENTRE, row["unit"]["id"])
        assert row["score"] == (None if expected.total is None else float(expected.total)), row["unit"]
        points = [Decimal(str(f["points"])) for f in row["figures"] if f["points"] is not None]
        assert points == [p.points for p in expected.parts if p.points is not None]


def test_no_cases_is_no_figure_and_says_so(lived: Town) -> None:
    board = lived.visitor("assessor").get("/api/v1/evaluation/units", period="2026-11").json()
    empty = [f for row in board["rows"] for f in row["figures"] if f["denominator"] == 0]
    assert empty and all(f["value"] is None for f in empty)
    nothing = lived.visitor("assessor").get("/api/v1/evaluation/units", period="1999-01").json()
    assert (nothing["rows"], nothing["total"]) == ([], None)


def test_a_clerk_sees_the_score_of_his_own_unit_and_nobody_elses(lived: Town, board) -> None:
    mine = lived.visitor("clerk").get("/api/v1/evaluation/units", period="2026-11").json()
    unit = lived.city.organisations.id("WTB-DR")
    assert {row["unit"]["id"] for row in mine["rows"]} <= {unit}
    same = next((row for row in board["rows"] if row["unit"]["id"] == unit), None)
    if same is not None:
        assert [(f["numerator"], f["denominator"]) for f in mine["rows"][0]["figures"]] == [
            (f["numerator"], f["denominator"]) for f in same["figures"]
        ]
    other = next(row["unit"]["id"] for row in board["rows"] if row["unit"]["id"] != unit)
    assert lived.visitor("clerk").get(f"/api/v1/evaluation/units/{other}/cases").status_code == 404


def test_who_has_no_business_with_scores_is_told_so(lived: Town) -> None:
    for account in ("collector", "handler", "hotline", "citizen", "admin"):
        assert lived.visitor(account).get("/api/v1/evaluation/units").status_code == 403, account


@pytest.mark.parametrize("period", ["2026-13", "2026-02-30", "yesterday", "0000-00", "2026-11' OR 1=1"])
def test_a_period_that_is_none_is_refused(lived: Town, period: str) -> None:
    assert lived.visitor("assessor").get("/api/v1/evaluation/units", period=period).status_code == 422


def test_a_day_the_last_thirty_days_and_a_street_are_periods_and_places_too(lived: Town) -> None:
    visitor = lived.visitor("assessor")
    for period in ("2026-11-20", "last_30_days"):
        found = visitor.get("/api/v1/evaluation/units", period=period, street="990101002").json()
        assert found["period"]["key"] == period and found["period"]["from"] < found["period"]["to"]
    assert visitor.get("/api/v1/evaluation/units", street="123456789").json()["rows"] == []


def test_the_second_look_folds_nothing_and_is_quick(lived: Town) -> None:
    visitor = lived.visitor("assessor")
    visitor.get("/api/v1/evaluation/units", period="2026-11")
    started = time.perf_counter()
    assert visitor.get("/api/v1/evaluation/units", period="2026-11").status_code == 200
    assert time.perf_counter() - started < 1.0


def test_unknown_indicators_and_damaged_marks_are_refused(lived: Town) -> None:
    visitor = lived.visitor("assessor")
    assert visitor.get("/api/v1/evaluation/units/0/cases", indicator="beauty").status_code == 422
    assert visitor.get("/api/v1/evaluation/units/0/cases", after="!!!").status_code == 422
    assert visitor.get(f"/api/v1/evaluation/units/{10**30}/cases").status_code == 404
