"""The people of the demo and their accounts. Clearly invented: a common surname and a number for a given name.

Names and phones are kept apart from the person record, as the product does. Phone numbers begin with 100, which no mobile network
uses. Every role is held by somebody; some hold two posts, some stand in for a colleague for a while.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from pypinyin import lazy_pinyin

from chengyun.base.ids import AreaCode, OrgId, PersonId, TenantId
from chengyun.city.records import Assignment, OrgKind, Person, Role, Scope, Shift
from chengyun_demo.areas import community_code
from chengyun_demo.ground import DISTRICT, HOME_STREET
from chengyun_demo.organisations import FOUNDED, Organisations

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
DIGITS = "零一二三四五六七八九"
CITY_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class PersonDetails:
    """Level-3 values: they go into rows of their own."""

    person: PersonId
    name_zh: str
    name_en: str
    phone: str


@dataclass(frozen=True)
class Account:
    name: str
    person: str
    """Staff number."""
    role: Role
    text_zh: str
    text_en: str


@dataclass(frozen=True)
class People:
    all: tuple[Person, ...]
    details: Mapping[PersonId, PersonDetails]
    accounts: tuple[Account, ...]
    shifts: tuple[Shift, ...]
    grid_of_collector: Mapping[PersonId, AreaCode]

    @cached_property
    def _holders(self) -> Mapping[tuple[Role, OrgId | None], tuple[Person, ...]]:
        found: dict[tuple[Role, OrgId | None], list[Person]] = {}
        for person in self.all:
            for role in dict.fromkeys(post.role for post in person.assignments):
                for org in dict.fromkeys((None, person.org)):
                    found.setdefault((role, org), []).append(person)
        return {key: tuple(people) for key, people in found.items()}

    def holding(self, role: Role, org: OrgId | None = None) -> tuple[Person, ...]:
        """Who has a post of that role, in one organisation or in any."""
        return self._holders.get((role, org), ())


def name_of(number: int) -> tuple[str, str]:
    """(zh, en): a surname by turn and two figures for a given name, unique below 1,700.

    >>> name_of(37)
    ("郑三七", "Zheng Sanqi")
    """
    zh = SURNAMES[number % len(SURNAMES)] + DIGITS[number % 100 // 10] + DIGITS[number % 10]
    latin = lazy_pinyin(zh)
    return zh, f"{latin[0].capitalize()} {''.join(latin[1:]).capitalize()}"


class _Register:
    def __init__(self, tenant: TenantId) -> None:
        self.tenant = tenant
        self.people: list[Person] = []
        self.details: dict[PersonId, PersonDetails] = {}

    def add(self, number: str, org: OrgId | None, *posts: Assignment, language: str = "zh") -> Person:
        ident = PersonId(len(self.people) + 1)
        zh, en = name_of(10 + len(self.people))
        person = Person(ident, self.tenant, number, org, posts, language)
        self.people.append(person)
        self.details[ident] = PersonDetails(ident, zh, en, f"1000000{ident:04d}")
        return person


def _post(role: Role, *, area: str | None = None, org: OrgId | None = None, start: date = FOUNDED, end: date | None = None,
          deputy_for: PersonId | None = None) -> Assignment:  # fmt: skip
    return Assignment(role, Scope(AreaCode(area) if area else None, org), start, end, deputy_for)


def engage_people(
    tenant: TenantId, orgs: Organisations, responsibility: Mapping[AreaCode, Sequence[AreaCode]], start: datetime, days_back: int = 100
) -> People:
    """Everyone, with shifts from `days_back` days before the demo's start to two weeks after it."""
    register = _Register(tenant)
    add, today = register.add, start.astimezone(CITY_ZONE).date()
    grid_of_collector: dict[PersonId, AreaCode] = {}
    for n, grid in enumerate(sorted(responsibility), start=1):
        community = grid[:12]
        collector = add(f"C{n:03d}", orgs.id("CTR-COL"), _post(Role.COLLECTOR, area=community))
        grid_of_collector[collector.id] = grid
    for n in (1, 2):
        add(f"C9{n:02d}", orgs.id("CTR-COL"), _post(Role.COLLECTOR, area=HOME_STREET))
    for n in range(1, 5):
        add(f"S{n:03d}", orgs.id("CTR-SUP"), _post(Role.INTAKE_OFFICER, area=DISTRICT))
    lead_one = add("S011", orgs.id("CTR-SUP"), _post(Role.SHIFT_LEAD, area=DISTRICT))
    add("S012", orgs.id("CTR-SUP"), _post(Role.SHIFT_LEAD, area=DISTRICT), _post(Role.INTAKE_OFFICER, area=DISTRICT))
    dispatchers = [add(f"D{n:03d}", orgs.id("CTR-CMD"), _post(Role.DISPATCHER, area=DISTRICT)) for n in range(1, 4)]
    away = (today - timedelta(days=3), today + timedelta(days=11))
    add(
        "D004",
        orgs.id("CTR-CMD"),
        _post(Role.DISPATCHER, area=HOME_STREET),
        _post(Role.SHIFT_LEAD, area=DISTRICT, start=away[0], end=away[1], deputy_for=lead_one.id),
    )
    for n in range(1, 4):
        add(f"H{n:03d}", orgs.id("CTR-HOT"), _post(Role.CALL_AGENT, area=DISTRICT))
    for n in range(1, 3):
        add(f"E{n:03d}", orgs.id("CTR-ASS"), _post(Role.ASSESSOR, area=DISTRICT))
    add("L001", orgs.id("CTR"), _post(Role.DUTY_LEADER, area=DISTRICT))
    add("L002", orgs.id("GOV"), _post(Role.DUTY_LEADER, area=DISTRICT))
    clerks: dict[OrgId, Person] = {}
    for org in orgs.all:
        inside_centre = org.code.startswith("CTR")
        if org.kind is OrgKind.BUREAU:
            add(f"B{org.id:02d}1", org.id, _post(Role.SUPERVISING_DEPT, area=DISTRICT, org=org.id), _post(Role.UNIT_CLERK, org=org.id))
        elif (org.kind in (OrgKind.UNIT, OrgKind.FIRM) and not inside_centre) or org.kind is OrgKind.STREET:
            clerks[org.id] = add(f"U{org.id:02d}1", org.id, _post(Role.UNIT_CLERK, org=org.id))
            if org.kind is not OrgKind.STREET:
                add(f"U{org.id:02d}2", org.id, _post(Role.HANDLER, org=org.id))
        elif org.kind is OrgKind.COMMUNITY:
            letter = org.code.split("-")[1]
            team = orgs.grid_team(letter)
            add(f"U{org.id:02d}1", org.id, _post(Role.UNIT_CLERK, area=community_code(letter), org=org.id))
            add(f"U{team.id:02d}2", team.id, _post(Role.HANDLER, area=community_code(letter), org=team.id))
        elif org.code.startswith("ST2-"):
            add(
                f"U{org.id:02d}1",
                org.id,
                _post(Role.UNIT_CLERK, area=HOME_STREET, org=org.id),
                _post(Role.HANDLER, area=HOME_STREET, org=org.id),
            )
            add(f"U{org.id:02d}2", org.id, _post(Role.HANDLER, area=HOME_STREET, org=org.id))
    drainage = clerks[orgs.id("WTB-DR")]
    add("U990", orgs.id("WTB-DR"), _post(Role.UNIT_CLERK, org=orgs.id("WTB-DR"), start=away[0], end=away[1], deputy_for=drainage.id))
    add("A001", orgs.id("CTR"), _post(Role.SYSTEM_ADMIN))
    add("A002", orgs.id("CTR"), _post(Role.SECURITY_ADMIN))
    add("A003", orgs.id("GOV"), _post(Role.AUDITOR))
    for n in range(1, 9):
        add(f"P{n:03d}", None, _post(Role.CITIZEN), language="en" if n == 8 else "zh")
    add("M001", orgs.id("CTR"), _post(Role.MACHINE, area=DISTRICT))
    numbers = {p.number: p for p in register.people}
    shifts = (
        *_collector_shifts(grid_of_collector, today, days_back),
        *_mobile_shifts([numbers["C901"], numbers["C902"]], today, days_back),
        *_desk_shifts([numbers[k] for k in ("S001", "S002", "S003", "S004", "S011", "S012")] + dispatchers, today, days_back),
    )
    return People(tuple(register.people), register.details, _accounts(numbers, orgs), shifts, grid_of_collector)


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CITY_ZONE)


