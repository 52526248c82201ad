"""Records of the standing city. Frozen; a change is a new version with its own validity.

Validity is half open: `valid_from <= day < valid_to`, `valid_to` None means until further notice. Days are city days.
Every record may carry `name_zh` and `name_en`; people and units also `display_order`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from chengyun.base.geometry import Point
from chengyun.base.ids import (
    AreaCode,
    AreaId,
    CalendarId,
    CategoryCode,
    DutyRowId,
    OrgId,
    PersonId,
    StandardId,
    TenantId,
)


def in_force(valid_from: date, valid_to: date | None, day: date) -> bool:
    return valid_from <= day and (valid_to is None or day < valid_to)


# --- people -------------------------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a person may be (domain 1.1). `system` acts for timers and automatic rules; it is never a login."""

    COLLECTOR = "collector"
    INTAKE_OFFICER = "intake_officer"
    SHIFT_LEAD = "shift_lead"
    DISPATCHER = "dispatcher"
    UNIT_CLERK = "unit_clerk"
    HANDLER = "handler"
    SUPERVISING_DEPT = "supervising_dept"
    DUTY_LEADER = "duty_leader"
    ASSESSOR = "assessor"
    CALL_AGENT = "call_agent"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"
    CITIZEN = "citizen"
    MACHINE = "machine"
    ANONYMOUS = "anonymous"
    SYSTEM = "system"


EXCLUSIVE_ROLES = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
"""Nobody holds two of these, nor one of these with any other role (promise A6)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Area subtree x own unit subtree x category field. None means no limit on that axis."""

    area: AreaCode | None = None
    org: OrgId | None = None
    fields: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role of one person, with its scope and dates. `deputy_for` names whom the person stands in for."""

    role: Role
    scope: Scope
    valid_from: date
    valid_to: date | None = None
    deputy_for: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    tenant: TenantId
    number: str
    """Staff number, unique in the tenant; shown where a name is not."""
    org: OrgId | None
    assignments: tuple[Assignment, ...]
    language: str = "zh"
    active: bool = True


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of one person: `collector 07 works grid 12 from .. to`. Times aware."""

    person: PersonId
    starts: datetime
    ends: datetime
    area: AreaCode | None = None


# --- organisations and areas --------------------------------------------------------------------------------------


class OrgKind(StrEnum):
    GOVERNMENT = "government"
    CENTER = "center"
    BUREAU = "bureau"
    STREET = "street"
    COMMUNITY = "community"
    UNIT = "unit"
    FIRM = "firm"
    TEAM = "team"


class Loop(StrEnum):
    """The four loops (domain 1.3): closed in the community, the street, the department, or with market and society."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Organisation:
    id: OrgId
    tenant: TenantId
    code: str
    parent: OrgId | None
    kind: OrgKind
    name_zh: str
    name_en: str
    display_order: int
    loop: Loop
    valid_from: date
    valid_to: date | None = None
    area: AreaCode | None = None
    phone: str = ""


class AreaKind(StrEnum):
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    UNIT_GRID = "unit_grid"
    RESPONSIBILITY_GRID = "responsibility_grid"


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon with a code of `coding.md`. `area_class` (1 core, 2 town, 3 fringe) chooses between limits of the standard table."""

    id: AreaId
    tenant: TenantId
    code: AreaCode
    parent: AreaCode | None
    kind: AreaKind
    name_zh: str
    name_en: str
    area_class: int
    rings: tuple[tuple[tuple[float, float], ...], ...]
    """Outer ring first, then holes; (lon, lat) in degrees WGS84, closed."""
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A surveyed public facility (17-digit identifier, 16 in the 2013 scheme)."""

    identifier: str
    tenant: TenantId
    category: CategoryCode
    name_zh: str
    name_en: str
    place: Point
    unit_grid: AreaCode
    owner: OrgId | None
    maintenance: OrgId | None
    state: str
    valid_from: date
    valid_to: date | None = None


# --- catalogue ----------------------------------------------------------------------------------------------------


class CategoryKind(StrEnum):
    COMPONENT = "component"
    COMPONENT_FAULT = "component_fault"
    MATTER = "matter"


@dataclass(frozen=True, slots=True)
class Category:
    """A type of the code set. `translated` says that a name was translated by us and awaits the city's eye."""

    code: CategoryCode
    scheme: str
    kind: CategoryKind
    number: str
    major: str
    major_zh: str
    major_en: str
    name_zh: str
    name_en: str
    field: str
    """One of the six fields: facilities, upkeep, environment, traffic, safety, enforcement."""
    maps_to: CategoryCode | None
    linked_component: CategoryCode | None
    valid_from: date
    valid_to: date | None = None
    translated: bool = False
    local: bool = False
    """A city's own extension: minor number 900 and above in the 2026 scheme, 77 and above in the older ones."""
    pinyin: str = ""
    """Syllables of `name_zh`, parted by spaces, without tones; the key for sorting and searching."""
    geometry: str = ""
    """point, line or polygon, as suggested for surveying."""
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class CodeSet:
    """A published list of types (`scheme` 2007, 2013, 2026, or a city's own) and the days on which it is in force."""

    scheme: str
    standard: str
    title_zh: str
    title_en: str
    valid_from: date
    valid_to: date | None = None
    confidence: str = ""


