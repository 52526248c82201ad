"""The facts behind a month's scores: each case folded, each dispatch charged to its unit. `evaluation` counts, this only reads."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from chengyun.base.ids import CaseId, TenantId
from chengyun.cases.access import CaseFilter
from chengyun.cases.records import Event
from chengyun.evaluation.charges import charges_of
from chengyun.evaluation.records import Charge
from chengyun.stores.reading.filters import Asked, where
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec


def read_charges(only: CaseFilter, start: datetime, end: datetime) -> tuple[Charge, ...]:
    """Charges of the cases the reader may see that can fall between two moments; `evaluation.charges.settle` picks those that do.

    A case closed before `start` can have none: a charge belongs to the moment it was due or closed, whichever came first.
    """
    found = where(only, Asked(simple=False, reported_until=end))
    found.need(f"(c.closed_at IS NULL OR c.closed_at >= {found.bind(start)})")
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT c.doc::text FROM case_row c WHERE {found.sql} ORDER BY c.id", found.values)
        cases = [codec.read_case(row[0]) for row in cursor.fetchall()]
        told = _histories([case.id for case in cases if case.returns], cursor)
    return tuple(charge for case in cases for charge in charges_of(case, told.get(case.id, ())))


class ChargeShelf:
    """Charges of cases already folded, kept by case and its seq: a look at a scoreboard folds only what moved since the last look.

    What a case charges depends on nobody who reads it, so all readers share the shelf; which cases each may count is asked every time.
    """

    def __init__(self, most: int = 200_000) -> None:
        self._kept: dict[tuple[TenantId, CaseId], tuple[int, tuple[Charge, ...]]] = {}
        self._most = most

    def read(self, only: CaseFilter, start: datetime, end: datetime, areas: tuple[str, ...] | None = None) -> tuple[Charge, ...]:
        """As `read_charges`."""
        found = where(only, Asked(simple=False, reported_until=end, areas=areas))
        found.need(f"(c.closed_at IS NULL OR c.closed_at >= {found.bind(start)})")
        with in_tenant(only.tenant), connection.cursor() as cursor:
            cursor.execute(f"SELECT c.id, c.seq FROM case_row c WHERE {found.sql} ORDER BY c.id", found.values)
            wanted = [(CaseId(id_), seq) for id_, seq in cursor.fetchall()]
            moved = [id_ for id_, seq in wanted if self._kept.get((only.tenant, id_), (-1,))[0] != seq]
            if moved:
                self._fold(only.tenant, moved, cursor)
        return tuple(charge for id_, _ in wanted for charge in self._kept.get((only.tenant, id_), (0, ()))[1])

    def _fold(self, tenant: TenantId, moved: list[CaseId], cursor: CursorWrapper) -> None:
        if len(self._kept) + len(moved) > self._most:
            self._kept.clear()
        cursor.execute("SELECT doc::text FROM case_row WHERE tenant_id = %s AND id = ANY(%s)", [tenant, moved])
        cases = [codec.read_case(row[0]) for row in cursor.fetchall()]
        told = _histories([case.id for case in cases if case.returns], cursor)
        for case in cases:
            self._kept[tenant, case.id] = (case.seq, charges_of(case, told.get(case.id, ())))


def _histories(cases: list[CaseId], cursor: CursorWrapper) -> Mapping[CaseId, list[Event]]:
    """The events of cases that were returned at least once: they alone say which return was believed."""
    told: dict[CaseId, list[Event]] = {}
    if cases:
        cursor.execute("SELECT data::text FROM case_event WHERE case_id = ANY(%s) ORDER BY case_id, seq", [cases])
        for row in cursor.fetchall():
            event = codec.read_event(row[0])
            told.setdefault(event.case, []).append(event)
    return told
