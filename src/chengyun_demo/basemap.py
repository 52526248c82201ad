"""The drawn town: water, green, blocks, buildings, roads, rail, borders and labels, as features for the tile maker.

Layers and properties are those of the map style: `water`, `green`, `block`, `building` (height), `road` (class, name, name_en),
`rail`, `area` (level, code, name, name_en), `place` (class, name, name_en). Roads carry their names; blank names are not drawn.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as Spot

from chengyun.base.geometry import Point
from chengyun.city.records import Area, AreaKind
from chengyun_demo.ground import (
    ARTERIAL_COLUMNS,
    ARTERIAL_ROWS,
    EXPRESS_COLUMNS,
    EXPRESS_ROWS,
    LAKES,
    PARKS,
    PLAN,
    RIVER_ROW,
    SECONDARY_COLUMNS,
    SECONDARY_ROWS,
    SPLIT,
    Cell,
    Ground,
)

Feature = dict[str, object]

RIVER_ZH, RIVER_EN = "澄江", "Cheng River"
RAIL_COLUMN = 23.5
HALF_WIDTH = {"express": 0.150, "arterial": 0.115, "secondary": 0.085, "street": 0.055}
"""Half a road in parts of a cell (about 155 m), pavement included."""


@dataclass(frozen=True)
class PointOfInterest:
    kind: str
    """toilet, car_park, park, school, hospital, market, bus_station, police, fire_station, community, street_office"""
    name_zh: str
    name_en: str
    place: Point


def draw_basemap(ground: Ground, seed: int, areas: Sequence[Area], points_of_interest: Sequence[PointOfInterest]) -> tuple[Feature, ...]:
    return (
        *_water(ground),
        *_cells(ground, seed),
        *_roads(ground),
        *_rail(ground),
        *_borders(areas),
        *_labels(ground, areas, points_of_interest),
    )


def _feature(layer: str, geometry: Polygon | LineString | Spot, **properties: object) -> Feature:
    if isinstance(geometry, Polygon):
        coordinates: object = [[list(v) for v in ring.coords] for ring in (geometry.exterior, *geometry.interiors)]
    elif isinstance(geometry, LineString):
        coordinates = [list(v) for v in geometry.coords]
    else:
        coordinates = [geometry.x, geometry.y]
    shape = {"type": geometry.geom_type, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"layer": layer, **properties}, "geometry": shape}


def _water(ground: Ground) -> Iterator[Feature]:
    north, south = RIVER_ROW + 0.13, RIVER_ROW + 0.87
    steps = [k / 4 for k in range(ground.columns * 4 + 1)]
    yield _feature("water", Polygon([ground.at(c, north) for c in steps] + [ground.at(c, south) for c in reversed(steps)]))
    for column, row in sorted(LAKES):
        middle, pond = (column + 0.5, row + 0.5), []
        for dc, dr in ((-0.26, -0.1), (-0.14, -0.25), (0.05, -0.2), (0.2, -0.27), (0.29, -0.06), (0.18, 0.16), (0.02, 0.24), (-0.2, 0.2)):
            pond.append(ground.at(middle[0] + dc, middle[1] + dr))
        yield _feature("water", Polygon(pond))


def use_of(cell: Cell, seed: int) -> str:
    """What stands on a cell: park, river, rail, old_town, homes, shops, school, works or field."""
    if cell.key in PARKS:
        return "park"
    if cell.row == RIVER_ROW:
        return "river"
    if cell.column == int(RAIL_COLUMN):
        return "rail"
    pick = random.Random(f"{seed}:use:{cell.key}").random()
    if cell.letter in "EFI":
        return "old_town" if pick < 0.42 else "shops" if pick < 0.72 else "homes" if pick < 0.92 else "school"
    if cell.in_home_street:
        return "homes" if pick < 0.6 else "shops" if pick < 0.78 else "school" if pick < 0.87 else "works"
    return "homes" if pick < 0.5 else "shops" if pick < 0.6 else "school" if pick < 0.66 else "works" if pick < 0.84 else "field"


def _cells(ground: Ground, seed: int) -> Iterator[Feature]:
    for cell in ground.cells:
        if cell.letter == ".":
            continue
        use = use_of(cell, seed)
        left, top, right, bottom = _inside(cell)
        draw = random.Random(f"{seed}:houses:{cell.key}")
        if use == "park":
            yield _feature("green", ground.box(left, top, right, bottom))
            continue
        if use == "river":
            yield _feature("green", ground.box(cell.column + 0.02, cell.row + 0.05, cell.column + 0.98, cell.row + 0.13))
            yield _feature("green", ground.box(cell.column + 0.02, cell.row + 0.87, cell.column + 0.98, cell.row + 0.95))
            continue
        for part in _parts(cell.key, left, top, right, bottom):
            if use == "rail":
                yield _feature("block", ground.box(part[0], part[1], cell.column + 0.4, part[3]))
                yield _feature("block", ground.box(cell.column + 0.6, part[1], part[2], part[3]))
                yield from _houses(ground, draw, "works", (part[0], part[1], cell.column + 0.4, part[3]))
                continue
            yield _feature("block", ground.box(*part))
            if use == "field":
                yield _feature("green", ground.box(part[0] + 0.05, part[1] + 0.05, part[2] - 0.05, part[3] - 0.05))
            else:
                yield from _houses(ground, draw, use, part)


def _inside(cell: Cell) -> tuple[float, float, float, float]:
    c, r = cell.key

    def half(line: int, express: set[int], arterial: set[int], secondary: set[int]) -> float:
        grade = "express" if line in express else "arterial" if line in arterial else "secondary" if line in secondary else "street"
        return HALF_WIDTH[grade]

    columns, rows = (EXPRESS_COLUMNS, ARTERIAL_COLUMNS, SECONDARY_COLUMNS), (EXPRESS_ROWS, ARTERIAL_ROWS, SECONDARY_ROWS)
    return c + half(c, *columns), r + half(r, *rows), c + 1 - half(c + 1, *columns), r + 1 - half(r + 1, *rows)


def _parts(key: tuple[int, int], left: float, top: float, right: float, bottom: float) -> list[tuple[float, float, float, float]]:
    lane = 0.03
    if SPLIT.get(key) == "column":
        return [(left, top, key[0] + 0.5 - lane, bottom), (key[0] + 0.5 + lane, top, right, bottom)]
    if SPLIT.get(key) == "row":
        return [(left, top, right, key[1] + 0.5 - lane), (left, key[1] + 0.5 + lane, right, bottom)]
    return [(left, top, right, bottom)]


HOUSES = {
    # use: (columns, rows, share of a slot that is built across and along, lowest and highest in metres)
    "homes": (2, 4, 0.82, 0.42, 18, 54),
    "old_town": (5, 5, 0.8, 0.72, 4, 9),
    "shops": (2, 2, 0.78, 0.7, 16, 96),
    "school": (2, 3, 0.7, 0.4, 12, 18),
    "works": (1, 2, 0.86, 0.72, 9, 14),
}


def _houses(ground: Ground, draw: random.Random, use: str, part: tuple[float, float, float, float]) -> Iterator[Feature]:
    across, along, wide, deep, low, high = HOUSES[use]
    left, top, right, bottom = part[0] + 0.03, part[1] + 0.03, part[2] - 0.03, part[3] - 0.03
    across = max(1, round(across * (right - left)))
    along = max(1, round(along * (bottom - top)))
    for i in range(across):
        for j in range(along):
            if draw.random() < 0.08:
                continue
            if use == "school" and i == across - 1 and j == along - 1:
                yield _feature("green", ground.box(*_slot(left, top, right, bottom, across, along, i, j, 0.8, 0.8, 0, 0)))
                continue
            slot = _slot(
                left, top, right, bottom, across, along, i, j,
                wide * draw.uniform(0.82, 1.0), deep * draw.uniform(0.85, 1.1), draw.uniform(-0.4, 0.4), draw.uniform(-0.4, 0.4),
            )  # fmt: skip
            x0, y0, x1, y1 = slot
            corners = [ground.at(x0, y0), ground.at(x1, y0), ground.at(x1, y1), ground.at(x0, y1)]
            yield _feature("building", Polygon(corners), height=draw.randrange(low, high + 1, 3))


def _slot(
    left: float, top: float, right: float, bottom: float, across: int, along: int, i: int, j: int,
    wide: float, deep: float, lean_x: float, lean_y: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """A rectangle inside slot (i, j); `lean` -1 to 1 pushes it towards one side of the room that is left."""
    w, h = (right - left) / across, (bottom - top) / along
    x0 = left + w * i + w * (1 - wide) * (0.5 + lean_x / 2)
    y0 = top + h * j + h * (1 - deep) * (0.5 + lean_y / 2)
    return x0, y0, x0 + w * wide, y0 + h * deep


def _roads(ground: Ground) -> Iterator[Feature]:
    for road in ground.roads:
        yield _feature("road", road.line, **{"class": road.grade, "name": road.name_zh, "name_en": road.name_en, "bridge": road.bridge})


def _rail(ground: Ground) -> Iterator[Feature]:
    yield _feature("rail", LineString([ground.at(RAIL_COLUMN, k / 2) for k in range(ground.rows * 2 + 1)]))


LEVELS = {
    AreaKind.DISTRICT: "district",
    AreaKind.STREET: "street",
    AreaKind.COMMUNITY: "community",
    AreaKind.UNIT_GRID: "unit_grid",
    AreaKind.RESPONSIBILITY_GRID: "responsibility_grid",
}


def _borders(areas: Sequence[Area]) -> Iterator[Feature]:
    for area in areas:
        shape = Polygon(area.rings[0], area.rings[1:])
        yield _feature("area", shape, level=LEVELS[area.kind], code=area.code, name=area.name_zh, name_en=area.name_en)


def _labels(ground: Ground, areas: Sequence[Area], points_of_interest: Sequence[PointOfInterest]) -> Iterator[Feature]:
    for column in (5.5, 13.5, 22.5):
        yield _feature("place", Spot(ground.at(column, RIVER_ROW + 0.5)), **{"class": "water", "name": RIVER_ZH, "name_en": RIVER_EN})
    for area in areas:
        if area.kind in (AreaKind.STREET, AreaKind.COMMUNITY):
            spot = Polygon(area.rings[0]).representative_point()
            label = "street_office" if area.kind is AreaKind.STREET else "community"
            spot = Spot(round(spot.x, 7), round(spot.y, 7))
            yield _feature("place", spot, **{"class": label, "name": area.name_zh, "name_en": area.name_en})
    for poi in points_of_interest:
        yield _feature("place", Spot(poi.place.lon, poi.place.lat), **{"class": poi.kind, "name": poi.name_zh, "name_en": poi.name_en})


def place_points_of_interest(ground: Ground, seed: int) -> tuple[PointOfInterest, ...]:
    """Toilets, car parks, parks, schools, markets and the like; sited on blocks, never on a road."""
    draw = random.Random(f"{seed}:points of interest")
    homes = [cell for cell in ground.cells if cell.in_home_street and use_of(cell, seed) not in ("park", "river")]
    found: list[PointOfInterest] = []

    def site(kind: str, zh: str, en: str, count: int) -> None:
        for n, cell in enumerate(draw.sample(homes, count), start=1):
            lon, lat = ground.at(cell.column + draw.choice((0.2, 0.8)), cell.row + draw.choice((0.2, 0.8)))
            zh_address, en_address = ground.address(Point(lon, lat))
            road, road_en = zh_address.rstrip("号0123456789"), en_address.split(" ", 1)[1]
            found.append(PointOfInterest(kind, zh.format(road=road, n=n), en.format(road=road_en, n=n), Point(lon, lat)))

    site("toilet", "{road}公厕（{n}号）", "Public toilet {n}, {road}", 16)
    site("car_park", "{road}停车场（{n}号）", "Car park {n}, {road}", 10)
    site("school", "望江第{n}小学", "Wangjiang Primary School {n}", 3)
    site("hospital", "钟楼社区卫生服务站（{n}号）", "Zhonglou health station {n}", 2)
    site("market", "{road}农贸市场", "{road} farmers' market", 3)
    site("police", "钟楼街面警务站（{n}号）", "Zhonglou police post {n}", 2)
    site("fire_station", "钟楼微型消防站（{n}号）", "Zhonglou fire post {n}", 2)
    site("service_hall", "钟楼便民服务中心", "Zhonglou citizens' service hall", 1)
    for (column, row), (zh, en) in PARKS.items():
        if PLAN[row][column] != ".":
            spot = ground.at(column + 0.5, row + 0.34)
            found.append(PointOfInterest("park", zh, en, Point(*spot)))
    return tuple(found)
