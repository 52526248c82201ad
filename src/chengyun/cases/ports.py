"""What the case desk needs from the world, in types. `stores` implements `Cases`; tests have one in memory."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, AttachmentId, CaseId, CategoryCode, OrgId, PersonId, ReporterId, TenantId
from chengyun.cases.records import Actor, Case, Event, Evidence
from chengyun.cases.rules import Rules
from chengyun.city.records import Component


@dataclass(frozen=True)
class Timer:
    """Something that must happen at a moment of city time, once. `dedup` is unique in the tenant for ever.

    kind   warn, overdue, wake, escalate, supervise_due ...; `clock` and `serial` say whose time it is
    """

    kind: str
    at: datetime
    case: CaseId
    dedup: str
    clock: str = ""
    serial: int = 0


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to which thing, with what result. References only, never a personal value (promise H4)."""

    operation: str
    object: str
    result: str
    actor: Actor
    at: datetime
    origin: str = ""
    """Channel and address class the request came by: `web`, `phone`, `machine`, `timer` ..."""
    before: bytes = b""
    after: bytes = b""
    """Digests of the case before and after."""


@dataclass(frozen=True)
class Message:
    """A line of the outbox: what happened, by reference. Followers (SSE, notices, webhooks, mirror) read it in commit order."""

    topic: str
    case: CaseId
    seq: int
    body: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ReporterIdentity:
    """Who a reporter is: level 3, stands in a row of its own that can be erased."""

    id: ReporterId
    person: PersonId | None
    name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Recording:
    """One decision written as one transaction: case row, events, texts, audit, outbox, timers - or nothing.

    case        the case after the events; before_seq the version it had before (0: new)
    texts       (seq, field) -> words, erasable
    clear_timers   dedup prefixes of this case's timers that no longer count
    """

    case: Case
    before_seq: int
    events: tuple[Event, ...]
    texts: Mapping[tuple[int, str], str] = field(default_factory=dict)
    reporters: tuple[ReporterIdentity, ...] = ()
    address: str | None = None
    answers: Mapping[str, object] = field(default_factory=dict)
    """Fields asked of this category, as answered."""
    audit: tuple[AuditEntry, ...] = ()
    messages: tuple[Message, ...] = ()
    timers: tuple[Timer, ...] = ()
    clear_timers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nearby:
    """A case that might be the same matter, as much of it as correlation asks for."""

    case: CaseId
    seq: int
    category: CategoryCode | None
    component: str | None
    place: Point | None
    reported_at: datetime
    closed_at: datetime | None
    text: str
    state: str


@dataclass(frozen=True)
class DutyRowDraft:
    """What a consultation writes back to the duty list."""

    category: CategoryCode | None
    area: AreaCode | None
    owner: OrgId | None
    hours: str
    handling_unit: OrgId
    trade_department: OrgId | None
    source: str
    signed_by: PersonId | None


@dataclass(frozen=True)
class Foreseen:
    """What one report will ask of the store, so that many reports are looked up at once. Places and ids as they were sent."""

    key: str
    actor: Actor
    attachments: tuple[AttachmentId, ...] = ()
    component: str | None = None
    category: CategoryCode | None = None
    place: Point | None = None


class Work(Protocol):
    """One unit of work. Everything read is locked or stable, everything written commits together or not at all."""

    def recall(self, key: str, door: str, digest: bytes) -> Mapping[str, object] | None:
        """The result kept for an idempotency key of the acting person, if it was used with the same body.

        Raises Conflict if it was used with another body. Two writers with the same key at once: the second waits for the first.
        """
        ...

    def remember(self, key: str, door: str, digest: bytes, result: Mapping[str, object]) -> None: ...

    def new_case(self, prefix: str, day: str) -> tuple[CaseId, str]:
        """A fresh id and the next case number of that city day (`261124`)."""
        ...

    def new_reporter(self) -> ReporterId: ...

    def get_case(self, case: CaseId) -> Case:
        """The case, locked until the work ends. Raises NotFound."""
        ...

    def get_evidence(self, attachments: Sequence[AttachmentId], actor: Actor) -> Mapping[AttachmentId, str]:
        """Kind of each attachment the actor may use here; those missing from the answer do not exist for him."""
        ...

    def find_component(self, identifier: str) -> Component | None:
        """The component in force, if the register has it."""
        ...

    def description_of(self, case: CaseId) -> str:
        """What the reporter wrote, for likeness; empty if erased."""
        ...

    def find_nearby(self, category: CategoryCode, place: Point, radius_m: float, since: datetime) -> Sequence[Nearby]:
        """Cases that might be the same matter; takes an advisory lock on the neighbourhood first, held to the end of the work.

        Those of another major class of categories may be left out: they never are the same matter."""
        ...

    def find_around(self, cases: Sequence[CaseId], radius_m: float, within: timedelta) -> Sequence[tuple[Nearby, Sequence[Nearby]]]:
        """Each case as it stands with those around it that were reported at most `within` before it or at any time after; no locks.
        Cases without place or category, or unknown, are left out."""
        ...

    def record(self, recording: Recording) -> None:
        """Write one decision. Raises Conflict if the case moved on since `before_seq`."""
        ...

    def record_audit(self, entry: AuditEntry) -> None:
        """An entry without a case change: refused attempts, reads of level-3 data."""
        ...

    def record_proposal(self, case: CaseId, other: CaseId, certainty: float, reason: Mapping[str, object]) -> bool:
        """A duplicate proposal, unordered pair, once; False if it stood already."""
        ...

    def record_gap(self, case: CaseId, reason: Mapping[str, object]) -> None:
        """The duty list had no answer, or several."""
        ...

    def write_duty_row(self, draft: DutyRowDraft, case: CaseId, at: datetime) -> tuple[int, int]:
        """Add a row to the duty list from a consultation, closing the gap of the case; gives row id and version."""
        ...

    def choose_checker(self, case: Case, at: datetime, excluded: frozenset[PersonId]) -> PersonId | None:
        """A collector on shift who may check this case, drawn at random away from the reporter and the unit; None if there is none."""
        ...


class ReportWork(Work, Protocol):
    """A unit of work that takes in many reports: looked up together, written together, each for itself all or nothing."""

    def foresee(self, reports: Sequence[Foreseen], prefix: str, day: str, radius_m: float, since: datetime) -> None:
        """Look up what the reports will ask. What was not foreseen is found all the same."""
        ...

    def part(self) -> AbstractContextManager[None]:
        """What is written inside and left with an error is taken back; what other parts wrote stays."""
        ...


class Cases(Protocol):
    """The store, as the desk sees it."""

    def reports(self, tenant: TenantId) -> AbstractContextManager[ReportWork]:
        """A transaction for many reports. Raises Conflict if another took one of their keys meanwhile; then nothing is written."""
        ...

    def work(self, tenant: TenantId) -> AbstractContextManager[Work]:
        """A transaction in the tenant, with the right to write cases. Leaving with an error undoes everything."""
        ...

    def rules(self, tenant: TenantId, at: datetime) -> Rules:
        """The rule book in force at that moment, compiled, cached by version."""
        ...


def evidence_ids(evidence: Sequence[Evidence]) -> tuple[AttachmentId, ...]:
    return tuple(item.attachment for item in evidence)
