"""Signing in and out, and who I am."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from ninja import Router, Schema
from ninja.utils import check_csrf
from pydantic import Field

from chengyun.base.results import Refused
from chengyun.base.time import to_text
from chengyun.cases.access import Channel, Target
from chengyun.city.records import Role
from chengyun.screens import house
from chengyun.screens.api.asking import Anybody, Asking, Session, allowed, asking
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.stores import accounts

router = Router(tags=["session"])

CHANNELS = {Role.CITIZEN: Channel.PUBLIC, Role.MACHINE: Channel.MACHINE}


class SignIn(Schema):
    account: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class PostOut(Schema):
    role: str
    org: int | None
    areas: list[str] | None
    fields: list[str] | None
    deputy_for: int | None


class PersonOut(Schema):
    id: int
    number: str
    name: str


class OrgOut(Schema):
    id: int
    code: str
    name_zh: str
    name_en: str


class CityOut(Schema):
    code: str
    name_zh: str
    name_en: str
    zone: str
    bounds: list[float] = Field(description="west, south, east, north in degrees WGS84")
    simulated: bool


class Me(Schema):
    signed_in: bool
    csrf: str
    person: PersonOut | None = None
    org: OrgOut | None = None
    posts: list[PostOut] = []
    roles: list[str] = []
    language: str
    city: CityOut
    now: str
    demo: bool


@router.get("/session", auth=Anybody(csrf=False), response={200: Me, **PROBLEMS}, operation_id="session_read")
def read(request: HttpRequest) -> Me:
    """Whether anybody is signed in, and what the sign-in page must know; hands out the token that writes must send back."""
    ask = asking(request)
    allowed(ask, "app.read")
    return _me(request, ask)


@router.get("/me", auth=Session(csrf=False), response={200: Me, **PROBLEMS}, operation_id="me_read")
def me(request: HttpRequest) -> Me:
    ask = asking(request)
    allowed(ask, "me.read", Target(ask.tenant, person=ask.person))
    return _me(request, ask)


@router.post("/session", auth=None, response={200: Me, **PROBLEMS}, operation_id="session_open")
def sign_in(request: HttpRequest, body: SignIn) -> Me:
    """Open a session. The session's id is new at every sign-in (promise I3); tries are counted (promise I2)."""
    if check_csrf(request) is not None:
        raise Answered(403, "csrf")
    here = house.current()
    tenant = here.book.tenant_of(request.get_host())
    if not body.account.isprintable():
        raise Answered(401, "sign_in_failed", "sign_in_failed")  # nobody has such a name, and the database could not be asked for it
    found = accounts.sign_in(tenant, body.account, body.password, here.clock.now())
    if isinstance(found, Refused):
        raise Answered(429 if found.reason == "sign_in_locked" else 401, found.reason, found.reason, found.facts)
    if found.person is None or here.book.person(tenant, found.person) is None:
        raise Answered(401, "sign_in_failed", "sign_in_failed")
    reader = here.book.reader(tenant, found.person, here.clock.now(), Channel.DESK)
    channel = next((CHANNELS[post.role] for post in reader.posts if post.role in CHANNELS), Channel.DESK)
    accounts.forget_session(request.session.session_key)
    request.session.flush()
    kept = {"tenant": tenant, "account": found.account, "person": found.person, "epoch": found.session_epoch, "channel": str(channel)}
    request.session.update(kept)
    request.session.create()
    request.auth = ask = Anybody.of(request)  # type: ignore[attr-defined]
    return _me(request, ask)


@router.delete("/session", auth=Session(), response={204: None, **PROBLEMS}, operation_id="session_close")
def sign_out(request: HttpRequest) -> HttpResponse:
    ask = asking(request)
    allowed(ask, "session.close", Target(ask.tenant, person=ask.person))
    accounts.forget_session(request.session.session_key)
    request.session.flush()
    return HttpResponse(status=204)


def _me(request: HttpRequest, ask: Asking) -> Me:
    here = house.current()
    now = here.clock.now()
    city = here.book.card(ask.tenant)
    card = here.book.person(ask.tenant, ask.person) if ask.person is not None else None
    org = here.book.organisations(ask.tenant, now).get(card.org) if card and card.org is not None else None
    more: dict[str, Any] = {}
    if card:
        more["person"] = PersonOut(id=card.id, number=card.number, name=card.name)
        more["posts"] = [
            PostOut(
                role=post.role,
                org=post.org,
                areas=None if post.areas is None else list(post.areas),
                fields=None if post.fields is None else sorted(post.fields),
                deputy_for=post.deputy_for,
            )
            for post in ask.reader.posts
        ]
        more["roles"] = list(dict.fromkeys(str(post.role) for post in ask.reader.posts))
    if org:
        more["org"] = OrgOut(id=org.id, code=org.code, name_zh=org.name_zh, name_en=org.name_en)
    return Me(
        signed_in=card is not None,
        csrf=get_token(request),
        language=ask.language,
        city=CityOut(
            code=city.code, name_zh=city.name_zh, name_en=city.name_en, zone=city.zone, bounds=list(city.bounds), simulated=city.simulated
        ),
        now=to_text(now),
        demo=here.demo,
        **more,
    )
