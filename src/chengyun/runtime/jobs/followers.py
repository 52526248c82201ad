"""What follows the outbox: the late search for duplicates, notices, and the marking and cleaning of lines everybody has passed."""

import logging
import os
from datetime import datetime, timedelta

from chengyun.base.ids import CaseId, TenantId
from chengyun.base.time import from_text
from chengyun.cases import access
from chengyun.runtime.worker import Job
from chengyun.screens import house
from chengyun.screens.notices import notices_of
from chengyun.stores import following, notices
from chengyun.stores.following import AT_ONCE
from chengyun.stores.tenancy import all_tenants, in_tenant

log = logging.getLogger("chengyun.worker.followers")

LATE = timedelta(minutes=10)
"""Reports older than this are not searched again after a standstill: their neighbours were there when they came in."""
NOTICED = timedelta(days=1)
"""What happened longer ago is no news; so a new installation of notices does not tell of a whole month."""
KEPT = timedelta(days=30)
"""How long told lines and notices stay (labels of `outbox` and `notice`)."""

DUPLICATES, NOTICES = "duplicates", "notices"
FOLLOWERS = (DUPLICATES, NOTICES)


def find_late_duplicates(now: datetime) -> bool:
    """Two reports written at the same instant find each other here, if they did not see each other before. Twice does no harm: a
    proposal is an unordered pair that stands once, so a line may be looked at again after a crash."""
    more = False
    for tenant in all_tenants():
        with in_tenant(tenant):
            lines = following.read_after(tenant, following.read_place(tenant, DUPLICATES))
        late = [line.case for line in lines if line.seq == 1 and from_text(line.card["at"]) > now - LATE]
        if late:
            _search(tenant, late)
        if lines:
            with in_tenant(tenant):
                if following.read_place(tenant, DUPLICATES) < lines[-1].place:
                    following.keep_place(tenant, DUPLICATES, lines[-1].place)
        more = len(lines) == AT_ONCE or more
    return more


def _search(tenant: TenantId, cases: list[CaseId]) -> None:
    try:
        house.current().desk.find_late_duplicates(access.system(tenant), cases)
    except Exception:
        # What cannot be searched must not hold back all that come after it: the half without the fault is searched.
        if len(cases) > 1:
            _search(tenant, cases[: len(cases) // 2])
            _search(tenant, cases[len(cases) // 2 :])
        else:
            log.exception("error %s in the late search for duplicates of case %s", os.urandom(6).hex(), cases[0])


def write_notices(now: datetime) -> bool:
    """Notices and the place of their follower commit together: each is written exactly once."""
    more = False
    for tenant in all_tenants():
        with in_tenant(tenant, durable=True):
            lines = following.read_after(tenant, following.read_place(tenant, NOTICES))
            if lines:
                news = [line for line in lines if from_text(line.card["at"]) > now - NOTICED]
                notices.keep(tenant, notices_of(tenant, news))
                following.keep_place(tenant, NOTICES, lines[-1].place)
        more = len(lines) == AT_ONCE or more
    return more


def mark_told(now: datetime) -> None:
    for tenant in all_tenants():
        following.mark_told(tenant, FOLLOWERS, now)


def clean(now: datetime) -> bool:
    more = False
    for tenant in all_tenants():
        more = following.clean(tenant, now - KEPT) == 5_000 or more
        notices.clean(tenant, now - KEPT)
    return more


JOBS = (
    Job("late duplicates", every=0.5, run=find_late_duplicates),
    Job("notices", every=0.5, run=write_notices),
    Job("outbox told", every=10.0, run=mark_told),
    Job("outbox cleaning", every=600.0, run=clean),
)
