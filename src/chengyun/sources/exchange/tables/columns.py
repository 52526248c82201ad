"""The tables a city hands in, column by column: what each means, what it may hold, what it refers to.

This is the form of the files, the check list of the import, the header of the export, and the table in
`docs/how-to/import-a-city.md`: one place for all four.
"""

from dataclasses import dataclass
from enum import StrEnum

from chengyun.city.catalogue import FIELDS
from chengyun.city.records import AreaKind, CategoryKind, ClockUnit, Counting, Hours, Loop, OrgKind, Role


class Cell(StrEnum):
    """What a cell is read as."""

    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    MOMENT = "moment"
    """Date and time; without an offset it is city time."""
    YES_NO = "yes_no"
    CHOICE = "choice"
    LIST = "list"
    """Several codes with `|` between them."""
    PAIRS = "pairs"
    """`micro:ORG|small:ORG`"""
    CHOICES = "choices"
    """`key=zh=en|key=zh=en`"""
    HOURS = "hours"
    """`08:00-12:00|14:00-18:00`"""
    POLYGON = "polygon"
    """The geometry of a GeoJSON feature."""


class Book(StrEnum):
    """What a code refers to."""

    ORGANISATION = "organisations"
    AREA = "areas"
    PERSON = "people"
    CATEGORY = "catalogue"
    MAJOR = "majors of the catalogue"
    CALENDAR = "calendars"


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    cell: Cell
    meaning: str
    required: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()
    refers: Book | None = None
    most: int = 1000
    """Longest text, in characters."""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of file. `key` are the columns that name a row: no two rows of a file may agree in all of them."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    geojson: bool = False


STAFF_ROLES = tuple(r for r in Role if r not in (Role.CITIZEN, Role.MACHINE, Role.ANONYMOUS, Role.SYSTEM))

_FROM = Column("valid_from", Cell.DATE, "first day", required=True)
_TO = Column("valid_to", Cell.DATE, "first day no longer; empty: until further notice")
_ZH = Column("name_zh", Cell.TEXT, "Chinese name", required=True, most=80)
_EN = Column("name_en", Cell.TEXT, "English name; empty: the Chinese name is shown", most=120)
_SOURCE = (Column("source", Cell.TEXT, "where the row comes from"), Column("confidence", Cell.TEXT, "how far to trust it"))

ORGANISATIONS = Table(
    "organisations",
    "government, centre, bureaus, streets, communities, units, firms, teams",
    (
        Column("code", Cell.TEXT, "code people and files cite", required=True, most=64),
        Column("parent", Cell.TEXT, "code of the body above", refers=Book.ORGANISATION),
        Column("kind", Cell.CHOICE, "kind of body", required=True, choices=tuple(OrgKind)),
        _ZH,
        _EN,
        Column("display_order", Cell.INTEGER, "official order in lists", default="0"),
        Column("loop", Cell.CHOICE, "loop it closes matters in", required=True, choices=tuple(Loop)),
        Column("area", Cell.TEXT, "code of its area", refers=Book.AREA),
        Column("phone", Cell.TEXT, "office telephone", most=40),
        _FROM,
        _TO,
    ),
    ("code", "valid_from"),
)

AREAS = Table(
    "areas",
    "district, streets, communities, unit grids, responsibility grids, each a polygon",
    (
        Column("code", Cell.TEXT, "6, 9, 12 or 15 digits by level; own code for a responsibility grid", required=True, most=24),
        Column("parent", Cell.TEXT, "code of the area above", most=24),
        Column("kind", Cell.CHOICE, "level", required=True, choices=tuple(AreaKind)),
        _ZH,
        _EN,
        Column("area_class", Cell.INTEGER, "1 core, 2 town, 3 fringe", default="1"),
        _FROM,
        _TO,
        Column("polygon", Cell.POLYGON, "geometry of the feature, degrees WGS84 or CGCS2000", required=True),
    ),
    ("code", "valid_from"),
    geojson=True,
)

