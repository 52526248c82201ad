"""Reference tables to files, in the form the import reads: CSV in UTF-8 with a mark (spreadsheets then show Chinese), areas as GeoJSON.

Cells that a spreadsheet would calculate get an apostrophe before them; the import takes it away, so a table comes back as it went.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chengyun.city.records import Area, Category, CategoryField, CodeSet, DutyRow, Organisation, Shift, StandardEntry
from chengyun.sources.exchange.tables.building import CalendarDay, KnownCity, PersonRow
from chengyun.sources.exchange.tables.cells import write_cell
from chengyun.sources.exchange.tables.columns import Cell, Table
from chengyun.sources.exchange.tables.reading import columns_of, guarded


def write_table(table: Table, records: Sequence[Any], city: KnownCity) -> bytes:
    """A file that `read_table` takes back without a mapping. `city` gives the codes behind the ids."""
    cells = _CELLS[table.name]
    names = _Names(city)
    if table.geojson:
        return _geojson(table, records, cells, names)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns_of(table))
    for record in records:
        for row in cells(record, names):
            writer.writerow([guarded(write_cell(row.get(c.key), c)) for c in table.columns if c.cell is not Cell.POLYGON])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


class _Names:
    """Ids back to the codes people know."""

    def __init__(self, city: KnownCity) -> None:
        self.org: Mapping[int | None, str | None] = {None: None} | {o.id: o.code for o in city.organisations}
        self.person: Mapping[int | None, str | None] = {None: None} | {p.person.id: p.person.number for p in city.people}


def _geojson(table: Table, records: Sequence[Area], cells: Callable[[Any, _Names], Iterable[dict[str, Any]]], names: _Names) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {c.key: write_cell(row.get(c.key), c) for c in table.columns if c.cell is not Cell.POLYGON},
            "geometry": {"type": "Polygon", "coordinates": area.rings},
        }
        for area in records
        for row in cells(area, names)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1).encode()


def _plain(*keys: str) -> Callable[[Any, _Names], Iterable[dict[str, Any]]]:
    return lambda record, names: [{key: getattr(record, key) for key in keys}]


def _organisation(o: Organisation, names: _Names) -> Iterable[dict[str, Any]]:
    keys = ("code", "kind", "name_zh", "name_en", "display_order", "loop", "area", "phone", "valid_from", "valid_to")
    yield {key: getattr(o, key) for key in keys} | {"parent": names.org[o.parent]}


def _person(p: PersonRow, names: _Names) -> Iterable[dict[str, Any]]:
    for a in p.person.assignments:
        yield {
            "number": p.person.number,
            "name_zh": p.name_zh,
            "name_en": p.name_en,
            "phone": p.phone,
            "org": names.org[p.person.org],
            "role": a.role,
            "scope_area": a.scope.area,
            "scope_org": names.org[a.scope.org],
            "scope_fields": sorted(a.scope.fields or ()),
            "valid_from": a.valid_from,
            "valid_to": a.valid_to,
            "deputy_for": names.person[a.deputy_for],
            "language": p.person.language,
            "active": p.person.active,
        }


def _shift(s: Shift, names: _Names) -> Iterable[dict[str, Any]]:
    yield {"person": names.person[s.person], "starts": s.starts, "ends": s.ends, "area": s.area}


def _calendar_day(d: CalendarDay, names: _Names) -> Iterable[dict[str, Any]]:
    keys = ("day", "working", "hours", "reason_zh", "reason_en")
    yield {"calendar": d.calendar} | {key: getattr(d.rule, key) for key in keys}


def _standard(e: StandardEntry, names: _Names) -> Iterable[dict[str, Any]]:
    keys = ("category", "condition_no", "filing_zh", "filing_en", "closing_zh", "closing_en", "area_class", "valid_from", "valid_to")
    limit = {"amount": e.limit.amount, "unit": e.limit.unit, "counting": e.limit.counting}
    yield {key: getattr(e, key) for key in (*keys, "translated", "source", "confidence")} | limit


def _duty(r: DutyRow, names: _Names) -> Iterable[dict[str, Any]]:
    keys = ("number", "category", "major", "area", "hours", "area_class", "valid_from", "valid_to", "signed_by", "source")
    yield {key: getattr(r, key) for key in keys} | {
        "owner": names.org[r.owner],
        "handling_unit": names.org[r.handling_unit],
        "trade_department": names.org[r.trade_department],
        "assisting": [names.org[org] for org in r.assisting],
        "ladder": [(loop, names.org[org]) for loop, org in r.ladder],
    }


def _keys(record: type, *without: str) -> tuple[str, ...]:
    return tuple(name for name in record.__dataclass_fields__ if name not in without)  # type: ignore[attr-defined]


_CELLS: Mapping[str, Callable[[Any, _Names], Iterable[dict[str, Any]]]] = {
    "organisations": _organisation,
    "areas": _plain(*_keys(Area, "id", "tenant", "rings")),
    "people": _person,
    "shifts": _shift,
    "calendar": _calendar_day,
    "code-sets": _plain(*_keys(CodeSet)),
    "catalogue": _plain(*_keys(Category, "code")),
    "standards": _standard,
    "fields": _plain(*_keys(CategoryField)),
    "duty-list": _duty,
}
