"""The case desk: the one way in which a case comes to be and changes. Load under lock, decide, write, tell - through ports handed in.

Every door (API, phone, hotline, machine, timer, command line) calls these. A call is one transaction: case, events, texts, audit,
outbox and timers, or nothing. Automatic steps that follow (filing, dispatch, checking, closing, scoring) happen inside the same one.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from chengyun.base.errors import Conflict
from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, AttachmentId, CaseId, CategoryCode, OrgId, PersonId, TenantId
from chengyun.base.results import Refused
from chengyun.base.time import Clock, to_text
from chengyun.cases import access, automatic, correlation, responsibility, timers
from chengyun.cases.clocks import ALIVE
from chengyun.cases.decide import child_of, decide
from chengyun.cases.evolve import evolve, write_reporter
from chengyun.cases.ports import AuditEntry, Cases, DutyRowDraft, Foreseen, Message, Nearby, Recording, ReporterIdentity, Timer, Work
from chengyun.cases.records import (
    Accepted,
    Action,
    Actor,
    Case,
    ClockName,
    Event,
    Evidence,
    Provenance,
    Reporter,
    SourceFamily,
    State,
    Urgency,
)
from chengyun.cases.rules import Rules
from chengyun.city.records import AreaKind, Role

LEVELS = (AreaKind.DISTRICT, AreaKind.STREET, AreaKind.COMMUNITY, AreaKind.UNIT_GRID)
UNDER_WAY = timedelta(hours=12)
"""City time within which two reports can have been written without seeing each other: a statement that waits for a lock gives up after
ten seconds, which is ten hours by the demo's clock at its fastest (3,600 times). Chosen by us."""
MOST_FOLLOW_UPS = 12
"""A chain of automatic steps longer than the national process itself is a mistake in a flow."""


# --- what is asked and answered -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewReport:
    """A report as it reached us. `texts`: description, address, note. `facts`: place [lon, lat], category, component, urgency, standard,
    staff_of, asked answers are apart. `contact` is the reporter's name and phone if he left them."""

    family: SourceFamily
    source_detail: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    contact_name: str = ""
    contact_phone: str = ""
    reporter: PersonId | None = None
    """Whose report it is, when somebody else writes it down (a call agent for a caller with an account)."""
    wants_answer: bool = True
    identity_open: bool = False
    answers: Mapping[str, object] = field(default_factory=dict)
    captured_at: datetime | None = None
    clock_error_s: float | None = None
    simple: bool = False
    provenance: Provenance = Provenance.LIVE


@dataclass(frozen=True)
class Order:
    """An act on a case somebody sees at version `expected_seq` (None: whatever it is now)."""

    action: str
    facts: Mapping[str, object] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    expected_seq: int | None = None
    captured_at: datetime | None = None
    clock_error_s: float | None = None


@dataclass(frozen=True)
class Done:
    """What became of it. `repeated`: the same key had done it before, nothing happened now."""

    case: CaseId
    number: str
    seq: int
    state: str
    events: tuple[str, ...]
    proposals: tuple[int, ...] = ()
    repeated: bool = False

    def kept(self) -> Mapping[str, object]:
        return {
            "case": int(self.case),
            "number": self.number,
            "seq": self.seq,
            "state": self.state,
            "events": list(self.events),
            "proposals": list(self.proposals),
        }

    @classmethod
    def again(cls, kept: Mapping[str, object]) -> "Done":
        found = json.loads(json.dumps(dict(kept)))
        return cls(found["case"], found["number"], found["seq"], found["state"], tuple(found["events"]), tuple(found["proposals"]), True)


Answer = Done | Refused | access.Denied


@dataclass(frozen=True)
class Arrival:
    """A report that has reached the desk: whose, what, under which key, by which channel."""

    reader: access.Reader
    report: NewReport
    key: str
    origin: str = ""


COMPANIONS = frozenset({"absorb", "release", "create_child", "child_closed", "child_reopened"})
"""What an act on one case does to another. It follows from that act, in the same unit of work, and is never ordered by itself."""


class _Stop(Exception):
    """Leaves the transaction with nothing written."""

    def __init__(self, answer: Refused | access.Denied) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True)
