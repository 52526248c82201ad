"""Tenant ground, row security and grants of the `cases` tables: the application reads, the desk alone writes, events stay."""

from django.db import migrations

from chengyun.stores.writing.ground import lay, let_draw

DESK = "SELECT, INSERT, UPDATE"
DESK_ERASES = "SELECT, INSERT, UPDATE, DELETE"


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("base", "0002_ground")]

    operations = [
        lay("case_row", key="id", desk=DESK),
        lay("case_event", desk="SELECT, INSERT", append_only=True),
        lay("case_link", desk="SELECT, INSERT, DELETE"),
        lay("case_text", desk=DESK_ERASES),
        lay("case_address", desk=DESK_ERASES),
        lay("reporter_identity", key="id", desk=DESK_ERASES),
        lay("attachment", key="id", app="SELECT, INSERT, DELETE", desk="SELECT"),
        lay("attachment_file", app="SELECT, INSERT, DELETE", desk="SELECT"),
        lay("attachment_claim", app="SELECT, INSERT, DELETE", desk="SELECT"),
        lay("case_attachment", desk="SELECT, INSERT"),
        lay("case_number", desk=DESK),
        lay("timer", key="id", desk=DESK),
        lay("queue_delta", key="id", desk="SELECT, INSERT, DELETE"),
        lay("queue_counter", desk=DESK),
        lay("duty_gap", key="id", desk=DESK),
        lay("duplicate_proposal", desk=DESK),
        let_draw("case_row_id_seq"),
        let_draw("reporter_identity_id_seq"),
    ]
