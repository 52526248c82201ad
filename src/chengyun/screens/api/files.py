"""Attachments: taken in through the one sanitiser, served from their derivatives, never under a name the sender chose."""

from django.http import FileResponse, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from ninja import File, Form, Router, Schema, Status, UploadedFile

from chengyun.base.ids import AttachmentId
from chengyun.base.results import Refused
from chengyun.cases import access
from chengyun.cases.access import compile_filter
from chengyun.cases.records import EvidenceStage
from chengyun.screens import house
from chengyun.screens.api.asking import Anybody, Asking, allowed, asking, idempotency_key
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.stores.attachments import Found
from chengyun.stores.blobs import StorageFull
from chengyun.stores.reading.pages import find_case

router = Router(tags=["sources"])

MOST_BYTES = 80 * 2**20
ROLES = ("thumb", "display", "cleaned")


class AttachmentOut(Schema):
    id: int
    url: str
    thumb_url: str | None


@router.post("/sources/attachments", auth=Anybody(), response={201: AttachmentOut, 507: dict, **PROBLEMS}, operation_id="attachment_make")
def take_in(request: HttpRequest, file: File[UploadedFile], stage: Form[EvidenceStage] = EvidenceStage.BEFORE) -> Status[AttachmentOut]:
    """Keep a photo, short film, sound or document. It belongs to nobody's case until a report or an act names it."""
    ask = asking(request)
    idempotency_key(request)
    allowed(ask, "upload.make")
    if file.size is None or file.size > MOST_BYTES:
        raise Answered(413, "too_large")
    try:
        made = house.current().files.take_in(ask.tenant, ask.person, file.name or "", file.content_type or "", file.read())
    except StorageFull as full:
        raise Answered(507, "storage_full") from full
    if isinstance(made, Refused):
        raise Answered(422, "refused", made.reason, made.facts)
    found = house.current().files.find(ask.tenant, made, "thumb")
    role = "display" if found else "cleaned"
    thumb = f"/api/v1/attachments/{made}/thumb" if found else None
    return Status(201, AttachmentOut(id=int(made), url=f"/api/v1/attachments/{made}/{role}", thumb_url=thumb))


@router.get(
    "/attachments/{int:attachment}/{role}",
    auth=Anybody(csrf=False),
    response={200: bytes, 304: None, **PROBLEMS},
    operation_id="attachment_read",
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
