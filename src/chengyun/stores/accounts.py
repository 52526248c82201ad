"""Signing in. Tries are counted before the password is looked at, in one statement, so that fifty at once get no more than the limit
through (promise I2); the lock grows with every further failure. Closing sessions is raising a number that every session is checked with.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from chengyun.base.ids import PersonId, TenantId
from chengyun.base.results import Refused
from chengyun.stores.tenancy import current_tenant, in_tenant
from chengyun.stores.writing.base.models import Account

TRIES = 5
"""Failures before the first lock [M]; chosen by us within the range of GB/T 22239 grade 3 (a limited number)."""
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)


@dataclass(frozen=True)
class SignedIn:
    account: int
    person: PersonId | None
    session_epoch: int
    may_administer: bool


def sign_in(tenant: TenantId, name: str, password: str, now: datetime) -> SignedIn | Refused:
    """Check a password. Refusals: `sign_in_failed` (also for a name nobody has), `sign_in_locked` with `until`."""
    with in_tenant(tenant, durable=True), connection.cursor() as cursor:
        cursor.execute(
            _TAKE_A_TRY, {"tenant": tenant, "name": name, "now": now, "limit": TRIES, "first": FIRST_LOCK, "longest": LONGEST_LOCK}
        )
        row = cursor.fetchone()
        if row is None:
            cursor.execute("SELECT locked_until FROM account WHERE tenant_id = %s AND name = %s AND active", [tenant, name])
            locked = cursor.fetchone()
    if row is None:
        if locked is None:
            make_password(password)  # the same work as for a name that exists, so that the time tells nothing
            return Refused("sign_in_failed")
        return Refused("sign_in_locked", {"until": locked[0]})
    account, person, hashed, epoch, may_administer = row
    if not check_password(password, hashed):
        return Refused("sign_in_failed")
    with in_tenant(tenant, durable=True), connection.cursor() as cursor:
        cursor.execute("UPDATE account SET tries = 0, locked_until = NULL WHERE tenant_id = %s AND id = %s", [tenant, account])
    return SignedIn(account, person, epoch, may_administer)


_TAKE_A_TRY = """
UPDATE account SET
  tries = least(tries + 1, 30000),
  locked_until = CASE WHEN tries + 1 >= %(limit)s
    THEN %(now)s + least(%(first)s * power(2, least(tries + 1 - %(limit)s, 20)), %(longest)s) ELSE locked_until END
WHERE tenant_id = %(tenant)s AND name = %(name)s AND active AND (locked_until IS NULL OR locked_until <= %(now)s)
RETURNING id, person, password, session_epoch, may_administer
"""


def make_account(
    tenant: TenantId, name: str, password: str, person: PersonId | None, now: datetime, *, may_administer: bool = False
) -> int:
    with in_tenant(tenant):
        account = Account(tenant=tenant, name=name, person=person, made_at=now, may_administer=may_administer)
        account.set_password(password)
        account.save(force_insert=True)
        return int(account.pk)


def change_password(tenant: TenantId, account: int, password: str) -> None:
    """A new password closes every session that the old one opened."""
    _change(tenant, "password = %s, session_epoch = session_epoch + 1, tries = 0, locked_until = NULL", [make_password(password)], account)


def close_sessions(tenant: TenantId, account: int) -> None:
    _change(tenant, "session_epoch = session_epoch + 1", [], account)


def set_active(tenant: TenantId, account: int, active: bool) -> None:
    """Switching an account off closes its sessions; switching it on again does not revive them."""
    _change(tenant, "active = %s, session_epoch = session_epoch + 1", [active], account)


def _change(tenant: TenantId, assignments: str, values: list[object], account: int) -> None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"UPDATE account SET {assignments} WHERE tenant_id = %s AND id = %s", [*values, tenant, account])
    _stood.clear()


def session_stands(tenant: TenantId, account: int, epoch: int) -> bool:
    """Whether a session opened at `epoch` may go on: asked by long streams every few seconds (promise I3)."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT active AND session_epoch = %s FROM account WHERE tenant_id = %s AND id = %s", [epoch, tenant, account])
        row = cursor.fetchone()
    return bool(row and row[0])


def standing_sessions(tenant: TenantId, sessions: Collection[tuple[str, int, int]]) -> frozenset[str]:
    """Of (session key, account, epoch) the keys that may go on: not signed out, not run out, account open, epoch the same."""
    rows = list(sessions)
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.key FROM unnest(%s::text[], %s::bigint[], %s::int[]) g (key, account, epoch)"
            " JOIN django_session s ON s.session_key = g.key AND s.expire_date > to_timestamp(%s)"
            " JOIN account a ON a.tenant_id = %s AND a.id = g.account AND a.active AND a.session_epoch = g.epoch",
            # The life of a cookie is real time, as Django counts it, not the city's.
            [[key for key, _, _ in rows], [a for _, a, _ in rows], [e for _, _, e in rows], time.time(), tenant],
        )
        return frozenset(row[0] for row in cursor.fetchall())


def clear_sessions() -> None:
    """Remove sessions whose time is over, in whatever tenant."""
    SessionStore.clear_expired()


LOOK_AGAIN = 1.0
"""Seconds for which a session that stood is taken to stand by single requests; promise I3 gives five."""
_stood: dict[tuple[TenantId, int, int], float] = {}
MOST_KEPT = 10_000


def session_stood_lately(tenant: TenantId, account: int, epoch: int) -> bool:
    """`session_stands` for doors that are asked many times a second. What this process closes is known to it at once."""
    session, now = (tenant, account, epoch), time.monotonic()
    if _stood.get(session, now - LOOK_AGAIN) > now - LOOK_AGAIN:
        return True
    stands = session_stands(tenant, account, epoch)
    if len(_stood) >= MOST_KEPT:
        _stood.clear()
    if stands:
        _stood[session] = now
    return stands


_known: dict[str, tuple[float, SessionStore]] = {}


def known_session(key: str) -> SessionStore:
    """What is kept of a session, for reading, by doors that are asked many times a second: read anew after `LOOK_AGAIN`."""
    now = time.monotonic()
    found = _known.get(key)
    if found is not None and found[0] > now - LOOK_AGAIN:
        return found[1]
    session = SessionStore(session_key=key or None)
    session.get("account")  # loads it
    if len(_known) >= MOST_KEPT:
        _known.clear()
    if key:
        _known[key] = (now, session)
    return session


def forget_session(key: str | None) -> None:
    """It was closed here: from now on it is not known."""
    _known.pop(key or "", None)


class AccountBackend:
    """Lets Django find the account of a session. It never signs anybody in: `sign_in` does."""

    def authenticate(self, request: object, **credentials: object) -> None:
        return None

    def get_user(self, account: int) -> Account | None:
        tenant = current_tenant()
        if tenant is None:
            return None
        found = Account.objects.filter(tenant=tenant, pk=account).first()
        return found if found is not None and found.active else None
