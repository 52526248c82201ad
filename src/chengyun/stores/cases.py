"""The store of cases as the desk sees it: implements `cases.ports.Cases` on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from chengyun.base.ids import TenantId
from chengyun.base.time import Clock
from chengyun.cases.rules import Rules
from chengyun.stores.city_book import CityBooks
from chengyun.stores.writing.cases.reports import ReportsWork
from chengyun.stores.writing.cases.work import CaseWork, digest_key, open_work, park_timer


class CaseStore:
    """One per process. `secret` keys the digests of the audit; it is the secret of the installation."""

    def __init__(self, clock: Clock, books: CityBooks, secret: str) -> None:
        self._clock, self._books, self._key = clock, books, digest_key(secret)

    @contextmanager
    def work(self, tenant: TenantId) -> Iterator[CaseWork]:
        book = self._books.book(tenant)
        with open_work(tenant, self._clock, self._key, book.field_of, book.zone) as work:
            yield work
        if work.wrote_book:
            self._books.forget(tenant)

    @contextmanager
    def reports(self, tenant: TenantId) -> Iterator[ReportsWork]:
        book = self._books.book(tenant)
        with open_work(tenant, self._clock, self._key, book.field_of, book.zone, kind=ReportsWork) as work:
            yield work
            work.write_all()

    def rules(self, tenant: TenantId, at: datetime) -> Rules:
        return self._books.book(tenant).rules(at)

    def park_timer(self, tenant: TenantId, dedup: str) -> None:
        """Count a failed try of a timer whose work was undone."""
        park_timer(tenant, dedup)
