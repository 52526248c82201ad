"""A city small enough to hold in the head: one street, a water company with a team, the centre's people, one manhole standard."""

from datetime import date, datetime, time, timedelta, timezone

from chengyun.base.ids import (
    AreaCode,
    AreaId,
    CalendarId,
    CaseId,
    CategoryCode,
    DutyRowId,
    OrgId,
    PersonId,
    ReporterId,
    StandardId,
    TenantId,
)
from chengyun.cases.access import Reader
from chengyun.cases.decide import decide
from chengyun.cases.evolve import fold
from chengyun.cases.national import NATIONAL
from chengyun.cases.records import Accepted, Action, Actor, Case, Evidence, EvidenceStage, Reporter, SourceFamily
from chengyun.cases.responsibility import DutyIndex
from chengyun.cases.rules import Rules, Settings
from chengyun.city.areas import AreaIndex
from chengyun.city.calendars import CompiledCalendar
from chengyun.city.records import (
    Area,
    AreaKind,
    ClockUnit,
    Counting,
    DutyRow,
    Hours,
    Limit,
    Loop,
    Organisation,
    OrgKind,
    Role,
    StandardEntry,
    WorkCalendar,
)
from chengyun.city.roles import Post

CITY_TIME = timezone(timedelta(hours=8))
TENANT = TenantId(1)
MANHOLE = CategoryCode("2026:component_fault:01002")
LITTER = CategoryCode("2026:matter:06010")
GRID = AreaCode("990101002001001")

CENTRE, WATER, WATER_TEAM, STREET, COMMUNITY, BUREAU = (OrgId(each) for each in (1, 2, 3, 4, 5, 6))
COLLECTOR, OTHER_COLLECTOR, OFFICER, LEAD, DISPATCHER, CLERK, TEAM_CLERK, HANDLER, LEADER, ASSESSOR, SECOND_ASSESSOR, CITIZEN = (
    PersonId(each) for each in range(101, 113)
)
STREET_CLERK, SECOND_CLERK, SECOND_DISPATCHER = (PersonId(each) for each in (113, 114, 115))


def at(text: str) -> datetime:
    """City time: `at("2026-11-24 10:30")`, a Tuesday."""
    return datetime.fromisoformat(text).replace(tzinfo=CITY_TIME)


def office_hours(version: int = 1, **changes: object) -> WorkCalendar:
    day = ((time(8), time(12)), (time(14), time(18)))
    facts: dict[str, object] = {
        "id": CalendarId(1),
        "version": version,
        "name_zh": "城市工作时间",
        "name_en": "City office hours",
        "zone": "Asia/Shanghai",
        "weekly": dict.fromkeys(range(5), day),
        "published_through": date(2026, 12, 31),
    }
    return WorkCalendar(**{**facts, **changes})  # type: ignore[arg-type]


def shifts() -> WorkCalendar:
    every = ((time(7), time(22)),)
    return WorkCalendar(CalendarId(2), 1, "中心班次", "Centre shifts", "Asia/Shanghai", dict.fromkeys(range(7), every))


def _org(org: OrgId, parent: OrgId | None, kind: OrgKind, zh: str, en: str, loop: Loop) -> Organisation:
    return Organisation(org, TENANT, f"U{org}", parent, kind, zh, en, int(org), loop, date(2020, 1, 1))


UNITS = {
    each.id: each
    for each in (
        _org(CENTRE, None, OrgKind.CENTER, "监督指挥中心", "Centre", Loop.MEDIUM),
        _org(WATER, None, OrgKind.UNIT, "排水管理所", "Drainage office", Loop.MEDIUM),
        _org(WATER_TEAM, WATER, OrgKind.TEAM, "排水一班", "Drainage team 1", Loop.MEDIUM),
        _org(STREET, None, OrgKind.STREET, "钟楼街道", "Zhonglou street", Loop.SMALL),
        _org(COMMUNITY, STREET, OrgKind.COMMUNITY, "文汇社区", "Wenhui community", Loop.MICRO),
        _org(BUREAU, None, OrgKind.BUREAU, "城管局", "Urban management bureau", Loop.MEDIUM),
    )
}

