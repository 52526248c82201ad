"""The area tree and the question "in which grid is this place": district, street, community, unit grid, responsibility grid.

An index is compiled for one day from the areas in force and is never altered; a place is answered with its whole path, since access,
duty and statistics each ask for another level. The check says what is wrong with a set of areas before anybody stores them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import cos, radians

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon, STRtree

from chengyun.base.errors import NotFound
from chengyun.base.geometry import EARTH_RADIUS_M, Point
from chengyun.base.ids import AreaCode
from chengyun.city.codes import check_area
from chengyun.city.records import Area, AreaKind, in_force

EDGE_TOLERANCE_M = 1.0
"""How far a child may reach over its parent's border. Chosen by us: two surveys of one border differ by about that much."""

OVERLAP_TOLERANCE_M2 = 10.0
"""How much two unit grids may overlap. Chosen by us: a border of 100 m digitised twice within 10 cm. A grid is about 10,000 m2."""

LEVELS = (AreaKind.UNIT_GRID, AreaKind.COMMUNITY, AreaKind.STREET, AreaKind.DISTRICT)
"""Finest first: the order in which a place is looked up."""

PLACES_KEPT = 256
"""How many places an index remembers the answer of; an index is never altered, so an answer never grows old. Chosen by us."""

PARENT_KIND = {
    AreaKind.STREET: AreaKind.DISTRICT,
    AreaKind.COMMUNITY: AreaKind.STREET,
    AreaKind.UNIT_GRID: AreaKind.COMMUNITY,
}


@dataclass(frozen=True, slots=True)
class AreaPath:
    """Where a place lies, from the grid up. A level is None where the survey has a hole; `area_class` is the finest one's."""

    grid: AreaCode | None
    community: AreaCode | None
    street: AreaCode | None
    district: AreaCode | None
    area_class: int

    def codes(self) -> tuple[AreaCode, ...]:
        """The codes there are, finest first."""
        return tuple(code for code in (self.grid, self.community, self.street, self.district) if code is not None)


@dataclass(frozen=True, slots=True)
class AreaFault:
    """What is wrong with one area. `facts` fill the sentence."""

    reason: str
    code: AreaCode
    facts: dict[str, str]


class AreaTree:
    """Who lies under whom, by parent codes alone; works without any polygon."""

    def __init__(self, areas: Iterable[Area], day: date) -> None:
        self.day = day
        self._areas = {a.code: a for a in areas if in_force(a.valid_from, a.valid_to, day)}
        self._children: dict[AreaCode, list[AreaCode]] = {}
        for area in self._areas.values():
            if area.parent is not None:
                self._children.setdefault(area.parent, []).append(area.code)

    def __contains__(self, code: object) -> bool:
        return code in self._areas

    def get(self, code: AreaCode) -> Area:
        if code not in self._areas:
            raise NotFound(f"area {code} is not in force on {self.day.isoformat()}", area=code)
        return self._areas[code]

    def roots(self) -> tuple[Area, ...]:
        return tuple(a for a in self._areas.values() if a.parent is None or a.parent not in self._areas)

    def children(self, code: AreaCode) -> tuple[Area, ...]:
        return tuple(self._areas[c] for c in sorted(self._children.get(code, ())))

    def above(self, code: AreaCode) -> tuple[AreaCode, ...]:
        """The area itself, its parent, and so on up to the root. A circle of parents ends where it closes."""
        way: dict[AreaCode, None] = {}
        at: AreaCode | None = code
        while at is not None and at in self._areas and at not in way:
            way[at] = None
            at = self._areas[at].parent
        return tuple(way)

    def subtree(self, code: AreaCode) -> frozenset[AreaCode]:
        """The area and everything under it: what a scope on this area may see."""
        if code not in self._areas:
            return frozenset()
        found, waiting = {code}, [code]
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return frozenset(found)

    def path(self, code: AreaCode) -> AreaPath:
        by_kind = {self._areas[c].kind: c for c in self.above(code)}
        grid, community, street, district = (by_kind.get(kind) for kind in LEVELS)
        return AreaPath(grid, community, street, district, self.get(code).area_class)


