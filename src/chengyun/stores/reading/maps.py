"""Cases on the map: the points of one tile, and counts per cell where there are too many to draw."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from chengyun.cases.access import CaseFilter
from chengyun.stores.cells import ZOOM, tile_cells
from chengyun.stores.reading.filters import Asked, where
from chengyun.stores.tenancy import in_tenant

MOST_POINTS = 5_000


@dataclass(frozen=True, slots=True)
class MapPoint:
    id: int
    lon: float
    lat: float
    state: str
    step: int
    urgency: str
    family: str
    category: str | None
    due_at: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class MapCluster:
    """How many lie in a part of the tile, and where on average."""

    lon: float
    lat: float
    cases: int


def tile_points(only: CaseFilter, asked: Asked, zoom: int, x: int, y: int, most: int = MOST_POINTS) -> tuple[MapPoint, ...]:
    """Points of a map tile, the ones due first before the rest; no more than `most`."""
    found = where(only, replace(asked, cells=(tile_cells(zoom, x, y),)))
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.lon, c.lat, c.state, c.step, c.urgency, c.family, c.category, c.due_at, c.open FROM case_row c"
            f" WHERE {found.sql} ORDER BY c.due_sort, c.id LIMIT {int(most)}",
            found.values,
        )
        return tuple(MapPoint(*row) for row in cursor.fetchall())


def tile_clusters(only: CaseFilter, asked: Asked, zoom: int, x: int, y: int, split: int = 4) -> tuple[MapCluster, ...]:
    """The tile cut into 4^`split` parts, with the number of cases in each that has any."""
    shift = 2 * max(0, ZOOM - zoom - split)
    found = where(only, replace(asked, cells=(tile_cells(zoom, x, y),)))
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT avg(c.lon), avg(c.lat), count(*) FROM case_row c WHERE {found.sql} GROUP BY c.cell >> {int(shift)} ORDER BY 3 DESC",
            found.values,
        )
        return tuple(MapCluster(*row) for row in cursor.fetchall())
