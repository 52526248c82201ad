"""Write a reference table of the city to a file that `chengyun import` takes back."""

import argparse
import json
import sys
from pathlib import Path

from chengyun.base.errors import BadInput
from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.commands.import_tables import OPERATOR, open_installation
from chengyun.sources.exchange.tables import TABLES
from chengyun.sources.exchange.tables.desk import give_out

NAME = "export"
HELP = "write a table of the city to a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", choices=list(TABLES), help="which table")
    parser.add_argument("file", type=Path, help="where to; - for standard output")
    parser.add_argument("--tenant", help="code of the city, if the installation holds several")
    parser.add_argument("--json", action="store_true", help="answer for programs")
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    installation, clock = open_installation()
    from chengyun.runtime.city_tables import StoredCityTables, find_tenant

    tenant = find_tenant(arguments.tenant)
    data = give_out(TABLES[arguments.table], StoredCityTables(tenant, installation.secret_key), OPERATOR, clock.now(), tenant.zone)
    if str(arguments.file) == "-":
        sys.stdout.buffer.write(data)
        return 0
    try:
        arguments.file.write_bytes(data)
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", place=str(arguments.file), cure="name a folder you may write to") from error
    if arguments.json:
        print(json.dumps({"table": arguments.table, "file": str(arguments.file), "bytes": len(data)}, ensure_ascii=False))
    else:
        print(f"{arguments.table}: {len(data):,} bytes in {arguments.file}")
    return 0