STAFF: dict[PersonId, tuple[OrgId | None, frozenset[Role]]] = {
    COLLECTOR: (CENTRE, frozenset({Role.COLLECTOR})),
    OTHER_COLLECTOR: (CENTRE, frozenset({Role.COLLECTOR})),
    OFFICER: (CENTRE, frozenset({Role.INTAKE_OFFICER})),
    LEAD: (CENTRE, frozenset({Role.SHIFT_LEAD})),
    DISPATCHER: (CENTRE, frozenset({Role.DISPATCHER})),
    SECOND_DISPATCHER: (CENTRE, frozenset({Role.DISPATCHER})),
    CLERK: (WATER, frozenset({Role.UNIT_CLERK})),
    SECOND_CLERK: (WATER, frozenset({Role.UNIT_CLERK})),
    TEAM_CLERK: (WATER_TEAM, frozenset({Role.UNIT_CLERK})),
    STREET_CLERK: (STREET, frozenset({Role.UNIT_CLERK})),
    HANDLER: (WATER_TEAM, frozenset({Role.HANDLER})),
    LEADER: (None, frozenset({Role.DUTY_LEADER})),
    ASSESSOR: (CENTRE, frozenset({Role.ASSESSOR})),
    SECOND_ASSESSOR: (CENTRE, frozenset({Role.ASSESSOR})),
    CITIZEN: (None, frozenset({Role.CITIZEN})),
}

MANHOLE_STANDARD = StandardEntry(
    id=StandardId(1),
    version=1,
    category=MANHOLE,
    condition_no=1,
    filing_zh="缺失、移位、破裂，影响安全",
    filing_en="missing, displaced or cracked, unsafe",
    limit=Limit(4, ClockUnit.WORK_HOUR, Counting.ACCUMULATE),
    closing_zh="恢复",
    closing_en="restored",
    valid_from=date(2026, 7, 1),
)
SLOW_STANDARD = StandardEntry(
    id=StandardId(2),
    version=1,
    category=MANHOLE,
    condition_no=3,
    filing_zh="松动异响",
    filing_en="rattles",
    limit=Limit(2, ClockUnit.WORK_DAY, Counting.ACCUMULATE),
    closing_zh="更换或修复",
    closing_en="replaced or repaired",
    valid_from=date(2026, 7, 1),
)
LITTER_STANDARD = StandardEntry(
    id=StandardId(3),
    version=1,
    category=LITTER,
    condition_no=1,
    filing_zh="垃圾外露",
    filing_en="exposed refuse",
    limit=Limit(4, ClockUnit.WORK_HOUR, Counting.ACCUMULATE),
    closing_zh="清理干净",
    closing_en="cleared",
    valid_from=date(2026, 7, 1),
)


WEST, SOUTH = 118.2, 31.1
PLACE = [118.205, 31.105]
"""Inside the one grid."""


def areas() -> AreaIndex:
    """One district, street, community and grid, all the same square of a hundredth of a degree."""
    square = ((WEST, SOUTH), (WEST + 0.01, SOUTH), (WEST + 0.01, SOUTH + 0.01), (WEST, SOUTH + 0.01), (WEST, SOUTH))
    kinds = (AreaKind.DISTRICT, AreaKind.STREET, AreaKind.COMMUNITY, AreaKind.UNIT_GRID)
    codes = [AreaCode(GRID[:digits]) for digits in (6, 9, 12, 15)]
    parents = [None, *codes[:-1]]
    found = [
        Area(AreaId(number), TENANT, code, parent, kind, f"区域{number}", f"Area {number}", 1, (square,), date(2020, 1, 1))
        for number, (code, parent, kind) in enumerate(zip(codes, parents, kinds, strict=True), start=1)
    ]
    return AreaIndex(found, date(2026, 11, 24))


