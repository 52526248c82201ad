"""Lists as sheets: the filter and the cases of the screen, in the reader's language and city time. Large ones need a second person."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router
from openpyxl import Workbook

from chengyun.base.time import from_text
from chengyun.cases import access
from chengyun.cases.access import CaseFilter, Target
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.narrowing import Narrowing, asked_by
from chengyun.screens.api.noting import note
from chengyun.screens.api.problems import PROBLEMS, Answered, settle
from chengyun.screens.api.rows import CaseRow, Rows
from chengyun.screens.api.sheets import SHEET, cell
from chengyun.screens.api.track import ApprovedOut, approve
from chengyun.screens.words import Language, say
from chengyun.stores import second_person
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import Order, count_cases, list_cases
from chengyun.stores.tenancy import in_tenant

router = Router(tags=["exports"])
MOST_ROWS = 100_000
"""More than this is no sheet anybody reads; it is asked for in parts."""
AT_ONCE = 500
COLUMNS = (
    "number",
    "category",
    "state",
    "urgency",
    "source",
    "street",
    "community",
    "grid",
    "address",
    "unit",
    "reported_at",
    "due_at",
    "filed_at",
    "closed_at",
    "returns",
    "reworks",
)


@router.get(
    "/exports/cases.xlsx",
    auth=Session(csrf=False),
    response={200: bytes, **PROBLEMS},
    operation_id="cases_export",
    openapi_extra={"responses": {200: {"content": {SHEET: {"schema": {"type": "string", "format": "binary"}}}}}},
)
def cases(request: HttpRequest, query: Query[Narrowing]) -> HttpResponseBase:
    """The cases of a filter as a sheet, newest first. Above the limit the first call asks a second person; once he agreed it is made."""
    ask = asking(request)
    allowed(ask, "case.export")
    here = house.current()
    now = here.clock.now()
    only = access.compile_filter(ask.reader, "case.export")
    if only is None or ask.person is None:
        raise Answered(404, "not_found")
    asked = asked_by(query, now)
    count = count_cases(only, asked, MOST_ROWS)
    if count.more:
        raise Answered(422, "refused", "export_too_large", {"most": MOST_ROWS})
    words = query.dict(exclude={"after", "limit", "order"})
    about = hashlib.sha256(json.dumps(words, sort_keys=True, default=str).encode()).hexdigest()[:32]
    with in_tenant(ask.tenant):
        waiting = second_person.find_open(ask.tenant, "export", about, ask.person)
        target = Target(ask.tenant, rows=count.cases, approved_by=waiting.approved_by if waiting else None)
        answer = access.may(ask.reader, "case.export", target)
        needed = isinstance(answer, access.Denied) and answer.reason == "second_person_needed"
        if needed:
            request_id = waiting.id if waiting else second_person.ask(ask.tenant, "export", about, ask.person, "", now)
        else:
            settle(answer)
            assert isinstance(answer, access.Allowed)
            if waiting is not None and waiting.approved_by is not None:
                second_person.use(ask.tenant, waiting.id, now)
            note(ask, answer, "case.export", f"cases:{about}", f"rows:{count.cases}", after=words)
    if needed:
        raise Answered(403, "forbidden", "second_person_needed", {"request": request_id, "rows": count.cases})
    assert isinstance(answer, access.Allowed)
    file = _write(ask, only, asked, Rows(ask, answer.fields))
    name = f"cases-{now.astimezone(ZoneInfo(here.book.card(ask.tenant).zone)):%Y%m%d-%H%M}.xlsx"
    response = FileResponse(file, content_type=SHEET, as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


@router.post("/exports/{int:request_id}/approve", auth=Session(), response={200: ApprovedOut, **PROBLEMS}, operation_id="export_approve")
def approve_export(request: HttpRequest, request_id: int) -> ApprovedOut:
    """The second person's yes to a large export; whoever asked then calls again with the same filter."""
    return approve(request, "export", "export.approve", request_id)


def _write(ask: Asking, only: CaseFilter, asked: Asked, rows: Rows) -> Any:
    """Row by row into a file that is gone when it is closed, however many there are."""
    zone = ZoneInfo(house.current().book.card(ask.tenant).zone)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(say("export.sheet", ask.language))
    sheet.append([cell(sheet, say(f"export.{name}", ask.language)) for name in COLUMNS])
    for line, row in _lines(only, asked, rows):
        values = _values(line, row, ask.language, zone)
        sheet.append([cell(sheet, values[name]) for name in COLUMNS])
    file = tempfile.TemporaryFile(prefix="chengyun-export-")  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return file


def _lines(only: CaseFilter, asked: Asked, rows: Rows) -> Iterator[tuple[Any, CaseRow]]:
    after = None
    while True:
        page = list_cases(only, asked, Order.NEWEST, after, AT_ONCE)
        yield from zip(page.rows, rows.of(page.rows), strict=True)
        after = page.after
        if after is None:
            return


def _values(line: Any, row: CaseRow, language: Language, zone: ZoneInfo) -> dict[str, object]:
    zh = language == "zh"
    return {
        "number": row.number,
        "category": "" if row.category is None else row.category.name_zh if zh else row.category.name_en,
        "state": row.state_name,
        "urgency": say(f"urgency.{row.urgency}", language),
        "source": say(f"source.{row.source_family}", language),
        "street": row.street_name,
        "community": row.community_name,
        "grid": row.grid,
        "address": row.address,
        "unit": None if row.unit is None else row.unit.name_zh if zh else row.unit.name_en,
        "reported_at": _when(from_text(row.reported_at) if row.reported_at else None, zone),
        "due_at": _when(line.due_at, zone),
        "filed_at": _when(line.filed_at, zone),
        "closed_at": _when(line.closed_at, zone),
        "returns": line.returns,
        "reworks": line.reworks,
    }


def _when(moment: datetime | None, zone: ZoneInfo) -> str:
    """City time with its year, as people read it; sheets would turn a date into their own zone."""
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
