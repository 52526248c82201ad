"""Places as cells: one integer in which every map tile is a range, so that an ordinary index led by the tenant finds what lies near.

Why no GiST on `point`: row security lets only leak-proof operators reach an index before the policy has spoken, and none of the
geometric ones is; comparisons of integers are.

A cell is a Web Mercator tile of zoom 20 (some 30 m wide in mid latitudes), its x and y interleaved (Morton order): all cells of a
tile of zoom z are `[code << 2 * (20 - z), (code + 1) << 2 * (20 - z))`.
"""

from math import asinh, cos, pi, radians, tan

from chengyun.base.geometry import Point

ZOOM = 20
_EARTH_M = 40_075_016.7
"""Length of the equator on the sphere of Web Mercator."""
_FURTHEST_NORTH = 85.0511


def _tile(place: Point, zoom: int) -> tuple[int, int]:
    size = 1 << zoom
    lat = max(-_FURTHEST_NORTH, min(_FURTHEST_NORTH, place.lat))
    x = int((place.lon + 180) / 360 * size)
    y = int((1 - asinh(tan(radians(lat))) / pi) / 2 * size)
    return min(x, size - 1), max(0, min(y, size - 1))


def _spread(n: int) -> int:
    """The bits of a 32-bit number with a gap after each."""
    n = (n | n << 16) & 0x0000FFFF0000FFFF
    n = (n | n << 8) & 0x00FF00FF00FF00FF
    n = (n | n << 4) & 0x0F0F0F0F0F0F0F0F
    n = (n | n << 2) & 0x3333333333333333
    return (n | n << 1) & 0x5555555555555555


def _code(x: int, y: int) -> int:
    return _spread(x) | _spread(y) << 1


def cell(place: Point) -> int:
    """The cell a place lies in."""
    return _code(*_tile(place, ZOOM))


def tile_cells(zoom: int, x: int, y: int) -> tuple[int, int]:
    """Cells of a map tile, as a half-open range. Tiles deeper than `ZOOM` get the range of the cell they lie in."""
    if zoom > ZOOM:
        x, y, zoom = x >> (zoom - ZOOM), y >> (zoom - ZOOM), ZOOM
    shift = 2 * (ZOOM - zoom)
    code = _code(x, y)
    return code << shift, (code + 1) << shift


def cells_around(place: Point, radius_m: float) -> tuple[tuple[int, int], ...]:
    """Sorted half-open ranges of cells that together cover everything within `radius_m`: at most nine tiles, usually four or fewer."""
    width = _EARTH_M * cos(radians(place.lat))
    zoom = ZOOM
    while zoom > 1 and width / (1 << zoom) < 2 * radius_m:
        zoom -= 1
    span_lat = radius_m / 111_000 * 1.01
    span_lon = span_lat / max(0.01, cos(radians(place.lat)))
    west, south = _tile(Point(max(-180, place.lon - span_lon), max(-90, place.lat - span_lat)), zoom)
    east, north = _tile(Point(min(180, place.lon + span_lon), min(90, place.lat + span_lat)), zoom)
    return tuple(sorted(tile_cells(zoom, x, y) for x in range(west, east + 1) for y in range(north, south + 1)))
