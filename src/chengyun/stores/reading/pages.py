"""All that a case's page shows, in one look: the folded case, its history, its words and people, its files, its relatives.

Nothing is masked here. What of it a reader gets to see is the policy's answer (`access.may`); the words and people are level 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from chengyun.base.errors import NotFound
from chengyun.base.ids import AttachmentId, CaseId, ReporterId, TenantId
from chengyun.cases.access import CaseFilter
from chengyun.cases.records import Case, Event
from chengyun.stores.reading.filters import Asked, where
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec


@dataclass(frozen=True)
class StoredFile:
    role: str
    media_type: str
    sha256: str
    size: int
    width: int
    height: int


@dataclass(frozen=True)
class StoredAttachment:
    id: AttachmentId
    kind: str
    media_type: str
    size: int
    width: int
    height: int
    inline: bool
    level: int
    uploader: int | None
    uploaded_at: datetime
    files: tuple[StoredFile, ...] = ()

    def file(self, role: str) -> StoredFile | None:
        return next((each for each in self.files if each.role == role), None)


@dataclass(frozen=True)
class Proposal:
    """Another case that may be the same matter."""

    other: CaseId
    certainty: float
    reason: Mapping[str, object]
    outcome: str


@dataclass(frozen=True)
class CasePage:
    case: Case
    field: str | None
    events: tuple[Event, ...]
    texts: Mapping[tuple[int, str], str]
    address: str
    answers: Mapping[str, object]
    reporters: Mapping[ReporterId, tuple[str, str]]
    """Name and phone, where they were left and not erased."""
    attachments: Mapping[AttachmentId, StoredAttachment]
    proposals: tuple[Proposal, ...]
    gaps: tuple[Mapping[str, object], ...]


def find_case(only: CaseFilter, case: CaseId) -> tuple[Case, str | None] | None:
    """The folded case and its category's field, if the reader may see it; None is also the answer for what does not exist (A4)."""
    found = where(only, Asked())
    found.need(f"c.id = {found.bind(case)}")
    with in_tenant(only.tenant), connection.cursor() as cursor:
        cursor.execute(f"SELECT c.doc::text, c.field FROM case_row c WHERE {found.sql}", found.values)
        row = cursor.fetchone()
    return (codec.read_case(row[0]), row[1]) if row else None


def get_page(only: CaseFilter, case: CaseId) -> CasePage:
    """Raises NotFound for what the reader may not see and for what is not there alike."""
    tenant = only.tenant
    with in_tenant(tenant):
        found = find_case(only, case)
        if found is None:
            raise NotFound("there is no such case")
        with connection.cursor() as cursor:
            cursor.execute(_BESIDE, {"tenant": tenant, "case": case})
            events, texts, address, reporters, proposals, gaps = (codec.read_json(part or "[]") for part in cursor.fetchone())
        attachments = attachments_of(tenant, tuple(item.attachment for item in found[0].evidence))
    return CasePage(
        case=found[0],
        field=found[1],
        events=codec.read_events(codec.write(events)),
        texts={(seq, name): words for seq, name, words in texts},  # type: ignore[attr-defined]
        address=address["address"] if address else "",  # type: ignore[call-overload]
        answers=address["answers"] if address else {},  # type: ignore[call-overload]
        reporters={id_: (name, phone) for id_, name, phone in reporters},  # type: ignore[attr-defined]
        attachments=attachments,
        proposals=tuple(Proposal(*each) for each in proposals),  # type: ignore[attr-defined]
        gaps=tuple(gaps),  # type: ignore[arg-type]
    )


def attachments_of(tenant: TenantId, ids: tuple[AttachmentId, ...]) -> Mapping[AttachmentId, StoredAttachment]:
    """Attachments with their files, by id."""
    if not ids:
        return {}
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT attachment, role, media_type, sha256, size, width, height FROM attachment_file"
            " WHERE tenant_id = %s AND attachment = ANY(%s) ORDER BY attachment, role",
            [tenant, list(ids)],
        )
        files: dict[int, list[StoredFile]] = {}
        for attachment, *rest in cursor.fetchall():
            files.setdefault(attachment, []).append(StoredFile(*rest))
        cursor.execute(
            "SELECT id, kind, media_type, size, width, height, inline, level, uploader, uploaded_at FROM attachment"
            " WHERE tenant_id = %s AND id = ANY(%s)",
            [tenant, list(ids)],
        )
        return {row[0]: StoredAttachment(*row, files=tuple(files.get(row[0], ()))) for row in cursor.fetchall()}


_BESIDE = """
SELECT
  (SELECT json_agg(data ORDER BY seq) FROM case_event WHERE tenant_id = %(tenant)s AND case_id = %(case)s)::text,
  (SELECT json_agg(json_build_array(seq, field, words) ORDER BY seq) FROM case_text
    WHERE tenant_id = %(tenant)s AND case_id = %(case)s)::text,
  coalesce((SELECT json_build_object('address', address, 'answers', answers) FROM case_address
    WHERE tenant_id = %(tenant)s AND case_id = %(case)s)::text, 'null'),
  (SELECT json_agg(json_build_array(r.id, r.name, r.phone) ORDER BY r.id) FROM reporter_identity r
    WHERE r.tenant_id = %(tenant)s AND r.id IN (
      SELECT (x->>'id')::bigint FROM case_row c, jsonb_array_elements(c.doc->'reporters') x
      WHERE c.tenant_id = %(tenant)s AND c.id = %(case)s))::text,
  (SELECT json_agg(json_build_array(CASE WHEN first = %(case)s THEN second ELSE first END, certainty, reason, outcome))
    FROM duplicate_proposal WHERE tenant_id = %(tenant)s AND (first = %(case)s OR second = %(case)s))::text,
  (SELECT json_agg(reason ORDER BY id) FROM duty_gap WHERE tenant_id = %(tenant)s AND case_id = %(case)s)::text
"""
