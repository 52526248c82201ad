"""The duty list at the interface: who handles what, where, whose and when; its gaps and double answers first, since they are work."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from chengyun.base.errors import BadInput
from chengyun.base.ids import AreaCode, CategoryCode, DutyRowId, OrgId, TenantId
from chengyun.base.results import Refused
from chengyun.cases import access
from chengyun.cases.access import Kind, Target
from chengyun.cases.responsibility import DutyIndex, Question, count_answers
from chengyun.city.records import AreaKind, Category, DutyRow, Hours, Loop, in_force
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered, settle
from chengyun.stores.city_book import CityBook
from chengyun.stores.city_changes import add_duty_row, stands_on
from chengyun.stores.reading.city_use import cases_by_duty_row

router = Router(tags=["city"])

LONGEST_PAGE = 200
COUNTED_OVER = timedelta(days=30)
LONGEST_GROUND, SHORTEST_REASON = 120, 2
"""Characters of a reason; chosen by us, because it must stand in a cell of the list."""
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
"""Words without control characters, which a sheet and the store could not keep."""


class DutyOrg(Schema):
    id: int
    name_zh: str
    name_en: str


class DutyCategory(Schema):
    code: str
    name_zh: str
    name_en: str
    field: str


class DutyRowOut(Schema):
    id: str
    number: str
    version: int
    category: DutyCategory | None
    major: str | None
    major_zh: str | None
    major_en: str | None
    area: str | None
    area_name_zh: str | None
    area_name_en: str | None
    area_class: int | None
    owner: DutyOrg | None
    hours: str
    unit: DutyOrg | None
    trade_department: DutyOrg | None
    assisting: list[DutyOrg] = []
    ladder: list[tuple[str, DutyOrg]] = []
    valid_from: date | None
    valid_to: date | None
    signed_by: str
    source: str
    cases_30d: int | None
    problem: Literal["gap", "double"] | None = None
    rows: list[str] = Field(default=[], description="of a double answer: the numbers of the rows that contradict each other")


class StreetOut(Schema):
    code: str
    name_zh: str
    name_en: str
    gaps: int


class DutyPageOut(Schema):
    rows: list[DutyRowOut]
    next: str | None
    total: int
    total_is_exact: bool = True
    gaps: int
    doubles: int
    pairs: int = Field(description="categories that can be filed x communities")
    unique_share: float | None
    streets: list[StreetOut]
    as_of: str


class DutyAsked(Schema):
    category: str | None = Field(None, max_length=40)
    major: str | None = Field(None, max_length=12)
    area: str | None = Field(None, max_length=24)
    unit: int | None = Field(None, ge=1, le=2**53)
    text: str = Field("", max_length=60)
    problem: Literal["gap", "double"] | None = None
    row: int | None = Field(None, ge=1, le=2**53, description="all versions of one row")
    after: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=LONGEST_PAGE)


class LadderIn(Schema, extra="forbid"):
    loop: Loop
    unit: int = Field(ge=1, le=2**53)


class DutyRowIn(Schema, extra="forbid"):
    """A row, or with `row` its next version; `seen_version` is the one its author looked at."""

    row: int | None = Field(default=None, ge=1, le=2**53)
    seen_version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    category: str | None = Field(default=None, max_length=40)
    major: str | None = Field(default=None, max_length=12)
    area: str | None = Field(default=None, max_length=24)
    owner: int | None = Field(default=None, ge=1, le=2**53)
    hours: Hours = Hours.ANY
    handling_unit: int = Field(ge=1, le=2**53)
    trade_department: int | None = Field(default=None, ge=1, le=2**53)
    assisting: list[int] = Field(default=[], max_length=8)
    ladder: list[LadderIn] = Field(default=[], max_length=4)
    area_class: int | None = Field(default=None, ge=1, le=3)
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = Field(
        default="desk", max_length=LONGEST_GROUND, pattern=ONE_LINE, description="on what ground: a paper's number, or the reason in words"
    )


class DutyRowEnd(Schema, extra="forbid"):
    """From `valid_to` on nobody handles anything by this row; without a day, from today."""

    seen_version: int = Field(ge=1, le=2**31 - 1)
    valid_to: date | None = None
    reason: str = Field(min_length=SHORTEST_REASON, max_length=LONGEST_GROUND, pattern=ONE_LINE)


class DutyRowMade(Schema):
    row: int
    version: int
    number: str
    repeated: bool = False


# --- reading ----------------------------------------------------------------------------------------------------------


@router.get("/city/duty-list", auth=Session(csrf=False), response={200: DutyPageOut, **PROBLEMS}, operation_id="duty_list")
def duty_list(request: HttpRequest, asked: Query[DutyAsked]) -> DutyPageOut:
    """Rows in force today, by number; with `problem`, the pairs of category and community the list answers not at all or twice."""
    ask = asking(request)
    allowed(ask, "city.duty_list.read")
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    names = _Names(ask, held, now)
    problems = find_problems(held, names.day)
    found: Sequence[DutyRow | DutyRowOut]
    if asked.problem is not None:
        found = [names.of_problem(each) for each in problems.found if each.kind == asked.problem and _problem_fits(each, asked, names)]
    else:
        found = _rows(held, asked, names)
    start = _read_mark(asked.after)
    rest = [row for row in found if start is None or _place(row) > start]
    page = [names.of_row(row) if isinstance(row, DutyRow) else row for row in rest[: asked.limit]]
    _count_cases(ask, now, page)
    return DutyPageOut(
        rows=page,
        next=_write_mark(page[-1]) if len(rest) > len(page) else None,
        total=len(found),
        gaps=sum(1 for each in problems.found if each.kind == "gap"),
        doubles=sum(1 for each in problems.found if each.kind == "double"),
        pairs=problems.pairs,
        unique_share=(problems.pairs - len(problems.found)) / problems.pairs if problems.pairs else None,
        streets=names.streets(problems),
        as_of=now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    )


@dataclass(frozen=True)
class Problem:
    """A category and a community that the list answers not at all (`gap`) or in several ways (`double`) at some hour."""

    kind: str
    category: Category
    community: AreaCode
    hours: str
    rows: tuple[DutyRow, ...] = ()


@dataclass(frozen=True)
class Problems:
    pairs: int
    found: tuple[Problem, ...]


_searched: dict[TenantId, tuple[tuple[int, date], Problems]] = {}


def find_problems(held: CityBook, day: date) -> Problems:
    """Every category that can be filed x every community, by office hours and after; searched once per version of the book and day."""
    key = (held.version, day)
    kept = _searched.get(held.tenant.id)
    if kept is not None and kept[0] == key:
        return kept[1]
    index = DutyIndex((row for row in held.duty_rows if in_force(row.valid_from, row.valid_to, day)), held.version)
    areas = {area.code: area for area in held.areas if in_force(area.valid_from, area.valid_to, day)}
    communities = [area for area in areas.values() if area.kind is AreaKind.COMMUNITY]
    moment = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    found, pairs = [], 0
    for category in held.catalogue.fileable(day):
        for community in communities:
            pairs += 1
            levels = {AreaKind.DISTRICT: community.code[:6], AreaKind.STREET: community.code[:9], AreaKind.COMMUNITY: community.code}
            asked = [
                Question(category.code, moment, day, office, {kind: AreaCode(code) for kind, code in levels.items()}, community.area_class)
                for office in (True, False)
            ]
            counts = [count_answers(each, index) for each in asked]
            if all(count == 1 for count in counts):
                continue
            kind = "gap" if 0 in counts else "double"
            wrong = [count == 0 if kind == "gap" else count > 1 for count in counts]
            hours = Hours.ANY if all(wrong) else Hours.OFFICE if wrong[0] else Hours.OFF_HOURS
            rows = () if kind == "gap" else tuple(row for shelf in index.shelves(asked[0]) for row in shelf.fitting(asked[0]))
            found.append(Problem(kind, category, community.code, str(hours), rows[:8]))
    problems = Problems(pairs, tuple(found))
    _searched[held.tenant.id] = (key, problems)
    return problems


class _Names:
    """Codes and ids in words, for one answer."""

    def __init__(self, ask: Asking, held: CityBook, now: datetime) -> None:
        self.held, self.day = held, held.day_of(now)
        self.orgs = house.current().book.organisations(ask.tenant, now)
        self.areas = {area.code: area for area in held.areas}
        self.majors = {f"{c.scheme}:{c.major}": c for c in held.catalogue.in_force(self.day)}

    def org(self, id_: int | None) -> DutyOrg | None:
        if id_ is None:
            return None
        found = self.orgs.get(OrgId(id_))
        return DutyOrg(id=id_, name_zh=found.name_zh if found else str(id_), name_en=found.name_en if found else str(id_))

    def category(self, code: CategoryCode | None) -> DutyCategory | None:
        found = self.held.catalogue.latest(code) if code else None
        return DutyCategory(code=found.code, name_zh=found.name_zh, name_en=found.name_en, field=found.field) if found else None

    def of_row(self, row: DutyRow) -> DutyRowOut:
        major = self.majors.get(row.major or "")
        area = self.areas.get(row.area) if row.area else None
        return DutyRowOut(
            id=f"{row.id}.{row.version}",
            number=row.number,
            version=row.version,
            category=self.category(row.category),
            major=row.major,
            major_zh=major.major_zh if major else None,
            major_en=major.major_en if major else None,
            area=row.area,
            area_name_zh=area.name_zh if area else row.area,
            area_name_en=area.name_en if area else row.area,
            area_class=row.area_class,
            owner=self.org(row.owner),
            hours=row.hours,
            unit=self.org(row.handling_unit),
            trade_department=self.org(row.trade_department),
            assisting=[each for org in row.assisting if (each := self.org(org))],
            ladder=[(str(loop), each) for loop, org in row.ladder if (each := self.org(org))],
            valid_from=None if row.valid_from == date.min else row.valid_from,
            valid_to=row.valid_to,
            signed_by=row.signed_by,
            source=row.source,
            cases_30d=None,
        )

    def of_problem(self, problem: Problem) -> DutyRowOut:
        area = self.areas[problem.community]
        return DutyRowOut(
            id=f"{problem.kind}:{problem.category.code}:{problem.community}",
            number="",
            version=0,
            category=self.category(problem.category.code),
            major=f"{problem.category.scheme}:{problem.category.major}",
            major_zh=problem.category.major_zh,
            major_en=problem.category.major_en,
            area=problem.community,
            area_name_zh=area.name_zh,
            area_name_en=area.name_en,
            area_class=area.area_class,
            owner=None,
            hours=problem.hours,
            unit=None,
            trade_department=None,
            valid_from=None,
            valid_to=None,
            signed_by="",
            source="",
            cases_30d=None,
            problem=problem.kind,  # type: ignore[arg-type]
            rows=[row.number for row in problem.rows],
        )

    def streets(self, problems: Problems) -> list[StreetOut]:
        gaps: dict[str, int] = {}
        for each in problems.found:
            if each.kind == "gap":
                gaps[each.community[:9]] = gaps.get(each.community[:9], 0) + 1
        streets = sorted((a for a in self.areas.values() if a.kind is AreaKind.STREET), key=lambda a: a.code)
        return [StreetOut(code=a.code, name_zh=a.name_zh, name_en=a.name_en, gaps=gaps.get(a.code, 0)) for a in streets]


def _rows(held: CityBook, asked: DutyAsked, names: _Names) -> list[DutyRow]:
    rows = [row for row in held.duty_rows if (row.id == asked.row if asked.row else in_force(row.valid_from, row.valid_to, names.day))]
    words = asked.text.strip().casefold()
    return sorted((row for row in rows if _fits(row, asked, words, names)), key=lambda row: (row.number, row.id, row.version))


def _fits(row: DutyRow, asked: DutyAsked, words: str, names: _Names) -> bool:
    if asked.category is not None and row.category != asked.category:
        return False
    if asked.major is not None and (row.major or (row.category and _major_of(row.category))) != asked.major:
        return False
    if asked.area is not None and row.area is not None and not (row.area.startswith(asked.area) or asked.area.startswith(row.area)):
        return False
    if asked.unit is not None and asked.unit not in (row.handling_unit, row.trade_department, row.owner):
        return False
    return not words or words in _words_of(row, names)


def _words_of(row: DutyRow, names: _Names) -> str:
    category = names.held.catalogue.latest(row.category) if row.category else names.majors.get(row.major or "")
    parts = [row.number, row.area or ""]
    if category is not None:
        parts += [category.name_zh, category.name_en, category.pinyin.replace(" ", ""), category.major_zh, category.number]
    for org in (row.handling_unit, row.trade_department, row.owner):
        if org is not None and (found := names.orgs.get(org)):
            parts += [found.name_zh, found.name_en, found.code]
    area = names.areas.get(row.area) if row.area else None
    parts += [area.name_zh, area.name_en] if area else []
    return "\n".join(parts).casefold()


def _problem_fits(problem: Problem, asked: DutyAsked, names: _Names) -> bool:
    category, words = problem.category, asked.text.strip().casefold()
    if asked.category is not None and category.code != asked.category:
        return False
    if asked.major is not None and _major_of(category.code) != asked.major:
        return False
    if asked.area is not None and not problem.community.startswith(asked.area):
        return False
    area = names.areas[problem.community]
    return not words or words in f"{category.name_zh}\n{category.name_en}\n{category.number}\n{area.name_zh}\n{area.name_en}".casefold()


def _major_of(code: str) -> str:
    scheme, _, number = code.split(":", 2)
    return f"{scheme}:{number[:2]}"


def _place(row: DutyRow | DutyRowOut) -> tuple[str, str]:
    if isinstance(row, DutyRow):
        return (row.number, f"{row.id:0>12}.{row.version:06d}")
    return (row.number, row.id if row.problem else f"{row.id.split('.')[0]:0>12}.{row.version:06d}")


def _write_mark(row: DutyRowOut) -> str:
    return base64.urlsafe_b64encode(json.dumps(_place(row)).encode()).decode().rstrip("=")


def _read_mark(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    try:
        number, id_ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return str(number), str(id_)
    except (ValueError, TypeError) as error:
        raise BadInput("this page mark is damaged", place="after", cure="start again from the first page", code="bad_cursor") from error


def _count_cases(ask: Asking, now: datetime, rows: list[DutyRowOut]) -> None:
    """Cases a row dispatched in the last thirty days, of those the reader may list; nobody is told of others by a number."""
    only = access.compile_filter(ask.reader, "case.list")
    if only is None or not any(row.problem is None for row in rows):
        return
    counts = cases_by_duty_row(only, now - COUNTED_OVER)
    for row in rows:
        if row.problem is None:
            row.cases_30d = counts.get(int(row.id.split(".")[0]), 0)


# --- writing ----------------------------------------------------------------------------------------------------------


@router.post("/city/duty-list", auth=Session(), response={201: DutyRowMade, **PROBLEMS}, operation_id="duty_row_write")
def write(request: HttpRequest, body: DutyRowIn) -> Status[DutyRowMade]:
    """A new row of the duty list, or the next version of one, from a day on. Cases already dispatched keep the row they went by."""
    ask = asking(request)
    target = Target(
        ask.tenant,
        kind=Kind.DUTY_ROW,
        area=AreaCode(body.area) if body.area else None,
        orgs=frozenset({OrgId(body.handling_unit)}),
        field=_field(ask, body.category),
    )
    answer = allowed(ask, "city.duty_list.write", target)
    sent = set(body.model_fields_set) - {"row", "seen_version"}
    faults = access.check_fields({post.role for post in answer.posts}, "city.duty_list.write", sent)
    if faults:
        raise Answered(422, "bad_input", faults[0].reason, {"field": faults[0].field})
    here = house.current()
    held = here.book.held(ask.tenant)
    today = held.day_of(here.clock.now())
    if body.row is not None:
        _reach(ask, held, DutyRowId(body.row))
    draft = _draft(ask, held, body, today)

    def act() -> Mapping[str, object]:
        of = None if body.row is None else DutyRowId(body.row)
        made = add_duty_row(ask.tenant, draft, of, body.seen_version)
        note(ask, answer, "city.duty_list.write", f"duty_row:{made.id}", f"version:{made.version}", after=body.dict())
        return {"row": made.id, "version": made.version, "number": made.number}

    kept, repeated = do_once(request, ask, "duty_row_write", body.dict(), act)
    here.book.forget(ask.tenant)
    return Status(201, DutyRowMade(**kept, repeated=repeated))


@router.post("/city/duty-list/{int:row}/end", auth=Session(), response={201: DutyRowMade, **PROBLEMS}, operation_id="duty_row_end")
def end(request: HttpRequest, row: int, body: DutyRowEnd) -> Status[DutyRowMade]:
    """No unit by this row from a day on. The end is a version of no days: who ended the row and why stands in the list beside the past."""
    ask = asking(request)
    allowed(ask, "city.duty_list.write")
    here = house.current()
    held = here.book.held(ask.tenant)
    answer, newest = _reach(ask, held, DutyRowId(row))
    faults = access.check_fields(
        {post.role for post in answer.posts}, "city.duty_list.write", set(body.model_fields_set) - {"seen_version"}
    )
    if faults:
        raise Answered(422, "bad_input", faults[0].reason, {"field": faults[0].field})
    today = held.day_of(here.clock.now())
    day, reason = body.valid_to or today, body.reason.strip()
    if day < today:
        raise Answered(422, "bad_input", "day_has_passed", {"field": "valid_to", "day": day.isoformat()})
    if len(reason) < SHORTEST_REASON:
        raise BadInput("an end needs its reason", place="reason", cure="say in a few words why the row ends")
    draft = replace(newest, valid_from=day, valid_to=day, signed_by=_author(ask), source=reason)

    def act() -> Mapping[str, object]:
        if not stands_on(ask.tenant, newest.id, day):
            settle(Refused("duty_row_ended", {"number": newest.number, "day": day.isoformat()}))
        made = add_duty_row(ask.tenant, draft, newest.id, body.seen_version)
        note(ask, answer, "city.duty_list.write", f"duty_row:{made.id}", f"ended:{day.isoformat()}", after=body.dict())
        return {"row": made.id, "version": made.version, "number": made.number}

    kept, repeated = do_once(request, ask, "duty_row_end", {"row": row, **body.dict()}, act)
    here.book.forget(ask.tenant)
    return Status(201, DutyRowMade(**kept, repeated=repeated))


def _field(ask: Asking, category: str | None) -> str | None:
    return house.current().book.held(ask.tenant).field_of(CategoryCode(category)) if category else None


def _reach(ask: Asking, held: CityBook, row: DutyRowId) -> tuple[access.Allowed, DutyRow]:
    """The newest version of a row. Whoever writes the next must reach the row as it stands, not only as he would have it."""
    versions = [each for each in held.duty_rows if each.id == row]
    if not versions:
        raise Answered(404, "not_found")
    newest = max(versions, key=lambda each: each.version)
    target = Target(
        ask.tenant,
        kind=Kind.DUTY_ROW,
        area=newest.area,
        orgs=frozenset({newest.handling_unit}),
        field=held.field_of(newest.category) if newest.category else None,
    )
    return allowed(ask, "city.duty_list.write", target), newest


def _author(ask: Asking) -> str:
    card: Any = house.current().book.person(ask.tenant, ask.person) if ask.person is not None else None
    return card.number if card else ""


def _draft(ask: Asking, held: CityBook, body: DutyRowIn, today: date) -> DutyRow:
    """The row as it will stand; everything it names must be there."""
    begins = body.valid_from or today
    orgs = house.current().book.organisations(ask.tenant, house.current().clock.now())
    named = {"handling_unit": body.handling_unit, "trade_department": body.trade_department, "owner": body.owner}
    named |= {f"assisting.{n}": org for n, org in enumerate(body.assisting)}
    named |= {f"ladder.{n}": step.unit for n, step in enumerate(body.ladder)}
    faults: list[tuple[bool, str, str]] = [
        (body.category is not None and held.catalogue.find(CategoryCode(body.category), today) is None, "category", "category_unknown"),
        (body.category is not None and body.major is not None, "major", "category_or_major"),
        (
            body.major is not None and body.major not in {_major_of(c.code) for c in held.catalogue.in_force(today)},
            "major",
            "major_unknown",
        ),
        (body.area is not None and body.area not in {a.code for a in held.areas}, "area", "area_unknown"),
        (begins < today, "valid_from", "day_has_passed"),
        (body.valid_to is not None and body.valid_to <= begins, "valid_to", "assignment_without_days"),
        *((org is not None and OrgId(org) not in orgs, place, "unit_unknown") for place, org in named.items()),
    ]
    for wrong, place, reason in faults:
        if wrong:
            raise Answered(422, "bad_input", reason, {"field": place, "category": body.category, "day": begins.isoformat()})
    return DutyRow(
        id=DutyRowId(0),
        version=0,
        number="",
        category=CategoryCode(body.category) if body.category else None,
        major=body.major,
        area=AreaCode(body.area) if body.area else None,
        owner=OrgId(body.owner) if body.owner else None,
        hours=body.hours,
        handling_unit=OrgId(body.handling_unit),
        trade_department=OrgId(body.trade_department) if body.trade_department else None,
        assisting=tuple(OrgId(each) for each in body.assisting),
        ladder=tuple((step.loop, OrgId(step.unit)) for step in body.ladder),
        area_class=body.area_class,
        valid_from=begins,
        valid_to=body.valid_to,
        signed_by=_author(ask),
        source=body.source.strip() or "desk",
    )
