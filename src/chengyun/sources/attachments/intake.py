"""`take_in`: the one way a file from outside becomes one of ours. Looks at the bytes, not at what the sender calls them."""

import threading
from datetime import tzinfo
from hashlib import sha256
from pathlib import Path

from chengyun.base.results import Refused
from chengyun.sources.attachments import documents, films, sounds
from chengyun.sources.attachments.kinds import Form, find_form, goes_with
from chengyun.sources.attachments.names import clean_name
from chengyun.sources.attachments.pictures import PictureBench
from chengyun.sources.attachments.records import Derivative, Kind, Limits, Sanitised, Taken

_STRIPPERS = {
    "mp4": films.clean_mp4,
    "webm": films.clean_webm,
    "wav": sounds.clean_wav,
    "mp3": sounds.clean_mp3,
    "ogg": sounds.clean_ogg,
    "amr": sounds.clean_amr,
    "pdf": documents.check_pdf,
    "office": documents.check_office,
}


def take_in(
    source: bytes | Path,
    declared_name: str,
    declared_type: str = "",
    limits: Limits | None = None,
    *,
    bench: PictureBench | None = None,
    zone: tzinfo | None = None,
) -> Sanitised | Refused:
    """The file made harmless, or why not. Changes nothing anywhere; keeps nothing.

    declared_type   media type the sender gave; empty or `application/octet-stream` claims nothing. A claim that the bytes contradict is a
                    refusal, except between photo formats, which phones mix up and which are encoded anew anyway
    bench           the limited children for photos; one shared by the process if not given (it brings its own pixel limit)
    zone            the city's zone, for photos that say a time without an offset
    """
    limits = limits or Limits()
    body = read_at_most(source, limits.largest)
    if isinstance(body, Refused):
        return body
    form = find_form(body)
    if form is None:
        return Refused("file_type_not_accepted", {"declared": declared_type[:80]})
    if len(body) > limits.bytes_of(form.kind):
        return Refused("file_too_large", {"size": len(body), "limit": limits.bytes_of(form.kind), "kind": form.kind.value})
    if not goes_with(form, declared_name, declared_type):
        return Refused("file_type_differs", {"found": form.media_type, "declared": declared_type[:80]})
    digest = sha256(body).hexdigest()
    if form.kind is Kind.PHOTO:
        return _take_photo(body, digest, declared_name, form, bench or shared_bench(), zone)
    cleaned = _STRIPPERS[form.family](body, limits, form)
    if isinstance(cleaned, Refused):
        return cleaned
    served, taken = cleaned
    return Sanitised(
        kind=form.kind,
        media_type=form.media_type,
        derivatives=(Derivative("cleaned", form.media_type, served, sha256(served).hexdigest()),),
        sha256=digest,
        size=len(body),
        display_name=clean_name(declared_name, form.extension),
        taken=taken or Taken(),
        level=3 if form.kind is Kind.DOCUMENT else 2,
    )


def read_at_most(source: bytes | Path, most: int) -> bytes | Refused:
    if isinstance(source, Path):
        with source.open("rb") as opened:
            body = opened.read(most + 1)
    else:
        body = source
    if not body:
        return Refused("file_empty")
    if len(body) > most:
        return Refused("file_too_large", {"size": len(body), "limit": most})
    return body


def _take_photo(body: bytes, digest: str, name: str, form: Form, bench: PictureBench, zone: tzinfo | None) -> Sanitised | Refused:
    made = bench.make(body, zone)
    if isinstance(made, Refused):
        return made
    return Sanitised(
        kind=Kind.PHOTO,
        media_type="image/jpeg",
        derivatives=made.derivatives,
        sha256=digest,
        size=len(body),
        display_name=clean_name(name, "jpg"),
        width=made.width,
        height=made.height,
        taken=made.taken,
        inline=True,
    )


_shared: list[PictureBench] = []
_shared_lock = threading.Lock()


def shared_bench() -> PictureBench:
    """The bench of this process, started when first needed."""
    with _shared_lock:
        if not _shared:
            _shared.append(PictureBench())
        return _shared[0]
