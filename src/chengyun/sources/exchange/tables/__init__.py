"""Reference tables of a city from files and back: organisations, areas, people, shifts, calendar, catalogue, standards, duty list.

    bytes -> reading (limits, encoding, form) -> mapping (their columns to ours) -> cells (typed) -> building (records, held
    against what the city already has) -> Imported | Rejected

Nothing here stores anything: a file with one fault gives `Rejected`, and the store writes all of an `Imported` or none of it.
`exporting` writes the same form, so that what was exported can be imported again.
"""

from chengyun.sources.exchange.tables.building import Imported, KnownCity, PersonRow, Rejected, read_table
from chengyun.sources.exchange.tables.columns import TABLES, Column, Table
from chengyun.sources.exchange.tables.exporting import write_table
from chengyun.sources.exchange.tables.mapping import TableMapping, read_mapping

__all__ = [
    "TABLES",
    "Column",
    "Imported",
    "KnownCity",
    "PersonRow",
    "Rejected",
    "Table",
    "TableMapping",
    "read_mapping",
    "read_table",
    "write_table",
]
