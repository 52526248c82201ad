"""Tiles through their doors: the same cases as the lists, for each reader his own; the city's ground for everybody."""

import http.client
import math
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import mapbox_vector_tile
import pytest
import uvicorn
from starlette.applications import Starlette

from chengyun.base.geometry import Point
from chengyun.base.ids import CaseId
from chengyun.cases.access import Channel
from chengyun.cases.desk import Done, NewReport, Order
from chengyun.cases.records import SourceFamily
from chengyun.screens.tiles import asgi
from screens.conftest import Town


@dataclass
class Answer:
    status_code: int
    headers: Mapping[str, str]
    content: bytes


@dataclass
class Tiles:
    """The doors of the tiles on a real server."""

    address: tuple[str, int]

    def get(self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        link = http.client.HTTPConnection(*self.address, timeout=20)
        link.request("GET", f"{path}?{urlencode(params or {})}", headers={"Host": "localhost", **(headers or {})})
        answer = link.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


@pytest.fixture(scope="module")
def tiles(town: Town) -> Iterator[Tiles]:
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=asgi.ROUTES, lifespan=asgi.lifespan)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield Tiles(listener.getsockname())
    server.should_exit = True
    thread.join()


def middle_of(town: Town, number: int) -> Point:
    ring = [area for area in town.city.areas if area.kind == "unit_grid"][number].rings[0][:-1]
    return Point(sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring))


def address(place: Point, zoom: int) -> str:
    side = 1 << zoom
    x = int((place.lon + 180) / 360 * side)
    y = int((1 - math.asinh(math.tan(math.radians(place.lat))) / math.pi) / 2 * side)
    return f"{zoom}/{x}/{y}.mvt"


def report(town: Town, place: Point, number: str, **facts: object) -> int:
    person = next(p.id for p in town.city.people.all if p.number == "H001")
    reader = town.house.book.reader(town.city.tenant, person, town.clock.now(), Channel.DESK)
    given = {"category": "2026:matter:06010", "place": [place.lon, place.lat], **facts}
    done = town.house.desk.report(reader, NewReport(SourceFamily.HOTLINE, facts=given, texts={"description": number}), number)
    assert isinstance(done, Done), done
    return int(done.case)


def cookie(town: Town, account: str) -> dict[str, str]:
    return {"Cookie": f"sessionid={town.visitor(account).client.cookies['sessionid'].value}"}


def cases_in(answer) -> list[dict]:
    return mapbox_vector_tile.decode(answer.content)["cases"]["features"] if answer.status_code == 200 else []


