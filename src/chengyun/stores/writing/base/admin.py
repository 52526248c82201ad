"""Admin of accounts and settings, for looking. Accounts are changed on their own page, where a password is told once and passes through
nothing else; settings by their own doors, which check what is put in. The audit has its page, where looking is itself told to the audit.
"""

from django.contrib import admin

from chengyun.stores.writing.administering import ReadOnlyAdmin
from chengyun.stores.writing.base.models import Account, Setting


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    exclude = ("tenant", "password")
    list_display = ("name", "person", "active", "may_administer", "locked_until")
    list_filter = ("active", "may_administer")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Setting)
class SettingAdmin(ReadOnlyAdmin):
    list_display = ("key", "version", "valid_from", "valid_to", "set_at")
    list_filter = ("key",)
    ordering = ("key", "-version")
