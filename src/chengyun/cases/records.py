"""What a case is: its state, its clocks, its people by reference, and the events that made it.

No personal value stands here: people are ids, what they wrote is kept beside the event as (case, seq, field) in rows that can be
erased, and an event only says which texts came with it. Everything in `Event.body` is plain JSON; instants are text in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chengyun.base.geometry import Point
from chengyun.base.ids import (
    AreaCode,
    AttachmentId,
    CaseId,
    CategoryCode,
    DutyRowId,
    OrgId,
    PersonId,
    ReporterId,
    StandardId,
    TenantId,
)
from chengyun.city.records import Limit, Loop, Role


class State(StrEnum):
    """Where a case stands. The step (1-7 of the national order) of each is in `lifecycle.STEP`."""

    NONE = "none"
    """Before the first event; only creating actions start here."""
    REPORTED = "reported"
    VERIFYING = "verifying"
    PENDING_FILING = "pending_filing"
    VOID_ASKED = "void_asked"
    VOID = "void"
    MERGED = "merged"
    PENDING_DISPATCH = "pending_dispatch"
    RETURNED_TO_FILING = "returned_to_filing"
    CONSULTING = "consulting"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    FINISHED = "finished"
    """The handler says done; the unit has not confirmed yet."""
    EXTENSION_ASKED = "extension_asked"
    EXTENSION_ENDORSED = "extension_endorsed"
    SUSPENSION_ASKED = "suspension_asked"
    SUSPENSION_ENDORSED = "suspension_endorsed"
    SUSPENDED = "suspended"
    RETURNED = "returned"
    SPLIT = "split"
    FEEDBACK_GIVEN = "feedback_given"
    CHECKING = "checking"
    PENDING_CLOSING = "pending_closing"
    CLOSED = "closed"
    FORCED_CLOSED = "forced_closed"
    EVALUATED = "evaluated"
    UNKNOWN = "unknown"
    """Imported without this stage; counted as filed, entering no rate."""


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"
    """特急: straight to the handling unit with a phone call."""


class SourceFamily(StrEnum):
    """Six families (design language 2); a city may add details under each."""

    COLLECTOR = "collector"
    PUBLIC = "public"
    HOTLINE = "hotline"
    VIDEO = "video"
    SENSOR = "sensor"
    EXCHANGE = "exchange"


class Provenance(StrEnum):
    LIVE = "live"
    SIMULATED = "simulated"
    IMPORTED = "imported"


class EvidenceStage(StrEnum):
    BEFORE = "before"
    VERIFY = "verify"
    AFTER = "after"
    CHECK = "check"
    CALL = "call"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Evidence:
    """An attachment at its stage. `kind`: photo, video, sound, document. Before and after photos pair by case and stage."""

    attachment: AttachmentId
    stage: EvidenceStage
    kind: str = "photo"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `person` is None for the system and for anonymous reporters; `deputy_for` if he stands in."""

    role: Role
    person: PersonId | None = None
    org: OrgId | None = None
    deputy_for: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody wants done. `facts` is JSON; `texts` are words people wrote (reason, note, answer, description), kept apart.

    captured_at   when it was done on the device, if that was before it reached us (offline)
    clock_error_s   seconds by which the device's clock was found to be ahead of the city's (behind: negative) when they next met;
                    None if it was not measured. It is told beside `captured_at`, which stays as the device said it.
    """

    name: str
    actor: Actor
    facts: Mapping[str, object] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    captured_at: datetime | None = None
    clock_error_s: float | None = None


class ClockName(StrEnum):
    VERIFY = "verify"
    FILE = "file"
    DISPATCH = "dispatch"
    CONSULT = "consult"
    ACCEPT = "accept"
    UNIT = "unit"
    SUB_UNIT = "sub_unit"
    APPROVE = "approve"
    CHECK = "check"
    CLOSE = "close"
    CASE = "case"
    ANSWER = "answer"
    SUPERVISION = "supervision"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True)
class Clock:
    """One named clock of a case, with every fact that a dispute needs.

    limit        None: elapsed time only, never due
    due          None while it has no limit or stands paused
    intervals    counted spans (from, to) that make up the answer, as the deadline module returned them
    pauses       spans not counted; the last has no end while paused
    outcome      running, paused, met, late, cancelled (not charged)
    """

    name: ClockName
    started: datetime
    limit: Limit | None
    calendar: str
    calendar_version: int
    due: datetime | None
    provisional: bool = False
    intervals: tuple[tuple[datetime, datetime], ...] = ()
    pauses: tuple[tuple[datetime, datetime | None, str], ...] = ()
    extensions: int = 0
    org: OrgId | None = None
    stopped: datetime | None = None
    outcome: str = "running"
    serial: int = 0
    """Runs of the same name are numbered: the unit clock of the second dispatch is 1."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who told us, by reference. `origin` is the case the report came in as (differs after a merge)."""

    id: ReporterId
    person: PersonId | None
    family: SourceFamily
    origin: CaseId
    wants_answer: bool = True
    answered: bool = False
    identity_open: bool = False
    """He agreed that the handling unit may see who he is (domain 9.12)."""


