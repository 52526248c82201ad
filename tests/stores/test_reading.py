"""Lists, counts, maps and searches: always inside what the reader may see, the same answer everywhere (A1, A3, A4)."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from chengyun.base.errors import BadInput, NotFound
from chengyun.base.geometry import Point
from chengyun.cases.access import CaseFilter, Clause, matches, target_of
from chengyun.cases.records import Appeal, Case, State
from chengyun.stores.cells import cell, cells_around, tile_cells
from chengyun.stores.reading import lists, maps
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import Count, Order, count_cases, list_cases
from chengyun.stores.reading.pages import find_case, get_page
from chengyun.stores.reading.scoreboard import unit_counts
from chengyun.stores.reading.searching import search
from chengyun.stores.writing.cases.counters import fold_counters, recount
from stores.written import ONE, PLACE, TUESDAY, TWO, new_report, report, step, unit_clock, work

ALL = CaseFilter(ONE, (Clause(),))
GRIDS = ("440305001002003", "440305001002004", "440305001003001", "440305002001001", None)
STATES = (State.REPORTED, State.PENDING_DISPATCH, State.HANDLING, State.CHECKING, State.CLOSED)


def various(draw: random.Random, count: int) -> list[Case]:
    """Cases in many places, states and hands."""
    made = []
    for n in range(count):
        with work() as opened:
            recording = new_report(opened, grid=draw.choice(GRIDS))
            person = draw.choice((None, 21, 22))
            reporter = replace(recording.case.reporters[0], person=person)
            case = replace(
                recording.case, reporters=(reporter,), reported_by=draw.choice((None, 21, 23)), staff_of=draw.choice((None, 4, 5))
            )
            case = replace(case, reported_at=TUESDAY + timedelta(minutes=n // 3))
            opened.record(replace(recording, case=case))
            holders = draw.choice(((), (4,), (4, 5), (6,)))
            made.append(
                step(
                    opened,
                    case,
                    draw.choice(STATES),
                    holders=holders,
                    handled_for=draw.choice(((), (7,))),
                    assisting=draw.choice(((), ((8, False),))),
                    trade_department=draw.choice((None, 9)),
                    handler=draw.choice((None, 31, 32)),
                    checker=draw.choice((None, 41)),
                    clocks=unit_clock(case, TUESDAY + timedelta(minutes=draw.randrange(500))).clocks if holders else (),
                    returns=draw.randrange(3),
                )
            )
    return made


def a_clause(draw: random.Random) -> Clause:
    def some(*values):
        return frozenset(draw.sample(values, draw.randrange(len(values) + 1))) if draw.random() < 0.4 else None

    return Clause(
        areas=draw.choice((None, None, ("440305001",), ("440305001002", "440305002"), ("440305001002003",), ("9",), ("",))),
        fields=draw.choice((None, None, frozenset({"facilities"}), frozenset({"traffic"}))),
        holding=some(4, 5, 6, 7, 8, 9),
        past=draw.random() < 0.5,
        trade=draw.random() < 0.5,
        reporter=some(21, 22, 23),
        handler=some(31, 32),
        checker=some(41),
        not_about=frozenset({4}) if draw.random() < 0.3 else frozenset(),
    )


def test_the_sql_of_a_filter_says_what_the_policy_says(database):
    draw = random.Random(11)
    cases = various(draw, 60)
    told = 0
    for _ in range(200):
        only = CaseFilter(ONE, tuple(a_clause(draw) for _ in range(draw.choice((1, 1, 2, 3)))))
        expected = {case.id for case in cases if matches(only, target_of(case, "facilities", case.staff_of))}
        assert {row.id for row in list_cases(only, Asked(), size=100).rows} == expected, only
        assert count_cases(only, Asked()) == Count(len(expected))
        told += 0 < len(expected) < len(cases)
    assert told > 40, "control: many filters let some through and not others"


def test_nothing_of_another_tenant_is_listed_counted_found_or_drawn(database):
    case = report()
    other = CaseFilter(TWO, (Clause(),))
    assert list_cases(other, Asked()).rows == ()
    assert count_cases(other, Asked()) == Count(0)
    assert search(other, case.number, people=True) == () == search(other, "8000", people=True)
    assert maps.tile_points(other, Asked(), 0, 0, 0) == ()
    assert find_case(other, case.id) is None
    with pytest.raises(NotFound):
        get_page(other, case.id)


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("asked", [Asked(), Asked(states=frozenset(STATES[:4])), Asked(open=True, holders=frozenset({4, 5, 6}))])
def test_pages_laid_end_to_end_are_the_list_once_and_in_order(module_database, order, asked):
    if count_cases(ALL, Asked()).cases == 0:
        various(random.Random(5), 50)
    whole = list_cases(ALL, asked, order, size=100).rows
    paged, after = [], None
    while True:
        page = list_cases(ALL, asked, order, after, size=7)
        paged += page.rows
        after = page.after
        if after is None:
            break
    assert paged == list(whole) and len(paged) == count_cases(ALL, asked).cases
    keys = [((row.due_sort if order is Order.DUE else row.reported_at), row.id) for row in paged]
    assert keys == sorted(keys, reverse=order is Order.NEWEST)


def test_a_damaged_page_mark_is_refused():
    for mark in ("", "xx", "bm90IGpzb24"):
        with pytest.raises(BadInput):
            lists.read_cursor(mark)


def test_counts_stop_at_their_limit(database):
    for _ in range(5):
        report()
    assert count_cases(ALL, Asked(), most=3) == Count(3, more=True)
    assert count_cases(ALL, Asked(), most=5) == Count(5)


def test_totals_from_counters_are_the_rows_before_and_after_folding(database):
    draw = random.Random(3)
    various(draw, 40)
    for fold in (False, True, False, True):
        if fold:
            fold_counters(ONE)
        else:
            various(draw, 5)
        for states in ({State.REPORTED}, {State.HANDLING, State.CHECKING}, set(STATES)):
            for areas in (None, ("440305001",), ("440305",)):
                only, asked = CaseFilter(ONE, (Clause(areas=areas),)), Asked(states=frozenset(states))
                assert lists._counter_knows(only, asked)
                rows = [row for row in list_cases(ALL, Asked(), size=200).rows if row.state in states]
                rows = [row for row in rows if areas is None or (row.grid or "").startswith(areas)]
                assert count_cases(only, asked) == Count(len(rows))
    assert recount(ONE) == ()


def test_overdue_is_a_matter_of_the_moment_asked(database):
    case = report()
    due = TUESDAY + timedelta(hours=1)
    with work() as opened:
        step(opened, case, State.HANDLING, holders=(4,), clocks=unit_clock(case, due).clocks)
    assert count_cases(ALL, Asked(overdue_at=due)).cases == 0
    assert count_cases(ALL, Asked(overdue_at=due + timedelta(seconds=1))).cases == 1


def test_a_handler_sees_his_own_and_what_waits_at_his_unit(database):
    for handler, holder in ((31, 4), (32, 4), (None, 4), (None, 5)):
        case = report()
        with work() as opened:
            step(opened, case, State.HANDLING, holders=(holder,), handler=handler)
    mine = list_cases(ALL, Asked(holders=frozenset({4}), handler=31, or_unassigned=True)).rows
    assert sorted((row.handler or 0) for row in mine) == [0, 31]


def test_a_case_page_has_the_words_the_people_and_the_history(database):
    case = report(words="井盖破损，夜里看不见")
    with work() as opened:
        other = step(opened, case, State.VERIFYING)
        opened.record_proposal(case.id, case.id + 50, 0.8, {"distance_m": 3})
        opened.record_gap(case.id, {"outcome": "none"})
    page = get_page(ALL, case.id)
    assert page.case == other and page.field == "facilities"
    assert [e.type for e in page.events] == ["reported", "stepped"]
    assert page.texts == {(1, "description"): "井盖破损，夜里看不见"}
    assert page.address == "幸福路 12 号" and page.answers == {}
    assert page.reporters == {case.reporters[0].id: ("王小明", "13800138000")}
    assert [(p.other, p.outcome) for p in page.proposals] == [(case.id + 50, "open")] and page.gaps == ({"outcome": "none"},)


def test_a_case_joined_to_another_brings_its_reporter_along(database):
    first, second = report(), report()
    with work() as opened:
        joined = (*first.reporters, *second.reporters)
        step(opened, first, State.REPORTED, reporters=joined)
    assert len(get_page(ALL, first.id).reporters) == 2


def test_numbers_are_found_as_people_write_them(database):
    case = report()
    for asked in (case.number, case.number.lower(), "WJ2611240001", "wj 2611 24 1", "WJ 2611 24"):
        assert [row.id for row in search(ALL, asked)] == [case.id], asked
    assert search(ALL, "W") == () == search(ALL, "WJ 2611 25")


def test_phones_and_addresses_are_found_only_by_those_who_may(database):
    case = report()
    for asked in ("8000", "13800138000", "幸福路", "幸福路 12"):
        assert [row.id for row in search(ALL, asked, people=True)] == [case.id], asked
        assert search(ALL, asked) == ()
    assert search(ALL, "13900138000", people=True) == ()


def test_a_tile_holds_the_points_that_lie_in_it(database):
    here, there = report(), report(place=Point(PLACE.lon + 0.3, PLACE.lat))
    x, y = (int((PLACE.lon + 180) / 360 * 2**14), 7132)
    tiles = {(z, tx, ty) for z, tx, ty in [(0, 0, 0), (14, x, y)]}
    for zoom, tx, ty in tiles:
        low, high = tile_cells(zoom, tx, ty)
        expected = {c.id for c in (here, there) if low <= cell(c.place) < high}
        assert {p.id for p in maps.tile_points(ALL, Asked(), zoom, tx, ty)} == expected
    assert [c.cases for c in maps.tile_clusters(ALL, Asked(), 0, 0, 0)] == [2]
    assert sum(c.cases for c in maps.tile_clusters(ALL, Asked(), 0, 0, 0, split=14)) == 2


def test_cells_around_a_place_cover_everything_within_the_radius():
    draw = random.Random(2)
    for _ in range(300):
        centre = Point(draw.uniform(-179, 179), draw.uniform(-70, 70))
        ranges = cells_around(centre, 50)
        assert 1 <= len(ranges) <= 9
        assert any(low <= cell(centre) < high for low, high in ranges)
        near = Point(centre.lon + draw.uniform(-1, 1) * 1e-4, centre.lat + draw.uniform(-1, 1) * 4e-4)
        assert any(low <= cell(near) < high for low, high in ranges)


def test_the_scoreboard_counts_what_its_lists_show(database):
    various(random.Random(8), 40)
    start, end = TUESDAY, TUESDAY + timedelta(days=1)
    now = TUESDAY + timedelta(minutes=200)
    board = unit_counts(ALL, start, end, now)
    assert {row.unit for row in board} == {4, 6}
    for row in board:
        asked = Asked(answerable=frozenset({row.unit}), reported_from=start, reported_until=end, simple=False)
        shown = list_cases(ALL, asked, size=200).rows
        assert row.cases == len(shown) and row.returns == sum(r.returns for r in shown)
        assert row.overdue == count_cases(ALL, replace(asked, open=True, overdue_at=now)).cases > 0


def test_an_open_appeal_is_listed_as_such(database):
    case = report()
    with work() as opened:
        step(opened, case, State.CLOSED, appeal=Appeal(7, TUESDAY))
    assert count_cases(ALL, Asked(appealed=True)).cases == 1
