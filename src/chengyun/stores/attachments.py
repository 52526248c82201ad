"""Rows of attachments: what was taken in, its derivatives, and what the file claimed. The bytes stand in `blobs`, written first (R4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.geometry import Point
from chengyun.base.ids import AttachmentId, CaseId, PersonId, TenantId
from chengyun.stores.tenancy import in_tenant


@dataclass(frozen=True)
class Piece:
    """One derivative at rest: `display` and `thumb` of a photo, `cleaned` of all else."""

    role: str
    media_type: str
    sha256: str
    size: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Kept:
    """A file that was made harmless, with the claims it came with."""

    kind: str
    media_type: str
    sha256: str
    size: int
    width: int
    height: int
    inline: bool
    level: int
    pieces: tuple[Piece, ...]
    display_name: str = ""
    taken_at: datetime | None = None
    zone_from: str = ""
    place: Point | None = None
    accuracy_m: float | None = None


@dataclass(frozen=True)
class Found:
    attachment: AttachmentId
    kind: str
    level: int
    inline: bool
    uploader: PersonId | None
    piece: Piece
    cases: tuple[CaseId, ...]
    """The cases it belongs to; none yet while a report is being written."""


def keep(tenant: TenantId, kept: Kept, uploader: PersonId | None, now: datetime) -> AttachmentId:
    """Write the rows of a new attachment; the files they name are on disk already (promise R4)."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO attachment ({_COLUMNS}) VALUES ({_PLACES}) RETURNING id", _row(tenant, kept, uploader, now))
        attachment = AttachmentId(cursor.fetchone()[0])
        _keep_parts(tenant, [(attachment, kept)])
    return attachment


def keep_many(tenant: TenantId, many: Sequence[tuple[AttachmentId, Kept, PersonId | None, datetime]]) -> None:
    """Attachments whose ids are given out already, in one transaction."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO attachment ({_COLUMNS}, id) VALUES ({_PLACES}, %s)",
            [(*_row(tenant, kept, uploader, at), id_) for id_, kept, uploader, at in many],
        )
        _keep_parts(tenant, [(id_, kept) for id_, kept, _, _ in many])


_COLUMNS = "tenant_id, sha256, size, kind, media_type, width, height, inline, level, uploader, uploaded_at"
_PLACES = ", ".join(["%s"] * 11)


def _row(tenant: TenantId, k: Kept, uploader: PersonId | None, at: datetime) -> tuple[object, ...]:
    return (tenant, k.sha256, k.size, k.kind, k.media_type, k.width, k.height, k.inline, k.level, uploader, at)


def _keep_parts(tenant: TenantId, many: Sequence[tuple[AttachmentId, Kept]]) -> None:
    """Derivatives and claims, in the transaction of their attachments."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO attachment_file (tenant_id, attachment, role, media_type, sha256, size, width, height)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(tenant, id_, p.role, p.media_type, p.sha256, p.size, p.width, p.height) for id_, k in many for p in k.pieces],
        )
        cursor.executemany(
            "INSERT INTO attachment_claim (tenant_id, attachment, display_name, taken_at, zone_from, lon, lat, accuracy_m)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(tenant, id_, k.display_name, k.taken_at, k.zone_from, *_lon_lat(k.place), k.accuracy_m) for id_, k in many],
        )


def _lon_lat(place: Point | None) -> tuple[float | None, float | None]:
    return (place.lon, place.lat) if place else (None, None)


def find(tenant: TenantId, attachment: AttachmentId, role: str) -> Found | None:
    """One derivative and whose it is; None if there is none. A thumb of what has none is its cleaned file's place card: None too."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind, a.level, a.inline, a.uploader, f.media_type, f.sha256, f.size, f.width, f.height,"
            " ARRAY(SELECT DISTINCT c.case_id FROM case_attachment c WHERE c.tenant_id = a.tenant_id AND c.attachment = a.id)"
            " FROM attachment a JOIN attachment_file f ON f.tenant_id = a.tenant_id AND f.attachment = a.id"
            " WHERE a.tenant_id = %s AND a.id = %s AND f.role = %s",
            [tenant, attachment, role],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    kind, level, inline, uploader, media_type, sha256, size, width, height, cases = row
    return Found(attachment, kind, level, inline, uploader, Piece(role, media_type, sha256, size, width, height), tuple(cases))


def digests(tenant: TenantId) -> Iterable[str]:
    """Every blob a row names, for the sweeper of orphans."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT sha256 FROM attachment_file WHERE tenant_id = %s", [tenant])
        return [row[0] for row in cursor.fetchall()]
