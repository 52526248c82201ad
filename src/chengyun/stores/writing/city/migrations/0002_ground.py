"""Tenant ground, row security and grants of the `city` tables."""

from django.db import migrations

from chengyun.stores.writing.ground import lay

TABLES = (
    "organisation",
    "area",
    "component",
    "code_set",
    "category",
    "standard_entry",
    "category_field",
    "work_calendar",
    "person",
    "person_name",
)
EDITED = "SELECT, INSERT, UPDATE"


class Migration(migrations.Migration):
    dependencies = [("city", "0001_initial"), ("base", "0002_ground")]

    operations = [
        *(lay(table, key='"row"', app=EDITED) for table in TABLES),
        lay("duty_row", key='"row"', app=EDITED, desk="SELECT, INSERT, UPDATE (valid_to)"),
        lay("role_assignment", key='"row"', app="SELECT, INSERT, UPDATE, DELETE"),
        lay("shift", key='"row"', app="SELECT, INSERT, UPDATE, DELETE"),
    ]
