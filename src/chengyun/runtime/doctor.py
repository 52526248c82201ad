"""What this machine has and lacks: one line each, with the cure. Looks only; nothing is changed, nothing is fetched."""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chengyun.runtime import data_folder, postgres, web_folder
from chengyun.runtime.refusals import StartRefused

LEAST_DISK = 2 * 2**30
LEAST_MEMORY = 2 * 2**30
"""Chosen by us: the embedded default takes 600 MB, the building of the front end about as much again, the rest is the machine's own."""


@dataclass
class Finding:
    name: str
    ok: bool
    found: str
    cure: str = ""
    needed: bool = True
    """False: only tests or a comfort lack it."""


def look(data: Path) -> list[Finding]:
    return [
        Finding("Python", sys.version_info >= (3, 11), platform.python_version(), "install Python 3.11 or later"),
        Finding("system", sys.platform == "linux", platform.platform(), "the embedded database runs on Linux; elsewhere set DATABASE_URL"),
        _database(),
        _account(),
        Finding("front end", web_folder.is_built(), str(web_folder.find()), "./run demo builds it"),
        _space(data),
        _memory(),
        _data_folder(data),
        _browser(),
        _font(),
    ]


def _database() -> Finding:
    try:
        binaries = postgres.packaged_binaries()
        said = subprocess.run([binaries / "bin" / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603
        return Finding("PostgreSQL", True, said.strip())
    except StartRefused as refused:
        return Finding("PostgreSQL", bool(os.environ.get("DATABASE_URL")), "no binaries", refused.cure)
    except (OSError, subprocess.SubprocessError) as fault:
        return Finding(
            "PostgreSQL", False, f"its program does not run: {fault}", "the machine may lack zlib or use another C library than glibc"
        )


def _account() -> Finding:
    if os.geteuid() != 0:
        return Finding("account of PostgreSQL", True, "this user")
    try:
        return Finding("account of PostgreSQL", True, f"{postgres.account_for_postgres().name} (we are root)")
    except StartRefused as refused:
        return Finding("account of PostgreSQL", False, "none", refused.cure)


def _space(data: Path) -> Finding:
    place = next(p for p in (data, *data.parents) if p.exists())
    free = shutil.disk_usage(place).free
    return Finding("disk", free >= LEAST_DISK, f"{free / 2**30:.1f} GB free at {place}", "make room: 2 GB are needed")


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Finding("memory", total >= LEAST_MEMORY, f"{total / 2**30:.1f} GB", "2 GB are needed")


def _data_folder(data: Path) -> Finding:
    if not data.exists():
        return Finding("data folder", True, f"{data} does not exist yet: it will be made")
    mode = data_folder.mode_of(data)
    return Finding("data folder", bool(mode), f"{data}: {mode or 'not ours'}", "choose another with --data")


def _browser() -> Finding:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Finding("Chromium", bool(path), path or "not found", "for journeys in tests: apt-get install chromium", needed=False)


def _font() -> Finding:
    try:
        said = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        said = ""
    names = sorted({line.split(",")[0] for line in said.splitlines() if line.strip()})
    return Finding("Chinese font", bool(names), ", ".join(names[:3]) or "none", "apt-get install fonts-noto-cjk", needed=False)
