"""PURE. Months of a city, and the longer periods that are made of them.

The month is the smallest period that is frozen (H5). A quarter or a year is the union of its frozen months, so months always add
up to the quarter: what was overdue at the end of January stays overdue in the first quarter, handled in February or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @classmethod
    def of(cls, moment: datetime, zone: str) -> "Month":
        local = moment.astimezone(ZoneInfo(zone))
        return cls(local.year, local.month)

    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """From its first moment in city time up to, not including, the first of the next; in UTC."""
        return self._start(zone), self.next()._start(zone)

    def _start(self, zone: str) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def quarter(self) -> tuple["Month", "Month", "Month"]:
        first = Month(self.year, (self.month - 1) // 3 * 3 + 1)
        return first, first.next(), first.next().next()


def months_of(first: Month, last: Month) -> Iterator[Month]:
    """Every month from one to the other, both counted."""
    while first <= last:
        yield first
        first = first.next()
