"""A write that is no case change, done once however often it is sent (promise R6).

The key is taken, the act done and its answer kept in one transaction; a retry gets the answer that was kept. The desk keeps the keys
of cases itself, in the transaction of the case.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import connection

from chengyun.base.errors import Conflict
from chengyun.base.ids import TenantId
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec

Kept = Mapping[str, object]


def once(tenant: TenantId, owner: str, door: str, key: str, body: object, now: datetime, act: Callable[[], Kept]) -> tuple[Kept, bool]:
    """What `act` answered, and whether it had been done before. The same key with another body raises Conflict.

    owner   whose key it is, so that two people's keys never meet
    act     runs inside the transaction; what it raises undoes everything, the key included
    """
    digest, own = hashlib.sha256(codec.write(body)).digest(), f"{owner}:{key}"
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO idempotency (tenant_id, door, key, digest, at) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (tenant_id, door, key) DO NOTHING RETURNING 1",
            [tenant, door, own, digest, now],
        )
        if cursor.fetchone() is None:
            cursor.execute(
                "SELECT digest, result::text FROM idempotency WHERE tenant_id = %s AND door = %s AND key = %s", [tenant, door, own]
            )
            row = cursor.fetchone()
            if row is None or bytes(row[0]) != digest or row[1] is None:
                raise Conflict("this idempotency key was used with another body", key=key, door=door)
            kept: Kept = codec.read_json(row[1])  # type: ignore[assignment]
            return kept, True
        answer: Kept = codec.read_json(codec.write(act()))  # type: ignore[assignment]
        cursor.execute(
            "UPDATE idempotency SET result = %s::jsonb WHERE tenant_id = %s AND door = %s AND key = %s",
            [codec.write_text(answer), tenant, door, own],
        )
    return answer, False


def recall(tenant: TenantId, owner: str, door: str, key: str) -> Kept | None:
    """What was answered under a key before, for a retry that can no longer show its body; None if the key is new."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT result::text FROM idempotency WHERE tenant_id = %s AND door = %s AND key = %s AND result IS NOT NULL",
            [tenant, door, f"{owner}:{key}"],
        )
        row = cursor.fetchone()
    return None if row is None else codec.read_json(row[0])  # type: ignore[return-value]
