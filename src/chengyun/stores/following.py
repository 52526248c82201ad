"""The outbox as a follower reads it: in commit order, below the oldest transaction still running.

`id > last` alone loses lines: a slower transaction may commit a smaller id after a faster one was read. So a place is (transaction, id),
and nothing is read of transactions that may still have an older one running beside them. A line read once is never missing below the
place, and never comes again.

    OutboxTail      one connection held open by a process that follows all the time (live screens)
    read_after      the same in the caller's transaction, for jobs that keep their place in `follower`
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from django.db import connection, connections

from chengyun.base.ids import CaseId, TenantId
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.ground import TENANT_SETTING

AT_ONCE = 500
CASES = "case"
"""Topic of what happened to cases."""


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """How far a follower has come, in commit order."""

    xid: int = 0
    id: int = 0

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the outbox: an event of a case, by reference."""

    place: Place
    case: CaseId
    seq: int
    card: Mapping[str, Any]


_LINE = "o.xid::text, o.id, o.case_id, o.seq, o.body::text"
_BELOW = "o.tenant_id = %(tenant)s AND o.topic = 'case' AND o.xid < pg_snapshot_xmin(pg_current_snapshot())"
_AFTER = f"""
SELECT {_LINE} FROM outbox o WHERE {_BELOW} AND (o.xid, o.id) > (%(xid)s::text::xid8, %(id)s) ORDER BY o.xid, o.id LIMIT %(most)s
"""
_NEWEST = f"SELECT {_LINE} FROM outbox o WHERE {_BELOW} ORDER BY o.xid DESC, o.id DESC LIMIT %(most)s"


def _line(row: Sequence[Any]) -> Line:
    return Line(Place(int(row[0]), row[1]), CaseId(row[2]), row[3], msgspec.json.decode(row[4]))


class OutboxTail:
    """A connection bound to one tenant. Made by `open_tail`."""

    def __init__(self, tenant: TenantId, link: "psycopg.AsyncConnection[tuple[Any, ...]]") -> None:
        self.tenant, self._link = tenant, link

    async def after(self, place: Place, most: int = AT_ONCE) -> list[Line]:
        """The lines after the place that are settled by now, oldest first."""
        values = {"tenant": self.tenant, "xid": str(place.xid), "id": place.id, "most": most}
        found = await self._link.execute(_AFTER, values, prepare=True)
        return [_line(row) for row in await found.fetchall()]

    async def newest(self, most: int) -> list[Line]:
        """The last settled lines, oldest first."""
        found = await self._link.execute(_NEWEST, {"tenant": self.tenant, "most": most})
        return [_line(row) for row in reversed(await found.fetchall())]


@asynccontextmanager
async def open_tail(tenant: TenantId) -> AsyncIterator[OutboxTail]:
    """A connection of its own, to the database that Django's default connection knows; read-only, and closed at the end."""
    known = connections.settings["default"]
    words = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    parameters = {word: str(known[name]) for word, name in words.items() if known.get(name)} | dict(known.get("OPTIONS") or {})
    async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True, application_name="chengyun live") as link:
        await link.execute("SET default_transaction_read_only = on")
        # For the whole connection: it serves this one tenant and no other, as long as it lives.
        await link.execute("SELECT set_config(%s, %s, false)", (TENANT_SETTING, str(int(tenant))))
        yield OutboxTail(tenant, link)


# --- jobs -----------------------------------------------------------------------------------------------------------------


def read_place(tenant: TenantId, follower: str) -> Place:
    """Where a follower stands; locks its row, so that of two workers one follows."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("INSERT INTO follower (tenant_id, name, xid, last) VALUES (%s, %s, 0, 0) ON CONFLICT DO NOTHING", [tenant, follower])
        cursor.execute("SELECT xid, last FROM follower WHERE tenant_id = %s AND name = %s FOR UPDATE", [tenant, follower])
        return Place(*cursor.fetchone())


def keep_place(tenant: TenantId, follower: str, place: Place) -> None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE follower SET xid = %s, last = %s WHERE tenant_id = %s AND name = %s", [place.xid, place.id, tenant, follower]
        )


def read_after(tenant: TenantId, place: Place, most: int = AT_ONCE) -> list[Line]:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(_AFTER, {"tenant": tenant, "xid": str(place.xid), "id": place.id, "most": most})
        return [_line(row) for row in cursor.fetchall()]


def mark_told(tenant: TenantId, followers: Sequence[str], now: datetime, most: int = 20_000) -> int:
    """Mark lines that every one of the followers has passed; gives how many. Followers that never began hold everything back."""
    with in_tenant(tenant), connection.cursor() as cursor:
        places = [read_place(tenant, name) for name in (*followers, "told")]
        reached, marked = min(places[:-1]), places[-1]
        if reached <= marked:
            return 0
        cursor.execute(
            "WITH passed AS (SELECT o.id, o.xid FROM outbox o WHERE o.tenant_id = %(tenant)s"
            " AND (o.xid, o.id) > (%(from_xid)s::text::xid8, %(from_id)s) AND (o.xid, o.id) <= (%(xid)s::text::xid8, %(id)s)"
            " ORDER BY o.xid, o.id LIMIT %(most)s),"
            " marked AS (UPDATE outbox o SET sent_at = %(now)s FROM passed p WHERE o.tenant_id = %(tenant)s AND o.id = p.id)"
            " SELECT p.xid::text, p.id, count(*) OVER () FROM passed p ORDER BY p.xid DESC, p.id DESC LIMIT 1",
            {
                "tenant": tenant,
                "from_xid": str(marked.xid),
                "from_id": marked.id,
                "xid": str(reached.xid),
                "id": reached.id,
                "now": now,
                "most": most,
            },
        )
        last = cursor.fetchone()
        keep_place(tenant, "told", Place(int(last[0]), last[1]) if last else reached)
        return int(last[2]) if last else 0


def clean(tenant: TenantId, before: datetime, most: int = 5_000) -> int:
    """Remove told lines older than that, oldest first; gives how many."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM outbox WHERE tenant_id = %(tenant)s AND id IN ("
            " SELECT id FROM outbox o WHERE o.tenant_id = %(tenant)s AND o.sent_at IS NOT NULL AND o.at < %(before)s"
            " ORDER BY o.xid, o.id LIMIT %(most)s)",
            {"tenant": tenant, "before": before, "most": most},
        )
        return int(cursor.rowcount)