class ClockUnit(StrEnum):
    """Units of limits (domain 2.3). Urgent units run by the clock, day and night."""

    URGENT_MINUTE = "urgent_minute"
    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    WORK_MINUTE = "work_minute"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"


class Counting(StrEnum):
    """What "1 work day" means (domain 9.3): hours added up, the same time on the Nth next working day, or the end of it."""

    ACCUMULATE = "accumulate"
    SAME_TIME = "same_time"
    END_OF_DAY = "end_of_day"


@dataclass(frozen=True, slots=True)
class Limit:
    amount: int
    unit: ClockUnit
    counting: Counting = Counting.ACCUMULATE


@dataclass(frozen=True, slots=True)
class StandardEntry:
    """A row of the standard table: what must hold to file, how long it may take, what must hold to close."""

    id: StandardId
    version: int
    category: CategoryCode
    condition_no: int
    filing_zh: str
    filing_en: str
    limit: Limit
    closing_zh: str
    closing_en: str
    valid_from: date
    valid_to: date | None = None
    area_class: int | None = None
    """None: the same for all classes."""
    source: str = ""
    confidence: str = ""
    translated: bool = False


@dataclass(frozen=True, slots=True)
class CategoryField:
    """A question asked when a report of this category is made."""

    category: CategoryCode
    key: str
    label_zh: str
    label_en: str
    kind: str
    """text, number, choice, yes_no, date"""
    required: bool
    choices: tuple[tuple[str, str, str], ...] = ()
    """(key, zh, en)"""
    personal_level: int = 2


# --- duty list ----------------------------------------------------------------------------------------------------


class Hours(StrEnum):
    ANY = "any"
    OFFICE = "office"
    OFF_HOURS = "off_hours"


@dataclass(frozen=True, slots=True)
class DutyRow:
    """Who handles what, where, whose, when. None in a column means "any"; a filled column is the more specific.

    Specificity is decided in `cases.responsibility`: category before owner before area (the smallest) before hours.
    `trade_department` answers for the trade, `handling_unit` does the work, `ladder` names the next units by loop.
    """

    id: DutyRowId
    version: int
    number: str
    """What people cite: `D-0417`."""
    category: CategoryCode | None
    major: str | None
    """`2026:06` stands for every category of that major; used when `category` is None."""
    area: AreaCode | None
    owner: OrgId | None
    hours: Hours
    handling_unit: OrgId
    trade_department: OrgId | None
    assisting: tuple[OrgId, ...] = ()
    ladder: tuple[tuple[Loop, OrgId], ...] = ()
    area_class: int | None = None
    valid_from: date = date.min
    valid_to: date | None = None
    signed_by: str = ""
    source: str = ""
    """`import`, or the number of the consultation that wrote it."""


# --- calendar -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayRule:
    """A day that is not what its weekday says.

    working, no hours       a make-up workday: the hours of its weekday or, at a weekend, of the first weekday that has any
    working, hours          a work day with other hours
    not working, no hours   a holiday
    not working, hours      a day declared a holiday in its course (a typhoon at noon): the hours until then still count as working
                            time, but limits counted in days pass over the day
    """

    day: date
    working: bool
    hours: tuple[tuple[time, time], ...] = ()
    reason_zh: str = ""
    reason_en: str = ""


@dataclass(frozen=True)
class WorkCalendar:
    """Office hours by weekday plus the days that differ. `published_through`: last day whose holidays are announced;
    deadlines reaching past it are provisional."""

    id: CalendarId
    version: int
    name_zh: str
    name_en: str
    zone: str
    weekly: Mapping[int, tuple[tuple[time, time], ...]]
    """0 Monday .. 6 Sunday -> opening intervals of that day in city time; none: closed. An end of 00:00 means midnight."""
    days: tuple[DayRule, ...] = ()
    published_through: date = date.max
    round_the_clock: bool = False
    valid_from: date = date.min
    valid_to: date | None = None
    full_day: timedelta = field(default=timedelta(hours=8))
    """What one work day is worth in `accumulate`."""
