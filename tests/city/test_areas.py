"""In which grid is this place, who lies under whom, and which drawings of a city are refused."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.errors import NotFound
from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, AreaId, TenantId
from chengyun.city.areas import AreaIndex, AreaPath, AreaTree, check_areas
from chengyun.city.records import Area, AreaKind

DAY = date(2026, 11, 24)
LON, LAT, STEP = 117.28, 31.86, 0.001  # a grid is about 95 m x 111 m


def box(west: float, south: float, east: float, north: float) -> tuple[tuple[tuple[float, float], ...], ...]:
    return (((west, south), (east, south), (east, north), (west, north), (west, south)),)


def area(code: str, kind: AreaKind, parent: str | None, x: float, y: float, width: float, height: float, area_class: int = 1) -> Area:
    rings = box(LON + x * STEP, LAT + y * STEP, LON + (x + width) * STEP, LAT + (y + height) * STEP)
    return Area(
        AreaId(0), TenantId(1), AreaCode(code), AreaCode(parent) if parent else None, kind, code, code, area_class, rings, date(2026, 1, 1)
    )


DISTRICT = area("340103", AreaKind.DISTRICT, None, 0, 0, 4, 4)
STREET = area("340103001", AreaKind.STREET, "340103", 0, 0, 4, 2)
COMMUNITY = area("340103001001", AreaKind.COMMUNITY, "340103001", 0, 0, 2, 2)
GRIDS = [
    area(f"34010300100100{n + 1}", AreaKind.UNIT_GRID, "340103001001", n % 2, n // 2, 1, 1, area_class=2 if n == 3 else 1) for n in range(4)
]
CITY = [DISTRICT, STREET, COMMUNITY, *GRIDS]


def at(x: float, y: float) -> Point:
    return Point(LON + x * STEP, LAT + y * STEP)


class TestLocating:
    index = AreaIndex(CITY, DAY)

    def test_a_place_is_answered_with_its_whole_path(self) -> None:
        assert self.index.locate(at(0.5, 0.5)) == AreaPath(
            AreaCode("340103001001001"), AreaCode("340103001001"), AreaCode("340103001"), AreaCode("340103"), area_class=1
        )

    def test_the_area_class_is_the_grids(self) -> None:
        found = self.index.locate(at(1.5, 1.5))
        assert found is not None and found.area_class == 2

    def test_a_place_in_a_hole_of_the_survey_has_the_levels_that_cover_it(self) -> None:
        found = self.index.locate(at(3, 1))
        assert found is not None and found.codes() == ("340103001", "340103")

    def test_a_place_outside_the_city_lies_nowhere(self) -> None:
        assert self.index.locate(at(5, 5)) is None

    def test_a_place_on_a_border_always_goes_to_the_smaller_code(self) -> None:
        for index in (self.index, AreaIndex(list(reversed(CITY)), DAY)):
            found = index.locate(at(1, 0.5))
            assert found is not None and found.grid == "340103001001001"

    def test_a_grid_that_ended_no_longer_answers(self) -> None:
        ended = [replace(a, valid_to=DAY) if a.code == "340103001001001" else a for a in CITY]
        found = AreaIndex(ended, DAY).locate(at(0.5, 0.5))
        assert found is not None and found.grid is None and found.community == "340103001001"

    def test_responsibility_grids_are_asked_for_apart(self) -> None:
        own = area("RG-07", AreaKind.RESPONSIBILITY_GRID, "340103001", 0, 0, 2, 1)
        index = AreaIndex([*CITY, own], DAY)
        assert index.responsibility_grid(at(1.5, 0.5)) == "RG-07"
        assert index.responsibility_grid(at(1.5, 1.5)) is None
        found = index.locate(at(1.5, 0.5))
        assert found is not None and found.grid == "340103001001002"

    def test_an_empty_city_locates_nothing(self) -> None:
        assert AreaIndex([], DAY).locate(at(0, 0)) is None
        assert AreaIndex([], DAY).locate_many(np.array([LON]), np.array([LAT])) == [None]

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.floats(-1, 5), st.floats(-1, 5)), min_size=1, max_size=20))
    def test_a_column_of_places_is_answered_like_each_one_alone(self, places: list[tuple[float, float]]) -> None:
        points = [at(x, y) for x, y in places]
        many = self.index.locate_many(np.array([p.lon for p in points]), np.array([p.lat for p in points]))
        assert many == [self.index.locate(p) for p in points]

    def test_a_place_that_is_not_a_number_lies_nowhere(self) -> None:
        assert self.index.locate_many(np.array([np.nan, LON]), np.array([LAT, LAT]))[0] is None


class TestTheTree:
    tree = AreaTree(CITY, DAY)

    def test_a_subtree_holds_the_area_and_everything_under_it(self) -> None:
        assert self.tree.subtree(AreaCode("340103001001")) == {COMMUNITY.code, *(g.code for g in GRIDS)}
        assert self.tree.subtree(AreaCode("340103")) == {a.code for a in CITY}
        assert self.tree.subtree(AreaCode("999999")) == frozenset()

    def test_the_way_up_starts_with_the_area_itself(self) -> None:
        assert self.tree.above(GRIDS[0].code) == ("340103001001001", "340103001001", "340103001", "340103")

    def test_children_come_in_the_order_of_their_codes(self) -> None:
        assert [a.code for a in self.tree.children(COMMUNITY.code)] == [g.code for g in GRIDS]
        assert [a.code for a in self.tree.roots()] == ["340103"]

    def test_asking_for_an_area_that_is_not_there_says_so(self) -> None:
        with pytest.raises(NotFound, match="999999"):
            self.tree.get(AreaCode("999999"))

    def test_parents_in_a_circle_do_not_hang_anything(self) -> None:
        circle = [replace(STREET, parent=COMMUNITY.code), COMMUNITY]
        tree = AreaTree(circle, DAY)
        assert set(tree.above(STREET.code)) == {STREET.code, COMMUNITY.code} == tree.subtree(STREET.code)


def reasons(areas: list[Area], known: list[Area] | None = None) -> list[tuple[str, str]]:
    return [(f.reason, f.code) for f in check_areas(areas, DAY, known or [])]


class TestChecking:
    def test_a_well_drawn_city_has_no_fault(self) -> None:
        assert reasons(CITY) == []
        assert reasons(GRIDS, known=[DISTRICT, STREET, COMMUNITY]) == []

    def test_shared_borders_are_not_overlaps_and_a_hair_is_forgiven(self) -> None:
        hair = 0.05 / 95  # 5 cm of a step
        wider = area("340103001001001", AreaKind.UNIT_GRID, "340103001001", 0, 0, 1 + hair, 1)
        assert reasons([DISTRICT, STREET, COMMUNITY, wider, *GRIDS[1:]]) == []

    def test_overlapping_grids_are_told_once(self) -> None:
        wide = area("340103001001001", AreaKind.UNIT_GRID, "340103001001", 0, 0, 1.2, 1)
        assert reasons([DISTRICT, STREET, COMMUNITY, wide, *GRIDS[1:]]) == [("area.overlap", "340103001001001")]

    def test_a_new_grid_over_a_known_one_is_told(self) -> None:
        over = area("340103001001009", AreaKind.UNIT_GRID, "340103001001", 0, 0, 0.5, 0.5)
        assert reasons([over], known=CITY) == [("area.overlap", "340103001001009")]

    def test_a_redrawn_grid_takes_the_place_of_its_old_self(self) -> None:
        redrawn = area("340103001001001", AreaKind.UNIT_GRID, "340103001001", 0, 0, 0.9, 1)
        assert reasons([redrawn], known=CITY) == []

    def test_a_grid_outside_its_community_is_told(self) -> None:
        outside = area("340103001001009", AreaKind.UNIT_GRID, "340103001001", 2.5, 0, 1, 1)
        assert reasons([outside], known=CITY) == [("area.outside_parent", "340103001001009")]

    @pytest.mark.parametrize(
        ("rings", "reason"),
        [
            ((), "area.no_polygon"),
            ((((LON, LAT), (LON + STEP, LAT), (LON + STEP, LAT + STEP), (LON, LAT + STEP)),), "area.not_closed"),
            ((((LON, LAT), (LON + STEP, LAT), (LON, LAT)),), "area.not_closed"),
            ((((LON, LAT), (LON + STEP, LAT + STEP), (LON + STEP, LAT), (LON, LAT + STEP), (LON, LAT)),), "area.not_valid"),
            (box(500000, 3500000, 500100, 3500100), "area.not_degrees"),
        ],
    )
    def test_a_polygon_that_is_none_is_told(self, rings: tuple[tuple[tuple[float, float], ...], ...], reason: str) -> None:
        assert reasons([replace(GRIDS[0], rings=rings)], known=[DISTRICT, STREET, COMMUNITY]) == [(reason, GRIDS[0].code)]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"code": AreaCode("34010300100100")}, None),
            ({"code": AreaCode("3401030010010")}, "area.length"),
            ({"parent": None}, "area.no_parent"),
            ({"parent": AreaCode("340103001")}, "area.parent_kind"),
            ({"parent": AreaCode("340103009009")}, "area.parent_unknown"),
            ({"area_class": 4}, "area.class"),
        ],
    )
    def test_codes_parents_and_classes_are_checked(self, changes: dict[str, object], reason: str | None) -> None:
        found = [r for r, _ in reasons([replace(GRIDS[0], **changes)], known=[DISTRICT, STREET, COMMUNITY])]  # type: ignore[arg-type]
        assert (reason in found) if reason else found == []

    def test_only_areas_of_the_day_are_held_against_each_other(self) -> None:
        ended = replace(GRIDS[0], valid_to=date(2026, 6, 1))
        successor = area("340103001001009", AreaKind.UNIT_GRID, "340103001001", 0, 0, 1, 1)
        assert reasons([DISTRICT, STREET, COMMUNITY, ended, successor, *GRIDS[1:]]) == []
