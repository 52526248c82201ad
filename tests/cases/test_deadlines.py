"""Deadlines worked out by hand on the Chinese calendar of 2026, and the laws that hold for all of them.

2026: Spring Festival 15-23 February with work on Saturday 14 and 28; Labour Day 1-5 May, work on Saturday 9; National Day 1-7 October,
work on Sunday 20 September and Saturday 10 October; New Year 1-3 January, work on Sunday 4.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.errors import BadInput
from chengyun.base.ids import CalendarId
from chengyun.cases.deadlines import RULE_VERSION, CalendarGap, Elapsed, due, due_column, elapsed, limit_code
from chengyun.city import calendars
from chengyun.city.records import ClockUnit, Counting, DayRule, Limit, WorkCalendar

CITY = ZoneInfo("Asia/Shanghai")
RECORD = calendars.china_calendar(2024, 2026)
CALENDAR = calendars.compile(RECORD)

UNITS = {
    "work minute": ClockUnit.WORK_MINUTE,
    "work hour": ClockUnit.WORK_HOUR,
    "work day": ClockUnit.WORK_DAY,
    "urgent minute": ClockUnit.URGENT_MINUTE,
    "urgent hour": ClockUnit.URGENT_HOUR,
    "urgent day": ClockUnit.URGENT_DAY,
}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def limit(text):
    """`2 work day same_time` -> Limit"""
    amount, kind, unit, *counting = text.split()
    return Limit(int(amount), UNITS[f"{kind} {unit}"], Counting(counting[0]) if counting else Counting.ACCUMULATE)


def shown(moment):
    text = moment.astimezone(CITY).isoformat(sep=" ")
    return text.removesuffix("+08:00").removesuffix(":00")


# --- by hand ------------------------------------------------------------------------------------------------------

BY_HAND = [
    # start, limit, due, why
    ("2026-02-13 16:00", "1 work day", "2026-02-14 16:00", "2 h on Friday, 6 h on the make-up Saturday"),
    ("2026-02-14 17:30", "4 work hour", "2026-02-24 11:30", "half an hour before the Spring Festival, the rest after it"),
    ("2026-02-15 09:00", "2 work hour", "2026-02-24 10:00", "a start in the holiday begins at the next opening"),
    ("2026-02-13 10:00", "1 work day end_of_day", "2026-02-14 18:00", "the make-up Saturday is the first counted day"),
    ("2026-02-14 10:00", "1 work day end_of_day", "2026-02-24 18:00", "the next work day is after the festival"),
    ("2026-02-13 10:00", "1 work day same_time", "2026-02-14 10:00", ""),
    ("2026-02-27 15:00", "5 work day same_time", "2026-03-05 15:00", "Saturday 28 February works"),
    ("2026-09-30 10:00", "3 work day same_time", "2026-10-10 10:00", "8, 9 and the make-up Saturday 10 October"),
    ("2026-09-30 10:00", "3 work day", "2026-10-10 10:00", "24 working hours are three full days"),
    ("2026-10-03 11:00", "3 work day end_of_day", "2026-10-12 18:00", "begins on the 8th, which is not counted; 9, 10, 12"),
    ("2026-09-20 17:00", "2 work hour", "2026-09-21 09:00", "the Sunday before National Day works"),
    ("2025-12-31 17:00", "2 work hour", "2026-01-04 09:00", "Sunday 4 January works"),
    ("2026-02-17 23:30", "2 urgent hour", "2026-02-18 01:30", "urgent runs through night and festival"),
    ("2026-02-14 10:42:31", "1 urgent day", "2026-02-15 10:42:31", ""),
    ("2026-03-02 12:30", "30 work minute", "2026-03-02 14:30", "a start at lunch begins at two"),
    ("2026-03-02 17:59:31", "1 work minute", "2026-03-03 08:00:31", "seconds are kept across the night"),
    ("2026-03-02 10:42:31", "1 work day same_time", "2026-03-03 10:42:31", ""),
    ("2026-03-02 08:00", "8 work hour", "2026-03-02 18:00", "a limit that just fits ends at closing, not at the next opening"),
    ("2026-03-02 09:00", "3 work hour", "2026-03-02 12:00", "the same before lunch"),
    ("2026-03-02 18:00", "1 work hour", "2026-03-03 09:00", "closing time itself is no working time"),
    ("2026-03-02 19:00", "1 work day end_of_day", "2026-03-04 18:00", "received after hours is received the next morning"),
    ("2026-03-02 19:00", "1 work day same_time", "2026-03-04 08:00", ""),
    ("2024-02-28 16:00", "2 work day", "2024-03-01 16:00", "29 February 2024 is a Thursday"),
    ("2024-02-28 16:00", "1 work day end_of_day", "2024-02-29 18:00", ""),
    ("2026-02-15 09:00:07", "0 work day end_of_day", "2026-02-15 09:00:07", "zero gives the start itself, even in a holiday"),
]


@pytest.mark.parametrize(("start", "allowed", "answer", "why"), BY_HAND)
def test_deadlines_of_2026_worked_out_by_hand(start, allowed, answer, why):
    assert shown(due(at(start), limit(allowed), CALENDAR).at) == answer, why


PAUSED_BY_HAND = [
    # start, limit, pause, due, why
    ("2026-03-02 08:00", "1 work day", ("2026-03-02 10:00", "2026-03-03 10:00"), "2026-03-03 18:00", "2 h before, 6 h after"),
    ("2026-03-02 08:00", "4 urgent hour", ("2026-03-02 10:00", "2026-03-03 10:00"), "2026-03-03 12:00", ""),
    ("2026-03-02 10:00", "1 work day same_time", ("2026-03-02 11:00", "2026-03-04 15:00"), "2026-03-05 12:00", "two days and 2 h"),
    ("2026-03-02 10:00", "1 work day same_time", ("2026-03-02 17:00", "2026-03-03 08:00"), "2026-03-03 11:00", "one hour"),
    ("2026-03-02 10:00", "1 work day end_of_day", ("2026-03-02 11:00", "2026-03-04 09:00"), "2026-03-05 18:00", "two closings passed over"),
    ("2026-03-02 10:00", "1 work day end_of_day", ("2026-03-03 10:00", "2026-03-03 15:00"), "2026-03-03 18:00", "no closing inside"),
    ("2026-03-02 10:00", "1 work day end_of_day", ("2026-03-03 18:00", "2026-03-06 12:00"), "2026-03-03 18:00", "the day had ended"),
    ("2026-03-02 10:00", "1 work day end_of_day", ("2026-03-03 17:59", "2026-03-03 18:00"), "2026-03-04 18:00", "its end was paused"),
    ("2026-03-02 08:00", "2 work hour", ("2026-03-02 10:00", "2026-03-02 11:00"), "2026-03-02 10:00", "a pause from the deadline on"),
    ("2026-03-02 08:00", "2 work hour", ("2026-02-27 10:00", "2026-03-02 09:00"), "2026-03-02 11:00", "only what lies after the start"),
    ("2026-03-02 08:00", "1 work day same_time", ("2026-03-03 07:00", "2026-03-03 19:00"), "2026-03-04 08:00", "not at closing, paused"),
    ("2026-03-06 17:00", "2 work hour", ("2026-03-07 10:00", "2026-03-08 10:00"), "2026-03-09 09:00", "a weekend's pause moves nothing"),
]


@pytest.mark.parametrize(("start", "allowed", "pause", "answer", "why"), PAUSED_BY_HAND)
def test_a_pause_moves_the_deadline_in_the_counting_of_the_limit(start, allowed, pause, answer, why):
    assert shown(due(at(start), limit(allowed), CALENDAR, [(at(pause[0]), at(pause[1]))]).at) == answer, why


@pytest.mark.parametrize(
    ("allowed", "answer"),
    [
        ("1 work day", "2026-03-05 10:00"),
        ("1 work day same_time", "2026-03-05 10:00"),
        ("1 work day end_of_day", "2026-03-05 18:00"),
        ("2 urgent hour", "2026-03-02 16:00"),
        ("0 work day", "2026-03-02 10:00"),
    ],
)
def test_each_extension_adds_one_original_limit(allowed, answer):
    assert shown(due(at("2026-03-02 10:00"), limit(allowed), CALENDAR, extensions=2).at) == answer


@pytest.mark.parametrize(
    ("allowed", "answer"),
    [
        ("4 work hour", "2026-03-02 16:00"),
        ("4 urgent hour", "2026-03-02 14:00"),
        ("1 work day same_time", "2026-03-03 10:00"),
        ("1 work day end_of_day", "2026-03-03 18:00"),
    ],
)
def test_overlapping_pauses_count_once(allowed, answer):
    # 09:00-10:00 and 09:30-11:00: two hours, however they are cut.
    pauses = [(at("2026-03-02 09:00"), at("2026-03-02 10:00")), (at("2026-03-02 09:30"), at("2026-03-02 11:00"))]
    assert shown(due(at("2026-03-02 08:00"), limit(allowed), CALENDAR, pauses).at) == answer


def test_there_is_no_deadline_while_a_pause_lasts():
    pause = [(at("2026-03-02 09:00"), None)]
    assert due(at("2026-03-02 08:00"), limit("2 work hour"), CALENDAR, pause) is None
    assert due(at("2026-03-02 08:00"), limit("1 work day end_of_day"), CALENDAR, pause) is None


@pytest.mark.parametrize("allowed", ["1 work day", "1 work day same_time", "1 work day end_of_day", "26 urgent hour"])
def test_a_pause_that_runs_into_an_open_one_is_part_of_it(allowed):
    pauses = [(at("2026-03-02 09:00"), at("2026-03-05 11:00")), (at("2026-03-05 11:00"), None)]
    assert due(at("2026-03-02 08:00"), limit(allowed), CALENDAR, pauses) is None
    assert due(at("2026-03-02 08:00"), limit(allowed), CALENDAR, [*pauses, (at("2026-03-04 08:00"), at("2026-03-06 08:00"))]) is None


def test_a_clock_that_had_run_out_before_the_pause_keeps_its_deadline():
    pause = [(at("2026-03-02 11:00"), None)]
    assert shown(due(at("2026-03-02 08:00"), limit("2 work hour"), CALENDAR, pause).at) == "2026-03-02 10:00"


# --- a day called off, days with other hours -----------------------------------------------------------------------


def with_days(*rules, version=2):
    return calendars.compile(
        WorkCalendar(
            id=RECORD.id,
            version=version,
            name_zh="",
            name_en="",
            zone=RECORD.zone,
            weekly=RECORD.weekly,
            days=(*RECORD.days, *rules),
            published_through=RECORD.published_through,
            full_day=RECORD.full_day,
        )
    )


@pytest.mark.parametrize(
    ("allowed", "before", "after"),
    [
        ("2 work day", "2026-07-22 10:00", "2026-07-22 16:00"),
        ("1 work day end_of_day", "2026-07-21 18:00", "2026-07-22 18:00"),
        ("1 work day same_time", "2026-07-21 10:00", "2026-07-22 10:00"),
        ("11 work hour", "2026-07-21 15:00", "2026-07-22 09:00"),
        ("30 urgent hour", "2026-07-21 16:00", "2026-07-21 16:00"),
    ],
)
def test_a_typhoon_day_declared_a_holiday_at_noon_re_times_the_clock(allowed, before, after):
    typhoon = with_days(DayRule(date(2026, 7, 21), False, ((time(8), time(12)),), "台风停工", "typhoon"))
    start = at("2026-07-20 10:00")
    answers = [due(start, limit(allowed), calendar) for calendar in (CALENDAR, typhoon)]
    assert [shown(answer.at) for answer in answers] == [before, after]
    assert [answer.calendar_version for answer in answers] == [1, 2]


@pytest.mark.parametrize(
    ("start", "answer", "why"),
    [
        ("2026-07-20 10:00", "2026-07-21 10:00", "open at that time"),
        ("2026-07-20 08:30", "2026-07-21 09:00", "not open yet: the next opening of that day"),
        ("2026-07-20 16:00", "2026-07-21 12:00", "closed by then: the last closing of that day"),
    ],
)
def test_same_time_on_a_day_with_other_hours(start, answer, why):
    shorter = with_days(DayRule(date(2026, 7, 21), True, ((time(9), time(12)),)))
    assert shown(due(at(start), limit("1 work day same_time"), shorter).at) == answer, why


def test_a_pause_of_a_day_moves_same_time_by_a_day_even_if_the_day_is_short():
    shorter = with_days(DayRule(date(2026, 7, 21), True, ((time(8), time(12)),)))
    pause = [(at("2026-07-21 10:00"), at("2026-07-22 10:00"))]
    assert shown(due(at("2026-07-20 16:00"), limit("3 work day same_time"), shorter, pause).at) == "2026-07-24 16:00"
    assert shown(due(at("2026-07-20 16:00"), limit("3 work day"), shorter, pause).at) == "2026-07-24 16:00"


def test_a_pause_on_the_morning_of_a_day_called_off_moves_same_time_by_its_hours():
    typhoon = with_days(DayRule(date(2026, 7, 21), False, ((time(8), time(12)),)))
    pause = [(at("2026-07-21 09:00"), at("2026-07-21 11:00"))]
    assert shown(due(at("2026-07-20 15:00"), limit("2 work day same_time"), typhoon, pause).at) == "2026-07-23 17:00"


# --- provisional, facts carried ---------------------------------------------------------------------------------------


def test_a_deadline_past_the_announced_year_is_provisional():
    into_2027 = due(at("2026-12-31 17:00"), limit("2 work hour"), CALENDAR)
    assert (shown(into_2027.at), into_2027.provisional) == ("2027-01-01 09:00", True)
    assert not due(at("2026-12-31 17:00"), limit("1 work hour"), CALENDAR).provisional
    assert not due(at("2026-12-31 17:00"), limit("2 urgent day"), CALENDAR).provisional


def test_the_answer_says_by_which_calendar_and_rules_it_was_made():
    answer = due(at("2026-03-02 10:00"), limit("1 work hour"), CALENDAR)
    assert (answer.zone, answer.calendar, answer.calendar_version, answer.rule_version) == ("Asia/Shanghai", "1", 1, RULE_VERSION)
    assert answer.at.tzinfo is UTC


def test_intervals_can_be_read():
    def spans(allowed, pauses=()):
        return [f"{shown(a)[5:]}-{shown(b)[11:]}" for a, b in due(at("2026-03-02 16:00"), limit(allowed), CALENDAR, pauses).intervals]

    assert spans("5 work hour") == ["03-02 16:00-18:00", "03-03 08:00-11:00"]
    assert spans("2 work day end_of_day") == ["03-03 08:00-18:00", "03-04 08:00-18:00"]
    assert spans("2 work day same_time") == ["03-02 16:00-16:00", "03-03 16:00-16:00"]
    assert spans("2 work hour", [(at("2026-03-02 17:00"), at("2026-03-02 17:20"))]) == [
        "03-02 16:00-17:00",
        "03-02 17:20-18:00",
        "03-03 08:00-08:20",
    ]
    assert spans("0 work hour") == []


BACKWARDS = (at("2026-03-03 10:00"), at("2026-03-03 09:00"))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: due(datetime(2026, 3, 2), limit("1 work day"), CALENDAR), "naive_time"),  # noqa: DTZ001
        (lambda: due(at("2026-03-02 10:00"), Limit(-1, ClockUnit.WORK_DAY), CALENDAR), "bad_limit"),
        (lambda: due(at("2026-03-02 10:00"), limit("1 work day"), CALENDAR, extensions=-1), "bad_limit"),
        (
            lambda: due(at("2026-03-02 10:00"), limit("1 work day"), CALENDAR, [(at("2026-03-03 10:00"), at("2026-03-03 09:00"))]),
            "bad_pause",
        ),
        (lambda: due_column(np.array(["2026-03-02"], "datetime64[s]"), -1, 0, CALENDAR), "bad_limit"),
        (lambda: due_column(np.array(["2026-03-02"], "datetime64[s]"), 1, 99, CALENDAR), "bad_limit"),
    ],
)
def test_what_cannot_be_counted_is_refused(call, code):
    with pytest.raises(BadInput) as refusal:
        call()
    assert refusal.value.code == code
    assert refusal.value.cure


def test_a_calendar_that_never_opens_again_has_no_answer():
    closed = calendars.compile(
        WorkCalendar(CalendarId(9), 1, "", "", "Asia/Shanghai", {}, (DayRule(date(2026, 3, 2), True, ((time(8), time(9)),)),))
    )
    assert shown(due(at("2026-03-02 08:00"), limit("1 work hour"), closed).at) == "2026-03-02 09:00"
    for allowed in ("2 work hour", "1 work day same_time", "1 work day end_of_day"):
        with pytest.raises(CalendarGap):
            due(at("2026-03-02 08:00"), limit(allowed), closed)
        one = limit(allowed)
        with pytest.raises(CalendarGap):
            due_column(np.array(["2026-03-02"], "datetime64[s]"), one.amount, limit_code(one.unit, one.counting), closed)


def test_elapsed_tells_wall_and_working_time_without_the_pauses():
    start, end = at("2026-03-02 10:00"), at("2026-03-03 09:30:30")
    assert elapsed(start, end, CALENDAR) == Elapsed(timedelta(hours=23, minutes=30, seconds=30), timedelta(hours=7, minutes=30, seconds=30))
    paused = elapsed(start, end, CALENDAR, [(at("2026-03-02 15:00"), at("2026-03-02 20:00"))])
    assert paused == Elapsed(timedelta(hours=18, minutes=30, seconds=30), timedelta(hours=4, minutes=30, seconds=30))
    assert (paused.wall_minutes, paused.working_minutes) == (1110, 270)
    assert elapsed(start, end, CALENDAR, [(at("2026-03-02 11:00"), None)]).working == timedelta(hours=1)
    assert elapsed(end, start, CALENDAR) == Elapsed(timedelta(0), timedelta(0))


# --- laws -------------------------------------------------------------------------------------------------------------

starts = st.datetimes(datetime(2025, 9, 1), datetime(2026, 12, 1)).map(lambda m: m.replace(tzinfo=UTC))  # noqa: DTZ001
minutes = starts.map(lambda m: m.replace(second=0, microsecond=0))
limits = st.builds(Limit, st.integers(0, 12), st.sampled_from(ClockUnit), st.sampled_from(Counting))
added_up = st.builds(Limit, st.integers(0, 3000), st.sampled_from([ClockUnit.WORK_MINUTE, ClockUnit.URGENT_MINUTE]))
lengths = st.timedeltas(timedelta(0), timedelta(days=9))


@given(starts, lengths, limits)
@settings(max_examples=200, deadline=None)
def test_who_starts_later_is_never_due_earlier(start, later, allowed):
    assert due(start, allowed, CALENDAR).at <= due(start + later, allowed, CALENDAR).at


@given(starts, limits, st.integers(0, 2))
@settings(max_examples=200, deadline=None)
def test_intervals_add_up_to_the_limit(start, allowed, extensions):
    answer = due(start, allowed, CALENDAR, extensions=extensions)
    counted = allowed.amount * (1 + extensions)
    for (_, end), (following, _) in zip(answer.intervals, answer.intervals[1:], strict=False):
        assert end <= following
    if counted:
        assert answer.intervals[-1][1] == answer.at
    if allowed.unit is ClockUnit.WORK_DAY and allowed.counting is not Counting.ACCUMULATE:
        assert len(answer.intervals) == counted
    else:
        worth = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
        urgent = allowed.unit.value.startswith("urgent")
        one = worth.get(allowed.unit.value.split("_")[1], timedelta(days=1) if urgent else timedelta(hours=8))
        assert sum((b - a for a, b in answer.intervals), timedelta()) == counted * one
        if not urgent:
            assert CALENDAR.working_time(start, answer.at) == counted * one


@given(starts, limits, st.lists(st.tuples(lengths, lengths), max_size=4))
@settings(max_examples=200, deadline=None)
def test_pauses_never_bring_a_deadline_forward_and_their_order_does_not_matter(start, allowed, offsets):
    pauses = [(start + a, start + a + b) for a, b in offsets]
    paused = due(start, allowed, CALENDAR, pauses).at
    assert paused >= due(start, allowed, CALENDAR).at
    assert paused == due(start, allowed, CALENDAR, pauses[::-1]).at


@given(starts, limits, st.lists(st.tuples(lengths, lengths), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_no_deadline_falls_inside_a_pause(start, allowed, offsets):
    pauses = [(start + a, start + a + b) for a, b in offsets]
    at_last = due(start, allowed, CALENDAR, pauses).at
    assert not any(a < at_last < b for a, b in pauses)


@given(starts, limits, lengths, lengths, lengths)
@settings(max_examples=200, deadline=None)
def test_a_pause_cut_in_two_is_the_same_pause(start, allowed, after, first, second):
    a = start + after
    whole, cut = [(a, a + first + second)], [(a, a + first), (a + first, a + first + second)]
    assert due(start, allowed, CALENDAR, whole).at == due(start, allowed, CALENDAR, cut).at


@given(minutes, added_up, st.integers(0, 9000), st.integers(0, 9000))
@settings(max_examples=200, deadline=None)
def test_pausing_and_resuming_is_starting_again_with_what_is_left(start, allowed, until_pause, paused_for):
    pause, resume = start + timedelta(minutes=until_pause), start + timedelta(minutes=until_pause + paused_for)
    spent = elapsed(start, pause, CALENDAR)
    left = allowed.amount - (spent.working_minutes if allowed.unit is ClockUnit.WORK_MINUTE else spent.wall_minutes)
    answer = due(start, allowed, CALENDAR, [(pause, resume)]).at
    if left <= 0:
        assert answer == due(start, allowed, CALENDAR).at
    else:
        assert answer == due(resume, Limit(left, allowed.unit), CALENDAR).at


@given(starts, added_up, added_up)
@settings(max_examples=200, deadline=None)
def test_two_limits_one_after_the_other_are_one_long_limit(start, one, other):
    other = Limit(other.amount, one.unit)
    if one.amount and other.amount:
        in_between = due(start, one, CALENDAR).at
        assert due(in_between, other, CALENDAR).at == due(start, Limit(one.amount + other.amount, one.unit), CALENDAR).at


@given(st.lists(st.tuples(starts, limits), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_column_gives_what_the_single_answers_give(rows):
    moments = np.array([start.replace(tzinfo=None) for start, _ in rows], dtype="datetime64[us]")
    amounts = np.array([allowed.amount for _, allowed in rows])
    codes = np.array([limit_code(allowed.unit, allowed.counting) for _, allowed in rows])
    dues = due_column(moments, amounts, codes, CALENDAR)
    assert [d.replace(tzinfo=UTC) for d in dues.tolist()] == [due(start, allowed, CALENDAR).at for start, allowed in rows]


def test_the_column_takes_seconds_one_limit_for_all_and_rows_without_a_start():
    moments = np.array(["2026-03-02T00:00:00", "NaT"], dtype="datetime64[s]")
    dues = due_column(moments, 1, limit_code(ClockUnit.WORK_HOUR), CALENDAR)
    assert dues[0] == np.datetime64("2026-03-02T01:00:00") and np.isnat(dues[1])
    assert len(due_column(moments[:0], 1, 0, CALENDAR)) == 0
