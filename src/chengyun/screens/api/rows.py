"""A case as a line of a list, the same in queues, searches and beside the map."""

from datetime import datetime

from chengyun.base.ids import CaseId, OrgId, PersonId
from chengyun.base.time import to_text
from chengyun.cases.access import Group
from chengyun.cases.records import State
from chengyun.screens import house
from chengyun.screens.api.answers import Told
from chengyun.screens.api.asking import Asking
from chengyun.screens.api.clock_facts import ClockOut, clock_out, leading
from chengyun.screens.flow_words import flow_of, state_word
from chengyun.stores.reading.beside import Beside, beside
from chengyun.stores.reading.lists import CaseLine
from chengyun.tasks.queues import HOLDER_OF_STATE


class OrgRef(Told):
    id: int
    name_zh: str
    name_en: str


class CategoryRef(Told):
    code: str
    name_zh: str
    name_en: str
    field: str


class CaseRow(Told):
    id: int
    number: str
    seq: int
    state: str
    state_name: str
    step: int
    holder: str
    marks: list[str]
    category: CategoryRef | None
    address: str | None
    grid: str | None
    street_name: str | None
    community_name: str | None
    unit: OrgRef | None
    urgency: str
    source_family: str
    source_detail: str
    reported_at: str | None
    clock: ClockOut | None
    lon: float | None
    lat: float | None
    thumb: str | None


class Rows:
    """Makes lines for one reader at one moment; names of areas and units are looked up once."""

    def __init__(self, ask: Asking, groups: frozenset[Group]) -> None:
        self.ask, self.groups = ask, groups
        self.here = house.current()
        self.now = self.here.clock.now()
        self.rules = self.here.book.rules(ask.tenant, self.now)
        self.orgs = self.here.book.organisations(ask.tenant, self.now)
        self.categories = self.here.book.categories(ask.tenant, self.now)
        self.area_names = self.here.book.area_names(ask.tenant, self.now)

    def of(self, lines: tuple[CaseLine, ...]) -> list[CaseRow]:
        near = beside(self.ask.tenant, [CaseId(line.id) for line in lines])
        return [self.row(line, near.get(line.id)) for line in lines]

    def row(self, line: CaseLine, near: Beside | None) -> CaseRow:
        clock = leading(near.clocks) if near else None
        work = Group.WORK in self.groups
        return CaseRow(
            id=line.id,
            number=line.number,
            seq=line.seq,
            state=line.state,
            state_name=state_word(flow_of(near, self.rules) if near else None, line.state, self.ask.language),
            step=line.step,
            holder=HOLDER_OF_STATE[State(line.state)],
            marks=marks_of(line),
            category=self.category(line.category),
            address=(near.address or None) if near and work else None,
            grid=line.grid if work else None,
            street_name=self.area(line.grid, 9),
            community_name=self.area(line.grid, 12),
            unit=self.org(line.holder or line.answerable),
            urgency=line.urgency,
            source_family=line.family,
            source_detail=line.source_detail,
            reported_at=to_text(line.reported_at) if line.reported_at else None,
            clock=clock_out(clock, near.request, self.rules, self.now) if clock and near else None,
            lon=line.lon if work else None,
            lat=line.lat if work else None,
            thumb=f"/api/v1/attachments/{near.photo}/thumb" if near and near.photo and work else None,
        )

    def category(self, code: str | None) -> CategoryRef | None:
        if code is None:
            return None
        found = self.categories.get(code)
        if found is None:
            return CategoryRef(code=code, name_zh=code, name_en=code, field="")
        return CategoryRef(code=code, name_zh=found.name_zh, name_en=found.name_en, field=found.field)

    def org(self, org: int | None) -> OrgRef | None:
        found = self.orgs.get(OrgId(org)) if org is not None else None
        return OrgRef(id=found.id, name_zh=found.name_zh, name_en=found.name_en) if found else None

    def org_name(self, org: int | None) -> str | None:
        found = self.org(org)
        return None if found is None else found.name_zh if self.ask.language == "zh" else found.name_en

    def area(self, grid: str | None, digits: int) -> str | None:
        names = self.area_names.get((grid or "")[:digits])
        return None if names is None else names[0] if self.ask.language == "zh" else names[1]

    def person_name(self, person: PersonId | None) -> str | None:
        found = self.here.book.person(self.ask.tenant, person) if person is not None else None
        return found.name if found else None


def marks_of(line: CaseLine) -> list[str]:
    """Small corner marks: what is unusual about it."""
    found = [
        ("returned", line.state in ("returned", "returned_to_filing")),
        ("rework", line.reworks > 0 and line.open),
        ("suspended", line.state == "suspended"),
        ("gap", line.state == "consulting"),
        ("urged", line.urges > 0 and line.open),
        ("supervised", line.supervised),
        ("urgent", line.urgency != "normal"),
        ("unconfirmed", not line.confirmed),
        ("simple", line.simple),
        ("appealed", line.appealed),
    ]
    return [name for name, holds in found if holds]


def moment(value: datetime | None) -> str | None:
    return None if value is None else to_text(value)