PEOPLE = Table(
    "people",
    "staff with their roles; one row per role of a person",
    (
        Column("number", Cell.TEXT, "staff number", required=True, most=24),
        _ZH,
        _EN,
        Column("phone", Cell.TEXT, "telephone", most=40),
        Column("org", Cell.TEXT, "code of the body the person belongs to", refers=Book.ORGANISATION),
        Column("role", Cell.CHOICE, "role", required=True, choices=STAFF_ROLES),
        Column("scope_area", Cell.TEXT, "sees this area and all under it; empty: no limit", refers=Book.AREA),
        Column("scope_org", Cell.TEXT, "sees this body and all under it; empty: no limit", refers=Book.ORGANISATION),
        Column("scope_fields", Cell.LIST, "sees these fields; empty: all", choices=FIELDS),
        _FROM,
        _TO,
        Column("deputy_for", Cell.TEXT, "staff number of the person stood in for", refers=Book.PERSON),
        Column("language", Cell.CHOICE, "language of the pages", default="zh", choices=("zh", "en")),
        Column("active", Cell.YES_NO, "may sign in", default="yes"),
    ),
    ("number", "role", "scope_area", "scope_org", "valid_from"),
)

SHIFTS = Table(
    "shifts",
    "who works where from when to when",
    (
        Column("person", Cell.TEXT, "staff number", required=True, refers=Book.PERSON),
        Column("starts", Cell.MOMENT, "beginning, city time unless it has an offset", required=True),
        Column("ends", Cell.MOMENT, "end", required=True),
        Column("area", Cell.TEXT, "area or responsibility grid", refers=Book.AREA),
    ),
    ("person", "starts"),
)

CALENDAR = Table(
    "calendar",
    "days that are not what their weekday says",
    (
        Column("calendar", Cell.INTEGER, "number of the work calendar", required=True, refers=Book.CALENDAR),
        Column("day", Cell.DATE, "the day", required=True),
        Column("working", Cell.YES_NO, "is it a working day", required=True),
        Column("hours", Cell.HOURS, "hours of that day; empty on a working day: the usual ones"),
        Column("reason_zh", Cell.TEXT, "reason in Chinese", most=200),
        Column("reason_en", Cell.TEXT, "reason in English", most=200),
    ),
    ("calendar", "day"),
)

CODE_SETS = Table(
    "code-sets",
    "published lists of types and the days they are in force",
    (
        Column("scheme", Cell.TEXT, "short name: 2026, or the city's own", required=True, most=16),
        Column("standard", Cell.TEXT, "name of the standard", required=True, most=80),
        Column("title_zh", Cell.TEXT, "Chinese title", required=True, most=120),
        Column("title_en", Cell.TEXT, "English title", most=160),
        _FROM,
        _TO,
        _SOURCE[1],
    ),
    ("scheme", "valid_from"),
)

CATALOGUE = Table(
    "catalogue",
    "types of components, component faults and matters, with their way from old codes to new",
    (
        Column("scheme", Cell.TEXT, "code set", required=True, most=16),
        Column("kind", Cell.CHOICE, "what it is a type of", required=True, choices=tuple(CategoryKind)),
        Column("number", Cell.TEXT, "digits of the type", required=True, most=16),
        Column("major", Cell.TEXT, "digits of the major class", required=True, most=8),
        Column("major_zh", Cell.TEXT, "Chinese name of the major class", required=True, most=80),
        Column("major_en", Cell.TEXT, "English name of the major class", most=120),
        _ZH,
        _EN,
        Column("field", Cell.CHOICE, "field of management", required=True, choices=FIELDS),
        Column("maps_to", Cell.TEXT, "code it became, scheme:kind:number; empty: nobody has decided yet"),
        Column("linked_component", Cell.TEXT, "component type whose fault this is"),
        _FROM,
        _TO,
        Column("translated", Cell.YES_NO, "a name was translated and awaits the city's eye", default="no"),
        Column("local", Cell.YES_NO, "extension of the city", default="no"),
        Column("pinyin", Cell.TEXT, "search key; empty: made from the Chinese name", most=400),
        Column("geometry", Cell.CHOICE, "shape when surveyed", choices=("point", "line", "polygon")),
        *_SOURCE,
    ),
    ("scheme", "kind", "number", "valid_from"),
)

