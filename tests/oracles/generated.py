"""Calendars and limits made at random from a seed, where trouble lives: clock changes, 29 February, make-up workdays, days called off."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from chengyun.base.ids import CalendarId
from chengyun.city.records import ClockUnit, Counting, DayRule, Limit, WorkCalendar

H = time
OFFICE = ((H(8), H(12)), (H(14), H(18)))
LONG = ((H(9), H(18)),)
MORNING = ((H(8), H(12)),)
NIGHT = ((H(0), H(6)), (H(22), H(0)))
CHANGING = ((H(1, 30), H(2, 30)), (H(9), H(17, 15)))
ALL_DAY = ((H(0), H(0)),)

WEEKS = (
    dict.fromkeys(range(5), OFFICE),
    {**dict.fromkeys(range(4), OFFICE), 4: ((H(8), H(12)), (H(13), H(16, 30)))},
    dict.fromkeys(range(6), LONG),
    {**dict.fromkeys((6, 0, 1, 2), LONG), 3: MORNING},
    dict.fromkeys(range(7), NIGHT),
    dict.fromkeys(range(7), CHANGING),
    dict.fromkeys(range(5), ALL_DAY),
)
ZONES = {
    # zone: days near which to look; each has its clock changes there
    "Asia/Shanghai": (date(2026, 2, 8), date(2026, 9, 22), date(2024, 2, 26), date(2028, 2, 25)),
    "America/New_York": (date(2026, 3, 4), date(2026, 10, 28), date(2024, 2, 27)),
    "Europe/London": (date(2026, 3, 25), date(2026, 10, 21), date(2028, 2, 26)),
    "Australia/Lord_Howe": (date(2026, 4, 1), date(2026, 9, 30)),
    "America/Sao_Paulo": (date(2018, 11, 1), date(2019, 2, 13)),
    "Asia/Kathmandu": (date(2024, 2, 25), date(2025, 12, 28)),
    "Pacific/Apia": (date(2011, 12, 26), date(2012, 3, 29), date(2012, 2, 27)),
    "Asia/Tehran": (date(2022, 3, 19), date(2022, 9, 18)),
}


@dataclass(frozen=True)
class Task:
    start: datetime
    limit: Limit
    pauses: tuple
    extensions: int


def calendars(seed, number):
    """Calendars, some of them followed by the same calendar with a day edited in its course (the next version)."""
    rng = random.Random(seed)
    made = []
    while len(made) < number:
        zone = list(ZONES)[len(made) % len(ZONES)]
        anchor = rng.choice(ZONES[zone])
        week = rng.choice(WEEKS)
        days = {}
        for day in rng.sample(range(-3, 40), rng.randint(0, 12)):
            days[anchor + timedelta(days=day)] = rng.choice(
                [(False, ()), (False, ()), (True, ()), (True, MORNING), (True, ((H(13), H(20)),)), (False, MORNING)]
            )
        calendar = WorkCalendar(
            id=CalendarId(1 + len(made)),
            version=1,
            name_zh="试",
            name_en="trial",
            zone=zone,
            weekly=week,
            days=tuple(DayRule(day, working, hours) for day, (working, hours) in days.items()),
            published_through=rng.choice([date.max, anchor + timedelta(days=rng.randint(0, 30))]),
            round_the_clock=rng.random() < 0.04,
            full_day=timedelta(hours=rng.choice([8, 8, 7, 9])),
        )
        made.append((calendar, anchor))
        if rng.random() < 0.3:
            called_off = anchor + timedelta(days=rng.randint(0, 12))
            kept = tuple(rule for rule in calendar.days if rule.day != called_off)
            edited = replace(
                calendar, version=2, days=(*kept, DayRule(called_off, False, rng.choice([MORNING, ((H(8), H(10, 20)),)]), "台风"))
            )
            made.append((edited, anchor))
    return made[:number]


def tasks(seed, anchor, number):
    rng = random.Random(seed)
    for _ in range(number):
        unit = rng.choice([*ClockUnit, ClockUnit.WORK_DAY, ClockUnit.WORK_DAY, ClockUnit.WORK_DAY])
        counting = rng.choice(list(Counting))
        most = {"minute": 600, "hour": 40, "day": 9}[unit.value.split("_")[1]]
        start = moment(rng, anchor, 20)
        pauses = []
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3])):
            from_ = whole(rng, start + timedelta(seconds=rng.randint(-86_400, 10 * 86_400)))
            length = timedelta(seconds=rng.choice([rng.randint(0, 7_200), rng.randint(0, 86_400), rng.randint(0, 12 * 86_400)]))
            pauses.append((from_, None if rng.random() < 0.12 else max(from_, whole(rng, from_ + length))))
        yield Task(start, Limit(rng.choice([0, 1, 1, 2, rng.randint(1, most)]), unit, counting), tuple(pauses), rng.choice([0, 0, 0, 1, 2]))


def moment(rng, anchor, days):
    at = datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC) + timedelta(seconds=rng.randint(0, days * 86_400))
    return whole(rng, at) + timedelta(microseconds=rng.choice([0, 0, rng.randint(0, 999_999)]))


def whole(rng, at):
    """Often on the hour, where openings and closings are."""
    return at.replace(minute=rng.choice([0, 30]), second=0) if rng.random() < 0.35 else at
