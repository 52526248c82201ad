"""What goes into the sanitiser and what comes out: limits, the cleaned file, and what the file claimed about itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chengyun.base.geometry import Point

MB = 1024 * 1024


class Kind(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    SOUND = "sound"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Limits:
    """How much one file may cost. Pixels: promise F1. The rest is chosen by us: a phone photo is 3-12 MB, a minute of film 20-60 MB."""

    photo_bytes: int = 25 * MB
    video_bytes: int = 80 * MB
    sound_bytes: int = 20 * MB
    document_bytes: int = 25 * MB
    pixels: int = 50_000_000
    frames: int = 1
    """Moving pictures are films, not photos; a second image inside a phone's JPEG (depth, gain map) is dropped, not counted."""
    zip_entries: int = 2_000
    zip_depth: int = 10
    zip_unpacked: int = 150 * MB
    zip_ratio: int = 200
    """Unpacked by packed, per entry above 1 MB and for the whole; an honest sheet of numbers stays below 60."""
    pdf_unpacked: int = 64 * MB

    def bytes_of(self, kind: Kind) -> int:
        return {
            Kind.PHOTO: self.photo_bytes,
            Kind.VIDEO: self.video_bytes,
            Kind.SOUND: self.sound_bytes,
            Kind.DOCUMENT: self.document_bytes,
        }[kind]

    @property
    def largest(self) -> int:
        return max(self.bytes_of(kind) for kind in Kind)


@dataclass(frozen=True)
class Taken:
    """What the file said about when and where it was made: a claim, kept apart from the file, never proof.

    `zone_from`: "file" if the file named its offset, "gps" if the satellite time was used, "city" if the city's zone was assumed.
    Personal data, level 3: store it in rows of its own, not in events.
    """

    at: datetime | None = None
    zone_from: str = ""
    place: Point | None = None
    accuracy_m: float | None = None
    turned: bool = False
    """The picture lay on its side and was turned upright."""


@dataclass(frozen=True)
class Derivative:
    """A file of our own making. `role`: `display` (longest side <= 2048 px) and `thumb` (320 px) of a photo, `cleaned` of all else."""

    role: str
    media_type: str
    body: bytes
    sha256: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Sanitised:
    """The file, made harmless. `sha256` and `size` are those of the file as it came in; `width` and `height` of the upright original.

    `inline` says whether a page may show it; everything else is served as an attachment, always with nosniff, under a name of ours.
    `level` is the lowest level of protection (promise P1) for what is served: documents keep their inner notes (author,
    company), so they are 3 and never public; cleaned photos, films and sounds are 2 until moderated.
    """

    kind: Kind
    media_type: str
    derivatives: tuple[Derivative, ...]
    sha256: str
    size: int
    display_name: str
    width: int = 0
    height: int = 0
    taken: Taken = Taken()
    inline: bool = False
    level: int = 2

    def get(self, role: str) -> Derivative:
        return next(derivative for derivative in self.derivatives if derivative.role == role)


REASONS: tuple[str, ...] = (
    "file_empty",
    "file_too_large",
    "file_type_not_accepted",
    "file_type_differs",
    "file_damaged",
    "picture_too_many_pixels",
    "picture_too_costly",
    "picture_moves",
    "film_carries_more",
    "sound_carries_notes",
    "archive_too_large",
    "archive_unsafe_name",
    "archive_nested",
    "document_encrypted",
    "document_runs_code",
    "document_carries_files",
    "document_reaches_out",
)
"""Every reason the sanitiser may give; each has its sentence in the texts as `refused.<reason>`."""
