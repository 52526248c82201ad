"""Rings the timers that are due: warnings, deadlines, wake-ups. A timer is taken and its work done in one transaction, or neither."""

import logging
import os
from datetime import datetime

from chengyun.base.ids import TenantId
from chengyun.cases import access
from chengyun.cases.ports import Timer
from chengyun.runtime.worker import Job
from chengyun.screens import house
from chengyun.stores.cases import CaseStore
from chengyun.stores.tenancy import all_tenants
from chengyun.stores.writing.cases.work import CaseWork

log = logging.getLogger("chengyun.worker.timers")

MOST_AT_ONCE = 200
"""Rounds end after so many, so that a stop is heard within a second or two."""


def ring_due(now: datetime) -> bool:
    """Ring until nothing is due; True when there may be more."""
    more = False
    for tenant in all_tenants():
        more = ring_of_tenant(tenant, now) or more  # every tenant has its turn, however much another has due
    return more


def ring_of_tenant(tenant: TenantId, now: datetime) -> bool:
    return all(ring_one(tenant, now) for _ in range(MOST_AT_ONCE))


def ring_one(tenant: TenantId, now: datetime) -> bool:
    """Ring the timer due longest; False if none is. One that cannot be rung is undone, counted, and parked after five tries."""
    here = house.current()
    store = here.desk.cases
    assert isinstance(store, CaseStore)
    taken: Timer | None = None
    try:
        with store.work(tenant) as work:
            assert isinstance(work, CaseWork)
            taken = work.take_timer(now)
            if taken is None:
                return False
            here.desk.ring(access.system(tenant), taken, work)
    except Exception:
        if taken is None:
            raise
        log.exception("error %s at timer %s of tenant %s", os.urandom(6).hex(), taken.dedup, tenant)
        store.park_timer(tenant, taken.dedup)
    return True


JOBS = (Job("timers", every=1.0, run=ring_due),)
