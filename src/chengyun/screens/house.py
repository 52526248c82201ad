"""What the screens are handed when the processes start: the desk, the clock, the city's book, the keepers of files and accounts.

`runtime.wiring` settles it once per process. A screen asks `current()`; there is no other way to the inside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chengyun.base.ids import AttachmentId, OrgId, PersonId, TenantId
from chengyun.base.results import Refused
from chengyun.base.time import Clock
from chengyun.cases.access import Channel, Reader
from chengyun.cases.desk import Desk
from chengyun.cases.ports import AuditEntry
from chengyun.cases.rules import Rules
from chengyun.city.records import Area, Category, CategoryField, DutyRow, Organisation
from chengyun.stores.attachments import Found
from chengyun.stores.blobs import UploadDesk
from chengyun.stores.city_book import CityBook
from chengyun.stores.tracking import TrackingLinks


@dataclass(frozen=True)
class PersonCard:
    """How colleagues see a person: level 2, never more."""

    id: PersonId
    number: str
    name: str
    org: OrgId | None
    language: str = "zh"


@dataclass(frozen=True)
class CityCard:
    """What a page must know of the city before it draws."""

    tenant: TenantId
    code: str
    name_zh: str
    name_en: str
    zone: str
    bounds: tuple[float, float, float, float]
    """west, south, east, north"""
    simulated: bool


class Book(Protocol):
    """The city as it stands, compiled and cached by version."""

    def tenant_of(self, host: str) -> TenantId: ...

    def card(self, tenant: TenantId) -> CityCard: ...

    def rules(self, tenant: TenantId, at: datetime) -> Rules: ...

    def reader(self, tenant: TenantId, person: PersonId, at: datetime, channel: Channel) -> Reader:
        """The person with the posts of that day, deputies included."""
        ...

    def person(self, tenant: TenantId, person: PersonId) -> PersonCard | None: ...

    def people(self, tenant: TenantId) -> Mapping[PersonId, PersonCard]: ...

    def organisations(self, tenant: TenantId, at: datetime) -> Mapping[OrgId, Organisation]: ...

    def categories(self, tenant: TenantId, at: datetime) -> Mapping[str, Category]: ...

    def field_of(self, tenant: TenantId, category: str) -> str | None:
        """One of the six fields; also of a category no longer in force."""
        ...

    def fields_asked(self, tenant: TenantId, category: str, at: datetime) -> tuple[CategoryField, ...]: ...

    def areas(self, tenant: TenantId, at: datetime) -> tuple[Area, ...]: ...

    def area_names(self, tenant: TenantId, at: datetime) -> Mapping[str, tuple[str, str]]:
        """Code -> (zh, en)."""
        ...

    def duty_rows(self, tenant: TenantId, at: datetime) -> tuple[DutyRow, ...]: ...

    def held(self, tenant: TenantId) -> CityBook:
        """The whole book with all its versions: for doors that show or change the standing city."""
        ...

    def forget(self, tenant: TenantId) -> None:
        """Look again at the next question: something was changed here."""
        ...


@dataclass(frozen=True)
class FileAtRest:
    """A derivative on its shelf; `about` says whose it is, for the policy."""

    path: Path
    media_type: str
    inline: bool
    about: Found


class Files(Protocol):
    """Attachments: taken in through the one sanitiser, served from their derivatives."""

    @property
    def uploads(self) -> UploadDesk:
        """Files that come in pieces."""
        ...

    def take_in(self, tenant: TenantId, uploader: PersonId | None, name: str, media_type: str, body: bytes) -> "AttachmentId | Refused": ...

    def find(self, tenant: TenantId, attachment: AttachmentId, role: str) -> FileAtRest | None: ...


@dataclass(frozen=True)
class ChainState:
    """How far the history is sealed, and whether its last walk found it whole. `fault`: the kind of the first one found."""

    entries: int
    unsealed: int
    verified_at: datetime | None
    ok: bool
    fault: str | None = None


@dataclass(frozen=True)
class House:
    """`set_clock(moment, speed)` is there where the clock can be set."""

    desk: Desk
    clock: Clock
    book: Book
    files: Files
    links: TrackingLinks
    chain: Callable[[TenantId], ChainState]
    note: Callable[[TenantId, AuditEntry], None]
    """Write an audit entry of something that is no case change: a search for people, a read of level-3 data."""
    demo: bool = False
    set_clock: Callable[[datetime, float | None], None] | None = None
    basemap: Path | None = None
    """The city's drawn ground, if it has one: GeoJSON whose features name their `layer`."""


_settled: list[House] = []


def settle(house: House) -> None:
    """Put the house in order for this process; tests may do so again."""
    _settled[:] = [house]


def current() -> House:
    if not _settled:
        raise RuntimeError("the process has no house yet: runtime.wiring settles it at the start")
    return _settled[0]
