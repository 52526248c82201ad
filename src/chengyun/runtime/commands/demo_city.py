"""Make the demo city in an empty database: called by `chengyun demo` once, before the web process starts."""

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
        raise StartRefused(
            "only_in_the_demo", "the demo city belongs in a demo", cure="run `chengyun demo`, or `chengyun init` for a real city"
        )
    os.environ["CHENGYUN_MIGRATES"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
    import django

    django.setup()
    from chengyun.runtime.demo_city import make_demo_city

    make_demo_city(installation, lambda line: print(line, flush=True))
    return 0
