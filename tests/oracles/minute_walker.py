"""An independent judge of deadlines: it looks at the city's clock minute by minute and shares no code with the calendar or the rules.

It reads the `WorkCalendar` record and nothing else of ours. Slow and plain on purpose. Hours, and the moments at which the chosen
zones move their clocks, lie on whole minutes (clock changes on quarters of an hour), so a minute is open or closed as a whole;
starts and pauses may fall anywhere inside one. Moments are integers: microseconds of UTC since 1970.

`flaw` seeds a wrong rule, to show that the comparison would notice.
"""

import itertools
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60 * 1_000_000
DAY = 24 * 60 * MINUTE
NEVER = 10**18

FLAWS = (
    "make_up_workday_ignored",
    "holiday_ignored",
    "called_off_day_counts",
    "first_day_counted",
    "pauses_ignored",
    "summer_time_ignored",
    "seconds_dropped",
    "extension_ignored",
    "provisional_forgotten",
)


class MinuteWalker:
    def __init__(self, calendar, flaw=""):
        self.calendar, self.flaw, self.zone = calendar, flaw, ZoneInfo(calendar.zone)
        self.rules = {rule.day: rule for rule in calendar.days}
        # The walker remembers the days it has looked at.
        self.minutes_of_utc_day = cache(self._minutes_of_utc_day)
        self.runs_of_utc_day = cache(self._runs_of_utc_day)
        self.minutes_of_city_day = cache(self._minutes_of_city_day)

    # what the calendar says of one day, one minute

    def hours(self, day):
        """(open minutes of the day by its own clock, counts as a work day)"""
        if self.calendar.round_the_clock:
            return frozenset(range(1440)), True
        rule = self.rules.get(day)
        plain = self.calendar.weekly.get(day.weekday(), ())
        if rule is not None and rule.working and not rule.hours and self.flaw == "make_up_workday_ignored":
            rule = None
        if rule is not None and not rule.working and self.flaw == "holiday_ignored":
            rule = None
        counts = True
        if rule is None:
            hours = plain
        elif not rule.working:
            hours, counts = rule.hours, self.flaw == "called_off_day_counts"
        elif rule.hours:
            hours = rule.hours
        else:
            hours = plain or next(self.calendar.weekly[d] for d in range(7) if self.calendar.weekly.get(d))
        minutes = set()
        for start, end in hours:
            first, last = start.hour * 60 + start.minute, end.hour * 60 + end.minute
            minutes.update(range(first, last or 1440))
        return frozenset(minutes), counts

    def _minutes_of_utc_day(self, number):
        """Open minutes of a UTC day: (moment, city day, minute shown by the city's clock)."""
        found = []
        for quarter in range(96):
            moment = EPOCH + timedelta(days=number, minutes=15 * quarter)
            shown = moment.astimezone(self.zone)
            if self.flaw == "summer_time_ignored":
                shown = moment + (shown.utcoffset() - shown.dst())
            base = shown.hour * 60 + shown.minute
            for step in range(15):
                minute, day = base + step, shown.date()
                if minute >= 1440:
                    minute, day = minute - 1440, day + timedelta(days=1)
                if minute in self._open(day):
                    found.append((number * DAY + (15 * quarter + step) * MINUTE, day, minute))
        return found

    def _open(self, day):
        known = self.__dict__.setdefault("_opened", {})
        if day not in known:
            known[day] = self.hours(day)[0]
        return known[day]

    def _runs_of_utc_day(self, number):
        runs = []
        for moment, _, _ in self.minutes_of_utc_day(number):
            if runs and runs[-1][1] == moment:
                runs[-1][1] += MINUTE
            else:
                runs.append([moment, moment + MINUTE])
        return runs

    def _minutes_of_city_day(self, day):
        number = (day - date(1970, 1, 1)).days
        return [(m, shown) for n in range(number - 1, number + 3) for m, d, shown in self.minutes_of_utc_day(n) if d == day]

    def next_open(self, moment):
        """First open moment from here on, with its city day and what the clock shows there (in microseconds of the day)."""
        number = moment // DAY
        while True:
            for minute, day, shown in self.minutes_of_utc_day(number):
                if minute + MINUTE > moment:
                    at = max(minute, moment)
                    return at, day, shown * MINUTE + at - minute
            number += 1

    def next_work_day(self, day):
        day += timedelta(days=1)
        while not (self.hours(day)[1] and self.minutes_of_city_day(day)):
            day += timedelta(days=1)
        return day

    # walking

    def work(self, start, need, pauses):
        """Walk until so much working time has passed; (moment, counted spans), or None at an open pause."""
        at, spans = start, []
        while need:
            inside = [b for a, b in pauses if a <= at < b]
            if inside:
                if NEVER in inside:
                    return None
                at = max(inside)
                continue
            stop = min([a for a, b in pauses if a > at and b > a] + [(at // DAY + 1) * DAY])
            for a, b in self.runs_of_utc_day(at // DAY):
                a, b = max(a, at), min(b, stop)
                if a >= b or not need:
                    continue
                b = min(b, a + need)
                need -= b - a
                if spans and spans[-1][1] == a:
                    spans[-1] = (spans[-1][0], b)
                else:
                    spans.append((a, b))
            at = stop
        return spans[-1][1], spans

    def worked_between(self, a, b):
        total = 0
        for number in range(a // DAY, b // DAY + 1):
            total += sum(max(0, min(b, to) - max(a, from_)) for from_, to in self.runs_of_utc_day(number))
        return total

    def same_time(self, at, day, shown, count):
        for _ in range(count):
            day = self.next_work_day(day)
        if not count:
            return at
        minutes = self.minutes_of_city_day(day)
        for moment, minute in minutes:
            if (minute + 1) * MINUTE > shown:
                return moment + max(0, shown - minute * MINUTE)
        return minutes[-1][0] + MINUTE

    def due(self, start, limit, pauses=(), extensions=0):
        """(at, spans, provisional) or None while an open pause holds the clock."""
        start = micros(start)
        if self.flaw == "seconds_dropped":
            start -= start % MINUTE
        pauses = [(max(start, micros(a)), NEVER if b is None else micros(b)) for a, b in pauses if b is None or micros(b) > start]
        if self.flaw == "pauses_ignored":
            pauses = []
        open_from = min([a for a, b in pauses if b == NEVER], default=NEVER)
        for _ in pauses:
            open_from = min([open_from, *(a for a, b in pauses if b >= open_from)])
        amount = limit.amount * (1 if self.flaw == "extension_ignored" else 1 + extensions)
        if not amount:
            return start, [], False
        unit, counting = limit.unit.value, limit.counting.value
        if unit.startswith("urgent"):
            need = amount * {"urgent_minute": 1, "urgent_hour": 60, "urgent_day": 1440}[unit] * MINUTE
            found = wall(start, need, pauses)
        elif unit in ("work_minute", "work_hour"):
            found = self.work(start, amount * (1 if unit == "work_minute" else 60) * MINUTE, pauses)
        elif counting == "accumulate":
            found = self.work(start, amount * (self.calendar.full_day // timedelta(microseconds=1)), pauses)
        elif counting == "same_time":
            found = self.due_same_time(start, amount, joined([p for p in pauses if p[1] != NEVER], open_from))
        else:
            found = self.due_end_of_day(start, amount, joined([p for p in pauses if p[1] != NEVER], open_from))
        if found is None or found[0] > open_from:
            return None
        return *found, not unit.startswith("urgent") and self.is_provisional(found[0])

    def due_same_time(self, start, count, pauses):
        begin = self.next_open(start)
        marks = [begin[0]]
        for n in range(1, count + 1):
            days, rest, at = n, 0, self.same_time(*begin, n)
            for a, b in pauses:
                if b <= begin[0]:
                    continue
                if at <= a:
                    break
                from_ = self.next_open(max(a, begin[0]))
                if from_[0] < b:
                    whole = 0
                    while self.same_time(*from_, whole + 1) <= b:
                        whole += 1
                    days += whole
                    rest += self.worked_between(self.same_time(*from_, whole), b)
                at = self.same_time(*begin, days)
                if rest:
                    at = self.work(at, rest, [])[0]
                at = max(at, self.next_open(b)[0])
            marks.append(at)
        return marks[-1], list(itertools.pairwise(marks))

    def due_end_of_day(self, start, count, pauses):
        _, day, _ = self.next_open(start)
        spans, seen = [], 1 if self.flaw == "first_day_counted" else 0
        while len(spans) < count:
            minutes = self.minutes_of_city_day(day)
            closing = minutes[-1][0] + MINUTE
            if not any(a < closing <= b for a, b in pauses):
                if seen:
                    spans.append((minutes[0][0], closing))
                seen += 1
            day = self.next_work_day(day)
        return spans[-1][1], spans

    def is_provisional(self, at):
        through = self.calendar.published_through
        if self.flaw == "provisional_forgotten" or self.calendar.round_the_clock:
            return False
        return (EPOCH + timedelta(microseconds=at - 1)).astimezone(self.zone).date() > through


def wall(start, need, pauses):
    """Walk the wall clock from edge to edge of the pauses."""
    at, spans = start, []
    while need:
        inside = [b for a, b in pauses if a <= at < b]
        if inside:
            if NEVER in inside:
                return None
            at = max(inside)
            continue
        stop = min([a for a, b in pauses if a > at and b > a] + [at + need])
        need -= stop - at
        if spans and spans[-1][1] == at:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((at, stop))
        at = stop
    return spans[-1][1], spans


def joined(pauses, open_from):
    """Pauses that overlap or touch are one pause; what an open pause covers is the open pause's."""
    result = []
    for a, b in sorted((a, min(b, open_from)) for a, b in pauses):
        if a >= b:
            continue
        if result and a <= result[-1][1]:
            result[-1] = (result[-1][0], max(b, result[-1][1]))
        else:
            result.append((a, b))
    return result


def micros(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)
