"""Make an empty real city: the national catalogue, two calendars, a centre and one administrator with a one-time password.

Starts the embedded database for as long as that takes, or uses DATABASE_URL (an administrator's login). Then: chengyun serve.
"""

import argparse
import os

from chengyun.base.time import WallClock
from chengyun.runtime import children, data_folder, database
from chengyun.runtime.city_facts import CityFacts, check
from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import Installation, read_installation, refuse_weak, refuse_weak_storage
from chengyun.runtime.postgres import EmbeddedPostgres

NAME = "init"
HELP = "make an empty real city"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    parser.add_argument("--code", required=True, help="six digits of the district (GB/T 2260)")
    parser.add_argument("--name-zh", required=True, help="name of the city or district, Chinese")
    parser.add_argument("--name-en", required=True, help="the same in English")
    parser.add_argument("--prefix", required=True, help="2 to 4 capital letters that case numbers begin with")
    parser.add_argument("--zone", default="Asia/Shanghai", help="time zone (default Asia/Shanghai)")


def run(arguments: argparse.Namespace) -> int:
    facts = CityFacts(arguments.code, arguments.name_zh, arguments.name_en, arguments.prefix, arguments.zone)
    check(facts)
    use_data_folder(arguments)
    installation = read_installation()
    data_folder.make(installation.data, "city")
    lock = data_folder.Lock(installation.data, "chengyun init")
    lock.take()
    server = None if installation.database_url else EmbeddedPostgres(installation.data, installation.secrets.superuser)
    try:
        refuse_weak(installation)
        if server is not None:
            server.start()
        return _make(installation, facts)
    finally:
        if server is not None:
            server.stop()
        children.stop_all()
        lock.free()


def _make(installation: Installation, facts: CityFacts) -> int:
    database.prepare(installation.administrator(), installation.secrets, installation.owner().dbname)
    refuse_weak_storage(installation)
    os.environ["CHENGYUN_MIGRATES"] = "1"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from chengyun.runtime import migrations, real_city

    call_command("migrate", database="owner", interactive=False, verbosity=0)
    migrations.remember(installation)
    password = real_city.make_empty_city(facts, WallClock().now())
    connections.close_all()
    print(f"{facts.name_zh} ({facts.name_en}) is made in {installation.data}")
    print("first administrator: account admin, one-time password (not shown again; change it after signing in):")
    print(f"    {password}")
    print(f"next: chengyun serve --data {installation.data}; then chengyun import areas|organisations|people|duty-list ...")
    return 0
