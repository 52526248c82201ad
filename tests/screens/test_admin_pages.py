"""The administration pages: who opens which, told to the audit, one tenant, nothing done to cases."""

import re
from typing import Any

import pytest
from django.db import connection

from chengyun.screens.admin.asgi import FILES
from chengyun.screens.admin.naming import word
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.base.models import Account
from chengyun.stores.writing.cases.models import CaseRow
from chengyun.stores.writing.city.models import CodeSet, Organisation
from screens.conftest import Town, Visitor
from screens.test_doors import _report

INDEX, UNITS, ACCOUNTS, CASES = "/admin/", "/admin/city/organisation/", "/admin/base/account/", "/admin/cases/caserow/"
MAY = {"admin": {UNITS}, "security": {ACCOUNTS}, "auditor": {CASES}}
CODE_SET = {
    "scheme": "2027",
    "standard": "GB/T 1",
    "title_zh": "新编码",
    "title_en": "New set",
    "confidence": "",
    "valid_from": "2027-01-01",
}
UNIT = {
    "id": "9001",
    "code": "NEW-01",
    "kind": "unit",
    "name_zh": "新单位",
    "name_en": "New unit",
    "display_order": "900",
    "loop": "medium",
    "area": "",
    "phone": "",
    "valid_from": "2026-01-01",
}


