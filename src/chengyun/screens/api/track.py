"""What a reporter may see of his own report: signed in, or by the code he was given. Public facts alone, in five plain steps.

And the other way round: who must call a reporter back may open his masked name and number, with a reason, noted and counted (P2).
"""

import re
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from chengyun.base.ids import CaseId, OrgId
from chengyun.base.results import Refused
from chengyun.base.time import to_text
from chengyun.cases import access
from chengyun.cases.access import Allowed, CaseFilter, Clause, Group, Kind, Sight, Target, compile_filter
from chengyun.cases.desk import Order
from chengyun.cases.records import ClockName, State
from chengyun.cases.showing import show_event
from chengyun.screens import house
from chengyun.screens.api.asking import Anybody, Asking, Session, allowed, asking, idempotency_key, origin
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered, settle
from chengyun.screens.api.reports import router as reporting
from chengyun.screens.words import say
from chengyun.stores import second_person
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import Order as ListOrder
from chengyun.stores.reading.lists import list_cases
from chengyun.stores.reading.pages import CasePage, find_case, get_page

router = Router(tags=["sources"])

STEPS = {
    "report": 1,
    "file": 2,
    "dispatch": 3,
    "dispatch_urgent": 3,
    "conclude_consult": 3,
    "accept": 4,
    "feedback": 4,
    "close": 5,
    "force_close": 5,
    "simple_close": 5,
}
"""Which of the five steps an event reaches (design language 13)."""
ENDED = frozenset({State.CLOSED, State.FORCED_CLOSED, State.EVALUATED, State.VOID, State.MERGED})
NOT_SOLVED, SOLVED = 1, 5


class TrackOrg(Schema):
    id: int
    name_zh: str
    name_en: str


class TrackStep(Schema):
    step: int
    at: str | None
    note: str | None = None


class TrackAnswer(Schema):
    by: str
    at: str
    text: str


class OwnReportOut(Schema):
    code: str
    number: str
    title: str
    address: str | None
    at: str
    stage: int
    promised_by: str | None
    handled_by: TrackOrg | None
    steps: list[TrackStep]
    answers: list[TrackAnswer]
    before: list[str] = []
    after: list[str] = []
    finished: bool
    void_reason: str | None
    can_rate: bool
    as_of: str


class OwnReportsOut(Schema):
    rows: list[OwnReportOut]
    next: str | None
    as_of: str


class OwnAsked(Schema):
    after: str | None = Field(None, max_length=200)
    limit: int = Field(20, ge=1, le=50)


class RatingIn(Schema, extra="forbid"):
    solved: bool
    satisfaction: int | None = Field(default=None, ge=1, le=5)
    text: str = Field(default="", max_length=1000)


class UnmaskIn(Schema, extra="forbid"):
    reason: str = Field(min_length=1, max_length=200)


class ContactOut(Schema):
    reporter: int
    name: str
    phone: str


class UnmaskedOut(Schema):
    case: int
    contacts: list[ContactOut]
    request: int | None = Field(default=None, description="number of the request that a second person must agree to; nothing is opened")


class ApprovedOut(Schema):
    request: int
    approved: bool


# --- by the one who reported ------------------------------------------------------------------------------------------


@router.get("/track/{str:token}", auth=Anybody(csrf=False), response={200: OwnReportOut, **PROBLEMS}, operation_id="report_track")
def track(request: HttpRequest, response: HttpResponse, token: str) -> OwnReportOut:
    """A report by its code. Whoever holds the code is the reporter as far as public facts go."""
    ask = asking(request)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return _tracked(ask, token)


@reporting.get("/sources/reports", auth=Session(csrf=False), response={200: OwnReportsOut, **PROBLEMS}, operation_id="reports_own")
def own_reports(request: HttpRequest, asked: Query[OwnAsked]) -> OwnReportsOut:
    """What the reader reported himself, newest first."""
    ask = asking(request)
    allowed(ask, "case.list")
    page = list_cases(_mine(ask), Asked(), ListOrder.NEWEST, asked.after, asked.limit)
    rows = [_own(ask, get_page(_mine(ask), CaseId(line.id)), str(line.id)) for line in page.rows]
    return OwnReportsOut(rows=rows, next=page.after, as_of=to_text(house.current().clock.now()))


@router.get("/sources/reports/{str:code}", auth=Anybody(csrf=False), response={200: OwnReportOut, **PROBLEMS}, operation_id="report_own")
def own_report(request: HttpRequest, response: HttpResponse, code: str) -> OwnReportOut:
    """One's own report: signed in by its id, or by the code that came with the answer. Whoever is signed in and opens his own report
    by its code sees it as by its id: with his photos, and asked whether it was solved."""
    ask = asking(request)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    case = _id_of(code)
    if case is not None:
        return _own(ask, _page_of(ask, case), code)
    meant = house.current().links.find(ask.tenant, code) if ask.person is not None else None
    if meant is not None and find_case(_mine(ask), meant) is not None:
        return _own(ask, _page_of(ask, meant), code)
    return _tracked(ask, code)


