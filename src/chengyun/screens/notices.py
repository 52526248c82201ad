"""Turns events into notices: from the card of an event to the people who are told, each only if he may read the case."""

from collections.abc import Iterable, Iterator

from chengyun.base.ids import PersonId, TenantId
from chengyun.base.time import from_text
from chengyun.cases.access import CaseFilter, Channel, compile_filter, matches
from chengyun.city.records import Role
from chengyun.screens import house
from chengyun.screens.realtime.sight import target_of_card
from chengyun.stores.following import Line
from chengyun.stores.notices import NewNotice
from chengyun.tasks.notices import Address, addresses


def notices_of(tenant: TenantId, lines: Iterable[Line]) -> Iterator[NewNotice]:
    book = house.current().book
    for line in lines:
        told: set[PersonId] = set()
        named = addresses(line.card)
        if not named:
            continue
        target = target_of_card(tenant, line.card, lambda category: book.field_of(tenant, category))
        for address in named:
            for person in _people(tenant, address):
                if person in told or not matches(_sight(tenant, person), target):
                    continue
                told.add(person)
                number, category = str(line.card.get("number", "")), line.card.get("category")
                yield NewNotice(person, address.kind, line.case, line.seq, number, category, from_text(str(line.card["at"])))


def _people(tenant: TenantId, address: Address) -> Iterator[PersonId]:
    if address.person is not None:
        yield address.person
        return
    here = house.current()
    now = here.clock.now()
    for card in here.book.people(tenant).values():
        if card.org == address.unit and any(
            post.role is Role.UNIT_CLERK and post.org == address.unit for post in here.book.reader(tenant, card.id, now, Channel.DESK).posts
        ):
            yield card.id


def _sight(tenant: TenantId, person: PersonId) -> CaseFilter | None:
    here = house.current()
    return compile_filter(here.book.reader(tenant, person, here.clock.now(), Channel.DESK), "case.read")
