"""What a list may be narrowed by: one set of words for queues, searches, exports and the map, so that they always agree."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from ninja import Schema
from pydantic import Field

from chengyun.base.ids import OrgId, PersonId
from chengyun.cases.records import SourceFamily, State, Urgency
from chengyun.screens.api.asking import Asking
from chengyun.screens.api.moments import Moment
from chengyun.screens.api.problems import Answered
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import Order
from chengyun.tasks.queues import Mine, Queue


class Narrowing(Schema):
    """Query words. Several values of one word are separated by commas; everything given must hold."""

    street: str | None = Field(default=None, max_length=200)
    community: str | None = Field(default=None, max_length=400)
    grid: str | None = Field(default=None, max_length=400)
    field: str | None = Field(default=None, max_length=100)
    category: str | None = Field(default=None, max_length=400)
    source: str | None = Field(default=None, max_length=100)
    urgency: str | None = Field(default=None, max_length=40)
    state: str | None = Field(default=None, max_length=400)
    unit: str | None = Field(default=None, max_length=200, description="units it lies with now")
    answerable: str | None = Field(default=None, max_length=200, description="units that answer for it")
    overdue: bool | None = None
    open: bool | None = None
    simple: bool | None = None
    outcome: str | None = Field(default=None, pattern="^(met|late|running|paused|cancelled)$", description="how the unit's clock stands")
    since: Moment | None = Field(default=None, description="reported from this moment on")
    until: Moment | None = Field(default=None, description="reported before this moment")
    order: Order | None = None
    after: str | None = Field(default=None, max_length=200, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=200)


def _split(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def _ids(text: str | None, name: str) -> frozenset[OrgId] | None:
    parts = _split(text)
    if parts is None:
        return None
    if not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        raise Answered(422, "bad_input", facts={"field": name, "wanted": "numbers separated by commas"})
    return frozenset(OrgId(int(part)) for part in parts)


Word = TypeVar("Word", State, Urgency, SourceFamily)


def _words(text: str | None, kind: type[Word], name: str) -> frozenset[Word] | None:
    parts = _split(text)
    if parts is None:
        return None
    known = {str(each): each for each in kind}
    strange = [part for part in parts if part not in known]
    if strange:
        raise Answered(422, "bad_input", facts={"field": name, "found": strange[0][:40], "wanted": sorted(known)})
    return frozenset(known[part] for part in parts)


def asked_by(given: Narrowing, now: datetime) -> Asked:
    areas = tuple(part for text in (given.grid, given.community, given.street) for part in _split(text) or ())
    if not all(part.isalnum() and part.isascii() for part in areas):
        raise Answered(422, "bad_input", facts={"field": "street", "wanted": "codes of areas separated by commas"})
    finest = [_split(text) for text in (given.grid, given.community, given.street) if text]
    fields, categories = _split(given.field), _split(given.category)
    codes = [each for each in categories or () if each.count(":") == 2]
    majors = [each for each in categories or () if each.count(":") == 1]
    return Asked(
        states=_words(given.state, State, "state"),
        open=given.open,
        areas=finest[0] if finest else None,
        categories=frozenset(codes) if codes else None,  # type: ignore[arg-type]
        majors=frozenset(majors) if majors else None,
        fields=frozenset(fields) if fields else None,
        families=_words(given.source, SourceFamily, "source"),
        urgencies=_words(given.urgency, Urgency, "urgency"),
        holders=_ids(given.unit, "unit"),
        answerable=_ids(given.answerable, "answerable"),
        simple=given.simple,
        unit_outcome=given.outcome,
        overdue_at=now if given.overdue else None,
        reported_from=given.since,
        reported_until=given.until,
    )


def asked_in_queue(queue: Queue, ask: Asking, asked: Asked) -> Asked:
    """The queue's own states and whose they must be, within what was asked."""
    states = queue.states if asked.states is None else queue.states & asked.states
    mine: dict[str, object] = {"states": frozenset(states)}
    orgs = frozenset(org for post in ask.reader.posts if post.role in queue.roles for org in [post.org] if org is not None)
    person = ask.person if ask.person is not None else PersonId(0)
    if queue.mine == Mine.HOLDER:
        mine["holders"] = orgs if asked.holders is None else orgs & asked.holders
    elif queue.mine == Mine.HANDLER:
        mine["handler"] = person
    elif queue.mine == Mine.CHECKER:
        mine["checker"] = person
    elif queue.mine == Mine.SUPERVISED:
        mine["supervised"] = True
    elif queue.mine == Mine.APPEALED:
        mine["appealed"] = True
    return replace(asked, **mine)  # type: ignore[arg-type]
