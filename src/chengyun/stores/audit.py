"""The audit: entries that cannot be changed quietly (promises H1-H4).

Entries are written in the transaction of what they tell of. One sealer follows them in commit order and chains them: each hash takes
in the hash before it and the whole entry. Signed heads of the chain go to a file outside the database, so that whoever rules the
database alone cannot rewrite, cut or replace the chain unseen. `verify` walks all of it.
"""

import base64
import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connection

from chengyun.base.ids import TenantId
from chengyun.base.time import from_text, to_text
from chengyun.cases.ports import AuditEntry
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases.work import keyed

AT_ONCE = 20_000
LONGEST_TAIL = timedelta(seconds=5)
ANCHOR_EVERY = timedelta(seconds=60)
_SEALER_LOCK = 1128882177
"""First word of the sealer's advisory lock; the tenant is the second."""

_LINE = "e.id, e.xid, e.at, e.person, e.deputy_for, e.role, e.origin, e.operation, e.object, e.result, e.before, e.after"
"""An entry as it is hashed: these columns in PostgreSQL's binary form, each led by its length, so that no value can pass for two. Nothing
is formatted or parsed on the way, which is what makes a walk over millions of entries a matter of seconds."""


# --- writing --------------------------------------------------------------------------------------------------------


def record_entry(tenant: TenantId, entry: AuditEntry, key: bytes) -> None:
    """An entry of something that is no case change: a sign-in, a read of level-3 data, a changed account or setting. Joins the
    transaction it is called in, so that if it cannot be written the act fails (promise H1)."""
    actor = entry.actor
    with in_tenant(tenant), connection.cursor() as cursor:
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


# --- sealing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """The end of a chain. Position 0: nothing sealed yet."""

    tenant: TenantId
    position: int
    hash: bytes


def genesis(tenant: TenantId) -> bytes:
    return hashlib.sha256(f"chengyun audit chain of tenant {tenant}".encode()).digest()


def seal(tenant: TenantId, most: int = AT_ONCE) -> int:
    """Chain what has committed since, in commit order; gives how many. Entries of transactions that may still have older ones running
    beside them wait for the next turn. A second sealer of the same tenant steps aside."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_SEALER_LOCK, tenant])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT xid, last FROM follower WHERE tenant_id = %s AND name = 'sealer'", [tenant])
        xid, last = cursor.fetchone() or (0, 0)
        head = read_head(tenant)
        entries, hashes, hash_ = [], [], head.hash
        for row in _stream(_TO_SEAL.format(tenant=int(tenant), xid=int(xid), last=int(last), most=int(most))):
            line = row[2:]
            xid, id_ = _place(line)
            hash_ = hashlib.sha256(hash_ + line).digest()
            entries.append(id_)
            hashes.append(hash_)
        if entries:
            cursor.execute(
                "INSERT INTO audit_seal (tenant_id, position, entry, hash)"
                " SELECT %s, %s + n, entry, hash FROM unnest(%s::bigint[], %s::bytea[]) WITH ORDINALITY AS x (entry, hash, n)",
                [tenant, head.position, entries, hashes],
            )
            cursor.execute(
                "INSERT INTO follower (tenant_id, name, xid, last) VALUES (%s, 'sealer', %s, %s)"
                " ON CONFLICT (tenant_id, name) DO UPDATE SET xid = excluded.xid, last = excluded.last",
                [tenant, int(xid), entries[-1]],
            )
    return len(entries)


_TO_SEAL = f"""
SELECT {_LINE} FROM audit_entry e
WHERE e.tenant_id = {{tenant}} AND (e.xid, e.id) > ('{{xid}}'::xid8, {{last}}) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.xid, e.id LIMIT {{most}}
"""


def read_head(tenant: TenantId) -> Head:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT position, hash FROM audit_seal WHERE tenant_id = %s ORDER BY position DESC LIMIT 1", [tenant])
        row = cursor.fetchone()
    return Head(tenant, row[0], bytes(row[1])) if row else Head(tenant, 0, genesis(tenant))


def unsealed_since(tenant: TenantId) -> datetime | None:
    """When the oldest entry not yet sealed was written; None if all are. More than `LONGEST_TAIL` ago means that the sealer stands."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(e.at) FROM audit_entry e LEFT JOIN follower f ON f.tenant_id = e.tenant_id AND f.name = 'sealer'"
            " WHERE e.tenant_id = %s AND (e.xid, e.id) > (coalesce(f.xid, 0)::text::xid8, coalesce(f.last, 0))",
            [tenant],
        )
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