def duty_row(number: int, category: CategoryCode | None, unit: OrgId, **more: object) -> DutyRow:
    facts: dict[str, object] = {
        "id": DutyRowId(number),
        "version": 1,
        "number": f"D-{number:04d}",
        "category": category,
        "major": None,
        "area": None,
        "owner": None,
        "hours": Hours.ANY,
        "handling_unit": unit,
        "trade_department": BUREAU,
        "ladder": ((Loop.MICRO, COMMUNITY), (Loop.SMALL, STREET), (Loop.MEDIUM, unit)) if unit == WATER else (),
    }
    return DutyRow(**{**facts, **more})  # type: ignore[arg-type]


DUTY_LIST = (duty_row(1, MANHOLE, WATER),)


def rules(
    settings: Settings | None = None,
    city: WorkCalendar | None = None,
    duty: tuple[DutyRow, ...] = DUTY_LIST,
) -> Rules:
    return Rules(
        tenant=TENANT,
        version=1,
        lifecycle=NATIONAL,
        settings=settings or Settings(),
        calendars={"city": CompiledCalendar(city or office_hours()), "centre": CompiledCalendar(shifts())},
        units=UNITS,
        standards={each.id: each for each in (MANHOLE_STANDARD, SLOW_STANDARD, LITTER_STANDARD)},
        staff=STAFF,
        fields={MANHOLE: "facilities", LITTER: "environment"},
        areas=areas(),
        duty=DutyIndex(duty, 1),
    )


def actor(person: PersonId, role: Role | None = None) -> Actor:
    org, roles = STAFF[person]
    return Actor(role or next(iter(roles)), person, org)


SYSTEM = Actor(Role.SYSTEM)


def photo(stage: str, number: int = 1) -> Evidence:
    return Evidence(number, EvidenceStage(stage))  # type: ignore[arg-type]


def unborn(case: int = 1, family: SourceFamily = SourceFamily.COLLECTOR, reporter: PersonId | None = COLLECTOR) -> Case:
    """A case before its first event."""
    told = Reporter(ReporterId(case * 10), reporter, family, CaseId(case), wants_answer=family != SourceFamily.COLLECTOR)
    return Case(CaseId(case), TENANT, number=f"WJ 2611 24 {case:04d}", family=family, reporters=(told,))


def do(case: Case, book: Rules, now: datetime, person: Actor | PersonId, name: str, *, photos: str = "", **given: object) -> Case:
    """Do one act that must be accepted; words in `text_...`, facts otherwise. Gives the case afterwards."""
    texts = {key.removeprefix("text_"): str(words) for key, words in given.items() if key.startswith("text_")}
    facts = {key: value for key, value in given.items() if not key.startswith("text_")}
    who = person if isinstance(person, Actor) else actor(person)
    action = Action(name, who, facts, texts, tuple(photo(stage) for stage in photos.split()))
    answer = decide(case, action, book, now)
    assert isinstance(answer, Accepted), f"{name} in {case.state}: {answer}"
    return fold(case, answer.events)


def reader(person: PersonId, role: Role | None = None) -> Reader:
    """The person at his desk, with one post that reaches the whole city, or his own unit and what stands below it."""
    org, roles = STAFF[person]
    chosen = role or next(iter(roles))
    tied = chosen in (Role.UNIT_CLERK, Role.HANDLER) and org is not None
    orgs = frozenset(each for each in UNITS if org is not None and rules_tree(each, org)) if tied else None
    return Reader(TENANT, person, (Post(chosen, None, org, orgs),))


def rules_tree(unit: OrgId, top: OrgId) -> bool:
    at: OrgId | None = unit
    while at is not None:
        if at == top:
            return True
        at = UNITS[at].parent
    return False
