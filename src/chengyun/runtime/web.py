"""The web process: one port. Hot paths are Starlette routes; everything else crosses a small bridge to Django.

Screens bring their routes: a package of `screens` with a module `asgi` publishes `ROUTES`, and may publish `MIDDLEWARE`, a list
of callables that wrap the whole application (outermost last), so that headers reach every response, error pages included.
The built front end is served from a folder; an address nobody else knows is the application's own page.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import pkgutil
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

import uvicorn
from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chengyun import screens
from chengyun.runtime import tls, web_folder, wiring
from chengyun.runtime.front_end import FrontEnd
from chengyun.runtime.installation import Installation
from chengyun.runtime.readiness import Readiness

log = logging.getLogger("chengyun.web")

DJANGO_THREADS = 8
"""Sync views at once in one process; each holds one database connection. Chosen by us for two cores."""

OTHERS = ("api", "admin", "django-static", "files", "intake", "ogc", "open311", "rt", "sta", "tiles", "metrics", "healthz", "readyz")
"""First words of addresses that are contracts (DESIGN 4): an unknown address below them is never the application's page."""


def build_application(installation: Installation) -> ASGIApp:
    """The whole web application of one installation."""
    wiring.furnish(installation)
    readiness = Readiness(installation)
    parts = list(_screen_parts())
    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readiness.answer)]
    if (authority := installation.data / tls.FOLDER / tls.AUTHORITY).exists():
        routes.append(Route("/authority.crt", lambda _: FileResponse(authority, media_type="application/x-x509-ca-cert")))
    for part in parts:
        routes.extend(getattr(part, "ROUTES", ()))
    fallback = Fallback(WSGIMiddleware(get_wsgi_application(), workers=DJANGO_THREADS), FrontEnd(web_folder.find()))
    starlette = Starlette(routes=routes, exception_handlers={Exception: failed}, lifespan=_lifespan(parts))
    starlette.router.default = fallback
    starlette.router.redirect_slashes = False
    application: ASGIApp = starlette
    for part in parts:
        for wrap in getattr(part, "MIDDLEWARE", ()):
            application = wrap(application)
    readiness.application = application
    return application


def _screen_parts() -> Iterable[object]:
    for module in pkgutil.iter_modules(screens.__path__, "chengyun.screens."):
        if module.ispkg and find_spec(f"{module.name}.asgi"):
            yield importlib.import_module(f"{module.name}.asgi")


def _lifespan(parts: Iterable[object]) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    """Parts may publish `lifespan(app)`, an async context manager: connections opened once, closed at the end."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for part in parts:
                if hasattr(part, "lifespan"):
                    await stack.enter_async_context(part.lifespan(app))
            yield

    return lifespan


async def healthz(_: Request) -> Response:
    """The process lives. Says nothing about the city: that is /readyz."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def failed(request: Request, fault: Exception) -> Response:
    """An unforeseen fault: the log has it whole, the caller has an id to name (promise F9)."""
    error_id = os.urandom(6).hex()
    log.error("error %s at %s %s", error_id, request.method, request.url.path, exc_info=fault)
    return JSONResponse({"code": "internal", "error_id": error_id}, status_code=500)


class Fallback:
    """What no route took: a file or page of the front end, else Django."""

    def __init__(self, django: ASGIApp, front_end: FrontEnd) -> None:
        self.django, self.front_end = django, front_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        first = scope["path"].lstrip("/").partition("/")[0]
        if first not in OTHERS and scope["method"] in ("GET", "HEAD") and (answer := self.front_end.find(scope)) is not None:
            await answer(scope, receive, send)
            return
        await self.django(scope, receive, send)


def serve(installation: Installation, listener: socket.socket, certificate: Path | None = None, key: Path | None = None) -> int:
    """Serve until SIGTERM; streams are cut after two seconds."""
    config = uvicorn.Config(
        build_application(installation),
        http="httptools",
        loop="asyncio",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
        ssl_certfile=str(certificate) if certificate else None,
        ssl_keyfile=str(key) if key else None,
    )
    server = uvicorn.Server(config)
    # Streams that are cut at the end are no faults: nobody should read tracebacks after Ctrl-C.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not server.should_exit)
    # Ctrl-C at a terminal never reaches us (own session); SIGTERM is the supervisor's word.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(server.serve(sockets=[listener]))
    return 0 if server.started else 1
