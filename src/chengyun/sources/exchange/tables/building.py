"""From lines to records, held against what the city already has. One fault anywhere and nothing is taken.

Codes of the file become ids here: a known code keeps its id, a new one gets the next free number. Rows that say what the city
already says keep their version; rows that say something else are a new version.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from chengyun.base.errors import RowError
from chengyun.base.ids import AreaCode, AreaId, CalendarId, CategoryCode, DutyRowId, OrgId, PersonId, StandardId, TenantId
from chengyun.city.areas import check_areas
from chengyun.city.catalogue import Catalogue, pinyin_key
from chengyun.city.codes import category_code
from chengyun.city.records import (
    EXCLUSIVE_ROLES,
    Area,
    AreaKind,
    Assignment,
    Category,
    CategoryField,
    CategoryKind,
    ClockUnit,
    CodeSet,
    Counting,
    DayRule,
    DutyRow,
    Hours,
    Limit,
    Loop,
    Organisation,
    OrgKind,
    Person,
    Role,
    Scope,
    Shift,
    StandardEntry,
    WorkCalendar,
)
from chengyun.sources.exchange.tables.cells import read_cell
from chengyun.sources.exchange.tables.columns import Book, Cell, Column, Table
from chengyun.sources.exchange.tables.faults import SHOWN, Faults, quoted
from chengyun.sources.exchange.tables.mapping import TableMapping
from chengyun.sources.exchange.tables.reading import MOST_POINTS, Line, read_lines

FIELD_LEVELS = (1, 2, 3)

Versioned = TypeVar("Versioned", StandardEntry, DutyRow)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with what stands apart from the record because it is personal: name and telephone."""

    person: Person
    name_zh: str
    name_en: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    calendar: CalendarId
    rule: DayRule


@dataclass(frozen=True)
class KnownCity:
    """What the city has before the import, as far as a file may refer to it: all versions, in any order."""

    tenant: TenantId
    day: date
    """The day the import counts from; chosen by the caller, never read from a clock here."""
    zone: str = "Asia/Shanghai"
    organisations: Sequence[Organisation] = ()
    areas: Sequence[Area] = ()
    people: Sequence[PersonRow] = ()
    code_sets: Sequence[CodeSet] = ()
    categories: Sequence[Category] = ()
    standards: Sequence[StandardEntry] = ()
    duty_rows: Sequence[DutyRow] = ()
    fields: Sequence[CategoryField] = ()
    calendars: Sequence[WorkCalendar] = ()
    shifts: Sequence[Shift] = ()


@dataclass(frozen=True)
class Imported:
    """A whole table, sound in itself and against the city. `records` are of the type the table is for."""

    table: Table
    records: tuple[Any, ...]
    rows: int


@dataclass(frozen=True)
class Rejected:
    """What is wrong: the first faults in full, and how many there are. Nothing may be stored."""

    table: Table
    errors: tuple[RowError, ...]
    total: int


@dataclass
class _Desk:
    """One file on its way in."""

    city: KnownCity
    mapping: TableMapping
    faults: Faults
    books: Mapping[Book, Collection[str]] = field(default_factory=dict)

    def tell(self, row: int, column: str, code: str, message: str, cure: str = "") -> None:
        self.faults.add(row, self.mapping.columns.get(column, column), code, message, cure)


Row = dict[str, Any]


def read_table(data: bytes, file: str, mapping: TableMapping, city: KnownCity, shown: int = SHOWN) -> Imported | Rejected:
    """All of a file or none of it.

    data     the bytes as they came; file: the name people know it by, used in faults only
    shown    how many faults are told in full
    """
    faults = Faults(file, shown)
    table = mapping.table
    lines = read_lines(data, mapping, faults)
    desk = _Desk(city, mapping, faults, _books(city))
    rows = [_typed(line, desk) for line in lines]
    if not faults:
        _keys_once(lines, rows, desk)
        _own_book(rows, desk)
        for line, row in zip(lines, rows, strict=True):
            _refer(line, row, desk)
    records: tuple[Any, ...] = ()
    if not faults:
        records = _BUILD[table.name](lines, rows, desk)
    if not faults:
        _before_later(lines, records, desk)
    if faults:
        return Rejected(table, tuple(faults.errors), faults.total)
    return Imported(table, records, len(lines))


