"""Say every weak setting of an installation; the exit code is not 0 when a promise is broken (promise O5)."""

import argparse
import json

import psycopg

from chengyun.base.errors import ChengyunError
from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import read_installation, refuse_weak, refuse_weak_storage

NAME = "check"
HELP = "say every weak setting of an installation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    installation = read_installation()
    found = []
    for name, look in (("secret and clock", refuse_weak), ("storage", refuse_weak_storage)):
        try:
            look(installation)
            found.append({"name": name, "ok": True, "words": ""})
        except (ChengyunError, psycopg.Error) as fault:
            found.append({"name": name, "ok": False, "words": str(fault).strip()})
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for line in found:
            print(f"{'ok  ' if line['ok'] else 'WEAK'} {line['name']}{': ' + str(line['words']) if line['words'] else ''}")
    return 0 if all(line["ok"] for line in found) else 1
