"""The flows of a city's departments: list them, check a file, keep it, and choose which category follows which.

    chengyun flow list --data FOLDER
    chengyun flow check water_repair.yaml --data FOLDER
    chengyun flow keep water_repair.yaml --reason "agreed with the water company" --data FOLDER
    chengyun flow choose 2026:component_fault:01001 water_repair --reason "..." --data FOLDER
    chengyun flow choose 2026:component_fault:01001 --none --reason "..." --data FOLDER

How a file is written stands at the head of src/chengyun/cases/flows.py; the shipped flow is an example.
"""

import argparse
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from chengyun.base.errors import BadInput
from chengyun.cases.flows import LARGEST
from chengyun.runtime.command_line import add_data_argument, use_data_folder

NAME = "flow"
HELP = "departments' own flows: list, check, keep, choose"
LEAST_REASON = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="do", required=True, metavar="list|check|keep|choose")
    listing = doing.add_parser("list", help="what is kept, and which category follows what")
    checking = doing.add_parser("check", help="read a file and tell every fault; keep nothing")
    keeping = doing.add_parser("keep", help="keep a version of a flow")
    choosing = doing.add_parser("choose", help="let new cases of a category follow a flow")
    for each in (checking, keeping):
        each.add_argument("file", type=Path, help="the flow, YAML")
    keeping.add_argument("--from", dest="since", type=datetime.fromisoformat, help="new cases follow it from this moment on (default: now)")
    choosing.add_argument("category", help="a category, a major such as 2026:06, or * for all others")
    choosing.add_argument("flow", nargs="?", help="name of a kept flow, or national")
    choosing.add_argument("--none", action="store_true", help="whatever holds for all others")
    for each in (keeping, choosing):
        each.add_argument("--reason", required=True, help="why; kept beside the version")
    for each in (listing, checking, keeping, choosing):
        each.add_argument("--tenant", help="code of the city, if the installation holds several")
        each.add_argument("--json", action="store_true", help="answer for programs")
        add_data_argument(each)


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    from chengyun.runtime.commands.import_tables import open_installation

    installation, clock = open_installation()
    from chengyun.runtime.city_tables import find_tenant
    from chengyun.runtime.kept_flows import FlowKeeper

    keeper = FlowKeeper.of(find_tenant(arguments.tenant).id, installation.secret_key, clock)
    if arguments.do == "list":
        told = keeper.told()
    elif arguments.do == "check":
        told = keeper.check(arguments.file.name, read_text(arguments.file))
    elif arguments.do == "keep":
        since = arguments.since
        if since is not None and since.tzinfo is None:
            raise BadInput("the moment has no zone", place="--from", cure="write 2026-12-01T00:00+08:00", code="bad_moment")
        told = keeper.keep(arguments.file.name, read_text(arguments.file), since, reason_of(arguments))
    else:
        if (arguments.flow is None) != arguments.none:
            raise BadInput("name a flow, or --none, and not both", place="flow", code="bad_choice")
        told = keeper.choose(arguments.category, arguments.flow, reason_of(arguments))
    print(json.dumps(told, ensure_ascii=False) if arguments.json else "\n".join(lines_of(told)))
    return 0


def reason_of(arguments: argparse.Namespace) -> str:
    reason = str(arguments.reason).strip()
    if len(reason) < LEAST_REASON:
        raise BadInput("a reason is needed", place="--reason", cure="say in a few words why", code="reason_missing")
    return reason[:200]


def read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as opened:
            return opened.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", place=str(path), cure="name a readable UTF-8 file") from error


def lines_of(told: Mapping[str, object]) -> list[str]:
    found = []
    for name, value in told.items():
        if isinstance(value, list):
            found += [f"{name}:", *(f"  {', '.join(f'{k} {v}' for k, v in each.items())}" for each in value)]
        else:
            found.append(f"{name} {value}")
    return found
