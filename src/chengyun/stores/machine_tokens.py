"""Keys of machine clients: 256 random bits, shown once, kept as a digest, revocable (promise I4)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.ids import PersonId, TenantId
from chengyun.stores.tenancy import in_tenant


@dataclass(frozen=True)
class Machine:
    """Whose key it is. `epoch` closes the door with the account's other sessions."""

    account: int
    person: PersonId


def make_token(tenant: TenantId, account: int, name: str, now: datetime) -> str:
    """A new key for a machine account; this is the only time it can be read."""
    token = f"cy{int(tenant)}_{secrets.token_urlsafe(32)}"
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO machine_token (tenant_id, account, name, digest, made_at) VALUES (%s, %s, %s, %s, %s)",
            [tenant, account, name[:80], _digest(token), now],
        )
    return token


def revoke(tenant: TenantId, token: int, now: datetime) -> None:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE machine_token SET revoked_at = %s WHERE tenant_id = %s AND id = %s AND revoked_at IS NULL", [now, tenant, token]
        )


def find_machine(tenant: TenantId, token: str) -> Machine | None:
    """The machine behind a key, if the key stands and its account is open."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.person FROM machine_token t JOIN account a ON a.tenant_id = t.tenant_id AND a.id = t.account"
            " WHERE t.tenant_id = %s AND t.digest = %s AND t.revoked_at IS NULL AND a.active AND a.person IS NOT NULL",
            [tenant, _digest(token)],
        )
        row = cursor.fetchone()
    return Machine(row[0], PersonId(row[1])) if row else None


def _digest(token: str) -> bytes:
    """Plain SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()
