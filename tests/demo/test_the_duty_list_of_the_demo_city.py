"""The duty list has the size, the variety and the holes it claims, counted here by a reading of its own."""

from collections import Counter
from datetime import date

import pytest

from chengyun.city.catalogue import FILED_KINDS
from chengyun.city.records import AreaKind, Hours, Loop

DAY = date(2026, 11, 24)


def answers(city, category, community, area_class, hours, owner=None, day=DAY):
    """Units that the most specific rows name: category before major, owner, area before class before none, hours."""
    best, units = None, set()
    for row in city.duty_rows:
        if not (row.valid_from <= day and (row.valid_to is None or day < row.valid_to)):
            continue
        if row.category is not None and row.category != category.code:
            continue
        if row.category is None and row.major != f"2026:{category.major}":
            continue
        if row.owner not in (None, owner) or row.hours not in (Hours.ANY, hours) or row.area_class not in (None, area_class):
            continue
        if row.area is not None and not community.startswith(row.area):
            continue
        place = 2 if row.area is not None else 1 if row.area_class is not None else 0
        rank = (row.category is not None, row.owner is not None, place, row.hours is not Hours.ANY)
        if best is None or rank > best:
            best, units = rank, set()
        if rank == best:
            units.add(row.handling_unit)
    return units


@pytest.fixture(scope="module")
def categories(city):
    return city.catalogue.in_force(DAY, scheme="2026", kinds=FILED_KINDS)


@pytest.fixture(scope="module")
def communities(city):
    return [(area.code, area.area_class) for area in city.areas if area.kind is AreaKind.COMMUNITY]


@pytest.mark.parametrize("hours", [Hours.OFFICE, Hours.OFF_HOURS])
def test_three_pairs_in_a_hundred_have_no_answer_and_one_has_two(city, categories, communities, hours):
    count = Counter(len(answers(city, c, code, cls, hours)) for c in categories for code, cls in communities)
    pairs = count.total()
    assert pairs == len(categories) * 12
    assert set(count) == {0, 1, 2}
    assert count[0] / pairs == pytest.approx(0.03, abs=0.0005)
    assert count[2] / pairs == pytest.approx(0.01, abs=0.0005)


def test_the_list_is_long_and_its_versions_are_told_apart(city):
    assert len(city.duty_rows) >= 600
    assert len({(row.id, row.version) for row in city.duty_rows}) == len(city.duty_rows)
    numbers = {}
    for row in city.duty_rows:
        assert numbers.setdefault(row.number, row.id) == row.id


def test_rows_replaced_in_the_year_follow_each_other_without_a_day_between(city):
    versions = {}
    for row in city.duty_rows:
        versions.setdefault(row.id, []).append(row)
    replaced = [sorted(rows, key=lambda r: r.version) for rows in versions.values() if len(rows) > 1]
    assert len(replaced) == 25
    for first, second in replaced:
        assert first.valid_to == second.valid_from == date(2026, 10, 1)
        assert first.handling_unit != second.handling_unit
        assert (first.category, first.area, first.area_class, first.hours) == (
            second.category,
            second.area,
            second.area_class,
            second.hours,
        )


def test_a_cover_goes_to_its_owner_and_without_one_to_the_trade(city, categories):
    telecom = next(c for c in categories if c.code == "2026:component_fault:01007")
    orgs = city.organisations
    asked = {owner: answers(city, telecom, "990101002005", 1, Hours.OFFICE, orgs.id(owner)) for owner in ("TEL-A", "TEL-B", "TEL-C")}
    assert asked == {owner: {orgs.id(owner)} for owner in asked}
    assert answers(city, telecom, "990101002005", 1, Hours.OFFICE) == {orgs.id("HCB-RD")}


def test_core_town_and_fringe_have_different_hands_for_the_same_matter(city, categories):
    hawker = next(c for c in categories if c.code == "2026:matter:09001")
    found = [answers(city, hawker, "990101002000", cls, Hours.OFFICE) for cls in (1, 2, 3)]
    assert len({frozenset(units) for units in found}) == 3


def test_by_night_somebody_else_is_awake(city, categories):
    noise = next(c for c in categories if c.code == "2026:matter:06028")
    day, night = (answers(city, noise, "990101002005", 1, hours) for hours in (Hours.OFFICE, Hours.OFF_HOURS))
    assert day != night
    assert night == {city.organisations.id("ST2-NGT")}


def test_every_row_names_a_trade_department_and_a_ladder_that_climbs(city):
    order = list(Loop)
    with_assisting = 0
    for row in city.duty_rows:
        assert row.trade_department is not None
        assert row.handling_unit not in row.assisting
        with_assisting += bool(row.assisting)
        steps = [order.index(city.organisation(row.handling_unit).loop), *(order.index(loop) for loop, _ in row.ladder)]
        assert steps == sorted(set(steps)), row
    assert with_assisting >= 5


def test_categories_named_in_the_list_are_shipped_and_in_force(city, categories):
    known = {c.code for c in categories}
    assert {row.category for row in city.duty_rows if row.category} <= known
