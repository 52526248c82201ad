"""Where everything is put together for a process: the desk on its store, the book of the city, the keepers of files."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from chengyun.base.errors import NotFound
from chengyun.base.ids import AreaCode, AttachmentId, CategoryCode, OrgId, PersonId, TenantId
from chengyun.base.results import Refused
from chengyun.base.time import Clock
from chengyun.cases.access import Channel, Reader
from chengyun.cases.desk import Desk
from chengyun.cases.rules import Rules
from chengyun.city.records import Area, AreaKind, Category, CategoryField, DutyRow, Organisation, Person, in_force
from chengyun.city.roles import Absence, OrgTree, grids_of, posts_on
from chengyun.runtime.audit_key import anchors_folder, read_public_key
from chengyun.runtime.clock import read_clock
from chengyun.runtime.installation import Installation
from chengyun.runtime.refusals import StartRefused
from chengyun.screens import house
from chengyun.screens.admin.naming import tongue
from chengyun.screens.house import ChainState, CityCard, FileAtRest, House, PersonCard
from chengyun.screens.words import say
from chengyun.sources.attachments.intake import take_in
from chengyun.stores import attachments
from chengyun.stores.absences import read_absences
from chengyun.stores.audit import read_head, record_entry, verify
from chengyun.stores.blobs import BlobStore, UploadDesk
from chengyun.stores.cases import CaseStore
from chengyun.stores.city_book import CityBook, CityBooks, read_names
from chengyun.stores.tenancy import all_tenants
from chengyun.stores.tracking import TrackingLinks
from chengyun.stores.writing.administering import AuditedAdmin, Keeper
from chengyun.stores.writing.cases.work import digest_key

BASEMAP = "basemap.geojson"
"""The drawn ground of a city, in its data folder."""


def furnish(installation: Installation, clock: Clock | None = None) -> House:
    """Make the house of this process and settle it for the screens."""
    clock = clock or read_clock(installation)
    books = CityBooks()
    store = CaseStore(clock, books, installation.secret_key)
    key = digest_key(installation.secret_key)
    made = House(
        desk=Desk(store, clock),
        clock=clock,
        book=BookOfTheCity(books, installation.is_demo),
        files=FileKeeper(BlobStore(installation.data), clock, books, UploadDesk(installation.data)),
        note=lambda tenant, entry: record_entry(tenant, entry, key),
        demo=installation.is_demo,
        set_clock=getattr(clock, "set", None),
        links=TrackingLinks.of(installation.secret_key),
        chain=ChainKeeper(installation.data, clock).state,
        basemap=installation.data / BASEMAP,
    )
    house.settle(made)
    AuditedAdmin.keeper = Keeper(clock, key, lambda code, **facts: say(code, tongue(), **facts))
    return made


@dataclass
class ChainKeeper:
    """Walks the chain of the audit when somebody asks how it stands, at most every `AGAIN` seconds of waiting time."""

    AGAIN = 60.0

    data: Path
    clock: Clock
    _walked: dict[TenantId, tuple[float, ChainState]] = field(default_factory=dict)

    def state(self, tenant: TenantId) -> ChainState:
        kept = self._walked.get(tenant)
        if kept is not None and time.monotonic() - kept[0] < self.AGAIN:
            return kept[1]
        now = self.clock.now()
        try:
            walked = verify(tenant, anchors_folder(self.data), read_public_key(self.data))
            fault = walked.faults[0].kind if walked.faults else None
            found = ChainState(walked.entries, walked.unsealed, now, fault is None, fault)
        except StartRefused:
            # No anchor has been dropped yet: nothing was ever signed, so nothing can be called whole or broken.
            found = ChainState(read_head(tenant).position, 0, None, True, None)
        self._walked[tenant] = (time.monotonic(), found)
        return found


@dataclass(frozen=True)
class _Compiled:
    """What is made once per version of a book: who stands below whom, which grids a responsibility grid has, how people are named."""

    version: int
    tree: OrgTree
    grids: Mapping[AreaCode, tuple[str, ...]]
    people: Mapping[PersonId, PersonCard]
    area_names: Mapping[str, tuple[str, str]]
    absences: tuple[Absence, ...] = ()


@dataclass
class BookOfTheCity:
    """The book as the screens ask it."""

    books: CityBooks
    simulated: bool
    _kept: dict[TenantId, _Compiled] = field(default_factory=dict)

    def _compiled(self, tenant: TenantId) -> _Compiled:
        held = self.books.book(tenant)
        kept = self._kept.get(tenant)
        if kept is None or kept.version != held.version:
            names = read_names(tenant, list(held.people))
            people = {each.id: _card(each, names) for each in held.people.values() if each.active}
            kept = _Compiled(
                held.version,
                OrgTree.of(held.organisations),
                grids_of(held.areas),
                people,
                {a.code: (a.name_zh, a.name_en) for a in held.areas},
                read_absences(tenant),
            )
            self._kept[tenant] = kept
        return kept

    def tenant_of(self, host: str) -> TenantId:
        """The tenant a host serves: the one city of this installation, as long as it keeps only one."""
        tenants = all_tenants()
        if not tenants:
            raise NotFound("this installation keeps no city yet")
        return tenants[0]

    def card(self, tenant: TenantId) -> CityCard:
        held = self.books.book(tenant)
        points = [point for area in held.areas if area.kind == AreaKind.STREET for ring in area.rings for point in ring]
        lons, lats = [lon for lon, _ in points] or [0.0], [lat for _, lat in points] or [0.0]
        facts = held.tenant
        bounds = (min(lons), min(lats), max(lons), max(lats))
        return CityCard(tenant, facts.code, facts.name_zh, facts.name_en, facts.zone, bounds, self.simulated)

    def rules(self, tenant: TenantId, at: datetime) -> Rules:
        return self.books.book(tenant).rules(at)

    def reader(self, tenant: TenantId, person: PersonId, at: datetime, channel: Channel) -> Reader:
        held = self.books.book(tenant)
        known = held.people.get(person)
        if known is None:
            return Reader(tenant, person, (), channel)
        compiled = self._compiled(tenant)
        return Reader(
            tenant, person, posts_on(known, held.day_of(at), compiled.tree, compiled.grids, compiled.absences, held.people), channel
        )

    def person(self, tenant: TenantId, person: PersonId) -> PersonCard | None:
        return self.people(tenant).get(person)

    def people(self, tenant: TenantId) -> Mapping[PersonId, PersonCard]:
        return self._compiled(tenant).people

    def organisations(self, tenant: TenantId, at: datetime) -> Mapping[OrgId, Organisation]:
        held = self.books.book(tenant)
        return held.organisations_on(held.day_of(at))

    def categories(self, tenant: TenantId, at: datetime) -> Mapping[str, Category]:
        held = self.books.book(tenant)
        return {category.code: category for category in held.catalogue.in_force(held.day_of(at))}

    def field_of(self, tenant: TenantId, category: str) -> str | None:
        return self.books.book(tenant).field_of(CategoryCode(category))

    def fields_asked(self, tenant: TenantId, category: str, at: datetime) -> tuple[CategoryField, ...]:
        return tuple(each for each in self.books.book(tenant).fields if each.category == category)

    def areas(self, tenant: TenantId, at: datetime) -> tuple[Area, ...]:
        held = self.books.book(tenant)
        return tuple(area for area in held.areas if in_force(area.valid_from, area.valid_to, held.day_of(at)))

    def area_names(self, tenant: TenantId, at: datetime) -> Mapping[str, tuple[str, str]]:
        return self._compiled(tenant).area_names

    def duty_rows(self, tenant: TenantId, at: datetime) -> tuple[DutyRow, ...]:
        held = self.books.book(tenant)
        return tuple(row for row in held.duty_rows if in_force(row.valid_from, row.valid_to, held.day_of(at)))

    def held(self, tenant: TenantId) -> CityBook:
        return self.books.book(tenant)

    def forget(self, tenant: TenantId) -> None:
        self.books.forget(tenant)


def _card(person: Person, names: Mapping[PersonId, tuple[str, str, str]]) -> PersonCard:
    """Staff are named to their colleagues; a citizen is a number."""
    name = names.get(person.id, ("", "", ""))[0] if person.org is not None else ""
    return PersonCard(person.id, person.number, name or person.number, person.org, person.language)


@dataclass(frozen=True)
class FileKeeper:
    """Attachments through the one sanitiser into the blob store, then their rows."""

    blobs: BlobStore
    clock: Clock
    books: CityBooks
    uploads: UploadDesk

    def take_in(self, tenant: TenantId, uploader: PersonId | None, name: str, media_type: str, body: bytes) -> AttachmentId | Refused:
        kept = self.clean_and_keep(tenant, name, media_type, body)
        return kept if isinstance(kept, Refused) else attachments.keep(tenant, kept, uploader, self.clock.now())

    def clean_and_keep(self, tenant: TenantId, name: str, media_type: str, body: bytes) -> "attachments.Kept | Refused":
        """The file made harmless and its derivatives on disk; no row yet."""
        zone = ZoneInfo(self.books.book(tenant).tenant.zone)
        found = take_in(body, name, media_type, zone=zone)
        if isinstance(found, Refused):
            return found
        pieces = tuple(
            attachments.Piece(each.role, each.media_type, self.blobs.put(tenant, each.body), len(each.body), each.width, each.height)
            for each in found.derivatives
        )
        return attachments.Kept(
            kind=str(found.kind),
            media_type=found.media_type,
            sha256=found.sha256,
            size=found.size,
            width=found.width,
            height=found.height,
            inline=found.inline,
            level=found.level,
            pieces=pieces,
            display_name=found.display_name,
            taken_at=found.taken.at,
            zone_from=found.taken.zone_from,
            place=found.taken.place,
            accuracy_m=found.taken.accuracy_m,
        )

    def find(self, tenant: TenantId, attachment: AttachmentId, role: str) -> FileAtRest | None:
        found = attachments.find(tenant, attachment, role)
        if found is None:
            return None
        return FileAtRest(self.blobs.path_of(tenant, found.piece.sha256), found.piece.media_type, found.inline, found)
