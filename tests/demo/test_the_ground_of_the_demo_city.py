"""Areas, facilities and map of the demo city hold what a survey must hold, whatever the seed."""

import re

import pytest
from shapely.geometry import Point as Spot
from shapely.geometry import Polygon, shape
from shapely.ops import unary_union

from chengyun.base.geometry import Point
from chengyun.city.areas import AreaIndex, check_areas
from chengyun.city.records import AreaKind
from chengyun_demo.city import build
from chengyun_demo.ground import area_m2


def polygons(city, kind):
    return {area.code: Polygon(area.rings[0], area.rings[1:]) for area in city.areas if area.kind is kind}


@pytest.mark.parametrize("seed", [7, 1, 77])
def test_unit_grids_fill_the_street_without_gap_or_overlap(seed):
    city = build(seed)
    grids = polygons(city, AreaKind.UNIT_GRID)
    street = polygons(city, AreaKind.STREET)["990101002"]
    whole = unary_union(list(grids.values()))
    assert 90 <= len(grids) <= 120
    assert whole.symmetric_difference(street).area < 1e-12
    assert sum(grid.area for grid in grids.values()) == pytest.approx(whole.area, rel=1e-9)


def test_unit_grids_are_closed_and_about_ten_to_forty_thousand_square_metres(city):
    for area in city.areas:
        if area.kind is AreaKind.UNIT_GRID:
            assert all(ring[0] == ring[-1] for ring in area.rings)
            assert 10_000 <= area_m2(area.rings) <= 40_000, area.code


def test_every_area_lies_inside_its_parent(city):
    shapes = {area.code: Polygon(area.rings[0], area.rings[1:]).buffer(1e-8) for area in city.areas}
    for area in city.areas:
        if area.parent:
            assert shapes[area.parent].contains(Polygon(area.rings[0]))


def test_the_city_itself_finds_no_fault_with_the_areas(city):
    assert check_areas(city.areas, city.start.date()) == ()
    index = AreaIndex(city.areas, city.start.date())
    for component in city.components[::25]:
        assert index.locate(component.place).grid == component.unit_grid
    for code, grids in city.responsibility.items():
        area = next(area for area in city.areas if area.code == grids[0])
        inside = Polygon(area.rings[0]).representative_point()
        assert index.responsibility_grid(Point(inside.x, inside.y)) == code


def test_communities_are_twelve_and_codes_follow_the_national_lengths(city):
    digits = {AreaKind.DISTRICT: 6, AreaKind.STREET: 9, AreaKind.COMMUNITY: 12, AreaKind.UNIT_GRID: 15}
    assert len(polygons(city, AreaKind.COMMUNITY)) == 12
    for area in city.areas:
        if area.kind in digits:
            assert re.fullmatch(r"\d" * digits[area.kind], area.code)
            assert area.parent is None or area.code.startswith(area.parent)
    assert len({area.code for area in city.areas}) == len(city.areas)


def test_responsibility_grids_share_out_all_unit_grids(city):
    shared = [grid for members in city.responsibility.values() for grid in members]
    assert sorted(shared) == sorted(polygons(city, AreaKind.UNIT_GRID))
    assert set(city.people.grid_of_collector.values()) == set(city.responsibility)


def test_facilities_stand_in_the_grid_they_name_and_carry_their_division_and_type(city):
    grids = polygons(city, AreaKind.UNIT_GRID)
    assert 2_000 <= len(city.components) <= 3_200
    assert len({c.identifier for c in city.components}) == len(city.components)
    for component in city.components:
        assert re.fullmatch(r"990101\d{11}", component.identifier)
        assert component.category == f"2026:component:{component.identifier[6:11]}"
        assert grids[component.unit_grid].buffer(1e-9).contains(Spot(component.place.lon, component.place.lat))


def test_facilities_of_one_type_have_different_owners(city):
    owners = {}
    for component in city.components:
        owners.setdefault(component.identifier[6:11], set()).add(component.owner)
    assert len(owners["01002"]) == 3
    assert None in owners["01023"]


def test_a_place_has_an_address_on_a_named_street(city):
    zh, en = city.address(city.centre)
    assert re.fullmatch(r"[一-龥]+\d+号", zh)
    assert re.fullmatch(r"\d+ [A-Z].+", en)
    assert city.grid_at(Point(0.0, 0.0)) is None


def test_the_drawn_map_is_valid_and_has_every_layer_of_the_style(city):
    layers = {feature["properties"]["layer"] for feature in city.basemap}
    assert layers == {"water", "green", "block", "building", "road", "rail", "area", "place"}
    for feature in city.basemap:
        assert shape(feature["geometry"]).is_valid, feature["properties"]
    grades = {f["properties"]["class"] for f in city.basemap if f["properties"]["layer"] == "road"}
    assert grades == {"express", "arterial", "secondary", "street"}


def test_roads_with_a_name_have_it_in_both_languages(city):
    for feature in city.basemap:
        if feature["properties"]["layer"] in ("road", "place"):
            assert bool(feature["properties"]["name"]) == bool(feature["properties"]["name_en"]), feature["properties"]


def test_the_same_seed_gives_the_same_city(city):
    again = build()
    assert again.areas == city.areas
    assert again.components == city.components
    assert again.basemap == city.basemap
    assert again.people == city.people
    assert build(3).components != city.components
