"""The workbench: which queues a person has, how many wait in each, and their lines."""

from django.http import HttpRequest
from ninja import Query, Router

from chengyun.base.time import to_text
from chengyun.cases.access import Target, compile_filter
from chengyun.screens import house
from chengyun.screens.api.answers import Told
from chengyun.screens.api.asking import Session, allowed, asking
from chengyun.screens.api.narrowing import Narrowing, asked_by, asked_in_queue
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.screens.api.rows import CaseRow, Rows
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import Order, count_cases, list_cases
from chengyun.stores.tenancy import in_tenant
from chengyun.tasks.queues import BY_KEY, queues_for

router = Router(tags=["tasks"])


class QueueHead(Told):
    key: str
    count: int
    is_exact: bool


class Queues(Told):
    queues: list[QueueHead]
    as_of: str


class CasePage(Told):
    rows: list[CaseRow]
    next: str | None
    total: int
    total_is_exact: bool
    as_of: str


@router.get("/tasks/queues", auth=Session(csrf=False), response={200: Queues, **PROBLEMS}, operation_id="queues_list")
def queues(request: HttpRequest) -> Queues:
    """The reader's tabs with how many cases wait in each."""
    ask = asking(request)
    allowed(ask, "queue.list")
    only = compile_filter(ask.reader, "queue.read")
    heads = []
    mine = list(queues_for(post.role for post in ask.reader.posts))
    with in_tenant(ask.tenant):
        counts = [count_cases(only, asked_in_queue(queue, ask, Asked())) if only else None for queue in mine]
    for queue, count in zip(mine, counts, strict=True):
        heads.append(QueueHead(key=queue.key, count=count.cases if count else 0, is_exact=not (count and count.more)))
    return Queues(queues=heads, as_of=to_text(house.current().clock.now()))


@router.get("/tasks/queues/{key}", auth=Session(csrf=False), response={200: CasePage, **PROBLEMS}, operation_id="queue_read")
def queue(request: HttpRequest, key: str, narrowing: Query[Narrowing]) -> CasePage:
    """A page of a queue: overdue first, then the least time left; the next page by its `next`."""
    ask = asking(request)
    answer = allowed(ask, "queue.read", Target(ask.tenant))
    held = frozenset(post.role for post in ask.reader.posts)
    found = BY_KEY.get(key)
    if found is None or not found.roles & held or answer.filter is None:
        raise Answered(404, "not_found")
    now = house.current().clock.now()
    asked = asked_in_queue(found, ask, asked_by(narrowing, now))
    with in_tenant(ask.tenant):  # one look: rows, count and what stands beside them are of one moment
        page = list_cases(answer.filter, asked, narrowing.order or Order.DUE, narrowing.after, narrowing.limit)
        count = count_cases(answer.filter, asked)
        rows = Rows(ask, answer.fields).of(page.rows)
    return CasePage(
        rows=rows,
        next=page.after,
        total=count.cases,
        total_is_exact=not count.more,
        as_of=to_text(now),
    )