@router.post("/sources/reports/{str:code}/rating", auth=Session(), response={200: OwnReportOut, **PROBLEMS}, operation_id="report_rate")
def rate(request: HttpRequest, code: str, body: RatingIn) -> OwnReportOut:
    """The reporter's own word: solved or not, and what is still wrong."""
    ask = asking(request)
    key = idempotency_key(request)
    here = house.current()
    case = _id_of(code)
    if case is None:
        case = here.links.find(ask.tenant, code)
    if case is None:
        raise Answered(404, "not_found")
    page = _page_of(ask, case)
    facts = {"solved": body.solved, "satisfaction": body.satisfaction or (SOLVED if body.solved else NOT_SOLVED)}
    settle(here.desk.act(ask.reader, case, Order("rate", facts), f"{key}/rate", origin(ask)))
    if not body.solved and body.text.strip():
        settle(here.desk.act(ask.reader, case, Order("object", texts={"reason": body.text}), f"{key}/object", origin(ask)))
    return _own(ask, get_page(_mine(ask), page.case.id), code)


def _id_of(code: str) -> CaseId | None:
    return CaseId(int(code)) if re.fullmatch(r"[0-9]{1,15}", code) else None


def _mine(ask: Asking) -> CaseFilter:
    """Only what I reported, whatever else my post reaches."""
    return CaseFilter(ask.tenant, (Clause(reporter=frozenset({ask.person})),) if ask.person is not None else ())


def _page_of(ask: Asking, case: CaseId) -> CasePage:
    found = find_case(_mine(ask), case)
    target = Target(ask.tenant, kind=Kind.CASE) if found is None else access.target_of(found[0], found[1], found[0].staff_of)
    answer = access.may(ask.reader, "case.read", target)
    if found is None or not isinstance(answer, Allowed):
        raise Answered(404, "not_found")
    return get_page(_mine(ask), case)


def _tracked(ask: Asking, token: str) -> OwnReportOut:
    case = house.current().links.find(ask.tenant, token)
    answer = access.may(ask.reader, "case.track", Target(ask.tenant, kind=Kind.CASE, capability=case is not None))
    if case is None or not isinstance(answer, Allowed):
        raise Answered(404, "not_found")
    whole = CaseFilter(ask.tenant, (Clause(),))
    return _shown(ask, get_page(whole, case), Allowed(fields=frozenset({Group.PUBLIC})), token, mine=False)


def _own(ask: Asking, page: CasePage, code: str) -> OwnReportOut:
    return _shown(ask, page, Allowed(fields=frozenset({Group.PUBLIC})), code, mine=True)


def _shown(ask: Asking, page: CasePage, answer: Allowed, code: str, *, mine: bool) -> OwnReportOut:
    here = house.current()
    now, case = here.clock.now(), page.case
    events = [shown for event in page.events if (shown := show_event(ask.reader, answer, event)) is not None]
    reached: dict[int, datetime] = {}
    for event in events:
        step = STEPS.get(event.type)
        if step is not None:
            reached[step] = event.at
    stage = 5 if case.state in ENDED else max((s for s in reached if s < 5), default=1)
    category = here.book.held(ask.tenant).catalogue.latest(case.category) if case.category else None
    zh = ask.language == "zh"
    title = say("track.unnamed", ask.language) if category is None else category.name_zh if zh else category.name_en
    orgs = here.book.organisations(ask.tenant, now)
    unit = orgs.get(case.holders[0]) if case.holders else None
    clock = next((c for name in (ClockName.ANSWER, ClockName.CASE) for c in reversed(case.clocks) if c.name == name and c.due), None)
    answers = [
        TrackAnswer(by=_by(ask, event.actor.org), at=to_text(event.at), text=page.texts[event.seq, "answer"])
        for event in events
        if "answer" in event.texts and (event.seq, "answer") in page.texts
    ]
    own = [item.attachment for event in events for item in event.evidence] if mine else []
    return OwnReportOut(
        code=code,
        number=case.number,
        title=title,
        address=(page.address or None) if mine else None,
        at=to_text(case.reported_at or now),
        stage=stage,
        promised_by=to_text(clock.due) if clock is not None and clock.due is not None and case.state not in ENDED else None,
        handled_by=TrackOrg(id=unit.id, name_zh=unit.name_zh, name_en=unit.name_en) if unit else None,
        steps=[TrackStep(step=n, at=to_text(reached[n]) if n in reached and n <= stage else None) for n in range(1, 6)],
        answers=answers,
        before=[f"/api/v1/attachments/{each}/display" for each in own],
        finished=case.state in ENDED,
        void_reason=say("track.void", ask.language) if case.state is State.VOID else None,
        can_rate=mine and case.state in ENDED - {State.VOID, State.MERGED} and case.solved is None,
        as_of=to_text(now),
    )


