"""Writes and audited reads of doors that do not go through the case desk: once per key, with an entry of the audit in the same
transaction, so that what cannot be noted is not done (promises R6, H1)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
from django.http import HttpRequest

from chengyun.cases.access import Allowed
from chengyun.cases.ports import AuditEntry
from chengyun.cases.records import Actor
from chengyun.city.records import Role
from chengyun.screens import house
from chengyun.screens.api.asking import idempotency_key, origin
from chengyun.stores.once import once, recall

if TYPE_CHECKING:
    from chengyun.screens.api.asking import Asking


def actor_of(ask: "Asking", answer: Allowed) -> Actor:
    """Under which of his posts somebody acts: the first that reaches what he asked for."""
    if not answer.posts:
        return Actor(Role.ANONYMOUS, ask.person)
    post = answer.posts[0]
    return Actor(post.role, ask.person, post.org, post.deputy_for)


def note(
    ask: "Asking",
    answer: Allowed,
    operation: str,
    about: str,
    result: str = "done",
    *,
    before: object = None,
    after: object = None,
) -> None:
    """An entry of the audit. `before` and `after` go in as digests, never as words (promise H4)."""
    here = house.current()
    entry = AuditEntry(
        operation, about[:120], result[:80], actor_of(ask, answer), here.clock.now(), origin(ask), _digest(before), _digest(after)
    )
    here.note(ask.tenant, entry)


def do_once(
    request: HttpRequest, ask: "Asking", door: str, body: object, act: Callable[[], Mapping[str, object]]
) -> tuple[Mapping[str, object], bool]:
    """The answer of a write, and whether its key had done it before."""
    key, now = idempotency_key(request), house.current().clock.now()
    return once(ask.tenant, str(ask.person or "anonymous"), door, key, body, now, act)


def done_before(request: HttpRequest, ask: "Asking", door: str) -> Mapping[str, object] | None:
    """What this key was answered before, if it was: for an act whose material is gone once it is done."""
    return recall(ask.tenant, str(ask.person or "anonymous"), door, idempotency_key(request))


def _digest(value: object) -> bytes:
    return b"" if value is None else hashlib.sha256(msgspec.json.encode(value, order="sorted")).digest()