class AreaIndex:
    """Point in grid, in memory, for the areas in force on one day.

    A place on a border belongs to the area with the smaller code, so that the answer is the same every time.
    """

    def __init__(self, areas: Iterable[Area], day: date) -> None:
        kept = [a for a in areas if in_force(a.valid_from, a.valid_to, day)]
        self.tree = AreaTree(kept, day)
        self._levels = [_Level(a for a in kept if a.kind is kind) for kind in LEVELS]
        self._own = _Level(a for a in kept if a.kind is AreaKind.RESPONSIBILITY_GRID)
        self._paths: dict[AreaCode, AreaPath] = {}
        self._asked_before = lru_cache(maxsize=PLACES_KEPT)(self._locate)

    def locate(self, point: Point) -> AreaPath | None:
        """The path of the finest area that covers the place; None outside the city. One report asks several times."""
        return self._asked_before(point)

    def _locate(self, point: Point) -> AreaPath | None:
        for level in self._levels:
            if (code := level.find(point)) is not None:
                return self._path(code)
        return None

    def locate_many(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> list[AreaPath | None]:
        """`locate` for whole columns; same length and order. A place that is not a number lies nowhere."""
        found = np.full(len(lons), None, dtype=object)
        open_rows = np.flatnonzero(np.isfinite(lons) & np.isfinite(lats))
        for level in self._levels:
            if not len(open_rows):
                break
            first = level.find_many(lons[open_rows], lats[open_rows])
            paths = np.empty(len(level.codes) + 1, dtype=object)
            paths[:-1] = [self._path(code) for code in level.codes]
            found[open_rows] = paths[first]
            open_rows = open_rows[first == len(level.codes)]
        return list(found)

    def responsibility_grid(self, point: Point) -> AreaCode | None:
        """The grid of the collector on duty there, where the city has drawn such grids."""
        return self._own.find(point)

    def _path(self, code: AreaCode) -> AreaPath:
        if code not in self._paths:
            self._paths[code] = self.tree.path(code)
        return self._paths[code]


class _Level:
    """The polygons of one level by code. The tree finds boxes, the prepared polygons decide: twice as fast as asking the tree for both."""

    def __init__(self, areas: Iterable[Area]) -> None:
        level = sorted(areas, key=lambda a: a.code)
        self.codes = [a.code for a in level]
        self.shapes = np.array([polygon_of(a) for a in level], dtype=object)
        shapely.prepare(self.shapes)
        self.tree = STRtree(self.shapes)

    def find(self, point: Point) -> AreaCode | None:
        boxes = self.tree.query(shapely.Point(point.lon, point.lat))
        hits = boxes[shapely.intersects_xy(self.shapes[boxes], point.lon, point.lat)] if len(boxes) else boxes
        return self.codes[int(hits.min())] if len(hits) else None

    def find_many(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.int64]:
        """Position of the first area that covers each place; the number of areas where none does."""
        first = np.full(len(lons), len(self.codes), dtype=np.int64)
        asked, boxes = self.tree.query(shapely.points(lons, lats))
        inside = shapely.intersects_xy(self.shapes[boxes], lons[asked], lats[asked])
        np.minimum.at(first, asked[inside], boxes[inside])
        return first


def polygon_of(area: Area) -> Polygon:
    return Polygon(area.rings[0], area.rings[1:]) if area.rings else Polygon()


def in_metres(shape: Polygon, lat: float) -> Polygon:
    """The shape on a plane in metres, true near the latitude given: enough for borders and areas inside one city."""
    metre = radians(1) * EARTH_RADIUS_M
    across = metre * cos(radians(lat))
    return shapely.transform(shape, lambda xy: xy * np.array([across, metre]))


# --- checking -----------------------------------------------------------------------------------------------------


def check_areas(areas: Sequence[Area], day: date, known: Iterable[Area] = ()) -> tuple[AreaFault, ...]:
    """Everything wrong with a set of areas on one day, in the order of the set; nothing is stored while there is a fault.

    known   areas stored before that may be parents; an area of the set with the same code takes the place of a known one
    Checks  code by level, parent there and of the level above, area class, rings closed and valid, inside the parent
            within EDGE_TOLERANCE_M, unit grids (and communities, streets, districts among themselves) free of overlaps
            beyond OVERLAP_TOLERANCE_M2
    """
    set_now = [a for a in areas if in_force(a.valid_from, a.valid_to, day)]
    everything = {a.code: a for a in known if in_force(a.valid_from, a.valid_to, day)} | {a.code: a for a in set_now}
    faults: list[AreaFault] = []
    sound: dict[AreaCode, Polygon] = {}
    lat = _middle_lat(everything.values())
    for area in set_now:
        faults += _code_faults(area, everything)
        shape, shape_faults = _shape(area, lat)
        faults += shape_faults
        if shape is not None:
            sound[area.code] = shape
    new_codes = {a.code for a in set_now}
    for area in everything.values():
        if area.code not in new_codes:
            shape, broken = _shape(area, lat)
            if shape is not None and not broken:
                sound[area.code] = shape
    for area in set_now:
        if area.code in sound and area.parent in sound:
            faults += _outside_parent(area, sound[area.code], sound[area.parent])
    return (*faults, *_overlaps(set_now, everything, sound))


def _middle_lat(areas: Iterable[Area]) -> float:
    lats = [a.rings[0][0][1] for a in areas if a.rings and a.rings[0]]
    return sum(lats) / len(lats) if lats else 0.0


def _code_faults(area: Area, known: dict[AreaCode, Area]) -> list[AreaFault]:
    faults: list[AreaFault] = []
    if fault := check_area(area.code, area.kind, area.parent):
        faults.append(AreaFault(fault.reason, area.code, {"found": fault.found, "wanted": fault.wanted}))
    if area.area_class not in (1, 2, 3):
        faults.append(AreaFault("area.class", area.code, {"found": str(area.area_class), "wanted": "1 core, 2 town or 3 fringe"}))
    wanted = PARENT_KIND.get(area.kind)
    if area.parent is None:
        if wanted is not None:
            faults.append(AreaFault("area.no_parent", area.code, {"found": "", "wanted": f"the code of its {wanted}"}))
    elif area.parent not in known:
        faults.append(AreaFault("area.parent_unknown", area.code, {"found": area.parent, "wanted": "an area of this file or of the city"}))
    elif wanted is not None and known[area.parent].kind is not wanted:
        faults.append(AreaFault("area.parent_kind", area.code, {"found": f"a {known[area.parent].kind}", "wanted": f"a {wanted}"}))
    return faults


def _shape(area: Area, lat: float) -> tuple[Polygon | None, list[AreaFault]]:
    """The polygon in metres, or None with the reason."""
    if not area.rings:
        return None, [AreaFault("area.no_polygon", area.code, {"found": "no rings", "wanted": "a closed polygon"})]
    for ring in area.rings:
        if len(ring) < 4 or ring[0] != ring[-1]:
            found = f"{len(ring)} points" if len(ring) < 4 else f"first point {ring[0]}, last {ring[-1]}"
            wanted = "at least four points, the last equal to the first"
            return None, [AreaFault("area.not_closed", area.code, {"found": found, "wanted": wanted})]
        if not all(-180 <= lon <= 180 and -90 <= y <= 90 for lon, y in ring):
            wanted = "degrees, longitude first: -180..180, -90..90"
            return None, [AreaFault("area.not_degrees", area.code, {"found": f"{ring[0]}", "wanted": wanted})]
    shape = polygon_of(area)
    if not shape.is_valid:
        return None, [AreaFault("area.not_valid", area.code, {"found": shapely.is_valid_reason(shape), "wanted": "a simple polygon"})]
    return in_metres(shape, lat), []


def _outside_parent(area: Area, shape: Polygon, parent: Polygon) -> list[AreaFault]:
    beyond = shape.difference(parent.buffer(EDGE_TOLERANCE_M))
    if beyond.is_empty or beyond.area < 1e-6:
        return []
    facts = {"found": f"{beyond.area:.0f} m2 outside {area.parent}", "wanted": f"inside it within {EDGE_TOLERANCE_M:g} m"}
    return [AreaFault("area.outside_parent", area.code, facts)]


def _overlaps(set_now: Sequence[Area], everything: dict[AreaCode, Area], sound: dict[AreaCode, Polygon]) -> list[AreaFault]:
    faults: list[AreaFault] = []
    for kind in LEVELS:
        level = [a.code for a in everything.values() if a.kind is kind and a.code in sound]
        ours = [a.code for a in set_now if a.kind is kind and a.code in sound]
        if not ours:
            continue
        tree = STRtree([sound[code] for code in level])
        asked, hits = tree.query([sound[code] for code in ours], predicate="intersects")
        told: set[frozenset[AreaCode]] = set()
        for i, j in zip(asked, hits, strict=True):
            one, other = ours[i], level[j]
            pair = frozenset((one, other))
            if one == other or pair in told:
                continue
            told.add(pair)
            shared = sound[one].intersection(sound[other]).area
            if shared > OVERLAP_TOLERANCE_M2:
                wanted = f"no overlap of {kind}s beyond {OVERLAP_TOLERANCE_M2:g} m2"
                faults.append(AreaFault("area.overlap", one, {"found": f"{shared:.0f} m2 shared with {other}", "wanted": wanted}))
    return faults
