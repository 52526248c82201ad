"""Inside which tenant a transaction stands. Nothing of a tenant can be read or written outside one: the database raises an error.

with in_tenant(tenant):            # one transaction, row security bound to this tenant
    Account.objects.get(...)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connections, transaction

from chengyun.base.ids import TenantId
from chengyun.stores.writing.ground import TENANT_SETTING

_standing_in: ContextVar[TenantId | None] = ContextVar("tenant", default=None)


def current_tenant() -> TenantId | None:
    """The tenant of the transaction this thread stands in, if any."""
    return _standing_in.get()


@contextmanager
def in_tenant(tenant: TenantId, *, using: str = "default", durable: bool = False) -> Iterator[None]:
    """A transaction in the tenant; inside one of the same tenant it just goes on. Another tenant inside is a bug and raises.

    durable   insist on being the outermost transaction, so that leaving means committed
    """
    standing = _standing_in.get()
    if standing is not None and not durable:
        if standing != tenant:
            raise RuntimeError(f"a transaction of tenant {standing} may not reach into tenant {tenant}")
        yield
        return
    with transaction.atomic(using=using, durable=durable):
        with connections[using].cursor() as cursor:
            cursor.execute(f"SELECT set_config('{TENANT_SETTING}', %s, true)", [str(int(tenant))])
        with standing_in(tenant):
            yield


@contextmanager
def standing_in(tenant: TenantId) -> Iterator[None]:
    """Say that this thread's transaction is already bound to the tenant, so that reads inside join it."""
    token = _standing_in.set(tenant)
    try:
        yield
    finally:
        _standing_in.reset(token)


def all_tenants(*, using: str = "default") -> tuple[TenantId, ...]:
    """Active tenants, for workers that serve them in turn."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT id FROM tenant WHERE active ORDER BY id")
        return tuple(TenantId(row[0]) for row in cursor.fetchall())
