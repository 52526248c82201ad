"""Finding a case by what a caller can say: its number, the end of his phone number, the place in words.

Phones and addresses are level 3: the door asks the policy first and passes `people`; without it only numbers are looked at.
"""

import re

from django.db import connection

from chengyun.base.ids import CaseId
from chengyun.cases.access import CaseFilter
from chengyun.stores.reading.filters import Asked, where
from chengyun.stores.reading.lists import CaseLine, lines_of
from chengyun.stores.tenancy import in_tenant

MOST = 50


def search(only: CaseFilter, text: str, *, people: bool = False, size: int = 20) -> tuple[CaseLine, ...]:
    """Newest first; exact numbers before everything else. Nothing is found by less than two signs."""
    asked = " ".join(text.split())
    size = min(size, MOST)
    if len(asked) < 2:
        return ()
    with in_tenant(only.tenant):
        found = dict.fromkeys(_by_number(only, asked, size))
        if people and len(found) < size:
            digits = re.sub(r"\D", "", asked)
            if len(digits) >= 4 and re.fullmatch(r"[\d\s+()-]+", asked):
                found |= dict.fromkeys(_by_phone(only, digits, size))
            found |= dict.fromkeys(_by_address(only, asked, size))
        return lines_of(only, list(found)[:size])


def _by_number(only: CaseFilter, asked: str, size: int) -> list[CaseId]:
    """`WJ 2611 24 0147`, `wj261124147`-like runs without gaps, or the head of a number."""
    signs = re.sub(r"[^0-9A-Za-z]", "", asked).upper()
    grouped = re.fullmatch(r"([A-Z]{1,4})(\d{4})(\d{2})(\d{1,9})", signs)
    heads = [asked.upper()]
    if grouped:
        heads.insert(0, f"{grouped[1]} {grouped[2]} {grouped[3]} {int(grouped[4]):04d}")
    found = where(only, Asked())
    spans = [f"(c.number >= {found.bind(head)} AND c.number < {found.bind(head + '~')})" for head in heads]
    found.need(f"({' OR '.join(spans)})")
    return _ids(only, f"SELECT c.id FROM case_row c WHERE {found.sql} ORDER BY c.number DESC LIMIT {size}", found.values)


def _by_phone(only: CaseFilter, digits: str, size: int) -> list[CaseId]:
    found = where(only, Asked())
    found.need(f"r.phone_tail = {found.bind(digits[-4:])}")
    if len(digits) > 4:
        found.need(f"regexp_replace(r.phone, '\\D', '', 'g') LIKE {found.bind('%' + digits)}")
    return _ids(
        only,
        "SELECT DISTINCT c.id FROM reporter_identity r JOIN case_row c ON c.tenant_id = r.tenant_id AND c.id = r.case_id"
        f" WHERE {found.sql} ORDER BY c.id DESC LIMIT {size}",
        found.values,
    )


def _by_address(only: CaseFilter, asked: str, size: int) -> list[CaseId]:
    found = where(only, Asked())
    for word in asked.split():
        found.need(f"position({found.bind(word)} IN a.address) > 0")
    return _ids(
        only,
        "SELECT c.id FROM case_address a JOIN case_row c ON c.tenant_id = a.tenant_id AND c.id = a.case_id"
        f" WHERE {found.sql} ORDER BY c.id DESC LIMIT {size}",
        found.values,
    )


def _ids(only: CaseFilter, statement: str, values: dict[str, object]) -> list[CaseId]:
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [CaseId(row[0]) for row in cursor.fetchall()]
