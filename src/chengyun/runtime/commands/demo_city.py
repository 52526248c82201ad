"""Fill an empty, migrated database with the demo city. `chengyun demo` does this by itself."""

import argparse
import os

from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import read_installation
from chengyun.runtime.refusals import StartRefused

NAME = "demo-city"
HELP = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    installation = read_installation()
    if not installation.is_demo:
        raise StartRefused("not_a_demo", "the demo city belongs into a demo's data folder", cure="use: chengyun demo")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
    import django

    django.setup()
    from chengyun.runtime import demo_city

    demo_city.load(installation)
    return 0