def _collector_shifts(grids: Mapping[PersonId, AreaCode], today: date, days_back: int) -> list[Shift]:
    """Early and late turns change by week; one rest day in seven, by turn. The area of a shift is the community; which grid of it is
    walked stands in `grid_of_collector`."""
    made = []
    for back in range(-14, days_back + 1):
        day = today - timedelta(days=back)
        for person, grid in grids.items():
            if (day.toordinal() + person) % 7 == 0:
                continue
            early = (day.isocalendar().week + person) % 2 == 0
            made.append(Shift(person, _moment(day, 7 if early else 13), _moment(day, 14 if early else 20, 30), grid))
    return made


def _mobile_shifts(people: Sequence[Person], today: date, days_back: int) -> list[Shift]:
    """Two collectors without a grid, one early and one late every day: they check where nobody of the community may or can."""
    days = [today - timedelta(days=back) for back in range(-14, days_back + 1)]
    early = [Shift(people[0].id, _moment(day, 7), _moment(day, 14)) for day in days]
    return early + [Shift(people[1].id, _moment(day, 13), _moment(day, 20, 30)) for day in days]


def _desk_shifts(people: Sequence[Person], today: date, days_back: int) -> list[Shift]:
    """The centre's desks: 07:00-14:30 and 14:30-22:00, in turns."""
    made = []
    for back in range(-14, days_back + 1):
        day = today - timedelta(days=back)
        for turn, person in enumerate(people):
            if (day.toordinal() + turn) % 2 == 0:
                made.append(Shift(person.id, _moment(day, 7), _moment(day, 14, 30)))
            else:
                made.append(Shift(person.id, _moment(day, 14, 30), _moment(day, 22)))
    return made


