"""What one installation is: its data folder, its secrets, its database, its clock. Read from the environment, once per process.

CHENGYUN_DATA       data folder (secrets, attachments, the embedded database)
CHENGYUN_MODE       `city` (the default) or `demo`
CHENGYUN_SECRET     signs sessions; without it one is made in the data folder
DATABASE_URL        a PostgreSQL server instead of the embedded one; the role named in it migrates
CHENGYUN_CLOCK      `wall` (the default) or `city` (demo only)
CHENGYUN_HOSTS      host names this installation answers to, separated by commas
CHENGYUN_ORIGINS    origins trusted for forms behind a proxy, separated by commas
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chengyun.runtime import database, secrets_file
from chengyun.runtime.database import Login
from chengyun.runtime.refusals import StartRefused
from chengyun.runtime.secrets_file import Secrets

MODES = ("city", "demo")
CLOCKS = ("wall", "city")


@dataclass(frozen=True)
class Installation:
    data: Path
    mode: str = "city"
    secret: str = ""
    """Handed in by the operator; empty: the one kept in the data folder."""
    database_url: str = ""
    clock: str = "wall"
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    socket: str = ""
    """Folder of the embedded server's socket, when a supervisor told us; else the running server is looked up."""
    weak_storage_accepted: bool = False
    """The control of the kill drill loses writes on purpose. Demo only."""

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"

    @cached_property
    def secrets(self) -> Secrets:
        return secrets_file.read_or_make(self.data)

    @property
    def secret_key(self) -> str:
        return self.secret or self.secrets.secret_key

    def administrator(self) -> Login:
        """The login that may make roles and the database."""
        if self.database_url:
            return database.read_url(self.database_url)
        return database.embedded_administrator(self.data, self.secrets, self.socket)

    def owner(self) -> Login:
        administrator = self.administrator()
        dbname = administrator.dbname if self.database_url else database.NAME
        return administrator.as_role(database.OWNER, self.secrets.owner).to(dbname)

    def app(self) -> Login:
        return self.owner().as_role(database.APP, self.secrets.app)


def read_installation(env: Mapping[str, str] | None = None) -> Installation:
    env = os.environ if env is None else env
    mode = env.get("CHENGYUN_MODE", "city")
    clock = env.get("CHENGYUN_CLOCK", "city" if mode == "demo" else "wall")
    for name, value, known in (("CHENGYUN_MODE", mode, MODES), ("CHENGYUN_CLOCK", clock, CLOCKS)):
        if value not in known:
            raise StartRefused("setting_unknown", f'{name} is "{value}"', cure=f"use one of: {', '.join(known)}")
    if not env.get("CHENGYUN_DATA"):
        raise StartRefused("no_data_folder", "no data folder is named", cure="pass --data FOLDER or set CHENGYUN_DATA")
    return Installation(
        data=Path(env["CHENGYUN_DATA"]).resolve(),
        mode=mode,
        secret=env.get("CHENGYUN_SECRET", ""),
        database_url=env.get("DATABASE_URL", ""),
        clock=clock,
        hosts=_list(env.get("CHENGYUN_HOSTS", "")),
        origins=_list(env.get("CHENGYUN_ORIGINS", "")),
        socket=env.get("CHENGYUN_SOCKET", ""),
        weak_storage_accepted=env.get("CHENGYUN_WEAK_STORAGE") == "accepted",
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def refuse_weak(installation: Installation) -> None:
    """What no installation starts with. Looks at settings only; storage is asked once the database runs."""
    if installation.secret and (why := secrets_file.weakness(installation.secret)):
        raise StartRefused(
            "secret_weak",
            f"CHENGYUN_SECRET is too weak: {why}",
            cure="unset it (one is made in the data folder), or: python3 -c 'import secrets; print(secrets.token_urlsafe(36))'",
        )
    if why := secrets_file.weakness(installation.secrets.secret_key):
        raise StartRefused(
            "secret_weak",
            f"the secret in {installation.data / secrets_file.FILE} is too weak: {why}",
            cure="delete its line and write a longer one",
        )
    if installation.clock != "wall" and not installation.is_demo:
        raise StartRefused(
            "clock_not_wall", "the city clock runs outside the demo: legal times would be invented", cure="unset CHENGYUN_CLOCK"
        )


def refuse_weak_storage(installation: Installation) -> None:
    weak = database.weak_storage(installation.app())
    if weak and not (installation.is_demo and installation.weak_storage_accepted):
        raise StartRefused(
            "storage_weak",
            f"the database would lose acknowledged writes: {', '.join(weak)}",
            cure="set fsync, full_page_writes and synchronous_commit to on (postgresql.conf, ALTER SYSTEM, ALTER ROLE), then start again",
            weak=weak,
        )
