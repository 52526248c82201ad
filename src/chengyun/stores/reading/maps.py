"""Cases on the map: the points of one tile, and counts per cell where there are too many to draw."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection

from chengyun.base.ids import TenantId
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


@dataclass(frozen=True, slots=True)
class PhaseCluster:
    """Cases of one part of a tile by how their clocks stand. `case` is theirs if it is only one."""

    lon: float
    lat: float
    cases: int
    over: int
    soon: int
    paused: int
    case: int | None


@dataclass(frozen=True, slots=True)
class MapComponent:
    id: int
    identifier: str
    category: str
    name_zh: str
    name_en: str
    state: str
    lon: float
    lat: float


SOON = "interval '30 minutes'"
"""A clock is soon due in its last quarter, and in its last half hour anyhow (design language 7)."""


def _phase(now: str) -> str:
    """How the leading clock stands, by the wall clock: -1 paused or none, 0 running, 1 soon, 2 over."""
    return (
        f"CASE WHEN c.clock_outcome = 'paused' OR c.due_at IS NULL OR NOT c.open THEN -1 WHEN c.due_at < {now} THEN 2"
        f" WHEN c.due_at - {now} <= greatest({SOON}, (c.due_at - c.clock_started) / 4) THEN 1 ELSE 0 END"
    )


def phase_points(
    only: CaseFilter, asked: Asked, zoom: int, x: int, y: int, now: datetime, most: int = MOST_POINTS
) -> list[tuple[Any, ...]]:
    """Rows (id, lon, lat, state, urgency, field, phase, share of the clock used) of a tile, the ones due first before the rest."""
    found = where(only, replace(asked, cells=(tile_cells(zoom, x, y),)))
    moment = f"{found.bind(now)}::timestamptz"
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, c.lon, c.lat, c.state, c.urgency, c.field, {_phase(moment)},"
            f" least(1, greatest(0, extract(epoch FROM {moment} - c.clock_started)"
            " / nullif(extract(epoch FROM c.due_at - c.clock_started), 0)))::float8"
            f" FROM case_row c WHERE {found.sql} ORDER BY c.due_sort, c.id LIMIT {int(most)}",
            found.values,
        )
        return cursor.fetchall()


def phase_clusters(only: CaseFilter, asked: Asked, zoom: int, x: int, y: int, now: datetime, split: int = 4) -> tuple[PhaseCluster, ...]:
    """The tile cut into 4^`split` parts: how many cases lie in each, and how their clocks stand."""
    shift = 2 * max(0, ZOOM - zoom - split)
    found = where(only, replace(asked, cells=(tile_cells(zoom, x, y),)))
    moment = f"{found.bind(now)}::timestamptz"
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT avg(lon), avg(lat), count(*), count(*) FILTER (WHERE phase = 2), count(*) FILTER (WHERE phase = 1),"
            " count(*) FILTER (WHERE phase = -1), CASE WHEN count(*) = 1 THEN min(id) END"
            f" FROM (SELECT c.id, c.lon, c.lat, c.cell >> {int(shift)} AS part, {_phase(moment)} AS phase FROM case_row c"
            f" WHERE {found.sql}) p GROUP BY part",
            found.values,
        )
        return tuple(PhaseCluster(*row) for row in cursor.fetchall())


def case_version(tenant: TenantId) -> tuple[int, ...]:
    """Changes whenever a case has: the newest line of the outbox and, while an older transaction still runs, how far all is settled."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.xid::text, o.id, pg_snapshot_xmin(pg_current_snapshot())::text FROM outbox o WHERE o.tenant_id = %s"
            " ORDER BY o.xid DESC, o.id DESC LIMIT 1",
            [tenant],
        )
        row = cursor.fetchone()
    if row is None:
        return ()
    newest, id_, settled = int(row[0]), row[1], int(row[2])
    return (newest, id_, settled if settled <= newest else 0)


def tile_components(tenant: TenantId, zoom: int, x: int, y: int, day: date, most: int = MOST_POINTS) -> tuple[MapComponent, ...]:
    """Public facilities of a tile that are in the register on that day."""
    low, high = tile_cells(zoom, x, y)
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            'SELECT "row", identifier, category, name_zh, name_en, state, lon, lat FROM component WHERE tenant_id = %s AND cell >= %s'
            " AND cell < %s AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s) ORDER BY identifier LIMIT %s",
            [tenant, low, high, day, day, most],
        )
        return tuple(MapComponent(*row) for row in cursor.fetchall())


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
