"""Who must handle it: the most specific row of the duty list, with a reason from which the answer can be worked out again."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.ids import AreaCode, CategoryCode, DutyRowId, OrgId
from chengyun.cases.responsibility import NEAR_MISSES, ORDER, Decision, DutyIndex, Gap, Question, ask_at, find_party, major_of, recompute
from chengyun.city import calendars
from chengyun.city.records import AreaKind, DutyRow, Hours, Loop

COVER, REFUSE, LAMP = CategoryCode("2026:matter:01002"), CategoryCode("2026:matter:06010"), CategoryCode("2026:matter:02001")
STREET, COMMUNITY, GRID, PATCH = AreaCode("110108003"), AreaCode("110108003012"), AreaCode("110108003012007"), AreaCode("patch-7")
DISTRICT, OTHER = AreaCode("110108"), AreaCode("110108004")
PLACE = {
    AreaKind.UNIT_GRID: GRID,
    AreaKind.RESPONSIBILITY_GRID: PATCH,
    AreaKind.COMMUNITY: COMMUNITY,
    AreaKind.STREET: STREET,
    AreaKind.DISTRICT: DISTRICT,
}
WATER, POWER, TELECOM = OrgId(71), OrgId(72), OrgId(73)
TUESDAY = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def row(number, unit, category=COVER, *, version=1, major=None, area=None, owner=None, hours=Hours.ANY, trade=None, **more):
    return DutyRow(DutyRowId(number), version, f"D-{number:04}", category, major, area, owner, hours, OrgId(unit), trade, **more)


def question(category=COVER, **more):
    facts = {"areas": PLACE, "area_class": 1, "office_hours": True, "day": date(2026, 11, 24), "moment": TUESDAY}
    return Question(category, **{**facts, **more})


def ask(rows, **facts):
    answer = find_party(question(**facts), DutyIndex(rows, 3))
    # Every answer of these tests can be stored as JSON and worked out again from there.
    assert recompute(json.loads(json.dumps(answer.reason, allow_nan=False))) == answer
    return answer


# --- by hand ----------------------------------------------------------------------------------------------------------

GENERAL = row(1, 10)
ANYTHING = row(2, 20, None)

BY_HAND = [
    # why, rows, facts, unit
    ("the only row", [GENERAL], {}, 10),
    ("the category before its major", [row(3, 30, None, major="2026:01"), GENERAL], {}, 10),
    ("the major before any", [row(3, 30, None, major="2026:01"), ANYTHING], {}, 30),
    ("any, if nothing else fits", [ANYTHING, row(3, 30, REFUSE)], {}, 20),
    ("the owner's row", [GENERAL, row(3, 30, owner=WATER)], {"owner": WATER}, 30),
    ("the owner before who maintains", [row(3, 30, owner=WATER), row(4, 40, owner=POWER)], {"owner": POWER, "maintenance": WATER}, 40),
    ("who maintains before any", [GENERAL, row(3, 30, owner=WATER)], {"owner": POWER, "maintenance": WATER}, 30),
    ("another owner's row does not fit", [GENERAL, row(3, 30, owner=WATER)], {"owner": TELECOM}, 10),
    ("no component, no owner", [GENERAL, row(3, 30, owner=WATER)], {}, 10),
    ("owner before area", [row(3, 30, owner=WATER), row(4, 40, area=GRID)], {"owner": WATER}, 30),
    ("grid before responsibility grid", [row(3, 30, area=GRID), row(4, 40, area=PATCH)], {}, 30),
    ("responsibility grid before community", [row(3, 30, area=COMMUNITY), row(4, 40, area=PATCH)], {}, 40),
    ("community before street", [row(3, 30, area=COMMUNITY), row(4, 40, area=STREET)], {}, 30),
    ("street before district", [row(3, 30, area=DISTRICT), row(4, 40, area=STREET)], {}, 40),
    ("district before any", [row(3, 30, area=DISTRICT), GENERAL], {}, 30),
    ("another street's row does not fit", [row(3, 30, area=OTHER), GENERAL], {}, 10),
    ("outside all grids only rows without area fit", [row(3, 30, area=DISTRICT), GENERAL], {"areas": {}}, 10),
    ("area before area class", [row(3, 30, area_class=1), row(4, 40, area=DISTRICT)], {}, 40),
    ("area class before any", [row(3, 30, area_class=1), row(4, 40, area_class=2), GENERAL], {}, 30),
    ("area class before hours", [row(3, 30, area_class=1), row(4, 40, hours=Hours.OFFICE)], {}, 30),
    ("office hours", [row(3, 30, hours=Hours.OFFICE), row(4, 40, hours=Hours.OFF_HOURS), GENERAL], {}, 30),
    ("off hours", [row(3, 30, hours=Hours.OFFICE), row(4, 40, hours=Hours.OFF_HOURS)], {"office_hours": False}, 40),
    ("a category before an owner of its major", [GENERAL, row(3, 30, None, major="2026:01", owner=WATER)], {"owner": WATER}, 10),
    ("an ended row", [row(3, 30, area=GRID, valid_to=date(2026, 11, 24)), GENERAL], {}, 10),
    ("on its last day", [row(3, 30, area=GRID, valid_to=date(2026, 11, 25)), GENERAL], {}, 30),
    ("on its first day", [row(3, 30, area=GRID, valid_from=date(2026, 11, 24)), GENERAL], {}, 30),
    ("a row not yet in force", [row(3, 30, area=GRID, valid_from=date(2026, 11, 25)), GENERAL], {}, 10),
    ("without category, only rows for anything", [GENERAL, ANYTHING], {"category": None}, 20),
    ("two rows that agree", [row(3, 30), row(4, 30)], {}, 30),
]


@pytest.mark.parametrize(("why", "rows", "facts", "unit"), BY_HAND, ids=[case[0] for case in BY_HAND])
def test_the_most_specific_row_names_the_unit(why, rows, facts, unit):
    for order in (rows, rows[::-1]):
        answer = ask(order, **facts)
        assert isinstance(answer, Decision)
        assert answer.unit == unit


@pytest.mark.parametrize(
    ("why", "rows", "facts", "kind"),
    [
        ("an empty list", [], {}, "none"),
        ("rows for other categories only", [row(3, 30, REFUSE)], {}, "none"),
        ("rows for other places only", [row(3, 30, area=OTHER)], {}, "none"),
        ("two units equally specific", [row(3, 30), row(4, 40)], {}, "several"),
        (
            "one unit under two trade departments",
            [row(3, 30, trade=OrgId(1)), row(4, 30, trade=OrgId(2))],
            {},
            "several",
        ),
    ],
)
def test_no_answer_or_two_is_a_gap(why, rows, facts, kind):
    answer = ask(rows, **facts)
    assert isinstance(answer, Gap)
    assert answer.kind == kind
    assert answer.candidates == (tuple((each.id, each.version) for each in rows) if kind == "several" else ())


def test_a_new_version_of_a_row_replaces_the_old_one_from_its_first_day():
    old = row(3, 30, area=GRID)
    new = row(3, 40, area=STREET, version=2, valid_from=date(2026, 11, 1))
    assert ask([old, new]).unit == 40
    assert ask([new, old], day=date(2026, 10, 31)).unit == 30
    assert ask([old, replace(new, valid_from=date.min)], day=date(2026, 10, 31)).unit == 40


def test_the_decision_carries_both_duties_the_helpers_and_the_ladder():
    ladder = ((Loop.SMALL, OrgId(5)), (Loop.MEDIUM, OrgId(6)))
    full = replace(row(417, 30, version=3), trade_department=OrgId(8), assisting=(OrgId(9),), ladder=ladder)
    answer = ask([full])
    assert (answer.unit, answer.trade_department, answer.assisting, answer.ladder) == (30, 8, (9,), ladder)
    assert (answer.row, answer.version, answer.number) == (417, 3, "D-0417")


# --- the reason -------------------------------------------------------------------------------------------------------


def test_the_reason_says_what_matched_in_each_column():
    reason = ask([row(3, 30, owner=WATER, area=COMMUNITY, hours=Hours.OFFICE)], maintenance=WATER).reason
    assert reason["matched"] == {
        "category": {"by": "category", "value": COVER},
        "owner": {"by": "maintenance", "value": WATER},
        "area": {"by": "community", "value": COMMUNITY},
        "area_class": {"by": "any", "value": None},
        "hours": {"by": "office", "value": "office"},
    }
    assert reason["order"] == list(ORDER)
    assert (reason["outcome"], reason["list_version"], reason["rows"][0]["number"]) == ("found", 3, "D-0003")


def test_the_reason_says_by_which_column_each_other_row_lost():
    rows = [
        row(3, 30, area=COMMUNITY),
        row(4, 40, area=STREET),
        row(5, 50, area=OTHER),
        row(6, 60, area=GRID, hours=Hours.OFF_HOURS),
        row(7, 70, owner=WATER, valid_to=date(2026, 1, 1)),
        row(8, 80, area=GRID, valid_to=date(2026, 1, 1)),
    ]
    told = {
        each["row"]["id"]: (each["how"], each["lost_by"], each["also"], each["row_has"], each["asked"])
        for each in ask(rows).reason["rejected"]
    }
    assert told == {
        4: ("less_specific", "area", [], STREET, COMMUNITY),
        5: ("mismatch", "area", [], OTHER, list(PLACE.values())),
        6: ("mismatch", "hours", [], "off_hours", "office"),
        7: ("mismatch", "owner", ["validity"], WATER, []),
        8: ("mismatch", "validity", [], ["0001-01-01", "2026-01-01"], "2026-11-24"),
    }


def test_a_gap_shows_the_rows_that_came_nearest():
    rows = [row(5, 50, area=OTHER), row(6, 60, owner=WATER, area=OTHER), row(7, 70, LAMP)]
    assert [each["row"]["id"] for each in ask(rows).reason["rejected"]] == [5, 6]


def test_a_reason_lists_few_rows_however_long_the_list():
    many = [row(n, 100 + n, area=AreaCode(f"{OTHER}{n:03}")) for n in range(10, 400)]
    assert len(ask(many).reason["rejected"]) == NEAR_MISSES
    crowd = [row(n, n % 3, area=GRID) for n in range(10, 60)] + [row(n, n, area=STREET) for n in range(60, 99)]
    several = ask(crowd)
    assert len(several.candidates) == len(several.reason["rows"]) == len(several.reason["rejected"]) == NEAR_MISSES
    assert {each["unit"] for each in several.reason["rows"]} == {0, 1, 2}


def test_a_reason_that_was_tampered_with_gives_another_answer():
    stored = json.loads(json.dumps(ask([row(3, 30), row(4, 40, area=STREET)]).reason))
    stored["question"]["areas"] = {}
    assert recompute(stored).unit == 30


# --- asking at a moment -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "unit", "day"),
    [
        (datetime(2026, 11, 24, 2, 30, tzinfo=UTC), 30, date(2026, 11, 24)),
        (datetime(2026, 11, 24, 16, 30, tzinfo=UTC), 40, date(2026, 11, 25)),  # half past midnight in the city
        (datetime(2026, 10, 10, 2, 30, tzinfo=UTC), 30, date(2026, 10, 10)),  # a make-up Saturday
        (datetime(2026, 10, 3, 2, 30, tzinfo=UTC), 40, date(2026, 10, 3)),  # National Day holiday
    ],
)
def test_office_hours_and_the_day_are_those_of_the_city(moment, unit, day):
    rows = [row(3, 30, hours=Hours.OFFICE), row(4, 40, hours=Hours.OFF_HOURS)]
    asked = ask_at(moment, calendars.compile(calendars.china_calendar(2026, 2026)), COVER, PLACE)
    assert find_party(asked, DutyIndex(rows, 1)).unit == unit
    assert asked.day == day


def test_the_major_is_written_as_in_the_duty_list():
    assert major_of(COVER) == "2026:01"


# --- the law ----------------------------------------------------------------------------------------------------------

rows_of_any_kind = st.lists(
    st.builds(
        lambda category, area, owner, hours, area_class, unit, ends: (category, area, owner, hours, area_class, unit, ends),
        st.sampled_from([COVER, COVER, COVER, REFUSE, "2026:01", None]),
        st.sampled_from([None, None, GRID, PATCH, COMMUNITY, STREET, DISTRICT, OTHER]),
        st.sampled_from([None, None, WATER, POWER]),
        st.sampled_from(Hours),
        st.sampled_from([None, 1, 2]),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=40,
)
AREAS_BY_SIZE = [None, DISTRICT, STREET, COMMUNITY, PATCH, GRID]


def by_brute_force(rows, asked):
    """Units of the best rows, looked at one by one."""
    best, units = None, set()
    for each in rows:
        hours = Hours.OFFICE if asked.office_hours else Hours.OFF_HOURS
        ranks = (
            [None, "2026:01", COVER].index(each.category or each.major)
            if (each.category or each.major) in (None, "2026:01", COVER)
            else -1,
            {None: 0, asked.maintenance: 1, asked.owner: 2}.get(each.owner, -1) if each.owner else 0,
            AREAS_BY_SIZE.index(each.area) if each.area in AREAS_BY_SIZE else -1,
            [None, asked.area_class].index(each.area_class) if each.area_class in (None, asked.area_class) else -1,
            [Hours.ANY, hours].index(each.hours) if each.hours in (Hours.ANY, hours) else -1,
        )
        if -1 in ranks or not (each.valid_to is None or asked.day < each.valid_to):
            continue
        if best is None or ranks > best:
            best, units = ranks, set()
        if ranks == best:
            units.add(each.handling_unit)
    return units


@given(
    rows_of_any_kind, st.sampled_from([None, WATER, POWER]), st.sampled_from([None, WATER, TELECOM]), st.booleans(), st.sampled_from([1, 3])
)
@settings(max_examples=300, deadline=None)
def test_the_index_finds_what_reading_the_whole_list_finds(kinds, owner, maintenance, office, area_class):
    rows = [
        row(
            n + 1,
            unit,
            category if category != "2026:01" else None,
            major="2026:01" if category == "2026:01" else None,
            area=area,
            owner=needs,
            hours=hours,
            area_class=of_class,
            valid_to=date(2026, 1, 1) if ended else None,
        )
        for n, (category, area, needs, hours, of_class, unit, ended) in enumerate(kinds)
    ]
    facts = {"owner": owner, "maintenance": maintenance, "office_hours": office, "area_class": area_class}
    answer, units = ask(rows, **facts), by_brute_force(rows, question(**facts))
    if isinstance(answer, Decision):
        assert units == {answer.unit}
    else:
        assert (answer.kind == "several") == (len(units) > 1)
        assert {each["unit"] for each in answer.reason["rows"]} == units
