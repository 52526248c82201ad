"""Attachments: taken in through the one sanitiser, served from their derivatives, never under a name the sender chose."""

from collections.abc import Mapping
from hashlib import sha256

from django.http import FileResponse, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from ninja import File, Form, Query, Router, Schema, Status, UploadedFile
from pydantic import Field

from chengyun.base.errors import NotFound
from chengyun.base.ids import AttachmentId, PersonId
from chengyun.base.results import Refused
from chengyun.cases import access
from chengyun.cases.access import compile_filter
from chengyun.cases.records import EvidenceStage
from chengyun.screens import house
from chengyun.screens.api.asking import Anybody, Asking, Session, allowed, asking, idempotency_key
from chengyun.screens.api.noting import do_once, done_before
from chengyun.screens.api.problems import PROBLEMS, Answered, Problem
from chengyun.stores.attachments import Found
from chengyun.stores.blobs import StorageFull, UploadSession
from chengyun.stores.reading.pages import find_case

router = Router(tags=["sources"])

MOST_BYTES = 80 * 2**20
PIECE_BYTES = 2**20
"""Below what Django keeps of a body in memory; a phone on a bad network loses at most this much of its work."""
ROLES = ("thumb", "display", "cleaned")


class AttachmentOut(Schema):
    id: int
    url: str
    thumb_url: str | None


class UploadIn(Schema, extra="forbid"):
    """A file announced before it is sent in pieces."""

    size: int = Field(ge=1, le=MOST_BYTES)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    name: str = Field(default="", max_length=200)
    media_type: str = Field(default="", max_length=100)


class UploadOut(Schema):
    id: str
    size: int
    received: int = Field(description="where the next piece begins")
    piece_bytes: int


@router.post(
    "/sources/attachments", auth=Anybody(), response={201: AttachmentOut, 507: Problem, **PROBLEMS}, operation_id="attachment_make"
)
def take_in(request: HttpRequest, file: File[UploadedFile], stage: Form[EvidenceStage] = EvidenceStage.BEFORE) -> Status[AttachmentOut]:
    """Keep a photo, short film, sound or document. It belongs to nobody's case until a report or an act names it."""
    ask = asking(request)
    allowed(ask, "upload.make")
    if file.size is None or file.size > MOST_BYTES:
        raise Answered(413, "too_large")
    return Status(201, _keep(request, ask, file.name or "", file.content_type or "", file.read()))


def _keep(request: HttpRequest, ask: Asking, name: str, media_type: str, body: bytes) -> AttachmentOut:
    """Once per key: a retry gets the attachment it made before, not a second one."""

    def act() -> dict[str, object]:
        made = house.current().files.take_in(ask.tenant, ask.person, name, media_type, body)
        if isinstance(made, Refused):
            raise Answered(422, "refused", made.reason, made.facts)
        return {"attachment": int(made)}

    try:
        kept, _ = do_once(request, ask, "attachment", {"sha256": sha256(body).hexdigest(), "name": name}, act)
    except StorageFull as full:
        raise Answered(507, "storage_full") from full
    return _attachment_out(ask, kept)


def _attachment_out(ask: Asking, kept: Mapping[str, object]) -> AttachmentOut:
    made = AttachmentId(int(str(kept["attachment"])))
    found = house.current().files.find(ask.tenant, made, "thumb")
    role = "display" if found else "cleaned"
    thumb = f"/api/v1/attachments/{made}/thumb" if found else None
    return AttachmentOut(id=int(made), url=f"/api/v1/attachments/{made}/{role}", thumb_url=thumb)


@router.post("/sources/uploads", auth=Session(), response={201: UploadOut, 507: Problem, **PROBLEMS}, operation_id="upload_start")
def start(request: HttpRequest, body: UploadIn) -> Status[UploadOut]:
    """Announce a file that will come in pieces; the same key finds the same upload again, on whatever connection."""
    ask, person = _uploader(request, "upload.make")
    key, now = idempotency_key(request), house.current().clock.now()
    found = house.current().files.uploads.start(ask.tenant, person, key, body.size, body.sha256, now, body.name, body.media_type)
    return Status(201, _upload(found))


@router.get("/sources/uploads/{upload}", auth=Session(csrf=False), response={200: UploadOut, **PROBLEMS}, operation_id="upload_read")
def how_far(request: HttpRequest, upload: str) -> UploadOut:
    """How much of it has arrived."""
    ask, person = _uploader(request, "upload.continue")
    return _upload(house.current().files.uploads.get(ask.tenant, person, upload[:64]))


