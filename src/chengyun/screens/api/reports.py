"""A report makes a case. One door for citizens, collectors, call agents and officers, reached by two ways: through Django like every
other door, and - where the whole application is served - by the quick way of `asgi.py`, which takes in together what arrives together.
Both read, judge and answer by the functions here.
"""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, JsonValue

from chengyun.base.ids import CaseId, OrgId
from chengyun.cases import access
from chengyun.cases.desk import Answer, Arrival, NewReport
from chengyun.cases.records import SourceFamily
from chengyun.city.records import Role
from chengyun.screens import house
from chengyun.screens.api.acts import LONGEST_TEXT, ClockError, DoneOut, EvidenceIn, done_out, evidence_of
from chengyun.screens.api.asking import Anybody, Asking, asking, idempotency_key, origin
from chengyun.screens.api.moments import Moment
from chengyun.screens.api.problems import PROBLEMS, Answered

router = Router()


class Contact(Schema):
    name: str = Field(default="", max_length=60)
    phone: str = Field(default="", max_length=30)


class ReportIn(Schema, extra="forbid"):
    """A report. What a role may send is judged field by field; an unknown or forbidden field is refused, not ignored (promise A5)."""

    category: str | None = Field(default=None, max_length=40)
    place: tuple[float, float] | None = Field(default=None, description="longitude, latitude in degrees WGS84")
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000)
    address: str = Field(default="", max_length=256)
    description: str = Field(default="", max_length=LONGEST_TEXT)
    note: str = Field(default="", max_length=LONGEST_TEXT)
    attachments: list[EvidenceIn] = Field(default=[], max_length=12)
    component: str | None = Field(default=None, max_length=24)
    urgency: str | None = Field(default=None, pattern="^(normal|urgent|critical)$")
    standard: int | None = Field(default=None, ge=1, le=2**53)
    source_detail: str = Field(default="", max_length=40)
    staff_of: int | None = Field(default=None, ge=1, le=2**53)
    contact: Contact | None = None
    wants_answer: bool = True
    identity_open: bool = False
    asked: dict[str, JsonValue] = Field(default={}, max_length=40)
    captured_at: Moment | None = Field(default=None, description="when it was done on the device, by the city time it kept there")
    clock_error_s: float | None = ClockError
    simple: bool = False


class ReportDone(DoneOut):
    code: str | None = Field(default=None, description="opens the report without an account; for reports of the public")


@router.post("/sources/reports", auth=Anybody(), response={201: ReportDone, **PROBLEMS}, tags=["sources"], operation_id="report_make")
def report(request: HttpRequest, body: ReportIn) -> Status[ReportDone]:
    """Make a case of a report, by whoever may: citizen, collector, call agent, officer."""
    ask = asking(request)
    arrived = arrival(ask, body, idempotency_key(request))
    answer = house.current().desk.report(arrived.reader, arrived.report, arrived.key, arrived.origin)
    return Status(201, ReportDone(**told(ask, arrived, answer)))


def arrival(ask: Asking, body: ReportIn, key: str) -> Arrival:
    """The report as the desk takes it. Ends the request at a field that the asking one's roles may not send."""
    roles = frozenset(post.role for post in ask.reader.posts)
    _check_fields(roles, body)
    contact = body.contact or Contact()
    report = NewReport(
        family=_family(roles, body),
        source_detail=body.source_detail or str(ask.reader.channel),
        facts={
            name: value
            for name, value in (
                ("category", body.category),
                ("place", list(body.place) if body.place else None),
                ("accuracy_m", body.accuracy_m),
                ("component", body.component),
                ("urgency", body.urgency),
                ("standard", body.standard),
                ("staff_of", None if body.staff_of is None else int(OrgId(body.staff_of))),
            )
            if value is not None
        },
        texts={name: words for name, words in (("address", body.address), ("description", body.description), ("note", body.note)) if words},
        evidence=evidence_of(body.attachments),
        contact_name=contact.name,
        contact_phone=contact.phone,
        wants_answer=body.wants_answer,
        identity_open=body.identity_open,
        answers=body.asked,
        captured_at=body.captured_at,
        clock_error_s=body.clock_error_s,
        simple=body.simple,
    )
    return Arrival(ask.reader, report, key, origin(ask))


def told(ask: Asking, arrived: Arrival, answer: Answer) -> dict[str, Any]:
    """What the reporter is answered; of public reports with the code that opens it. Ends the request on a refusal."""
    done = done_out(answer)
    here = house.current()
    public = arrived.report.family in (SourceFamily.PUBLIC, SourceFamily.HOTLINE)
    code = here.links.give(ask.tenant, CaseId(done.case), here.clock.now()) if public else None
    return {**dict(done), "code": code}


def _check_fields(roles: frozenset[Role], body: ReportIn) -> None:
    sent = set(body.model_fields_set)
    if "contact" in sent:
        sent = (sent - {"contact"}) | {"contact_name", "contact_phone"}
    if "standard" in sent:
        sent = (sent - {"standard"}) | {"condition_no"}
    faults = access.check_fields(roles, "report.make", sent)
    if faults:
        raise Answered(422, "bad_input", faults[0].reason, {"field": faults[0].field})


def _family(roles: frozenset[Role], body: ReportIn) -> SourceFamily:
    """Where a report comes from follows from who makes it; a desk may say which channel brought it."""
    if Role.COLLECTOR in roles and not body.source_detail:
        return SourceFamily.COLLECTOR
    if roles & {Role.CALL_AGENT, Role.INTAKE_OFFICER, Role.SHIFT_LEAD}:
        return SourceFamily.HOTLINE
    if roles & {Role.COLLECTOR, Role.ASSESSOR}:
        return SourceFamily.COLLECTOR
    return SourceFamily.PUBLIC
