"""Who is on duty, who gives over to whom, who is away and who stands in."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from chengyun.base.ids import OrgId, PersonId
from chengyun.base.time import to_text
from chengyun.cases.access import RULES, Kind, Reach, Target, compile_filter
from chengyun.city.records import EXCLUSIVE_ROLES, Role, in_force
from chengyun.city.roles import Absence
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.narrowing import asked_in_queue
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.stores.absences import current, read_absences, read_handovers, record_handover, register_absence
from chengyun.stores.city_book import read_shifts
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import count_cases
from chengyun.tasks.queues import queues_for

router = Router(tags=["people"])

LONGEST_ABSENCE = timedelta(days=366)


class PersonRef(Schema):
    id: int
    number: str
    name: str


class ShiftOut(Schema):
    person: PersonRef
    org: int | None
    starts: str
    ends: str
    area: str | None
    now: bool


class AbsenceOut(Schema):
    person: PersonRef
    deputy: PersonRef
    from_day: date
    to_day: date | None


class HandoverOut(Schema):
    id: int
    giver: PersonRef
    taker: PersonRef
    at: str
    counts: dict[str, int]
    note: str


class ShiftsOut(Schema):
    day: date
    rows: list[ShiftOut]
    absences: list[AbsenceOut]
    handovers: list[HandoverOut]
    as_of: str


class ShiftsAsked(Schema):
    day: date | None = None
    area: str | None = Field(None, max_length=24, pattern="^[0-9A-Za-z]*$")


class HandoverIn(Schema, extra="forbid"):
    to: int = Field(ge=1, le=2**53)
    note: str = Field(default="", max_length=2000)


class HandedOver(Schema):
    id: int
    counts: dict[str, int]
    repeated: bool = False


class AbsenceIn(Schema, extra="forbid"):
    person: int | None = Field(default=None, ge=1, le=2**53, description="oneself if not given")
    deputy: int = Field(ge=1, le=2**53)
    from_day: date
    to_day: date | None = None
    reason: str = Field(default="", max_length=80)


class AbsenceMade(Schema):
    id: int
    repeated: bool = False


@router.get("/shifts", auth=Session(csrf=False), response={200: ShiftsOut, **PROBLEMS}, operation_id="shifts_list")
def shifts(request: HttpRequest, asked: Query[ShiftsAsked]) -> ShiftsOut:
    """The shifts of a city day, who is away, and what was handed over: one's own part, or all of it for whoever leads."""
    ask = asking(request)
    answer = allowed(ask, "shift.list")
    here = house.current()
    now = here.clock.now()
    held = here.book.held(ask.tenant)
    day = asked.day or held.day_of(now)
    if not 1990 <= day.year <= 2200:
        raise Answered(422, "bad_input", facts={"field": "day"})
    zone = ZoneInfo(held.tenant.zone)
    start = datetime.combine(day, time(0), tzinfo=zone)
    own = all(RULES["shift.list"].get(post.role) is Reach.OWN for post in answer.posts)
    me = ask.person
    rows = [
        ShiftOut(
            person=_person(ask, shift.person),
            org=_org_of(ask, shift.person),
            starts=to_text(shift.starts),
            ends=to_text(shift.ends),
            area=shift.area,
            now=shift.starts <= now < shift.ends,
        )
        for shift in read_shifts(ask.tenant, start, start + timedelta(days=1))
        if (not own or shift.person == me)
        and (not asked.area or shift.area is None or shift.area.startswith(asked.area) or asked.area.startswith(shift.area))
    ]
    away = [each for each in current(read_absences(ask.tenant), day) if not own or me in (each.person, each.deputy)]
    leads = any(post.role in (Role.SHIFT_LEAD, Role.DUTY_LEADER, Role.AUDITOR) for post in answer.posts)
    given = read_handovers(ask.tenant, start, start + timedelta(days=1), None if leads else me)
    return ShiftsOut(
        day=day,
        rows=rows,
        absences=[
            AbsenceOut(person=_person(ask, each.person), deputy=_person(ask, each.deputy), from_day=each.from_day, to_day=each.to_day)
            for each in away
        ],
        handovers=[
            HandoverOut(
                id=each.id,
                giver=_person(ask, each.giver),
                taker=_person(ask, each.taker),
                at=to_text(each.at),
                counts=dict(each.counts),
                note=each.note,
            )
            for each in given
        ],
        as_of=to_text(now),
    )