def _by(ask: Asking, org: OrgId | None) -> str:
    here = house.current()
    found = here.book.organisations(ask.tenant, here.clock.now()).get(org) if org is not None else None
    if found is None:
        return say("track.centre", ask.language)
    return found.name_zh if ask.language == "zh" else found.name_en


# --- by those who answer him ------------------------------------------------------------------------------------------


@router.post(
    "/cases/{int:case}/unmask",
    auth=Session(),
    response={200: UnmaskedOut, 202: UnmaskedOut, **PROBLEMS},
    tags=["cases"],
    operation_id="case_unmask",
)
def unmask(request: HttpRequest, case: int, body: UnmaskIn) -> UnmaskedOut | Status[UnmaskedOut]:
    """Name and phone of those who reported a case. Each opening is noted; above the day's number a second person must have agreed:
    202 says that he was asked, under which number, and that nothing was opened."""
    ask = asking(request)
    here = house.current()
    now = here.clock.now()
    only = compile_filter(ask.reader, "case.unmask")
    found = find_case(only, CaseId(case)) if only is not None and case <= 2**53 else None
    if only is None:
        allowed(ask, "case.unmask")
    if found is None or ask.person is None:
        raise Answered(404, "not_found")
    zone = ZoneInfo(here.book.card(ask.tenant).zone)
    today = datetime.combine(now.astimezone(zone).date(), time(0), tzinfo=zone)
    about = f"case:{case}"
    answered: dict[str, Any] = {}

    def act() -> dict[str, object]:
        waiting = second_person.find_open(ask.tenant, "unmask", about, ask.person)  # type: ignore[arg-type]
        target = access.target_of(found[0], found[1], found[0].staff_of)
        number = second_person.count_since(ask.tenant, "unmask", ask.person, today) + 1  # type: ignore[arg-type]
        agreed = waiting.approved_by if waiting else None
        judged = access.may(ask.reader, "case.unmask", _with(target, body.reason, number, agreed))
        if isinstance(judged, access.Denied) and judged.reason == "second_person_needed":
            id_ = waiting.id if waiting else second_person.ask(ask.tenant, "unmask", about, ask.person, body.reason, now)  # type: ignore[arg-type]
            return {"waits": id_}
        settle(judged)
        assert isinstance(judged, Allowed)
        if waiting is not None and waiting.approved_by is not None:
            second_person.use(ask.tenant, waiting.id, now)
        else:
            second_person.ask(ask.tenant, "unmask", about, ask.person, body.reason, now, used=True)  # type: ignore[arg-type]
        note(ask, judged, "case.unmask", about, "opened", after=body.reason)
        answered["judged"] = judged
        return {"opened": True}

    kept, _ = do_once(request, ask, "case_unmask", {"case": case, **body.dict()}, act)
    if "waits" in kept:
        return Status(202, UnmaskedOut(case=case, contacts=[], request=kept["waits"]))
    page = get_page(only, CaseId(case))
    judged = answered.get("judged") or access.may(
        ask.reader, "case.unmask", _with(access.target_of(page.case, page.field, page.case.staff_of), body.reason, 1, None)
    )
    settle(judged)
    contacts = [
        ContactOut(
            reporter=reporter.id, name=page.reporters.get(reporter.id, ("", ""))[0], phone=page.reporters.get(reporter.id, ("", ""))[1]
        )
        for reporter, sight in zip(page.case.reporters, judged.identity, strict=True)
        if sight is Sight.OPEN
    ]
    return UnmaskedOut(case=case, contacts=contacts)


def _with(target: Target, reason: str, rows: int, approved_by: Any) -> Target:
    return replace(target, reason=reason, rows=rows, approved_by=approved_by)


@router.post(
    "/cases/unmaskings/{int:request_id}/approve",
    auth=Session(),
    response={200: ApprovedOut, **PROBLEMS},
    tags=["cases"],
    operation_id="unmask_approve",
)
def approve_unmask(request: HttpRequest, request_id: int) -> ApprovedOut:
    """The second person's yes to an unmasking above the day's number."""
    return approve(request, "unmask", "unmask.approve", request_id)


def approve(request: HttpRequest, kind: str, operation: str, request_id: int) -> ApprovedOut:
    ask = asking(request)
    allowed(ask, operation)
    here = house.current()
    found = second_person.get(ask.tenant, kind, request_id) if request_id <= 2**53 else None
    if found is None or ask.person is None:
        raise Answered(404, "not_found")
    answer = allowed(ask, operation, Target(ask.tenant, asked_by=found.asked_by))

    def act() -> dict[str, object]:
        if not second_person.approve(ask.tenant, found.id, ask.person, here.clock.now()):  # type: ignore[arg-type]
            settle(Refused("already_decided"))
        note(ask, answer, operation, f"{kind}:{found.id}", "approved")
        return {"request": found.id, "approved": True}

    kept, _ = do_once(request, ask, operation, {"request": request_id}, act)
    return ApprovedOut(**kept)
