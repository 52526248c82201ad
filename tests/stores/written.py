"""Hand-made cases for the tests of the stores: what the desk would hand over, without its rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from chengyun.base.geometry import Point
from chengyun.base.ids import TenantId
from chengyun.base.time import CityClock
from chengyun.cases.ports import AuditEntry, Message, Recording, ReporterIdentity, Timer
from chengyun.cases.records import Actor, Case, Clock, ClockName, Event, Evidence, EvidenceStage, Reporter, SourceFamily, State
from chengyun.city.records import ClockUnit, Limit, Role
from chengyun.stores.writing.cases.work import CaseWork, open_work

TUESDAY = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
ONE, TWO = TenantId(1), TenantId(2)
CLOCK = CityClock(TUESDAY, speed=0)
COLLECTOR = Actor(Role.COLLECTOR, 7, 3)
GRID = "440305001002003"
PLACE = Point(113.93, 22.53)


@contextmanager
def work(tenant: TenantId = ONE) -> Iterator[CaseWork]:
    with open_work(tenant, CLOCK, b"key of the audit", lambda _category: "facilities", ZONE) as opened:
        yield opened


def unit_clock(case: Case, due: datetime, outcome: str = "running") -> Case:
    limit = Limit(4, ClockUnit.WORK_HOUR)
    return replace(case, clocks=(*case.clocks, Clock(ClockName.UNIT, TUESDAY, limit, "city", 1, due, outcome=outcome)))


def event(case: Case, type_: str, to: State, at: datetime = TUESDAY, **parts: object) -> Event:
    return Event(case.id, case.seq, type_, 1, at, parts.pop("actor", COLLECTOR), to, **parts)  # type: ignore[arg-type]


def new_report(
    opened: CaseWork, *, words: str = "井盖破损", place: Point | None = PLACE, grid: str | None = GRID, **parts: object
) -> Recording:
    """A first report, ready to be recorded."""
    id_, number = opened.new_case("WJ", "261124")
    reporter = opened.new_reporter()
    case = Case(
        id_,
        opened.tenant,
        number,
        seq=1,
        state=State.REPORTED,
        family=SourceFamily.PUBLIC,
        category="2026:component:01001",
        place=place,
        grid=grid,
        reported_at=TUESDAY,
        reported_by=7,
        reporters=(Reporter(reporter, None, SourceFamily.PUBLIC, id_),),
        **parts,  # type: ignore[arg-type]
    )
    return Recording(
        case,
        0,
        (event(case, "reported", State.REPORTED, texts=("description",)),),
        texts={(1, "description"): words},
        reporters=(ReporterIdentity(reporter, None, "王小明", "13800138000"),),
        address="幸福路 12 号",
        audit=(AuditEntry("case.report", f"case:{id_}", "accepted", COLLECTOR, TUESDAY, "web", after=b"digest"),),
        messages=(Message("case.reported", id_, 1, {"state": "reported"}),),
        timers=(Timer("overdue", TUESDAY + timedelta(minutes=30), id_, f"{id_}:verify:0:overdue", "verify"),),
    )


def report(tenant: TenantId = ONE, **parts: object) -> Case:
    with work(tenant) as opened:
        recording = new_report(opened, **parts)  # type: ignore[arg-type]
        opened.record(recording)
    return recording.case


def step(opened: CaseWork, case: Case, state: State, **parts: object) -> Case:
    """The case one event on, recorded."""
    after = replace(case, seq=case.seq + 1, state=state, **parts)  # type: ignore[arg-type]
    entry = AuditEntry("case.step", f"case:{case.id}", "accepted", COLLECTOR, TUESDAY, "web")
    happened = event(after, "stepped", state, evidence=(Evidence(5, EvidenceStage.AFTER),) if state is State.FEEDBACK_GIVEN else ())
    opened.record(Recording(after, case.seq, (happened,), audit=(entry,), messages=(Message("case.stepped", case.id, after.seq),)))
    return after
