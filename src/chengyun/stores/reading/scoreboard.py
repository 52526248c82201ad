"""What a live scoreboard of units is made of: counts per unit in a period, each openable as a list with the same `Asked`."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.ids import OrgId
from chengyun.cases.access import CaseFilter
from chengyun.stores.reading.filters import Asked, where
from chengyun.stores.tenancy import in_tenant


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """Cases answerable by the unit and reported in the period. Simple-procedure cases and unconfirmed machine findings are left out
    (domain 9.8, 9.13).

    met, late   by the unit clock, of those whose clock has stopped
    overdue     open with the leading clock run out at the moment asked
    """

    unit: OrgId
    cases: int
    open: int
    closed: int
    met: int
    late: int
    overdue: int
    returns: int
    reworks: int
    urges: int
    supervisions: int


def unit_counts(only: CaseFilter, start: datetime, end: datetime, now: datetime) -> tuple[UnitCounts, ...]:
    found = where(only, Asked(reported_from=start, reported_until=end, simple=False))
    moment = found.bind(now)
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT c.answerable, count(*), count(*) FILTER (WHERE c.open), count(*) FILTER (WHERE c.closed_at IS NOT NULL),
              count(*) FILTER (WHERE c.unit_clock_outcome = 'met'), count(*) FILTER (WHERE c.unit_clock_outcome = 'late'),
              count(*) FILTER (WHERE c.open AND c.due_at < {moment}),
              sum(c.returns), sum(c.reworks), sum(c.urges), sum(c.supervisions)
            FROM case_row c WHERE {found.sql} AND c.answerable IS NOT NULL AND c.confirmed AND c.merged_into IS NULL
            GROUP BY c.answerable ORDER BY c.answerable
            """,
            found.values,
        )
        return tuple(UnitCounts(*row) for row in cursor.fetchall())
