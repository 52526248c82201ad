"""Ground of every admin page of the stores: inside one tenant, told to the audit, versions raised, history untouched.

Django's own admin log is not written: it keeps names of things in plain text and has no tenant. `AuditedAdmin.keeper` is handed in by
whoever puts the process together; without it nothing can be saved.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from django import forms
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse

from chengyun.base.ids import PersonId, TenantId
from chengyun.base.time import Clock
from chengyun.city.records import Role
from chengyun.stores.tenancy import current_tenant
from chengyun.stores.writing.cases.work import keyed
from chengyun.stores.writing.city.rows import record_of


@dataclass(frozen=True)
class Keeper:
    """The clock that dates what is done, the key of the audit's digests, and the sentence of a code in the reader's language."""

    clock: Clock
    key: bytes
    say: Callable[..., str]


def sentence(code: str, **facts: object) -> str:
    """What the reader is told, in his language."""
    return code if AuditedAdmin.keeper is None else AuditedAdmin.keeper.say(code, **facts)


class RecordForm(forms.ModelForm):
    """Takes only what the program can read back: a word that no kind, field or limit has would leave the city without its book."""

    def _post_clean(self) -> None:
        super()._post_clean()
        if not self.errors:
            try:
                record_of(AuditedAdmin.tenant(), self.instance)
            except msgspec.ValidationError as fault:
                self.add_error(None, sentence("admin.not_readable", why=str(fault)))


class AuditedAdmin(admin.ModelAdmin):
    """A page of one tenant's rows. Every save and deletion leaves an audit entry in its transaction, or does not happen (promise H1)."""

    keeper: ClassVar[Keeper | None] = None
    book: ClassVar[str | None] = None
    """The book whose version a change raises."""
    exclude = ("tenant",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(tenant=self.tenant())

    @staticmethod
    def tenant() -> TenantId:
        tenant = current_tenant()
        if tenant is None:
            raise ImproperlyConfigured("the admin is served inside a transaction of one tenant")
        return tenant

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404  # a row of another tenant is as absent as one that never was

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise Http404  # what was done to a row stands in the audit, for those who may read it

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # nothing is done to many rows at once

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        obj.tenant = self.tenant()
        before = self._digest(type(obj).objects.filter(tenant=obj.tenant, pk=obj.pk).first()) if change else b""
        super().save_model(request, obj, form, change)
        self._tell(request, f"{self._word()}.{'change' if change else 'add'}", obj, before, self._digest(obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        before, pk = self._digest(obj), obj.pk
        super().delete_model(request, obj)
        obj.pk = pk
        self._tell(request, f"{self._word()}.delete", obj, before, b"")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Told by `save_model`."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Told by `save_model`."""

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Told by `delete_model`."""

    def _word(self) -> str:
        return f"admin.{self.opts.db_table}"

    @staticmethod
    def _digest(obj: models.Model | None) -> bytes:
        if obj is None:
            return b""
        values = [str(getattr(obj, f.attname)) for f in obj._meta.concrete_fields]
        return hashlib.sha256("\x1f".join(values).encode()).digest()

    def _tell(self, request: HttpRequest, operation: str, obj: Any, before: bytes, after: bytes) -> None:
        keeper = AuditedAdmin.keeper
        if keeper is None:
            raise ImproperlyConfigured("the admin has no keeper: nothing may be saved that cannot be told to the audit")
        person: PersonId | None = getattr(request.user, "person", None)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO audit_entry (tenant_id, at, person, deputy_for, role, origin, operation, object, result, before, after)"
                " VALUES (%s, %s, %s, NULL, %s, 'admin', %s, %s, 'done', %s, %s)",
                [
                    self.tenant(),
                    keeper.clock.now(),
                    person,
                    Role.SYSTEM_ADMIN.value,
                    operation,
                    f"{self.opts.db_table}:{obj.pk}",
                    keyed(keeper.key, before),
                    keyed(keeper.key, after),
                ],
            )
            if self.book is not None:
                cursor.execute(
                    "INSERT INTO tenant_version (tenant_id, book, version) VALUES (%s, %s, 1)"
                    " ON CONFLICT (tenant_id, book) DO UPDATE SET version = tenant_version.version + 1",
                    [self.tenant(), self.book],
                )


class VersionedAdmin(AuditedAdmin):
    """Reference data: a row in force is never rewritten, since past cases are read by it. One ends it and adds the next."""

    book = "city"
    form = RecordForm
    changed_later: ClassVar[tuple[str, ...]] = ("valid_to",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        names = [f.name for f in self.opts.concrete_fields if f.name not in ("row", "tenant", *self.changed_later)]
        return tuple(names)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(AuditedAdmin):
    """For looking, never for changing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