def test_a_report_stands_on_the_map_where_it_is_with_its_clock(town: Town, tiles: Tiles) -> None:
    place = middle_of(town, 0)
    case = report(town, place, "on the map", urgency="urgent")
    answer = tiles.get(f"/tiles/cases/{address(place, 16)}", headers=cookie(town, "lead"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.mapbox-vector-tile")
    assert answer.headers["cache-control"].startswith("private")
    found = {feature["id"]: feature["properties"] for feature in cases_in(answer)}[case]
    assert (found["state"], found["urgency"], found["field"]) == ("reported", "urgent", "environment")
    assert found["phase"] in ("run", "soon") and 0 <= found["share"] <= 20


def test_the_map_narrows_by_the_words_of_the_lists(town: Town, tiles: Tiles) -> None:
    place = middle_of(town, 6)
    case, lead = report(town, place, "narrowed"), cookie(town, "lead")
    url = f"/tiles/cases/{address(place, 15)}"

    def has(**query: str) -> bool:
        return case in {feature.get("id") for feature in cases_in(tiles.get(url, params=query, headers=lead))}

    assert has() and has(urgency="normal") and has(state="reported,verifying") and has(queue="verify")
    assert not has(urgency="critical") and not has(overdue="true") and not has(queue="dispatch") and not has(open="false")
    assert tiles.get(url, params={"urgency": "purple"}, headers=lead).status_code == 422
    assert tiles.get(url, params={"queue": "nothing"}, headers=lead).status_code == 404


def test_far_out_cases_are_counted_by_how_their_clocks_stand(town: Town, tiles: Tiles) -> None:
    place = middle_of(town, 0)
    report(town, place, "counted one")
    report(town, middle_of(town, 1), "counted two")
    lead = cookie(town, "lead")
    listed = town.visitor("lead").get("/api/v1/cases", open="true").json()["total"]
    found = cases_in(tiles.get(f"/tiles/cases/{address(place, 8)}", headers=lead))
    assert sum(feature["properties"]["count"] for feature in found) == listed
    assert all(f["properties"]["over"] + f["properties"]["soon"] <= f["properties"]["count"] for f in found)


def test_nobody_sees_a_point_he_may_not_see_in_a_list(town: Town, tiles: Tiles) -> None:
    place = middle_of(town, 2)
    case = report(town, place, "not for the clerk")
    url = f"/tiles/cases/{address(place, 16)}"
    assert case in {f.get("id") for f in cases_in(tiles.get(url, headers=cookie(town, "lead")))}
    assert case not in {f.get("id") for f in cases_in(tiles.get(url, headers=cookie(town, "clerk")))}
    assert tiles.get(url).status_code == 401
    assert tiles.get(url, headers=cookie(town, "citizen")).status_code == 403


def test_a_tile_is_drawn_anew_when_a_case_changes_and_not_sent_twice_when_none_does(town: Town, tiles: Tiles) -> None:
    place, lead = middle_of(town, 8), cookie(town, "lead")
    case = report(town, place, "moving on")
    url = f"/tiles/cases/{address(place, 16)}"
    first = tiles.get(url, headers=lead)
    assert tiles.get(url, headers={**lead, "If-None-Match": first.headers["etag"]}).status_code == 304
    officer = next(p.id for p in town.city.people.all if p.number == "S001")
    reader = town.house.book.reader(town.city.tenant, officer, town.clock.now(), Channel.DESK)
    done = town.house.desk.act(reader, CaseId(case), Order("admit", {"exemption": "evidence_complete"}), "moves on")
    assert isinstance(done, Done), done
    again = tiles.get(url, headers={**lead, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert {f["id"]: f["properties"]["state"] for f in cases_in(again) if "id" in f}[case] == done.state


def test_areas_carry_codes_and_both_names_and_grids_come_nearer(town: Town, tiles: Tiles) -> None:
    place = middle_of(town, 0)
    far = mapbox_vector_tile.decode(tiles.get(f"/tiles/areas/{address(place, 10)}").content)["areas"]["features"]
    near = mapbox_vector_tile.decode(tiles.get(f"/tiles/areas/{address(place, 15)}").content)["areas"]["features"]
    levels = [{f["properties"]["level"] for f in found} for found in (far, near)]
    assert "street" in levels[0] and "unit_grid" not in levels[0] and "unit_grid" in levels[1]
    assert all({"code", "name", "name_en"} <= f["properties"].keys() for f in near)


def test_the_drawn_town_has_the_layers_of_the_map_style(town: Town, tiles: Tiles, monkeypatch) -> None:
    place = middle_of(town, 0)
    answer = tiles.get(f"/tiles/basemap/{address(place, 15)}")
    assert answer.status_code == 200 and answer.headers["cache-control"].startswith("public")
    assert {"blocks", "buildings", "roads"} <= mapbox_vector_tile.decode(answer.content).keys()


def test_a_city_without_a_drawn_town_has_empty_ground(town: Town, tiles: Tiles) -> None:
    assert tiles.get("/tiles/basemap/15/0/0.mvt").status_code == 204


def test_facilities_stand_on_the_map_from_street_level_on(town: Town, tiles: Tiles) -> None:
    component = town.city.components[0]
    found = mapbox_vector_tile.decode(tiles.get(f"/tiles/components/{address(component.place, 17)}").content)["components"]["features"]
    assert component.identifier in {f["properties"]["identifier"] for f in found}
    assert tiles.get(f"/tiles/components/{address(component.place, 15)}").status_code == 204


@pytest.mark.parametrize("path", ["cases/3/9/0.mvt", "areas/30/0/0.mvt", "cases/2/1/4.mvt"])
def test_a_tile_that_cannot_be_is_not_found(tiles: Tiles, path: str) -> None:
    assert tiles.get(f"/tiles/{path}").status_code == 404
