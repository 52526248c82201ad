"""Where the built front end lies: named by CHENGYUN_WEB, beside a checkout, or packed with us."""

import os
from pathlib import Path


def find() -> Path:
    if named := os.environ.get("CHENGYUN_WEB"):
        return Path(named)
    beside = Path(__file__).parents[3] / "web" / "dist"
    return beside if beside.exists() else Path(__file__).parents[1] / "screens" / "app"


def is_built() -> bool:
    return (find() / "index.html").exists()
