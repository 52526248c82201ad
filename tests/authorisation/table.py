"""The authorisation table, read; and the small city in which its cells are tried.

`authorisation.csv` is written by hand from the promises (A1-A7, P2) and the trade (domain.md 1.1, 3.5, 9.10-9.12). It is never made
from the program: the program is held against it.
"""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

from chengyun.base.ids import AreaCode, OrgId, PersonId, TenantId
from chengyun.cases.access import Channel, Kind, Reader, ReporterRef, Target
from chengyun.city.records import Role
from chengyun.city.roles import Post

FILE = Path(__file__).with_name("authorisation.csv")

ROLES = [role for role in Role if role is not Role.SYSTEM]
WORDS = {"allow", "scope", "own", "masked", "agreed", "deny"}


@dataclass(frozen=True)
class Row:
    line: int
    operation: str
    tenant: str
    group: str
    cells: dict[str, str]


def read_table() -> list[Row]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            Row(line, row.pop("operation"), row.pop("tenant"), row.pop("group"), row) for line, row in enumerate(csv.DictReader(file), 2)
        ]


OURS, THEIRS = TenantId(1), TenantId(2)
ME, SOMEBODY, COLLEAGUE = PersonId(100), PersonId(101), PersonId(102)
GOVERNMENT, CENTRE, BUREAU, UNIT, TEAM, OTHER_BUREAU, OTHER_UNIT = (OrgId(n) for n in (1, 5, 10, 11, 12, 20, 21))
HERE, ELSEWHERE = AreaCode("110108001"), AreaCode("110108002")

_ORG_OF = {
    Role.UNIT_CLERK: (UNIT, {UNIT, TEAM}, {BUREAU, GOVERNMENT}),
    Role.HANDLER: (UNIT, {UNIT, TEAM}, {BUREAU, GOVERNMENT}),
    Role.SUPERVISING_DEPT: (BUREAU, {BUREAU, UNIT, TEAM}, {GOVERNMENT}),
}
_NO_SCOPE = {Role.CITIZEN, Role.MACHINE, Role.ANONYMOUS, Role.SYSTEM, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR}


def post_of(role: Role, deputy_for: PersonId | None = None) -> Post:
    """The usual post: those of the centre work in one street, those of a unit for that unit everywhere."""
    if role in _ORG_OF:
        org, below, above = _ORG_OF[role]
        return Post(role, None, org, frozenset(below), frozenset(above), None, deputy_for)
    if role in _NO_SCOPE:
        return Post(role)
    return Post(role, (HERE,), CENTRE, None, frozenset({GOVERNMENT}), None, deputy_for)


def reader_of(role: Role, tenant: TenantId = OURS, channel: Channel = Channel.DESK) -> Reader:
    return Reader(tenant, None if role in {Role.ANONYMOUS, Role.SYSTEM} else ME, (post_of(role),), channel)


KINDS = {
    "case.": Kind.CASE,
    "queue.": Kind.CASE,
    "live.": Kind.CASE,
    "tile.cases": Kind.CASE,
    "admin.cases": Kind.CASE,
    "evaluation.cases": Kind.CASE,
    "attachment.": Kind.ATTACHMENT,
    "unmask.approve": Kind.CASE,
    "export.approve": Kind.CASE,
    "evaluation.": Kind.UNIT,
    "city.duty_list.write": Kind.DUTY_ROW,
    "account.": Kind.ACCOUNT,
    "session.close": Kind.PERSONAL,
    "me.": Kind.PERSONAL,
    "notice.": Kind.PERSONAL,
    "shift.": Kind.PERSONAL,
    "absence.": Kind.PERSONAL,
    "upload.continue": Kind.PERSONAL,
}


def kind_of(operation: str) -> Kind:
    """The longest beginning decides."""
    fitting = [start for start in KINDS if operation.startswith(start)]
    return KINDS[max(fitting, key=len)] if fitting else Kind.COLLECTION


def in_scope(operation: str, tenant: TenantId = OURS) -> Target:
    """A thing in the street and with the unit of the posts above, of other people; everything else a door would check is in order."""
    personal = kind_of(operation) is Kind.PERSONAL
    return Target(
        tenant=tenant,
        kind=kind_of(operation),
        area=AreaCode(HERE + "002003"),
        orgs=frozenset({UNIT, CENTRE}) if personal else frozenset({UNIT}),
        trade_department=BUREAU,
        field="facilities",
        reporters=(ReporterRef(SOMEBODY),),
        reported_by=SOMEBODY,
        handler=COLLEAGUE,
        checker=COLLEAGUE,
        person=SOMEBODY,
        asked_by=SOMEBODY,
        reason="电话回访报告人",
        demo=True,
    )


def out_of_scope(operation: str, tenant: TenantId = OURS) -> Target:
    return replace(
        in_scope(operation, tenant),
        area=AreaCode(ELSEWHERE + "001001"),
        orgs=frozenset({OTHER_UNIT}),
        trade_department=OTHER_BUREAU,
        field="traffic",
    )


def own(operation: str, tenant: TenantId = OURS) -> Target:
    """Out of every scope, but the reader's own: reported by him, given to him, or in his hand by a secret key."""
    mine = replace(out_of_scope(operation, tenant), reporters=(ReporterRef(ME),), reported_by=ME, person=ME, asked_by=SOMEBODY)
    if operation in {"case.track", "upload.continue"}:
        return replace(mine, capability=True)
    if operation == "attachment.read":
        return replace(mine, capability=True, published=True)
    return mine
