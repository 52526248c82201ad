"""Working time of the demo city: office hours, the centre's shifts, round the clock.

Office hours 08:00-12:00 and 14:00-18:00 on working days (one city's rule, domain reference 2.3); the centre works 07:00-22:00 every day.
"""

from collections.abc import Sequence
from datetime import date, time, timedelta

from chengyun.base.ids import CalendarId
from chengyun.city.records import DayRule, WorkCalendar

ZONE = "Asia/Shanghai"
FROM = date(2025, 1, 1)
OFFICE_DAY = ((time(8), time(12)), (time(14), time(18)))
CENTRE_DAY = ((time(7), time(22)),)
WHOLE_DAY = ((time(0), time(23, 59, 59, 999999)),)


def office_calendar(days: Sequence[DayRule], published_through: date) -> WorkCalendar:
    weekly = {weekday: OFFICE_DAY if weekday < 5 else () for weekday in range(7)}
    return WorkCalendar(
        CalendarId(1), 1, "望江区工作时间", "Wangjiang office hours", ZONE, weekly, tuple(days), published_through, False, FROM
    )


def centre_calendar() -> WorkCalendar:
    weekly = dict.fromkeys(range(7), CENTRE_DAY)
    return WorkCalendar(
        CalendarId(2), 1, "运行中心班次", "Operations centre shifts", ZONE, weekly, valid_from=FROM, full_day=timedelta(hours=15)
    )


def wall_calendar() -> WorkCalendar:
    weekly = dict.fromkeys(range(7), WHOLE_DAY)
    return WorkCalendar(
        CalendarId(3), 1, "连续计时", "Round the clock", ZONE, weekly, round_the_clock=True, valid_from=FROM, full_day=timedelta(hours=24)
    )
