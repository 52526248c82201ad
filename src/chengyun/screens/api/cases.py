"""Reading cases: lists, search in one box, and the whole page of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field, JsonValue

from chengyun.base.geometry import distance_m
from chengyun.base.ids import CaseId
from chengyun.base.time import to_text
from chengyun.cases import access
from chengyun.cases.access import Allowed, Group, Sight, compile_filter
from chengyun.cases.ports import AuditEntry
from chengyun.cases.records import Actor, Case, Clock, Event
from chengyun.cases.showing import show_event
from chengyun.city.records import Role
from chengyun.screens import house
from chengyun.screens.api.answers import Told
from chengyun.screens.api.asking import Asking, Session, allowed, asking, origin
from chengyun.screens.api.choices import NextOut, limit_words, next_of
from chengyun.screens.api.clock_facts import ClockOut, clock_out
from chengyun.screens.api.narrowing import Narrowing, asked_by
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.screens.api.rows import CaseRow, Rows
from chengyun.screens.api.tasks import CasePage
from chengyun.screens.api.why import WhyOut, why_of
from chengyun.screens.flow_words import flow_of, own_word, state_word
from chengyun.stores.reading.beside import beside
from chengyun.stores.reading.lists import Order, count_cases, lines_of, list_cases
from chengyun.stores.reading.pages import CasePage as StoredPage
from chengyun.stores.reading.pages import get_page
from chengyun.stores.reading.searching import search
from chengyun.stores.tenancy import in_tenant

router = Router(tags=["cases"])

MACHINE_ROLES = frozenset({Role.MACHINE})
SEES_PEOPLE = frozenset({Role.INTAKE_OFFICER, Role.SHIFT_LEAD, Role.CALL_AGENT})
"""Whose search may look at addresses and the end of phone numbers; each such search is audited."""


class CasesQuery(Narrowing):
    text: str | None = Field(default=None, max_length=80, description="number, address, last digits of a phone")


class ActorOut(Told):
    role: str
    kind: str
    person_name: str | None
    org_name: str | None


class EvidenceOut(Told):
    id: int
    stage: str
    kind: str
    url: str
    thumb_url: str | None


class ClockEffect(Told):
    clock: str
    op: str
    due: str | None


class EntryOut(Told):
    seq: int
    at: str
    captured_at: str | None
    type: str
    label: str | None = Field(description="the department's own word for the act; null: the usual one")
    to: str
    actor: ActorOut
    facts: dict[str, JsonValue]
    texts: dict[str, str]
    evidence: list[EvidenceOut]
    clock_effects: list[ClockEffect]


class StandardOut(Told):
    id: int
    version: int
    condition_no: int
    filing: str
    closing: str
    limit: str
    source: str


class FullClock(ClockOut):
    """A clock with everything a dispute asks for."""

    calendar_name: str
    calendar_version: int
    intervals: list[list[str]]
    pauses: list[list[str | None]]
    org_name: str | None
    standard: StandardOut | None


class ReporterOut(Told):
    id: int
    family: str
    masked_name: str | None
    masked_phone: str | None
    wants_answer: bool
    answered: bool


class RelatedOut(Told):
    id: int
    number: str
    relation: str
    title: str
    state: str
    state_name: str
    distance_m: int | None
    certainty: float | None
    at: str | None


class CaseOut(CaseRow):
    description: str | None
    component: str | None
    filing_condition: str | None
    closing_condition: str | None
    standard: StandardOut | None
    flow: str
    flow_version: int
    flow_title: str | None = Field(description="of a department's own flow; null: the national steps")
    counts: dict[str, int]
    asked: dict[str, JsonValue]
    timeline: list[EntryOut]
    clocks: list[FullClock]
    why: WhyOut | None
    next_actions: list[NextOut]
    reporters: list[ReporterOut]
    related: list[RelatedOut]
    entries: int
    as_of: str


@router.get("/cases", auth=Session(csrf=False), response={200: CasePage, **PROBLEMS}, operation_id="cases_list")
def find(request: HttpRequest, query: Query[CasesQuery]) -> CasePage:
    """A page of all cases the reader may see; with `text` a search in one box."""
    ask = asking(request)
    answer = allowed(ask, "case.list")
    here = house.current()
    now = here.clock.now()
    rows = Rows(ask, answer.fields)
    if answer.filter is None:
        return CasePage(rows=[], next=None, total=0, total_is_exact=True, as_of=to_text(now))
    text = (query.text or "").strip()
    if text:
        people = any(post.role in SEES_PEOPLE for post in answer.posts)
        if people:
            here.note(ask.tenant, _entry(ask, "case.search", "cases", now))
        lines = search(answer.filter, text, people=people, size=query.limit)
        return CasePage(rows=rows.of(lines), next=None, total=len(lines), total_is_exact=len(lines) < query.limit, as_of=to_text(now))
    asked = asked_by(query, now)
    with in_tenant(ask.tenant):
        page = list_cases(answer.filter, asked, query.order or Order.NEWEST, query.after, query.limit)
        count = count_cases(answer.filter, asked)
        listed = rows.of(page.rows)
    return CasePage(rows=listed, next=page.after, total=count.cases, total_is_exact=not count.more, as_of=to_text(now))


@router.get("/cases/{int:case}", auth=Session(csrf=False), response={200: CaseOut, **PROBLEMS}, operation_id="case_read")
def page(request: HttpRequest, case: int) -> CaseOut:
    """The whole page of a case: its story, its clocks explained, why it went there, what may be done next."""
    ask = asking(request)
    if case > 2**53:
        raise Answered(404, "not_found")
    only = compile_filter(ask.reader, "case.read")
    if only is None:
        raise Answered(404, "not_found")
    stored = get_page(only, CaseId(case))
    field = stored.field
    answer = allowed(ask, "case.read", access.target_of(stored.case, field, stored.case.staff_of))
    rows = Rows(ask, answer.fields)
    line = lines_of(only, [stored.case.id])[0]
    row = rows.of((line,))[0]
    shown = [found for event in stored.events if (found := show_event(ask.reader, answer, event)) is not None]
    work = Group.WORK in answer.fields
    standard = _standard(stored.case, rows)
    return CaseOut(
        **dict(row),
        description=_description(stored, shown),
        component=stored.case.component if work else None,
        filing_condition=standard.filing if standard else None,
        closing_condition=standard.closing if standard else None,
        standard=standard,
        flow=stored.case.flow,
        flow_version=stored.case.flow_version,
        flow_title=own_word(flow_of(stored.case, rows.rules), "title", ask.language),
        counts={name: getattr(stored.case, name) for name in ("returns", "reworks", "extensions", "suspensions", "urges", "reopens")}
        if work
        else {},
        asked=dict(stored.answers) if Group.REPORTER_IDENTITY in answer.fields else {},  # type: ignore[arg-type]
        timeline=[_entry_out(event, stored.texts, stored.case, rows) for event in shown],
        clocks=[_clock(clock, stored.case, standard, rows) for clock in stored.case.clocks] if work else [],
        why=why_of(stored.case, stored.events, rows) if work else None,
        next_actions=next_of(stored.case, ask.reader, rows, rows.here.desk),
        reporters=_reporters(stored, answer),
        related=_related(stored, only, rows) if work else [],
        entries=len(stored.events),
        as_of=to_text(rows.now),
    )


def _entry(ask: Asking, operation: str, thing: str, now: datetime) -> AuditEntry:
    post = ask.reader.posts[0]
    return AuditEntry(operation, thing, "done", Actor(post.role, ask.person, post.org, post.deputy_for), now, origin(ask))


def _description(stored: StoredPage, shown: Sequence[Event]) -> str | None:
    first = shown[0] if shown else None
    return stored.texts.get((1, "description")) if first is not None and first.seq == 1 and "description" in first.texts else None


def _entry_out(event: Event, texts: Mapping[tuple[int, str], str], case: Case, rows: Rows) -> EntryOut:
    kind = "timer" if event.actor.role == Role.SYSTEM else "machine" if event.actor.role in MACHINE_ROLES else "person"
    return EntryOut(
        seq=event.seq,
        at=to_text(event.at),
        captured_at=to_text(event.captured_at) if event.captured_at else None,
        type=event.type,
        label=own_word(flow_of(case, rows.rules), f"action.{event.type}", rows.ask.language),
        to=str(event.to),
        actor=ActorOut(
            role=str(event.actor.role),
            kind=kind,
            person_name=rows.person_name(event.actor.person),
            org_name=rows.org_name(event.actor.org),
        ),
        facts=_facts(event, rows),
        texts={name: texts[event.seq, name] for name in event.texts if (event.seq, name) in texts},
        evidence=[_evidence(each.attachment, str(each.stage), each.kind) for each in event.evidence],
        clock_effects=[
            ClockEffect(clock=str(change.clock.name), op=change.op, due=to_text(change.clock.due) if change.clock.due else None)
            for change in event.clocks
        ],
    )


HEAVY = frozenset({"why", "conditions", "reporters", "flow_version", "settings_version", "rules_version", "number"})
"""Facts the page tells in its own panels, in a shape of their own, or not at all."""
NAMED_ORGS = frozenset({"unit", "from", "trade_department"})
NAMED_PEOPLE = frozenset({"checker", "handler", "asked_by", "endorsed_by"})


def _days_changed(event: Event, rows: Rows) -> list[dict[str, Any]]:
    """Why clocks were timed again: the days by which the calendar they were then timed by differs from the one before it."""
    held = rows.here.book.held(rows.ask.tenant)
    ids = {name: compiled.calendar.id for name, compiled in held.named_calendars(event.at).items()}
    found: dict[str, dict[str, Any]] = {}
    for name, version in {(change.clock.calendar, change.clock.calendar_version) for change in event.clocks}:
        by_version = {each.version: each for each in held.calendars if each.id == ids.get(name)}
        new, old = by_version.get(version), by_version.get(version - 1)
        for rule in () if new is None or old is None else (each for each in new.days if each not in old.days):
            found[rule.day.isoformat()] = {"day": rule.day.isoformat(), "reason_zh": rule.reason_zh, "reason_en": rule.reason_en}
    return [found[day] for day in sorted(found)]


def _facts(event: Event, rows: Rows) -> dict[str, Any]:
    """Facts with names beside ids, so that a page shows no raw key."""
    found: dict[str, Any] = {}
    for name, value in event.body.items():
        if name in HEAVY or value is None:
            continue
        found[name] = value
        if name in NAMED_ORGS and isinstance(value, int):
            found[f"{name}_name"] = rows.org_name(value)
        elif name in NAMED_PEOPLE and isinstance(value, int):
            found[f"{name}_name"] = rows.person_name(value)  # type: ignore[arg-type]
        elif name == "category":
            category = rows.category(str(value))
            found["category_name"] = None if category is None else category.name_zh if rows.ask.language == "zh" else category.name_en
    if event.type == "retime":
        found["days"] = _days_changed(event, rows)
    conditions = event.body.get("conditions")
    if isinstance(conditions, Mapping):
        found["conditions"] = [name for name, holds in conditions.items() if holds]
    if event.actor.role == Role.SYSTEM and event.body.get("settings_version") is not None:
        found["settings_version"] = event.body["settings_version"]
    return found


def _evidence(attachment: int, stage: str, kind: str) -> EvidenceOut:
    pictured = kind == "photo"
    role = "display" if pictured else "cleaned"
    return EvidenceOut(
        id=attachment,
        stage=stage,
        kind=kind,
        url=f"/api/v1/attachments/{attachment}/{role}",
        thumb_url=f"/api/v1/attachments/{attachment}/thumb" if pictured else None,
    )


def _standard(case: Case, rows: Rows) -> StandardOut | None:
    if case.standard is None:
        return None
    entry = rows.rules.standards.get(case.standard.id)
    zh = rows.ask.language == "zh"
    return StandardOut(
        id=int(case.standard.id),
        version=case.standard.version,
        condition_no=case.standard.condition_no,
        filing="" if entry is None else entry.filing_zh if zh else entry.filing_en,
        closing="" if entry is None else entry.closing_zh if zh else entry.closing_en,
        limit=limit_words(case.standard.limit, rows),
        source="" if entry is None else entry.source,
    )


def _clock(clock: Clock, case: Case, standard: StandardOut | None, rows: Rows) -> FullClock:
    calendar = rows.rules.calendars[clock.calendar].calendar
    return FullClock(
        **dict(clock_out(clock, case.request, rows.rules, rows.now)),
        calendar_name=calendar.name_zh if rows.ask.language == "zh" else calendar.name_en,
        calendar_version=clock.calendar_version,
        intervals=[[to_text(a), to_text(b)] for a, b in clock.intervals],
        pauses=[[to_text(a), to_text(b) if b else None, why] for a, b, why in clock.pauses],
        org_name=rows.org_name(clock.org),
        standard=standard if clock.name in ("unit", "sub_unit") else None,
    )


def _reporters(stored: StoredPage, answer: Allowed) -> list[ReporterOut]:
    """Masked, and only for those who answer them, or the unit when the reporter agreed (domain 9.12)."""
    found = []
    for reporter, sight in zip(stored.case.reporters, answer.identity, strict=False):
        name, phone = stored.reporters.get(reporter.id, ("", ""))
        seen = sight is not Sight.HIDDEN
        found.append(
            ReporterOut(
                id=int(reporter.id),
                family=str(reporter.family),
                masked_name=mask_name(name) if seen and name else None,
                masked_phone=mask_phone(phone) if seen and phone else None,
                wants_answer=reporter.wants_answer,
                answered=reporter.answered,
            )
        )
    return found


def mask_name(name: str) -> str:
    """The family name and a star for the rest: 张*; a Latin name keeps its first letter."""
    return f"{name[:1]}{'*' * max(1, min(len(name) - 1, 2))}"


def mask_phone(phone: str) -> str:
    """The last two figures; the rest are stars."""
    return f"{'*' * max(0, len(phone) - 2)}{phone[-2:]}"


def _related(stored: StoredPage, only: access.CaseFilter, rows: Rows) -> list[RelatedOut]:
    """Proposed duplicates, the main case, those merged into it, parent and children - as far as the reader may see them."""
    case = stored.case
    relations: dict[int, tuple[str, float | None]] = {}
    for each in case.absorbed:
        relations[int(each)] = ("absorbed", None)
    for each, _ in case.children:
        relations[int(each)] = ("child", None)
    for name, other in (("main", case.merged_into), ("parent", case.parent)):
        if other is not None:
            relations[int(other)] = (name, None)
    for proposal in stored.proposals:
        if proposal.outcome == "open":
            relations.setdefault(int(proposal.other), ("similar", proposal.certainty))
    found = []
    lines = lines_of(only, [CaseId(each) for each in relations])
    near = beside(rows.ask.tenant, [CaseId(line.id) for line in lines])
    for line in lines:
        relation, certainty = relations[line.id]
        place = None if case.place is None or line.lon is None or line.lat is None else type(case.place)(line.lon, line.lat)
        category = rows.category(line.category)
        title = "" if category is None else category.name_zh if rows.ask.language == "zh" else category.name_en
        found.append(
            RelatedOut(
                id=line.id,
                number=line.number,
                relation=relation,
                title=title,
                state=line.state,
                state_name=state_word(flow_of(near[line.id], rows.rules) if line.id in near else None, line.state, rows.ask.language),
                distance_m=None if place is None or case.place is None else round(distance_m(case.place, place)),
                certainty=certainty,
                at=to_text(line.reported_at) if line.reported_at else None,
            )
        )
    return found
