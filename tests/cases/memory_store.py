"""The store of the tests: everything in dictionaries, all or nothing, one writer at a time."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

from chengyun.base.errors import Conflict, NotFound
from chengyun.base.geometry import Point, distance_m
from chengyun.base.ids import AttachmentId, CaseId, CategoryCode, PersonId, ReporterId, TenantId
from chengyun.cases.evolve import fold
from chengyun.cases.ports import AuditEntry, DutyRowDraft, Foreseen, Message, Nearby, Recording, Timer
from chengyun.cases.records import Actor, Case, Event
from chengyun.cases.rules import Rules
from chengyun.city.records import Component


@dataclass
class Shelves:
    """Everything that is kept."""

    cases: dict[CaseId, Case] = field(default_factory=dict)
    events: dict[CaseId, list[Event]] = field(default_factory=dict)
    texts: dict[tuple[CaseId, int, str], str] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    outbox: list[Message] = field(default_factory=list)
    timers: dict[str, Timer] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[bytes, Mapping[str, object]]] = field(default_factory=dict)
    proposals: dict[tuple[int, int], float] = field(default_factory=dict)
    gaps: list[tuple[CaseId, Mapping[str, object]]] = field(default_factory=list)
    duty_rows: list[DutyRowDraft] = field(default_factory=list)
    last_id: int = 0


@dataclass
class MemoryCases:
    """`Cases` in memory. `book` is the rule book; a test may put another in its place."""

    book: Rules
    shelves: Shelves = field(default_factory=Shelves)
    components: dict[str, Component] = field(default_factory=dict)
    on_shift: tuple[PersonId, ...] = ()

    def rules(self, tenant: TenantId, at: datetime) -> Rules:
        return self.book

    @contextmanager
    def work(self, tenant: TenantId) -> Iterator["MemoryWork"]:
        before = self.shelves
        self.shelves = copy.copy(before)
        for name, value in vars(before).items():
            setattr(self.shelves, name, copy.copy(value) if not isinstance(value, int) else value)
        self.shelves.events = {case: list(events) for case, events in before.events.items()}
        try:
            yield MemoryWork(self, tenant)
        except BaseException:
            self.shelves = before
            raise

    @contextmanager
    def reports(self, tenant: TenantId) -> Iterator["MemoryWork"]:
        with self.work(tenant) as work:
            yield work

    def snapshot(self) -> tuple[object, ...]:
        """Everything kept, as it stands: two snapshots are equal only if not a bit has moved.

        What is kept cannot be altered (frozen records, `frozen` JSON), so to hold it is to remember it, and to compare is to see that it
        is still the same thing.
        """
        shelves = vars(self.shelves)
        held = {**shelves, "events": {case: tuple(events) for case, events in self.shelves.events.items()}}
        return tuple((name, _held(value)) for name, value in held.items())


def _held(value: object) -> object:
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value


class FrozenDict(dict[str, object]):
    """JSON that is kept: reads like a dict, and any attempt to alter it is an error."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("what is kept cannot be altered")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]


class FrozenList(list[object]):
    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("what is kept cannot be altered")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = pop = remove = reverse = sort = _refuse  # type: ignore[assignment]


def frozen(kept: object) -> Any:
    """Plain JSON as it is kept: the same content, and nobody can alter it. Anything that is not JSON is an error."""
    if isinstance(kept, Mapping):
        return FrozenDict({key: frozen(value) for key, value in kept.items()})
    if isinstance(kept, list | tuple):
        return FrozenList(frozen(value) for value in kept)
    if kept is None or isinstance(kept, str | int | float):
        return kept
    raise TypeError(f"not JSON, it could not be kept: {kept!r}")


