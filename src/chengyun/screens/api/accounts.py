"""Accounts: the system administrator opens them, the security administrator says what they may; nobody changes his own (promise A6)."""

import secrets
from collections.abc import Mapping
from datetime import date

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from chengyun.base.ids import AreaCode, OrgId, PersonId
from chengyun.cases import access
from chengyun.cases.access import Allowed, Kind, Target
from chengyun.city.records import Assignment, Role, Scope
from chengyun.city.roles import check_assignments
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered, settle
from chengyun.stores import accounts
from chengyun.stores.staff import AccountLine, add_assignment, add_person, find_account, list_accounts

router = Router(tags=["accounts"])

FIELDS = ("facilities", "upkeep", "environment", "traffic", "safety", "enforcement")


class PostHeld(Schema):
    role: str
    area: str | None
    org: int | None
    fields: list[str] | None
    valid_from: date
    valid_to: date | None


class AccountOut(Schema):
    id: int
    name: str
    active: bool
    locked: bool
    person: int | None
    number: str | None
    person_name: str | None
    org: int | None
    posts: list[PostHeld]


class AccountsOut(Schema):
    rows: list[AccountOut]
    next: str | None
    total: int


class AccountsAsked(Schema):
    text: str = Field("", max_length=60)
    after: int | None = Field(None, ge=0, le=2**53)
    limit: int = Field(100, ge=1, le=500)


class AccountIn(Schema, extra="forbid"):
    number: str = Field(min_length=1, max_length=24, pattern="^[0-9A-Za-z._-]+$")
    name: str = Field(min_length=1, max_length=80)
    org: int = Field(ge=1, le=2**53)
    language: str = Field(default="zh", pattern="^(zh|en)$")
    phone: str = Field(default="", max_length=40)


class AccountMade(Schema):
    account: int
    person: int
    password: str | None = Field(description="told once; a repeated request does not tell it again")
    repeated: bool = False


class PostIn(Schema, extra="forbid"):
    role: Role
    area: str | None = Field(default=None, max_length=24)
    org: int | None = Field(default=None, ge=1, le=2**53)
    fields: list[str] | None = Field(default=None, max_length=6)
    valid_from: date | None = None
    valid_to: date | None = None


class AccountChanged(Schema):
    account: int
    done: str
    repeated: bool = False


@router.get("/accounts", auth=Session(csrf=False), response={200: AccountsOut, **PROBLEMS}, operation_id="accounts_list")
def list_all(request: HttpRequest, asked: Query[AccountsAsked]) -> AccountsOut:
    """Accounts with the posts behind them, by number of account."""
    ask = asking(request)
    allowed(ask, "account.list")
    words = asked.text.strip().casefold()
    found = [_out(ask, line) for line in list_accounts(ask.tenant)]
    found = [row for row in found if not words or words in f"{row.name} {row.number or ''} {row.person_name or ''}".casefold()]
    rest = [row for row in found if asked.after is None or row.id > asked.after]
    page = rest[: asked.limit]
    return AccountsOut(rows=page, next=str(page[-1].id) if len(rest) > len(page) else None, total=len(found))


@router.post("/accounts", auth=Session(), response={201: AccountMade, **PROBLEMS}, operation_id="account_create")
def create(request: HttpRequest, body: AccountIn) -> Status[AccountMade]:
    """A person and a way to sign in, without any post: the security administrator grants those."""
    ask = asking(request)
    answer = allowed(ask, "account.create")
    faults = access.check_fields({post.role for post in answer.posts}, "account.create", set(body.model_fields_set))
    if faults:
        raise Answered(422, "bad_input", faults[0].reason, {"field": faults[0].field})
    here = house.current()
    now = here.clock.now()
    if OrgId(body.org) not in here.book.organisations(ask.tenant, now):
        raise Answered(422, "bad_input", "unit_unknown", {"field": "org"})
    if any(person.number == body.number for person in here.book.held(ask.tenant).people.values()):
        raise Answered(422, "refused", "number_taken", {"number": body.number})
    password = secrets.token_urlsafe(12)

    def act() -> Mapping[str, object]:
        person = add_person(ask.tenant, body.number, OrgId(body.org), body.language, body.name, body.phone)
        account = accounts.make_account(ask.tenant, body.number, password, person, now)
        note(ask, answer, "account.create", f"account:{account}", "made", after={"number": body.number, "org": body.org})
        return {"account": account, "person": person}

    kept, repeated = do_once(request, ask, "account_create", body.dict(), act)
    here.book.forget(ask.tenant)
    return Status(201, AccountMade(**kept, password=None if repeated else password, repeated=repeated))


