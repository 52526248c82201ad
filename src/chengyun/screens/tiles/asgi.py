"""Map tiles: `/tiles/{cases,areas,basemap,components}/{z}/{x}/{y}.mvt`.

Tiles of cases pass the reader's own filter and the same query words as the lists (`street`, `field`, `urgency`, `overdue`, ..., and
`queue` for a tab of the workbench): a map, its table and its count agree. They are private; all others are the city's.

    cases        from zoom 14 points {id, state, urgency, field, phase, share}; below it clusters {count, over, soon, paused}.
                 phase: run, soon, over, pause. share: of the clock's time used, 0-20 twentieths
    areas        {level, code, name, name_en, class}: district, street, community, unit_grid, responsibility_grid
    basemap      water, green, blocks, buildings, roads, labels
    components   {identifier, category, name, name_en, state}, from zoom 16

A tile is kept until the data or the minute it shows has passed; a browser that has it already gets 304.
"""

import contextlib
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chengyun.base.ids import TenantId
from chengyun.cases import access
from chengyun.cases.access import CaseFilter, Reader, Target
from chengyun.screens import house
from chengyun.screens.api.asking import Asking
from chengyun.screens.api.narrowing import Narrowing, asked_by, asked_in_queue
from chengyun.screens.api.problems import Answered
from chengyun.screens.outside import Outside
from chengyun.screens.realtime import listening
from chengyun.screens.realtime.asgi import COOKIE, problem
from chengyun.screens.tiles.encode import TileAddress, Words, encode_points
from chengyun.screens.tiles.ground import Shapes, read_basemap, shapes_of_areas
from chengyun.stores.reading import maps
from chengyun.stores.reading.filters import Asked
from chengyun.tasks.queues import BY_KEY

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
DEEPEST = 20
POINTS_FROM = 14
COMPONENTS_FROM = 16
PHASES = ("pause", "run", "soon", "over")
SHARES = 20
SESSION_KNOWN_FOR = 2.0
"""Seconds a session found once is believed: a map asks for thirty tiles at a time. Below the five of promise I3."""
MOST_KEPT, MOST_BYTES = 4_000, 48 * 2**20


