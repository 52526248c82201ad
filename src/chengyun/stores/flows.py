"""The flows of a city's departments: kept with their validity, version by version, and chosen per category. All checks stand here, so that
the page and the command line refuse alike; whoever calls has asked the policy and writes the audit in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from chengyun.base.errors import BadInput
from chengyun.base.ids import CategoryCode, PersonId, TenantId
from chengyun.cases.flows import BadFlow, parse_flow
from chengyun.cases.lifecycle import Lifecycle
from chengyun.cases.national import NATIONAL
from chengyun.stores.city_book import CASES, FLOW, CityBook
from chengyun.stores.city_load import hold_settings, write_setting
from chengyun.stores.tenancy import in_tenant

MOST_FAULTS = 20
"""Shown at once; a file with more has one cause."""


@dataclass(frozen=True)
class KeptFlow:
    """A version of a flow as it was taken. `again`: the same text was kept before, nothing was written."""

    flow: Lifecycle
    valid_from: datetime
    again: bool = False


def check_flow(held: CityBook, file: str, text: str) -> Lifecycle:
    """The flow of a text that may be kept. Raises BadInput with every fault: `file:line: what; what to do`."""
    try:
        flow = parse_flow(text, file)
    except BadFlow as bad:
        told = list(bad.faults[:MOST_FAULTS])
        raise BadInput("\n".join(told), code="bad_flow", faults=told, count=len(bad.faults)) from bad
    if flow.name == NATIONAL.name:
        raise _bad(file, 'the name "national" belongs to the seven steps themselves; give the flow another name', "flow_name_taken")
    same = next((each for kept, each in held.kept_flows if (each.name, each.version) == (flow.name, flow.version)), None)
    if same is not None and same != flow:
        cure = "give the changed flow a higher version: cases that began with this one go on by it"
        raise _bad(file, f"version {flow.version} of {flow.name} is kept already and differs; {cure}", "flow_version_kept")
    newest = max((each.version for _, each in held.kept_flows if each.name == flow.name), default=0)
    if same is None and flow.version <= newest:
        raise _bad(file, f"version {newest} of {flow.name} is kept already; give this one {newest + 1}", "flow_version_old")
    return flow


def keep_flow(held: CityBook, file: str, text: str, valid_from: datetime, set_by: PersonId | None, now: datetime) -> KeptFlow:
    """Keep a version of a flow, for new cases from `valid_from` on; never earlier than now, since the past was decided already."""
    held = hold_settings(held)
    flow = check_flow(held, file, text)
    there = next((kept for kept, each in held.kept_flows if each == flow), None)
    if there is not None:
        return KeptFlow(flow, there.valid_from, True)
    if valid_from < now:
        raise _bad("valid_from", "a flow holds from now on at the earliest", "flow_in_the_past")
    write_setting(held.tenant.id, f"{FLOW}{flow.name}", {"file": file, "text": text}, valid_from, set_by, now)
    return KeptFlow(flow, valid_from)


def choose_flow(held: CityBook, category: str, name: str | None, set_by: PersonId | None, now: datetime) -> tuple[int, Mapping[str, str]]:
    """Let new cases of a category, a major or `*` follow a flow; None: what holds for all others. Gives version and all choices."""
    check_category(held, category, now)
    held = hold_settings(held)
    if name is not None and name != NATIONAL.name and name not in held.flows(now):
        raise _bad("flow", f"there is no flow {name!r} in force; keep it first", "flow_unknown", flow=name)
    kept = held.setting(CASES, now)
    value: dict[str, Any] = dict(kept.value) if kept is not None else {}
    chosen = dict(value.get("flow_of", {}))
    if name is None:
        chosen.pop(category, None)
    else:
        chosen[category] = name
    return write_setting(held.tenant.id, CASES, value | {"flow_of": chosen}, now, set_by, now), chosen


def check_category(held: CityBook, category: str, now: datetime) -> None:
    """A category in force, a major that has some, or `*`."""
    if category == "*":
        return
    day = held.day_of(now)
    if category.count(":") == 2:
        known = held.catalogue.find(CategoryCode(category), day) is not None
    else:
        known = category in {f"{each.scheme}:{each.number[:2]}" for each in held.catalogue.in_force(day)}
    if not known:
        raise _bad("category", f"there is no category {category!r}", "category_unknown", category=category)


def count_open(tenant: TenantId) -> Mapping[tuple[str, int], int]:
    """Cases under way by the flow and version they began with."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT flow, coalesce((doc->>'flow_version')::int, 1), count(*) FROM case_row WHERE tenant_id = %s AND open GROUP BY 1, 2",
            [tenant],
        )
        return {(name, version): count for name, version, count in cursor.fetchall()}


def _bad(place: str, message: str, code: str, **facts: object) -> BadInput:
    return BadInput(message, place=place, code=code, **facts)