# --- anchors --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Anchor:
    """A signed head, kept where the database cannot reach."""

    tenant: TenantId
    position: int
    hash: str
    at: datetime
    signature: str

    def signed(self) -> bytes:
        return _signed(self.tenant, self.position, self.hash, self.at)


def _signed(tenant: TenantId, position: int, hash_: str, at: datetime) -> bytes:
    return f"chengyun audit head|{tenant}|{position}|{hash_}|{to_text(at)}".encode()


def anchors_file(folder: Path, tenant: TenantId) -> Path:
    return folder / f"tenant-{tenant}.jsonl"


def drop_anchor(tenant: TenantId, folder: Path, key: Ed25519PrivateKey, now: datetime) -> Anchor | None:
    """Append the signed head to the anchors, on disk before this returns; None if the head has not moved since the last one."""
    head = read_head(tenant)
    file = anchors_file(folder, tenant)
    known = read_anchors(folder, tenant)
    if head.position == 0 or (known and known[-1].position == head.position):
        return None
    signature = base64.b64encode(key.sign(_signed(tenant, head.position, head.hash.hex(), now))).decode()
    anchor = Anchor(tenant, head.position, head.hash.hex(), now, signature)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = {"tenant": tenant, "position": anchor.position, "hash": anchor.hash, "at": to_text(now), "signature": signature}
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")
        out.flush()
        os.fsync(out.fileno())
    return anchor


def read_anchors(folder: Path, tenant: TenantId) -> tuple[Anchor, ...]:
    """All anchors, oldest first. A last line cut short by a power failure is left out; its head comes again with the next one."""
    file = anchors_file(folder, tenant)
    if not file.exists():
        return ()
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return tuple(_anchor(json.loads(line)) for line in lines if line.endswith("\n"))


def _anchor(line: Mapping[str, object]) -> Anchor:
    tenant, position = TenantId(int(str(line["tenant"]))), int(str(line["position"]))
    return Anchor(tenant, position, str(line["hash"]), from_text(str(line["at"])), str(line["signature"]))


