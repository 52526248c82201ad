"""Start the demo city on this machine: database, web and worker on one port. Ctrl-C stops all of it.

Everything is kept in one folder (--data); starting again goes on where it stopped, --fresh starts over.
"""

import argparse
import json
import os
import shutil
import sys
import webbrowser
from pathlib import Path

from chengyun.runtime import clock, tls
from chengyun.runtime.installation import Installation
from chengyun.runtime.supervisor import Supervisor

NAME = "demo"
HELP = "start the demo city on this machine"

DEMO_STAMP = "demo.stamp"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (default 8000; 0: any free one)")
    parser.add_argument("--data", type=Path, default=Path(".demo"), help="folder that keeps everything (default .demo)")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument("--fresh", action="store_true", help="delete what the folder keeps and start over")
    parser.add_argument("--lan", action="store_true", help="HTTPS for phones in the same network, with a QR code")


def run(arguments: argparse.Namespace) -> int:
    addresses = tls.local_addresses() if arguments.lan else []
    installation = Installation(
        data=arguments.data.absolute(),
        mode="demo",
        secret=os.environ.get("CHENGYUN_SECRET", ""),
        database_url=os.environ.get("DATABASE_URL", ""),
        clock="city",
        hosts=("localhost", "127.0.0.1", *addresses),
        weak_storage_accepted=os.environ.get("CHENGYUN_WEAK_STORAGE") == "accepted",
    )
    supervisor = Supervisor(
        installation,
        name=f"chengyun demo on port {arguments.port}",
        host="0.0.0.0" if arguments.lan else "127.0.0.1",  # noqa: S104 - asked for by --lan
        port=arguments.port,
        fresh=arguments.fresh,
        after_migration=lambda supervisor: _make_city(supervisor, addresses if arguments.lan else None),
        database_calm=0.5 if os.environ.get("CHENGYUN_DRILL") else 10.0,
    )
    return supervisor.run(lambda supervisor: _tell(supervisor, addresses if arguments.lan else None, arguments.no_open))


def _make_city(supervisor: Supervisor, addresses: list[str] | None) -> None:
    data = supervisor.installation.data
    clock.wind_city_clock(data)
    if not (data / DEMO_STAMP).exists():
        supervisor.do(["demo-city"], "making the demo city ...")
        (data / DEMO_STAMP).write_text("made\n")
    if addresses is not None:
        _, certificate, key = tls.read_or_make(data, addresses)
        supervisor.certificate = (certificate, key)


def _tell(supervisor: Supervisor, addresses: list[str] | None, no_open: bool) -> None:
    """One address, the accounts, and how to stop."""
    ready = supervisor.wait_until_ready()
    say = supervisor.say
    say("")
    say(f"  城运 Chengyun demo: {supervisor.address}")
    accounts = supervisor.installation.data / "accounts.json"
    if accounts.exists():
        listed = json.loads(accounts.read_text(encoding="utf-8"))["accounts"]
        widest = max(len(a["login"]) for a in listed)
        for account in listed:
            title = f"{account.get('title_zh', '')} {account.get('title_en', account['role'])}".strip()
            say(f"    {account['login']:<{widest}}  {account['password']}  {title}")
        say(f"  accounts also in {accounts}")
    if addresses is not None:
        _tell_phones(supervisor, addresses)
    if ready:
        say(f"  not ready yet: {ready}")
    say("  Ctrl-C stops everything")
    if not no_open and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and shutil.which("xdg-open"):
        webbrowser.open(supervisor.address)


def _tell_phones(supervisor: Supervisor, addresses: list[str]) -> None:
    import segno  # loaded for --lan alone

    port = supervisor.listener.getsockname()[1]
    authority = supervisor.installation.data / tls.FOLDER / tls.AUTHORITY
    if not addresses:
        supervisor.say("  no address in a local network was found: phones cannot reach this machine")
        return
    address = f"https://{addresses[0]}:{port}/"
    supervisor.say(f"  phones in the same network: {address}")
    if sys.stdout.isatty() or os.environ.get("CHENGYUN_QR"):
        segno.make(address, error="m").terminal(compact=True)
    supervisor.say(f"  a phone trusts it after installing the authority: {address}authority.crt")
    supervisor.say(f"  its SHA-256, to compare: {tls.fingerprint(authority)}")