class Kept:
    """Tiles drawn lately, the least used leaving first."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes, self._lock = 0, Lock()

    def get_or_draw(self, key: Hashable, draw: Callable[[], bytes]) -> bytes:
        with self._lock:
            if (found := self._tiles.get(key)) is not None:
                self._tiles.move_to_end(key)
                return found
        made = draw()
        with self._lock:
            if key not in self._tiles:
                self._bytes += len(made)
            self._tiles[key] = made
            while len(self._tiles) > MOST_KEPT or self._bytes > MOST_BYTES:
                self._bytes -= len(self._tiles.popitem(last=False)[1])
        return made


_kept = Kept()
_known: dict[str, tuple[float, listening.SignedIn]] = {}
_ground: dict[TenantId, tuple[tuple[int, ...], object, Shapes]] = {}


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.drawing = Outside("tiles", 2)
    try:
        yield
    finally:
        app.state.drawing.close()


async def tile(request: Request) -> Response:
    z, x, y = (request.path_params[name] for name in "zxy")
    if z > DEEPEST or x >= 1 << z or y >= 1 << z:
        return problem(request, 404, "not_found")
    layer: str = request.scope["route"].name
    outside: Outside = request.app.state.drawing
    try:
        return await outside(_answer, layer, TileAddress(z, x, y), request)
    except Answered as fault:
        return problem(request, fault.status, fault.code)


def _answer(layer: str, tile: TileAddress, request: Request) -> Response:
    reader = _reader(request)
    drawer, operation = DRAWERS[layer]
    answer = access.may(reader, operation, Target(reader.tenant))
    if isinstance(answer, access.Denied):
        raise Answered(403 if reader.person is not None else 401, "forbidden" if reader.person is not None else "sign_in_first")
    body = drawer(reader, answer.filter, tile, request.query_params)
    mark = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    cache = "private, no-cache" if layer == "cases" else "public, max-age=300"
    headers = {"Cache-Control": cache, "ETag": mark, "Vary": "Cookie", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("If-None-Match") == mark:
        return Response(status_code=304, headers=headers)
    if not body:
        return Response(status_code=204, headers=headers)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def _reader(request: Request) -> Reader:
    key = request.cookies.get(COOKIE, "")
    now = time.monotonic()
    found, session = _known.get(key), None
    if found is not None and now - found[0] < SESSION_KNOWN_FOR:
        session = found[1]
    elif key and (session := listening.find_session(key)) is not None:
        if len(_known) > 2_000:
            _known.clear()
        _known[key] = (now, session)
    reader = listening.reader_of(session) if session is not None else None
    if reader is not None:
        return reader
    return access.anonymous(house.current().book.tenant_of(request.headers.get("host", "")))


# --- cases ----------------------------------------------------------------------------------------------------------------


def _cases(reader: Reader, only: CaseFilter | None, tile: TileAddress, query: Mapping[str, str]) -> bytes:
    now = house.current().clock.now().replace(second=0, microsecond=0)
    if only is None:
        return b""
    asked = _asked(reader, query, now)
    key = ("cases", only, asked, tile, now, maps.case_version(reader.tenant))
    return _kept.get_or_draw(key, lambda: draw_cases(only, asked, tile, now))


def _asked(reader: Reader, query: Mapping[str, str], now: datetime) -> Asked:
    """The words of the lists; without any of them what is open."""
    words = {name: value for name, value in query.items() if name in Narrowing.model_fields}
    try:
        asked = asked_by(Narrowing.model_validate(words), now)
    except ValidationError as fault:
        raise Answered(422, "bad_input") from fault
    if (key := query.get("queue")) is not None:
        found = BY_KEY.get(key)
        if found is None or not found.roles & {post.role for post in reader.posts}:
            raise Answered(404, "not_found")
        return asked_in_queue(found, Asking(reader, reader.tenant, reader.person, None, "zh"), asked)
    return replace(asked, open=True) if asked.open is None and asked.states is None else asked


def draw_cases(only: CaseFilter, asked: Asked, tile: TileAddress, now: datetime) -> bytes:
    if tile.z < POINTS_FROM:
        return _draw_clusters(maps.phase_clusters(only, asked, tile.z, tile.x, tile.y, now), tile)
    rows = maps.phase_points(only, asked, tile.z, tile.x, tile.y, now)
    if not rows:
        return b""
    ids, lon, lat, states, urgencies, fields, phases, shares = (list(column) for column in zip(*rows, strict=True))
    return encode_points(
        "cases",
        tile,
        np.array(lon),
        np.array(lat),
        np.array(ids),
        {
            "state": _words(states),
            "urgency": _words(urgencies),
            "field": _words(fields),
            "phase": Words(np.array(phases) + 1, PHASES),
            "share": np.round(np.array([share or 0.0 for share in shares]) * SHARES).astype(np.int64),
        },
        most=maps.MOST_POINTS,
    )


def _words(column: list[str | None]) -> Words:
    known = tuple(sorted({word for word in column if word is not None}))
    place = {word: n for n, word in enumerate(known)}
    return Words(np.array([-1 if word is None else place[word] for word in column]), known)


def _draw_clusters(clusters: tuple[maps.PhaseCluster, ...], tile: TileAddress) -> bytes:
    if not clusters:
        return b""
    ids = np.ma.MaskedArray([c.case or 0 for c in clusters], [c.case is None for c in clusters])
    return encode_points(
        "cases",
        tile,
        np.array([c.lon for c in clusters]),
        np.array([c.lat for c in clusters]),
        ids,
        {
            "count": np.array([c.cases for c in clusters]),
            "over": np.array([c.over for c in clusters]),
            "soon": np.array([c.soon for c in clusters]),
            "paused": np.array([c.paused for c in clusters]),
        },
        most=len(clusters),
    )


# --- what stands still ----------------------------------------------------------------------------------------------------


def _areas(reader: Reader, only: CaseFilter | None, tile: TileAddress, query: Mapping[str, str]) -> bytes:
    here = house.current()
    areas = here.book.areas(reader.tenant, here.clock.now())
    mark = tuple(id(area) for area in areas)
    kept = _ground.get(reader.tenant)
    if kept is None or kept[0] != mark:
        # The areas are held with their mark: as long as they live, no other object has their identity.
        kept = _ground[reader.tenant] = (mark, areas, shapes_of_areas(areas))
    shapes = kept[2]
    return _kept.get_or_draw(("areas", reader.tenant, hash(mark), tile), lambda: shapes.draw(tile))


def _basemap(reader: Reader, only: CaseFilter | None, tile: TileAddress, query: Mapping[str, str]) -> bytes:
    version, layers = read_basemap(house.current().basemap)
    key = ("basemap", reader.tenant, version, tile)
    return _kept.get_or_draw(key, lambda: b"".join(layer.draw(tile) for layer in layers))


def _components(reader: Reader, only: CaseFilter | None, tile: TileAddress, query: Mapping[str, str]) -> bytes:
    if tile.z < COMPONENTS_FROM:
        return b""
    here = house.current()
    day = here.clock.now().astimezone(ZoneInfo(here.book.card(reader.tenant).zone)).date()
    found = maps.tile_components(reader.tenant, tile.z, tile.x, tile.y, day)
    if not found:
        return b""
    return encode_points(
        "components",
        tile,
        np.array([each.lon for each in found]),
        np.array([each.lat for each in found]),
        np.array([each.id for each in found]),
        {
            "identifier": _words([each.identifier for each in found]),
            "category": _words([each.category for each in found]),
            "name": _words([each.name_zh for each in found]),
            "name_en": _words([each.name_en for each in found]),
            "state": _words([each.state for each in found]),
        },
        most=len(found),
    )


Drawer = Callable[[Reader, CaseFilter | None, TileAddress, Mapping[str, str]], bytes]
DRAWERS: Mapping[str, tuple[Drawer, str]] = {
    "cases": (_cases, "tile.cases"),
    "areas": (_areas, "tile.city"),
    "basemap": (_basemap, "tile.city"),
    "components": (_components, "tile.city"),
}
ROUTES = tuple(Route(f"/tiles/{layer}/{{z:int}}/{{x:int}}/{{y:int}}.mvt", tile, methods=["GET"], name=layer) for layer in DRAWERS)
