"""How often a generated or random test runs: few times in `./run test`, fully in `./run drill`. The numbers stand in one file."""

import os
import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("drill_counts.toml")


def count(name: str, key: str = "") -> int:
    """The count of a test; `key` where a test has several (`cases`, `calendars`)."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))[name]["drill" if os.environ.get("CHENGYUN_DRILL") else "test"]
    return int(found[key] if key else found)
