"""Admin of the standing city."""

from django.contrib import admin

from chengyun.stores.writing.administering import AuditedAdmin, VersionedAdmin
from chengyun.stores.writing.city import models


@admin.register(models.Organisation)
class OrganisationAdmin(VersionedAdmin):
    list_display = ("code", "name_zh", "name_en", "kind", "parent", "valid_from", "valid_to")
    list_filter = ("kind", "loop")
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("display_order",)


@admin.register(models.Area)
class AreaAdmin(VersionedAdmin):
    list_display = ("code", "name_zh", "name_en", "kind", "area_class", "valid_from", "valid_to")
    list_filter = ("kind", "area_class")
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("code",)


@admin.register(models.Component)
class ComponentAdmin(VersionedAdmin):
    list_display = ("identifier", "name_zh", "category", "unit_grid", "owner", "state", "valid_to")
    list_filter = ("state",)
    search_fields = ("identifier", "name_zh", "name_en")
    exclude = ("tenant", "cell")
    show_full_result_count = False

    def has_add_permission(self, request: object) -> bool:
        return False  # surveys bring components, by file


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


@admin.register(models.CategoryField)
class CategoryFieldAdmin(AuditedAdmin):
    book = "city"
    list_display = ("category", "key", "label_zh", "label_en", "kind", "required", "personal_level")
    search_fields = ("category", "label_zh", "label_en")

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(models.DutyRow)
class DutyRowAdmin(VersionedAdmin):
    list_display = ("number", "version", "category", "major", "area", "owner", "hours", "handling_unit", "valid_from", "valid_to")
    list_filter = ("hours", "source")
    search_fields = ("number", "category")


@admin.register(models.WorkCalendar)
class WorkCalendarAdmin(VersionedAdmin):
    list_display = ("name_zh", "name_en", "version", "zone", "published_through", "valid_from", "valid_to")


@admin.register(models.Person)
class PersonAdmin(AuditedAdmin):
    book = "city"
    list_display = ("number", "org", "language", "active")
    list_filter = ("active",)
    search_fields = ("number",)

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(models.RoleAssignment)
class RoleAssignmentAdmin(VersionedAdmin):
    list_display = ("person", "role", "area", "org", "fields", "valid_from", "valid_to", "deputy_for")
    list_filter = ("role",)


@admin.register(models.Shift)
class ShiftAdmin(AuditedAdmin):
    book = "city"
    list_display = ("person", "starts", "ends", "area")
    ordering = ("-starts",)