@router.post("/shifts/handover", auth=Session(), response={201: HandedOver, **PROBLEMS}, operation_id="shift_hand_over")
def hand_over(request: HttpRequest, body: HandoverIn) -> Status[HandedOver]:
    """Give the shift to a colleague: what is open in my queues is counted and written down with a note that both see."""
    ask = asking(request)
    answer = allowed(ask, "shift.hand_over", Target(ask.tenant, kind=Kind.PERSONAL, person=ask.person))
    here = house.current()
    now = here.clock.now()
    assert ask.person is not None
    taker = _colleague(ask, body.to, "to")
    if taker == ask.person:
        raise Answered(422, "refused", "deputy_is_another")

    def act() -> Mapping[str, object]:
        counts = _open_in_my_queues(ask)
        id_ = record_handover(ask.tenant, ask.person, taker, now, counts, body.note)  # type: ignore[arg-type]
        note(ask, answer, "shift.hand_over", f"handover:{id_}", f"to:{taker}", after={"counts": counts, "note": body.note})
        return {"id": id_, "counts": counts}

    kept, repeated = do_once(request, ask, "shift_hand_over", body.dict(), act)
    return Status(201, HandedOver(**kept, repeated=repeated))


@router.post("/absences", auth=Session(), response={201: AbsenceMade, **PROBLEMS}, operation_id="absence_register")
def absence(request: HttpRequest, body: AbsenceIn) -> Status[AbsenceMade]:
    """Somebody is away and a colleague stands in: from then on the deputy holds his posts beside his own."""
    ask = asking(request)
    here = house.current()
    now = here.clock.now()
    held = here.book.held(ask.tenant)
    person = PersonId(body.person) if body.person is not None else ask.person
    card = here.book.person(ask.tenant, person) if person is not None else None
    orgs = frozenset({card.org}) if card is not None and card.org is not None else frozenset()
    answer = allowed(ask, "absence.register", Target(ask.tenant, kind=Kind.PERSONAL, person=person, orgs=orgs))
    if card is None or person is None:
        raise Answered(404, "not_found")
    deputy = _colleague(ask, body.deputy, "deputy")
    today = held.day_of(now)
    roles = {each.role for each in held.people[person].assignments if in_force(each.valid_from, each.valid_to, today)}
    if deputy == person:
        raise Answered(422, "refused", "deputy_is_another")
    if roles & EXCLUSIVE_ROLES:
        raise Answered(422, "refused", "role_has_no_deputy")
    ends = body.to_day
    if body.from_day < today or (ends is not None and not body.from_day < ends <= body.from_day + LONGEST_ABSENCE):
        raise Answered(422, "bad_input", "assignment_without_days", {"field": "from_day" if body.from_day < today else "to_day"})

    def act() -> Mapping[str, object]:
        id_ = register_absence(ask.tenant, Absence(person, deputy, body.from_day, body.to_day), body.reason, ask.person, now)  # type: ignore[arg-type]
        note(ask, answer, "absence.register", f"person:{person}", f"deputy:{deputy}", after=body.dict())
        return {"id": id_}

    kept, repeated = do_once(request, ask, "absence_register", body.dict(), act)
    here.book.forget(ask.tenant)
    return Status(201, AbsenceMade(**kept, repeated=repeated))


def _colleague(ask: Asking, id_: int, place: str) -> PersonId:
    """Somebody who works here today; citizens and machines do not."""
    here = house.current()
    card = here.book.person(ask.tenant, PersonId(id_))
    if card is None or card.org is None:
        raise Answered(422, "bad_input", "person_unknown", {"field": place})
    return card.id


def _open_in_my_queues(ask: Asking) -> dict[str, int]:
    only = compile_filter(ask.reader, "queue.read")
    if only is None:
        return {}
    return {
        queue.key: count_cases(only, asked_in_queue(queue, ask, Asked())).cases for queue in queues_for(p.role for p in ask.reader.posts)
    }


def _person(ask: Asking, person: PersonId) -> PersonRef:
    card = house.current().book.person(ask.tenant, person)
    return PersonRef(id=person, number=card.number if card else str(person), name=card.name if card else "")


def _org_of(ask: Asking, person: PersonId) -> OrgId | None:
    card = house.current().book.person(ask.tenant, person)
    return card.org if card else None
