"""The auditor's page: who did what to which thing, and whether the history is whole. Looking at it is itself noted."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from chengyun.base.errors import BadInput
from chengyun.base.ids import CaseId, PersonId
from chengyun.base.time import to_text
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.noting import note
from chengyun.screens.api.problems import PROBLEMS
from chengyun.stores.reading.audit_trail import AuditAsked, AuditLine, case_of_number, count_audit, numbers_of, read_audit

router = Router(tags=["audit"])

LEVEL_3 = ("case.unmask", "case.search", "attachment.original", "case.export")
"""Operations that open what people left of themselves: names, numbers, addresses, untouched pictures."""
OPERATIONS_OF_FIELD = {
    "reporter_identity": LEVEL_3,
    "contact_name": ("case.unmask", "case.search"),
    "contact_phone": ("case.unmask", "case.search"),
    "original": ("attachment.original",),
    "duty_row": ("city.duty_list.write",),
    "calendar": ("city.calendars.write",),
    "settings": ("settings.switch",),
    "posts": ("account.grant",),
}
FIELDS_OF_OPERATION = {"case.unmask": ["contact_name", "contact_phone"], "case.search": ["contact_phone", "address"]}
NOBODY = PersonId(-1)


class AuditRow(Schema):
    seq: int
    at: str
    actor: str
    person: int | None
    deputy_for: str | None
    role: str
    org: str | None
    action: str
    object: str
    case: str | None
    case_number: str | None
    fields: list[str]
    outcome: str
    origin: str


class ChainOut(Schema):
    entries: int
    unsealed: int
    verified_at: str | None
    ok: bool
    fault: str | None


class AuditOut(Schema):
    rows: list[AuditRow]
    next: str | None
    total: int
    total_is_exact: bool
    chain: ChainOut
    as_of: str


class AuditQuery(Schema):
    person: str | None = Field(None, max_length=40, description="staff number")
    case: str | None = Field(None, max_length=40, description="number or id")
    operation: str | None = Field(None, max_length=80)
    action: str | None = Field(None, max_length=80, description="the same as operation")
    field: str | None = Field(None, max_length=40)
    level3: bool = Field(False, description="only what opened personal data")
    since: str | None = Field(None, alias="from", max_length=40)
    until: str | None = Field(None, alias="to", max_length=40)
    after: str | None = Field(None, max_length=20, pattern="^[0-9]*$")
    limit: int = Field(100, ge=1, le=500)


@router.get("/audit", auth=Session(csrf=False), response={200: AuditOut, **PROBLEMS}, operation_id="audit_read")
def read(request: HttpRequest, query: Query[AuditQuery]) -> AuditOut:
    """Entries newest first, and the state of the chain they stand in."""
    ask = asking(request)
    answer = allowed(ask, "audit.read")
    here = house.current()
    now = here.clock.now()
    asked = _asked(ask, query)
    note(
        ask, answer, "audit.read", f"audit:{asked.object or 'all'}", "read", after={k: v for k, v in query.dict().items() if v is not None}
    )
    lines = read_audit(ask.tenant, asked, int(query.after) if query.after else None, query.limit + 1)
    page = lines[: query.limit]
    total, exact = count_audit(ask.tenant, asked)
    numbers = numbers_of(ask.tenant, [case for line in page if (case := _case_of(line.object)) is not None])
    state = here.chain(ask.tenant)
    return AuditOut(
        rows=[_row(ask, line, numbers, now) for line in page],
        next=str(page[-1].id) if len(lines) > len(page) else None,
        total=total,
        total_is_exact=exact,
        chain=ChainOut(
            entries=state.entries,
            unsealed=state.unsealed,
            verified_at=to_text(state.verified_at) if state.verified_at else None,
            ok=state.ok,
            fault=state.fault,
        ),
        as_of=to_text(now),
    )


def _asked(ask: Asking, query: AuditQuery) -> AuditAsked:
    here = house.current()
    zone = ZoneInfo(here.book.card(ask.tenant).zone)
    person = object_ = None
    if query.person:
        known = here.book.held(ask.tenant).people.values()
        person = next((each.id for each in known if query.person in (each.number, str(each.id))), NOBODY)
    if query.case:
        number = " ".join(query.case.split()).upper()
        case = int(number) if re.fullmatch(r"[0-9]{1,15}", number) else case_of_number(ask.tenant, number)
        object_ = f"case:{case if case is not None else -1}"
    operations: tuple[str, ...] | None = LEVEL_3 if query.level3 else None
    word = query.operation or query.action
    if query.field:
        found = OPERATIONS_OF_FIELD.get(query.field)
        if found is None:
            raise BadInput("this field is not followed", place="field", cure=f"one of {', '.join(OPERATIONS_OF_FIELD)}", field=query.field)
        operations = found if operations is None else tuple(each for each in operations if each in found)
    return AuditAsked(person, object_, operations, word, _moment(query.since, zone, "from", 0), _moment(query.until, zone, "to", 1))


def _moment(text: str | None, zone: ZoneInfo, place: str, days: int) -> datetime | None:
    """A city day, the last one counted whole, or an aware moment."""
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(0), tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput("this is no day", place=place, cure="write 2026-11-24", found=text) from error


def _case_of(thing: str) -> CaseId | None:
    kind, _, id_ = thing.partition(":")
    return CaseId(int(id_)) if kind == "case" and re.fullmatch(r"[0-9]{1,15}", id_) else None


def _row(ask: Asking, line: AuditLine, numbers: dict[int, str], now: datetime) -> AuditRow:
    here = house.current()
    people, orgs = here.book.people(ask.tenant), here.book.organisations(ask.tenant, now)
    card = people.get(line.person) if line.person is not None else None
    lent = people.get(line.deputy_for) if line.deputy_for is not None else None
    org = orgs.get(card.org) if card is not None and card.org is not None else None
    case = _case_of(line.object)
    return AuditRow(
        seq=line.id,
        at=to_text(line.at),
        actor="—"
        if line.person is None
        else f"{card.number} {card.name}".strip()
        if card and card.name != card.number
        else f"{line.person}",
        person=line.person,
        deputy_for=lent.number if lent else None,
        role=line.role,
        org=None if org is None else org.name_zh if ask.language == "zh" else org.name_en,
        action=line.operation,
        object=line.object,
        case=str(case) if case is not None else None,
        case_number=numbers.get(case) if case is not None else None,
        fields=FIELDS_OF_OPERATION.get(line.operation, []),
        outcome=line.result,
        origin=line.origin,
    )
