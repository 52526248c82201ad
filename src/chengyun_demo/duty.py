"""The duty list 权责清单 of the demo city: who handles what, where, whose, when; and where the list is silent or says two things.

`TRADES` is the division of labour of the district: code prefix -> bureau, its working unit, the street's team. How a category is
shared out between bureau, street and community is its *mode*:

    plain        one row for the whole district
    by_class     core to the bureau's unit, town to the street's team, fringe to the street office
    community    one row for each community: the micro loop
    patchwork    one row for each community but some: gaps
    two_classes  core and town only: gaps in the fringe
    none         nobody ever wrote it down: gaps everywhere
    doubled      one row for the district, and two against each other in some communities

On top stand rows for owners of facilities, rows for the night, and rows that were replaced on 1 October 2026. Real lists have such
holes; a demonstration without them would hide what the product does about them. Shares: 3% gaps, 1% doubles of all
(category x community) pairs, chosen by us.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from chengyun.base.ids import AreaCode, CategoryCode, DutyRowId, OrgId
from chengyun.city.catalogue import FILED_KINDS, Catalogue
from chengyun.city.records import Category, CategoryKind, DutyRow, Hours, Loop
from chengyun_demo.areas import COMMUNITIES, community_code
from chengyun_demo.components import ALONG
from chengyun_demo.organisations import Organisations

IN_FORCE = date(2026, 7, 1)
"""The 2026 code set came into force; the list was written anew for it."""
REPLACED = date(2026, 10, 1)
GAP_SHARE, DOUBLE_SHARE = 0.03, 0.01
SIGNED_BY = "L001"


@dataclass(frozen=True)
class Trade:
    bureau: str
    unit: str
    team: str = "ST2-MUN"
    assisting: tuple[str, ...] = ()


SANITATION = Trade("SAN", "SAN-CLN", "ST2-SAN")
GREENERY = Trade("PRK", "PRK-MNT", "ST2-GRN")
RIVER = Trade("WTB", "WTB-RV", "ST2-MUN")
DRAINAGE = Trade("WTB", "WTB-DR", "ST2-MUN")
ROADS = Trade("HCB", "HCB-RD", "ST2-MUN")
SITES = Trade("HCB", "HCB-SITE", "ST2-ENF")
ORDER = Trade("UMB", "UMB-ENF", "ST2-ENF")
ADVERTS = Trade("UMB", "UMB-AD", "ST2-ENF")
MUCK = Trade("UMB", "UMB-MUCK", "ST2-ENF")
POLLUTION = Trade("ECO", "ECO-INS", "ST2-ENF")
TRAFFIC_SIGNS = Trade("TRF", "TRF-FAC", "ST2-MUN")
TRAFFIC = Trade("TRF", "TRF-ORD", "ST2-ENF")
MARKET = Trade("MKT", "MKT-ZL", "ST2-ENF")
RESCUE = Trade("EMG", "EMG-RES", "ST2-SAF")
WATER_SUPPLY = Trade("WTB", "WTR-F")
POWER = Trade("HCB", "PWR-F")
GAS = Trade("HCB", "GAS-F")
LAMPS = Trade("HCB", "LMP-F")
TOILETS = Trade("SAN", "SAN-TLT", "ST2-SAN")
BIKES = Trade("UMB", "BIK-A", "ST2-ENF")

TRADES: tuple[tuple[str, str, Trade], ...] = (
    # kind, code prefixes, trade; the longest prefix wins
    ("fault", "01", ROADS),
    ("fault", "01001 01019 01024 01025 01063 01068", WATER_SUPPLY),
    ("fault", "01002 01003 01004 01018 01026 01072 01073", DRAINAGE),
    ("fault", "01005 01028 01029 01030 01047 01048", POWER),
    ("fault", "01006 01037 01038 01039 01060 01077", LAMPS),
    ("fault", "01011 01021 01036 01049 01057", GAS),
    ("fault", "01012 01015 01020 01032 01050 01051 01066", TRAFFIC_SIGNS),
    ("fault", "01013", RESCUE),
    ("fault", "01014", GREENERY),
    ("fault", "01040 01041 01042 01043 01044 01045 01046 01052 01058 01059 01065 01075", ORDER),
    ("fault", "01055", SANITATION),
    ("fault", "01056 01067 01069 01070 01071 01074", RIVER),
    ("fault", "01076", MARKET),
    ("fault", "02", TRAFFIC_SIGNS),
    ("fault", "02001 02002 02003 02041", TRAFFIC),
    ("fault", "02006 02007 02008 02009 02012 02013 02042 02044", ROADS),
    ("fault", "02025 02026 02027", BIKES),
    ("fault", "02029 02030 02031", RIVER),
    ("fault", "02035 02036", RESCUE),
    ("fault", "03", SANITATION),
    ("fault", "03001 03002 03003", TOILETS),
    ("fault", "03006 03007 03008", ADVERTS),
    ("fault", "03009 03010 03011 03012 03013", POLLUTION),
    ("fault", "04", GREENERY),
    ("fault", "05", ROADS),
    ("matter", "06", ORDER),
    ("matter", "06010 06011 06012 06014 06018 06020 06033 06035 06036 06037 06041 06042 06902 06903", SANITATION),
    ("matter", "06901", MUCK),
    ("matter", "06017 06019 06021 06022 06045 06047", GREENERY),
    ("matter", "06015 06023 06024 06025 06026 06046", RIVER),
    ("matter", "06003 06013 06039 06048 06049 06050 06051 06052", ROADS),
    ("matter", "06016", TRAFFIC_SIGNS),
    ("matter", "06027 06028 06030 06032", POLLUTION),
    ("matter", "07", ADVERTS),
    ("matter", "08", SITES),
    ("matter", "08003", ROADS),
    ("matter", "08004", POLLUTION),
    ("matter", "08011 08012", MUCK),
    ("matter", "09", ORDER),
    ("matter", "09008 09015 09020", MARKET),
    ("matter", "09009 09014 09016 09018 09901", TRAFFIC),
    ("matter", "09011", BIKES),
    ("matter", "09012 09902", RESCUE),
    ("matter", "10", RESCUE),
    ("matter", "10001", SANITATION),
    ("matter", "10002", Trade("HCB", "TEL-A", "ST2-SAF", ("PWR-F", "TEL-B", "TEL-C"))),
    ("matter", "10901", replace(GAS, assisting=("EMG-RES", "TRF-ORD"))),
    ("matter", "10902", replace(WATER_SUPPLY, assisting=("HCB-RD", "TRF-ORD"))),
    ("matter", "10904", replace(DRAINAGE, assisting=("DRN-F",))),
    ("matter", "10905", replace(ROADS, assisting=("WTB-DR", "TRF-ORD"))),
    ("matter", "10906", replace(DRAINAGE, assisting=("ST2-SAF", "TRF-ORD"))),
)

COMMUNITY_MATTERS = ("06005", "06007", "06010", "06036", "06038", "06040", "06041", "09012")
PATCHWORK_MATTERS = ("06034", "06035", "06049", "06050", "06051", "08015", "09004", "09016", "09019", "06043")
TWO_CLASS_MATTERS = (
    "06008", "06019", "06044", "06048", "06052", "07008", "08010", "08014", "09017", "09022", "10002", "10907",
)  # fmt: skip
UNWRITTEN_MATTERS = ("08013", "09018")
DOUBLED_MATTERS = ("06014", "06018", "06030", "06033", "07001")
NIGHT_MATTERS = (
    "06001", "06020", "06027", "06028", "06029", "06901", "08001", "08002", "08011", "08012", "09001", "09002", "09005",
    "09006", "09009", "09010", "09021", "10001", "10904", "10905", "10906", "10909",
)  # fmt: skip
"""Handled at night by the street's night watch: by day the unit answers, off hours somebody must be awake."""
NIGHT_FAULTS = ("01001", "01002", "01003", "01011", "01013", "01037", "02014", "02017", "04002")


