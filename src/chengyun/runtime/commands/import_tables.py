"""Take a reference table of the city from a file: all of it, or nothing and the list of what is wrong.

How files, mappings and faults look is told in docs/how-to/import-a-city.md.
"""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from chengyun.base.errors import BadInput
from chengyun.base.time import Clock
from chengyun.cases.records import Actor
from chengyun.city.records import Role
from chengyun.runtime.clock import FILE as CITY_CLOCK
from chengyun.runtime.clock import read_clock
from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import Installation, read_installation
from chengyun.sources.exchange.tables import TABLES, Rejected, TableMapping, read_mapping
from chengyun.sources.exchange.tables.desk import Taken, take_in
from chengyun.sources.exchange.tables.reading import LARGEST

NAME = "import"
HELP = "take a table of the city from a file"

OPERATOR = Actor(Role.SYSTEM_ADMIN)
"""Whoever may run commands on the installation; the audit's origin says that it was a command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", choices=list(TABLES), help="which table the file holds")
    parser.add_argument("file", type=Path, help="CSV, or GeoJSON for areas")
    parser.add_argument("--mapping", type=Path, help="which of their columns is which of ours (YAML)")
    parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
    parser.add_argument("--tenant", help="code of the city, if the installation holds several")
    parser.add_argument("--json", action="store_true", help="answer for programs")
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    installation, clock = open_installation()
    from chengyun.runtime.city_tables import StoredCityTables, find_tenant

    table = TABLES[arguments.table]
    mapping = read_mapping(read_file(arguments.mapping), str(arguments.mapping), table.name) if arguments.mapping else TableMapping(table)
    tenant = find_tenant(arguments.tenant)
    found = take_in(
        read_file(arguments.file),
        str(arguments.file),
        mapping,
        StoredCityTables(tenant, installation.secret_key),
        OPERATOR,
        clock.now(),
        tenant.zone,
        trial=arguments.dry_run,
    )
    tell(found, in_json=arguments.json)
    return 1 if isinstance(found, Rejected) else 0


def read_file(path: Path) -> bytes:
    """The bytes, no more of them than the reader takes and one."""
    try:
        with path.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", place=str(path), cure="name a file that is there and readable") from error


def tell(found: Taken | Rejected, *, in_json: bool) -> None:
    if isinstance(found, Rejected):
        if in_json:
            faults = [
                {"file": e.file, "row": e.row, "column": e.column, "code": e.code, "message": e.message, "cure": e.cure}
                for e in found.errors
            ]
            print(json.dumps({"table": found.table.name, "stored": False, "faults": faults, "total": found.total}, ensure_ascii=False))
            return
        for error in found.errors:
            print(error, file=sys.stderr)
        more = f", {found.total - len(found.errors)} of them not shown" if found.total > len(found.errors) else ""
        print(f"{found.table.name}: {found.total} faults{more}; nothing was changed", file=sys.stderr)
        return
    if in_json:
        told = {"table": found.table.name, "stored": found.stored, "rows": found.rows, "written": found.written, "ended": found.ended}
        print(json.dumps(told))
        return
    done = "stored" if found.stored else "would be stored (dry run, nothing was changed)"
    print(f"{found.table.name}: {found.rows} rows read, {found.written} new or changed, {found.ended} older versions ended; {done}")


def open_installation() -> tuple[Installation, Clock]:
    """Django set up on the installation of this process, and its clock: the demo's where a demo keeps one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
    import django

    django.setup()
    installation = read_installation()
    if (installation.data / CITY_CLOCK).exists():
        installation = replace(installation, clock="city")
    return installation, read_clock(installation)
