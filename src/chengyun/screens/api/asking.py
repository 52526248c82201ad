"""Who asks, in which tenant, with which key: read once from the request, the same way for every door of the interface."""

from dataclasses import dataclass

from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from chengyun.base.ids import PersonId, TenantId
from chengyun.cases import access
from chengyun.cases.access import Channel, Reader
from chengyun.screens import house
from chengyun.screens.api.problems import Answered, settle
from chengyun.screens.words import Language, language_of
from chengyun.stores import accounts, machine_tokens

SESSION_KEYS = ("tenant", "account", "person", "epoch", "channel")
LONGEST_KEY = 100


@dataclass(frozen=True)
class Asking:
    """The reader behind a request, and the city he asks about."""

    reader: Reader
    tenant: TenantId
    person: PersonId | None
    account: int | None
    language: Language


class Session(APIKeyCookie):
    """The session cookie. A session whose account was disabled, or closed elsewhere, no longer stands (promise I3)."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Asking | None:
        kept = accounts.known_session(key) if key else request.session
        if not all(name in kept for name in SESSION_KEYS):
            return None
        tenant, account = TenantId(kept["tenant"]), int(kept["account"])
        if not accounts.session_stood_lately(tenant, account, int(kept["epoch"])):
            kept.flush()
            return None
        return _asking(request, tenant, account, PersonId(kept["person"]) if kept["person"] is not None else None, Channel(kept["channel"]))


def _asking(request: HttpRequest, tenant: TenantId, account: int, person: PersonId | None, channel: Channel) -> Asking | None:
    here = house.current()
    if person is None:
        return None
    card = here.book.person(tenant, person)
    if card is None:
        return None
    reader = here.book.reader(tenant, person, here.clock.now(), channel)
    tongue = language_of(request.headers.get("Accept-Language", ""), _chosen(request) or card.language)
    request.chengyun_language = tongue  # type: ignore[attr-defined]
    return Asking(reader, tenant, person, account, tongue)


def _chosen(request: HttpRequest) -> str | None:
    """The language switched to on the page: our pages name just that one; a browser's own list is longer and comes after the person's."""
    named = request.headers.get("X-Language") or request.headers.get("Accept-Language", "")
    return named if named in ("zh", "en") else None


class Anybody(Session):
    """A session if there is one, else an anonymous reader: for doors that citizens may use without an account."""

    def __call__(self, request: HttpRequest) -> Asking:
        found = self.authenticate(request, self._get_key(request))
        return found if found is not None else self.nobody(request)

    @classmethod
    def of(cls, request: HttpRequest) -> Asking:
        """Who asks, once a session has just been opened."""
        return cls(csrf=False).authenticate(request, None) or cls.nobody(request)

    @staticmethod
    def nobody(request: HttpRequest) -> Asking:
        tenant = house.current().book.tenant_of(request.get_host())
        tongue = language_of(request.headers.get("Accept-Language", ""), request.headers.get("X-Language"))
        return Asking(access.anonymous(tenant), tenant, None, None, tongue)


class MachineKey(HttpBearer):
    """`Authorization: Bearer KEY` of a machine client. No cookie, so no token against forged forms is needed."""

    def authenticate(self, request: HttpRequest, token: str) -> Asking | None:
        here = house.current()
        tenant = here.book.tenant_of(request.get_host())
        found = machine_tokens.find_machine(tenant, token) if 20 < len(token) < 200 else None
        return None if found is None else _asking(request, tenant, found.account, found.person, Channel.MACHINE)


def asking(request: HttpRequest) -> Asking:
    found: Asking = request.auth  # type: ignore[attr-defined]
    return found


def allowed(ask: Asking, operation: str, target: access.Target | None = None) -> access.Allowed:
    """The policy's yes, or the end of the request."""
    answer = access.may(ask.reader, operation, target or access.Target(ask.tenant))
    settle(answer)
    assert isinstance(answer, access.Allowed)
    return answer


def idempotency_key(request: HttpRequest) -> str:
    """Every write names its own key, so that a retry is never a second act (promise R6)."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise Answered(400, "key_missing")
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise Answered(400, "key_unreadable")
    return key


def origin(ask: Asking) -> str:
    return str(ask.reader.channel)