@dataclass
class _Writer:
    orgs: Organisations
    rows: list[DutyRow] = field(default_factory=list)

    def add(
        self, category: CategoryCode | None, trade: Trade, unit: str, *, major: str | None = None, area: AreaCode | None = None,
        owner: OrgId | None = None, hours: Hours = Hours.ANY, area_class: int | None = None,
    ) -> None:  # fmt: skip
        number = len(self.rows) + 1
        handling = self.orgs.id(unit)
        assisting = tuple(self.orgs.id(code) for code in trade.assisting if code != unit)
        row = DutyRow(
            DutyRowId(number), 1, f"D-{number:04d}", category, major, area, owner, hours, handling, self.orgs.id(trade.bureau),
            assisting, self._ladder(handling, trade), area_class, IN_FORCE, None, SIGNED_BY, "import",
        )  # fmt: skip
        self.rows.append(row)

    def _ladder(self, handling: OrgId, trade: Trade) -> tuple[tuple[Loop, OrgId], ...]:
        """The next units upwards: street, bureau, centre. A unit does not stand above itself."""
        order = list(Loop)
        lowest = order.index(self.orgs.all[handling - 1].loop)
        steps = ((Loop.SMALL, "ST2"), (Loop.MEDIUM, trade.bureau), (Loop.LARGE, "CTR"))
        return tuple((loop, self.orgs.id(code)) for loop, code in steps if order.index(loop) > lowest)


