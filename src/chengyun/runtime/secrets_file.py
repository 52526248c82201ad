"""Secrets of one installation: made at first use, kept in the data folder, readable by its owner alone.

No default exists. What an operator hands in by the environment is weighed before it is used (promise I4).
"""

import json
import math
import os
import secrets
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from chengyun.runtime.refusals import StartRefused

FILE = "secrets.json"
LEAST_LENGTH = 32
LEAST_BITS = 96.0
"""Chosen by us: below it a secret signed into cookies can be searched for offline. 32 hexadecimal digits give 128."""

KNOWN = (
    "changeme",
    "change-me",
    "secret",
    "password",
    "django-insecure",
    "insecure",
    "example",
    "default",
    "chengyun",
    "qwerty",
    "12345678",
    "abcdefg",
)
"""Words that stand in examples and lists of leaked secrets."""


@dataclass(frozen=True)
class Secrets:
    secret_key: str
    """Signs sessions and links."""
    superuser: str
    """Database: the embedded cluster's own administrator, used at start-up only."""
    owner: str
    """Database: `chengyun_owner`, used by migrations."""
    app: str
    """Database: `chengyun_app`, used by web and worker."""

    def __repr__(self) -> str:
        return "Secrets(...)"


def make() -> Secrets:
    return Secrets(*(secrets.token_urlsafe(36) for _ in fields(Secrets)))


def read_or_make(data: Path) -> Secrets:
    """The secrets of a data folder; made and synced to disk at first use."""
    path = data / FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        made = make()
        write_private(path, json.dumps(asdict(made), indent=1))
        return made
    except ValueError as fault:
        raise StartRefused(
            "secrets_unreadable", f"{path} is not readable as JSON ({fault})", cure="restore it from the backup of this data folder"
        ) from fault
    if path.stat().st_mode & 0o077:
        raise StartRefused("secrets_open", f"{path} can be read by others", cure=f"chmod 600 {path}, then change the secrets in it")
    missing = [f.name for f in fields(Secrets) if not isinstance(kept.get(f.name), str)]
    if missing:
        raise StartRefused(
            "secrets_unreadable", f"{path} lacks {', '.join(missing)}", cure="restore it from the backup of this data folder"
        )
    return Secrets(**{f.name: kept[f.name] for f in fields(Secrets)})


def write_private(path: Path, text: str) -> None:
    """Write a file that is complete or absent, and that only its owner can read."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)


def weakness(secret: str) -> str:
    """Why a secret must not be used; empty when it may."""
    if len(secret) < LEAST_LENGTH:
        return f"it has {len(secret)} characters, at least {LEAST_LENGTH} are needed"
    lowered = secret.lower()
    for word in KNOWN:
        if word in lowered:
            return f'it contains "{word}", a word from published examples'
    counts = Counter(secret)
    bits = sum(n * math.log2(len(secret) / n) for n in counts.values())
    if bits < LEAST_BITS:
        return f"its characters repeat so much that it holds {bits:.0f} bits, at least {LEAST_BITS:.0f} are needed"
    return ""
