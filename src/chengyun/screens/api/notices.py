"""Notices in the application: what came to me or was answered, newest first, in my language."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from chengyun.base.time import to_text
from chengyun.cases.access import Kind, Target
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking, idempotency_key
from chengyun.screens.api.problems import PROBLEMS
from chengyun.screens.words import say
from chengyun.stores import notices

router = Router(tags=["notices"])


class NoticeOut(Schema):
    id: int
    at: str
    event: str
    title: str
    body: str
    case: int
    case_number: str
    read: bool


class NoticesOut(Schema):
    rows: list[NoticeOut]
    next: str | None
    unread: int
    as_of: str


class NoticesQuery(Schema):
    after: int | None = Field(default=None, ge=0, le=2**62, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=200)


class ReadIn(Schema, extra="forbid"):
    ids: list[Annotated[int, Field(ge=1, le=2**53)]] | None = Field(
        default=None, max_length=500, description="notices to mark; left out: all of mine"
    )


class ReadOut(Schema):
    marked: int
    unread: int


def _mine(ask: Asking) -> Target:
    return Target(ask.tenant, kind=Kind.PERSONAL, person=ask.person)


@router.get("/notices", auth=Session(csrf=False), response={200: NoticesOut, **PROBLEMS}, operation_id="notices_list")
def find(request: HttpRequest, query: Query[NoticesQuery]) -> NoticesOut:
    ask = asking(request)
    allowed(ask, "notice.list", _mine(ask))
    assert ask.person is not None
    here = house.current()
    now = here.clock.now()
    found = notices.find(ask.tenant, ask.person, query.after, query.limit + 1)
    categories = here.book.categories(ask.tenant, now)
    rows = []
    for each in found[: query.limit]:
        category = categories.get(each.category or "")
        name = "" if category is None else category.name_zh if ask.language == "zh" else category.name_en
        rows.append(
            NoticeOut(
                id=each.id,
                at=to_text(each.at),
                event=each.kind,
                title=say(f"notice.{each.kind}.title", ask.language, number=each.number),
                body=say(f"notice.{each.kind}.body", ask.language, number=each.number, category=name),
                case=int(each.case),
                case_number=each.number,
                read=each.read_at is not None,
            )
        )
    more = str(rows[-1].id) if len(found) > query.limit else None
    return NoticesOut(rows=rows, next=more, unread=notices.count_unread(ask.tenant, ask.person), as_of=to_text(now))


@router.post("/notices/read", auth=Session(), response={200: ReadOut, **PROBLEMS}, operation_id="notices_mark")
def mark(request: HttpRequest, body: ReadIn) -> ReadOut:
    """Marking twice marks once: the key is asked for like at every write, and nothing need be remembered for it."""
    ask = asking(request)
    allowed(ask, "notice.mark", _mine(ask))
    idempotency_key(request)
    assert ask.person is not None
    marked = notices.mark_read(ask.tenant, ask.person, body.ids, house.current().clock.now())
    return ReadOut(marked=marked, unread=notices.count_unread(ask.tenant, ask.person))