def write_duty_list(orgs: Organisations, catalogue: Catalogue, seed: int, day: date) -> tuple[DutyRow, ...]:
    """All rows, replaced versions included. `day` says which categories are in force."""
    draw = random.Random(f"{seed}:duty")
    writer = _Writer(orgs)
    categories = list(catalogue.in_force(day, scheme="2026", kinds=FILED_KINDS))
    pairs = len(categories) * len(COMMUNITIES)
    holes = _holes(categories, round(pairs * GAP_SHARE), draw)
    doubles = _spread([c for c in categories if mode_of(c) == "doubled"], round(pairs * DOUBLE_SHARE), draw)
    majors_seen: set[str] = set()
    for category in categories:
        mode, trade = mode_of(category), trade_of(category)
        if mode == "major":
            if category.major not in majors_seen:
                majors_seen.add(category.major)
                writer.add(None, trade, trade.unit, major=f"2026:{category.major}")
        elif mode in ("plain", "doubled"):
            writer.add(category.code, trade, trade.unit)
            for letter in sorted(doubles.get(category.code, ())):
                for unit in (trade.team, "ST2"):
                    writer.add(category.code, trade, unit, area=community_code(letter))
        elif mode in ("by_class", "two_classes"):
            classes = ((1, trade.unit), (2, trade.team), (3, "ST2"))
            for area_class, unit in classes if mode == "by_class" else classes[:2]:
                writer.add(category.code, trade, unit, area_class=area_class)
        elif mode in ("community", "patchwork"):
            for letter in COMMUNITIES:
                if letter not in holes.get(category.code, ()):
                    writer.add(category.code, trade, f"COM-{letter}", area=community_code(letter))
        _add_owners(writer, category, trade)
        _add_night(writer, category, trade, mode)
    later = list(_replacements(writer, draw))  # ends the first versions, so it comes before they are read
    return (*writer.rows, *later)


def mode_of(category: Category) -> str:
    number = category.number
    if category.kind is CategoryKind.COMPONENT_FAULT:
        return "major" if category.major == "05" else "plain"
    for numbers, mode in (
        (COMMUNITY_MATTERS, "community"),
        (PATCHWORK_MATTERS, "patchwork"),
        (TWO_CLASS_MATTERS, "two_classes"),
        (UNWRITTEN_MATTERS, "none"),
        (DOUBLED_MATTERS, "doubled"),
    ):
        if number in numbers:
            return mode
    if number in ("10901", "10902", "10903", "10904", "10905", "10906") or category.major == "08":
        return "plain"
    return "by_class"


def trade_of(category: Category) -> Trade:
    kind = "fault" if category.kind is CategoryKind.COMPONENT_FAULT else "matter"
    found = [
        (len(prefix), trade)
        for known_kind, prefixes, trade in TRADES
        if known_kind == kind
        for prefix in prefixes.split()
        if category.number.startswith(prefix)
    ]
    return max(found, key=lambda pair: pair[0])[1]


def _holes(categories: Sequence[Category], wanted: int, draw: random.Random) -> dict[CategoryCode, set[str]]:
    """Which communities the patchwork categories leave out, so that all gaps together come to `wanted`."""
    fringe = sum(area_class == 3 for _, _, area_class in COMMUNITIES.values())
    elsewhere = sum({"two_classes": fringe, "none": len(COMMUNITIES)}.get(mode_of(category), 0) for category in categories)
    return _spread([c for c in categories if mode_of(c) == "patchwork"], wanted - elsewhere, draw)


def _spread(categories: Sequence[Category], count: int, draw: random.Random) -> dict[CategoryCode, set[str]]:
    """Share `count` communities out among some categories, evenly, at random."""
    shares = {c.code: count // len(categories) + (n < count % len(categories)) for n, c in enumerate(categories)}
    return {code: set(draw.sample(sorted(COMMUNITIES), share)) for code, share in shares.items()}


def _add_owners(writer: _Writer, category: Category, trade: Trade) -> None:
    """Facilities with a known owner go to him, wherever they stand."""
    if category.kind is not CategoryKind.COMPONENT_FAULT:
        return
    for kind in ALONG:
        if kind.number == category.number:
            for owner, _ in kind.owners:
                if owner:
                    writer.add(category.code, trade, kind.keeper or owner, owner=writer.orgs.id(owner))


def _add_night(writer: _Writer, category: Category, trade: Trade, mode: str) -> None:
    at_night = NIGHT_FAULTS if category.kind is CategoryKind.COMPONENT_FAULT else NIGHT_MATTERS
    if category.number not in at_night:
        return
    classes: Iterable[int | None] = (1, 2, 3) if mode == "by_class" else (None,)
    emergency = category.major == "10"
    for area_class in classes:
        unit = trade.unit if emergency else "ST2-NGT"
        writer.add(category.code, trade, unit, hours=Hours.OFF_HOURS, area_class=area_class)


def _replacements(writer: _Writer, draw: random.Random) -> Iterator[DutyRow]:
    """25 rows were handed from bureau to street on 1 October: the old version ends, version 2 goes on under the same number."""
    street = writer.orgs.id("ST2")
    movable = [k for k, row in enumerate(writer.rows) if row.area_class == 3 and row.hours is Hours.ANY and row.handling_unit == street]
    for k in sorted(draw.sample(movable, 25)):
        row = writer.rows[k]
        assert row.trade_department is not None
        writer.rows[k] = replace(row, handling_unit=row.trade_department, ladder=((Loop.LARGE, writer.orgs.id("CTR")),), valid_to=REPLACED)
        yield replace(row, version=2, valid_from=REPLACED)