def _accounts(numbers: Mapping[str, Person], orgs: Organisations) -> tuple[Account, ...]:
    """One account for each role first, then a few more that a demonstration needs."""

    def clerk(code: str) -> str:
        return f"U{orgs.id(code):02d}1"

    def hand(code: str) -> str:
        return f"U{orgs.id(code):02d}2"

    made = (
        Account("collector", "C010", Role.COLLECTOR, "信息采集员（鼓楼社区）", "Collector, Gulou Community"),
        Account("intake", "S001", Role.INTAKE_OFFICER, "受理员", "Intake officer"),
        Account("lead", "S011", Role.SHIFT_LEAD, "值班长", "Shift lead"),
        Account("dispatcher", "D001", Role.DISPATCHER, "派遣员", "Dispatcher"),
        Account("clerk", clerk("WTB-DR"), Role.UNIT_CLERK, "区排水管理所 内勤", "Clerk of the Drainage Office"),
        Account("handler", hand("WTB-DR"), Role.HANDLER, "区排水管理所 处置人员", "Handler of the Drainage Office"),
        Account("water", f"B{orgs.id('WTB'):02d}1", Role.SUPERVISING_DEPT, "区水务局 主管部门", "Water Bureau, supervising department"),
        Account("leader", "L001", Role.DUTY_LEADER, "值班领导", "Duty leader"),
        Account("assessor", "E001", Role.ASSESSOR, "考评员", "Assessor"),
        Account("hotline", "H001", Role.CALL_AGENT, "热线话务员", "Hotline agent"),
        Account("admin", "A001", Role.SYSTEM_ADMIN, "系统管理员", "System administrator"),
        Account("security", "A002", Role.SECURITY_ADMIN, "安全管理员", "Security administrator"),
        Account("auditor", "A003", Role.AUDITOR, "审计员", "Auditor"),
        Account("citizen", "P001", Role.CITIZEN, "市民", "Citizen"),
        Account("machine", "M001", Role.MACHINE, "视频巡查接口", "Machine client: video patrol"),
        Account("collector2", "C901", Role.COLLECTOR, "信息采集员（机动核查）", "Collector without a grid, for checks"),
        Account("street", clerk("ST2"), Role.UNIT_CLERK, "钟楼街道办事处 内勤", "Clerk of Zhonglou Street Office"),
        Account("cleaning", clerk("ST2-SAN"), Role.UNIT_CLERK, "街道环卫保洁队 队长", "Head of the Street Cleaning Team"),
        Account("cleaner", hand("ST2-SAN"), Role.HANDLER, "街道环卫保洁队 处置人员", "Handler of the Street Cleaning Team"),
        Account("waterworks", clerk("WTR-F"), Role.UNIT_CLERK, "自来水公司 抢修调度", "Repair desk of the Water Company"),
        Account("community", f"U{orgs.community('E').id:02d}1", Role.UNIT_CLERK, "鼓楼社区居委会", "Gulou Community Committee"),
        Account("gridworker", f"U{orgs.grid_team('E').id:02d}2", Role.HANDLER, "鼓楼社区网格员", "Grid worker of Gulou Community"),
    )
    for account in made:
        if all(post.role is not account.role for post in numbers[account.person].assignments):
            raise ValueError(f"account {account.name}: {account.person} does not hold {account.role}")
    return made


__all__ = ["CITY_ZONE", "Account", "People", "PersonDetails", "engage_people", "name_of"]
