"""Making a tenant: an act of the owner of the database, before anybody of the city can sign in."""

from django.db import connections

from chengyun.base.errors import Conflict
from chengyun.base.ids import TenantId


def make_tenant(tenant: TenantId, code: str, name_zh: str, name_en: str, zone: str, number_prefix: str, *, using: str = "owner") -> None:
    """`code` is the six digits of the district; `number_prefix` the letters case numbers begin with. Only the owner's login may."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenant (id, code, name_zh, name_en, zone, number_prefix, settings_version, active)"
            " VALUES (%s, %s, %s, %s, %s, %s, 1, true) ON CONFLICT DO NOTHING RETURNING id",
            [tenant, code, name_zh, name_en, zone, number_prefix],
        )
        if cursor.fetchone() is None:
            raise Conflict(f"tenant {tenant} or its code {code} is taken", tenant=tenant, code=code)
