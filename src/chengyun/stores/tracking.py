"""Following one's own report without an account: a code of 130 bits, of which only a digest is kept.

The code is made from a random salt and a key of the installation, so that the same report sent twice is answered with the same code,
and whoever has the database alone has no code.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.ids import CaseId, TenantId
from chengyun.stores.tenancy import in_tenant

LETTERS = 26
"""Of base 32: 130 bits."""
_CODE = re.compile(r"[A-Z2-7]{26}")


@dataclass(frozen=True)
class TrackingLinks:
    key: bytes

    @classmethod
    def of(cls, secret: str) -> "TrackingLinks":
        return cls(hashlib.sha256(b"chengyun tracking link\0" + secret.encode()).digest())

    def give(self, tenant: TenantId, case: CaseId, now: datetime) -> str:
        """The code of a case's live link; a new one if it has none, or the last was revoked."""
        with in_tenant(tenant), connection.cursor() as cursor:
            for _ in range(2):  # a second turn only if another transaction made the link meanwhile
                cursor.execute(
                    "SELECT salt FROM tracking_link WHERE tenant_id = %s AND case_id = %s AND revoked_at IS NULL", [tenant, case]
                )
                row = cursor.fetchone()
                if row is not None:
                    return self._code(tenant, case, bytes(row[0]))
                salt = secrets.token_bytes(16)
                code = self._code(tenant, case, salt)
                cursor.execute(
                    "INSERT INTO tracking_link (tenant_id, digest, case_id, salt, made_at) VALUES (%s, %s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    [tenant, _digest(code), case, salt, now],
                )
                if cursor.rowcount:
                    return code
        raise RuntimeError("the link of a case was made and revoked twice while one was asked for")

    def find(self, tenant: TenantId, code: str) -> CaseId | None:
        """The case a live code opens. Small letters and gaps are forgiven, as people copy codes by hand."""
        plain = re.sub(r"[\s-]", "", code).upper()
        if not _CODE.fullmatch(plain):
            return None
        with in_tenant(tenant), connection.cursor() as cursor:
            cursor.execute(
                "SELECT case_id FROM tracking_link WHERE tenant_id = %s AND digest = %s AND revoked_at IS NULL", [tenant, _digest(plain)]
            )
            row = cursor.fetchone()
        return CaseId(row[0]) if row else None

    def revoke(self, tenant: TenantId, case: CaseId, now: datetime) -> int:
        with in_tenant(tenant), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tracking_link SET revoked_at = %s WHERE tenant_id = %s AND case_id = %s AND revoked_at IS NULL", [now, tenant, case]
            )
            return int(cursor.rowcount)

    def _code(self, tenant: TenantId, case: CaseId, salt: bytes) -> str:
        made = hmac.new(self.key, f"{tenant}|{case}|".encode() + salt, hashlib.sha256).digest()
        return base64.b32encode(made).decode()[:LETTERS]


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
