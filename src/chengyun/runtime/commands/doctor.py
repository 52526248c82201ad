"""Say what is missing on this machine and how to get it. Changes nothing."""

import argparse
import json
from pathlib import Path

from chengyun.runtime.doctor import look

NAME = "doctor"
HELP = "say what is missing on this machine and how to get it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path(".demo"), help="data folder to look at")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    found = look(arguments.data.absolute())
    if arguments.json:
        print(json.dumps([finding.__dict__ for finding in found], ensure_ascii=False))
    else:
        for finding in found:
            state = "ok     " if finding.ok else ("MISSING" if finding.needed else "absent ")
            print(f"{state} {finding.name}: {finding.found}" + (f"; {finding.cure}" if finding.cure and not finding.ok else ""))
    return 0 if all(finding.ok or not finding.needed for finding in found) else 1
