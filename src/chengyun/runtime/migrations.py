"""Whether the database already has every migration of this release: known from a stamp, without loading Django."""

import hashlib
from pathlib import Path

from chengyun import stores
from chengyun.runtime.installation import Installation

STAMP = "migrated.stamp"


def digest() -> str:
    """Changes when any migration file or the set of apps does."""
    total = hashlib.sha256()
    root = Path(stores.__path__[0]) / "writing"
    for path in sorted([*root.glob("*/migrations/*.py"), *root.glob("*/migrations/**/*.sql"), *root.glob("*/apps.py")]):
        total.update(str(path.relative_to(root)).encode() + path.read_bytes())
    total.update((Path(__file__).with_name("settings.py")).read_bytes())
    return total.hexdigest()


def are_applied(installation: Installation) -> bool:
    """For a server somebody else also migrates, the stamp proves nothing: there the database is asked."""
    if installation.database_url:
        return False
    stamp = installation.data / STAMP
    return stamp.exists() and stamp.read_text().strip() == digest()


def remember(installation: Installation) -> None:
    (installation.data / STAMP).write_text(digest() + "\n")
