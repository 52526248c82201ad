"""The desk of the core on the real store: a report and what follows of itself, then everything stored is proved."""

import random
from datetime import timedelta

import pytest

from chengyun.cases.access import CaseFilter, Clause, citizen
from chengyun.cases.desk import Desk, Done, NewReport
from chengyun.cases.records import SourceFamily
from chengyun.stores.cases import CaseStore
from chengyun.stores.checks import check_folds, check_four_tables
from chengyun.stores.city_book import CityBooks
from chengyun.stores.city_load import load_city, write_setting
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import count_cases, list_cases
from chengyun.stores.reading.pages import get_page
from chengyun_demo.city import build
from stores.test_city import make_tenant, records
from stores.written import CLOCK, ONE, TUESDAY


@pytest.fixture
def desk(database, owner_connection):
    make_tenant(owner_connection)
    city = build()
    load_city(ONE, records(city))
    write_setting(ONE, "cases", {"automatic": {"*": ["file", "dispatch"]}}, TUESDAY - timedelta(days=1), None, TUESDAY)
    return Desk(CaseStore(CLOCK, CityBooks(), "a secret of the installation"), CLOCK), city


def test_reports_through_the_desk_leave_whole_cases_behind(desk):
    desk, city = desk
    draw = random.Random(4)
    known = sorted(category.code for category in city.catalogue.in_force(TUESDAY.date(), scheme="2026"))
    made = []
    for n in range(12):
        place = draw.choice(city.components).place
        facts = {"place": [place.lon, place.lat], "category": draw.choice(known)}
        asked = NewReport(
            SourceFamily.PUBLIC, facts=facts, texts={"description": f"第{n}件", "address": "幸福路"}, contact_phone="10012345678"
        )
        answer = desk.report(citizen(ONE, 900 + n % 3), asked, f"key {n}")
        assert isinstance(answer, Done), answer
        again = desk.report(citizen(ONE, 900 + n % 3), asked, f"key {n}")
        assert again.case == answer.case and again.repeated
        made.append(answer.case)
    folds, four = check_folds(ONE), check_four_tables(ONE)
    assert (folds.cases, folds.differences) == (12, ()) and four.whole, (folds.differences, four)
    everything = CaseFilter(ONE, (Clause(),))
    assert count_cases(everything, Asked()).cases == 12
    assert {row.id for row in list_cases(everything, Asked()).rows} == set(made)
    mine = CaseFilter(ONE, (Clause(reporter=frozenset({901})),))
    assert [row.id for row in list_cases(mine, Asked()).rows] == made[1::3]
    assert "第0件" in get_page(everything, made[0]).texts.values()
