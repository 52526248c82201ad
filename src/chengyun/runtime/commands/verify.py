"""Prove what is stored: every case the fold of its events, four tables that agree, a history nobody rewrote. Exit code 1 on any fault."""

import argparse
import json
import os
from dataclasses import asdict

from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import read_installation

NAME = "verify"
HELP = "prove cases, tables and audit of an installation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    parser.add_argument("--fold", action="store_true", help="only: every case is the fold of its events")
    parser.add_argument("--tables", action="store_true", help="only: case, event, audit and outbox agree")
    parser.add_argument("--audit", action="store_true", help="only: the audit chain and its anchors")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
    import django

    django.setup()
    from chengyun.runtime.audit_key import anchors_folder, read_public_key
    from chengyun.stores import audit, checks
    from chengyun.stores.tenancy import all_tenants

    data = read_installation().data
    everything = not (arguments.fold or arguments.tables or arguments.audit)
    answers: list[dict[str, object]] = []
    for tenant in all_tenants():
        if everything or arguments.fold:
            folds = checks.check_folds(tenant)
            answers.append({"proof": "fold", "tenant": tenant, "good": not folds.differences, **asdict(folds)})
        if everything or arguments.tables:
            four = checks.check_four_tables(tenant)
            answers.append({"proof": "tables", "tenant": tenant, "good": four.whole, **asdict(four)})
        if everything or arguments.audit:
            walked = audit.verify(tenant, anchors_folder(data), read_public_key(data))
            answers.append({"proof": "audit", "tenant": tenant, "good": not walked.faults, **asdict(walked)})
    for answer in answers:
        print(json.dumps(answer) if arguments.json else _line(answer))
    return 0 if all(answer["good"] for answer in answers) else 1


def _line(answer: dict[str, object]) -> str:
    rest = ", ".join(f"{name} {value}" for name, value in answer.items() if name not in ("proof", "tenant", "good"))
    return f"{'ok  ' if answer['good'] else 'BAD '} tenant {answer['tenant']} {answer['proof']}: {rest}"
