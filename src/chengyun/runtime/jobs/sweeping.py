"""Puts away what nobody needs: files without a row, uploads given up, sessions run out."""

from datetime import datetime, timedelta

from chengyun.runtime.installation import read_installation
from chengyun.runtime.worker import Job
from chengyun.stores import accounts, attachments
from chengyun.stores.blobs import BlobStore, UploadDesk
from chengyun.stores.tenancy import all_tenants

ORPHANS_AFTER = timedelta(hours=2)
"""A file whose row is about to be committed is younger than this."""


def sweep_blobs(now: datetime) -> None:
    store = BlobStore(read_installation().data)
    for tenant in all_tenants():
        store.sweep(tenant, attachments.digests(tenant), ORPHANS_AFTER)


def sweep_uploads(now: datetime) -> None:
    desk = UploadDesk(read_installation().data)
    for tenant in all_tenants():
        desk.sweep(tenant, now)


def clear_sessions(now: datetime) -> None:
    accounts.clear_sessions()


JOBS = (
    Job("orphan files", every=3600.0, run=sweep_blobs),
    Job("old uploads", every=3600.0, run=sweep_uploads),
    Job("old sessions", every=3600.0, run=clear_sessions),
)
