"""People who work here, one at a time: their number, their name, their posts, and the accounts they sign in with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from chengyun.base.ids import AreaCode, OrgId, PersonId, TenantId
from chengyun.city.records import Assignment, Person, Role, Scope
from chengyun.stores.city_load import raise_version
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.city.rows import insert, write_rows


@dataclass(frozen=True, slots=True)
class AccountLine:
    id: int
    name: str
    person: PersonId | None
    active: bool
    locked_until: datetime | None


_LINE = "SELECT id, name, person, active, locked_until FROM account WHERE tenant_id = %s"


def list_accounts(tenant: TenantId) -> tuple[AccountLine, ...]:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"{_LINE} ORDER BY id", [tenant])
        return tuple(AccountLine(*row) for row in cursor.fetchall())


def find_account(tenant: TenantId, account: int) -> AccountLine | None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"{_LINE} AND id = %s", [tenant, account])
        row = cursor.fetchone()
    return AccountLine(*row) if row else None


def add_person(tenant: TenantId, number: str, org: OrgId, language: str, name: str, phone: str) -> PersonId:
    """A new person without posts. Two at once take numbers one after the other."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1128882179, %s)", [tenant])
        cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM person WHERE tenant_id = %s", [tenant])
        id_ = PersonId(cursor.fetchone()[0])
        write_rows(tenant, [Person(id_, tenant, number, org, (), language)])
        names = {"person": id_, "name_zh": name, "name_en": "", "phone": phone}
        insert(tenant, "person_name", tuple(names), ("person",), [names])
        raise_version(tenant, "city")
    return id_


def add_assignment(tenant: TenantId, person: PersonId, given: Assignment) -> None:
    scope = given.scope
    row = {
        "person": person,
        "role": given.role,
        "area": scope.area,
        "org": scope.org,
        "fields": sorted(scope.fields) if scope.fields is not None else None,
        "valid_from": given.valid_from,
        "valid_to": given.valid_to,
        "deputy_for": given.deputy_for,
    }
    with in_tenant(tenant):
        insert(tenant, "role_assignment", tuple(row), (), [row])
        raise_version(tenant, "city")


def read_assignments(tenant: TenantId, people: Collection[PersonId]) -> tuple[tuple[int, PersonId, Assignment], ...]:
    """(row, person, post) of these people, past ones included, in the order of their beginning."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT row, person, role, area, org, ARRAY(SELECT jsonb_array_elements_text(fields)), fields IS NULL OR fields = 'null',"
            " valid_from, valid_to, deputy_for FROM role_assignment WHERE tenant_id = %s AND person = ANY(%s) ORDER BY valid_from, row",
            [tenant, list(people)],
        )
        return tuple(
            (
                row,
                PersonId(person),
                Assignment(
                    Role(role),
                    Scope(AreaCode(area) if area else None, OrgId(org) if org else None, None if every else frozenset(fields)),
                    begins,
                    ends,
                    PersonId(deputy) if deputy is not None else None,
                ),
            )
            for row, person, role, area, org, fields, every, begins, ends, deputy in cursor.fetchall()
        )


def end_assignment(tenant: TenantId, person: PersonId, row: int, day: date) -> bool:
    """Let a post end before `day`; one that has not begun by then never begins. False if it had ended by then already."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE role_assignment SET valid_to = greatest(valid_from, %s) WHERE tenant_id = %s AND person = %s AND row = %s"
            " AND (valid_to IS NULL OR valid_to > greatest(valid_from, %s))",
            [day, tenant, person, row, day],
        )
        ended = bool(cursor.rowcount)
        if ended:
            raise_version(tenant, "city")
    return ended
