"""The standing city at the interface: categories and what they ask, areas, units, people to choose from, calendars, the city's clock."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from chengyun.base.errors import NotFound
from chengyun.base.geometry import Point
from chengyun.base.ids import CalendarId, CategoryCode
from chengyun.base.time import to_text
from chengyun.cases import access
from chengyun.cases.access import Target
from chengyun.city import calendars
from chengyun.city.records import Area, Category, DayRule, Limit, Role, StandardEntry, WorkCalendar, in_force
from chengyun.screens import house
from chengyun.screens.api.asking import Anybody, Asking, Session, allowed, asking
from chengyun.screens.api.moments import Moment
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.screens.words import say
from chengyun.stores.city_book import CityBook, read_shifts
from chengyun.stores.city_changes import set_calendar_day
from chengyun.stores.reading.city_use import cases_timed_by, usual_categories

router = Router(tags=["city"])

LOOKED_BACK = timedelta(days=90)
WITH_CONDITIONS = 60
"""A longer answer leaves out the conditions of the standard table: it is a tree to choose from, not a card to read."""
FURTHEST_JUMP = timedelta(days=400)


# --- categories -------------------------------------------------------------------------------------------------------


class StandardLimit(Schema):
    amount: int
    unit: str
    counting: str


class ConditionOut(Schema):
    id: int
    condition_no: int
    filing_zh: str
    filing_en: str
    closing_zh: str
    closing_en: str
    limit: StandardLimit
    limit_zh: str
    limit_en: str
    area_class: int | None


class CategoryOut(Schema):
    code: str
    number: str
    kind: str
    major: str
    major_zh: str
    major_en: str
    name_zh: str
    name_en: str
    field: str
    likely: bool = False
    conditions: list[ConditionOut] = []


class CategoriesOut(Schema):
    rows: list[CategoryOut]


class FieldOut(Schema):
    key: str
    label_zh: str
    label_en: str
    kind: str
    required: bool
    choices: list[tuple[str, str, str]]


class FieldsOut(Schema):
    rows: list[FieldOut]


class CategoriesAsked(Schema):
    text: str = Field("", max_length=60)
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    limit: int = Field(20, ge=1, le=2000)


@router.get("/city/categories", auth=Anybody(csrf=False), response={200: CategoriesOut, **PROBLEMS}, operation_id="categories_list")
def categories(request: HttpRequest, asked: Query[CategoriesAsked]) -> CategoriesOut:
    """What a case can be filed under. With `text` the best match first; without, what is usual at the place first, marked `likely`."""
    ask = asking(request)
    allowed(ask, "city.categories.read")
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    day = held.day_of(now)
    path = _path(ask, asked.lon, asked.lat, now)
    usual: tuple[CategoryCode, ...] = ()
    if asked.text.strip():
        found = list(held.catalogue.search(asked.text, day, limit=asked.limit))
    else:
        usual = usual_categories(ask.tenant, path.community if path else None, now - LOOKED_BACK, 12)
        offered = {each.code: each for each in held.catalogue.fileable(day)}
        first = [offered[code] for code in usual if code in offered]
        known = {each.code for each in first}
        found = [*first, *(each for each in offered.values() if each.code not in known)][: asked.limit]
    area_class = path.area_class if path else None
    rows = [_category(held, each, day, area_class, len(found) <= WITH_CONDITIONS, each.code in usual) for each in found]
    return CategoriesOut(rows=rows)


@router.get("/city/categories/{str:code}", auth=Anybody(csrf=False), response={200: CategoryOut, **PROBLEMS}, operation_id="category_get")
def category(request: HttpRequest, code: str) -> CategoryOut:
    """One category with all its conditions, whatever the class of the area."""
    ask = asking(request)
    allowed(ask, "city.categories.read")
    held, day = _held(ask)
    return _category(held, _get_category(held, code, day), day, None, True, False)


@router.get(
    "/city/categories/{str:code}/fields", auth=Anybody(csrf=False), response={200: FieldsOut, **PROBLEMS}, operation_id="category_fields"
)
def fields(request: HttpRequest, code: str) -> FieldsOut:
    """What is asked when a report of this category is made."""
    ask = asking(request)
    allowed(ask, "city.categories.read")
    held, day = _held(ask)
    found = held.catalogue.fields_for(_get_category(held, code, day).code)
    return FieldsOut(
        rows=[
            FieldOut(
                key=each.key,
                label_zh=each.label_zh,
                label_en=each.label_en,
                kind=each.kind,
                required=each.required,
                choices=list(each.choices),
            )
            for each in found
        ]
    )


def _held(ask: Asking) -> tuple[CityBook, date]:
    here = house.current()
    held = here.book.held(ask.tenant)
    return held, held.day_of(here.clock.now())


def _get_category(held: CityBook, code: str, day: date) -> Category:
    found = held.catalogue.find(CategoryCode(code), day)
    if found is None:
        raise NotFound("there is no such category today")
    return found


def _path(ask: Asking, lon: float | None, lat: float | None, now: datetime) -> Any:
    if lon is None or lat is None:
        return None
    areas = house.current().book.rules(ask.tenant, now).areas
    return areas.locate(Point(lon, lat)) if areas else None


def _category(held: CityBook, one: Category, day: date, area_class: int | None, whole: bool, likely: bool) -> CategoryOut:
    if area_class is not None:
        entries = held.catalogue.standards_for(one.code, area_class, day)
    else:
        entries = tuple(e for e in held.standards if e.category == one.code and in_force(e.valid_from, e.valid_to, day)) if whole else ()
    return CategoryOut(
        code=one.code,
        number=one.number,
        kind=one.kind,
        major=one.major,
        major_zh=one.major_zh,
        major_en=one.major_en,
        name_zh=one.name_zh,
        name_en=one.name_en,
        field=one.field,
        likely=likely,
        conditions=[_condition(each) for each in sorted(entries, key=lambda e: (e.condition_no, e.area_class or 0))] if whole else [],
    )


def _condition(entry: StandardEntry) -> ConditionOut:
    limit = entry.limit
    return ConditionOut(
        id=entry.id,
        condition_no=entry.condition_no,
        filing_zh=entry.filing_zh,
        filing_en=entry.filing_en,
        closing_zh=entry.closing_zh,
        closing_en=entry.closing_en,
        limit=StandardLimit(amount=limit.amount, unit=limit.unit, counting=limit.counting),
        limit_zh=limit_words(limit, "zh"),
        limit_en=limit_words(limit, "en"),
        area_class=entry.area_class,
    )


def limit_words(limit: Limit, language: Literal["zh", "en"]) -> str:
    return say(f"limit.{limit.unit}", language, amount=limit.amount)


# --- areas and units --------------------------------------------------------------------------------------------------


class AreaOut(Schema):
    code: str
    kind: str
    parent: str | None
    name_zh: str
    name_en: str
    area_class: int
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north in degrees WGS84")
    rings: list[list[tuple[float, float]]] | None = None


class AreasOut(Schema):
    rows: list[AreaOut]


class AreasAsked(Schema):
    kind: Literal["district", "street", "community", "unit_grid", "responsibility_grid"] | None = None
    parent: str | None = Field(None, max_length=24)
    geometry: bool = False


@router.get("/city/areas", auth=Anybody(csrf=False), response={200: AreasOut, **PROBLEMS}, operation_id="areas_list")
def areas(request: HttpRequest, asked: Query[AreasAsked]) -> AreasOut:
    """Areas of a kind below a parent, with their bounds; polygons only when `geometry` is asked for."""
    ask = asking(request)
    allowed(ask, "city.areas.read")
    here = house.current()
    found = here.book.areas(ask.tenant, here.clock.now())
    parent = asked.parent
    rows = [
        each
        for each in found
        if (asked.kind is None or each.kind == asked.kind)
        and (parent is None or each.parent == parent or (each.code != parent and each.code.startswith(parent)))
    ]
    return AreasOut(rows=[_area(each, asked.geometry) for each in sorted(rows, key=lambda each: (each.kind, each.code))])


def _area(area: Area, whole: bool) -> AreaOut:
    lons, lats = [x for x, _ in area.rings[0]], [y for _, y in area.rings[0]]
    return AreaOut(
        code=area.code,
        kind=area.kind,
        parent=area.parent,
        name_zh=area.name_zh,
        name_en=area.name_en,
        area_class=area.area_class,
        bounds=(min(lons), min(lats), max(lons), max(lats)),
        rings=[list(ring) for ring in area.rings] if whole else None,
    )


class UnitOut(Schema):
    id: int
    code: str
    parent: int | None
    kind: str
    loop: str
    name_zh: str
    name_en: str
    area: str | None
    display_order: int


class UnitsOut(Schema):
    rows: list[UnitOut]


@router.get("/city/organisations", auth=Session(csrf=False), response={200: UnitsOut, **PROBLEMS}, operation_id="organisations_list")
def organisations(request: HttpRequest) -> UnitsOut:
    """Units in force, parents before their children, in their official order."""
    ask = asking(request)
    allowed(ask, "city.organisations.read")
    here = house.current()
    found = here.book.organisations(ask.tenant, here.clock.now())
    below: dict[int | None, list[Any]] = {}
    for org in sorted(found.values(), key=lambda each: (each.display_order, each.id)):
        below.setdefault(org.parent if org.parent in found else None, []).append(org)
    rows: list[UnitOut] = []
    waiting = list(reversed(below.get(None, [])))
    while waiting:
        org = waiting.pop()
        rows.append(
            UnitOut(
                id=org.id,
                code=org.code,
                parent=org.parent,
                kind=org.kind,
                loop=org.loop,
                name_zh=org.name_zh,
                name_en=org.name_en,
                area=org.area,
                display_order=org.display_order,
            )
        )
        waiting += reversed(below.pop(org.id, []))
    return UnitsOut(rows=rows)


class ColleagueOut(Schema):
    id: int
    number: str
    name: str
    org: int | None
    roles: list[str]
    on_shift: bool


class ColleaguesOut(Schema):
    rows: list[ColleagueOut]


class ColleaguesAsked(Schema):
    role: Role | None = None
    unit: int | None = Field(None, ge=1, le=2**53)
    text: str = Field("", max_length=40)
    limit: int = Field(200, ge=1, le=500)


@router.get("/city/people", auth=Session(csrf=False), response={200: ColleaguesOut, **PROBLEMS}, operation_id="people_list")
def people(request: HttpRequest, asked: Query[ColleaguesAsked]) -> ColleaguesOut:
    """Colleagues to choose from - a handler, a checker, a deputy - of a unit and all below it. Citizens are never listed."""
    ask = asking(request)
    allowed(ask, "city.organisations.read")
    here = house.current()
    now = here.clock.now()
    held, day = _held(ask)
    rules, cards = here.book.rules(ask.tenant, now), here.book.people(ask.tenant)
    working = {shift.person for shift in read_shifts(ask.tenant, now, now + timedelta(seconds=1))}
    words = asked.text.strip().casefold()
    rows = []
    for person in held.people.values():
        card = cards.get(person.id)
        if card is None or person.org is None:
            continue
        roles = sorted({str(each.role) for each in person.assignments if in_force(each.valid_from, each.valid_to, day)})
        if not set(roles).isdisjoint((Role.CITIZEN, Role.MACHINE)) or (asked.role is not None and asked.role not in roles):
            continue
        if asked.unit is not None and not rules.is_within(person.org, asked.unit):  # type: ignore[arg-type]
            continue
        if words and words not in card.name.casefold() and not card.number.casefold().startswith(words):
            continue
        rows.append(ColleagueOut(id=card.id, number=card.number, name=card.name, org=card.org, roles=roles, on_shift=person.id in working))
    rows.sort(key=lambda each: (not each.on_shift, each.number))
    return ColleaguesOut(rows=rows[: asked.limit])


# --- calendars --------------------------------------------------------------------------------------------------------


class DayOut(Schema):
    day: date
    working: bool
    hours: list[tuple[str, str]]
    reason_zh: str
    reason_en: str


class CalendarOut(Schema):
    id: int
    version: int
    used_for: list[str]
    name_zh: str
    name_en: str
    zone: str
    round_the_clock: bool
    weekly: dict[str, list[tuple[str, str]]] = Field(description="0 Monday .. 6 Sunday")
    days: list[DayOut]
    published_through: date | None


class CalendarsOut(Schema):
    year: int
    rows: list[CalendarOut]


class DayIn(Schema, extra="forbid"):
    """A day that becomes another than its weekday says. `from_moment` ends a day in its course: a typhoon at noon."""

    calendar: int = Field(ge=1, le=2**53)
    day: date
    working: bool
    hours: list[tuple[time, time]] = Field(default=[], max_length=8)
    from_moment: Moment | None = None
    reason_zh: str = Field(min_length=2, max_length=80)
    reason_en: str = Field(default="", max_length=120)


class DaySetOut(Schema):
    calendar: int
    version: int
    day: DayOut
    cases_touched: int = Field(description="open cases whose clocks run by this calendar; they are re-timed in the background")
    repeated: bool = False


@router.get("/city/calendars", auth=Session(csrf=False), response={200: CalendarsOut, **PROBLEMS}, operation_id="calendars_list")
def list_calendars(request: HttpRequest, year: int | None = Query(None, ge=1990, le=2200)) -> CalendarsOut:  # type: ignore[type-arg]
    """The calendars in force, with the days of a year that are not what their weekday says."""
    ask = asking(request)
    allowed(ask, "city.calendars.read")
    held, day = _held(ask)
    year, now = year or day.year, house.current().clock.now()
    used = _used_for(held, now)
    rows = []
    for id_ in sorted({each.id for each in held.calendars}):
        try:
            newest = held.calendar(id_, now).calendar
        except NotFound:
            continue
        rows.append(
            CalendarOut(
                id=newest.id,
                version=newest.version,
                used_for=used.get(newest.id, []),
                name_zh=newest.name_zh,
                name_en=newest.name_en,
                zone=newest.zone,
                round_the_clock=newest.round_the_clock,
                weekly={str(weekday): _hours(hours) for weekday, hours in sorted(newest.weekly.items())},
                days=[_day(rule) for rule in newest.days if rule.day.year == year],
                published_through=None if newest.published_through.year > 9000 else newest.published_through,
            )
        )
    return CalendarsOut(year=year, rows=rows)


@router.post("/city/calendars/days", auth=Session(), response={201: DaySetOut, **PROBLEMS}, operation_id="calendar_day_set")
def set_day(request: HttpRequest, body: DayIn) -> Status[DaySetOut]:
    """Say that a day is a holiday, a workday, or shorter: a new version of the calendar, by which open clocks are timed again."""
    ask = asking(request)
    answer = allowed(ask, "city.calendars.write")
    sent = set(body.model_fields_set) | {"calendar", "day", "working", "reason_zh"}
    faults = access.check_fields({post.role for post in answer.posts}, "city.calendars.write", sent)
    if faults:
        raise Answered(422, "bad_input", faults[0].reason, {"field": faults[0].field})
    here = house.current()
    now = here.clock.now()
    held, today = _held(ask)
    calendar = held.calendar(CalendarId(body.calendar), now).calendar
    if calendar.round_the_clock:
        raise Answered(422, "refused", "calendar_never_closes")
    if body.day < today:
        raise Answered(422, "refused", "day_has_passed", {"day": body.day.isoformat()})
    rule = _rule(calendar, body)

    def act() -> Mapping[str, object]:
        made = set_calendar_day(ask.tenant, calendar, rule)
        start = datetime.combine(body.day, time(0), tzinfo=ZoneInfo(calendar.zone))
        touched = sum(cases_timed_by(ask.tenant, name, start) for name in _used_for(held, now).get(calendar.id, []))
        note(
            ask,
            answer,
            "city.calendars.write",
            f"calendar:{made.id}:{rule.day.isoformat()}",
            f"version:{made.version}",
            before=[_day(each).dict() for each in calendar.days if each.day == rule.day],
            after=_day(rule).dict(),
        )
        return {"calendar": made.id, "version": made.version, "day": _day(rule).dict(), "cases_touched": touched}

    kept, repeated = do_once(request, ask, "calendar_day_set", body.dict(), act)
    here.book.forget(ask.tenant)
    return Status(201, DaySetOut(**kept, repeated=repeated))


def _rule(calendar: WorkCalendar, body: DayIn) -> DayRule:
    """The rule of the day as it will be written; a day that ends at a moment keeps the hours until then (docs/reference/deadlines.md)."""
    hours = tuple(body.hours)
    if body.from_moment is not None:
        until = body.from_moment.astimezone(ZoneInfo(calendar.zone))
        if until.date() != body.day or hours or body.working:
            raise Answered(422, "bad_input", "moment_not_of_the_day", {"day": body.day.isoformat()})
        usual = calendars.compile(calendar).openings(
            datetime.combine(body.day, time(0), tzinfo=ZoneInfo(calendar.zone)),
            datetime.combine(body.day + timedelta(days=1), time(0), tzinfo=ZoneInfo(calendar.zone)),
        )
        spans = [(a.astimezone(until.tzinfo), min(b.astimezone(until.tzinfo), until)) for a, b in usual]
        hours = tuple((a.time(), b.time()) for a, b in spans if a < b)
    return DayRule(body.day, body.working, hours, body.reason_zh, body.reason_en)


def _used_for(held: CityBook, now: datetime) -> dict[int, list[str]]:
    """Calendar -> the names under which clocks know it: `city`, `centre`, `clock`."""
    found: dict[int, list[str]] = {}
    for name, compiled in held.named_calendars(now).items():
        found.setdefault(int(compiled.calendar.id), []).append(name)
    return found


def _day(rule: DayRule) -> DayOut:
    return DayOut(day=rule.day, working=rule.working, hours=_hours(rule.hours), reason_zh=rule.reason_zh, reason_en=rule.reason_en)


def _hours(hours: tuple[tuple[time, time], ...]) -> list[tuple[str, str]]:
    return [(f"{a:%H:%M}", f"{b:%H:%M}") for a, b in hours]


# --- the clock --------------------------------------------------------------------------------------------------------


class CityClockOut(Schema):
    now: str
    zone: str
    settable: bool
    speed: float


class ClockIn(Schema, extra="forbid"):
    """Where the city's clock is to stand, or how far it goes on; the demo's clock never runs back."""

    now: Moment | None = None
    advance_minutes: int | None = Field(default=None, ge=1, le=400 * 1440)
    speed: float | None = Field(default=None, ge=0, le=3600)


@router.get("/city/clock", auth=Anybody(csrf=False), response={200: CityClockOut, **PROBLEMS}, operation_id="clock_read")
def read_clock(request: HttpRequest) -> CityClockOut:
    ask = asking(request)
    allowed(ask, "clock.read")
    return _clock(ask)


@router.post("/city/clock", auth=Session(), response={200: CityClockOut, **PROBLEMS}, operation_id="clock_set")
def set_clock(request: HttpRequest, body: ClockIn) -> CityClockOut:
    """Set the clock of the demo city. A real city's clock is the wall's, and nobody sets it."""
    ask = asking(request)
    here = house.current()
    answer = allowed(ask, "clock.set", Target(ask.tenant, demo=here.demo and here.set_clock is not None))
    assert here.set_clock is not None
    before = here.clock.now()
    if body.now is not None and not before <= body.now <= before + FURTHEST_JUMP:
        raise Answered(422, "refused", "clock_out_of_reach", {"now": to_text(before)})

    def act() -> Mapping[str, object]:
        moment = (body.now or before) + timedelta(minutes=body.advance_minutes or 0)
        note(ask, answer, "clock.set", "clock", "set", before=to_text(before), after=to_text(moment))
        return {"to": to_text(moment)}

    kept, repeated = do_once(request, ask, "clock_set", body.dict(), act)
    if not repeated:
        here.set_clock(datetime.fromisoformat(str(kept["to"]).replace("Z", "+00:00")), body.speed)
    return _clock(ask)


def _clock(ask: Asking) -> CityClockOut:
    here = house.current()
    zone = here.book.card(ask.tenant).zone
    return CityClockOut(
        now=to_text(here.clock.now()),
        zone=zone,
        settable=here.demo and here.set_clock is not None,
        speed=float(getattr(here.clock, "speed", 1.0)),
    )