@dataclass
class MemoryWork:
    home: MemoryCases
    tenant: TenantId

    @property
    def shelves(self) -> Shelves:
        return self.home.shelves

    def foresee(self, reports: Sequence[Foreseen], prefix: str, day: str, radius_m: float, since: datetime) -> None:
        """Everything is at hand here."""

    @contextmanager
    def part(self) -> Iterator[None]:
        with self.home.work(self.tenant):
            yield

    def recall(self, key: str, door: str, digest: bytes) -> Mapping[str, object] | None:
        kept = self.shelves.keys.get((key, door))
        if kept is None:
            return None
        if kept[0] != digest:
            raise Conflict("key used with another body", key=key)
        return kept[1]

    def remember(self, key: str, door: str, digest: bytes, result: Mapping[str, object]) -> None:
        self.shelves.keys[key, door] = (digest, frozen(result))

    def _next(self) -> int:
        self.shelves.last_id += 1
        return self.shelves.last_id

    def new_case(self, prefix: str, day: str) -> tuple[CaseId, str]:
        number = self._next()
        return CaseId(number), f"{prefix} {day[:4]} {day[4:]} {number:04d}"

    def new_reporter(self) -> ReporterId:
        return ReporterId(self._next())

    def get_case(self, case: CaseId) -> Case:
        if case not in self.shelves.cases:
            raise NotFound("no such case")
        return self.shelves.cases[case]

    def get_evidence(self, attachments: Sequence[AttachmentId], actor: Actor) -> Mapping[AttachmentId, str]:
        return {each: "photo" for each in attachments if each < 1000}

    def find_component(self, identifier: str) -> Component | None:
        return self.home.components.get(identifier)

    def description_of(self, case: CaseId) -> str:
        return self.shelves.texts.get((case, 1, "description"), "")

    def find_nearby(self, category: CategoryCode, place: Point, radius_m: float, since: datetime) -> Sequence[Nearby]:
        found = []
        for case in self.shelves.cases.values():
            if case.place is None or case.reported_at is None or case.reported_at < since:
                continue
            if distance_m(place, case.place) <= radius_m:
                words = self.description_of(case.id)
                found.append(
                    Nearby(
                        case.id,
                        case.seq,
                        case.category,
                        case.component,
                        case.place,
                        case.reported_at,
                        case.closed_at,
                        words,
                        str(case.state),
                    )
                )
        return found

    def find_around(self, cases: Sequence[CaseId], radius_m: float, within: timedelta) -> Sequence[tuple[Nearby, Sequence[Nearby]]]:
        found = []
        for case in (self.shelves.cases[each] for each in cases if each in self.shelves.cases):
            if case.place is None or case.category is None or case.reported_at is None:
                continue
            around = self.find_nearby(case.category, case.place, radius_m, case.reported_at - within)
            mine = [each for each in self.find_nearby(case.category, case.place, 1, case.reported_at) if each.case == case.id]
            found.append((mine[0], [each for each in around if each.case != case.id]))
        return found

    def record(self, recording: Recording) -> None:
        case = recording.case
        before = self.shelves.cases.get(case.id)
        if (before.seq if before else 0) != recording.before_seq:
            raise Conflict("the case moved on")
        events = [replace(event, body=frozen(event.body)) for event in recording.events]
        self.shelves.events.setdefault(case.id, []).extend(events)
        self.shelves.cases[case.id] = case
        self.shelves.texts.update({(case.id, seq, name): words for (seq, name), words in recording.texts.items()})
        self.shelves.audit.extend(recording.audit)
        self.shelves.outbox.extend(replace(message, body=frozen(message.body)) for message in recording.messages)
        for stem in recording.clear_timers:
            for dedup in [each for each in self.shelves.timers if each.startswith(stem)]:
                del self.shelves.timers[dedup]
        self.shelves.timers.update({timer.dedup: timer for timer in recording.timers})

    def record_audit(self, entry: AuditEntry) -> None:
        self.shelves.audit.append(entry)

    def record_proposal(self, case: CaseId, other: CaseId, certainty: float, reason: Mapping[str, object]) -> bool:
        pair = (min(case, other), max(case, other))
        if pair in self.shelves.proposals:
            return False
        self.shelves.proposals[pair] = certainty
        return True

    def record_gap(self, case: CaseId, reason: Mapping[str, object]) -> None:
        self.shelves.gaps.append((case, frozen(reason)))

    def write_duty_row(self, draft: DutyRowDraft, case: CaseId, at: datetime) -> tuple[int, int]:
        self.shelves.duty_rows.append(draft)
        return 9000 + len(self.shelves.duty_rows), 1

    def choose_checker(self, case: Case, at: datetime, excluded: frozenset[PersonId]) -> PersonId | None:
        return next((each for each in self.home.on_shift if each not in excluded), None)


def refolded(home: MemoryCases, case: CaseId, first: Case) -> Case:
    """The case again, from its events alone."""
    return fold(first, home.shelves.events[case])


def first_of(case: Case) -> Case:
    """What a case was before its first event, as far as folding needs it."""
    return Case(id=case.id, tenant=case.tenant)


__all__ = ["MemoryCases", "MemoryWork", "Shelves", "first_of", "refolded"]
