"""Who is at work at a moment of the past: collectors on their walks, desks in their turns, offices in their hours."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from chengyun.base.ids import AreaCode, PersonId
from chengyun.city.calendars import compile as compile_calendar
from chengyun.city.records import Role, Shift
from chengyun_demo.city import DemoCity
from chengyun_demo.people import CITY_ZONE


class Rota:
    def __init__(self, city: DemoCity) -> None:
        self.city = city
        self._by_day: dict[date, list[Shift]] = {}
        for shift in city.people.shifts:
            self._by_day.setdefault(shift.starts.date(), []).append(shift)
        self._roles = {person.id: {post.role for post in person.assignments if post.deputy_for is None} for person in city.people.all}
        self._grid_to_walk = {grid: code for code, grids in city.responsibility.items() for grid in grids}
        self._walks = city.people.grid_of_collector
        self._office = compile_calendar(city.calendars[0])

    def walk_of(self, grid: AreaCode, day: date, draw: random.Random) -> Shift:
        """A walk of that day past a unit grid: by its own collector, on his day off by another of the community, else by anyone."""
        walks = [shift for shift in self._by_day[day] if shift.area is not None]
        own = self._grid_to_walk[grid]
        for choice in (
            [w for w in walks if self._walks[w.person] == own],
            [w for w in walks if w.area and w.area[:12] == grid[:12]],
            walks,
        ):
            if choice:
                return draw.choice(choice)
        raise LookupError(f"nobody walks on {day}")

    def collector_at(self, at: datetime, community: str, draw: random.Random, excluded: Sequence[PersonId | None] = ()) -> PersonId | None:
        """A collector on his walk at that moment, from the community if there is one; nobody at night."""
        on = [
            s
            for s in self._by_day.get(at.astimezone(CITY_ZONE).date(), ())
            if s.area is not None and s.starts <= at < s.ends and s.person not in excluded
        ]
        near = [s for s in on if s.area and s.area[:12] == community]
        return draw.choice(near or on).person if on else None

    def desk_at(self, at: datetime, role: Role, draw: random.Random, excluded: PersonId | None = None) -> PersonId | None:
        on = [
            s.person
            for s in self._by_day.get(at.astimezone(CITY_ZONE).date(), ())
            if s.area is None and s.starts <= at < s.ends and role in self._roles[s.person] and s.person != excluded
        ]
        return draw.choice(on) if on else None

    def when_centre_open(self, at: datetime, draw: random.Random) -> datetime:
        """The moment itself, or shortly after 07:00 if the centre is closed then."""
        local = at.astimezone(CITY_ZONE)
        if 7 <= local.hour < 22:
            return at
        opening = local.replace(hour=7, minute=0, second=0) + timedelta(days=1 if local.hour >= 22 else 0)
        return opening + timedelta(seconds=draw.randrange(120, 3000))

    def when_walked(self, at: datetime, draw: random.Random) -> datetime:
        """The moment itself if collectors are out, else some time after they go out (07:00 to 20:30)."""
        local = at.astimezone(CITY_ZONE)
        minutes = local.hour * 60 + local.minute
        if 425 <= minutes < 1220:
            return at
        morning = local.replace(hour=7, minute=8, second=0) + timedelta(days=1 if minutes >= 1220 else 0)
        return morning + timedelta(seconds=draw.randrange(60, 5400))

    def when_office_open(self, at: datetime, draw: random.Random) -> datetime:
        """The moment itself in office hours, else within the first hour of the next opening."""
        opening = self._office.next_opening(at).astimezone(CITY_ZONE)
        return at if opening == at else opening + timedelta(seconds=draw.randrange(60, 3300))

    def is_office_time(self, at: datetime) -> bool:
        return self._office.is_working(at)
