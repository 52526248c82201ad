"""The ground of the demo city: a lattice of streets, bent until it looks like a town, and everything drawn between its lines.

Invented from end to end; no real place was traced. The plan is a table of letters (one letter a cell): capitals are communities of
钟楼街道, digits are the neighbouring streets, a dot lies outside the district. Every edge of the lattice has one list of vertices
that both neighbours share, so unit grids have neither gaps nor overlaps by construction. The town floats in the open sea at
124 E 30 N, so that nobody takes it for his own.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import cos, radians, sin

from shapely import STRtree
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry import Point as Spot
from shapely.ops import unary_union

from chengyun.base.geometry import Point

CENTRE = Point(124.0, 30.0)
METRES_PER_DEGREE_LAT = 110_850.0
METRES_PER_DEGREE_LON = 111_320.0 * cos(radians(CENTRE.lat))
TURN = radians(-7)

PLAN = (
    "............................",
    "............................",
    "..111111111111111333333333..",
    "..111111111111111333333333..",
    "..1111111AAAA3333333333333..",
    "..1111111AAAABBB3333333333..",
    "..111111CCAABBBBDD33333333..",
    "..111111CCCEEEFFDDDD333333..",
    "..11111CCCEEEEFFFDDD333333..",
    "..44444GGGEEIIFFHHHH555555..",
    "..44444GGGIIIIJJJHHHH55555..",
    "..4444KKGIIIJJJJLLLH555555..",
    "..4444KKKIIJJJLLLL55555555..",
    "..44444KKKKJJLLLL555555555..",
    "..444444444444445555555555..",
    "..444444444444455555555555..",
    "..444444444444455555555555..",
    "............................",
    "............................",
)
"""Rows run north to south, columns west to east."""

RIVER_ROW = 12
"""The river fills this row between two embankment roads."""

STREET_OF = {"1": "990101001", "3": "990101003", "4": "990101004", "5": "990101005"}
HOME_STREET = "990101002"
DISTRICT = "990101"

COLUMN_ROADS = (
    "", "", "西环路", "苇塘路", "", "兰泽路", "采石路", "汀洲路", "古槐路", "书院路", "钟楼西街", "文渡路", "钟楼北路", "织锦路",
    "青枫路", "望江大道", "渡口路", "桑园路", "鹭洲路", "竹屿路", "白塔路", "东渡路", "", "云帆路", "", "", "东环路", "", "",
)  # fmt: skip
ROW_ROADS = (
    "", "", "北环路", "麦场路", "北屏路", "松涛路", "镜湖路", "稻香路", "集贤街", "鼓楼街", "钟楼街", "市河路", "滨江北路", "滨江南路",
    "南圩路", "荷风路", "", "南环路", "", "",
)  # fmt: skip
ROAD_NAMES_EN = {
    "西环路": "West Ring Road", "东环路": "East Ring Road", "北环路": "North Ring Road", "南环路": "South Ring Road",
    "苇塘路": "Weitang Road", "兰泽路": "Lanze Road", "采石路": "Caishi Road", "汀洲路": "Tingzhou Road", "古槐路": "Guhuai Road",
    "书院路": "Shuyuan Road", "钟楼西街": "Zhonglou West Street", "文渡路": "Wendu Road", "钟楼北路": "Zhonglou North Road",
    "织锦路": "Zhijin Road", "青枫路": "Qingfeng Road", "望江大道": "Wangjiang Avenue", "渡口路": "Dukou Road",
    "桑园路": "Sangyuan Road", "鹭洲路": "Luzhou Road", "竹屿路": "Zhuyu Road", "白塔路": "Baita Road", "东渡路": "Dongdu Road",
    "云帆路": "Yunfan Road", "麦场路": "Maichang Road", "北屏路": "Beiping Road", "松涛路": "Songtao Road", "镜湖路": "Jinghu Road",
    "稻香路": "Daoxiang Road", "集贤街": "Jixian Street", "鼓楼街": "Gulou Street", "钟楼街": "Zhonglou Street",
    "市河路": "Shihe Road", "滨江北路": "Binjiang North Road", "滨江南路": "Binjiang South Road", "南圩路": "Nanwei Road",
    "荷风路": "Hefeng Road",
}  # fmt: skip
EXPRESS_COLUMNS, EXPRESS_ROWS = {2, 26}, {2, 17}
ARTERIAL_COLUMNS, ARTERIAL_ROWS = {7, 15, 21}, {6, 10}
SECONDARY_COLUMNS, SECONDARY_ROWS = {9, 11, 18}, {8, 12, 13, 14}
BRIDGES = {2: "西环大桥", 7: "汀洲桥", 11: "文渡桥", 15: "望江大桥", 18: "鹭洲桥", 21: "东渡桥", 26: "东环大桥"}
BRIDGE_NAMES_EN = {
    "西环大桥": "West Ring Bridge", "汀洲桥": "Tingzhou Bridge", "文渡桥": "Wendu Bridge", "望江大桥": "Wangjiang Bridge",
    "鹭洲桥": "Luzhou Bridge", "东渡桥": "Dongdu Bridge", "东环大桥": "East Ring Bridge",
}  # fmt: skip

MERGED = (((7, 12), (8, 12)), ((9, 12), (10, 12)), ((12, 12), (13, 12)), ((15, 12), (16, 12)))
"""Pairs of cells (column, row) that make one unit grid: reaches of the river without a bridge."""
SPLIT = {(11, 8): "column", (14, 8): "row", (12, 10): "column", (10, 8): "row", (15, 10): "column"}
"""Cells cut in two by a lane."""
LANES = {
    (11, 8): ("砚池巷", "Yanchi Lane"), (14, 8): ("灯笼巷", "Denglong Lane"), (12, 10): ("打铁巷", "Datie Lane"),
    (10, 8): ("竹器巷", "Zhuqi Lane"), (15, 10): ("酒坊巷", "Jiufang Lane"),
}  # fmt: skip
PARKS = {
    (11, 5): ("镜湖公园", "Jinghu Park"), (13, 9): ("钟楼广场", "Bell Tower Square"), (19, 10): ("竹屿公园", "Zhuyu Park"),
    (9, 13): ("荷风公园", "Hefeng Park"), (7, 9): ("书院园", "Academy Garden"), (5, 4): ("苇塘湿地", "Weitang Wetland"),
    (22, 5): ("云帆公园", "Yunfan Park"), (18, 15): ("南圩湿地", "Nanwei Wetland"), (20, 14): ("南圩湿地", "Nanwei Wetland"),
}  # fmt: skip
LAKES = {(11, 5), (5, 4), (18, 15)}

Ring = tuple[tuple[float, float], ...]


def to_degrees(x: float, y: float) -> tuple[float, float]:
    """Metres east and north of the centre to (lon, lat), seven decimals (a centimetre)."""
    return round(CENTRE.lon + x / METRES_PER_DEGREE_LON, 7), round(CENTRE.lat + y / METRES_PER_DEGREE_LAT, 7)


def to_metres(lon: float, lat: float) -> tuple[float, float]:
    return (lon - CENTRE.lon) * METRES_PER_DEGREE_LON, (lat - CENTRE.lat) * METRES_PER_DEGREE_LAT


def area_m2(rings: Iterable[Ring]) -> float:
    """Ground area of a polygon in degrees; the district is small enough for a flat sheet."""
    outer, *holes = ([to_metres(*vertex) for vertex in ring] for ring in rings)
    return float(Polygon(outer, holes).area)


@dataclass(frozen=True)
class Cell:
    """One field of the lattice: column, row and the letter of the plan."""

    column: int
    row: int
    letter: str

    @property
    def key(self) -> tuple[int, int]:
        return self.column, self.row

    @property
    def in_home_street(self) -> bool:
        return self.letter.isupper()


@dataclass(frozen=True)
class Patch:
    """A piece of ground that becomes one unit grid: one cell, two merged cells or half a cell."""

    community: str
    polygon: Polygon
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Road:
    name_zh: str
    name_en: str
    grade: str
    """express, arterial, secondary, street"""
    line: LineString
    """(lon, lat)"""
    in_home_street: bool
    bridge: bool = False


class Ground:
    """The bent lattice and what is drawn in it; everything follows from the seed."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(f"{seed}:ground")
        self.columns, self.rows = len(PLAN[0]), len(PLAN)
        self._u = _stretches(draw, self.columns, low=138, high=178)
        self._v = _stretches(draw, self.rows, low=118, high=152, fixed={RIVER_ROW: 105})
        self._shift = {
            (i, j): (draw.uniform(-14, 14), draw.uniform(-12, 12)) for i in range(self.columns + 1) for j in range(self.rows + 1)
        }
        self._seed = seed
        self._known: dict[tuple[float, float], tuple[float, float]] = {}

    # --- the lattice ----------------------------------------------------------------------------------------------

    def at(self, column: float, row: float) -> tuple[float, float]:
        """(lon, lat) of a place given in lattice lines; `at(3.5, 2)` is the middle of an edge."""
        key = (column, row)
        if key not in self._known:
            self._known[key] = to_degrees(*self._bend(column, row))
        return self._known[key]

    def _bend(self, column: float, row: float) -> tuple[float, float]:
        i, j = min(int(column), self.columns - 1), min(int(row), self.rows - 1)
        s, t = column - i, row - j
        u = self._u[i] + (self._u[i + 1] - self._u[i]) * s
        v = self._v[j] + (self._v[j + 1] - self._v[j]) * t
        for di, dj, weight in ((0, 0, (1 - s) * (1 - t)), (1, 0, s * (1 - t)), (0, 1, (1 - s) * t), (1, 1, s * t)):
            shift = self._shift[i + di, j + dj]
            u, v = u + shift[0] * weight, v + shift[1] * weight
        u, v = u - self._u[-1] / 2, self._v[-1] / 2 - v
        x = u + 70 * sin(v / 620) + 26 * sin(v / 260 + u / 900)
        y = v + 95 * sin(u / 760 + 0.6) + 34 * sin(u / 330)
        return x * cos(TURN) - y * sin(TURN), x * sin(TURN) + y * cos(TURN)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(Cell(c, r, letter) for r, line in enumerate(PLAN) for c, letter in enumerate(line))

    def box(self, left: float, top: float, right: float, bottom: float) -> Polygon:
        """A rectangle of the lattice, bent; vertices at every quarter of a cell, so that neighbours share them."""
        ring = [
            *(self.at(c, top) for c in _quarters(left, right)),
            *(self.at(right, r) for r in _quarters(top, bottom)),
            *(self.at(c, bottom) for c in reversed([*_quarters(left, right)[1:], right])),
            *(self.at(left, r) for r in reversed([*_quarters(top, bottom)[1:], bottom])),
        ]
        return Polygon(ring)

    def cell_polygon(self, cell: tuple[int, int]) -> Polygon:
        return self.box(cell[0], cell[1], cell[0] + 1, cell[1] + 1)

    # --- unit grids -----------------------------------------------------------------------------------------------

    @cached_property
    def patches(self) -> tuple[Patch, ...]:
        """The unit grids of 钟楼街道 in reading order: west to east, north to south."""
        merged_away = {second: first for first, second in MERGED}
        found = []
        for cell in self.cells:
            if not cell.in_home_street or cell.key in merged_away:
                continue
            (c, r), partner = cell.key, next((second for first, second in MERGED if first == cell.key), None)
            if partner is not None:
                found.append(
                    Patch(cell.letter, _one(unary_union([self.cell_polygon(k) for k in (cell.key, partner)])), (cell.key, partner))
                )
            elif SPLIT.get(cell.key) == "column":
                found.append(Patch(cell.letter, self.box(c, r, c + 0.5, r + 1), (cell.key,)))
                found.append(Patch(cell.letter, self.box(c + 0.5, r, c + 1, r + 1), (cell.key,)))
            elif SPLIT.get(cell.key) == "row":
                found.append(Patch(cell.letter, self.box(c, r, c + 1, r + 0.5), (cell.key,)))
                found.append(Patch(cell.letter, self.box(c, r + 0.5, c + 1, r + 1), (cell.key,)))
            else:
                found.append(Patch(cell.letter, self.cell_polygon(cell.key), (cell.key,)))
        return tuple(found)

    @cached_property
    def outlines(self) -> Mapping[str, Polygon]:
        """Outline by letter of the plan; `home` is 钟楼街道 and `district` the whole."""
        by_letter: dict[str, list[Polygon]] = {}
        for cell in self.cells:
            if cell.letter != ".":
                by_letter.setdefault(cell.letter, []).append(self.cell_polygon(cell.key))
        shapes = {letter: _one(unary_union(parts)) for letter, parts in by_letter.items()}
        shapes["home"] = _one(unary_union([shape for letter, shape in shapes.items() if letter.isupper()]))
        shapes["district"] = _one(unary_union([shapes["home"], *(shapes[letter] for letter in STREET_OF)]))
        return shapes

    # --- roads ----------------------------------------------------------------------------------------------------

    @cached_property
    def roads(self) -> tuple[Road, ...]:
        return tuple(self._column_roads()) + tuple(self._row_roads()) + tuple(self._lanes())

    def _column_roads(self) -> Iterator[Road]:
        for i in range(1, self.columns):
            grade = _grade(i, EXPRESS_COLUMNS, ARTERIAL_COLUMNS, SECONDARY_COLUMNS)
            name = COLUMN_ROADS[i]
            stretch: list[tuple[float, float]] = []
            for j in range(self.rows + 1):
                there = j < self.rows and self._built((i - 1, j), (i, j), grade) and (j != RIVER_ROW or i in BRIDGES)
                if there:
                    stretch += [self.at(i, j + f) for f in (0, 0.25, 0.5, 0.75)]
                elif stretch:
                    yield self._road(name, grade, [*stretch, self.at(i, j)])
                    stretch = []
            if i in BRIDGES:
                line = LineString([self.at(i, RIVER_ROW + f) for f in (0, 0.25, 0.5, 0.75, 1)])
                yield Road(BRIDGES[i], BRIDGE_NAMES_EN[BRIDGES[i]], grade, line, line.intersects(self.outlines["home"]), bridge=True)

    def _row_roads(self) -> Iterator[Road]:
        for j in range(1, self.rows):
            grade = _grade(j, EXPRESS_ROWS, ARTERIAL_ROWS, SECONDARY_ROWS)
            stretch: list[tuple[float, float]] = []
            for i in range(self.columns + 1):
                if i < self.columns and self._built((i, j - 1), (i, j), grade):
                    stretch += [self.at(i + f, j) for f in (0, 0.25, 0.5, 0.75)]
                elif stretch:
                    yield self._road(ROW_ROADS[j], grade, [*stretch, self.at(i, j)])
                    stretch = []

    def _lanes(self) -> Iterator[Road]:
        for (c, r), way in SPLIT.items():
            name, name_en = LANES[c, r]
            ends = (
                [(c + 0.5, r + f) for f in (0, 0.25, 0.5, 0.75, 1)]
                if way == "column"
                else [(c + f, r + 0.5) for f in (0, 0.25, 0.5, 0.75, 1)]
            )
            yield Road(name, name_en, "street", LineString([self.at(*e) for e in ends]), True)

    def _road(self, name: str, grade: str, vertices: list[tuple[float, float]]) -> Road:
        line = LineString(vertices)
        return Road(name, ROAD_NAMES_EN.get(name, ""), grade, line, line.intersects(self.outlines["home"]))

    def _built(self, one: tuple[int, int], other: tuple[int, int], grade: str) -> bool:
        """Is there a road on the edge between two cells? Beyond the district only the great ones go on."""
        letters = {PLAN[r][c] for c, r in (one, other)}
        if grade in ("express", "arterial"):
            return True
        if "." in letters:
            return False
        if (one, other) in MERGED or {one, other} & PARKS.keys() == {one, other}:
            return False
        if any(letter.isupper() for letter in letters) or grade == "secondary":
            return True
        return random.Random(f"{self._seed}:edge:{one}:{other}").random() > 0.22

    # --- places ---------------------------------------------------------------------------------------------------

    @cached_property
    def _grid_tree(self) -> STRtree:
        return STRtree([patch.polygon for patch in self.patches])

    def patch_at(self, place: Point) -> int | None:
        """Index of the unit grid that holds a place."""
        spot = Spot(place.lon, place.lat)
        found = sorted(int(k) for k in self._grid_tree.query(spot, predicate="intersects"))
        return found[0] if found else None

    @cached_property
    def _named_roads(self) -> tuple[Road, ...]:
        return tuple(road for road in self.roads if road.name_zh and not road.bridge)

    @cached_property
    def _road_tree(self) -> STRtree:
        return STRtree([road.line for road in self._named_roads])

    def address(self, place: Point) -> tuple[str, str]:
        """A plausible address: the nearest named road and a door number that grows along it, odd on the left."""
        spot = Spot(place.lon, place.lat)
        road = self._named_roads[int(self._road_tree.nearest(spot))]
        along = road.line.project(spot)
        here, ahead = road.line.interpolate(along), road.line.interpolate(along + 1e-5)
        left = (ahead.x - here.x) * (spot.y - here.y) - (ahead.y - here.y) * (spot.x - here.x) > 0
        number = 2 * int(along * METRES_PER_DEGREE_LON / 14) + (1 if left else 2)
        return f"{road.name_zh}{number}号", f"{number} {road.name_en}"


def _stretches(draw: random.Random, count: int, low: float, high: float, fixed: Mapping[int, float] | None = None) -> tuple[float, ...]:
    lines = [0.0]
    for k in range(count):
        width = draw.uniform(low, high)
        lines.append(lines[-1] + (fixed or {}).get(k, width))
    return tuple(lines)


def _quarters(start: float, end: float) -> list[float]:
    steps = round((end - start) * 4)
    return [start + k / 4 for k in range(steps)]


def _grade(line: int, express: set[int], arterial: set[int], secondary: set[int]) -> str:
    if line in express:
        return "express"
    if line in arterial:
        return "arterial"
    return "secondary" if line in secondary else "street"


def _one(shape: Polygon | MultiPolygon) -> Polygon:
    """The single polygon a table of letters must give; two pieces mean that the plan was drawn wrong."""
    if shape.geom_type != "Polygon":
        raise ValueError("the plan has an area in two pieces")
    return shape


def rings_of(polygon: Polygon) -> tuple[Ring, ...]:
    return tuple(tuple((x, y) for x, y in ring.coords) for ring in (polygon.exterior, *polygon.interiors))


__all__ = ["CENTRE", "Ground", "Patch", "Road", "area_m2", "rings_of", "to_degrees", "to_metres"]