# --- what every table goes through --------------------------------------------------------------------------------


def _books(city: KnownCity) -> dict[Book, Collection[str]]:
    return {
        Book.ORGANISATION: {o.code for o in city.organisations},
        Book.AREA: {a.code for a in city.areas},
        Book.PERSON: {p.person.number for p in city.people},
        Book.CATEGORY: {c.code for c in city.categories},
        Book.MAJOR: {f"{c.scheme}:{c.major}" for c in city.categories},
        Book.CALENDAR: {str(c.id) for c in city.calendars},
    }


def _typed(line: Line, desk: _Desk) -> Row:
    mapping, zone = desk.mapping, ZoneInfo(desk.city.zone)
    row: Row = {}
    for column in mapping.table.columns:
        if column.cell is Cell.POLYGON:
            row[column.key] = _rings(line, column, desk)
            continue
        text = mapping.constants.get(column.key, line.cells.get(column.key, ""))
        row[column.key] = read_cell(text, column, line.row, mapping, zone, desk.faults)
    start, end = row.get("valid_from"), row.get("valid_to")
    if start is not None and end is not None and end <= start:
        desk.tell(line.row, "valid_to", "row.ends_first", f"{end} is not after {start}", "the last day is the first day no longer valid")
    return row


def _keys_once(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> None:
    seen: dict[Hashable, int] = {}
    for line, row in zip(lines, rows, strict=True):
        key = tuple(row[k] for k in desk.mapping.table.key)
        if (first := seen.setdefault(key, line.row)) != line.row:
            named = ", ".join(str(part) for part in key if part is not None)
            desk.tell(
                line.row, desk.mapping.table.key[0], "row.twice", f"{quoted(named)} stands in row {first} already", "keep one of them"
            )


_OWN = {"organisations": (Book.ORGANISATION, "code"), "people": (Book.PERSON, "number"), "areas": (Book.AREA, "code")}


def _own_book(rows: Sequence[Row], desk: _Desk) -> None:
    """A file may refer to its own rows: a unit to the bureau three rows below."""
    if own := _OWN.get(desk.mapping.table.name):
        book, key = own
        desk.books = {**desk.books, book: {*desk.books[book], *(row[key] for row in rows)}}


def _refer(line: Line, row: Row, desk: _Desk) -> None:
    for column in desk.mapping.table.columns:
        if column.refers is None or row[column.key] is None:
            continue
        for code in _codes(row[column.key], column):
            if code not in desk.books[column.refers]:
                theirs = desk.mapping.columns.get(column.key, column.key)
                message = f"{quoted(code)} is not in the {column.refers}"
                desk.faults.add(
                    line.row, theirs, "cell.unknown", message, f"import the {column.refers} first", (code, desk.books[column.refers])
                )


def _codes(value: Any, column: Column) -> tuple[str, ...]:
    if column.cell is Cell.LIST:
        return tuple(value)
    if column.cell is Cell.PAIRS:
        return tuple(right for _, right in value)
    return (str(value),)


def _rings(line: Line, column: Column, desk: _Desk) -> tuple[tuple[tuple[float, float], ...], ...] | None:
    """Rings of a GeoJSON polygon. Whether they close and hold is asked with all areas together."""
    geometry = line.polygon
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "MultiPolygon" and isinstance(coordinates, list):
        if len(coordinates) != 1:
            cure = "give each part a code of its own, or join them"
            desk.tell(line.row, column.key, "polygon.parts", f"the area has {len(coordinates)} parts", cure)
            return None
        kind, coordinates = "Polygon", coordinates[0]
    if kind != "Polygon" or not isinstance(coordinates, list) or not coordinates:
        desk.tell(line.row, column.key, "polygon.none", f"the geometry is {quoted(str(kind))}", "a Polygon is wanted")
        return None
    if sum(len(ring) if isinstance(ring, list) else 0 for ring in coordinates) > MOST_POINTS:
        desk.tell(line.row, column.key, "polygon.points", f"the polygon has more than {MOST_POINTS:,} points", "simplify it")
        return None
    try:
        return tuple(tuple(_place(point) for point in ring) for ring in coordinates)
    except (TypeError, ValueError, OverflowError):
        desk.tell(line.row, column.key, "polygon.numbers", "a point is not a pair of numbers", "write [longitude, latitude]")
        return None


def _place(point: Any) -> tuple[float, float]:
    lon, lat = point[:2]
    if isinstance(lon, (bool, str)) or isinstance(lat, (bool, str)):
        raise TypeError("a coordinate is a number")
    return float(lon), float(lat)


def _ids(known: Mapping[str, int]) -> Callable[[str], int]:
    """Known names keep their id; a new name gets the next free number."""
    given = dict(known)
    last = max(given.values(), default=0)

    def id_of(name: str) -> int:
        nonlocal last
        if name not in given:
            last += 1
            given[name] = last
        return given[name]

    return id_of


def _or_none(value: str | None, make: Callable[[str], Any]) -> Any:
    return None if value is None else make(value)


def _before_later(lines: Sequence[Line], records: Sequence[Any], desk: _Desk) -> None:
    """A row that runs into a later version the city already has would leave two in force on one day."""
    versions = version_groups(desk.mapping.table, desk.city)
    if versions is None:
        return
    group_of, known = versions
    in_file = {(group_of(r), r.valid_from) for r in records}
    for line, record in zip(lines, records, strict=True):
        for other in known.get(group_of(record), ()):
            runs_into = other.valid_from > record.valid_from and (record.valid_to is None or record.valid_to > other.valid_from)
            lives = other.valid_to is None or other.valid_to > other.valid_from
            if runs_into and lives and (group_of(record), other.valid_from) not in in_file:
                message = f"a version from {other.valid_from} is known already"
                desk.tell(line.row, "valid_to", "row.later_version", message, f"end this one on {other.valid_from}, or import both")


def version_groups(table: Table, city: KnownCity) -> tuple[Callable[[Any], Hashable], dict[Hashable, list[Any]]] | None:
    """What makes records versions of one thing, and the known ones by it; None for tables whose rows are simply replaced."""
    kinds: dict[str, tuple[Callable[[Any], Hashable], Sequence[Any]]] = {
        "organisations": (lambda r: r.code, city.organisations),
        "areas": (lambda r: r.code, city.areas),
        "code-sets": (lambda r: r.scheme, city.code_sets),
        "catalogue": (lambda r: r.code, city.categories),
        "standards": (lambda r: (r.category, r.condition_no, r.area_class), city.standards),
    }
    if table.name not in kinds:
        return None
    group_of, known = kinds[table.name]
    groups: dict[Hashable, list[Any]] = {}
    for record in known:
        groups.setdefault(group_of(record), []).append(record)
    return group_of, groups


# --- one builder a table ------------------------------------------------------------------------------------------


def _organisations(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[Organisation, ...]:
    id_of = _ids({o.code: o.id for o in desk.city.organisations})
    above = {o.code: next((p.code for p in desk.city.organisations if p.id == o.parent), None) for o in desk.city.organisations}
    above |= {row["code"]: row["parent"] for row in rows}
    for line, row in zip(lines, rows, strict=True):
        if _circle(row["code"], above):
            desk.tell(line.row, "parent", "organisation.circle", f"{quoted(row['code'])} stands above itself", "name another body above it")
    for row in rows:
        id_of(row["code"])
    return tuple(
        Organisation(
            id=OrgId(id_of(row["code"])),
            tenant=desk.city.tenant,
            code=row["code"],
            parent=OrgId(id_of(row["parent"])) if row["parent"] else None,
            kind=OrgKind(row["kind"]),
            name_zh=row["name_zh"],
            name_en=row["name_en"] or row["name_zh"],
            display_order=row["display_order"],
            loop=Loop(row["loop"]),
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            area=AreaCode(row["area"]) if row["area"] else None,
            phone=row["phone"] or "",
        )
        for row in rows
    )


def _circle(code: str, above: Mapping[str, str | None]) -> bool:
    seen, at = {code}, above.get(code)
    while at is not None:
        if at == code:
            return True
        if at in seen:
            return False
        seen.add(at)
        at = above.get(at)
    return False


def _areas(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[Area, ...]:
    id_of = _ids({a.code: a.id for a in desk.city.areas})
    areas = tuple(
        Area(
            id=AreaId(id_of(row["code"])),
            tenant=desk.city.tenant,
            code=AreaCode(row["code"]),
            parent=AreaCode(row["parent"]) if row["parent"] else None,
            kind=AreaKind(row["kind"]),
            name_zh=row["name_zh"],
            name_en=row["name_en"] or row["name_zh"],
            area_class=row["area_class"],
            rings=row["polygon"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )
        for row in rows
    )
    row_of = {a.code: line.row for a, line in zip(areas, lines, strict=True)}
    days = sorted({a.valid_from for a in areas} | {desk.city.day})
    told: set[tuple[str, str]] = set()
    for day in days:
        for fault in check_areas(areas, day, desk.city.areas):
            if (fault.reason, fault.code) not in told:
                told.add((fault.reason, fault.code))
                column = "area_class" if fault.reason == "area.class" else "parent" if "parent" in fault.reason else "code"
                column = "polygon" if fault.reason in _DRAWN else column
                message = f"{fault.code}: {fault.facts['found'] or 'nothing'}"
                desk.tell(row_of[fault.code], column, fault.reason, message, f"wanted: {fault.facts['wanted']}")
    return areas


_DRAWN = {"area.no_polygon", "area.not_closed", "area.not_degrees", "area.not_valid", "area.outside_parent", "area.overlap"}


def _people(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[PersonRow, ...]:
    id_of = _ids({p.person.number: p.person.id for p in desk.city.people})
    org_of = {o.code: o.id for o in desk.city.organisations}
    for row in rows:
        id_of(row["number"])
    made: dict[str, PersonRow] = {}
    for line, row in zip(lines, rows, strict=True):
        assignment = Assignment(
            role=Role(row["role"]),
            scope=Scope(
                AreaCode(row["scope_area"]) if row["scope_area"] else None,
                org_of[row["scope_org"]] if row["scope_org"] else None,
                frozenset(row["scope_fields"]) or None,
            ),
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            deputy_for=PersonId(id_of(row["deputy_for"])) if row["deputy_for"] else None,
        )
        person = Person(
            id=PersonId(id_of(row["number"])),
            tenant=desk.city.tenant,
            number=row["number"],
            org=org_of[row["org"]] if row["org"] else None,
            assignments=(assignment,),
            language=row["language"],
            active=row["active"],
        )
        new = PersonRow(person, row["name_zh"], row["name_en"] or row["name_zh"], row["phone"] or "")
        before = made.setdefault(row["number"], new)
        if before is not new:
            if replace(new, person=replace(person, assignments=before.person.assignments)) != before:
                message = f"{quoted(row['number'])} has another name, body, telephone or language in an earlier row"
                desk.tell(line.row, "number", "person.differs", message, "rows of one person differ in role, scope and days only")
            made[row["number"]] = replace(before, person=replace(before.person, assignments=(*before.person.assignments, assignment)))
        if row["deputy_for"] == row["number"]:
            desk.tell(line.row, "deputy_for", "person.own_deputy", f"{quoted(row['number'])} stands in for himself", "leave it empty")
        roles = {a.role for a in made[row["number"]].person.assignments}
        if len(roles) > 1 and roles & EXCLUSIVE_ROLES:
            named = ", ".join(sorted(roles))
            desk.tell(
                line.row, "role", "person.roles", f"{quoted(row['number'])} would hold {named}", "administrators and auditors hold one role"
            )
    return tuple(made.values())


def _shifts(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[Shift, ...]:
    id_of = {p.person.number: p.person.id for p in desk.city.people}
    by_person: dict[str, list[tuple[datetime, datetime, int]]] = {}
    for line, row in zip(lines, rows, strict=True):
        if row["ends"] <= row["starts"]:
            desk.tell(line.row, "ends", "row.ends_first", "the shift ends before it begins", "a shift over midnight ends the next day")
        by_person.setdefault(row["person"], []).append((row["starts"], row["ends"], line.row))
    for shifts in by_person.values():
        shifts.sort()
        for (_, ends, first), (starts, _, second) in pairwise(shifts):
            if starts < ends:
                desk.tell(
                    second, "starts", "shift.overlap", f"it begins before the shift in row {first} ends", "nobody works twice at once"
                )
    return tuple(Shift(id_of[row["person"]], row["starts"], row["ends"], AreaCode(row["area"]) if row["area"] else None) for row in rows)


def _calendar(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[CalendarDay, ...]:
    return tuple(
        CalendarDay(
            CalendarId(row["calendar"]),
            DayRule(row["day"], row["working"], row["hours"], row["reason_zh"] or "", row["reason_en"] or ""),
        )
        for row in rows
    )


def _code_sets(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[CodeSet, ...]:
    return tuple(
        CodeSet(
            row["scheme"],
            row["standard"],
            row["title_zh"],
            row["title_en"] or row["title_zh"],
            row["valid_from"],
            row["valid_to"],
            row["confidence"] or "",
        )
        for row in rows
    )


def _catalogue(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[Category, ...]:
    categories = tuple(
        Category(
            code=category_code(row["scheme"], CategoryKind(row["kind"]), row["number"]),
            scheme=row["scheme"],
            kind=CategoryKind(row["kind"]),
            number=row["number"],
            major=row["major"],
            major_zh=row["major_zh"],
            major_en=row["major_en"] or row["major_zh"],
            name_zh=row["name_zh"],
            name_en=row["name_en"] or row["name_zh"],
            field=row["field"],
            maps_to=_or_none(row["maps_to"], CategoryCode),
            linked_component=_or_none(row["linked_component"], CategoryCode),
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            translated=row["translated"],
            local=row["local"],
            pinyin=row["pinyin"] or pinyin_key(row["name_zh"]),
            geometry=row["geometry"] or "",
            source=row["source"] or "",
            confidence=row["confidence"] or "",
        )
        for row in rows
    )
    row_of = {c.code: line.row for c, line in zip(categories, lines, strict=True)}
    kept = [c for c in desk.city.categories if c.code not in row_of]
    for fault in Catalogue([*kept, *categories]).faults():
        if fault.code in row_of:
            found = ", ".join(f"{k} {quoted(v)}" for k, v in fault.facts.items()) or "it is missing"
            desk.tell(
                row_of[CategoryCode(fault.code)], _column_of(fault.reason), fault.reason, f"{fault.code}: {found}", _cure_of(fault.reason)
            )
    return categories


def _column_of(reason: str) -> str:
    return {
        "category.field_unknown": "field",
        "category.maps_to_unknown": "maps_to",
        "category.component_unknown": "linked_component",
        "category.versions_overlap": "valid_from",
    }.get(reason, "number")


def _cure_of(reason: str) -> str:
    return {
        "category.maps_to_unknown": "name a code of the catalogue, or leave it empty: it is then listed as work",
        "category.component_unknown": "name a component type of the catalogue",
        "category.versions_overlap": "end the one version where the next begins",
        "category.local_number": "extensions of a city are numbered from 900 on",
        "category.number": "five digits in the 2026 scheme, four in the older ones",
    }.get(reason, "")


def _standards(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[StandardEntry, ...]:
    known = {_standard_key(e): e for e in sorted(desk.city.standards, key=lambda e: e.version)}
    id_of = _ids({key: e.id for key, e in known.items()})
    made: list[StandardEntry] = []
    days: dict[tuple[str, int, int | None], list[tuple[date, date, int]]] = {}
    for line, row in zip(lines, rows, strict=True):
        if row["amount"] <= 0:
            desk.tell(line.row, "amount", "standard.limit_not_positive", f"{row['amount']} is no limit", "write a number above 0")
        _class_known(line, row, desk)
        entry = StandardEntry(
            id=StandardId(0),
            version=1,
            category=CategoryCode(row["category"]),
            condition_no=row["condition_no"],
            filing_zh=row["filing_zh"],
            filing_en=row["filing_en"] or row["filing_zh"],
            limit=Limit(row["amount"], ClockUnit(row["unit"]), Counting(row["counting"])),
            closing_zh=row["closing_zh"],
            closing_en=row["closing_en"] or row["closing_zh"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            area_class=row["area_class"],
            source=row["source"] or "",
            confidence=row["confidence"] or "",
            translated=row["translated"],
        )
        key = _standard_key(entry)
        made.append(_versioned(replace(entry, id=StandardId(id_of(key))), known.get(key)))
        span = (entry.valid_from, entry.valid_to or date.max, line.row)
        days.setdefault((entry.category, entry.condition_no, entry.area_class), []).append(span)
    for spans in days.values():
        spans.sort()
        for (_, ends, first), (starts, _, second) in pairwise(spans):
            if starts < ends:
                desk.tell(second, "valid_from", "standard.overlap", f"it begins while row {first} is in force", "end the one first")
    return tuple(made)


def _standard_key(entry: StandardEntry) -> str:
    return f"{entry.category} {entry.condition_no} {entry.area_class} {entry.valid_from}"


def _class_known(line: Line, row: Row, desk: _Desk) -> None:
    if row["area_class"] not in (None, 1, 2, 3):
        desk.tell(line.row, "area_class", "area.class", f"{row['area_class']} is no class", "1 core, 2 town, 3 fringe, or empty")


def _asked(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[CategoryField, ...]:
    for line, row in zip(lines, rows, strict=True):
        if (row["kind"] == "choice") != bool(row["choices"]):
            message = "there is nothing to choose from" if row["kind"] == "choice" else f"a {row['kind']} has no answers to choose from"
            desk.tell(line.row, "choices", "field.choices", message, "answers belong to the kind choice, and only to it")
        if row["personal_level"] not in FIELD_LEVELS:
            desk.tell(line.row, "personal_level", "field.level", f"{row['personal_level']} is no level", "1 open, 2 inside, 3 personal")
    return tuple(
        CategoryField(
            CategoryCode(row["category"]),
            row["key"],
            row["label_zh"],
            row["label_en"] or row["label_zh"],
            row["kind"],
            row["required"],
            row["choices"],
            row["personal_level"],
        )
        for row in rows
    )


def _duty_list(lines: Sequence[Line], rows: Sequence[Row], desk: _Desk) -> tuple[DutyRow, ...]:
    known = {r.number: r for r in sorted(desk.city.duty_rows, key=lambda r: r.version)}
    id_of = _ids({number: r.id for number, r in known.items()})
    org_of = {o.code: o.id for o in desk.city.organisations}
    made: list[DutyRow] = []
    for line, row in zip(lines, rows, strict=True):
        _class_known(line, row, desk)
        if row["category"] is not None and row["major"] is not None:
            desk.tell(line.row, "major", "duty.category_and_major", "the row names a category and a major class", "keep one of them")
        duty = DutyRow(
            id=DutyRowId(id_of(row["number"])),
            version=1,
            number=row["number"],
            category=_or_none(row["category"], CategoryCode),
            major=row["major"],
            area=_or_none(row["area"], AreaCode),
            owner=org_of[row["owner"]] if row["owner"] else None,
            hours=Hours(row["hours"]),
            handling_unit=org_of[row["handling_unit"]],
            trade_department=org_of[row["trade_department"]] if row["trade_department"] else None,
            assisting=tuple(org_of[code] for code in row["assisting"]),
            ladder=tuple((Loop(loop), org_of[code]) for loop, code in row["ladder"]),
            area_class=row["area_class"],
            valid_from=row["valid_from"] or date.min,
            valid_to=row["valid_to"],
            signed_by=row["signed_by"] or "",
            source=row["source"] or "",
        )
        made.append(_versioned(duty, known.get(row["number"])))
    return tuple(made)


def _versioned(new: Versioned, known: Versioned | None) -> Versioned:
    """The known version if nothing changed, else the next one."""
    if known is None:
        return new
    return known if replace(new, version=known.version) == known else replace(new, version=known.version + 1)


_BUILD: Mapping[str, Callable[[Sequence[Line], Sequence[Row], _Desk], tuple[Any, ...]]] = {
    "organisations": _organisations,
    "areas": _areas,
    "people": _people,
    "shifts": _shifts,
    "calendar": _calendar,
    "code-sets": _code_sets,
    "catalogue": _catalogue,
    "standards": _standards,
    "fields": _asked,
    "duty-list": _duty_list,
}
