"""Work calendars: what a record says about days and hours, in every zone, and what a bad record is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from chengyun.base.errors import BadInput
from chengyun.base.ids import CalendarId
from chengyun.city import calendars
from chengyun.city.calendars import CalendarGap, china_calendar
from chengyun.city.records import DayRule, WorkCalendar

OFFICE = ((time(8), time(12)), (time(14), time(18)))


def calendar(zone="Asia/Shanghai", weekly=None, *days, **more):
    weekly = dict.fromkeys(range(5), OFFICE) if weekly is None else weekly
    return WorkCalendar(CalendarId(7), 1, "试", "trial", zone, weekly, days, **more)


def in_city(zone, text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def worked_on(compiled, day):
    start = in_city("Asia/Shanghai", f"{day} 00:00")
    return compiled.working_time(start, start + timedelta(days=1))


# --- the calendar of a Chinese city -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-13", True),
        ("2026-02-14", True),  # make-up Saturday
        ("2026-02-16", False),  # Spring Festival, a Monday
        ("2026-02-24", True),
        ("2026-02-28", True),  # make-up Saturday
        ("2026-03-07", False),
        ("2026-09-20", True),  # make-up Sunday
        ("2026-10-07", False),
        ("2026-10-10", True),  # make-up Saturday
        ("2024-02-29", True),
    ],
)
def test_china_knows_holidays_and_make_up_workdays(day, works):
    assert calendars.compile(china_calendar(2024, 2026)).is_work_day(date.fromisoformat(day)) is works


def test_china_is_published_through_the_last_announced_year_it_covers():
    assert china_calendar(2024, 2025).published_through == date(2025, 12, 31)
    assert china_calendar(2024, 2031).published_through < date(2031, 1, 1)
    assert all(rule.day.year == 2025 for rule in china_calendar(2025, 2025).days)


def test_china_says_why_a_day_differs_in_both_languages():
    reasons = {rule.day: (rule.reason_zh, rule.reason_en) for rule in china_calendar(2026, 2026).days}
    assert reasons[date(2026, 10, 1)] == ("国庆节", "National Day")
    assert reasons[date(2026, 10, 10)] == ("国庆节调休上班", "National Day make-up workday")


def test_china_takes_the_office_hours_of_the_city():
    nine_to_six = china_calendar(2026, 2026, hours=((time(9), time(18)),))
    assert nine_to_six.full_day == timedelta(hours=9)
    with pytest.raises(BadInput):
        china_calendar(1999, 2026)


# --- questions ------------------------------------------------------------------------------------------------------


def test_working_time_leaves_out_lunch_nights_and_weekends():
    compiled = calendars.compile(calendar())
    friday, monday = in_city("Asia/Shanghai", "2026-03-06 11:00"), in_city("Asia/Shanghai", "2026-03-09 08:30:59")
    assert compiled.working_time(friday, monday) == timedelta(hours=5, minutes=30, seconds=59)
    assert compiled.working_minutes(friday, monday) == 330
    assert compiled.working_time(monday, friday) == -compiled.working_time(friday, monday)
    assert [b - a for a, b in compiled.openings(friday, monday)] == [
        timedelta(hours=1),
        timedelta(hours=4),
        timedelta(minutes=30, seconds=59),
    ]


@pytest.mark.parametrize(
    ("moment", "open_", "following"),
    [
        ("2026-03-06 08:00", True, "2026-03-06 08:00"),
        ("2026-03-06 07:59:59", False, "2026-03-06 08:00"),
        ("2026-03-06 11:59:59", True, "2026-03-06 11:59:59"),
        ("2026-03-06 12:00", False, "2026-03-06 14:00"),
        ("2026-03-06 18:00", False, "2026-03-09 08:00"),
    ],
)
def test_an_opening_includes_its_start_and_not_its_end(moment, open_, following):
    compiled = calendars.compile(calendar())
    assert compiled.is_working(in_city("Asia/Shanghai", moment)) is open_
    assert compiled.next_opening(in_city("Asia/Shanghai", moment)) == in_city("Asia/Shanghai", following)


def test_round_the_clock_is_always_open_and_never_provisional():
    always = calendars.compile(calendar(round_the_clock=True, published_through=date(2025, 1, 1)))
    assert always.is_working(in_city("Asia/Shanghai", "2026-02-17 03:00"))
    assert not always.is_provisional(in_city("Asia/Shanghai", "2026-02-17 03:00"))
    a, b = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)
    assert always.openings(a, b) == ((a, b),)


def test_openings_that_touch_at_midnight_are_one():
    nights = calendar(weekly={d: ((time(0), time(6)), (time(22), time(0))) for d in range(7)})
    assert len(calendars.compile(nights).openings(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))) == 1


def test_openings_that_touch_at_noon_are_one():
    whole = calendars.compile(calendar(weekly={0: ((time(8), time(12)), (time(12), time(18)))}))
    monday = in_city("Asia/Shanghai", "2026-03-02 08:00")
    assert whole.openings(monday, monday + timedelta(days=1)) == ((monday, monday + timedelta(hours=10)),)


def test_a_make_up_workday_without_hours_has_those_of_an_ordinary_day():
    saturday = DayRule(date(2026, 3, 7), True)
    compiled = calendars.compile(calendar("Asia/Shanghai", None, saturday))
    assert compiled.working_time(in_city("Asia/Shanghai", "2026-03-07 00:00"), in_city("Asia/Shanghai", "2026-03-08 00:00")) == timedelta(
        hours=8
    )


def test_a_day_called_off_at_noon_keeps_its_morning_but_is_no_work_day():
    compiled = calendars.compile(calendar("Asia/Shanghai", None, DayRule(date(2026, 3, 4), False, OFFICE[:1])))
    assert compiled.working_time(in_city("Asia/Shanghai", "2026-03-04 00:00"), in_city("Asia/Shanghai", "2026-03-05 00:00")) == timedelta(
        hours=4
    )
    assert not compiled.is_work_day(date(2026, 3, 4))


# --- clock changes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", "2026-03-08", 23),  # the hour from 2 to 3 does not exist
        ("America/New_York", "2026-11-01", 25),  # the hour from 1 to 2 comes twice
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Pacific/Apia", "2011-12-30", 0),  # the whole day was left out
        ("Asia/Shanghai", "2026-03-08", 24),
    ],
)
def test_a_city_day_is_as_long_as_its_clock_makes_it(zone, day, hours):
    whole = calendar(zone, {d: ((time(0), time(0)),) for d in range(7)})
    compiled = calendars.compile(whole)
    from_ = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=2)
    moment = calendars.to_micros(from_)
    columns = compiled.ask(moment, moment, lambda table: (table.l_opens, table.l_closes, table.l_day))
    ordinal = (date.fromisoformat(day) - date(1970, 1, 1)).days
    assert sum(b - a for a, b, d in zip(*columns, strict=True) if d == ordinal) == hours * 3_600_000_000
    assert compiled.working_time(from_, from_ + timedelta(days=4)) == timedelta(days=4)


def test_hours_that_the_clock_shows_twice_count_twice_and_skipped_ones_do_not_exist():
    early = calendar("Europe/London", {d: ((time(1), time(2)),) for d in range(7)})
    compiled = calendars.compile(early)
    assert not compiled.is_working(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    for fold in (0, 1):
        assert compiled.is_working(in_city("Europe/London", "2026-10-25 01:30", fold))
    day = timedelta(days=1)
    assert compiled.working_time(datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC) + day) == timedelta(hours=2)
    assert compiled.working_time(datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC) + day) == timedelta(0)


# --- memory and years --------------------------------------------------------------------------------------------------


def test_a_version_is_compiled_once_and_two_tenants_with_the_same_number_are_kept_apart():
    one, other = calendar(), calendar(zone="Asia/Urumqi")
    assert calendars.compile(one) is calendars.compile(replace(one))
    assert calendars.compile(other).zone == "Asia/Urumqi"
    assert calendars.compile(one).zone == "Asia/Shanghai"


def test_years_are_added_as_questions_need_them():
    compiled = calendars.CompiledCalendar(calendar())
    week = timedelta(days=7)
    for year in (2026, 2001, 2044, 1950, 2500, 2026):
        a = datetime(year, 3, 1, tzinfo=UTC)
        assert compiled.working_time(a, a + week) == timedelta(hours=40)


def test_a_calendar_that_never_opens_says_so():
    with pytest.raises(CalendarGap, match="no answer in the 50 years after 2026-03-01"):
        calendars.compile(calendar(weekly={})).next_opening(datetime(2026, 3, 1, tzinfo=UTC))
    with pytest.raises(CalendarGap):
        calendars.compile(calendar()).working_time(datetime(2026, 3, 1, tzinfo=UTC), datetime(4000, 3, 1, tzinfo=UTC))
    with pytest.raises(CalendarGap):
        calendars.compile(calendar()).next_opening(datetime(9999, 12, 31, tzinfo=UTC))


MONDAY_OFF = DayRule(date(2026, 3, 2), False)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (lambda: calendar(zone="Asia/Chengyun"), 'time zone "Asia/Chengyun" is not known'),
        (lambda: calendar(weekly={7: OFFICE}), "0 is Monday"),
        (lambda: calendar(weekly={0: ((time(18), time(8)),)}), "split it at midnight"),
        (lambda: calendar(weekly={0: ((time(8), time(12)), (time(11), time(13)))}), "overlaps"),
        (
            lambda: calendar("Asia/Shanghai", None, DayRule(date(2026, 3, 2), False), DayRule(date(2026, 3, 2), True)),
            "2026-03-02 has two rules",
        ),
        (lambda: calendar("Asia/Shanghai", None, DayRule(date(2026, 3, 2), True, ((time(9), time(9)),))), "2026-03-02: 09:00-09:00"),
        (lambda: calendar("Asia/Shanghai", {}, DayRule(date(2026, 3, 2), True)), "without hours"),
        (lambda: calendar(full_day=timedelta(0)), "full day"),
    ],
)
def test_a_bad_calendar_is_told_where_and_how_to_mend_it(bad, words):
    with pytest.raises(BadInput) as refusal:
        calendars.compile(bad())
    assert words in str(refusal.value)
    assert str(refusal.value).startswith("calendar 7 version 1: ")
