"""Tiles as another decoder reads them: every point of the tile, at its place, with its id and words, and nothing of the neighbours'."""

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.screens.tiles.encode import BUFFER, CELL, EXTENT, TileAddress, Words, encode_points, encode_polygons, project

STREET = TileAddress(14, 13722, 6693)
LEVELS = ("一般", "紧急", "特急")


def decoded(tile: bytes, layer: str = "cases") -> list[dict]:
    return mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})[layer]["features"] if tile else []


def places(tile: TileAddress, x, y):
    """Degrees of places given in tile units: the way back, by the textbook."""
    side = 1 << tile.z
    across, down = (tile.x + np.asarray(x, float) / EXTENT) / side, (tile.y + np.asarray(y, float) / EXTENT) / side
    return across * 360 - 180, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * down))))


def test_a_tile_says_who_is_where_and_what_is_known():
    lon, lat = places(STREET, [100.5, 4000.5, -10.5], [200.5, 7.5, 4100.5])
    tile = encode_points(
        "cases",
        STREET,
        lon,
        lat,
        np.array([7, 2**40, 0]),
        {
            "level": Words(np.array([2, 0, -1]), LEVELS),
            "late": np.array([-5, 300, 0]),
            "open": np.array([True, False, True]),
            "depth": np.array([1.5, -2.25, 0.0]),
        },
    )
    features = decoded(tile)
    assert [(one["id"], one["geometry"]["coordinates"]) for one in features] == [(7, [100, 200]), (2**40, [4000, 7]), (0, [-11, 4100])]
    assert [one["properties"] for one in features] == [
        {"level": "特急", "late": -5, "open": True, "depth": 1.5},
        {"level": "一般", "late": 300, "open": False, "depth": -2.25},
        {"late": 0, "open": True, "depth": 0.0},
    ]
    layer = mapbox_vector_tile.decode(tile)["cases"]
    assert (layer["extent"], layer["version"]) == (4096, 2)


columns = st.integers(0, 40).flatmap(
    lambda many: st.tuples(
        st.lists(st.tuples(st.integers(-300, EXTENT + 300), st.integers(-300, EXTENT + 300)), min_size=many, max_size=many),
        st.lists(st.integers(0, 2**63 - 1), min_size=many, max_size=many),
        st.lists(st.integers(-(2**62), 2**62), min_size=many, max_size=many),
        st.lists(st.integers(-1, 2), min_size=many, max_size=many),
        st.lists(st.booleans(), min_size=many, max_size=many),
    )
)


@given(columns)
@settings(max_examples=60, deadline=None)
def test_what_goes_in_comes_out_and_only_what_lies_in_the_tile(drawn):
    spots, ids, amounts, codes, unknown = drawn
    x, y = np.array([spot[0] for spot in spots], float) + 0.5, np.array([spot[1] for spot in spots], float) + 0.5
    lon, lat = places(STREET, x, y)
    tile = encode_points(
        "cases",
        STREET,
        lon,
        lat,
        np.array(ids, np.int64),
        {"amount": np.ma.MaskedArray(np.array(amounts, np.int64), unknown), "level": Words(np.array(codes, int), LEVELS)},
    )
    wanted = []
    for (across, down), number, amount, code, silent in zip(spots, ids, amounts, codes, unknown, strict=True):
        if -BUFFER <= across < EXTENT + BUFFER and -BUFFER <= down < EXTENT + BUFFER:
            words = ({} if silent else {"amount": amount}) | ({} if code < 0 else {"level": LEVELS[code]})
            wanted.append((number, [across, down], words))
    assert [(one["id"], one["geometry"]["coordinates"], one["properties"]) for one in decoded(tile)] == wanted


def crowd(many: int, tile: TileAddress):
    dice = np.random.default_rng(3)
    lon, lat = places(tile, dice.uniform(0, EXTENT, many), dice.normal(EXTENT / 2, 500, many).clip(1, EXTENT - 1))
    return (
        lon,
        lat,
        np.arange(many),
        {"level": Words(dice.integers(0, 3, many), LEVELS), "severity": dice.integers(0, 4, many), "unit": dice.integers(0, 300, many)},
    )


def test_a_crowded_tile_is_clustered_and_counts_everybody_once():
    lon, lat, ids, attributes = crowd(80_000, STREET)
    features = decoded(encode_points("cases", STREET, lon, lat, ids, attributes, worst=["severity"]))
    assert len(features) <= (EXTENT // CELL) ** 2
    assert sum(one["properties"]["count"] for one in features) == 80_000
    x, y = project(lon, lat, STREET)
    cells = (x // CELL).astype(int), (y // CELL).astype(int)
    for one in features:
        across, down = one["geometry"]["coordinates"]
        members = np.flatnonzero((cells[0] == across // CELL) & (cells[1] == down // CELL))
        assert one["properties"]["count"] == len(members)
        assert one["properties"]["severity"] == attributes["severity"][members].max()
        if len(members) == 1:
            assert (one["id"], one["properties"]["unit"]) == (members[0], attributes["unit"][members[0]])
        else:
            assert "id" not in one or one["id"] in (0, None)
            assert "unit" not in one["properties"]


def test_neighbouring_tiles_count_a_crowd_once_between_them():
    west, east = STREET, TileAddress(STREET.z, STREET.x + 1, STREET.y)
    lon, lat, ids, _ = crowd(20_000, west)
    lon = lon + 180 / (1 << STREET.z)  # half of them lie in the eastern tile
    total = sum(one["properties"]["count"] for tile in (west, east) for one in decoded(encode_points("cases", tile, lon, lat, ids)))
    assert total == 20_000


def test_an_empty_tile_is_empty():
    assert encode_points("cases", STREET, np.array([0.0]), np.array([0.0]), np.array([1])) == b""
    assert encode_points("cases", STREET, np.array([]), np.array([]), np.array([], int)) == b""
    assert encode_polygons("areas", STREET, [], []) == b""


def test_the_bounds_of_a_tile_are_its_corners():
    west, south, east, north = STREET.bounds(0)
    x, y = project(np.array([west, east]), np.array([north, south]), STREET)
    assert np.allclose(x, [0, EXTENT], atol=1e-4)
    assert np.allclose(y, [0, EXTENT], atol=1e-4)


@pytest.mark.parametrize("address", [(3, 8, 0), (3, 0, -1), (-1, 0, 0), (25, 0, 0)])
def test_there_is_no_tile_outside_the_world(address):
    with pytest.raises(ValueError, match="no such tile"):
        TileAddress(*address)


def test_areas_are_cut_at_the_border_and_share_a_tile_with_points():
    x, y = [1000, 9000, 9000, 1000], [1000, 1000, 2000, 2000]
    area = shapely.Polygon(np.column_stack(places(STREET, x, y)))
    far = shapely.Polygon(np.column_stack(places(STREET, np.array(x) + 20_000, y)))
    areas = encode_polygons("areas", STREET, [area, far], [5, 6], [{"name": "东街"}, {"name": "西街"}])
    lon, lat = places(STREET, [10.5], [10.5])
    tile = areas + encode_points("cases", STREET, lon, lat, np.array([1]))
    [found] = decoded(tile, "areas")
    ring = np.array(found["geometry"]["coordinates"][0])
    assert (found["id"], found["properties"]) == (5, {"name": "东街"})
    assert (ring.min(axis=0).tolist(), ring.max(axis=0).tolist()) == ([1000, 1000], [EXTENT + BUFFER, 2000])
    assert len(decoded(tile, "cases")) == 1
