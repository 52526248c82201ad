"""Cases are shown, never changed: only their desk changes them, and the database knows it."""

from django.contrib import admin

from chengyun.stores.writing.administering import ReadOnlyAdmin
from chengyun.stores.writing.cases.models import CaseRow, DutyGap, Timer


@admin.register(CaseRow)
class CaseRowAdmin(ReadOnlyAdmin):
    list_display = ("number", "state", "category", "urgency", "family", "holder", "reported_at", "due_at")
    list_filter = ("open", "state", "family", "urgency", "provenance")
    search_fields = ("number",)
    # Places are personal, and who reported and who checks is internal: the case page shows them to those who may.
    exclude = ("tenant", "doc", "lon", "lat", "cell", "reported_by", "checker")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Timer)
class TimerAdmin(ReadOnlyAdmin):
    list_display = ("due_at", "kind", "case", "clock", "state", "tries")
    list_filter = ("state", "kind")
    ordering = ("-due_at",)
    show_full_result_count = False


@admin.register(DutyGap)
class DutyGapAdmin(ReadOnlyAdmin):
    list_display = ("case", "opened_at", "closed_at", "duty_row")
