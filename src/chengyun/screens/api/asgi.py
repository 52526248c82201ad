"""The quick way to the door of reports: what arrives together is taken in together, in one transaction (`Desk.report_all`).

Django's handler and its middleware would cost more than the case itself. So this route stands before it; who asks, the token against
forged forms, the fields and the answers are judged by the same functions as there (`asking`, `reports`, `problems`). While one group is
being written, the next gathers: nobody waits for company, and the more arrive, the less each costs.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import msgspec
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja.errors import HttpError, ValidationError
from pydantic import ValidationError as Invalid
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from chengyun.cases.desk import Answer, Arrival
from chengyun.screens import house
from chengyun.screens.api.api import api
from chengyun.screens.api.asking import Anybody, Asking, idempotency_key
from chengyun.screens.api.bodies import read_body
from chengyun.screens.api.problems import Answered
from chengyun.screens.api.reports import ReportIn, arrival, told
from chengyun.screens.outside import Outside
from chengyun.stores import accounts

MOST_TOGETHER = 64
"""Reports in one transaction. More would hold the locks of their neighbourhoods longer than they save. Chosen by us by measuring."""
MOST_WAITING = 1_000
"""Who comes after that many is asked to try again: at the measured rate these wait some seconds."""


@dataclass
class Waiting:
    """A request that has arrived whole."""

    scope: Scope
    body: bytes
    answered: "asyncio.Future[Response]"


class Intake:
    """Takes in what waits, group after group, in one thread with one database connection."""

    def __init__(self) -> None:
        self.outside = Outside("reports", 1)
        self._waiting: list[Waiting] = []
        self._work: asyncio.Task[None] | None = None

    async def take_in(self, scope: Scope, body: bytes) -> Response:
        if len(self._waiting) >= MOST_WAITING:
            return _refused(_request_of(scope, b""), Answered(503, "too_many"))
        mine = Waiting(scope, body, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._go_on())
        return await mine.answered

    async def _go_on(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            try:
                answers: Sequence[Response | Exception] = await self.outside(answer_all, [(each.scope, each.body) for each in group])
            except Exception as fault:  # noqa: BLE001 - a fault of ours ends these requests, never the intake
                answers = [fault] * len(group)
            for each, answer in zip(group, answers, strict=True):
                if each.answered.done():
                    continue  # who asked has gone; the case stands, and his retry will be told so
                if isinstance(answer, Exception):
                    each.answered.set_exception(answer)
                else:
                    each.answered.set_result(answer)

    async def close(self) -> None:
        if self._work is not None:
            await self._work
        self.outside.close()


def answer_all(requests: Sequence[tuple[Scope, bytes]]) -> list[Response]:
    """Who asks, what, and the desk's answer for each; in the order of the requests."""
    answers: dict[int, Response] = {}
    arrived: dict[int, tuple[ASGIRequest, Asking, Arrival]] = {}
    for place, (scope, body) in enumerate(requests):
        request = _request_of(scope, body)
        try:
            ask = _who(request)
            arrived[place] = (request, ask, arrival(ask, _read(body), idempotency_key(request)))
        except DisallowedHost:
            answers[place] = _refused(request, HttpError(400, "host"))
        except Exception as fault:  # noqa: BLE001 - sorted by who must act where all doors do so
            answers[place] = _refused(request, fault)
    for tenant in {ask.tenant for _, ask, _ in arrived.values()}:
        own = {place: one for place, one in arrived.items() if one[1].tenant == tenant}
        decided = house.current().desk.report_all([one[2] for one in own.values()])
        for (place, (request, ask, one)), answer in zip(own.items(), decided, strict=True):
            answers[place] = _told(request, ask, one, answer)
    return [answers[place] for place in range(len(requests))]


def _told(request: ASGIRequest, ask: Asking, arrived: Arrival, answer: Answer | Exception) -> Response:
    try:
        if isinstance(answer, Exception):
            raise answer
        return Response(msgspec.json.encode(told(ask, arrived, answer)), 201, media_type="application/json; charset=utf-8")
    except Exception as fault:  # noqa: BLE001 - as above
        return _refused(request, fault)


def _request_of(scope: Scope, body: bytes) -> ASGIRequest:
    return ASGIRequest(scope, BytesIO(body))


def _who(request: ASGIRequest) -> Asking:
    request.get_host()  # a host that is not ours is refused before anything else, as by Django
    request.session = accounts.known_session(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    request.auth = ask = _anybody(request)  # type: ignore[attr-defined]
    return ask


_anybody = Anybody()


def _read(body: bytes) -> ReportIn:
    try:
        sent = read_body(body)
    except (ValueError, RecursionError) as fault:
        raise HttpError(400, "Cannot parse request body") from fault
    try:
        return ReportIn.model_validate(sent)
    except Invalid as fault:
        errors = [{**each, "loc": ("body", "body", *each["loc"])} for each in fault.errors(include_url=False, include_context=False)]
        raise ValidationError(errors) from fault


def _refused(request: ASGIRequest, fault: Exception) -> Response:
    answer: HttpResponse = api.on_exception(request, fault)
    return Response(answer.content, answer.status_code, dict(answer.items()))


# --- the route --------------------------------------------------------------------------------------------------------


class PostOnly(Route):
    """A route that is not there for any other method: those go on to Django, which has the rest of the address."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, more = super().matches(scope)
        return (match, more) if match is Match.FULL else (Match.NONE, {})


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.intake = Intake()
    try:
        yield
    finally:
        await app.state.intake.close()


async def take_in(request: Request) -> Response:
    body, most = bytearray(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            return _refused(_request_of(request.scope, b""), Answered(413, "too_large"))
    intake: Intake = request.app.state.intake
    return await intake.take_in(request.scope, bytes(body))


ROUTES = (PostOnly("/api/v1/sources/reports", take_in, methods=["POST"]),)
