"""When a calendar has a new version, open cases are timed again by it (domain 9.4); closed clocks never are."""

import hashlib
import json
from datetime import datetime

from chengyun.base.ids import TenantId
from chengyun.cases import access
from chengyun.runtime.worker import Job
from chengyun.screens import house
from chengyun.stores import following
from chengyun.stores.following import Place
from chengyun.stores.reading.retiming import timed_otherwise
from chengyun.stores.tenancy import all_tenants, in_tenant

FOLLOWER = "calendars"


def retime(now: datetime) -> None:
    for tenant in all_tenants():
        retime_tenant(tenant, now)


def retime_tenant(tenant: TenantId, now: datetime) -> int:
    """Time again what is timed by older versions; gives how many cases. A walk cut short is walked again: what is done is not found."""
    desk = house.current().desk
    calendars = desk.cases.rules(tenant, now).calendars
    versions = {name: calendar.version for name, calendar in calendars.items()}
    mark = _mark({name: (int(calendar.calendar.id), calendar.version) for name, calendar in calendars.items()})
    with in_tenant(tenant):
        if following.read_place(tenant, FOLLOWER).id == mark:
            return 0
    done, after = 0, 0
    while cases := timed_otherwise(tenant, versions, after):
        for case in cases:
            desk.retime(access.system(tenant), case)  # a refusal means that it was closed meanwhile
            done += 1
        after = cases[-1]
    with in_tenant(tenant):
        following.read_place(tenant, FOLLOWER)
        following.keep_place(tenant, FOLLOWER, Place(0, mark))
    return done


def _mark(versions: dict[str, tuple[int, int]]) -> int:
    """The set of versions as one number, so that a restart knows what it has done."""
    return int.from_bytes(hashlib.sha256(json.dumps(versions, sort_keys=True).encode()).digest()[:7], "big")


JOBS = (Job("calendars", every=2.0, run=retime),)
