"""What tests stand on: a real PostgreSQL of their own, and a fresh copy of the migrated database for each test that asks.

    database            a database for this test alone; Django's `default` is `chengyun_app` on it, `owner` is `chengyun_owner`
    module_database     the same, shared by the tests of one module: faster, for tests that only read or clean up after themselves
    app_connection, owner_connection     raw psycopg connections (autocommit) to the database of the test
    empty_database      a database with the roles but without tables
    postgres_server     the server itself; it does not sync, so tests about durability start their own

Each xdist worker has its own server, made in a temporary folder and removed at the end.
"""

import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
# The settings need a signing key before a database exists; this one lives as long as the test run.
for _name in ("CHENGYUN_DATA", "DATABASE_URL", "CHENGYUN_MODE", "CHENGYUN_CLOCK", "CHENGYUN_SECRET"):
    os.environ.pop(_name, None)

import django

django.setup()

from django.core.management import call_command
from django.db import connections

from chengyun.runtime import database as runtime_database
from chengyun.runtime import secrets_file
from chengyun.runtime.database import Login
from chengyun.runtime.postgres import SUPERUSER, EmbeddedPostgres


@dataclass(frozen=True)
class TestServer:
    __test__ = False

    administrator: Login
    secrets: secrets_file.Secrets

    def owner(self, dbname: str) -> Login:
        return self.administrator.as_role(runtime_database.OWNER, self.secrets.owner).to(dbname)

    def app(self, dbname: str) -> Login:
        return self.administrator.as_role(runtime_database.APP, self.secrets.app).to(dbname)


@dataclass(frozen=True)
class TestDatabase:
    """The database of one test: `app` and `owner` are logins; `app.conninfo()` opens psycopg."""

    __test__ = False

    name: str
    app: Login
    owner: Login


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    folder = Path(tempfile.mkdtemp(prefix="chengyun-test-", dir="/tmp"))
    folder.chmod(0o711)
    kept = secrets_file.make()
    server = EmbeddedPostgres(folder, kept.superuser, durable=False, say=lambda _: None)
    try:
        server.start()
        administrator = Login(host=str(server.socket_folder), user=SUPERUSER, password=kept.superuser, dbname="postgres")
        yield TestServer(administrator, kept)
    finally:
        _leave()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_template(postgres_server: TestServer) -> str:
    """The name of a database with every migration applied, never connected to afterwards."""
    name = "template_migrated"
    runtime_database.prepare(postgres_server.administrator, postgres_server.secrets, name)
    _use(TestDatabase(name, postgres_server.app(name), postgres_server.owner(name)))
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    _leave()
    return name


def _copy(server: TestServer, template: str) -> TestDatabase:
    name = f"test_{next(_numbers)}_{secrets.token_hex(3)}"
    with psycopg.connect(server.administrator.conninfo(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(runtime_database.OWNER)
            )
        )
    with psycopg.connect(server.administrator.to(name).conninfo(), autocommit=True) as connection:
        runtime_database.close_public(connection, name)  # rights on the database itself are not copied with it
    return TestDatabase(name, server.app(name), server.owner(name))


def _drop(server: TestServer, made: TestDatabase) -> None:
    with psycopg.connect(server.administrator.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(made.name)))


def _use(made: TestDatabase) -> None:
    """Point Django's connections of this thread, and those opened later, at the database."""
    _leave()
    for alias, login in (("default", made.app), ("owner", made.owner)):
        settings = connections.configure_settings({"default": login.for_django()})["default"]
        connections.settings[alias] = settings
        connections[alias] = connections.create_connection(alias)


def _leave() -> None:
    for alias in ("default", "owner"):
        if alias in connections.settings:
            connections[alias].close()
        if hasattr(connections._connections, alias):
            delattr(connections._connections, alias)


@pytest.fixture
def database(postgres_server: TestServer, migrated_template: str) -> Iterator[TestDatabase]:
    made = _copy(postgres_server, migrated_template)
    _use(made)
    yield made
    _leave()
    _drop(postgres_server, made)


@pytest.fixture(scope="module")
def module_database(postgres_server: TestServer, migrated_template: str) -> Iterator[TestDatabase]:
    made = _copy(postgres_server, migrated_template)
    _use(made)
    yield made
    _leave()
    _drop(postgres_server, made)


@pytest.fixture
def empty_database(postgres_server: TestServer) -> Iterator[TestDatabase]:
    made = TestDatabase(name := f"empty_{next(_numbers)}", postgres_server.app(name), postgres_server.owner(name))
    runtime_database.prepare(postgres_server.administrator, postgres_server.secrets, name)
    _use(made)
    yield made
    _leave()
    _drop(postgres_server, made)


@pytest.fixture
def current_database(request: pytest.FixtureRequest) -> TestDatabase:
    for name in ("database", "module_database", "empty_database"):
        if name in request.fixturenames:
            return request.getfixturevalue(name)
    return request.getfixturevalue("database")


@pytest.fixture
def app_connection(current_database: TestDatabase) -> Iterator[psycopg.Connection]:
    with psycopg.connect(current_database.app.conninfo(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner_connection(current_database: TestDatabase) -> Iterator[psycopg.Connection]:
    with psycopg.connect(current_database.owner.conninfo(), autocommit=True) as connection:
        yield connection


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """In CI a test that skips is a test that did not run: it fails there."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"{item.nodeid} was skipped; in CI every test runs: {report.longrepr}"
