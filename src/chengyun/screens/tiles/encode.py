"""Columns to tile: points of one layer in whole columns, without a Python loop over rows; polygons through `mapbox-vector-tile`.

A point feature is a row of small integers (field marks, lengths, id, pairs of key and value, two coordinates), and each is a varint. So a
whole layer is one matrix of integers written out as varints, with the absent ones masked. Follow one tile: project, keep what lies in it,
thin if it is crowded, number the values, lay out the matrix, write.

A tile is its layers one after the other: `encode_points(...) + encode_polygons(...)` is a tile with two layers. Specification: MVT 2.1.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT = 4096
BUFFER = 64
"""Tile units beyond the border, so that a symbol on it is drawn whole by both neighbours."""
MOST = 4_000
"""Points of one layer above which a tile is clustered; chosen by us: more are a smear on a screen of 512 px."""
CELL = 64
"""Side of a cluster's cell in tile units: 8 px of a 512 px tile."""
COUNT_KEY = "count"

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Words:
    """A column of words from a short list: `codes` point into `words`; -1 says nothing."""

    codes: NDArray[np.integer]
    words: tuple[str, ...]

    def __getitem__(self, rows: NDArray[np.integer]) -> "Words":
        return Words(self.codes[rows], self.words)


Column = Words | NDArray[np.generic]
"""Words, or an array of integers, floats or booleans; `numpy.ma` masks rows that say nothing."""


@dataclass(frozen=True)
class TileAddress:
    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not (0 <= self.z <= 24 and 0 <= self.x < 1 << self.z and 0 <= self.y < 1 << self.z):
            raise ValueError(f"no such tile: {self.z}/{self.x}/{self.y}")

    def bounds(self, buffer: float = BUFFER) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees, the buffer included: what to ask the database for."""
        side, over = 1 << self.z, buffer / EXTENT
        north, south = (math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side)))) for row in (self.y - over, self.y + 1 + over))
        return (self.x - over) / side * 360 - 180, south, (self.x + 1 + over) / side * 360 - 180, north


def project(lon: NDArray[np.float64], lat: NDArray[np.float64], tile: TileAddress) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees to tile units, x right and y down; (0, 0) is the tile's north-western corner."""
    side = float(1 << tile.z)
    sine = np.sin(np.radians(np.clip(lat, -85.0511287798, 85.0511287798)))
    x = (lon / 360 + 0.5) * side - tile.x
    y = (0.5 - np.arctanh(sine) / (2 * math.pi)) * side - tile.y
    return x * EXTENT, y * EXTENT


def encode_points(
    layer: str,
    tile: TileAddress,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    ids: NDArray[np.integer],
    attributes: Mapping[str, Column] | None = None,
    *,
    most: int = MOST,
    worst: Iterable[str] = (),
) -> bytes:
    """One layer of points; empty bytes if none lies in the tile.

    ids         not negative; the feature ids, which a click hands to the list
    attributes  key to column, each as long as `lon`
    most        a tile with more points is clustered: one point per cell of 64 x 64 units at the mean place, with `count`. A cell of one
                keeps its id and attributes; a cell of several has no id, and of the attributes those in `worst`, with their maximum
    """
    x, y = project(np.asarray(lon, np.float64), np.asarray(lat, np.float64), tile)
    rows = _inside(x, y, BUFFER)
    columns = dict(attributes or {})
    if len(rows) <= most:
        places = np.floor(x[rows]).astype(np.int64), np.floor(y[rows]).astype(np.int64)
        return _write_layer(layer, *places, np.asarray(ids)[rows], {key: column[rows] for key, column in columns.items()})
    # without the buffer: a point in two tiles would be counted in two clusters
    rows = _inside(x, y, 0)
    return _write_clusters(
        layer, x[rows], y[rows], np.asarray(ids)[rows], {key: column[rows] for key, column in columns.items()}, set(worst)
    )


def _inside(x: NDArray[np.float64], y: NDArray[np.float64], buffer: int) -> NDArray[np.intp]:
    return np.flatnonzero((x >= -buffer) & (x < EXTENT + buffer) & (y >= -buffer) & (y < EXTENT + buffer))


