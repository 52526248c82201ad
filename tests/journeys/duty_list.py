"""What the duty list of the demo city says of a category at a place, asked of the pure core: journeys compute where they walk."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from chengyun.base.geometry import Point, distance_m
from chengyun.base.ids import AreaCode
from chengyun.cases.responsibility import Decision, DutyIndex, Gap, ask_at, find_party
from chengyun.city import calendars
from chengyun.city.areas import AreaIndex
from chengyun.city.catalogue import FILED_KINDS
from chengyun.city.records import AreaKind, Category
from chengyun_demo.areas import community_code
from chengyun_demo.city import DemoCity

NEAR_M = 60.0
"""A little more than the radius within which two reports of one category may be the same matter."""
LEVELS = (AreaKind.DISTRICT, AreaKind.STREET, AreaKind.COMMUNITY, AreaKind.UNIT_GRID)


class DutyList:
    def __init__(self, city: DemoCity) -> None:
        self.city = city
        self.day = city.start.date()
        self.areas = AreaIndex(city.areas, self.day)
        self.rows = DutyIndex(city.duty_rows, 1)
        self.calendar = calendars.compile(city.calendars[0])

    def answer(self, category: Category, place: Point) -> Decision | Gap:
        path = self.areas.locate(place)
        assert path is not None
        levels = zip(LEVELS, (path.district, path.street, path.community, path.grid), strict=True)
        known = {kind: code for kind, code in levels if code is not None}
        return find_party(ask_at(self.city.start, self.calendar, category.code, known, path.area_class), self.rows)

    def answered_by(self, unit: str, place: Point) -> Iterator[Category]:
        """Categories with exactly one answer at the place: that unit."""
        for category in self._filed_alone(place):
            answer = self.answer(category, place)
            if isinstance(answer, Decision) and answer.unit == self.city.organisations.id(unit):
                yield category

    def unanswered(self, place: Point) -> Iterator[Category]:
        """Categories nobody answers for there."""
        for category in self._filed_alone(place):
            answer = self.answer(category, place)
            if isinstance(answer, Gap) and answer.kind == "none":
                yield category

    def _filed_alone(self, place: Point) -> Iterator[Category]:
        """Categories with one entry for the condition that automatic filing takes: filed without a person."""
        path = self.areas.locate(place)
        assert path is not None
        for category in self.city.catalogue.in_force(self.day, scheme="2026", kinds=FILED_KINDS):
            entries = [
                each for each in self.city.standards if each.category == category.code and each.area_class in (None, path.area_class)
            ]
            first = min((each.condition_no for each in entries), default=None)
            if sum(each.condition_no == first for each in entries) == 1:
                yield category

    def places(self, letter: str, seed: int) -> Iterator[Point]:
        """Places inside the grids of a community, one grid after the other, so that no two are the same matter."""
        draw = Random(f"journeys {seed}")
        grids = [area for area in self.city.areas if area.kind is AreaKind.UNIT_GRID and area.code.startswith(community_code(letter))]
        draw.shuffle(grids)
        for grid in grids:
            lons, lats = zip(*grid.rings[0], strict=True)
            middle = Point(sum(lons) / len(lons), sum(lats) / len(lats))
            if self.grid_at(middle) == grid.code:
                yield middle

    def quiet_places(self, letter: str, seed: int, around: Sequence[Mapping[str, Any]]) -> Iterator[Point]:
        """Those with no case of `around` (lines of the API) near: a report there is nobody's duplicate."""
        taken = [Point(row["lon"], row["lat"]) for row in around if row["lon"] is not None]
        return (place for place in self.places(letter, seed) if all(distance_m(place, each) > NEAR_M for each in taken))

    def grid_at(self, place: Point) -> AreaCode | None:
        path = self.areas.locate(place)
        return path.grid if path else None
