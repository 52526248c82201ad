"""Who may log in to the database, and with which rights. Says it in SQL once, for the embedded cluster and for a given server alike.

    chengyun_owner   owns every table; migrations run as this role
    chengyun_app     login of web and worker; reads, and writes what is not a case
    chengyun_desk    no login; may write case tables; `chengyun_app` steps into it inside one transaction (SET LOCAL ROLE)

From PostgreSQL 16 on, membership says INHERIT FALSE; PostgreSQL 15 says the same with a NOINHERIT role.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from chengyun.runtime import postgres
from chengyun.runtime.refusals import StartRefused
from chengyun.runtime.secrets_file import Secrets

OWNER, APP, DESK = "chengyun_owner", "chengyun_app", "chengyun_desk"
NAME = "chengyun"
LEAST_MAJOR = 15
DURABLE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_write", "remote_apply")}
"""Values under which an acknowledged write survives power loss (promise R2)."""


@dataclass(frozen=True)
class Login:
    """How one role reaches the database. `host` is a socket folder or a host name."""

    host: str
    user: str
    password: str
    dbname: str = NAME
    port: int = 5432
    options: tuple[tuple[str, str], ...] = ()
    """Further libpq words, `sslmode` for example."""

    def __repr__(self) -> str:
        return f"Login({self.user}@{self.host}:{self.port}/{self.dbname})"

    def as_role(self, user: str, password: str) -> "Login":
        return replace(self, user=user, password=password)

    def to(self, dbname: str) -> "Login":
        return replace(self, dbname=dbname)

    def conninfo(self) -> str:
        """libpq connection string; holds the password, so it is never printed."""
        return make_conninfo(
            "", host=self.host, port=self.port, user=self.user, password=self.password, dbname=self.dbname, **dict(self.options)
        )

    def for_django(self) -> dict[str, object]:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": self.host,
            "PORT": str(self.port),
            "NAME": self.dbname,
            "USER": self.user,
            "PASSWORD": self.password,
            "OPTIONS": dict(self.options),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "DISABLE_SERVER_SIDE_CURSORS": False,
            "TIME_ZONE": None,
        }


def read_url(url: str) -> Login:
    """`postgresql://user:password@host:port/name?sslmode=require`; a socket folder goes in `?host=/folder`."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise StartRefused(
            "database_url",
            f'DATABASE_URL begins with "{parts.scheme}", which is no PostgreSQL address',
            cure="write postgresql://user:password@host:5432/chengyun",
        )
    words = dict(parse_qsl(parts.query))
    host = words.pop("host", "") or unquote(parts.hostname or "localhost")
    return Login(
        host=host,
        user=unquote(parts.username or "") or OWNER,
        password=unquote(parts.password or ""),
        dbname=unquote(parts.path.lstrip("/")) or NAME,
        port=parts.port or 5432,
        options=tuple(sorted(words.items())),
    )


def write_url(login: Login) -> str:
    words = "&".join(f"{quote(k)}={quote(v, safe='')}" for k, v in login.options)
    if login.host.startswith("/"):
        words = f"host={quote(login.host, safe='')}" + (f"&{words}" if words else "")
        place = f":{login.port}"
    else:
        place = f"{login.host}:{login.port}"
    return f"postgresql://{quote(login.user, safe='')}:{quote(login.password, safe='')}@{place}/{quote(login.dbname)}" + (
        f"?{words}" if words else ""
    )


def embedded_administrator(data: Path, secrets: Secrets, socket: str = "") -> Login:
    """The administrator of the embedded server of a data folder; without `socket` the running server is looked up."""
    folder = Path(socket) if socket else postgres.socket_folder_of(data)
    if folder is None:
        raise StartRefused(
            "database_not_running",
            f"no database runs for {data}",
            cure=f"start it (chengyun demo --data {data}), or set DATABASE_URL to a PostgreSQL server",
        )
    return Login(host=str(folder), user=postgres.SUPERUSER, password=secrets.superuser, dbname="postgres")


def prepare(administrator: Login, secrets: Secrets, dbname: str = NAME) -> None:
    """Make roles and the database where they are missing, and set the passwords of the two logins. Safe to repeat."""
    with psycopg.connect(administrator.to("postgres").conninfo(), autocommit=True) as connection:
        make_roles(connection, secrets)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [dbname]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(dbname), sql.Identifier(OWNER)
                )
            )
    with psycopg.connect(administrator.to(dbname).conninfo(), autocommit=True) as connection:
        close_public(connection, dbname)


def make_roles(connection: "psycopg.Connection[tuple[object, ...]]", secrets: Secrets) -> None:
    major = connection.info.server_version // 10000
    if major < LEAST_MAJOR:
        raise StartRefused("database_old", f"the server is PostgreSQL {major}", cure=f"PostgreSQL {LEAST_MAJOR} or later is needed")
    known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[OWNER, APP, DESK]])}
    for role, words in ((OWNER, "LOGIN"), (APP, "LOGIN NOINHERIT"), (DESK, "NOLOGIN")):
        if role not in known:
            connection.execute(sql.SQL("CREATE ROLE {} " + words).format(sql.Identifier(role)))
    for role, password in ((OWNER, secrets.owner), (APP, secrets.app)):
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
    manner = " WITH INHERIT FALSE, SET TRUE" if major >= 16 else ""
    connection.execute(sql.SQL("GRANT {} TO {}" + manner).format(sql.Identifier(DESK), sql.Identifier(APP)))


def close_public(connection: "psycopg.Connection[tuple[object, ...]]", dbname: str) -> None:
    """Nobody but our roles uses the database; the owner alone makes things in it. Table rights are each migration's own matter."""
    for statement in (
        "REVOKE ALL ON DATABASE {db} FROM PUBLIC",
        "GRANT CONNECT, TEMPORARY ON DATABASE {db} TO {app}, {owner}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {app}, {desk}",
    ):
        connection.execute(
            sql.SQL(statement).format(
                db=sql.Identifier(dbname), app=sql.Identifier(APP), owner=sql.Identifier(OWNER), desk=sql.Identifier(DESK)
            )
        )


def weak_storage(login: Login) -> list[str]:
    """Settings under which an acknowledged write could be lost, as this login's own sessions see them."""
    with psycopg.connect(login.conninfo(), autocommit=True) as connection:
        found = []
        for name, strong in DURABLE.items():
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            value = str(row[0]) if row else "?"
            if value not in strong:
                found.append(f"{name}={value}")
        return found
