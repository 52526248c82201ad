"""`GET /rt/events`: one stream of server-sent events per browser, with the session of the page.

    event: case     {id, seq, type, state, number, ...} what the reader may know of an event; {id, gone} when it left his sight
    event: counts   {tab: cases} of his workbench, when they changed
    event: ping     {as_of} city time, every 15 s: nothing younger is missing
    event: reset    {reason} too long away: read everything anew

`id:` is the place in the outbox; a browser that comes back sends it as `Last-Event-ID` and goes on from there.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from chengyun.screens.realtime import listening
from chengyun.screens.realtime.relay import Listener, Relay, Relays
from chengyun.screens.realtime.sight import sight_of
from chengyun.screens.words import language_of, say

COOKIE = "sessionid"
MOST_OF_ONE_SESSION = 12
"""Streams of one browser: its tabs share one, so a dozen is somebody's mistake."""
RETRY_MS = 2_000
LONGEST_WAIT = 5.0
"""Seconds a first listener waits for the relay to find the database."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.relays = Relays()
    try:
        yield
    finally:
        await app.state.relays.stop()


def problem(request: Request, status: int, code: str) -> Response:
    tongue = language_of(request.headers.get("Accept-Language", ""), request.headers.get("X-Language"))
    body = {"code": code, "message": say(f"problem.{code}", tongue), "error_id": secrets.token_hex(6)}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})


async def events(request: Request) -> Response:
    relays: Relays = request.app.state.relays
    session = await relays.outside(listening.find_session, request.cookies.get(COOKIE))
    reader = await relays.outside(listening.reader_of, session) if session else None
    if session is None or reader is None:
        return problem(request, 401, "sign_in_first")
    sight = sight_of(reader)
    if sight is None:
        return problem(request, 403, "forbidden")
    relay = relays.of(session.tenant)
    if sum(each.session == session for each in relay.listeners) >= MOST_OF_ONE_SESSION:
        return problem(request, 429, "too_many")
    try:
        await asyncio.wait_for(relay.ready(), LONGEST_WAIT)
    except TimeoutError:
        return problem(request, 503, "source_down")
    listener = await relay.listen(session, reader, sight, request.headers.get("Last-Event-ID"))
    return StreamingResponse(stream(relay, listener), media_type="text/event-stream", headers=HEADERS)


async def stream(relay: Relay, listener: Listener) -> AsyncIterator[bytes]:
    try:
        yield b"retry: %d\n\n" % RETRY_MS
        while frames := await listener.next():
            yield frames
    finally:
        relay.leave(listener)


ROUTES = (Route("/rt/events", events, methods=["GET"]),)
