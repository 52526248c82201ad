"""Areas of the demo: district, five streets, twelve communities, the unit grids of one street and its responsibility grids.

Codes follow the national rule (6, 9, 12, 15 digits); 990101 is no real division. Unit grids are numbered west to east, north to
south inside their community. A responsibility grid is half a community: a connected set of unit grids for one collector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapely.geometry import Polygon
from shapely.ops import unary_union

from chengyun.base.ids import AreaCode, AreaId, TenantId
from chengyun.city.records import Area, AreaKind
from chengyun_demo.ground import DISTRICT, HOME_STREET, STREET_OF, Ground, rings_of

COMMUNITIES = {
    # letter of the plan: (zh, en, area class)
    "A": ("镜湖社区", "Jinghu Community", 2),
    "B": ("青枫社区", "Qingfeng Community", 2),
    "C": ("古槐社区", "Guhuai Community", 3),
    "D": ("桑园社区", "Sangyuan Community", 2),
    "E": ("鼓楼社区", "Gulou Community", 1),
    "F": ("织锦社区", "Zhijin Community", 1),
    "G": ("书院社区", "Shuyuan Community", 2),
    "H": ("竹屿社区", "Zhuyu Community", 2),
    "I": ("文渡社区", "Wendu Community", 1),
    "J": ("市河社区", "Shihe Community", 1),
    "K": ("汀洲社区", "Tingzhou Community", 3),
    "L": ("渡口社区", "Dukou Community", 3),
}
STREETS = {
    "990101001": ("北屏街道", "Beiping Street"),
    "990101002": ("钟楼街道", "Zhonglou Street"),
    "990101003": ("东渡街道", "Dongdu Street"),
    "990101004": ("柳桥街道", "Liuqiao Street"),
    "990101005": ("南圩街道", "Nanwei Street"),
}
DISTRICT_ZH, DISTRICT_EN = "临江市望江区", "Wangjiang District, Linjiang City"
SURVEYED = date(2025, 1, 1)


@dataclass(frozen=True)
class Division:
    areas: tuple[Area, ...]
    grid_of_patch: tuple[AreaCode, ...]
    """Unit grid code of each patch of the ground, in its order."""
    responsibility: Mapping[AreaCode, tuple[AreaCode, ...]]
    """Responsibility grid -> its unit grids."""


def community_code(letter: str) -> AreaCode:
    return AreaCode(f"{HOME_STREET}{sorted(COMMUNITIES).index(letter) + 1:03d}")


def divide(ground: Ground, tenant: TenantId) -> Division:
    made: list[Area] = []

    def add(code: str, parent: str | None, kind: AreaKind, zh: str, en: str, area_class: int, shape: Polygon) -> AreaCode:
        area = Area(
            AreaId(len(made) + 1), tenant, AreaCode(code), AreaCode(parent) if parent else None, kind, zh, en, area_class,
            rings_of(shape), SURVEYED,
        )  # fmt: skip
        made.append(area)
        return area.code

    add(DISTRICT, None, AreaKind.DISTRICT, DISTRICT_ZH, DISTRICT_EN, 2, ground.outlines["district"])
    shapes = {HOME_STREET: ground.outlines["home"], **{code: ground.outlines[letter] for letter, code in STREET_OF.items()}}
    for code, (zh, en) in STREETS.items():
        add(code, DISTRICT, AreaKind.STREET, zh, en, 2, shapes[code])
    for letter, (zh, en, area_class) in COMMUNITIES.items():
        add(community_code(letter), HOME_STREET, AreaKind.COMMUNITY, zh, en, area_class, ground.outlines[letter])
    grid_of_patch: list[AreaCode] = []
    used: dict[str, int] = dict.fromkeys(COMMUNITIES, 0)
    for patch in ground.patches:
        used[patch.community] += 1
        parent, number = community_code(patch.community), used[patch.community]
        zh, en, area_class = COMMUNITIES[patch.community]
        code = add(
            f"{parent}{number:03d}",
            parent,
            AreaKind.UNIT_GRID,
            f"{zh}{number:03d}网格",
            f"{en} grid {number:03d}",
            area_class,
            patch.polygon,
        )
        grid_of_patch.append(code)
    responsibility: dict[AreaCode, tuple[AreaCode, ...]] = {}
    for letter, (zh, en, area_class) in COMMUNITIES.items():
        members = [k for k, patch in enumerate(ground.patches) if patch.community == letter]
        for half, part in enumerate(_halves(ground, members), start=1):
            code = add(
                f"{community_code(letter)}Z{half:02d}",
                community_code(letter),
                AreaKind.RESPONSIBILITY_GRID,
                f"{zh}第{'一二'[half - 1]}责任网格",
                f"{en} responsibility grid {half}",
                area_class,
                unary_union([ground.patches[k].polygon for k in part]),
            )
            responsibility[code] = tuple(grid_of_patch[k] for k in part)
    return Division(tuple(made), tuple(grid_of_patch), responsibility)


def _halves(ground: Ground, members: Sequence[int]) -> tuple[list[int], list[int]]:
    """Two connected halves, as even as can be: every line across the community is tried, the first that leaves both whole wins."""
    middles = {k: ground.patches[k].polygon.centroid for k in members}
    tries = []
    for turn in ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2)):
        order = sorted(members, key=lambda k: middles[k].x * turn[0] + middles[k].y * turn[1])
        for cut in range(2, len(order) - 1):
            tries.append((abs(2 * cut - len(order)), turn, order[:cut], order[cut:]))
    for _, _, first, second in sorted(tries, key=lambda t: t[0]):
        if all(unary_union([ground.patches[k].polygon for k in half]).geom_type == "Polygon" for half in (first, second)):
            return sorted(first), sorted(second)
    raise ValueError("a community of the plan cannot be halved")