# --- verifying ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where first. kind: `entry_changed`, `entry_missing`, `entry_inserted`, `order_changed`, `position_missing`,
    `chain_rewritten`, `tail_cut`, `anchor_forged`. `entry` is the first bad one, where it can be told."""

    kind: str
    position: int
    entry: int | None = None


@dataclass(frozen=True)
class Verified:
    """`faults` empty: the history is whole as far as it is sealed. `unsealed` entries wait at the tail."""

    tenant: TenantId
    entries: int
    unsealed: int
    anchors: int
    faults: tuple[Fault, ...]


def verify(tenant: TenantId, folder: Path, public_key: Ed25519PublicKey) -> Verified:
    """Walk the whole chain and hold it against the anchors."""
    anchors = read_anchors(folder, tenant)
    faults = [Fault("anchor_forged", a.position) for a in anchors if not _is_signed(a, public_key) or a.tenant != tenant]
    wanted = {a.position: bytes.fromhex(a.hash) for a in anchors}
    hash_, position, last = genesis(tenant), 0, (0, 0)
    with in_tenant(tenant):
        for expected, (position, entry, stored, line) in enumerate(_walk(tenant), start=1):
            fault, hash_, last = _step(expected, position, entry, stored, line, hash_, last)
            if fault is None and wanted.get(position, stored) != stored:
                fault = Fault("chain_rewritten", position, entry)
            if fault is not None:
                faults.append(fault)
                break
        else:
            faults += [Fault("tail_cut", a.position) for a in anchors if a.position > position][:1]
            faults += _inserted(tenant, last)
        unsealed = _count_unsealed(tenant, last)
    return Verified(tenant, position, unsealed, len(anchors), tuple(faults))


def _step(
    expected: int, position: int, entry: int, stored: bytes, line: bytes | None, hash_: bytes, last: tuple[int, int]
) -> tuple[Fault | None, bytes, tuple[int, int]]:
    """One link: the position that must follow, an entry that must exist, in commit order, and the hash that must come out."""
    if position != expected:
        return Fault("position_missing", expected), hash_, last
    if line is None:
        return Fault("entry_missing", position, entry), hash_, last
    here = _place(line)
    if here <= last:
        return Fault("order_changed", position, entry), hash_, last
    hash_ = hashlib.sha256(hash_ + line).digest()
    if hash_ != stored:
        return Fault("entry_changed", position, entry), hash_, last
    return None, hash_, here


def _walk(tenant: TenantId) -> Iterator[tuple[int, int, bytes, bytes | None]]:
    """Seals with their entries, by position, streamed: position, entry, stored hash, and the entry's line if it is still there."""
    for row in _stream(_TO_WALK.format(tenant=int(tenant))):
        position, entry, size = _SEAL.unpack_from(row)
        stored, line = row[_SEAL.size : _SEAL.size + size], row[_SEAL.size + size :]
        yield position, entry, stored, None if line.startswith(b"\xff\xff\xff\xff") else line


_TO_WALK = f"""
SELECT s.position, s.entry, s.hash, {_LINE} FROM audit_seal s
LEFT JOIN audit_entry e ON e.tenant_id = s.tenant_id AND e.id = s.entry WHERE s.tenant_id = {{tenant}} ORDER BY s.position
"""
_SEAL = struct.Struct(">2x4xq4xqi")
_PLACE = struct.Struct(">4xq4xQ")
_HEADER = b"PGCOPY\n\xff\r\n\0"


def _place(line: bytes) -> tuple[int, int]:
    """(transaction, id): where an entry stands in commit order."""
    id_, xid = _PLACE.unpack_from(line)
    return xid, id_


def _stream(query: str) -> Iterator[bytes]:
    """Rows of a query as they come over the wire in binary form, two bytes of field count first. COPY takes no parameters: the
    queries here are filled with whole numbers only."""
    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
        try:
            while chunk := copy.read():
                row = bytes(chunk)
                if row.startswith(_HEADER):
                    row = row[19:]
                if len(row) > 2:
                    yield row
        finally:
            # Whoever stops at the first fault must not leave the copy half read: leaving it cancels the query, and with it the
            # transaction, whenever the server has not sent everything yet.
            while copy.read():
                continue


def _inserted(tenant: TenantId, last: tuple[int, int]) -> list[Fault]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM audit_entry e LEFT JOIN audit_seal s ON s.tenant_id = e.tenant_id AND s.entry = e.id"
            " WHERE e.tenant_id = %s AND s.entry IS NULL AND (e.xid, e.id) <= (%s::text::xid8, %s) ORDER BY e.xid, e.id LIMIT 1",
            [tenant, str(last[0]), last[1]],
        )
        row = cursor.fetchone()
    return [Fault("entry_inserted", 0, row[0])] if row else []


def _count_unsealed(tenant: TenantId, last: tuple[int, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_entry WHERE tenant_id = %s AND (xid, id) > (%s::text::xid8, %s)", [tenant, str(last[0]), last[1]]
        )
        return int(cursor.fetchone()[0])


def _is_signed(anchor: Anchor, public_key: Ed25519PublicKey) -> bool:
    try:
        public_key.verify(base64.b64decode(anchor.signature), anchor.signed())
    except (InvalidSignature, ValueError):
        return False
    return True