@dataclass(frozen=True, slots=True)
class StandardRef:
    """The standard entry as it was at filing, fixed there (domain 9.5)."""

    id: StandardId
    version: int
    condition_no: int
    limit: Limit


@dataclass(frozen=True, slots=True)
class Request:
    """An extension or suspension on its way through two levels."""

    kind: str
    asked_by: PersonId | None
    asked_at: datetime
    until: datetime | None = None
    endorsed_by: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    asked_by: PersonId | None
    asked_at: datetime
    reviews: tuple[tuple[PersonId, bool], ...] = ()
    """(reviewer, granted); two reviewers decide, both must grant."""
    outcome: str = "open"


@dataclass(frozen=True, slots=True)
class Supervision:
    number: int
    by: PersonId | None
    at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    id: CaseId
    tenant: TenantId
    number: str = ""
    seq: int = 0
    """How many events it has; the expected version of an optimistic writer."""
    state: State = State.NONE
    prior: State | None = None
    """Where to go back to from void_asked, merged."""
    flow: str = "national"
    flow_version: int = 1
    provenance: Provenance = Provenance.LIVE
    family: SourceFamily = SourceFamily.COLLECTOR
    source_detail: str = ""
    urgency: Urgency = Urgency.NORMAL
    category: CategoryCode | None = None
    standard: StandardRef | None = None
    place: Point | None = None
    grid: AreaCode | None = None
    component: str | None = None
    loop: Loop | None = None
    reported_at: datetime | None = None
    captured_at: datetime | None = None
    filed_at: datetime | None = None
    closed_at: datetime | None = None
    reporters: tuple[Reporter, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    clocks: tuple[Clock, ...] = ()
    holders: tuple[OrgId, ...] = ()
    """First the answerable unit, last the one that holds it now (second-level dispatch)."""
    trade_department: OrgId | None = None
    ladder: tuple[tuple[Loop, OrgId], ...] = ()
    duty_row: tuple[DutyRowId, int] | None = None
    """Row and version, fixed at each dispatch."""
    handler: PersonId | None = None
    assisting: tuple[tuple[OrgId, bool], ...] = ()
    """(unit, done)"""
    checker: PersonId | None = None
    blind_check: bool = False
    request: Request | None = None
    appeal: Appeal | None = None
    supervisions: tuple[Supervision, ...] = ()
    extensions: int = 0
    suspensions: int = 0
    returns: int = 0
    reworks: int = 0
    urges: int = 0
    reopens: int = 0
    verified: bool | None = None
    exempt: bool = False
    """Admitted without verification because the evidence is complete; the ground stands in the event."""
    checked: bool | None = None
    merged_into: CaseId | None = None
    absorbed: tuple[CaseId, ...] = ()
    parent: CaseId | None = None
    children: tuple[tuple[CaseId, bool], ...] = ()
    """(child, closed)"""
    simple: bool = False
    forced: bool = False
    rechecks: tuple[bool, ...] = ()
    """Results of sample re-checks after closing."""
    solved: bool | None = None
    satisfaction: int | None = None
    """The reporter's own word, 1 (not) to 5 (very)."""
    confirmed_by_person: bool = True
    """False for a machine's finding until a person confirms; only then it enters a score (domain 9.13)."""
    staff_of: OrgId | None = None
    """The unit whose staff a complaint is about; it is kept from it (domain 9.12)."""
    reported_by: PersonId | None = None
    filed_by: PersonId | None = None
    handled_by: tuple[PersonId, ...] = ()
    """Everyone who handled it for a unit; none of them may check it."""
    handled_for: tuple[OrgId, ...] = ()
    checked_by: PersonId | None = None


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What an event does to one clock: the clock as it stands afterwards."""

    op: str
    """start, stop, pause, resume, extend, cancel, retime"""
    clock: Clock


@dataclass(frozen=True, slots=True)
class Event:
    """One fact of a case's history, with everything resolved (limit, versions, unit, reason), so folding reads nothing else.

    type and version name the shape of `body`; older versions pass an upcaster before `evolve` sees them.
    """

    case: CaseId
    seq: int
    type: str
    version: int
    at: datetime
    actor: Actor
    to: State
    body: Mapping[str, object] = field(default_factory=dict)
    clocks: tuple[ClockChange, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    texts: tuple[str, ...] = ()
    """Fields whose words stand in the erasable rows under (case, seq, field)."""
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    events: tuple[Event, ...]
