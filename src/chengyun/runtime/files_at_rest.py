"""Attachments for the screens: through the one sanitiser, files first, rows second, served from derivatives (`house.Files`)."""

from pathlib import Path

from chengyun.base.ids import AttachmentId, PersonId, TenantId
from chengyun.base.results import Refused
from chengyun.base.time import Clock
from chengyun.screens.house import FileAtRest
from chengyun.sources.attachments.intake import take_in
from chengyun.stores import attachments
from chengyun.stores.attachments import KeptFile, NewAttachment
from chengyun.stores.blobs import BlobStore


class FilesAtRest:
    def __init__(self, data: Path, clock: Clock) -> None:
        self._blobs, self._clock = BlobStore(data), clock

    def take_in(self, tenant: TenantId, uploader: PersonId | None, name: str, media_type: str, body: bytes) -> AttachmentId | Refused:
        new = self.clean_and_keep(tenant, name, media_type, body)
        if isinstance(new, Refused):
            return new
        return attachments.record_attachment(tenant, new, uploader, self._clock.now())

    def clean_and_keep(self, tenant: TenantId, name: str, media_type: str, body: bytes) -> NewAttachment | Refused:
        """The file made harmless and its derivatives on disk; no row yet."""
        cleaned = take_in(body, name, media_type)
        if isinstance(cleaned, Refused):
            return cleaned
        files = [
            KeptFile(d.role, d.media_type, self._blobs.put(tenant, d.body), len(d.body), d.width, d.height) for d in cleaned.derivatives
        ]
        return NewAttachment(
            sha256=cleaned.sha256,
            size=cleaned.size,
            kind=str(cleaned.kind),
            media_type=cleaned.media_type,
            width=cleaned.width,
            height=cleaned.height,
            inline=cleaned.inline,
            level=cleaned.level,
            files=files,
            display_name=cleaned.display_name,
            taken_at=cleaned.taken.at,
            zone_from=cleaned.taken.zone_from,
            place=cleaned.taken.place,
            accuracy_m=cleaned.taken.accuracy_m,
        )

    def find(self, tenant: TenantId, attachment: AttachmentId, role: str) -> FileAtRest | None:
        found = attachments.find_file(tenant, attachment, role)
        if found is None:
            return None
        kept, inline = found
        return FileAtRest(self._blobs.path_of(tenant, kept.sha256), kept.media_type, inline)
