"""Tenant ground, row security and grants of the `tasks` tables."""

from django.db import migrations

from chengyun.stores.writing.ground import lay, let_draw


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial"), ("base", "0002_ground")]

    operations = [
        lay("notice", key="id", app="SELECT, INSERT, UPDATE (read_at), DELETE"),
        let_draw("notice_id_seq", app=True),
    ]
