"""Who listens: found from the session cookie, and looked at again every few seconds, so that a closed session closes its streams."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.contrib.sessions.backends.db import SessionStore

from chengyun.base.ids import PersonId, TenantId
from chengyun.cases.access import Channel, Reader
from chengyun.screens import house
from chengyun.stores import accounts

LOOK_AGAIN = 2.5
"""Seconds between looks at whether sessions still stand; with one look under way a stream ends within 5 s (promise I3)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as it was opened; equal for all streams of one browser."""

    key: str
    tenant: TenantId
    account: int
    person: PersonId
    epoch: int
    channel: Channel


def find_session(key: str | None) -> SignedIn | None:
    """The session behind a cookie, if it stands."""
    if not key:
        return None
    kept = SessionStore(session_key=key).load()
    if any(kept.get(name) is None for name in ("tenant", "account", "person", "epoch", "channel")):
        return None
    found = SignedIn(
        key, TenantId(kept["tenant"]), int(kept["account"]), PersonId(kept["person"]), int(kept["epoch"]), Channel(kept["channel"])
    )
    return found if accounts.session_stands(found.tenant, found.account, found.epoch) else None


def reader_of(session: SignedIn) -> Reader | None:
    """The person with the posts of today; None if nobody knows him any more."""
    here = house.current()
    if here.book.person(session.tenant, session.person) is None:
        return None
    return here.book.reader(session.tenant, session.person, here.clock.now(), session.channel)


def look_again(tenant: TenantId, sessions: Collection[SignedIn]) -> Mapping[SignedIn, Reader | None]:
    """Every session with its reader as he stands now; None: it is over."""
    open_ = accounts.standing_sessions(tenant, [(each.key, each.account, each.epoch) for each in sessions])
    return {each: reader_of(each) if each.key in open_ else None for each in sessions}
