"""Accounts: the system administrator opens them, the security administrator says what they may; nobody changes his own (promise A6)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from chengyun.base.ids import AreaCode, OrgId, PersonId
from chengyun.base.results import Refused
from chengyun.base.time import to_text
from chengyun.cases import access
from chengyun.cases.access import Allowed, Kind, Target
from chengyun.city.records import EXCLUSIVE_ROLES, Assignment, Organisation, Role, Scope, in_force
from chengyun.city.roles import check_assignments
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered, settle
from chengyun.stores import accounts
from chengyun.stores.staff import AccountLine, add_assignment, add_person, end_assignment, find_account, list_accounts, read_assignments

router = Router(tags=["accounts"])

FIELDS = ("facilities", "upkeep", "environment", "traffic", "safety", "enforcement")


LONGEST_POST = timedelta(days=366 * 50)


class PostHeld(Schema):
    id: int
    role: str
    area: str | None
    org: int | None
    fields: list[str] | None
    valid_from: date
    valid_to: date | None = Field(description="the first day without it")
    now: bool
    deputy_for: int | None


class AccountOut(Schema):
    id: int
    name: str
    active: bool
    locked: bool
    person: int | None
    number: str | None
    person_name: str | None
    org: int | None
    org_name: str | None
    guarded: bool = Field(description="opens an administrator's or auditor's post: another one resets its password")
    posts: list[PostHeld]


class AccountsOut(Schema):
    rows: list[AccountOut]
    next: str | None
    total: int
    as_of: str


class AccountsAsked(Schema):
    text: str = Field("", max_length=60)
    role: Role | None = None
    active: bool | None = None
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
    replaces: int | None = Field(default=None, ge=1, le=2**53, description="the post that ends on the day this one begins")


class PostEnded(Schema, extra="forbid"):
    on: date | None = Field(default=None, description="the first day without it; today if not given")


class PasswordMade(Schema):
    account: int
    password: str | None = Field(description="told once; a repeated request does not tell it again")
    repeated: bool = False


class AccountChanged(Schema):
    account: int
    done: str
    repeated: bool = False


@router.get("/accounts", auth=Session(csrf=False), response={200: AccountsOut, **PROBLEMS}, operation_id="accounts_list")
def list_all(request: HttpRequest, asked: Query[AccountsAsked]) -> AccountsOut:
    """Accounts with the posts behind them, by number of account."""
    ask = asking(request)
    allowed(ask, "account.list")
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    today, people, words = held.day_of(now), here.book.people(ask.tenant), asked.text.strip().casefold()

    def fits(line: AccountLine) -> bool:
        person = held.people.get(line.person) if line.person is not None else None
        card = people.get(line.person) if line.person is not None else None
        if asked.active is not None and line.active is not asked.active:
            return False
        if asked.role is not None and not any(
            each.role is asked.role and in_force(each.valid_from, each.valid_to, today) for each in (person.assignments if person else ())
        ):
            return False
        return not words or words in f"{line.name} {person.number if person else ''} {card.name if card else ''}".casefold()

    found = [line for line in list_accounts(ask.tenant) if fits(line)]
    rest = [line for line in found if asked.after is None or line.id > asked.after]
    page = rest[: asked.limit]
    return AccountsOut(
        rows=_out(ask, page),
        next=str(page[-1].id) if len(rest) > len(page) else None,
        total=len(found),
        as_of=to_text(now),
    )


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
    if not today <= begins <= today + LONGEST_POST or (body.valid_to is not None and body.valid_to > begins + LONGEST_POST):
        raise Answered(422, "bad_input", "assignment_without_days", {"field": "valid_from", "role": body.role, "from": begins.isoformat()})
    given = Assignment(body.role, scope, begins, body.valid_to)
    standing = {row: each for row, _, each in read_assignments(ask.tenant, [person.id])}
    if body.replaces is not None:
        _may_end(standing, body.replaces, begins)
        ended = standing[body.replaces]
        standing[body.replaces] = replace(ended, valid_to=max(begins, ended.valid_from))
    lasting = [each for each in standing.values() if each.valid_to is None or each.valid_to > each.valid_from]
    settle(check_assignments((*lasting, given)))

    def act() -> Mapping[str, object]:
        if body.replaces is not None and not end_assignment(ask.tenant, person.id, body.replaces, begins):
            settle(Refused("post_has_ended"))
        add_assignment(ask.tenant, person.id, given)
        note(ask, answer, "account.grant", f"account:{account}", f"role:{body.role}", after=body.dict())
        return {"account": account, "done": "granted"}

    kept, repeated = do_once(request, ask, "account_grant", {"account": account, **body.dict()}, act)
    here.book.forget(ask.tenant)
    return Status(201, AccountChanged(**kept, repeated=repeated))


@router.post(
    "/accounts/{int:account}/posts/{int:post}/end",
    auth=Session(),
    response={200: AccountChanged, **PROBLEMS},
    operation_id="account_end_post",
)
def end_post(request: HttpRequest, account: int, post: int, body: PostEnded) -> AccountChanged:
    """Let a post end, today or on a day to come. What was done under it stays done under it."""
    ask, line, answer = _for_change(request, account, "account.grant")
    here = house.current()
    today = here.book.held(ask.tenant).day_of(here.clock.now())
    day = body.on or today
    if line.person is None:
        raise Answered(404, "not_found")
    if not today <= day <= today + LONGEST_POST:
        raise Answered(422, "bad_input", "day_has_passed", {"field": "on", "day": day.isoformat()})
    person = line.person

    def act() -> Mapping[str, object]:
        _may_end({row: each for row, _, each in read_assignments(ask.tenant, [person])}, post, day)
        if not end_assignment(ask.tenant, person, post, day):
            settle(Refused("post_has_ended"))
        note(ask, answer, "account.grant", f"account:{account}", "post_ended", after={"post": post, "on": day.isoformat()})
        return {"account": account, "done": "post_ended"}

    kept, repeated = do_once(request, ask, "account_end_post", {"account": account, "post": post, **body.dict()}, act)
    here.book.forget(ask.tenant)
    return AccountChanged(**kept, repeated=repeated)


def _may_end(standing: Mapping[int, Assignment], post: int, day: date) -> None:
    found = standing.get(post)
    if found is None:
        raise Answered(404, "not_found")
    if found.valid_to is not None and found.valid_to <= max(day, found.valid_from):
        settle(Refused("post_has_ended"))


@router.post(
    "/accounts/{int:account}/password", auth=Session(), response={200: PasswordMade, **PROBLEMS}, operation_id="account_reset_password"
)
def reset_password(request: HttpRequest, account: int) -> PasswordMade:
    """A new password by lot, told to whoever asked and to nobody else, once; every session of the account ends."""
    return _reset(request, account, "account.reset_password")


@router.post(
    "/accounts/{int:account}/administrator-password",
    auth=Session(),
    response={200: PasswordMade, **PROBLEMS},
    operation_id="account_reset_administrator",
)
def reset_administrator(request: HttpRequest, account: int) -> PasswordMade:
    """The same for an account that opens an administrator's or the auditor's post, which is another administrator's to do."""
    return _reset(request, account, "account.reset_administrator")


