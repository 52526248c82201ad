"""What goes wrong in the demo city, where, when and who notices: the plan of past reports, before anybody acts on them.

Rates by hour and weekday, mix of sources, shares of trouble (returns, rework, late units ...) are chosen by us so that every page of
the product has something to show; they are no statistics of any city. Same seed, same plan.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, CategoryCode, PersonId
from chengyun.cases.records import SourceFamily
from chengyun.city.records import Component, Role
from chengyun_demo.city import DemoCity
from chengyun_demo.ground import to_degrees, to_metres
from chengyun_demo.people import CITY_ZONE
from chengyun_demo.rota import Rota

DAYS = 90
PLANNED = 3_180
"""Reports of the 90 days; with those that are put in place for the morning of the demo there are about 3,400."""


@dataclass(frozen=True)
class Trouble:
    """A kind of thing that goes wrong: how often, what people write about it, what a picture of it shows."""

    kind: str
    """component_fault or matter"""
    number: str
    weight: float
    theme: str
    said: tuple[str, ...]
    done: str
    peak: str = "day"
    urgent: float = 0.0

    @property
    def code(self) -> CategoryCode:
        return CategoryCode(f"2026:{self.kind}:{self.number}")


def _fault(number: str, weight: float, theme: str, said: Sequence[str], done: str, urgent: float = 0.0) -> Trouble:
    return Trouble("component_fault", number, weight, theme, tuple(said), done, "day", urgent)


def _matter(number: str, weight: float, theme: str, said: Sequence[str], done: str, peak: str = "day", urgent: float = 0.0) -> Trouble:
    return Trouble("matter", number, weight, theme, tuple(said), done, peak, urgent)


TROUBLES = (
    _matter("06010", 15, "litter", ("人行道边有成堆生活垃圾", "绿化带旁堆放垃圾袋", "小区门外垃圾约2平方米"), "垃圾已清运，地面已冲洗"),
    _matter("06012", 7, "litter", ("路面有大量落叶和纸屑", "路面污渍未清洗", "菜场门口路面油污"), "路面已清扫冲洗"),
    _matter("06036", 8, "litter", ("店外堆放纸箱杂物", "楼道口外堆放旧木板", "人行道堆放废旧泡沫箱"), "杂物已清理，已告知商户"),
    _matter("06035", 4, "litter", ("路边有丢弃旧沙发一张", "丢弃旧床垫两张", "废弃柜子占用人行道"), "大件垃圾已清运"),
    _matter("06042", 6, "bin", ("垃圾箱满溢，周边散落垃圾", "分类投放点桶满未清运"), "已清运并擦拭箱体"),
    _matter("06017", 3, "tree", ("绿地内有白色垃圾", "花坛内有烟头纸屑"), "绿地内垃圾已捡拾"),
    _matter("06014", 2, "road", ("路面遗撒砂石约10米", "渣土遗撒，影响通行"), "路面遗撒已清理冲洗", "night"),
    _matter("06013", 5, "road", ("机动车道坑槽约40厘米", "路面破损积水", "人行道砖松动塌陷"), "路面已修补"),
    _matter("06050", 2, "road", ("路缘石缺损三块", "路缘石被撞断裂"), "路缘石已更换"),
    _matter("06051", 2, "road", ("盲道砖破损缺失", "盲道被截断"), "盲道砖已补齐"),
    _matter("06007", 4, "street", ("沿街树木间拉绳晾晒被褥", "护栏上晾晒衣物"), "已收起并劝导"),
    _matter("06028", 3, "street", ("商铺外放音响扰民", "深夜装修噪声扰民"), "已上门劝止，噪声停止", "night", 0.05),
    _matter("06029", 2, "vendor", ("路口有露天烧烤摊，油烟大", "店外露天烧烤"), "摊点已取缔，地面已清理", "evening"),
    _matter("06040", 3, "street", ("公共车位私设地锁一处", "路边放置水泥墩占位"), "地锁已拆除"),
    _matter("06001", 1.5, "works", ("楼顶搭建彩钢棚", "一楼院落违法搭建"), "违建已拆除"),
    _matter("06025", 2, "water", ("河面漂浮水草和泡沫", "河面有塑料瓶漂浮"), "水面漂浮物已打捞"),
    _matter("06030", 1.5, "water", ("餐饮店向雨水口倾倒泔水", "洗车废水直排雨水口"), "已责令停止并清洗"),
    _matter("07001", 5, "sign", ("灯杆上张贴小广告", "墙面喷涂非法小广告5处", "公交站牌粘贴小广告"), "小广告已清除，墙面已覆盖"),
    _matter("07003", 1.5, "sign", ("店门外悬挂横幅广告", "未经许可设置落地广告牌"), "已拆除"),
    _matter("08004", 1.5, "works", ("工地土方作业未喷淋，扬尘大", "裸土未覆盖"), "已覆盖裸土并开启喷淋"),
    _matter("08001", 1.5, "works", ("夜间施工噪声扰民", "工地超时施工"), "已停止夜间施工", "night", 0.05),
    _matter("08012", 1, "works", ("工地车辆带泥上路约50米", "渣土车带泥出场"), "路面已冲洗，已责令整改", "night"),
    _matter("09001", 7, "vendor", ("路口有流动水果摊3处", "校门口流动摊贩占道", "三轮车流动售卖"), "流动摊贩已劝离", "evening"),
    _matter("09005", 6, "vendor", ("店外摆放桌椅经营", "水果店越门经营约1.5米", "早餐店出店经营"), "已收回店内", "evening"),
    _matter("09006", 3, "vendor", ("人行道占道经营", "占道摆放衣架销售"), "占道物品已清理", "evening"),
    _matter("09010", 5, "bikes", ("电动自行车停在盲道上", "非机动车乱停堵塞路口"), "车辆已规范摆放"),
    _matter("09011", 5, "bikes", ("共享单车堆积倒伏十余辆", "共享单车停放在人行道中央"), "车辆已转运摆齐"),
    _matter("09012", 2, "street", ("小区消防通道被车辆占用", "消防通道堆放杂物"), "消防通道已清空", "evening", 0.1),
    _matter("10906", 0.8, "water", ("路口积水约20厘米", "桥下积水，车辆绕行"), "积水已排除，雨水口已疏通", "rain", 0.5),
    _matter("10002", 1, "lamp", ("架空通信线脱落悬垂", "线缆脱落垂至人行道"), "线缆已捆扎归位", "day", 0.3),
    _fault("01002", 3, "manhole", ("污水井盖破损", "污水井盖松动异响", "污水井盖移位"), "井盖已更换并固定", 0.15),
    _fault("01003", 2.5, "manhole", ("雨水井盖破裂", "雨水井盖沉降约3厘米"), "井盖已更换", 0.12),
    _fault("01004", 4, "manhole", ("雨水箅子堵塞", "雨水箅子断裂缺失", "雨水箅子移位"), "雨水箅子已疏通更换", 0.05),
    _fault("01001", 1.5, "manhole", ("供水井盖松动", "供水井盖破损"), "井盖已更换", 0.08),
    _fault("01027", 1.5, "works", ("通信交接箱柜门未关", "交接箱破损倾斜", "交接箱张贴小广告"), "交接箱已修复关闭"),
    _fault("01011", 0.8, "manhole", ("燃气井盖破损", "燃气井盖松动异响"), "井盖已更换", 0.2),
    _fault("01037", 5, "lamp", ("路灯不亮", "路灯白天常亮", "灯杆倾斜"), "路灯已修复"),
    _fault("02010", 2, "sign", ("交通标志牌倾斜", "标志牌被遮挡", "标志牌脏污看不清"), "标志牌已扶正清洗"),
    _fault("02012", 1, "sign", ("路名牌掉漆破损", "路名牌被撞倾倒"), "路名牌已更换"),
    _fault("02017", 1, "road", ("交通护栏被撞倒伏", "护栏缺失一节"), "护栏已恢复", 0.1),
    _fault("03005", 3, "bin", ("果皮箱破损", "果皮箱倾倒", "垃圾箱缺盖"), "箱体已维修更换"),
    _fault("04002", 4, "tree", ("行道树枝条折断下垂", "行道树遮挡信号灯", "行道树枯死一株"), "断枝已清理，树木已修剪", 0.05),
    _fault("04011", 1.2, "tree", ("树池盖板缺失", "树池内有垃圾"), "树池已修复清理"),
    _fault("04007", 0.8, "street", ("座椅木条断裂", "座椅松动"), "座椅已维修"),
    _fault("01070", 0.8, "water", ("河边护栏松动", "护栏缺失一根立杆"), "护栏已加固", 0.1),
)  # fmt: skip

HOURS = {
    # weight of each hour of the day; 24 figures
    "day": (0, 0, 0, 0, 0, 1, 3, 8, 12, 13, 12, 9, 5, 6, 9, 10, 9, 7, 5, 4, 3, 2, 1, 0),
    "evening": (0, 0, 0, 0, 0, 1, 4, 8, 7, 5, 4, 5, 5, 3, 3, 4, 7, 11, 13, 12, 8, 4, 2, 1),
    "night": (5, 4, 3, 2, 1, 1, 2, 3, 3, 3, 3, 2, 2, 3, 3, 3, 3, 4, 5, 7, 9, 11, 10, 7),
    "rain": (2, 2, 2, 2, 3, 4, 6, 8, 8, 7, 5, 5, 5, 6, 8, 9, 9, 8, 6, 5, 4, 3, 3, 2),
}
SOURCES = (
    (SourceFamily.COLLECTOR, 61),
    (SourceFamily.PUBLIC, 15),
    (SourceFamily.HOTLINE, 11),
    (SourceFamily.VIDEO, 8),
    (SourceFamily.SENSOR, 2),
    (SourceFamily.EXCHANGE, 3),
)
SEEN_BY_CAMERA = frozenset({"06010", "06036", "06042", "09001", "09005", "09006", "09010", "09011", "06014", "10906", "02017"})
SENSED = frozenset({"01002", "01003", "10906", "01037"})
DETAILS = {
    SourceFamily.COLLECTOR: ("patrol",),
    SourceFamily.PUBLIC: ("wechat", "app", "web"),
    SourceFamily.HOTLINE: ("12345",),
    SourceFamily.VIDEO: ("camera", "vehicle_camera"),
    SourceFamily.SENSOR: ("manhole_level", "cover_tilt"),
    SourceFamily.EXCHANGE: ("city_platform", "110"),
}
WEEKDAYS = (1.08, 1.1, 1.05, 1.04, 1.02, 0.88, 0.83)


@dataclass(frozen=True)
class Plan:
    """One report to come: what, where, when, by whom."""

    at: datetime
    trouble: Trouble
    family: SourceFamily
    detail: str
    place: Point
    grid: AreaCode
    address: str
    component: Component | None
    reporter: PersonId | None
    """The collector, or the citizen with an account; None: anonymous, by telephone, or a machine."""
    words: str
    rainy: bool


class Planner:
    """Draws reports. Holds what a draw needs: facilities by type, grids, who walks where on which day."""

    def __init__(self, city: DemoCity, rota: Rota, draw: random.Random) -> None:
        self.city, self.rota, self.draw = city, rota, draw
        self.facilities: dict[str, list[Component]] = {}
        for component in city.components:
            self.facilities.setdefault(component.identifier[6:11], []).append(component)
        self.citizens = [person.id for person in city.people.holding(Role.CITIZEN)]
        self.lines = [road.line for road in city.ground.roads if road.in_home_street and not road.bridge]
        self._line_weights = [line.length for line in self.lines]
        self.rain = self._rainy_days()
        self._weights = list(accumulate(t.weight for t in TROUBLES))

    def _rainy_days(self) -> frozenset[date]:
        last = self.city.start.astimezone(CITY_ZONE).date()
        return frozenset(last - timedelta(days=k) for k in range(DAYS + 1) if random.Random(f"{self.city.seed}:rain:{k}").random() < 0.22)

    def day_weights(self) -> Mapping[date, float]:
        last = self.city.start.astimezone(CITY_ZONE).date()
        days = [last - timedelta(days=k) for k in range(1, DAYS + 1)]
        return {day: WEEKDAYS[day.weekday()] * (1.12 if day in self.rain else 1.0) for day in days}

    def plan_all(self, count: int = PLANNED) -> list[Plan]:
        weights = self.day_weights()
        days = self.draw.choices(list(weights), list(weights.values()), k=count)
        return sorted((self.draw_report(day) for day in days), key=lambda plan: plan.at)

    def draw_trouble(self, rainy: bool) -> Trouble:
        while True:
            trouble = self.draw.choices(TROUBLES, cum_weights=self._weights)[0]
            if trouble.peak != "rain" or rainy:
                return trouble

    def draw_report(
        self, day: date, *, trouble: Trouble | None = None, family: SourceFamily | None = None, at: datetime | None = None,
        place: Point | None = None, reporter: PersonId | None = None,
    ) -> Plan:  # fmt: skip
        """A report of that day. What is given stays; the rest is drawn."""
        draw, rainy = self.draw, day in self.rain
        trouble = trouble or self.draw_trouble(rainy)
        family = family or self._draw_family(trouble)
        component = None
        if trouble.kind == "component_fault" and place is None:
            component = draw.choice(self.facilities[trouble.number])
            place = component.place
        while place is None or self.city.grid_at(place) is None:
            place = self.draw_place()
        grid = self.city.grid_at(place)
        assert grid is not None
        if family is SourceFamily.COLLECTOR:
            if at is None:
                walk = self.rota.walk_of(grid, day, draw)
                at, reporter = self._moment_within(walk.starts, walk.ends), walk.person
            reporter = reporter or self.rota.collector_at(at, grid[:12], draw)
        elif family is SourceFamily.PUBLIC and reporter is None and draw.random() < 0.7:
            reporter = draw.choice(self.citizens)
        at = at or self._moment(day, trouble.peak)
        address, _ = self.city.address(place)
        words = f"{address}，{draw.choice(trouble.said)}"
        return Plan(at, trouble, family, draw.choice(DETAILS[family]), place, grid, address, component, reporter, words, rainy)

    def _draw_family(self, trouble: Trouble) -> SourceFamily:
        while True:
            family = self.draw.choices([f for f, _ in SOURCES], [w for _, w in SOURCES])[0]
            if family is SourceFamily.VIDEO and trouble.number not in SEEN_BY_CAMERA:
                continue
            if family is SourceFamily.SENSOR and trouble.number not in SENSED:
                continue
            return family

    def draw_place(self) -> Point:
        """Beside a street of the home street, a few metres off the middle."""
        draw = self.draw
        line = draw.choices(self.lines, self._line_weights)[0]
        here = line.interpolate(draw.uniform(0, line.length))
        x, y = to_metres(here.x, here.y)
        return Point(*to_degrees(x + draw.uniform(-16, 16), y + draw.uniform(-16, 16)))

    def _moment(self, day: date, peak: str) -> datetime:
        hour = self.draw.choices(range(24), HOURS[peak])[0]
        midnight = datetime(day.year, day.month, day.day, tzinfo=CITY_ZONE)
        return midnight + timedelta(hours=hour, seconds=self.draw.randrange(3600), milliseconds=self.draw.randrange(1000))

    def _moment_within(self, starts: datetime, ends: datetime) -> datetime:
        length = (ends - starts).total_seconds() - 600
        return starts + timedelta(seconds=300 + self.draw.random() * length, milliseconds=self.draw.randrange(1000))
