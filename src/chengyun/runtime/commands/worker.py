"""Run the jobs that come round: timers, outbox relay, audit sealer and their like. Until SIGTERM."""

import argparse
import os

from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import read_installation, refuse_weak, refuse_weak_storage

NAME = "worker"
HELP = "run the recurring jobs of an installation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    parser.add_argument("--list", action="store_true", help="only name the jobs")


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
    import django

    django.setup()
    from chengyun.runtime import wiring
    from chengyun.runtime.worker import Worker, find_jobs

    installation = read_installation()
    jobs = find_jobs(installation)
    if arguments.list:
        for job in jobs:
            print(f"{job.name:<24} every {job.every:g} s" + (f", woken by {', '.join(job.wake_on)}" if job.wake_on else ""))
        return 0
    refuse_weak(installation)
    if not installation.socket:
        refuse_weak_storage(installation)  # under a supervisor this was asked a moment ago
    worker = Worker(jobs, wiring.furnish(installation).clock, installation.app().conninfo())
    worker.stop_on_signal()
    return worker.run()