def _reset(request: HttpRequest, account: int, operation: str) -> PasswordMade:
    ask, line, answer = _for_change(request, account, operation)
    posts = [each for _, _, each in read_assignments(ask.tenant, [line.person])] if line.person is not None else []
    if _guarded(posts) is not (operation == "account.reset_administrator"):
        raise Answered(403, "forbidden", "other_administrator_resets")
    password = secrets.token_urlsafe(12)

    def act() -> Mapping[str, object]:
        accounts.change_password(ask.tenant, line.id, password)
        note(ask, answer, operation, f"account:{line.id}", "reset")
        return {"account": line.id}

    kept, repeated = do_once(request, ask, operation, {"account": line.id}, act)
    return PasswordMade(**kept, password=None if repeated else password, repeated=repeated)


@router.post("/accounts/{int:account}/enable", auth=Session(), response={200: AccountChanged, **PROBLEMS}, operation_id="account_enable")
def enable(request: HttpRequest, account: int) -> AccountChanged:
    """Switch an account on again. Its old sessions stay ended."""
    ask, line, answer = _for_change(request, account, "account.enable")
    return _change(request, ask, line, answer, "account.enable", "enabled")


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
        if done in ("disabled", "enabled"):
            accounts.set_active(ask.tenant, line.id, done == "enabled")
        else:
            accounts.close_sessions(ask.tenant, line.id)
        note(ask, answer, operation, f"account:{line.id}", done)
        return {"account": line.id, "done": done}

    kept, repeated = do_once(request, ask, operation, {"account": line.id}, act)
    return AccountChanged(**kept, repeated=repeated)


def _for_change(request: HttpRequest, account: int, operation: str) -> tuple[Asking, AccountLine, Allowed]:
    """The account somebody wants to change, and the policy's yes; never his own."""
    ask = asking(request)
    allowed(ask, "account.list")
    line = find_account(ask.tenant, account) if account <= 2**53 else None
    if line is None:
        raise Answered(404, "not_found")
    answer = allowed(ask, operation, Target(ask.tenant, kind=Kind.ACCOUNT, person=line.person))
    if account == ask.account or (line.person is not None and line.person == ask.person):
        raise Answered(403, "forbidden", "own_account")
    return ask, line, answer


def _guarded(posts: Sequence[Assignment]) -> bool:
    return any(each.role in EXCLUSIVE_ROLES for each in posts)


def _org_name(ask: Asking, orgs: Mapping[OrgId, Organisation], org: OrgId | None) -> str | None:
    found = orgs.get(org) if org is not None else None
    return None if found is None else found.name_zh if ask.language == "zh" else found.name_en


def _out(ask: Asking, lines: Sequence[AccountLine]) -> list[AccountOut]:
    here = house.current()
    now, held, people = here.clock.now(), here.book.held(ask.tenant), here.book.people(ask.tenant)
    today, orgs = held.day_of(now), here.book.organisations(ask.tenant, now)
    posts: dict[PersonId, list[tuple[int, Assignment]]] = {}
    for row, owner, each in read_assignments(ask.tenant, [line.person for line in lines if line.person is not None]):
        posts.setdefault(owner, []).append((row, each))
    found = []
    for line in lines:
        person = held.people.get(line.person) if line.person is not None else None
        card = people.get(line.person) if line.person is not None else None
        own = posts.get(line.person, []) if line.person is not None else []
        found.append(
            AccountOut(
                id=line.id,
                name=line.name,
                active=line.active,
                locked=line.locked_until is not None and line.locked_until > now,
                person=line.person,
                number=person.number if person else None,
                person_name=card.name if card else None,
                org=person.org if person else None,
                org_name=_org_name(ask, orgs, person.org if person else None),
                guarded=_guarded([each for _, each in own]),
                posts=[
                    PostHeld(
                        id=row,
                        role=each.role,
                        area=each.scope.area,
                        org=each.scope.org,
                        fields=sorted(each.scope.fields) if each.scope.fields is not None else None,
                        valid_from=each.valid_from,
                        valid_to=each.valid_to,
                        now=in_force(each.valid_from, each.valid_to, today),
                        deputy_for=each.deputy_for,
                    )
                    for row, each in own
                ],
            )
        )
    return found
