"""Admin of accounts and settings; the audit is for looking."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest

from chengyun.stores.writing.administering import AuditedAdmin, ReadOnlyAdmin, VersionedAdmin
from chengyun.stores.writing.base.models import Account, AuditEntry, Setting


class AccountForm(forms.ModelForm):
    """A new password closes every open session; left empty, the old one stays."""

    new_password = forms.CharField(required=False, min_length=12, strip=False, widget=forms.PasswordInput(render_value=False))

    class Meta:
        model = Account
        fields = ("name", "person", "active", "may_administer")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.instance.pk is None and not values.get("new_password"):
            self.add_error("new_password", "a new account needs a password of at least 12 signs")
        return values


@admin.register(Account)
class AccountAdmin(AuditedAdmin):
    form = AccountForm
    exclude = None
    list_display = ("name", "person", "active", "may_administer", "tries", "locked_until")
    list_filter = ("active", "may_administer")
    search_fields = ("name",)
    actions = ("close_sessions", "unlock")

    def save_model(self, request: HttpRequest, obj: Account, form: forms.ModelForm, change: bool) -> None:
        if not change:
            assert AuditedAdmin.keeper is not None
            obj.made_at = AuditedAdmin.keeper.clock.now()
        if form.cleaned_data.get("new_password"):
            obj.set_password(form.cleaned_data["new_password"])
        if change:
            obj.session_epoch += 1
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # an account that acted is switched off, not taken out of the history

    @admin.action(description="Close all sessions")
    def close_sessions(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset:
            Account.objects.filter(tenant=self.tenant(), pk=account.pk).update(session_epoch=F("session_epoch") + 1)
            self._tell(request, "account.close_sessions", account, b"", b"")

    @admin.action(description="Unlock")
    def unlock(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset:
            Account.objects.filter(tenant=self.tenant(), pk=account.pk).update(tries=0, locked_until=None)
            self._tell(request, "account.unlock", account, b"", b"")


@admin.register(Setting)
class SettingAdmin(VersionedAdmin):
    list_display = ("key", "version", "valid_from", "valid_to", "set_at")
    list_filter = ("key",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "person", "role", "origin", "operation", "object", "result")
    list_filter = ("role", "operation")
    search_fields = ("object",)
    ordering = ("-id",)
    show_full_result_count = False
