"""The demo's people at work: one small act every few seconds, through the public interface of the web process beside us.

CHENGYUN_ADDRESS    where the web process listens; the supervisor says so
CHENGYUN_SIMULATOR  `off` leaves the city to its visitors
"""

import json
import os
from datetime import datetime
from functools import cache
from pathlib import Path

from chengyun.runtime.installation import read_installation
from chengyun.runtime.tls import FOLDER
from chengyun.runtime.worker import Job
from chengyun_demo.city import build
from chengyun_demo.simulator import Simulator

ACCOUNTS = "accounts.json"


def act(now: datetime) -> None:
    if os.environ.get("CHENGYUN_SIMULATOR") == "off" or not (address := os.environ.get("CHENGYUN_ADDRESS")):
        return
    accounts = read_installation().data / ACCOUNTS
    if accounts.exists():
        _simulator(address, accounts).step(now)


@cache
def _simulator(address: str, accounts: Path) -> Simulator:
    listed = json.loads(accounts.read_text(encoding="utf-8"))["accounts"]
    passwords = {each["login"]: each["password"] for each in listed}
    return Simulator(address, passwords, build(), seed=os.getpid(), authority=accounts.parent / FOLDER / "authority.crt")


JOBS = (Job("simulator", every=8.0, run=act, demo_only=True),)
