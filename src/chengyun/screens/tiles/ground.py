"""What stands still under the cases: borders of areas from the city's book, and the drawn town from a file. Shapes are made once and
found by a tree; a tile is cut out of them when somebody looks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import shapely

from chengyun.city.records import Area, AreaKind
from chengyun.screens.tiles.encode import TileAddress, encode_polygons

LAYERS: Mapping[str, str] = {
    "water": "water",
    "green": "green",
    "block": "blocks",
    "building": "buildings",
    "road": "roads",
    "rail": "roads",
    "place": "labels",
}
"""Layer of the file -> layer of the tile. Borders have tiles of their own."""

FROM_ZOOM: Mapping[str, int] = {"green": 11, "block": 13, "building": 15, "rail": 10, "place": 12}
FROM_ZOOM_OF_ROAD: Mapping[str, int] = {"express": 0, "arterial": 9, "secondary": 12, "street": 14}
"""What is drawn from which zoom on; chosen by us, so that a tile of the whole city stays below 200 kB."""

FROM_ZOOM_OF_AREA: Mapping[AreaKind, int] = {AreaKind.COMMUNITY: 11, AreaKind.UNIT_GRID: 14, AreaKind.RESPONSIBILITY_GRID: 14}


@dataclass(frozen=True)
class Shapes:
    """Shapes of one tile layer, with the zoom each appears at."""

    layer: str
    shapes: Sequence[shapely.Geometry]
    properties: Sequence[Mapping[str, object]]
    ids: Sequence[int]
    from_zoom: Sequence[int]

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.shapes)

    def draw(self, tile: TileAddress) -> bytes:
        """The layer of one tile; empty bytes if nothing lies in it."""
        near = np.sort(self._tree.query(shapely.box(*tile.bounds())))
        rows = [row for row in near.tolist() if self.from_zoom[row] <= tile.z]
        if not rows:
            return b""
        return encode_polygons(
            self.layer, tile, [self.shapes[row] for row in rows], [self.ids[row] for row in rows], [self.properties[row] for row in rows]
        )


def shapes_of_areas(areas: Sequence[Area]) -> Shapes:
    """District, streets, communities and grids with code and both names; coarse ones first, so that fine lines lie above."""
    ordered = sorted(areas, key=lambda area: (len(area.code), area.code))
    return Shapes(
        "areas",
        [shapely.Polygon(area.rings[0], area.rings[1:]) for area in ordered],
        [
            {"level": str(area.kind), "code": area.code, "name": area.name_zh, "name_en": area.name_en, "class": area.area_class}
            for area in ordered
        ],
        [int(area.id) for area in ordered],
        [FROM_ZOOM_OF_AREA.get(area.kind, 0) for area in ordered],
    )


def read_basemap(path: Path | None) -> tuple[int, tuple[Shapes, ...]]:
    """The version of the drawn town, and its layers; nothing if the city has none."""
    if path is None:
        return 0, ()
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0, ()
    return changed, _read_basemap(path, changed)


@lru_cache(maxsize=4)
def _read_basemap(path: Path, changed: int) -> tuple[Shapes, ...]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    found: dict[str, tuple[list[shapely.Geometry], list[Mapping[str, object]], list[int]]] = {}
    for feature in features:
        properties = {name: value for name, value in feature["properties"].items() if name != "layer"}
        kind = feature["properties"]["layer"]
        if kind not in LAYERS:
            continue
        if kind == "rail":
            properties["class"] = "rail"
        from_zoom = FROM_ZOOM_OF_ROAD.get(str(properties.get("class")), 0) if kind == "road" else FROM_ZOOM.get(kind, 0)
        shapes, words, zooms = found.setdefault(LAYERS[kind], ([], [], []))
        shapes.append(shapely.from_geojson(json.dumps(feature["geometry"])))
        words.append(properties)
        zooms.append(from_zoom)
    order = list(dict.fromkeys(LAYERS.values()))
    return tuple(Shapes(layer, *found[layer][:2], range(len(found[layer][0])), found[layer][2]) for layer in order if layer in found)