STANDARDS = Table(
    "standards",
    "filing condition, limit and closing condition by category",
    (
        Column("category", Cell.TEXT, "scheme:kind:number", required=True, refers=Book.CATEGORY),
        Column("condition_no", Cell.INTEGER, "number of the condition", required=True),
        Column("filing_zh", Cell.TEXT, "what must hold to file, Chinese", required=True),
        Column("filing_en", Cell.TEXT, "the same in English"),
        Column("amount", Cell.INTEGER, "limit", required=True),
        Column("unit", Cell.CHOICE, "unit of the limit", required=True, choices=tuple(ClockUnit)),
        Column("counting", Cell.CHOICE, "how the unit is counted", default="accumulate", choices=tuple(Counting)),
        Column("closing_zh", Cell.TEXT, "what must hold to close, Chinese", required=True),
        Column("closing_en", Cell.TEXT, "the same in English"),
        Column("area_class", Cell.INTEGER, "1 core, 2 town, 3 fringe; empty: all"),
        _FROM,
        _TO,
        Column("translated", Cell.YES_NO, "words were translated and await the city's eye", default="no"),
        *_SOURCE,
    ),
    ("category", "condition_no", "area_class", "valid_from"),
)

ASKED = Table(
    "fields",
    "questions asked when a report of the category is made",
    (
        Column("category", Cell.TEXT, "scheme:kind:number", required=True, refers=Book.CATEGORY),
        Column("key", Cell.TEXT, "name of the answer", required=True, most=40),
        Column("label_zh", Cell.TEXT, "question in Chinese", required=True, most=80),
        Column("label_en", Cell.TEXT, "question in English", most=120),
        Column("kind", Cell.CHOICE, "kind of answer", required=True, choices=("text", "number", "choice", "yes_no", "date")),
        Column("required", Cell.YES_NO, "must it be answered", default="no"),
        Column("choices", Cell.CHOICES, "answers to choose from"),
        Column("personal_level", Cell.INTEGER, "1 open, 2 inside, 3 personal", default="2"),
    ),
    ("category", "key"),
)

DUTY_LIST = Table(
    "duty-list",
    "who handles what, where, whose, when; an empty cell means any",
    (
        Column("number", Cell.TEXT, "what people cite, D-0417", required=True, most=24),
        Column("category", Cell.TEXT, "scheme:kind:number", refers=Book.CATEGORY),
        Column("major", Cell.TEXT, "scheme:major for every category of it, used when category is empty", refers=Book.MAJOR),
        Column("area", Cell.TEXT, "area and all under it", refers=Book.AREA),
        Column("owner", Cell.TEXT, "owner of the component", refers=Book.ORGANISATION),
        Column("hours", Cell.CHOICE, "when the row holds", default="any", choices=tuple(Hours)),
        Column("handling_unit", Cell.TEXT, "who does the work", required=True, refers=Book.ORGANISATION),
        Column("trade_department", Cell.TEXT, "who answers for the trade", refers=Book.ORGANISATION),
        Column("assisting", Cell.LIST, "who helps", refers=Book.ORGANISATION),
        Column("ladder", Cell.PAIRS, "next units by loop, micro:ORG|small:ORG", choices=tuple(Loop), refers=Book.ORGANISATION),
        Column("area_class", Cell.INTEGER, "1 core, 2 town, 3 fringe; empty: all"),
        Column("valid_from", Cell.DATE, "first day; empty: always"),
        _TO,
        Column("signed_by", Cell.TEXT, "who signed for it", most=80),
        Column("source", Cell.TEXT, "the file it came from, or the consultation that wrote it", most=80),
    ),
    ("number",),
)

TABLES: dict[str, Table] = {
    t.name: t for t in (ORGANISATIONS, AREAS, PEOPLE, SHIFTS, CALENDAR, CODE_SETS, CATALOGUE, STANDARDS, ASKED, DUTY_LIST)
}
