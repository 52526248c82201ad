"""The marker probe on the real interface and a real database: nothing of tenant B reaches anybody of tenant A (A3, A4).

Every visitor knocks at every reading door the program has, with ids of both tenants. New doors are walked as they are built.
"""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import override_settings

from chengyun.cases import access
from chengyun.stores.tenancy import in_tenant

from .doors import api_doors, django_doors, operation_of, read_doors
from .probe import walk
from .two_cities import FIRST_ID_OF_B, A, B, TwoCities, make_two_cities

WITHOUT_POLICY = {"GET /api/openapi.json"}
"""Says what doors there are, nothing of any city."""


@pytest.fixture(scope="module")
def cities(module_database: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoCities]:
    with override_settings(ALLOWED_HOSTS=[".localhost"]):
        yield make_two_cities(tmp_path_factory.mktemp("two-cities"))


OPENED_ELSEWHERE = ("GET /admin/", "GET /api/v1/attachments/", "GET /api/v1/sources/uploads/", "GET /api/v1/track/")
"""Walked like all others, but what they open (a file, an upload, a live link, the admin's own session) is made by their own tests."""


def values_of(cities: TwoCities):
    """What stands in the places of addresses: things of A, things of B, and what is neither."""
    ids = [case for tenant in (B, A) for case, _ in cities.cases[tenant][:2]]
    numbers = [number for tenant in (B, A) for _, number in cities.cases[tenant][:1]]
    return {
        "cases": [*ids, *numbers],
        "reports": [*ids, *numbers],
        "queues": ["file", "verify", "dispatch", "underway"],
        "attachments": [FIRST_ID_OF_B, 1],
        "flows": ["national", "none"],
        "attachments.2": ["thumb", "large"],
        "units": [1, 5, 11],
        "categories": ["2026:matter:06010", "2026:component:01001"],
        "*": [1, FIRST_ID_OF_B + 1, "x"],
    }


def reading_doors():
    return sorted(door for door in {*api_doors(), *django_doors()} if door.startswith("GET "))


def queries_of(cities: TwoCities):
    word, number = cities.marks.words[-1], cities.cases[B][0][1]
    return ("", f"q={word}", f"q={number.replace(' ', '+')}&tenant=2&limit=50")


@pytest.fixture(scope="module")
def walks(cities):
    """login -> what it was given; None is the stranger. Also which operations each door asked the policy."""
    asked: dict[str, set[str]] = {}
    before = access.may

    def listening(reader, operation, *rest, **more):
        asked.setdefault("now", set()).add(operation)
        return before(reader, operation, *rest, **more)

    found, operations = {}, {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "may", listening)
        for login in (None, *cities.logins):
            visitor = cities.visitor(login)
            for door in reading_doors():
                asked["now"] = set()
                found[login, door] = walk(visitor.knock, [door], values_of(cities), cities.marks, queries_of(cities))
                operations[login, door] = asked["now"]
    return found, operations


def test_no_word_and_no_id_of_the_other_tenant_is_ever_shown(walks):
    found, _ = walks
    assert [hit for walked in found.values() for hit in walked.hits] == []


def test_the_walk_went_through_open_doors(cities, walks):
    """Control: a probe that was refused everywhere has seen nothing."""
    found, _ = walks
    opened = {door for (_, door), walked in found.items() if walked.doors_answering(200)}
    assert {door for door in reading_doors() if not door.startswith(OPENED_ELSEWHERE)} - opened == set()
    assert all(walked.doors_answering(500) == set() for walked in found.values())


def test_every_reading_door_asks_the_policy_what_its_row_says(walks):
    _, operations = walks
    rows = read_doors()
    for door in reading_doors():
        if door not in WITHOUT_POLICY:
            asked = set().union(*(found for (_, knocked), found in operations.items() if knocked == door))
            assert operation_of(door, rows) in asked, door


def test_a_row_of_the_other_tenant_is_absent_from_the_administration_pages(cities):
    """By its row's own number, which nothing but row security and the pages' own limit keeps apart."""
    visitor = cities.visitor("admin")
    for tenant, status in ((A, 200), (B, 404)):
        with in_tenant(tenant), connections["default"].cursor() as cursor:
            cursor.execute('SELECT max("row") FROM organisation')
            row = cursor.fetchone()[0]
        assert visitor.knock(f"/admin/city/organisation/{row}/change/").status == status, tenant
        assert visitor.knock(f"/admin/city/organisation/{row}/delete/").status == 403, "nobody deletes any, whosever it is"


def test_the_markers_are_really_there(cities):
    """Control: the tenant B of the probe is full, and whoever stands in it reads its words."""
    missing = dict.fromkeys(cities.marks.words)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('chengyun.tenant', %s, false)", [str(int(B))])
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
    text = []
    with in_tenant(B), connections["default"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT has_table_privilege(current_user, '{table}', 'SELECT')")
            if cursor.fetchone()[0]:
                cursor.execute(f"SELECT t::text FROM {table} t")
                text += [row[0] for row in cursor.fetchall()]
    whole = "\n".join(text)
    kept_as_digest = {"idempotency_key.key"}
    missing = {where for word, where in ((w, cities.marks._fields[w]) for w in missing) if word not in whole} - kept_as_digest
    assert missing == set()


def test_row_security_shows_tenant_a_no_row_of_b_even_when_asked_for_all(cities):
    """The second wall (A8): every table the application may read, read whole as A."""
    with in_tenant(A), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'"
            " AND has_table_privilege(current_user, quote_ident(table_name), 'SELECT')"
        )
        tables = [row[0] for row in cursor.fetchall()]
        assert "case_row" in tables and "case_text" in tables
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert [hit for row in cursor.fetchall() for hit in cities.marks.found_in(row[0])] == [], table
