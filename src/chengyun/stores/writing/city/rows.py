"""Records of the standing city to rows and back. Columns are named as fields, so a table says only what differs:
which columns hold JSON, and what makes a row the same row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, TypeVar

import msgspec
from django.db import connection, models
from django.db.models import JSONField

from chengyun.base.geometry import Point
from chengyun.base.ids import TenantId
from chengyun.city import records
from chengyun.stores.cells import cell
from chengyun.stores.writing.cases import codec
from chengyun.stores.writing.city import models as tables

R = TypeVar("R")
AT_ONCE = 2_000
"""Rows per statement."""


@dataclass(frozen=True)
class Kept:
    """How one kind of record is kept. `key`: what makes two rows the same row; loading again replaces it."""

    record: type[Any]
    model: type[models.Model]
    key: tuple[str, ...]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f.column for f in self.model._meta.concrete_fields if f.name not in ("row", "tenant"))

    @property
    def json_columns(self) -> frozenset[str]:
        return frozenset(f.column for f in self.model._meta.concrete_fields if isinstance(f, JSONField))


KEPT: tuple[Kept, ...] = (
    Kept(records.Organisation, tables.Organisation, ("id", "valid_from")),
    Kept(records.Area, tables.Area, ("id", "valid_from")),
    Kept(records.Component, tables.Component, ("identifier", "valid_from")),
    Kept(records.CodeSet, tables.CodeSet, ("scheme", "valid_from")),
    Kept(records.Category, tables.Category, ("code", "valid_from")),
    Kept(records.StandardEntry, tables.StandardEntry, ("id", "version")),
    Kept(records.CategoryField, tables.CategoryField, ("category", "key")),
    Kept(records.DutyRow, tables.DutyRow, ("id", "version")),
    Kept(records.WorkCalendar, tables.WorkCalendar, ("id", "version")),
    Kept(records.Person, tables.Person, ("id",)),
    Kept(records.Shift, tables.Shift, ("person", "starts")),
)
BY_RECORD = {kept.record: kept for kept in KEPT}


def write_rows(tenant: TenantId, items: Iterable[Any]) -> int:
    """Write records of one kind; a row with the same key is replaced. Inside a transaction of the tenant."""
    waiting = iter(items)
    count = 0
    while batch := list(islice(waiting, AT_ONCE)):
        kept = BY_RECORD[type(batch[0])]
        insert(tenant, kept.table, kept.columns, kept.key, [_to_row(item) for item in batch])
        count += len(batch)
    return count


def insert(tenant: TenantId, table: str, columns: Sequence[str], key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Rows as JSON in one statement: COPY does not go through row security."""
    listed = ", ".join(f'"{column}"' for column in columns)
    changed = ", ".join(f'"{column}" = excluded."{column}"' for column in columns if column not in key)
    on_clash = f"ON CONFLICT (tenant_id, {', '.join(key)}) DO UPDATE SET {changed}" if key else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (tenant_id, {listed}) SELECT %s, {listed}"
            f" FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) {on_clash}",
            [tenant, codec.write_text(rows)],
        )


def read_rows(tenant: TenantId, record: type[R]) -> tuple[R, ...]:
    """All rows of a kind, all versions, as frozen records."""
    kept = BY_RECORD[record]
    names = kept.columns
    listed = ", ".join(f'"{name}"::text' if name in kept.json_columns else f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {listed} FROM {kept.table} WHERE tenant_id = %s ORDER BY "row"', [tenant])
        return tuple(_from_row(kept, tenant, dict(zip(names, row, strict=True))) for row in cursor.fetchall())


def record_of(tenant: TenantId, row: models.Model) -> Any:
    """What the program would read from a row that is about to be written. Raises msgspec.ValidationError, naming the column."""
    kept = next(kept for kept in KEPT if kept.model is type(row))
    values = {f.column: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in ("row", "tenant")}
    for name in kept.json_columns:
        values[name] = None if values[name] is None else codec.write_text(values[name])
    return _from_row(kept, tenant, values)


def _to_row(item: Any) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(item, str_keys=True)
    row.pop("tenant", None)
    if isinstance(item, records.Component):
        row.pop("place")
        row |= {"lon": item.place.lon, "lat": item.place.lat, "cell": cell(item.place)}
    return row


def _from_row(kept: Kept, tenant: TenantId, row: dict[str, Any]) -> Any:
    for name in kept.json_columns:
        row[name] = codec.read_json(row[name]) if row[name] is not None else None
    if kept.record is records.Component:
        row["place"] = Point(row["lon"], row["lat"])
    if kept.record is records.Person:
        row["assignments"] = ()
    known = {f.name for f in fields(kept.record)}
    return msgspec.convert({name: value for name, value in row.items() if name in known} | {"tenant": tenant}, kept.record, strict=False)
