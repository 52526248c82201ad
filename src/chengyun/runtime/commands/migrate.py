"""Bring the database to this release: roles, the database itself, tables. Safe to repeat; needs the owner's or an administrator's login."""

import argparse
import os

import psycopg

from chengyun.runtime import database, migrations
from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import read_installation
from chengyun.runtime.refusals import StartRefused

NAME = "migrate"
HELP = "bring the database to this release"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    parser.add_argument("--plan", action="store_true", help="only show what would be done")


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    installation = read_installation()
    if not arguments.plan:
        try:
            database.prepare(installation.administrator(), installation.secrets, installation.owner().dbname)
        except psycopg.errors.InsufficientPrivilege as refused:
            raise StartRefused(
                "database_rights",
                f"the login of DATABASE_URL may not make the roles of Chengyun ({str(refused).strip()})",
                cure="name an administrator in DATABASE_URL once, for this command; serving needs it no more",
            ) from refused
    os.environ["CHENGYUN_MIGRATES"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", database="owner", interactive=False, verbosity=1 if arguments.plan else 0, plan=arguments.plan)
    if not arguments.plan:
        migrations.remember(installation)
    return 0
