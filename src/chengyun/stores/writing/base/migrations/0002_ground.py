"""Tenant ground, row security and grants of the `base` tables, and rights on Django's own."""

from django.db import migrations

from chengyun.stores.writing.ground import APP, DESK, grant, lay


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),  # its foreign key is checked once, before row security stands
        ("sessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunSQL(f"GRANT USAGE ON SCHEMA public TO {APP}, {DESK}", migrations.RunSQL.noop),
        grant("tenant", app="SELECT", desk="SELECT"),
        lay("account", app="SELECT, INSERT, UPDATE"),
        lay("tenant_version", app="SELECT, INSERT, UPDATE", desk="SELECT, INSERT, UPDATE"),
        lay("setting", key="id", app="SELECT, INSERT, UPDATE"),
        lay("idempotency", app="SELECT, INSERT, UPDATE, DELETE", desk="SELECT, INSERT, UPDATE"),
        lay("outbox", key="id", app="SELECT, INSERT, UPDATE (sent_at), DELETE", desk="SELECT, INSERT"),
        lay("follower", app="SELECT, INSERT, UPDATE", desk="SELECT, INSERT, UPDATE"),
        lay("audit_entry", key="id", app="SELECT, INSERT", desk="SELECT, INSERT", append_only=True),
        lay("audit_seal", app="SELECT, INSERT", desk="SELECT", append_only=True),
        grant("django_session", app="SELECT, INSERT, UPDATE, DELETE"),
        grant("django_content_type", app="SELECT"),
        grant("auth_permission", app="SELECT"),
        grant("auth_group", app="SELECT"),
        grant("auth_group_permissions", app="SELECT"),
    ]
