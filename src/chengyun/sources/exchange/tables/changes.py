"""What an import changes in the books: the new rows, the versions they end, and nothing where the file says what is known.

Rows that the file does not name stay as they are: a file of ten streets is no order to abolish the others. A row ends by its `valid_to`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from chengyun.city.records import DayRule, DutyRow, WorkCalendar
from chengyun.sources.exchange.tables.building import CalendarDay, Imported, KnownCity, version_groups


@dataclass(frozen=True)
class Changes:
    """`written` are new or altered records, `ended` older versions with their last day set. All are to be stored together."""

    written: tuple[Any, ...]
    ended: tuple[Any, ...]

    @property
    def records(self) -> tuple[Any, ...]:
        return self.ended + self.written


def find_changes(imported: Imported, city: KnownCity) -> Changes:
    match imported.table.name:
        case "calendar":
            return Changes(_calendars(imported.records, city.calendars), ())
        case "duty-list":
            return _duty_list(imported.records, city.duty_rows)
        case name:
            known = {
                "organisations": city.organisations,
                "areas": city.areas,
                "people": city.people,
                "shifts": city.shifts,
                "code-sets": city.code_sets,
                "catalogue": city.categories,
                "standards": city.standards,
                "fields": city.fields,
            }[name]
            said = set(known)
            written = tuple(r for r in imported.records if r not in said)
            return Changes(written, _ended(written, imported, city))


def _ended(written: Sequence[Any], imported: Imported, city: KnownCity) -> tuple[Any, ...]:
    """Known versions that are in force when a new one of the same thing begins: they end that day."""
    versions = version_groups(imported.table, city)
    if versions is None:
        return ()
    group_of, known = versions
    ended: dict[Any, Any] = {}
    for record in sorted(written, key=lambda r: r.valid_from, reverse=True):
        for other in known.get(group_of(record), ()):
            now = ended.get(other, other)
            if _replaced(other, record):
                continue
            if other.valid_from < record.valid_from and _runs_past(now.valid_to, record.valid_from):
                ended[other] = replace(other, valid_to=record.valid_from)
            elif other.valid_from == record.valid_from and getattr(other, "version", 0) < getattr(record, "version", 0):
                ended[other] = replace(other, valid_to=other.valid_from)
    said_again = {(group_of(r), r.valid_from) for r in imported.records if not hasattr(r, "version")}
    return tuple(e for o, e in ended.items() if (group_of(o), o.valid_from) not in said_again)


def _replaced(other: Any, record: Any) -> bool:
    """The store replaces a row of the same key: it needs no ending. Numbered versions are never replaced."""
    return other.valid_from == record.valid_from and not hasattr(record, "version")


def _runs_past(valid_to: date | None, day: date) -> bool:
    return valid_to is None or valid_to > day


def _duty_list(rows: Sequence[DutyRow], known: Sequence[DutyRow]) -> Changes:
    """A new version of a row ends the one before; if it begins no later, the one before was never in force."""
    said = set(known)
    written = tuple(r for r in rows if r not in said)
    new = {r.id: r for r in written}
    ended = tuple(
        replace(old, valid_to=max(old.valid_from, new[old.id].valid_from))
        for old in known
        if old.id in new and _runs_past(old.valid_to, max(old.valid_from, new[old.id].valid_from))
    )
    return Changes(written, ended)


def _calendars(days: Sequence[CalendarDay], known: Sequence[WorkCalendar]) -> tuple[WorkCalendar, ...]:
    """The next version of each calendar whose days differ from those it has."""
    newest = {c.id: c for c in sorted(known, key=lambda c: c.version)}
    made: list[WorkCalendar] = []
    for id_, calendar in newest.items():
        rules: dict[date, DayRule] = {r.day: r for r in calendar.days}
        merged = rules | {d.rule.day: d.rule for d in days if d.calendar == id_}
        if merged != rules:
            ordered = tuple(merged[day] for day in sorted(merged))
            made.append(replace(calendar, version=calendar.version + 1, days=ordered))
    return tuple(made)
