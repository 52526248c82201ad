"""A line in the audit from outside the case desk: changes of the books, exports, administration. In the transaction of the change."""

from django.db import connection

from chengyun.base.ids import TenantId
from chengyun.cases.ports import AuditEntry
from chengyun.stores.writing.cases.work import digest_key, keyed


def record_audit(tenant: TenantId, entry: AuditEntry, secret: str) -> None:
    """Append the entry; `secret` of the installation keys its digests, so that nobody finds a small content by trying."""
    key, actor = digest_key(secret), entry.actor
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (tenant_id, at, person, deputy_for, role, origin, operation, object, result, before, after)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                tenant,
                entry.at,
                actor.person,
                actor.deputy_for,
                actor.role.value,
                entry.origin,
                entry.operation,
                entry.object,
                entry.result,
                keyed(key, entry.before),
                keyed(key, entry.after),
            ],
        )
