"""What the desk of tables needs from the world: the books of one city, open for a change, and a line in the audit."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Protocol

from chengyun.cases.ports import AuditEntry
from chengyun.sources.exchange.tables.building import KnownCity
from chengyun.sources.exchange.tables.columns import Table


class CityWork(Protocol):
    """One transaction on the books of a city. Other imports wait; leaving with an error undoes everything."""

    def known(self, day: date) -> KnownCity:
        """The books as they stand, all versions."""
        ...

    def write(self, table: Table, records: Sequence[Any]) -> None:
        """Store the records; a record with the key of a stored one takes its place. Everybody who keeps a copy is told."""
        ...

    def record_audit(self, entry: AuditEntry) -> None: ...


class CityTables(Protocol):
    def change(self) -> AbstractContextManager[CityWork]: ...
