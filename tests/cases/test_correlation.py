"""The same matter reported twice: what is proposed, what is merged by itself, what is never one matter (domain.md 2.2)."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import cos, radians
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.geometry import Point, distance_m
from chengyun.base.ids import CaseId, CategoryCode
from chengyun.cases.correlation import Matching, certainty, rank
from chengyun.cases.ports import Nearby
from chengyun.cases.rules import Settings

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
CROSSING = Point(116.31, 39.98)
REFUSE = CategoryCode("2026:matter:06010")
CITY = Settings()
WORDS = "小区东门外堆了很多垃圾，味道很大"


def east(metres):
    return Point(CROSSING.lon + metres / (111_195.08 * cos(radians(CROSSING.lat))), CROSSING.lat)


def report(number=1, **changes):
    known = Nearby(CaseId(number), 1, REFUSE, None, CROSSING, NOON, None, WORDS, "pending_filing")
    return replace(known, **changes)


FIRST = report(1)

TABLE = [
    # what the second report says                                             proposed  merged
    ("the same again", {}, True, True),
    ("ten metres off, same words", {"place": east(10)}, True, True),
    ("ten metres off, other words", {"place": east(10), "text": "路口有人乱扔生活垃圾"}, True, False),
    ("no words", {"text": ""}, True, False),
    ("at the edge of the radius, other words", {"place": east(49), "text": "有人乱倒"}, False, False),
    ("beyond the radius", {"place": east(51)}, False, False),
    ("two days later, same words", {"reported_at": NOON + timedelta(hours=48)}, True, False),
    ("after the window", {"reported_at": NOON + timedelta(hours=73)}, False, False),
    ("another type of the same major, same words", {"category": CategoryCode("2026:matter:06011")}, True, False),
    ("another type of the same major, other words", {"category": CategoryCode("2026:matter:06011"), "text": "烧烤"}, False, False),
    ("another major", {"category": CategoryCode("2026:matter:09001")}, False, False),
    ("no place", {"place": None}, False, False),
    ("the first is void", {"state": "void"}, False, False),
    ("the first is closed since yesterday", {"closed_at": NOON - timedelta(days=1), "reported_at": NOON - timedelta(days=2)}, True, False),
]


@pytest.mark.parametrize(("what", "says", "proposed", "merged"), TABLE, ids=[row[0] for row in TABLE])
def test_reports_of_refuse_at_a_gate(what, says, proposed, merged):
    sure = certainty(FIRST, report(2, **says), CITY)
    assert (sure >= CITY.propose_certainty, sure >= CITY.merge_certainty) == (proposed, merged), sure


LAMP = CategoryCode("2026:component:01010")
LAMP_FAULT = CategoryCode("2026:matter:01010")


def test_two_lamps_ten_metres_apart_are_two_matters():
    first = report(1, category=LAMP_FAULT, component="11010801010000001", text="路灯不亮")
    second = report(2, category=LAMP_FAULT, component="11010801010000002", text="路灯不亮", place=east(10))
    assert certainty(first, second, CITY) < CITY.propose_certainty


def test_the_same_lamp_is_one_matter_weeks_later_while_the_case_is_open():
    first = report(1, category=LAMP_FAULT, component="11010801010000001", text="路灯不亮")
    second = replace(first, case=CaseId(2), reported_at=NOON + timedelta(days=20), place=None, text="这盏灯晚上一直黑着")
    assert certainty(first, second, CITY) >= CITY.propose_certainty
    assert certainty(replace(first, closed_at=NOON + timedelta(days=19)), second, CITY) == 0


def test_a_component_and_its_fault_are_related():
    assert certainty(report(1, category=LAMP), report(2, category=LAMP_FAULT), CITY) >= CITY.propose_certainty


def test_equal_numbers_of_two_code_sets_are_not_related():
    assert certainty(report(1, category=CategoryCode("2013:matter:06010")), report(2), CITY) == 0


def test_a_case_closed_longer_ago_than_the_set_days_is_never_the_same_matter():
    closed = report(1, closed_at=NOON, component="X1", state="closed")
    later = Settings(duplicate_window=timedelta(days=365))
    just, over = (report(2, component="X1", reported_at=NOON + timedelta(days=d, hours=h)) for d, h in ((7, 0), (7, 1)))
    assert certainty(closed, just, later) > 0
    assert certainty(closed, over, later) == 0
    assert certainty(closed, over, later, Matching(closed_days=30)) > 0


def test_a_category_has_its_own_radius():
    wide = Matching(radius_m={"2026:06": 200})
    assert certainty(report(1), report(2, place=east(120)), CITY) == 0
    assert certainty(report(1), report(2, place=east(120)), CITY, wide) >= CITY.propose_certainty
    assert certainty(report(1), report(2, place=east(120)), CITY, Matching(radius_m={"2026:06": 200, REFUSE: 30})) == 0


def test_candidates_stand_by_certainty_then_by_age_and_leave_out_the_unlikely_and_the_case_itself():
    around = [
        report(5, place=east(20)),
        report(3, reported_at=NOON - timedelta(hours=1)),
        report(4, reported_at=NOON + timedelta(hours=1)),
        report(6, category=CategoryCode("2026:matter:09001")),
        report(1),
    ]
    assert [c.case for c in rank(FIRST, around, CITY)] == [3, 4, 5]
    assert [c.case for c in rank(FIRST, reversed(around), CITY)] == [3, 4, 5]


def test_the_certainty_can_be_recomputed_from_the_stored_reason():
    for other in (report(2, place=east(17), text="东门垃圾很多"), report(3, component="A"), report(4, text="")):
        for candidate in rank(replace(FIRST, component="A"), [other], CITY):
            reason = candidate.reason
            weighed = [p for p in reason["parts"] if p["part"] != "component" or p["found"] == "same"]
            total = sum(p["share"] * p["weight"] for p in weighed) / sum(p["weight"] for p in weighed)
            assert min(reason["at_most"], reason["factor"] * total) == pytest.approx(candidate.certainty, abs=2e-4)


def crowd(seed):
    """Fifty reports within the radius of one place and the window, of two types, with words in common, some on components."""
    draw = random.Random(seed)
    letters = "小区东门外堆了很多垃圾味道很大路灯不亮井盖丢失街边乱停车有人乱扔生活请尽快处理"
    kinds = [REFUSE, CategoryCode("2026:matter:06011"), CategoryCode("2026:matter:09001")]
    return [
        report(
            number,
            category=draw.choice(kinds),
            place=east(draw.randrange(60)),
            component=draw.choice([None, None, None, "A", "B"]),
            reported_at=NOON - timedelta(minutes=draw.randrange(4320)),
            closed_at=draw.choice([None, None, NOON - timedelta(hours=draw.randrange(100))]),
            text="".join(draw.choices(letters, k=draw.randrange(60))),
            state=draw.choice(["handling", "closed", "void"]),
        )
        for number in range(2, 52)
    ]


def test_the_answers_for_a_crowd_are_those_of_the_golden_file():
    """Every certainty with its reason, so that nothing done for speed changes an answer; changed on purpose alone."""
    lenient = replace(CITY, propose_certainty=0.3)
    found = [[c.case, c.certainty, c.reason] for seed in range(3) for c in rank(report(1, component="A"), crowd(seed), lenient)]
    golden = Path(__file__).with_name("correlation_golden.json")
    assert found == json.loads(golden.read_text(encoding="utf-8"))


# --- laws ---------------------------------------------------------------------------------------------------------

texts = st.text(alphabet="垃圾堆放路灯不亮井盖丢失东门西 ，", max_size=20)
categories = st.sampled_from([REFUSE, CategoryCode("2026:matter:06011"), LAMP, LAMP_FAULT, None])


@st.composite
def reports(draw, number):
    reported = NOON + timedelta(minutes=draw(st.integers(0, 6_000)))
    closed = draw(st.none() | st.integers(1, 20_000).map(lambda m: reported + timedelta(minutes=m)))
    return Nearby(
        CaseId(number),
        1,
        draw(categories),
        draw(st.sampled_from([None, "A", "B"])),
        draw(st.none() | st.floats(0, 120).map(east)),
        reported,
        closed,
        draw(texts),
        draw(st.sampled_from(["pending_filing", "handling", "void", "merged"])),
    )


@settings(max_examples=300, deadline=None)
@given(reports(1), reports(2))
def test_it_does_not_matter_which_was_asked_first(a, b):
    assert certainty(a, b, CITY) == pytest.approx(certainty(b, a, CITY), abs=1e-9)
    assert 0 <= certainty(a, b, CITY) <= 1


@settings(max_examples=300, deadline=None)
@given(reports(1), reports(2), st.floats(0, 80), st.floats(0, 80))
def test_farther_is_never_more_certain(a, b, near, far):
    near, far = sorted((near, far))
    a = replace(a, place=CROSSING)
    assert certainty(a, replace(b, place=east(far)), CITY) <= certainty(a, replace(b, place=east(near)), CITY) + 1e-9


@settings(max_examples=200, deadline=None)
@given(reports(1), st.lists(reports(2), max_size=4))
def test_the_ranking_says_of_each_what_it_would_say_of_it_alone(mine, around):
    listed = {c.certainty for c in rank(mine, around, CITY)}
    alone = {round(certainty(mine, other, CITY), 4) for other in around}
    assert listed == {sure for sure in alone if sure >= CITY.propose_certainty}


def test_flat_metres_are_the_great_circle_within_the_radius():
    for metres in (1, 50, 500):
        assert distance_m(CROSSING, east(metres)) == pytest.approx(metres, rel=1e-4)
    assert certainty(FIRST, report(2, place=east(49.9)), CITY) > 0 == certainty(FIRST, report(2, place=east(50.1)), CITY)


def test_the_reference_page_has_the_weights_of_the_program():
    page = (Path(__file__).parents[2] / "docs/reference/correlation.md").read_text(encoding="utf-8")
    default, city = Matching(), Settings()
    for part in ("category", "distance", "time", "words", "component"):
        assert f"| {part} | {getattr(default, part):g} |" in page
    for figure in (
        f"({city.propose_certainty:g})",
        f"({city.merge_certainty:g})",
        f"({city.duplicate_radius_m:g} m",
        f"{default.related:g} a component",
        f"{default.kin:g} another type",
        f"at most {default.recurrence:g}",
        f"more than {default.closed_days} days",
    ):
        assert figure in page, figure