class Desk:
    """The desk of one installation. `origin` of a call says by which channel it came, for the audit."""

    cases: Cases
    clock: Clock

    def report(self, reader: access.Reader, report: NewReport, key: str, origin: str = "") -> Answer:
        """Make a case of a report. The same key gives the same case."""
        (answer,) = self.report_all([Arrival(reader, report, key, origin)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def report_all(self, arrivals: Sequence[Arrival]) -> Sequence[Answer | Exception]:
        """Make cases of reports of one tenant, in one transaction: they reach the disk together, and each has its own answer.

        A refused one leaves nothing behind and stops no other. If the transaction fails - two writers met, or one report cannot be
        written - each is tried again alone, so that nobody answers for his neighbour's fault; what then fails is that one's answer.
        """
        now = self.clock.now()
        answers: dict[int, Answer | Exception] = {}
        admitted: dict[int, tuple[Arrival, str, Actor]] = {}
        for place, arrival in enumerate(arrivals):
            found = self._admit(arrival, now)
            if isinstance(found, tuple):
                admitted[place] = (arrival, *found)
            else:
                answers[place] = found
        for group in _apart(admitted):
            answers |= self._take_in(group, now)
        return [answers[place] for place in range(len(arrivals))]

    def _admit(self, arrival: Arrival, now: datetime) -> "tuple[str, Actor] | Refused | access.Denied":
        """The act by which the report becomes a case, and the post it is made under."""
        reader, report = arrival.reader, arrival.report
        operation = "finding.make" if any(post.role == Role.MACHINE for post in reader.posts) else "report.make"
        allowed = access.may(reader, operation, access.Target(reader.tenant))
        if isinstance(allowed, access.Denied):
            return allowed
        name = "simple_close" if report.simple else "report"
        flow = self.cases.rules(reader.tenant, now).flow_for(Case(CaseId(0), reader.tenant), report.facts.get("category"))
        roles = flow.roles(State.NONE, name)
        post = access.acting_post(allowed, roles)
        if post is None:
            return Refused("not_your_role", {"action": name, "who": sorted(roles)})
        return name, Actor(post.role, reader.person, post.org, post.deputy_for)

    def _take_in(self, group: Mapping[int, tuple[Arrival, str, Actor]], now: datetime) -> dict[int, Answer | Exception]:
        tenant = next(iter(group.values()))[0].reader.tenant
        for last in (False, True):
            try:
                return self._take_in_together(tenant, group, now)
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is the answer of one report and not of its neighbours
                if len(group) == 1:
                    if last or not isinstance(fault, Conflict):
                        return dict.fromkeys(group, fault)
                    continue  # another had the same key and is done now: its answer is ours
                return {place: answer for place, one in group.items() for answer in self._take_in({place: one}, now).values()}
        raise AssertionError("the second turn returns")

    def _take_in_together(
        self, tenant: TenantId, group: Mapping[int, tuple[Arrival, str, Actor]], now: datetime
    ) -> dict[int, Answer | Exception]:
        rules = self.cases.rules(tenant, now)
        answers: dict[int, Answer | Exception] = {}
        with self.cases.reports(tenant) as work:
            sittings = {place: _Sitting(work, rules, now, one[0].reader, one[0].origin) for place, one in group.items()}
            foreseen = [sittings[place].foreseen(actor, arrival.report, arrival.key) for place, (arrival, _, actor) in group.items()]
            first = next(iter(sittings.values()))
            work.foresee(
                foreseen,
                rules.settings.number_prefix,
                first.city_day(),
                rules.settings.duplicate_radius_m,
                now - rules.settings.duplicate_window,
            )
            for place, (arrival, name, actor) in group.items():
                try:
                    with work.part():
                        answers[place] = sittings[place].report(actor, name, arrival.report, arrival.key)
                except _Stop as stop:
                    answers[place] = stop.answer
                except Conflict as fault:
                    answers[place] = fault
        return answers

    def act(self, reader: access.Reader, case: CaseId, order: Order, key: str, origin: str = "") -> Answer:
        """Do one act on a case."""
        now = self.clock.now()
        rules = self.cases.rules(reader.tenant, now)
        try:
            with self.cases.work(reader.tenant) as work:
                return _Sitting(work, rules, now, reader, origin).act(case, order, key)
        except _Stop as stop:
            return stop.answer

    def ring(self, reader: access.Reader, timer: Timer, work: Work) -> Sequence[Event]:
        """Do what a timer asks, inside the transaction that has claimed it, so it takes effect exactly once (promise D3)."""
        now = self.clock.now()
        sitting = _Sitting(work, self.cases.rules(reader.tenant, now), now, reader, "timer")
        return sitting.ring(timer)

    def retime(self, reader: access.Reader, case: CaseId) -> Answer:
        """Compute the open clocks anew after the calendar changed; closed clocks are never re-timed (domain 9.4)."""
        now = self.clock.now()
        rules = self.cases.rules(reader.tenant, now)
        versions = {name: calendar.version for name, calendar in rules.calendars.items()}
        order = Order("retime", {"calendar_version": versions})
        key = f"retime/{case}/{json.dumps(versions, sort_keys=True)}"
        try:
            with self.cases.work(reader.tenant) as work:
                return _Sitting(work, rules, now, reader, "calendar").act(case, order, key)
        except _Stop as stop:
            return stop.answer

    def find_party(self, tenant: TenantId, case: Case) -> responsibility.Decision | responsibility.Gap:
        """What the duty list says of a case now: proposed to whoever dispatches, changing nothing."""
        now = self.clock.now()
        rules = self.cases.rules(tenant, now)
        with self.cases.work(tenant) as work:
            return _Sitting(work, rules, now, access.system(tenant), "").find_party(case)

    def find_late_duplicates(self, reader: access.Reader, cases: Sequence[CaseId]) -> None:
        """Search around many cases once more, after commit: reports that were written at the same instant must see each other.

        Only neighbours that can have been under way at the same time are looked at; the others were seen when the report came in.
        A pair found now for the first time and certain enough is merged, as `find_duplicates` does it.
        """
        settings = self.cases.rules(reader.tenant, self.clock.now()).settings
        certain = []
        with self.cases.work(reader.tenant) as work:
            for mine, around in work.find_around(cases, settings.duplicate_radius_m, UNDER_WAY):
                for candidate in correlation.rank(mine, around, settings):
                    new = work.record_proposal(mine.case, candidate.case, candidate.certainty, candidate.reason)
                    if new and candidate.certainty >= settings.merge_certainty:
                        certain.append(mine.case)
        for case in dict.fromkeys(certain):
            self.find_duplicates(reader, case)

    def find_duplicates(self, reader: access.Reader, case: CaseId) -> Sequence[CaseId]:
        """Search around one case, and merge what is certain."""
        now = self.clock.now()
        rules = self.cases.rules(reader.tenant, now)
        with self.cases.work(reader.tenant) as work:
            sitting = _Sitting(work, rules, now, reader, "correlation")
            found = work.get_case(case)
            sitting.watch(found)
            proposed = sitting.propose_duplicates(found, sitting.words_of(case))
            sitting.write()
            return proposed


@dataclass
class _Change:
    """One case inside a sitting: as it was, as it is, and what happened between."""

    before_seq: int
    case: Case
    before: Case | None = field(init=False)
    events: list[Event] = field(default_factory=list)
    texts: dict[tuple[int, str], str] = field(default_factory=dict)
    reporters: tuple[ReporterIdentity, ...] = ()
    address: str | None = None
    answers: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self.case if self.before_seq else None


class _Sitting:
    """One unit of work at the desk: the cases it touches, in order, written together at the end."""

    def __init__(self, work: Work, rules: Rules, now: datetime, reader: access.Reader, origin: str) -> None:
        self.work, self.rules, self.now, self.reader, self.origin = work, rules, now, reader, origin
        self.city_zone = ZoneInfo(str(rules.calendars["city"].zone))
        self.changes: dict[CaseId, _Change] = {}

    # --- a new report

    def foreseen(self, actor: Actor, report: NewReport, key: str) -> Foreseen:
        category, component = report.facts.get("category"), report.facts.get("component")
        try:
            place = _point(report.facts.get("place"))
        except _Stop:
            place = None  # refused in its turn
        return Foreseen(
            self._mine(key),
            actor,
            tuple(each.attachment for each in report.evidence),
            None if component is None else str(component),
            None if category is None else CategoryCode(str(category)),
            place,
        )

    def report(self, actor: Actor, name: str, report: NewReport, key: str) -> Done:
        digest = _digest(name, report)
        kept = self.work.recall(self._mine(key), "report", digest)
        if kept is not None:
            return Done.again(kept)
        evidence = self._evidence(report.evidence, actor)
        case_id, number = self._new_case()
        reporter = Reporter(
            id=self.work.new_reporter(),
            person=report.reporter or actor.person,
            family=report.family,
            origin=case_id,
            wants_answer=report.wants_answer and report.family in (SourceFamily.PUBLIC, SourceFamily.HOTLINE),
            identity_open=report.identity_open,
        )
        case = Case(
            case_id,
            self.reader.tenant,
            number=number,
            family=report.family,
            source_detail=report.source_detail,
            provenance=report.provenance,
            urgency=Urgency(str(report.facts.get("urgency") or Urgency.NORMAL)),
            reporters=(reporter,),
        )
        facts = {**report.facts, **self._ground(report.facts)}
        facts["standard"] = self._only_entry(facts) if name == "simple_close" and facts.get("standard") is None else facts.get("standard")
        if name == "report":
            del facts["standard"]
        self.changes[case_id] = _Change(
            before_seq=0,
            case=case,
            reporters=(ReporterIdentity(reporter.id, reporter.person, report.contact_name, report.contact_phone),),
            address=report.texts.get("address"),
            answers=report.answers,
        )
        self._do(case_id, Action(name, actor, facts, report.texts, evidence, report.captured_at, report.clock_error_s))
        proposals = self.propose_duplicates(self.changes[case_id].case, report.texts.get("description", ""))
        asked = report.facts.get("standard")
        self._follow_up(case_id, duplicate_free=not proposals, asked_standard=None if asked is None else int(str(asked)))
        return self._settle(case_id, key, "report", digest, proposals)

    def _new_case(self) -> tuple[CaseId, str]:
        """A fresh id, and the next number of the city day."""
        return self.work.new_case(self.rules.settings.number_prefix, self.city_day())

    def city_day(self) -> str:
        """The day of the city as case numbers write it: `261124`."""
        return self.now.astimezone(self.city_zone).strftime("%y%m%d")

    def _mine(self, key: str) -> str:
        """Keys are a person's own: nobody can learn another's answer, nor block his act, by guessing a key."""
        return f"{self.reader.person or 0}/{key}"

    def _ground(self, facts: Mapping[str, object]) -> Mapping[str, object]:
        """Where a place lies and whose component it is, resolved once and written into the event."""
        found: dict[str, object] = {}
        place = _point(facts.get("place"))
        identifier = facts.get("component")
        if identifier is not None:
            component = self.work.find_component(str(identifier))
            if component is None:
                raise _Stop(Refused("component_unknown", {"component": str(identifier)}))
            place = place or component.place
            found["place"] = [place.lon, place.lat]
        if place is not None and self.rules.areas is not None:
            path = self.rules.areas.locate(place)
            if path is not None and path.grid is not None:
                found["grid"] = str(path.grid)
                found["area_class"] = path.area_class
        category = facts.get("category")
        if category is not None and self.rules.fields and category not in self.rules.fields:
            raise _Stop(Refused("category_unknown", {"category": str(category)}))
        return found

    def _only_entry(self, facts: Mapping[str, object]) -> int | None:
        """The standard entry of a category that has just one here; put right on the spot, nobody is asked for it."""
        category, area_class = facts.get("category"), facts.get("area_class")
        fitting = () if category is None else self.rules.standards_for(CategoryCode(str(category)), cast("int | None", area_class))
        return int(fitting[0].id) if len(fitting) == 1 else None

    # --- an act on a case that exists

    def act(self, case_id: CaseId, order: Order, key: str) -> Done:
        digest = _digest(case_id, order)
        kept = self.work.recall(self._mine(key), "act", digest)
        if kept is not None:
            return Done.again(kept)
        if order.action in COMPANIONS:
            raise _Stop(Refused("unknown_action", {"action": order.action}))
        others = self._lock_with_others(case_id, order)
        case = self.watch(self.work.get_case(case_id)).case if case_id not in self.changes else self.changes[case_id].case
        actor = self._actor_for(case, order.action)
        if order.expected_seq is not None and order.expected_seq != case.seq:
            raise _Stop(Refused("moved_on", {"expected": order.expected_seq, "found": case.seq, "state": str(case.state)}))
        facts = dict(order.facts)
        if order.action in ("correct", "file", "resubmit") and (facts.get("place") or facts.get("component")):
            facts.update(self._ground(facts))
        if order.action in ("merge", "unmerge"):
            main = others[0] if others else None
            facts["main_state"] = str(main.state) if main else None
            if main and order.action == "unmerge":
                facts["answered"] = [int(each.id) for each in main.reporters if each.answered]
        if order.action == "conclude_consult":
            facts.update(self._written_back(case, facts, actor))
        if order.action in ("dispatch", "dispatch_urgent", "reassign"):
            facts = {**self._proposed(case, facts), **facts}
        evidence = self._evidence(order.evidence, actor)
        action = Action(order.action, actor, facts, order.texts, evidence, order.captured_at, order.clock_error_s)
        if order.action == "split":
            action = replace(action, facts=self._children(case, facts))
        self._do(case_id, action)
        self._companions(case_id, action)
        self._follow_up(case_id)
        return self._settle(case_id, key, "act", digest, ())

    def _lock_with_others(self, case_id: CaseId, order: Order) -> list[Case]:
        """Two cases are locked in the order of their ids, so that two merges can never wait for each other."""
        other: object = None
        if order.action == "merge":
            other = order.facts.get("into")
        elif order.action == "unmerge":
            first = self.work.get_case(case_id)
            other = first.merged_into
        if other is None or int(str(other)) == case_id:
            return []
        second = CaseId(int(str(other)))
        for each in sorted((case_id, second)):
            self.watch(self.work.get_case(each))
        main = self.changes[second].case
        self._may(main, "case.act")
        return [main]

    def watch(self, case: Case) -> _Change:
        return self.changes.setdefault(case.id, _Change(case.seq, case))

    def watched(self, case: CaseId) -> Case:
        """The case as it stands in this sitting."""
        return self.changes[case].case if case in self.changes else self.watch(self.work.get_case(case)).case

    def _may(self, case: Case, operation: str, deciding: bool = False) -> access.Allowed:
        field_of = self.rules.fields.get(case.category) if case.category else None
        target = access.target_of(case, field_of, case.staff_of, deciding)
        answer = access.may(self.reader, operation, target)
        if isinstance(answer, access.Denied):
            raise _Stop(answer)
        return answer

    def _actor_for(self, case: Case, action: str) -> Actor:
        """The post the act is done under: the first that reaches the case and whose role the table admits here."""
        deciding = action.startswith(("grant_", "refuse_", "approve_", "endorse"))
        allowed = self._may(case, "case.act", deciding)
        roles = self.rules.flow_for(case).roles(case.state, action)
        post = access.acting_post(allowed, roles) or (allowed.posts[0] if allowed.posts else None)
        if post is None:
            raise _Stop(access.Denied(True, "no_post"))
        return Actor(post.role, self.reader.person, post.org, post.deputy_for)

    def _evidence(self, given: Sequence[Evidence], actor: Actor) -> tuple[Evidence, ...]:
        """Attachments as they are known here; one that is not the actor's to use does not exist for him."""
        if not given:
            return ()
        kinds = self.work.get_evidence([each.attachment for each in given], actor)
        strange = [int(each.attachment) for each in given if each.attachment not in kinds]
        if strange:
            raise _Stop(Refused("attachment_unknown", {"attachments": strange}))
        return tuple(replace(each, kind=kinds[AttachmentId(each.attachment)]) for each in given)

    # --- decide and evolve

    def _do(self, case_id: CaseId, action: Action) -> Case:
        answer = decide(self.changes[case_id].case, action, self.rules, self.now)
        if isinstance(answer, Refused):
            raise _Stop(answer)
        return self._happen(case_id, action, answer)

    def _happen(self, case_id: CaseId, action: Action, answer: Accepted) -> Case:
        change = self.changes[case_id]
        for event in answer.events:
            change.case = evolve(change.case, event)
            change.events.append(event)
            for name in event.texts:
                change.texts[event.seq, name] = action.texts[name].strip()
        return change.case

    # --- what follows by itself

    def _follow_up(self, case_id: CaseId, duplicate_free: bool = True, asked_standard: int | None = None) -> None:
        for _ in range(MOST_FOLLOW_UPS):
            case = self.changes[case_id].case
            action = self._next_by_itself(case, duplicate_free, asked_standard)
            answer = None if action is None else decide(case, action, self.rules, self.now)
            if action is None or not isinstance(answer, Accepted):
                return  # what the rules do not let happen by itself waits for a person, and stops nobody's own act
            if case.state == State.PENDING_DISPATCH and action.name == "consult":
                self.work.record_gap(case.id, dict(action.facts))
            self._happen(case_id, action, answer)
            self._companions(case_id, action)

    def _next_by_itself(self, case: Case, duplicate_free: bool, asked_standard: int | None) -> Action | None:
        found = automatic.filing(case, self.rules, duplicate_free, asked_standard)
        if found is None and case.state == State.PENDING_DISPATCH and self.rules.settings.automates(case.category, "dispatch"):
            answer = self.find_party(case)
            found = automatic.dispatching(case, self.rules, answer)
        if found is None and automatic.wants_checker(case, self.rules):
            checker = self._draw_checker(case)
            found = automatic.checking(checker, self.rules) if checker is not None else None
        return (
            found
            or automatic.consulting(case, self.rules)
            or automatic.confirming(case, self.rules)
            or automatic.rejoining(case)
            or automatic.closing(case, self.rules)
            or automatic.scoring(case, self.rules)
        )

    def _draw_checker(self, case: Case) -> PersonId | None:
        reporters = {each.person for each in case.reporters if each.person is not None}
        own = {case.reported_by} if case.reported_by is not None else set()
        excluded = frozenset({*case.handled_by, *(set() if self.rules.settings.reporter_may_check else reporters | own)})
        return self.work.choose_checker(case, self.now, excluded)

    def find_party(self, case: Case) -> responsibility.Decision | responsibility.Gap:
        component = self.work.find_component(case.component) if case.component else None
        located: dict[AreaKind, AreaCode] = {}
        area_class: int | None = None
        if self.rules.areas is not None and case.place is not None:
            path = self.rules.areas.locate(case.place)
            if path is not None:
                area_class = path.area_class
                levels = (path.district, path.street, path.community, path.grid)
                located = {kind: code for kind, code in zip(LEVELS, levels, strict=True) if code is not None}
                responsible = self.rules.areas.responsibility_grid(case.place)
                if responsible is not None:
                    located[AreaKind.RESPONSIBILITY_GRID] = responsible
        question = responsibility.ask_at(
            self.now,
            self.rules.calendars["city"],
            case.category,
            located,
            area_class,
            component.owner if component else None,
            component.maintenance if component else None,
        )
        return responsibility.find_party(question, self.rules.duty)

    def _proposed(self, case: Case, facts: Mapping[str, object]) -> Mapping[str, object]:
        """When a person dispatches to the unit the duty list names, the list's own reason is written; else that he chose otherwise."""
        if case.category is None and facts.get("category") is None:
            return {}
        if facts.get("category") is not None:
            case = replace(case, category=CategoryCode(str(facts["category"])))
        answer = self.find_party(case)
        if isinstance(answer, responsibility.Gap):
            return {"why": {"chosen_by_person": True, "list_said": answer.reason}}
        if facts.get("unit") is None or int(str(facts["unit"])) == int(answer.unit):
            return automatic.dispatch_facts(answer)
        return {"why": {"chosen_by_person": True, "list_said": answer.reason}}

    def _written_back(self, case: Case, facts: Mapping[str, object], actor: Actor) -> Mapping[str, object]:
        """A consultation's decision becomes a row of the duty list, so that the next such case goes by it (domain 2.2)."""
        if not facts.get("write_back") or facts.get("unit") is None or case.category is None:
            return {}
        component = self.work.find_component(case.component) if case.component else None
        area = str(facts.get("area") or (case.grid or "")[: int(str(facts.get("area_digits") or 12))])
        trade = facts.get("trade_department")
        draft = DutyRowDraft(
            category=case.category,
            area=AreaCode(area) if area else None,
            owner=component.owner if component and facts.get("for_owner") else None,
            hours=str(facts.get("hours") or "any"),
            handling_unit=OrgId(int(str(facts["unit"]))),
            trade_department=None if trade is None else OrgId(int(str(trade))),
            source=case.number,
            signed_by=actor.person,
        )
        row, version = self.work.write_duty_row(draft, case.id, self.now)
        return {"duty_row": [row, version], "why": {"consultation": case.number, "row": row, "version": version}}

    def _children(self, case: Case, facts: Mapping[str, object]) -> Mapping[str, object]:
        """A split names for each part what differs: category and standard, else those of the parent."""
        parts = facts.get("parts")
        if not isinstance(parts, Sequence) or isinstance(parts, str) or len(parts) < 2:
            raise _Stop(Refused("split_needs_two_parts", {}))
        children = []
        for part in parts:
            given = dict(part) if isinstance(part, Mapping) else {}
            child, number = self._new_case()
            self.changes[child] = _Change(0, child_of(case, child, number))
            body: dict[str, object] = {"parent": int(case.id), "category": given.get("category") or case.category, "grid": case.grid}
            body["standard"] = given.get("standard") or (int(case.standard.id) if case.standard else None)
            body["place"] = [case.place.lon, case.place.lat] if case.place else None
            body["component"] = case.component
            self._do(child, Action("create_child", Actor(Role.SYSTEM), body))
            children.append(int(child))
        return {**{key: value for key, value in facts.items() if key != "parts"}, "children": children}

    def _companions(self, case_id: CaseId, action: Action) -> None:
        """What the act does to other cases: the main one absorbs or releases, a parent learns that its child is closed."""
        case = self.changes[case_id].case
        system = Actor(Role.SYSTEM)
        if action.name == "merge" and case.merged_into is not None:
            owed = next((clock for clock in case.clocks if clock.name == ClockName.ANSWER and clock.outcome in ALIVE), None)
            facts: dict[str, object] = {"absorbed": int(case_id), "reporters": [write_reporter(each) for each in case.reporters]}
            facts["answer_since"] = to_text(owed.started) if owed else None
            self._do(case.merged_into, Action("absorb", system, facts))
        if action.name == "unmerge":
            for change in [each for each in self.changes.values() if case_id in each.case.absorbed]:
                self._do(change.case.id, Action("release", system, {"released": int(case_id)}))
        if action.name == "split":
            for child, _ in case.children:
                self._follow_up(child)
        told = {"close": "child_closed", "force_close": "child_closed", "approve_void": "child_closed"} | dict.fromkeys(
            ("reopen", "restore"), "child_reopened"
        )
        if action.name in told and case.parent is not None:
            parent = self.watched(case.parent)
            if parent.state == State.SPLIT:
                self._do(parent.id, Action(told[action.name], system, {"child": int(case_id)}))
                self._follow_up(parent.id)

    # --- duplicates

    def words_of(self, case_id: CaseId) -> str:
        return self.work.description_of(case_id)

    def propose_duplicates(self, case: Case, words: str) -> tuple[CaseId, ...]:
        """Look around under the neighbourhood's lock; propose what is likely, merge what is certain above the set mark."""
        settings = self.rules.settings
        if case.place is None or case.category is None or case.state in (State.MERGED, State.CLOSED, State.EVALUATED, State.VOID):
            return ()
        since = self.now - settings.duplicate_window
        around = self.work.find_nearby(case.category, case.place, settings.duplicate_radius_m, since)
        mine = Nearby(
            case.id, case.seq, case.category, case.component, case.place, case.reported_at or self.now, None, words, str(case.state)
        )
        proposed = []
        for candidate in correlation.rank(mine, [each for each in around if each.case != case.id], settings):
            if candidate.certainty >= settings.propose_certainty and self.work.record_proposal(
                case.id, candidate.case, candidate.certainty, candidate.reason
            ):
                proposed.append(candidate.case)
            if candidate.certainty >= settings.merge_certainty and self._merge_by_itself(case, candidate):
                break
        return tuple(proposed)

    def _merge_by_itself(self, case: Case, candidate: correlation.Candidate) -> bool:
        """The younger joins the older; a case that cannot be merged now stays proposed."""
        main = self.watch(self.work.get_case(candidate.case)).case
        younger, older = (
            (case, main) if (main.reported_at or self.now, main.id) <= (case.reported_at or self.now, case.id) else (main, case)
        )
        facts = {"into": int(older.id), "main_state": str(older.state), "certainty": candidate.certainty, "why": candidate.reason}
        action = Action("merge", Actor(Role.SYSTEM), facts)
        if (older.state, "absorb") not in self.rules.flow_for(older).by_cell:
            return False  # the flow of the main case takes nothing in: the report stays a case of its own, and proposed
        if isinstance(decide(self.changes[younger.id].case, action, self.rules, self.now), Refused):
            return False
        self._do(younger.id, action)
        self._companions(younger.id, action)
        return True

    # --- timers

    def ring(self, timer: Timer) -> Sequence[Event]:
        """Acts the table does not allow any more are left out: the case has moved on, which is what the timer wanted."""
        case = self.watch(self.work.get_case(timer.case)).case
        for action in timers.actions_when_due(timer.kind, timer.clock, timer.serial, case):
            if not isinstance(decide(self.changes[case.id].case, action, self.rules, self.now), Refused):
                self._do(case.id, action)
        self._follow_up(case.id)
        self.write()
        return [event for change in self.changes.values() for event in change.events]

    # --- writing

    def _settle(self, case_id: CaseId, key: str, door: str, digest: bytes, proposals: Sequence[CaseId]) -> Done:
        self.write()
        change = self.changes[case_id]
        done = Done(
            case_id,
            change.case.number,
            change.case.seq,
            str(change.case.state),
            tuple(event.type for event in change.events),
            tuple(int(each) for each in proposals),
        )
        self.work.remember(self._mine(key), door, digest, done.kept())
        return done

    def write(self) -> None:
        for case_id, change in self.changes.items():
            if not change.events:
                continue
            clocks = timers.moved(change.events)
            due = tuple(timer for clock in clocks for timer in timers.set_for(change.case, clock, self.now))
            self.work.record(
                Recording(
                    case=change.case,
                    before_seq=change.before_seq,
                    events=tuple(change.events),
                    texts=change.texts,
                    reporters=change.reporters,
                    address=change.address,
                    answers=change.answers,
                    audit=tuple(self._audit(case_id, event) for event in change.events),
                    messages=tuple(Message("case", case_id, event.seq, card(change.case, event, change.before)) for event in change.events),
                    timers=due,
                    clear_timers=tuple(timers.prefix(change.case, clock) for clock in clocks) if change.before_seq else (),
                )
            )

    def _audit(self, case_id: CaseId, event: Event) -> AuditEntry:
        return AuditEntry(f"case.{event.type}", f"case:{case_id}", "done", event.actor, self.now, self.origin)


def card(case: Case, event: Event, before: Case | None = None) -> Mapping[str, object]:
    """What followers are told of an event: references enough to judge who may hear of it and which list moved, no words.

    was   of what decides who sees the case, that which was otherwise before: whoever loses sight of it must hear so once more
    """
    now = _whom(case)
    told: dict[str, object] = {"type": event.type, "state": str(event.to), "number": case.number, **now, "at": to_text(event.at)}
    told["urgency"] = str(case.urgency)
    if before is not None:
        was = {name: value for name, value in {**_whom(before), "state": str(before.state)}.items() if value != told[name]}
        if was:
            told["was"] = was
    return told


def _whom(case: Case) -> Mapping[str, object]:
    """The facts of `access.target_of`, as plain JSON."""
    return {
        "grid": case.grid,
        "category": case.category,
        "holders": [int(each) for each in case.holders],
        "assisting": [int(unit) for unit, _ in case.assisting],
        "handled_for": sorted({int(each) for each in case.handled_for} | {int(c.org) for c in case.clocks if c.org is not None}),
        "trade_department": case.trade_department,
        "handler": case.handler,
        "checker": case.checker,
        "reporters": sorted({int(each.person) for each in case.reporters if each.person is not None}),
        "reported_by": case.reported_by,
        "staff_of": case.staff_of,
    }


def _apart(admitted: Mapping[int, tuple[Arrival, str, Actor]]) -> "list[dict[int, tuple[Arrival, str, Actor]]]":
    """Groups in which every key stands once: a retry that arrives with the first try is answered from it."""
    groups: list[dict[int, tuple[Arrival, str, Actor]]] = []
    taken: list[set[tuple[PersonId | None, str]]] = []
    for place, one in admitted.items():
        key = (one[0].reader.person, one[0].key)
        n = next((n for n, keys in enumerate(taken) if key not in keys), len(groups))
        if n == len(groups):
            groups.append({})
            taken.append(set())
        groups[n][place] = one
        taken[n].add(key)
    return groups


def _point(value: object) -> Point | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _Stop(Refused("place_unreadable", {"wanted": "[lon, lat]"}))
    try:
        return Point(float(value[0]), float(value[1]))
    except (TypeError, ValueError):
        raise _Stop(Refused("place_unreadable", {"wanted": "[lon, lat]"})) from None


def _digest(*parts: object) -> bytes:
    """The same request gives the same digest, another body another one."""
    return hashlib.sha256("\x1f".join(repr(part) for part in parts).encode()).digest()


__all__ = ["Answer", "Arrival", "Desk", "Done", "NewReport", "Order", "card"]