def _write_clusters(
    layer: str, x: NDArray[np.float64], y: NDArray[np.float64], ids: NDArray[np.integer], columns: dict[str, Column], worst: set[str]
) -> bytes:
    across = EXTENT // CELL
    cell = (y.astype(np.int64) // CELL * across + x.astype(np.int64) // CELL).astype(np.int16)
    order = np.argsort(cell, kind="stable")
    counts = np.bincount(cell, minlength=across * across)
    counts = counts[counts > 0]
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    if not len(counts):
        return b""
    first, many = order[starts], counts > 1
    shown: dict[str, Column] = {COUNT_KEY: counts}
    for key, column in columns.items():
        if key in worst and not isinstance(column, Words):
            shown[key] = np.maximum.reduceat(np.ma.getdata(column)[order], starts)
        elif isinstance(column, Words):
            shown[key] = Words(np.where(many, -1, column.codes[first]), column.words)
        else:
            shown[key] = np.ma.MaskedArray(np.ma.getdata(column)[first], many | np.ma.getmaskarray(column[first]))
    mean_x = (np.add.reduceat(x[order], starts) / counts).astype(np.int64)
    mean_y = (np.add.reduceat(y[order], starts) / counts).astype(np.int64)
    return _write_layer(layer, mean_x, mean_y, np.ma.MaskedArray(ids[first], many), shown)


# Writing ----------------------------------------------------------------------------------------------------------------------------------

_NAME, _FEATURE, _KEY, _VALUE, _EXTENT, _VERSION = 0x0A, 0x12, 0x1A, 0x22, 0x28, 0x78
_ID, _TAGS, _TYPE, _POINT, _GEOMETRY, _MOVE_ONE = 0x08, 0x12, 0x18, 1, 0x22, 9


def _write_layer(layer: str, x: Integers, y: Integers, ids: NDArray[np.integer], columns: Mapping[str, Column]) -> bytes:
    count = len(x)
    if not count:
        return b""
    numbers, said, values = _number_values(columns, count)
    end = 6 + 2 * numbers.shape[1]
    table = np.empty((count, end + 7), np.uint64)
    shown = np.ones(table.shape, bool)
    identity = np.ma.getdata(ids)
    if (identity < 0).any():
        raise ValueError("feature ids are not negative")
    # mark and length | id | tags: mark, length, pairs | type | geometry: mark, length, one MoveTo
    table[:, 0], table[:, 2], table[:, 3], table[:, 4] = _FEATURE, _ID, identity.astype(np.uint64), _TAGS
    table[:, 6:end:2] = np.arange(numbers.shape[1], dtype=np.uint64)
    table[:, 7:end:2] = numbers
    table[:, end], table[:, end + 1], table[:, end + 2] = _TYPE, _POINT, _GEOMETRY
    table[:, end + 4], table[:, end + 5], table[:, end + 6] = _MOVE_ONE, _zigzag(x), _zigzag(y)
    shown[:, 2:4] = ~np.ma.getmaskarray(ids)[:, None]
    shown[:, 4:6] = said.any(axis=1)[:, None]
    shown[:, 6:end:2] = shown[:, 7:end:2] = said
    # lengths count what follows them, so they are filled from the inside out; 1 stands in for a length not known yet
    table[:, 1] = table[:, 5] = table[:, end + 3] = 1
    sizes = _lengths(table)
    for place, start, stop in ((end + 3, end + 4, end + 7), (5, 6, end), (1, 2, end + 7)):
        table[:, place] = (sizes[:, start:stop] * shown[:, start:stop]).sum(axis=1)
        sizes[:, place] = _lengths(table[:, place])
    features = _varints(table[shown])
    head = _field(_NAME, layer.encode()) + features
    keys = b"".join(_field(_KEY, key.encode()) for key in columns)
    body = head + keys + b"".join(_field(_VALUE, value) for value in values) + _pair(_EXTENT, EXTENT) + _pair(_VERSION, 2)
    return _field(_KEY, body)  # a tile's layers carry mark 3 as a layer's keys do


def _number_values(columns: Mapping[str, Column], count: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_], list[bytes]]:
    """Each column as numbers of one common list of values, which rows say anything, and the list, written. Values stand in it once."""
    numbers, said = np.zeros((count, len(columns)), np.uint64), np.ones((count, len(columns)), bool)
    known: dict[bytes, int] = {}
    for place, column in enumerate(columns.values()):
        if isinstance(column, Words):
            said[:, place] = column.codes >= 0
            used, inverse = np.unique(column.codes, return_inverse=True)
            written = [_text(column.words[code]) if code >= 0 else b"" for code in used.tolist()]
        else:
            said[:, place] = ~np.ma.getmaskarray(column)
            used, inverse = np.unique(np.ma.getdata(column), return_inverse=True)
            written = [_number(value) for value in used.tolist()]
        visible = np.zeros(len(used), bool)
        visible[inverse[said[:, place]]] = True
        indexes = [known.setdefault(value, len(known)) if seen else 0 for value, seen in zip(written, visible.tolist(), strict=True)]
        numbers[:, place] = np.asarray(indexes, np.uint64)[inverse]
    return numbers, said, list(known)


