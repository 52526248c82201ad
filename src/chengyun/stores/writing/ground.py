"""The ground under every table: the tenant leads its key, row security stands, and each role gets the rights it needs and no more.

Used by migrations only. A table that is not laid on this ground fails `tests/stores/test_ground.py`.

    chengyun_owner   owns the tables, migrates; row security is forced on it too
    chengyun_app     login of web and worker: reads, and writes what is not the history of a case
    chengyun_desk    taken for one transaction (`SET LOCAL ROLE`) by the unit of work of a desk; the only one that writes cases
"""

from django.db import migrations

OWNER, APP, DESK = "chengyun_owner", "chengyun_app", "chengyun_desk"
TENANT_SETTING = "chengyun.tenant"


def lay(table: str, *, key: str = "", app: str = "SELECT", desk: str = "SELECT", append_only: bool = False) -> migrations.RunSQL:
    """Primary key led by the tenant, forced row security, grants.

    key          columns after `tenant_id` in the key; empty: the model has a composite key already
    append_only  neither app nor desk may ever update, delete or truncate (checked here, so that a slip in a migration stops it)
    """
    if append_only and any(word in f"{app} {desk}" for word in ("UPDATE", "DELETE", "TRUNCATE")):
        raise ValueError(f"{table} is append-only; it grants {app} / {desk}")
    statements = []
    if key:
        statements.append(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (tenant_id, {key})")
    statements += [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        # No second argument: a transaction that names no tenant gets an error, never an empty list.
        f"CREATE POLICY of_the_tenant ON {table} USING (tenant_id = current_setting('{TENANT_SETTING}')::smallint)"
        f" WITH CHECK (tenant_id = current_setting('{TENANT_SETTING}')::smallint)",
        f"REVOKE ALL ON {table} FROM PUBLIC, {APP}, {DESK}",
    ]
    statements += [f"GRANT {rights} ON {table} TO {role}" for role, rights in ((APP, app), (DESK, desk)) if rights]
    return migrations.RunSQL(";\n".join(statements), migrations.RunSQL.noop)


def grant(table: str, *, app: str = "", desk: str = "") -> migrations.RunSQL:
    """Rights on a table that belongs to no tenant (sessions, content types)."""
    statements = [f"REVOKE ALL ON {table} FROM PUBLIC, {APP}, {DESK}"]
    statements += [f"GRANT {rights} ON {table} TO {role}" for role, rights in ((APP, app), (DESK, desk)) if rights]
    return migrations.RunSQL(";\n".join(statements), migrations.RunSQL.noop)


def let_draw(sequence: str, *, app: bool = False) -> migrations.RunSQL:
    """The desk may draw numbers from this sequence."""
    roles = f"{DESK}, {APP}" if app else DESK
    return migrations.RunSQL(f"GRANT USAGE ON SEQUENCE {sequence} TO {roles}", migrations.RunSQL.noop)