def send(visitor: Visitor, path: str, body: dict[str, Any]) -> Any:
    """A form filled in and sent as a browser does, with the token of the page."""
    page = visitor.get(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    return visitor.client.post(path, body | ({"csrfmiddlewaretoken": token[1]} if token else {}))


def audited(town: Town, operation: str) -> list[tuple[Any, ...]]:
    with in_tenant(town.city.tenant), connection.cursor() as cursor:
        cursor.execute("SELECT object, length(before), length(after) FROM audit_entry WHERE operation = %s ORDER BY id", [operation])
        return cursor.fetchall()


def units(town: Town, **which: Any) -> list[Any]:
    with in_tenant(town.city.tenant):
        return list(Organisation.objects.filter(tenant=town.city.tenant, **which))


@pytest.mark.parametrize("account", ["admin", "security", "auditor"])
def test_each_administrator_opens_the_index_and_his_part_alone(town: Town, account: str) -> None:
    visitor = town.visitor(account)
    page = visitor.get(INDEX)
    assert page.status_code == 200
    for part in (UNITS, ACCOUNTS, CASES):
        mine = part in MAY[account]
        assert (visitor.get(part).status_code, part.encode() in page.content) == ((200, True) if mine else (403, False)), part


@pytest.mark.parametrize("account", ["lead", "dispatcher", "clerk", "leader", "intake", "assessor", "hotline", "citizen"])
def test_nobody_else_opens_any_page(town: Town, account: str) -> None:
    visitor = town.visitor(account)
    assert [visitor.get(path).status_code for path in (INDEX, UNITS, ACCOUNTS, CASES)] == [403] * 4


def test_a_stranger_is_sent_to_sign_in_and_there_is_no_second_way(town: Town) -> None:
    stranger = town.visitor()
    for path in (INDEX, UNITS, "/admin/jsi18n/"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/"), path
    for path in ("/admin/login/", "/admin/logout/", "/admin/password_change/", "/admin/auth/group/"):
        assert town.visitor("admin").get(path).status_code == 404, path


def test_the_pages_speak_the_persons_language(town: Town) -> None:
    visitor = town.visitor("admin")
    for tongue, unit in (("zh", "单位"), ("en", "Units")):
        visitor.client.headers = {}
        page = visitor.client.get(UNITS, headers={"x-language": tongue}).content.decode()
        assert "<h1>" in page and unit in page and "admin.column" not in page and "admin.table" not in page


def test_what_is_added_is_saved_with_its_audit_entry_and_known_at_once(town: Town) -> None:
    answer = send(town.visitor("admin"), f"{UNITS}add/", UNIT)
    assert (answer.status_code, answer.headers.get("Location")) == (302, UNITS), answer.content.decode()[-3000:]
    (row,) = units(town, code="NEW-01")
    assert audited(town, "admin.organisation.add")[-1] == (f"organisation:{row.pk}", 0, 32)
    assert 9001 in town.house.book.organisations(town.city.tenant, town.clock.now())


def test_a_row_in_force_is_ended_and_nothing_else_of_it_changes(town: Town) -> None:
    visitor = town.visitor("admin")
    send(visitor, "/admin/city/codeset/add/", CODE_SET)
    with in_tenant(town.city.tenant):
        row = CodeSet.objects.get(scheme="2027")
    path = f"/admin/city/codeset/{row.pk}/change/"
    assert send(visitor, path, {"valid_to": "2028-01-01", "title_zh": "别的"}).status_code == 302
    with in_tenant(town.city.tenant):
        row.refresh_from_db()
    assert (row.title_zh, str(row.valid_to)) == ("新编码", "2028-01-01")
    assert audited(town, "admin.code_set.change") == [(f"code_set:{row.pk}", 32, 32)]
    assert visitor.get(f"/admin/city/codeset/{row.pk}/delete/").status_code == 403


@pytest.mark.parametrize("wrong", [{"kind": "planet"}, {"loop": "; --"}, {"parent": "123456"}, {"valid_from": "soon"}, {"id": str(10**30)}])
def test_what_the_program_could_not_read_back_is_refused_and_changes_nothing(town: Town, wrong: dict[str, str]) -> None:
    before = len(audited(town, "admin.organisation.add"))
    answer = send(town.visitor("admin"), f"{UNITS}add/", UNIT | {"id": "9002", "code": "NEW-02"} | wrong)
    assert answer.status_code == 200 and b"errorlist" in answer.content
    assert (units(town, code="NEW-02"), len(audited(town, "admin.organisation.add"))) == ([], before)
    assert town.house.book.organisations(town.city.tenant, town.clock.now())


def test_a_unit_others_lean_on_is_not_ended(town: Town) -> None:
    unit = town.city.organisations.id("WTB-DR")
    (row,) = units(town, id=unit)
    answer = send(town.visitor("admin"), f"{UNITS}{row.pk}/change/", {"valid_to": "2026-11-25"})
    assert answer.status_code == 200 and b"errorlist" in answer.content
    assert units(town, id=unit)[0].valid_to is None


def test_a_form_without_its_token_is_refused(town: Town) -> None:
    assert town.visitor("admin").client.post(f"{UNITS}add/", UNIT | {"id": "9003", "code": "NEW-03"}).status_code == 403
    assert units(town, code="NEW-03") == []


def test_a_case_is_shown_and_cannot_be_changed_or_deleted(town: Town) -> None:
    case = town.visitor("hotline").post("/api/v1/sources/reports", _report(town)).json()["case"]
    auditor = town.visitor("auditor")
    with in_tenant(town.city.tenant):
        row = CaseRow.objects.get(pk=case)
    page = auditor.get(f"{CASES}{case}/change/")
    assert page.status_code == 200 and row.number in page.content.decode()
    shown = set(re.findall(r"field-(\w+)", page.content.decode()))
    assert "state" in shown and not {"reported_by", "checker", "doc", "lon", "lat"} & shown
    assert send(auditor, f"{CASES}{case}/change/", {"state": "closed"}).status_code == 403
    assert auditor.get(f"{CASES}{case}/delete/").status_code == 403
    assert send(auditor, f"{CASES}{case}/delete/", {"post": "yes"}).status_code == 403
    assert auditor.get(f"{CASES}add/").status_code == 403
    send(auditor, CASES, {"action": "delete_selected", "_selected_action": str(case), "post": "yes"})
    with in_tenant(town.city.tenant):
        after = CaseRow.objects.get(pk=case)
    assert (after.state, after.seq) == (row.state, row.seq)


def test_accounts_and_settings_are_shown_without_passwords_and_not_changed(town: Town) -> None:
    security = town.visitor("security")
    with in_tenant(town.city.tenant):
        account = Account.objects.get(name="admin")
    page = security.get(f"{ACCOUNTS}{account.pk}/change/")
    assert page.status_code == 200 and account.password not in page.content.decode()
    assert send(security, f"{ACCOUNTS}{account.pk}/change/", {"name": "mine", "active": ""}).status_code == 403
    assert security.get(f"{ACCOUNTS}add/").status_code == security.get("/admin/base/setting/add/").status_code == 403
    with in_tenant(town.city.tenant):
        assert Account.objects.get(pk=account.pk).name == "admin"


@pytest.mark.parametrize("path", [f"{UNITS}99999999/change/", f"{UNITS}x/change/", f"{UNITS}99999999/history/", f"{UNITS}%27/change/"])
def test_a_row_that_is_not_there_is_not_found(town: Town, path: str) -> None:
    assert town.visitor("admin").get(path).status_code == 404


def test_every_page_of_every_table_opens_with_its_words(town: Town) -> None:
    from chengyun.screens.admin.site import OPERATIONS, site

    who = {"admin.reference": "admin", "admin.accounts": "security", "admin.cases": "auditor"}
    for model, pages in site._registry.items():
        label, name = model._meta.app_label, model._meta.model_name
        visitor = town.visitor(who[OPERATIONS[label]])
        page = visitor.get(f"/admin/{label}/{name}/", q="x") if pages.search_fields else visitor.get(f"/admin/{label}/{name}/")
        assert page.status_code == 200, name
        with in_tenant(town.city.tenant):
            row = model._default_manager.first()
        if row is not None:
            page = visitor.get(f"/admin/{label}/{name}/{row.pk}/change/")
            assert (
                page.status_code == 200
                and b"admin.column." not in page.content
                and b"admin.table." not in page.content
                and b"admin.row." not in page.content
            ), name


def test_what_the_pages_ask_for_is_served_from_here(town: Town) -> None:
    visitor = town.visitor("admin")
    for path in (INDEX, UNITS, f"{UNITS}add/"):
        text = visitor.get(path).content.decode()
        asked = re.findall(r'(?:src|href)="/django-static/([^"?]+)"', text)
        assert asked and set(asked) <= set(FILES), path
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text) and not re.search(r'\son\w+="', text), path


def test_words_are_said_anew_on_each_page() -> None:
    from django.utils import translation

    title = word("admin.index")
    with translation.override("en"):
        english = str(title)
    with translation.override("zh-hans"):
        assert str(title) != english
