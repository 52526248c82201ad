"""Who there is: government, centre, bureaus, their units, firms, the street with its teams, twelve communities with theirs.

All names are invented. `code` is what files and people cite; the 18-character credit codes of the national tables are left out
because an invented one could belong to somebody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from chengyun.base.ids import AreaCode, OrgId, TenantId
from chengyun.city.records import Loop, Organisation, OrgKind
from chengyun_demo.areas import COMMUNITIES, community_code
from chengyun_demo.ground import DISTRICT, HOME_STREET

FOUNDED = date(2025, 1, 1)

G, C, B, S, U, F, T = OrgKind.GOVERNMENT, OrgKind.CENTER, OrgKind.BUREAU, OrgKind.STREET, OrgKind.UNIT, OrgKind.FIRM, OrgKind.TEAM
SMALL, MEDIUM, LARGE = Loop.SMALL, Loop.MEDIUM, Loop.LARGE

TREE = (
    # code, parent, kind, loop, zh, en
    ("GOV", None, G, LARGE, "望江区人民政府", "Wangjiang District Government"),
    ("CTR", "GOV", C, LARGE, "望江区城市运行管理中心", "Wangjiang City Operations Centre"),
    ("CTR-SUP", "CTR", U, LARGE, "监督受理科", "Supervision and Intake Section"),
    ("CTR-CMD", "CTR", U, LARGE, "指挥派遣科", "Command and Dispatch Section"),
    ("CTR-COL", "CTR", U, LARGE, "信息采集大队", "Collectors' Brigade"),
    ("CTR-HOT", "CTR", U, LARGE, "热线话务组", "Hotline Desk"),
    ("CTR-ASS", "CTR", U, LARGE, "考核评价科", "Assessment Section"),
    ("UMB", "GOV", B, MEDIUM, "区城市管理局", "Urban Management Bureau"),
    ("UMB-ENF", "UMB", U, MEDIUM, "区城管执法大队", "Urban Management Enforcement Brigade"),
    ("UMB-AD", "UMB", U, MEDIUM, "户外广告管理所", "Outdoor Advertising Office"),
    ("UMB-MUCK", "UMB", U, MEDIUM, "渣土管理所", "Construction Waste Office"),
    ("HCB", "GOV", B, MEDIUM, "区住房和城乡建设局", "Housing and Construction Bureau"),
    ("HCB-RD", "HCB", U, MEDIUM, "市政设施养护所", "Municipal Works Maintenance Office"),
    ("HCB-SITE", "HCB", U, MEDIUM, "建设工程管理站", "Construction Site Office"),
    ("WTB", "GOV", B, MEDIUM, "区水务局", "Water Bureau"),
    ("WTB-DR", "WTB", U, MEDIUM, "区排水管理所", "Drainage Office"),
    ("WTB-RV", "WTB", U, MEDIUM, "区河道管理所", "River Office"),
    ("TRF", "GOV", B, MEDIUM, "区交通警察大队", "Traffic Police Brigade"),
    ("TRF-FAC", "TRF", U, MEDIUM, "交通设施中队", "Traffic Facilities Squad"),
    ("TRF-ORD", "TRF", U, MEDIUM, "秩序管理中队", "Traffic Order Squad"),
    ("PRK", "GOV", B, MEDIUM, "区园林绿化局", "Parks and Greening Bureau"),
    ("PRK-MNT", "PRK", U, MEDIUM, "绿化养护所", "Greenery Maintenance Office"),
    ("SAN", "GOV", B, MEDIUM, "区环境卫生管理局", "Sanitation Bureau"),
    ("SAN-CLN", "SAN", U, MEDIUM, "环卫作业一所", "Street Cleaning Office One"),
    ("SAN-TLT", "SAN", U, MEDIUM, "公厕管理所", "Public Toilet Office"),
    ("MKT", "GOV", B, MEDIUM, "区市场监督管理局", "Market Regulation Bureau"),
    ("MKT-ZL", "MKT", U, MEDIUM, "钟楼市场监管所", "Zhonglou Market Regulation Office"),
    ("EMG", "GOV", B, MEDIUM, "区应急管理局", "Emergency Management Bureau"),
    ("EMG-RES", "EMG", U, MEDIUM, "综合应急救援队", "Rescue Team"),
    ("ECO", "GOV", B, MEDIUM, "区生态环境局", "Ecology and Environment Bureau"),
    ("ECO-INS", "ECO", U, MEDIUM, "生态环境监察队", "Environment Inspection Team"),
    ("WTR-F", "GOV", F, LARGE, "望江澄泉供水公司", "Chengquan Water Supply"),
    ("DRN-F", "GOV", F, LARGE, "望江通渠排水公司", "Tongqu Drainage"),
    ("PWR-F", "GOV", F, LARGE, "望江恒明供电公司", "Hengming Power"),
    ("GAS-F", "GOV", F, LARGE, "望江安燃燃气公司", "Anran Gas"),
    ("TEL-A", "GOV", F, LARGE, "澄信通信公司", "Chengxin Telecom"),
    ("TEL-B", "GOV", F, LARGE, "远波通信公司", "Yuanbo Telecom"),
    ("TEL-C", "GOV", F, LARGE, "江视有线公司", "Jiangshi Cable"),
    ("LMP-F", "GOV", F, LARGE, "望江启明路灯公司", "Qiming Street Lighting"),
    ("BIK-A", "GOV", F, LARGE, "蓝鹭单车", "Blue Egret Bikes"),
    ("BIK-B", "GOV", F, LARGE, "小舟单车", "Little Boat Bikes"),
    ("CLN-F", "GOV", F, LARGE, "净街保洁公司", "Jingjie Cleaning"),
    ("ST2", "GOV", S, SMALL, "钟楼街道办事处", "Zhonglou Street Office"),
    ("ST2-ENF", "ST2", T, SMALL, "街道综合行政执法队", "Street Enforcement Team"),
    ("ST2-MUN", "ST2", T, SMALL, "街道市政养护队", "Street Works Team"),
    ("ST2-SAN", "ST2", T, SMALL, "街道环卫保洁队", "Street Cleaning Team"),
    ("ST2-GRN", "ST2", T, SMALL, "街道绿化队", "Street Greening Team"),
    ("ST2-SAF", "ST2", T, SMALL, "街道平安应急队", "Street Safety Team"),
    ("ST2-NGT", "ST2", T, SMALL, "街道夜间值守队", "Street Night Watch"),
)


@dataclass(frozen=True)
class Organisations:
    all: tuple[Organisation, ...]
    by_code: Mapping[str, Organisation]

    def id(self, code: str) -> OrgId:
        return self.by_code[code].id

    def community(self, letter: str) -> Organisation:
        return self.by_code[f"COM-{letter}"]

    def grid_team(self, letter: str) -> Organisation:
        return self.by_code[f"COM-{letter}-G"]


def found_organisations(tenant: TenantId) -> Organisations:
    made: dict[str, Organisation] = {}

    def add(code: str, parent: str | None, kind: OrgKind, loop: Loop, zh: str, en: str, area: str) -> None:
        number = len(made) + 1
        made[code] = Organisation(
            OrgId(number), tenant, code, made[parent].id if parent else None, kind, zh, en, number * 10, loop, FOUNDED,
            area=AreaCode(area), phone=f"000-1000{number:04d}",
        )  # fmt: skip

    for code, parent, kind, loop, zh, en in TREE:
        add(code, parent, kind, loop, zh, en, HOME_STREET if code.startswith("ST2") else DISTRICT)
    for letter, (zh, en, _) in COMMUNITIES.items():
        area = community_code(letter)
        add(f"COM-{letter}", "ST2", OrgKind.COMMUNITY, Loop.MICRO, f"{zh}居委会", f"{en} Committee", area)
        add(f"COM-{letter}-G", f"COM-{letter}", OrgKind.TEAM, Loop.MICRO, f"{zh}网格队", f"{en} Grid Team", area)
    return Organisations(tuple(made.values()), made)