@router.post("/accounts/{int:account}/posts", auth=Session(), response={201: AccountChanged, **PROBLEMS}, operation_id="account_grant")
def grant(request: HttpRequest, account: int, body: PostIn) -> Status[AccountChanged]:
    """Give a post. Administrators' and auditor's roles stand alone; who checks belongs to no handling unit."""
    ask, line, answer = _for_change(request, account, "account.grant")
    here = house.current()
    held = here.book.held(ask.tenant)
    today = held.day_of(here.clock.now())
    person = held.people.get(line.person) if line.person is not None else None
    if person is None:
        raise Answered(404, "not_found")
    begins = body.valid_from or today
    if body.area is not None and body.area not in {each.code for each in held.areas}:
        raise Answered(422, "bad_input", "area_unknown", {"field": "area"})
    if body.org is not None and OrgId(body.org) not in here.book.organisations(ask.tenant, here.clock.now()):
        raise Answered(422, "bad_input", "unit_unknown", {"field": "org"})
    if body.fields is not None and not set(body.fields) <= set(FIELDS):
        raise Answered(422, "bad_input", facts={"field": "fields", "wanted": list(FIELDS)})
    scope = Scope(
        AreaCode(body.area) if body.area else None,
        OrgId(body.org) if body.org else None,
        frozenset(body.fields) if body.fields is not None else None,
    )
    given = Assignment(body.role, scope, begins, body.valid_to)
    settle(check_assignments((*person.assignments, given)))

    def act() -> Mapping[str, object]:
        add_assignment(ask.tenant, person.id, given)
        note(ask, answer, "account.grant", f"account:{account}", f"role:{body.role}", after=body.dict())
        return {"account": account, "done": "granted"}

    kept, repeated = do_once(request, ask, "account_grant", {"account": account, **body.dict()}, act)
    here.book.forget(ask.tenant)
    return Status(201, AccountChanged(**kept, repeated=repeated))


@router.post("/accounts/{int:account}/disable", auth=Session(), response={200: AccountChanged, **PROBLEMS}, operation_id="account_disable")
def disable(request: HttpRequest, account: int) -> AccountChanged:
    """Switch an account off: its sessions end at once, and no new one opens."""
    ask, line, answer = _for_change(request, account, "account.disable")
    return _change(request, ask, line, answer, "account.disable", "disabled")


@router.post(
    "/accounts/{int:account}/sessions/end", auth=Session(), response={200: AccountChanged, **PROBLEMS}, operation_id="account_end_sessions"
)
def end_sessions(request: HttpRequest, account: int) -> AccountChanged:
    """End every session of an account, wherever it is open."""
    ask, line, answer = _for_change(request, account, "account.end_sessions")
    return _change(request, ask, line, answer, "account.end_sessions", "ended")


def _change(request: HttpRequest, ask: Asking, line: AccountLine, answer: Allowed, operation: str, done: str) -> AccountChanged:
    def act() -> Mapping[str, object]:
        if done == "disabled":
            accounts.set_active(ask.tenant, line.id, False)
        else:
            accounts.close_sessions(ask.tenant, line.id)
        note(ask, answer, operation, f"account:{line.id}", done)
        return {"account": line.id, "done": done}

    kept, repeated = do_once(request, ask, operation, {"account": line.id}, act)
    return AccountChanged(**kept, repeated=repeated)


def _for_change(request: HttpRequest, account: int, operation: str) -> tuple[Asking, AccountLine, Allowed]:
    """The account somebody wants to change, and the policy's yes; never his own."""
    ask = asking(request)
    allowed(ask, operation)
    line = find_account(ask.tenant, account) if account <= 2**53 else None
    if line is None:
        raise Answered(404, "not_found")
    answer = allowed(ask, operation, Target(ask.tenant, kind=Kind.ACCOUNT, person=line.person))
    if account == ask.account or (line.person is not None and line.person == ask.person):
        raise Answered(403, "forbidden", "own_account")
    return ask, line, answer


def _out(ask: Asking, line: AccountLine) -> AccountOut:
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    person = held.people.get(PersonId(line.person)) if line.person is not None else None
    card = here.book.person(ask.tenant, person.id) if person is not None else None
    return AccountOut(
        id=line.id,
        name=line.name,
        active=line.active,
        locked=line.locked_until is not None and line.locked_until > now,
        person=line.person,
        number=person.number if person else None,
        person_name=card.name if card else None,
        org=person.org if person else None,
        posts=[
            PostHeld(
                role=each.role,
                area=each.scope.area,
                org=each.scope.org,
                fields=sorted(each.scope.fields) if each.scope.fields is not None else None,
                valid_from=each.valid_from,
                valid_to=each.valid_to,
            )
            for each in (person.assignments if person else ())
        ],
    )
