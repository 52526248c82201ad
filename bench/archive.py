"""Fills the demo city's tables to a district's size: its own past cases again and again, each at another place and under new numbers.

Copied inside the database, rows as they are: columns, document, events, texts, links. The copies are no fold of their events any more
(ids inside the events are those of the first), so `chengyun verify` has nothing to say about such a database.
"""

import random

import psycopg

from chengyun.base.geometry import Point
from chengyun.stores.cells import cell

STEP = 10_000_000
"""Distance of the ids of one copy from the next."""
AROUND = 0.15
"""Degrees: the copies lie scattered over a square of some 16 km, a large district, with the demo's street in the middle."""

_COPIES = {
    "case_event": ("case_id",),
    "case_link": ("case_id",),
    "case_text": ("case_id",),
    "case_address": ("case_id",),
    "reporter_identity": ("case_id", "id"),
}


def fill(connection: "psycopg.Connection[tuple[object, ...]]", cases: int) -> int:
    """Copy until at least so many are stored. Returns how many there are."""
    tenant, stored = connection.execute("SELECT min(tenant_id), count(*) FROM case_row").fetchone()  # type: ignore[misc]
    connection.execute("SELECT set_config('chengyun.tenant', %s, false)", [str(tenant)])
    (lon, lat), own = connection.execute("SELECT avg(lon), avg(lat) FROM case_row WHERE id < %s", [STEP]).fetchone(), _own(connection)  # type: ignore[misc]
    done = connection.execute("SELECT max(id) / %s FROM case_row", [STEP]).fetchone()[0]  # type: ignore[index]
    while stored < cases:
        done += 1
        with connection.transaction():
            connection.execute("CREATE TEMP TABLE scattered (id bigint, lon float8, lat float8, cell bigint) ON COMMIT DROP")
            with connection.cursor().copy("COPY scattered FROM STDIN") as copy:
                for place in _places(own, lon, lat, done):
                    copy.write_row(place)
            stored += _copy(connection, done)
    with connection.transaction():
        connection.execute("DELETE FROM queue_delta")
        connection.execute("DELETE FROM queue_counter")
        connection.execute(
            "INSERT INTO queue_counter (tenant_id, state, holder, street, cases)"
            " SELECT tenant_id, state, coalesce(holder, 0), coalesce(street, ''), count(*) FROM case_row GROUP BY 1, 2, 3, 4"
        )
    for table in ("case_row", *_COPIES):
        connection.execute(f"VACUUM ANALYZE {table}")
    return int(stored)


def _own(connection: "psycopg.Connection[tuple[object, ...]]") -> list[int]:
    rows = connection.execute("SELECT id FROM case_row WHERE id < %s AND provenance = 'simulated' ORDER BY id", [STEP])
    return [row[0] for row in rows]  # type: ignore[misc]


def _places(own: list[int], lon: float, lat: float, copy: int) -> "list[tuple[int, float, float, int]]":
    dice = random.Random(copy)
    found = []
    for id_ in own:
        place = Point(lon + dice.uniform(-AROUND, AROUND) / 2, lat + dice.uniform(-AROUND, AROUND) / 2)
        found.append((id_, place.lon, place.lat, cell(place)))
    return found


def _copy(connection: "psycopg.Connection[tuple[object, ...]]", copy: int) -> int:
    changed = {
        "id": f"t.id + {copy * STEP}",
        "number": f"t.number || '-{copy}'",
        "lon": "s.lon",
        "lat": "s.lat",
        "cell": "s.cell",
        "doc": f"jsonb_set(t.doc, '{{id}}', to_jsonb(t.id + {copy * STEP}))",
    }
    names = _columns(connection, "case_row")
    picked = ", ".join(changed.get(name, f"t.{name}") for name in names)
    rows = connection.execute(
        f"INSERT INTO case_row ({', '.join(names)}) SELECT {picked} FROM case_row t JOIN scattered s ON s.id = t.id"
    ).rowcount
    for table, shifted in _COPIES.items():
        names = _columns(connection, table)
        picked = ", ".join(f"t.{name} + {copy * STEP}" if name in shifted else f"t.{name}" for name in names)
        connection.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} t JOIN scattered s ON s.id = t.case_id")
    return rows


def _columns(connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> list[str]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'xid'", [table]
    )
    return [str(row[0]) for row in rows]
