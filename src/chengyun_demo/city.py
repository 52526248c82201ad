"""The small demo city, whole: `build(seed)` gives every record that stands still, ready for a loader.

The same seed gives the same city to the last digit. Nothing is read from a file, a clock or the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, OrgId, TenantId
from chengyun.city.catalogue import Catalogue
from chengyun.city.records import Area, Component, DutyRow, Organisation, StandardEntry, WorkCalendar
from chengyun.city.shipped import load_shipped
from chengyun_demo.areas import divide
from chengyun_demo.basemap import Feature, PointOfInterest, draw_basemap, place_points_of_interest
from chengyun_demo.calendars import centre_calendar, office_calendar, wall_calendar
from chengyun_demo.components import survey_components
from chengyun_demo.duty import write_duty_list
from chengyun_demo.ground import CENTRE, Ground
from chengyun_demo.organisations import Organisations, found_organisations
from chengyun_demo.people import CITY_ZONE, People, engage_people

SEED = 7
START = datetime(2026, 11, 24, 9, 30, tzinfo=CITY_ZONE)
"""A Tuesday morning; the city clock starts here."""
CASE_PREFIX = "WJ"
TENANT = TenantId(1)


@dataclass(frozen=True)
class DemoCity:
    seed: int
    tenant: TenantId
    name_zh: str
    name_en: str
    start: datetime
    centre: Point
    organisations: Organisations
    areas: tuple[Area, ...]
    responsibility: Mapping[AreaCode, tuple[AreaCode, ...]]
    """Responsibility grid -> its unit grids."""
    people: People
    calendars: tuple[WorkCalendar, ...]
    """Office hours, the centre's shifts, round the clock."""
    catalogue: Catalogue
    """The shipped code sets and standard table, as the product ships them."""
    standards: tuple[StandardEntry, ...]
    duty_rows: tuple[DutyRow, ...]
    """Every version; (id, version) is unique."""
    components: tuple[Component, ...]
    points_of_interest: tuple[PointOfInterest, ...]
    basemap: tuple[Feature, ...]
    """GeoJSON features; `properties.layer` names the layer."""
    ground: Ground
    grid_of_patch: tuple[AreaCode, ...]
    case_prefix: str = CASE_PREFIX

    def grid_at(self, place: Point) -> AreaCode | None:
        """Unit grid that holds a place."""
        patch = self.ground.patch_at(place)
        return None if patch is None else self.grid_of_patch[patch]

    def address(self, place: Point) -> tuple[str, str]:
        """(zh, en) of the nearest door: `鼓楼街118号`."""
        return self.ground.address(place)

    def organisation(self, org: OrgId) -> Organisation:
        return self.organisations.all[org - 1]


def build(seed: int = SEED, tenant: TenantId = TENANT, start: datetime = START) -> DemoCity:
    ground = Ground(seed)
    division = divide(ground, tenant)
    organisations = found_organisations(tenant)
    catalogue = load_shipped().catalogue()
    points_of_interest = place_points_of_interest(ground, seed)
    return DemoCity(
        seed=seed,
        tenant=tenant,
        name_zh="临江市望江区",
        name_en="Wangjiang District, Linjiang City",
        start=start,
        centre=CENTRE,
        organisations=organisations,
        areas=division.areas,
        responsibility=division.responsibility,
        people=engage_people(tenant, organisations, division.responsibility, start),
        calendars=(office_calendar(), centre_calendar(), wall_calendar()),
        catalogue=catalogue,
        standards=load_shipped().standards,
        duty_rows=write_duty_list(organisations, catalogue, seed, start.date()),
        components=survey_components(ground, seed, tenant, organisations, division.grid_of_patch, points_of_interest),
        points_of_interest=points_of_interest,
        basemap=draw_basemap(ground, seed, division.areas, points_of_interest),
        ground=ground,
        grid_of_patch=division.grid_of_patch,
    )
