"""Surveyed facilities of 钟楼街道: covers, drains, lamps, trees, bins, signs and the like, laid along the streets.

A row of `ALONG` says what is found along which grade of road, how far apart, how far from the middle, and who owns it. Identifiers
have 17 digits: division, type, sequence (running per division and type). A few have no known owner, as in every real survey.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from shapely.geometry import LineString

from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, CategoryCode, TenantId
from chengyun.city.records import Component
from chengyun_demo.basemap import PointOfInterest
from chengyun_demo.ground import DISTRICT, Ground, to_degrees, to_metres
from chengyun_demo.organisations import Organisations

SURVEY = date(2026, 7, 1)
SPACING = 1.45
"""All distances below are stretched by this, which gives about 2,600 facilities: enough for a street, quick to load."""
GREAT, ALL = frozenset({"express", "arterial", "secondary"}), frozenset({"express", "arterial", "secondary", "street"})


@dataclass(frozen=True)
class Kind:
    number: str
    """Five digits of GB/T 47678.5-2026."""
    name_zh: str
    name_en: str
    grades: frozenset[str]
    every_m: float
    from_middle_m: float
    owners: tuple[tuple[str, int], ...]
    """(organisation, weight); an empty code: owner not known."""
    keeper: str = ""


ALONG = (
    Kind("01001", "供水井盖", "Water supply manhole cover", ALL, 165, 3.0, (("WTR-F", 96), ("", 4))),
    Kind("01002", "污水井盖", "Sewage manhole cover", ALL, 120, 2.2, (("WTB-DR", 62), ("DRN-F", 28), ("ST2-MUN", 10))),
    Kind("01003", "雨水井盖", "Stormwater manhole cover", ALL, 120, 3.6, (("WTB-DR", 62), ("DRN-F", 28), ("ST2-MUN", 10))),
    Kind("01004", "雨水箅子", "Storm drain grate", ALL, 75, 5.4, (("WTB-DR", 70), ("ST2-MUN", 30)), "WTB-DR"),
    Kind("01005", "电力井盖", "Power manhole cover", GREAT, 210, 5.8, (("PWR-F", 100),)),
    Kind("01006", "路灯井盖", "Street lamp manhole cover", GREAT, 260, 6.1, (("LMP-F", 100),)),
    Kind("01007", "通信井盖", "Telecom manhole cover", ALL, 170, 6.0, (("TEL-A", 45), ("TEL-B", 40), ("TEL-C", 15))),
    Kind("01011", "燃气井盖", "Gas manhole cover", GREAT, 280, 4.4, (("GAS-F", 100),)),
    Kind("01013", "消防设施", "Fire hydrant", ALL, 240, 6.6, (("EMG-RES", 40), ("WTR-F", 60))),
    Kind("01023", "不明井盖", "Manhole cover of unknown owner", ALL, 1600, 3.0, (("", 100),)),
    Kind("01027", "通信交接箱", "Telecom cabinet", GREAT, 420, 7.0, (("TEL-A", 50), ("TEL-B", 35), ("TEL-C", 15))),
    Kind("01037", "路灯", "Street lamp", ALL, 62, 6.4, (("LMP-F", 88), ("ST2-MUN", 12))),
    Kind("01048", "变压器（箱）", "Transformer box", ALL, 620, 7.2, (("PWR-F", 100),)),
    Kind("02010", "交通标志牌", "Traffic sign", GREAT, 190, 6.5, (("TRF-FAC", 100),)),
    Kind("02012", "路名牌", "Street name sign", ALL, 300, 6.6, (("HCB-RD", 100),)),
    Kind("02017", "交通护栏", "Traffic guard rail", frozenset({"express", "arterial"}), 160, 4.8, (("TRF-FAC", 100),)),
    Kind("02025", "非机动车停放点", "Bike parking place", ALL, 340, 7.0, (("ST2-ENF", 70), ("BIK-A", 18), ("BIK-B", 12))),
    Kind("03005", "垃圾箱", "Litter bin", ALL, 130, 6.8, (("SAN-CLN", 60), ("ST2-SAN", 40)), "CLN-F"),
    Kind("03007", "牌匾标识", "Shop sign", ALL, 330, 8.0, (("", 100),)),
    Kind("04002", "行道树", "Street tree", ALL, 48, 6.9, (("PRK-MNT", 66), ("ST2-GRN", 34)), "PRK-MNT"),
    Kind("04007", "街头座椅", "Street bench", GREAT, 360, 7.2, (("PRK-MNT", 60), ("ST2-MUN", 40))),
    Kind("04011", "树池树穴", "Tree pit", ALL, 260, 6.9, (("PRK-MNT", 66), ("ST2-GRN", 34))),
)
AT_PLACES = {
    "toilet": ("03001", "公共厕所", "Public toilet", "SAN-TLT"),
    "car_park": ("02001", "停车场", "Car park", "TRF-ORD"),
}
BY_WATER = Kind("01070", "水域护栏", "Waterside railing", ALL, 130, 3.0, (("WTB-RV", 100),))


def component_category(number: str) -> CategoryCode:
    return CategoryCode(f"2026:component:{number}")


def survey_components(
    ground: Ground, seed: int, tenant: TenantId, orgs: Organisations, grid_of_patch: Sequence[AreaCode],
    points_of_interest: Sequence[PointOfInterest],
) -> tuple[Component, ...]:  # fmt: skip
    draw = random.Random(f"{seed}:components")
    sequence: dict[str, int] = {}
    made: list[Component] = []

    def add(number: str, zh: str, en: str, place: Point, owner: str, keeper: str) -> None:
        patch = ground.patch_at(place)
        if patch is None:
            return
        sequence[number] = sequence.get(number, 0) + 1
        state = draw.choices(("intact", "damaged", "lost"), (965, 30, 5))[0]
        made.append(
            Component(
                f"{DISTRICT}{number}{sequence[number]:06d}", tenant, component_category(number), zh, en, place, grid_of_patch[patch],
                orgs.id(owner) if owner else None, orgs.id(keeper) if keeper else orgs.id(owner) if owner else None, state, SURVEY,
            )
        )  # fmt: skip

    for road in ground.roads:
        if not road.in_home_street or road.bridge:
            continue
        for kind in ALONG:
            if road.grade in kind.grades:
                for place in _spots(road.line, kind, draw):
                    owner = draw.choices([o for o, _ in kind.owners], [w for _, w in kind.owners])[0]
                    add(kind.number, kind.name_zh, kind.name_en, place, owner, kind.keeper if owner else "")
        if road.name_zh.startswith("滨江"):
            for place in _spots(road.line, BY_WATER, draw):
                add(BY_WATER.number, BY_WATER.name_zh, BY_WATER.name_en, place, "WTB-RV", "")
    for poi in points_of_interest:
        if poi.kind in AT_PLACES:
            number, zh, en, owner = AT_PLACES[poi.kind]
            add(number, zh, en, poi.place, owner, "")
    return tuple(made)


def _spots(line: LineString, kind: Kind, draw: random.Random) -> Iterator[Point]:
    """Places along a road, sides by turn, each a step from where a ruler would put it."""
    flat = LineString([to_metres(*vertex) for vertex in line.coords])
    step = kind.every_m * SPACING
    along, side = draw.uniform(0.2, 0.8) * step, draw.choice((-1, 1))
    while along < flat.length - 4:
        here, ahead = flat.interpolate(along), flat.interpolate(along + 1.0)
        out = side * (kind.from_middle_m + draw.uniform(-0.5, 0.5))
        lon, lat = to_degrees(here.x - (ahead.y - here.y) * out, here.y + (ahead.x - here.x) * out)
        yield Point(lon, lat)
        side = -side
        along += step * draw.uniform(0.75, 1.25)
