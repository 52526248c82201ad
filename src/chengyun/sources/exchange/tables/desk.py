"""Use cases: take a table in, give a table out. One transaction with its audit entry, or nothing at all."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chengyun.cases.ports import AuditEntry
from chengyun.cases.records import Actor
from chengyun.sources.exchange.tables.building import CalendarDay, Imported, KnownCity, Rejected, read_table
from chengyun.sources.exchange.tables.changes import find_changes
from chengyun.sources.exchange.tables.columns import Table
from chengyun.sources.exchange.tables.exporting import write_table
from chengyun.sources.exchange.tables.mapping import TableMapping
from chengyun.sources.exchange.tables.ports import CityTables


@dataclass(frozen=True)
class Taken:
    """What an import did, or on trial would do: rows read, records written, older versions ended."""

    table: Table
    rows: int
    written: int
    ended: int
    stored: bool


def take_in(
    data: bytes, file: str, mapping: TableMapping, tables: CityTables, actor: Actor, at: datetime, zone: str, *, trial: bool = False
) -> Taken | Rejected:
    """Read a file against the city and store all of it, with one audit entry; or none of it, with the faults.

    at      the moment of the city clock; its day in `zone` is the day the file is checked for
    trial   check everything, store nothing
    """
    with tables.change() as work:
        known = work.known(at.astimezone(ZoneInfo(zone)).date())
        found = read_table(data, file, mapping, known)
        if isinstance(found, Rejected):
            return found
        changes = find_changes(found, known)
        taken = Taken(found.table, found.rows, len(changes.written), len(changes.ended), stored=not trial)
        if trial:
            return taken
        if changes.records:
            work.write(found.table, changes.records)
        work.record_audit(
            _audit("import", found.table, f"{taken.rows} rows, {taken.written} written, {taken.ended} ended", data, actor, at)
        )
        return taken


def give_out(table: Table, tables: CityTables, actor: Actor, at: datetime, zone: str) -> bytes:
    """The table as it stands, in the form `take_in` takes. Recorded, because some tables hold names."""
    with tables.change() as work:
        known = work.known(at.astimezone(ZoneInfo(zone)).date())
        data = write_table(table, records_of(table, known), known)
        work.record_audit(_audit("export", table, "done", data, actor, at))
        return data


def records_of(table: Table, known: KnownCity) -> tuple[Any, ...]:
    """The records a file of this table holds; of numbered versions the newest, of ended rows all."""
    match table.name:
        case "calendar":
            newest = {c.id: c for c in sorted(known.calendars, key=lambda c: c.version)}
            return tuple(CalendarDay(c.id, rule) for c in newest.values() for rule in c.days)
        case "duty-list":
            return tuple({r.id: r for r in sorted(known.duty_rows, key=lambda r: r.version)}.values())
        case "standards":
            return tuple({e.id: e for e in sorted(known.standards, key=lambda e: e.version)}.values())
        case name:
            kinds = {"organisations": known.organisations, "areas": known.areas, "people": known.people, "shifts": known.shifts}
            kinds |= {"code-sets": known.code_sets, "catalogue": known.categories, "fields": known.fields}  # type: ignore[dict-item]
            return tuple(kinds[name])


def _audit(verb: str, table: Table, result: str, data: bytes, actor: Actor, at: datetime) -> AuditEntry:
    """The digest of the file says which one it was, without keeping it."""
    return AuditEntry(
        operation=f"city.{verb}",
        object=table.name,
        result=result,
        actor=actor,
        at=at,
        origin="command",
        after=hashlib.sha256(data).digest(),
    )


__all__ = ["Imported", "Rejected", "Taken", "give_out", "records_of", "take_in"]
