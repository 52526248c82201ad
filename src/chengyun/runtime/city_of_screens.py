"""The city as the screens ask for it: the store's compiled book, with what only a reader needs. Implements `screens.house.Book`."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from chengyun.base.errors import NotFound
from chengyun.base.ids import CategoryCode, OrgId, PersonId, TenantId
from chengyun.cases.access import Channel, Reader
from chengyun.cases.rules import Rules
from chengyun.city.records import Area, Category, CategoryField, DutyRow, Organisation, in_force
from chengyun.city.roles import OrgTree, Post, grids_of, posts_on
from chengyun.screens.house import CityCard, PersonCard
from chengyun.stores.city_book import CityBook, CityBooks, read_names
from chengyun.stores.tenancy import all_tenants


@dataclass
class _Compiled:
    """What is worked out once per version of a book."""

    book: CityBook
    cards: Mapping[PersonId, PersonCard]
    tree: OrgTree
    posts: dict[tuple[PersonId, date], tuple[Post, ...]] = field(default_factory=dict)


class CityOfScreens:
    """One per process; safe between threads."""

    def __init__(self, books: CityBooks, simulated: bool) -> None:
        self._books, self._simulated = books, simulated
        self._compiled: dict[TenantId, _Compiled] = {}
        self._lock = threading.Lock()
        self._tenants: tuple[TenantId, ...] = ()

    def tenant_of(self, host: str) -> TenantId:
        """With one city on this installation it is that one; with several the first word of the host name is the city's code."""
        if len(self._tenants) != 1:
            self._tenants = all_tenants()
        if len(self._tenants) == 1:
            return self._tenants[0]
        word = host.partition(":")[0].partition(".")[0].lower()
        for tenant in self._tenants:
            if self._books.book(tenant).tenant.code.lower() == word:
                return tenant
        raise NotFound("no city answers to this host name", host=host)

    def card(self, tenant: TenantId) -> CityCard:
        book = self._books.book(tenant)
        points = [point for area in book.areas for ring in area.rings[:1] for point in ring]
        west, east = (min(p[0] for p in points), max(p[0] for p in points)) if points else (73.5, 135.1)
        south, north = (min(p[1] for p in points), max(p[1] for p in points)) if points else (18.1, 53.6)
        facts = book.tenant
        return CityCard(tenant, facts.code, facts.name_zh, facts.name_en, facts.zone, (west, south, east, north), self._simulated)

    def rules(self, tenant: TenantId, at: datetime) -> Rules:
        return self._books.book(tenant).rules(at)

    def reader(self, tenant: TenantId, person: PersonId, at: datetime, channel: Channel) -> Reader:
        compiled = self._compile(tenant)
        found = compiled.book.people.get(person)
        if found is None:
            return Reader(tenant, person, (), channel)
        day = compiled.book.day_of(at)
        posts = compiled.posts.get((person, day))
        if posts is None:
            areas = [a for a in compiled.book.areas if in_force(a.valid_from, a.valid_to, day)]
            posts = posts_on(found, day, compiled.tree, grids_of(areas))
            if len(compiled.posts) > 20_000:
                compiled.posts.clear()
            compiled.posts[(person, day)] = posts
        return Reader(tenant, person, posts, channel)

    def person(self, tenant: TenantId, person: PersonId) -> PersonCard | None:
        return self._compile(tenant).cards.get(person)

    def people(self, tenant: TenantId) -> Mapping[PersonId, PersonCard]:
        return self._compile(tenant).cards

    def organisations(self, tenant: TenantId, at: datetime) -> Mapping[OrgId, Organisation]:
        book = self._books.book(tenant)
        return book.organisations_on(book.day_of(at))

    def categories(self, tenant: TenantId, at: datetime) -> Mapping[str, Category]:
        book = self._books.book(tenant)
        return {category.code: category for category in book.catalogue.in_force(book.day_of(at))}

    def fields_asked(self, tenant: TenantId, category: str, at: datetime) -> tuple[CategoryField, ...]:
        return tuple(self._books.book(tenant).catalogue.fields_for(CategoryCode(category)))

    def areas(self, tenant: TenantId, at: datetime) -> tuple[Area, ...]:
        book = self._books.book(tenant)
        day = book.day_of(at)
        return tuple(area for area in book.areas if in_force(area.valid_from, area.valid_to, day))

    def duty_rows(self, tenant: TenantId, at: datetime) -> tuple[DutyRow, ...]:
        book = self._books.book(tenant)
        day = book.day_of(at)
        return tuple(row for row in book.duty_rows if in_force(row.valid_from, row.valid_to, day))

    def _compile(self, tenant: TenantId) -> _Compiled:
        book = self._books.book(tenant)
        kept = self._compiled.get(tenant)
        if kept is not None and kept.book is book:
            return kept
        with self._lock:
            names = read_names(tenant, list(book.people))
            cards = {
                person.id: PersonCard(person.id, person.number, names.get(person.id, ("", "", ""))[0], person.org, person.language)
                for person in book.people.values()
            }
            made = _Compiled(book, cards, OrgTree.of(book.organisations))
            self._compiled[tenant] = made
            return made
