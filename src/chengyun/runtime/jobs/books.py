"""Keeps the books behind the desks: seals the audit every second, anchors its head outside the database every minute, folds the
totals of the queues.
"""

from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chengyun.runtime.audit_key import anchors_folder, read_or_make_key
from chengyun.runtime.installation import read_installation
from chengyun.runtime.worker import Job
from chengyun.stores import audit
from chengyun.stores.tenancy import all_tenants
from chengyun.stores.writing.cases.counters import fold_counters


def seal(now: datetime) -> bool:
    """True while a tenant has more than one round's worth waiting."""
    sealed = [audit.seal(tenant) for tenant in all_tenants()]  # every tenant has its turn
    return max(sealed, default=0) >= audit.AT_ONCE


def anchor(now: datetime) -> None:
    folder = anchors_folder(read_installation().data)
    for tenant in all_tenants():
        audit.drop_anchor(tenant, folder, _key(), now)


@cache
def _key() -> Ed25519PrivateKey:
    return read_or_make_key(read_installation().data)


def fold(now: datetime) -> None:
    for tenant in all_tenants():
        fold_counters(tenant)


JOBS = (
    Job("audit seal", every=1.0, run=seal),
    Job("audit anchor", every=audit.ANCHOR_EVERY.total_seconds() / 2, run=anchor),
    Job("queue totals", every=2.0, run=fold),
)
