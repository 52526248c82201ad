"""Every table of a tenant stands on the same ground: key led by the tenant, row security forced, no rights beyond need (A1, A8)."""

import psycopg
import pytest
from django.apps import apps

OF_NO_TENANT = {
    "tenant": "names the tenants themselves; the application may only read it",
    "django_migrations": "which migrations ran",
    "django_session": "sessions before anybody is known; opaque to whoever has no key",
    "django_content_type": "names of tables",
    "django_admin_log": "never written: changes in the admin go to the audit",
    "auth_group": "Django's; not used",
    "auth_group_permissions": "Django's; not used",
    "auth_permission": "Django's; not used",
}
APPEND_ONLY = {"audit_entry", "audit_seal", "case_event"}
CASE_TABLES = ("case_row", "case_event", "case_text", "reporter_identity", "case_address", "timer")


def tables(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
    return {row[0] for row in rows}


def without_ground(connection: psycopg.Connection) -> set[str]:
    """Tables that lack a tenant-led primary key, forced row security, or a policy on all commands."""
    laid = connection.execute("""
        SELECT c.relname FROM pg_class c
        JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] AND a.attname = 'tenant_id'
        WHERE c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
          SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive
            AND pg_get_expr(p.polqual, p.polrelid) LIKE '%chengyun.tenant%' AND p.polwithcheck IS NOT NULL)
          AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid
            AND pg_get_expr(p.polqual, p.polrelid) NOT LIKE '%chengyun.tenant%')
    """)
    return tables(connection) - {row[0] for row in laid} - OF_NO_TENANT.keys()


def test_every_table_is_laid_on_the_ground_of_its_tenant(module_database, owner_connection):
    assert without_ground(owner_connection) == set()


def test_control_a_table_without_policy_is_noticed(database, owner_connection):
    owner_connection.execute("CREATE TABLE stray (tenant_id smallint, id bigint, PRIMARY KEY (id))")
    assert without_ground(owner_connection) == {"stray"}


def test_no_table_stands_outside_the_models(module_database, owner_connection):
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}
    assert tables(owner_connection) <= known


def test_nobody_but_the_owner_may_change_what_is_append_only(module_database, owner_connection):
    for table in APPEND_ONLY & tables(owner_connection):
        for role in ("chengyun_app", "chengyun_desk"):
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                assert not held(owner_connection, role, table, right), f"{role} may {right} {table}"


def test_the_application_may_read_cases_and_write_none(module_database, owner_connection):
    for table in set(CASE_TABLES) & tables(owner_connection):
        assert held(owner_connection, "chengyun_app", table, "SELECT")
        for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            assert not held(owner_connection, "chengyun_app", table, right), f"chengyun_app may {right} {table}"


def held(connection: psycopg.Connection, role: str, table: str, right: str) -> bool:
    # has_table_privilege follows membership only where it is inherited; the application's is not.
    return bool(connection.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, right]).fetchone()[0])


def test_a_transaction_without_a_tenant_gets_an_error_not_an_empty_list(module_database, app_connection):
    with pytest.raises(psycopg.Error):
        app_connection.execute("SELECT * FROM account")


def test_a_session_that_once_had_a_tenant_has_none_afterwards(module_database, app_connection):
    with app_connection.transaction():
        app_connection.execute("SELECT set_config('chengyun.tenant', '1', true)")
        app_connection.execute("SELECT * FROM account")
    with pytest.raises(psycopg.Error):
        app_connection.execute("SELECT * FROM account")


def test_a_query_without_any_scoping_still_sees_one_tenant_alone(database, app_connection):
    for tenant in (1, 2):
        with app_connection.transaction():
            app_connection.execute("SELECT set_config('chengyun.tenant', %s, true)", [str(tenant)])
            app_connection.execute("INSERT INTO tenant_version (tenant_id, book, version) VALUES (%s, 'city', %s)", [tenant, tenant])
    with app_connection.transaction():
        app_connection.execute("SELECT set_config('chengyun.tenant', '1', true)")
        assert app_connection.execute("SELECT tenant_id FROM tenant_version").fetchall() == [(1,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), app_connection.transaction():
        app_connection.execute("SELECT set_config('chengyun.tenant', '1', true)")
        app_connection.execute("INSERT INTO tenant_version (tenant_id, book, version) VALUES (2, 'x', 1)")