def _text(word: str) -> bytes:
    return _field(0x0A, word.encode())


def _number(value: bool | int | float) -> bytes:
    if isinstance(value, bool):
        return _pair(0x38, int(value))
    if isinstance(value, int):
        return _pair(0x28, value) if value >= 0 else _pair(0x30, (-value << 1) - 1)
    if isinstance(value, float):
        return b"\x19" + np.float64(value).astype("<f8").tobytes()
    raise TypeError(f"a tile carries words and numbers, not {type(value).__name__}")


def _zigzag(numbers: Integers) -> NDArray[np.uint64]:
    return ((numbers << 1) ^ (numbers >> 63)).astype(np.uint64)


def _lengths(numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Bytes of each number as a varint."""
    sizes = np.ones(numbers.shape, np.int64)
    largest = int(numbers.max(initial=0))
    for step in range(1, 10):
        if largest < 1 << 7 * step:
            break
        sizes += numbers >= np.uint64(1 << 7 * step)
    return sizes


def _varints(numbers: NDArray[np.uint64]) -> bytes:
    sizes = _lengths(numbers)
    ends = np.cumsum(sizes)
    out = np.empty(int(ends[-1]), np.uint8)
    at = ends - sizes
    while True:
        more = sizes > 1
        out[at] = (numbers & np.uint64(127)).astype(np.uint8) | (more.astype(np.uint8) << 7)
        if not more.any():
            return out.tobytes()
        numbers, at, sizes = numbers[more] >> np.uint64(7), at[more] + 1, sizes[more] - 1


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _pair(mark: int, number: int) -> bytes:
    return _varint(mark) + _varint(number)


def _field(mark: int, body: bytes) -> bytes:
    return _varint(mark) + _varint(len(body)) + body


# Polygons ---------------------------------------------------------------------------------------------------------------------------------


def encode_polygons(
    layer: str, tile: TileAddress, shapes: Sequence[shapely.Geometry], ids: Sequence[int], attributes: Sequence[Mapping[str, object]] = ()
) -> bytes:
    """One layer of areas (or lines) given in degrees: projected, cut at the buffered border, simplified to one tile unit."""
    if not len(shapes):
        return b""
    window = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    placed = shapely.transform(np.asarray(shapes, dtype=object), lambda places: np.column_stack(project(places[:, 0], places[:, 1], tile)))
    near = np.flatnonzero(shapely.intersects(placed, window))
    cut = shapely.intersection(shapely.make_valid(shapely.simplify(placed[near], 1.0)), window)
    features = [
        {"geometry": shape, "id": int(ids[row]), "properties": dict(attributes[row]) if len(attributes) else {}}
        for row, shape in zip(near.tolist(), cut, strict=True)
        if not shape.is_empty
    ]
    if not features:
        return b""
    options = {"extents": EXTENT, "y_coord_down": True}
    return bytes(mapbox_vector_tile.encode({"name": layer, "features": features}, default_options=options))
