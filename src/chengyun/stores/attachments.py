"""Rows of attachments: the file as it came by its sum, the derivatives we serve, and what the file said about itself, kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.geometry import Point
from chengyun.base.ids import AttachmentId, PersonId, TenantId
from chengyun.stores.tenancy import in_tenant


@dataclass(frozen=True)
class KeptFile:
    """One derivative: `display` and `thumb` of a photo, `cleaned` of all else."""

    role: str
    media_type: str
    sha256: str
    size: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class NewAttachment:
    sha256: str
    size: int
    kind: str
    media_type: str
    width: int
    height: int
    inline: bool
    level: int
    files: Sequence[KeptFile]
    display_name: str = ""
    taken_at: datetime | None = None
    zone_from: str = ""
    place: Point | None = None
    accuracy_m: float | None = None


def record_attachment(tenant: TenantId, new: NewAttachment, uploader: PersonId | None, at: datetime) -> AttachmentId:
    """Write the rows of a new attachment; the files they name are on disk already (promise R4)."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('attachment', 'id'))")
        made = AttachmentId(cursor.fetchone()[0])
        record_many(tenant, [(made, new, uploader, at)])
    return made


def record_many(tenant: TenantId, made: Sequence[tuple[AttachmentId, NewAttachment, PersonId | None, datetime]]) -> None:
    """Attachments whose ids are given out already, in one transaction."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO attachment (tenant_id, id, sha256, size, kind, media_type, width, height, inline, level, uploader, uploaded_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (tenant, id_, new.sha256, new.size, new.kind, new.media_type, new.width, new.height, new.inline, new.level, uploader, at)
                for id_, new, uploader, at in made
            ],
        )
        cursor.executemany(
            "INSERT INTO attachment_file (tenant_id, attachment, role, media_type, sha256, size, width, height)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(tenant, id_, f.role, f.media_type, f.sha256, f.size, f.width, f.height) for id_, new, _, _ in made for f in new.files],
        )
        cursor.executemany(
            "INSERT INTO attachment_claim (tenant_id, attachment, display_name, taken_at, zone_from, lon, lat, accuracy_m)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (tenant, id_, new.display_name[:200], new.taken_at, new.zone_from, *_lon_lat(new.place), new.accuracy_m)
                for id_, new, _, _ in made
            ],
        )


def _lon_lat(place: Point | None) -> tuple[float | None, float | None]:
    return (place.lon, place.lat) if place else (None, None)


def find_file(tenant: TenantId, attachment: AttachmentId, role: str) -> tuple[KeptFile, bool] | None:
    """The derivative of that role, and whether a page may show it; None if there is none."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.role, f.media_type, f.sha256, f.size, f.width, f.height, a.inline FROM attachment_file f"
            " JOIN attachment a ON a.tenant_id = f.tenant_id AND a.id = f.attachment"
            " WHERE f.tenant_id = %s AND f.attachment = %s AND f.role = %s",
            [tenant, attachment, role],
        )
        row = cursor.fetchone()
    return (KeptFile(*row[:6]), bool(row[6])) if row else None
