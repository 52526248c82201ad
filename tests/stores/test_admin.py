"""The admin: inside one tenant, told to the audit, and unable to touch a case or a row in force (H1, A1)."""

from datetime import date
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.messages.storage.base import BaseStorage
from django.db import connection
from django.test import RequestFactory, override_settings

from chengyun.stores import accounts
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.administering import AuditedAdmin, Keeper, ReadOnlyAdmin
from chengyun.stores.writing.base.models import Account
from chengyun.stores.writing.cases.models import CaseRow
from chengyun.stores.writing.city.models import Organisation
from stores.written import CLOCK, ONE, TUESDAY, TWO, report

PASSWORD = "a long pass phrase"


@pytest.fixture(autouse=True)
def keeper():
    with (
        patch.object(AuditedAdmin, "keeper", Keeper(CLOCK, b"key", lambda code, **facts: code)),
        patch("django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations", 10),
        override_settings(ROOT_URLCONF="stores.admin_urls"),
    ):
        yield


@pytest.fixture
def administrator(database):
    return accounts.make_account(ONE, "admin", PASSWORD, 3, TUESDAY, may_administer=True)


class Silent(BaseStorage):
    def _get(self, *args, **kwargs):
        return [], True

    def _store(self, messages, response, *args, **kwargs):
        return []


def ask(model, method: str, view: str, account: int, data=None, tenant=ONE, **kwargs):
    """One request to an admin page, inside the tenant as the pages are served."""
    request = getattr(RequestFactory(HTTP_HOST="localhost"), method)("/", data or {})
    request._dont_enforce_csrf_checks = True
    with in_tenant(tenant):
        request.user = Account.objects.get(pk=account)
        request._messages = Silent(request)
        return getattr(admin.site.get_model_admin(model), view)(request, **kwargs)


def audited() -> list[tuple]:
    with in_tenant(ONE), connection.cursor() as cursor:
        cursor.execute("SELECT person, origin, operation, result, length(before), length(after) FROM audit_entry ORDER BY id")
        return cursor.fetchall()


UNIT = {
    "id": 40,
    "code": "WTR",
    "kind": "unit",
    "name_zh": "供水公司",
    "name_en": "Water company",
    "display_order": 4,
    "loop": "medium",
    "phone": "",
    "valid_from": "2026-01-01",
    "valid_to": "",
}


def test_a_new_unit_is_in_the_book_and_in_the_audit(administrator):
    response = ask(Organisation, "post", "add_view", administrator, UNIT)
    assert response.status_code == 302, response.context_data["errors"]
    with in_tenant(ONE), connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, name_zh FROM organisation")
        assert cursor.fetchall() == [(ONE, "供水公司")]
        cursor.execute("SELECT version FROM tenant_version WHERE book = 'city'")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT count(*) FROM audit_entry WHERE operation = 'admin.organisation.add' AND object LIKE 'organisation:%%'")
        assert cursor.fetchone() == (1,)
    assert audited() == [(3, "admin", "admin.organisation.add", "done", 0, 32)]


def test_a_row_in_force_is_ended_never_rewritten(administrator):
    ask(Organisation, "post", "add_view", administrator, UNIT)
    with in_tenant(ONE):
        row = Organisation.objects.get()
    ask(Organisation, "post", "change_view", administrator, UNIT | {"name_zh": "别的", "valid_to": "2026-12-01"}, object_id=str(row.pk))
    with in_tenant(ONE):
        row = Organisation.objects.get()
    assert (row.name_zh, row.valid_to) == ("供水公司", date(2026, 12, 1))
    assert audited()[-1][2:] == ("admin.organisation.change", "done", 32, 32)


def test_the_pages_show_one_tenant_alone(administrator):
    ask(Organisation, "post", "add_view", administrator, UNIT)
    with in_tenant(TWO):
        page = admin.site.get_model_admin(Organisation)
        assert list(page.get_queryset(RequestFactory().get("/"))) == []


def test_passwords_pass_through_no_page(administrator):
    page = admin.site.get_model_admin(Account)
    request = RequestFactory().get("/")
    assert isinstance(page, ReadOnlyAdmin) and "password" in page.exclude
    assert not (page.has_add_permission(request) or page.has_change_permission(request) or page.has_delete_permission(request))


@pytest.mark.parametrize("wrong", [{"kind": "planet"}, {"loop": "none"}, {"parent": "41"}])
def test_a_row_the_program_could_not_read_back_is_refused(administrator, wrong):
    response = ask(Organisation, "post", "add_view", administrator, UNIT | wrong)
    assert response.status_code == 200 and response.context_data["adminform"].form.errors
    with in_tenant(ONE):
        assert Organisation.objects.count() == 0
    assert audited() == []


def test_nothing_is_saved_that_cannot_be_told(administrator):
    with patch.object(AuditedAdmin, "keeper", None), pytest.raises(Exception, match="keeper"):
        ask(Organisation, "post", "add_view", administrator, UNIT)
    with in_tenant(ONE):
        assert Organisation.objects.count() == 0


def test_cases_are_only_shown(administrator):
    case = report()
    page = admin.site.get_model_admin(CaseRow)
    request = RequestFactory().get("/")
    assert isinstance(page, ReadOnlyAdmin)
    assert not (page.has_add_permission(request) or page.has_change_permission(request) or page.has_delete_permission(request))
    with in_tenant(ONE):
        assert [row.number for row in page.get_queryset(request)] == [case.number]
