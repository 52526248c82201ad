"""Admin of the standing city. What has a checked page of its own (duty list, calendars, people and their posts, shifts) or comes by file
(areas, components) is shown here and changed there.
"""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Q

from chengyun.stores.writing.administering import AuditedAdmin, ReadOnlyAdmin, RecordForm, VersionedAdmin, sentence
from chengyun.stores.writing.city import models


class OrganisationForm(RecordForm):
    """A unit stands below one that exists, and does not end while others lean on it."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        unit, parent, ends = self.instance.id or values.get("id"), values.get("parent"), values.get("valid_to")
        mine = models.Organisation.objects.filter(tenant=AuditedAdmin.tenant())
        if parent is not None and (parent == unit or not mine.filter(id=parent).exists()):
            self.add_error("parent", sentence("admin.parent_unknown", parent=parent))
        if ends is not None and unit is not None and self._leaned_on(unit, ends):
            self.add_error("valid_to", sentence("admin.unit_in_use"))
        return values

    def _leaned_on(self, unit: int, ends: date) -> bool:
        still = Q(valid_to=None) | Q(valid_to__gt=ends)
        units = models.Organisation.objects.filter(still, tenant=AuditedAdmin.tenant())
        if units.filter(id=unit, valid_from__lte=ends).exclude(row=self.instance.row).exists():
            return False  # its next version takes over
        rows = models.DutyRow.objects.filter(still, tenant=AuditedAdmin.tenant())
        return units.filter(parent=unit).exists() or rows.filter(Q(handling_unit=unit) | Q(trade_department=unit) | Q(owner=unit)).exists()


@admin.register(models.Organisation)
class OrganisationAdmin(VersionedAdmin):
    form = OrganisationForm
    list_display = ("code", "name_zh", "name_en", "kind", "parent", "valid_from", "valid_to")
    list_filter = ("kind", "loop")
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("display_order",)


@admin.register(models.Area)
class AreaAdmin(ReadOnlyAdmin):
    exclude = ("tenant", "rings")
    list_display = ("code", "name_zh", "name_en", "kind", "area_class", "valid_from", "valid_to")
    list_filter = ("kind", "area_class")
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("code",)


@admin.register(models.Component)
class ComponentAdmin(ReadOnlyAdmin):
    list_display = ("identifier", "name_zh", "category", "unit_grid", "owner", "state", "valid_to")
    list_filter = ("state",)
    search_fields = ("identifier", "name_zh", "name_en")
    exclude = ("tenant", "cell")
    ordering = ("identifier",)
    show_full_result_count = False


@admin.register(models.CodeSet)
class CodeSetAdmin(VersionedAdmin):
    list_display = ("scheme", "title_zh", "title_en", "valid_from", "valid_to")


@admin.register(models.Category)
class CategoryAdmin(VersionedAdmin):
    list_display = ("code", "name_zh", "name_en", "field", "kind", "translated", "valid_from", "valid_to")
    list_filter = ("scheme", "kind", "field", "translated")
    search_fields = ("code", "name_zh", "name_en", "pinyin")
    ordering = ("code",)


@admin.register(models.StandardEntry)
class StandardEntryAdmin(VersionedAdmin):
    list_display = ("category", "condition_no", "filing_zh", "limit", "area_class", "version", "valid_to")
    search_fields = ("category", "filing_zh", "filing_en")
    ordering = ("category", "condition_no")


@admin.register(models.CategoryField)
class CategoryFieldAdmin(AuditedAdmin):
    book = "city"
    form = RecordForm
    list_display = ("category", "key", "label_zh", "label_en", "kind", "required", "personal_level")
    search_fields = ("category", "label_zh", "label_en")
    ordering = ("category", "key")

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(models.DutyRow)
class DutyRowAdmin(ReadOnlyAdmin):
    list_display = ("number", "version", "category", "major", "area", "owner", "hours", "handling_unit", "valid_from", "valid_to")
    list_filter = ("hours", "source")
    search_fields = ("number", "category")
    ordering = ("number", "-version")


@admin.register(models.WorkCalendar)
class WorkCalendarAdmin(ReadOnlyAdmin):
    list_display = ("name_zh", "name_en", "version", "zone", "published_through", "valid_from", "valid_to")
    ordering = ("id", "-version")
