"""The tests' own database behaves like the product's: two logins, a desk role to step into, one fresh copy a test."""

import psycopg
import pytest
from django.db import connection

from chengyun.runtime import database as runtime_database


def test_the_server_is_postgresql_18_with_checksums_and_utf8(app_connection):
    assert app_connection.info.server_version // 10000 == 18
    show = lambda name: app_connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]  # noqa: E731
    assert show("data_checksums") == "on"
    assert show("server_encoding") == "UTF8"
    assert show("listen_addresses") == ""


def test_django_logs_in_as_the_application(database):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("chengyun_app", database.name)


def test_the_application_makes_no_tables(app_connection):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute("CREATE TABLE public.forbidden (id int)")


def test_the_desk_role_is_stepped_into_and_never_inherited(app_connection, owner_connection):
    owner_connection.execute("CREATE TABLE desk_only (id int)")
    owner_connection.execute("GRANT INSERT, SELECT ON desk_only TO chengyun_desk")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute("INSERT INTO desk_only VALUES (1)")
    with app_connection.transaction():
        app_connection.execute("SET LOCAL ROLE chengyun_desk")
        app_connection.execute("INSERT INTO desk_only VALUES (1)")
    assert app_connection.execute("SELECT current_user").fetchone() == ("chengyun_app",)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute("INSERT INTO desk_only VALUES (2)")


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_fresh_copy(owner_connection, turn):
    owner_connection.execute("CREATE TABLE only_once (turn int)")


def test_making_roles_twice_changes_nothing_but_passwords(postgres_server, empty_database):
    runtime_database.prepare(postgres_server.administrator, postgres_server.secrets, empty_database.name)
    with psycopg.connect(empty_database.app.conninfo()) as again:
        assert again.execute("SELECT current_user").fetchone() == ("chengyun_app",)
