"""One case lived through the pure core: every step is an action decided by `chengyun.cases`, at a moment of the past.

A `Life` knows no rules of its own. It asks `decide`, folds with `evolve`, and keeps words and pictures beside the events, as the
product does. A refusal breaks the story: the stories must obey the same table as people.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from chengyun.base.ids import AttachmentId, CaseId, OrgId, PersonId, ReporterId
from chengyun.base.results import Refused
from chengyun.cases import timers
from chengyun.cases.decide import decide
from chengyun.cases.desk import card
from chengyun.cases.evolve import evolve
from chengyun.cases.ports import AuditEntry, Message, Recording, ReporterIdentity
from chengyun.cases.records import (
    Action,
    Actor,
    Case,
    Event,
    Evidence,
    EvidenceStage,
    Provenance,
    Reporter,
    SourceFamily,
    State,
)
from chengyun.cases.rules import Rules
from chengyun.city.records import Role
from chengyun_demo.city import DemoCity
from chengyun_demo.people import name_of
from chengyun_demo.rota import Rota
from chengyun_demo.scenario import Plan

SECOND = timedelta(seconds=1)


class Unfinished(Exception):
    """The present is reached, or the state the story was to stop in."""


class StoryBroken(Exception):
    """The core refused a step of a story: the story is wrong, or the table has changed."""


@dataclass(frozen=True)
class PastPhoto:
    """A picture of a case: which attachment, and which drawn scene stands for it (`photos.draw`)."""

    attachment: AttachmentId
    scene: str
    """`litter-2-before`"""
    stage: EvidenceStage
    by: PersonId | None
    taken_at: datetime


@dataclass(frozen=True)
class PastCase:
    """What a loader stores of one case; `case` equals the fold of `events`."""

    case: Case
    events: tuple[Event, ...]
    texts: Mapping[tuple[int, str], str]
    """(seq, field) -> words."""
    reporters: tuple[ReporterIdentity, ...]
    address: str
    photos: tuple[PastPhoto, ...]

    @property
    def open_gap(self) -> Mapping[str, object] | None:
        """Why the duty list had no answer, while that is still being talked over."""
        if self.case.state is not State.CONSULTING:
            return None
        asked = next(event for event in reversed(self.events) if event.type == "consult")
        return asked.body if str(asked.body.get("ground", "")).startswith("gap_") else None

    def recording(self, now: datetime) -> Recording:
        """The same as one write of the desk: events, words, audit, outbox and the timers of the clocks that still run."""
        case = self.case
        return Recording(
            case=case,
            before_seq=0,
            events=self.events,
            texts=self.texts,
            reporters=self.reporters,
            address=self.address,
            audit=tuple(AuditEntry(f"case.{e.type}", f"case:{case.id}", "done", e.actor, e.at, "simulated") for e in self.events),
            messages=tuple(Message("case", case.id, e.seq, card(case, e)) for e in self.events),
            timers=tuple(timer for clock in case.clocks for timer in timers.set_for(case, clock, now) if timer.at > now),
        )


@dataclass
class Numbers:
    """Ids given out in the past, each series from one."""

    case: int = 0
    reporter: int = 0
    attachment: int = 0

    def next_case(self) -> CaseId:
        self.case += 1
        return CaseId(self.case)

    def next_reporter(self) -> ReporterId:
        self.reporter += 1
        return ReporterId(self.reporter)

    def next_attachment(self) -> AttachmentId:
        self.attachment += 1
        return AttachmentId(self.attachment)


@dataclass
class World:
    """What all lives share."""

    city: DemoCity
    rules: Rules
    rota: Rota
    until: datetime
    numbers: Numbers
    orgs_of: Mapping[PersonId, OrgId | None]
    lateness: Mapping[OrgId, float]
    """How often each unit is late: some are good, some are not, so that scores differ."""


Interrupt = Callable[["Life", datetime], None]


@dataclass
class Life:
    world: World
    plan: Plan
    draw: random.Random
    must: frozenset[str] = frozenset()
    """Turns the story has to take; if there are any, no other turn is taken."""
    stop_in: State | None = None
    staged: bool = False
    checker: PersonId | None = None
    """Who is to verify and to check, if it must be somebody in particular."""
    case: Case = field(init=False)
    events: list[Event] = field(default_factory=list)
    texts: dict[tuple[int, str], str] = field(default_factory=dict)
    photos: list[PastPhoto] = field(default_factory=list)
    identities: list[ReporterIdentity] = field(default_factory=list)
    interrupts: list[tuple[datetime, Interrupt]] = field(default_factory=list)
    scene: int = 1

    def __post_init__(self) -> None:
        ident = self.world.numbers.next_case()
        self.scene = self.draw.randrange(1, 4)
        self.case = Case(
            ident, self.world.city.tenant, provenance=Provenance.SIMULATED, family=self.plan.family, source_detail=self.plan.detail,
            reporters=self._reporters(ident),
        )  # fmt: skip

    def _reporters(self, case: CaseId) -> tuple[Reporter, ...]:
        """Whoever told us, as the desk notes him: staff and machines by their id, the public with name and phone apart."""
        plan, ident = self.plan, self.world.numbers.next_reporter()
        public = plan.family in (SourceFamily.PUBLIC, SourceFamily.HOTLINE)
        person = plan.reporter
        if plan.family is SourceFamily.HOTLINE:
            self.identities.append(ReporterIdentity(ident, None, name_of(200 + int(ident))[0], f"1001000{int(ident) % 10000:04d}"))
        elif public and person is not None:
            details = self.world.city.people.details[person]
            self.identities.append(ReporterIdentity(ident, person, details.name_zh, details.phone))
        else:
            if plan.family not in (SourceFamily.COLLECTOR, SourceFamily.PUBLIC):
                person = self.world.city.people.holding(Role.MACHINE)[0].id
            self.identities.append(ReporterIdentity(ident, person))
        wants = public and (person is not None or plan.family is SourceFamily.HOTLINE)
        return (Reporter(ident, person, plan.family, case, wants_answer=wants),)

    # --- acting ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.events[-1].at if self.events else self.plan.at.astimezone(UTC)

    def chance(self, turn: str, share: float) -> bool:
        """Does the story take this turn?"""
        if turn in self.must:
            return True
        rolled = self.draw.random() < share
        return rolled and not self.must and not self.staged

    def actor(self, role: Role, person: PersonId | None, deputy_for: PersonId | None = None) -> Actor:
        return Actor(role, person, None if person is None else self.world.orgs_of[person], deputy_for)

    def act(
        self, name: str, actor: Actor, at: datetime, facts: Mapping[str, object] | None = None, texts: Mapping[str, str] | None = None,
        photos: Sequence[EvidenceStage] = (), captured_at: datetime | None = None,
    ) -> datetime:  # fmt: skip
        """Do one thing at that moment, or just after the last one. Returns when it was done."""
        self.pass_time(at)
        if self.events:
            at = max(at, self.events[-1].at + SECOND)
        at = at.astimezone(UTC)
        if at > self.world.until:
            raise Unfinished
        evidence = tuple(self._photo(stage, actor, captured_at or at) for stage in photos)
        action = Action(name, actor, facts or {}, texts or {}, evidence, captured_at.astimezone(UTC) if captured_at else None)
        answer = decide(self.case, action, self.world.rules, at)
        if isinstance(answer, Refused):
            raise StoryBroken(f"case {self.case.id} {self.case.state} {name} by {actor}: {answer}")
        for event in answer.events:
            self.case = evolve(self.case, event)
            self.events.append(event)
            for key in event.texts:
                self.texts[event.seq, key] = action.texts[key]
        if self.case.state is self.stop_in:
            raise Unfinished
        return at

    def _photo(self, stage: EvidenceStage, actor: Actor, taken_at: datetime) -> Evidence:
        photo = PastPhoto(
            self.world.numbers.next_attachment(),
            f"{self.plan.trouble.theme}-{self.scene}-{stage}",
            stage,
            actor.person,
            taken_at.astimezone(UTC),
        )
        self.photos.append(photo)
        return Evidence(photo.attachment, stage)

    def later(self, at: datetime, what: Interrupt) -> None:
        """Something that comes in between, whatever the story is doing then."""
        self.interrupts.append((at, what))

    def pass_time(self, to: datetime) -> None:
        while self.interrupts:
            due = min(self.interrupts, key=lambda pair: pair[0])
            if due[0] > to:
                return
            self.interrupts.remove(due)
            due[1](self, due[0])

    def finished(self, number: str) -> PastCase:
        """The life as records, with the case number it was given."""
        first = replace(self.events[0], body={**self.events[0].body, "number": number})
        return PastCase(
            replace(self.case, number=number),
            (first, *self.events[1:]),
            dict(self.texts),
            tuple(self.identities),
            self.plan.address,
            tuple(self.photos),
        )
