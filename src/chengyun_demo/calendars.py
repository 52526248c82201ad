"""Working time of the demo city: office hours, the centre's shifts, round the clock.

Office hours 08:00-12:00 and 14:00-18:00 on working days (one city's rule, domain reference 2.3); the centre works 07:00-22:00 every day.
"""

from dataclasses import replace
from datetime import date, time, timedelta

from chengyun.base.ids import CalendarId
from chengyun.city.calendars import china_calendar
from chengyun.city.records import WorkCalendar

ZONE = "Asia/Shanghai"
FROM = date(2025, 1, 1)
OFFICE_DAY = ((time(8), time(12)), (time(14), time(18)))
CENTRE_DAY = ((time(7), time(22)),)
WHOLE_DAY = ((time(0), time(0)),)


def office_calendar() -> WorkCalendar:
    """Holidays and make-up workdays of 2025 to 2027 as announced; 2027 is provisional until its notice is out."""
    calendar = china_calendar(
        2025, 2027, id=CalendarId(1), hours=OFFICE_DAY, name_zh="望江区工作时间", name_en="Wangjiang office hours", zone=ZONE
    )
    return replace(calendar, valid_from=FROM)


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