@router.patch(
    "/sources/uploads/{upload}", auth=Session(), response={200: UploadOut, 507: Problem, **PROBLEMS}, operation_id="upload_continue"
)
def go_on(request: HttpRequest, upload: str, offset: Query[int]) -> UploadOut:
    """A piece at its offset, as the raw body. Sent twice it counts once; a gap is refused with the offset wanted."""
    ask, person = _uploader(request, "upload.continue")
    return _upload(house.current().files.uploads.append(ask.tenant, person, upload[:64], offset, request.body))


@router.post(
    "/sources/uploads/{upload}/finish",
    auth=Session(),
    response={201: AttachmentOut, 507: Problem, **PROBLEMS},
    operation_id="upload_finish",
)
def finish(request: HttpRequest, upload: str) -> Status[AttachmentOut]:
    """Check the whole against its sum, and take it in like any other attachment."""
    ask, person = _uploader(request, "upload.continue")
    uploads = house.current().files.uploads
    try:
        session = uploads.get(ask.tenant, person, upload[:64])
    except NotFound:
        # Taken in already, and the answer was lost on the way: the pieces are gone, what was made of them is not.
        before = done_before(request, ask, "attachment")
        if before is None:
            raise
        return Status(201, _attachment_out(ask, before))
    whole = uploads.finish(ask.tenant, person, upload[:64])
    if isinstance(whole, Refused):
        raise Answered(422, "refused", whole.reason, whole.facts)
    made = _keep(request, ask, session.name, session.media_type, whole.read_bytes())
    uploads.forget(ask.tenant, person, upload[:64])
    return Status(201, made)


def _uploader(request: HttpRequest, operation: str) -> tuple[Asking, PersonId]:
    ask = asking(request)
    if ask.person is None:
        raise Answered(403, "forbidden")
    allowed(ask, operation, access.Target(ask.tenant, kind=access.Kind.PERSONAL, person=ask.person))
    return ask, ask.person


def _upload(found: UploadSession | Refused) -> UploadOut:
    if isinstance(found, Refused):
        raise Answered(422, "refused", found.reason, found.facts)
    return UploadOut(id=found.id, size=found.size, received=found.received, piece_bytes=PIECE_BYTES)


@router.get(
    "/attachments/{int:attachment}/{role}",
    auth=Anybody(csrf=False),
    response={200: bytes, 304: None, **PROBLEMS},
    operation_id="attachment_read",
    openapi_extra={"responses": {200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}},
)
def read(request: HttpRequest, attachment: int, role: str) -> HttpResponseBase:
    """A derivative of an attachment of a case the reader may see, or one he has just sent."""
    ask = asking(request)
    answer = access.may(ask.reader, "attachment.read", access.Target(ask.tenant))
    if isinstance(answer, access.Denied) or role not in ROLES or attachment > 2**53:
        raise Answered(404, "not_found")
    found = house.current().files.find(ask.tenant, AttachmentId(attachment), role)
    if found is None or not _may_read(ask, found.about):
        raise Answered(404, "not_found")
    etag = f'"{found.about.piece.sha256[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    response = FileResponse(
        found.path.open("rb"), content_type=found.media_type, as_attachment=not found.inline, filename=_name(found.about, role)
    )
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=86400"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _may_read(ask: Asking, about: Found) -> bool:
    """Through any case it hangs in; before it hangs anywhere, its uploader alone."""
    uploader = about.uploader
    cases = about.cases
    if not cases:
        return ask.person is not None and uploader == ask.person
    only = compile_filter(ask.reader, "attachment.read")
    if only is None:
        return False
    for case in cases:
        found = find_case(only, case)
        if found is None:
            continue
        target = access.attachment_of(access.target_of(found[0], found[1], found[0].staff_of), uploader, published=False)
        if isinstance(access.may(ask.reader, "attachment.read", target), access.Allowed):
            return True
    return False


def _name(about: Found, role: str) -> str:
    """A name of ours: kind, number and the extension of what it is."""
    piece = about.piece
    ending = {"image/jpeg": "jpg", "image/webp": "webp", "video/mp4": "mp4", "application/pdf": "pdf"}.get(piece.media_type, "bin")
    return f"{about.kind}-{about.attachment}-{role}.{ending}"
