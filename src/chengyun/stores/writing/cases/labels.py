"""P1 labels of the `cases` tables. Exact places count as personal: a report may name a home."""

from chengyun.stores.writing.labels import Labels, Level, label

_I, _P = Level.INTERNAL, Level.PERSONAL
_KEY = "tenant case"

LABELS: Labels = {
    "CaseRow": label(
        _I,
        "where the case stands",
        "with_case",
        "tenant id number seq xid state step open flow provenance family source_detail urgency category major field grid street community"
        " component reported_at captured_at filed_at closed_at clock clock_started clock_outcome due_at due_sort provisional answerable"
        " holder trade_department assisting handler checker reported_by duty_row returns reworks urges extensions supervisions unanswered"
        " unit_clock_outcome merged_into parent simple confirmed staff_of supervised appealed",
    )
    | label(_P, "finding the place", "with_case", "doc lon lat cell"),
    "CaseEvent": label(_I, "the history that is the case", "with_case", f"{_KEY} seq type version at role person to_state xid")
    | label(_P, "the history that is the case; holds places, never words or names", "with_case", "data"),
    "CaseLink": label(_I, "who may see the case", "with_case", f"{_KEY} kind ref"),
    "CaseText": label(_I, "which words belong where", "case_then_erased", f"{_KEY} seq field language")
    | label(_P, "what people wrote about the matter", "case_then_erased", "words"),
    "CaseAddress": label(_I, "which case", "case_then_erased", _KEY)
    | label(_P, "finding the place and judging the matter", "case_then_erased", "address answers"),
    "ReporterIdentity": label(_I, "answering the reporter", "case_then_erased", f"{_KEY} id person")
    | label(_P, "answering the reporter", "case_then_erased", "name phone phone_tail"),
    "Attachment": label(
        _I, "evidence", "with_case", "tenant id sha256 size kind media_type width height inline level uploader uploaded_at"
    ),
    "AttachmentFile": label(_I, "serving evidence", "with_case", "tenant attachment role media_type sha256 size width height"),
    "AttachmentClaim": label(_I, "judging evidence", "case_then_erased", "tenant attachment zone_from")
    | label(_P, "judging evidence", "case_then_erased", "display_name taken_at lon lat accuracy_m"),
    "CaseAttachment": label(_I, "evidence in its place", "with_case", f"{_KEY} attachment stage seq"),
    "CaseNumber": label(_I, "numbers people cite", "forever", "tenant day slot next"),
    "Timer": label(_I, "what must happen when", "with_case", f"{_KEY} id due_at kind clock serial dedup state tries done_at"),
    "QueueDelta": label(_I, "exact totals", "days_3", "tenant id state holder street weight"),
    "QueueCounter": label(_I, "exact totals", "forever", "tenant state holder street cases"),
    "DutyGap": label(_I, "mending the duty list", "forever", f"{_KEY} id reason opened_at closed_at duty_row"),
    "DuplicateProposal": label(_I, "joining the same matter", "with_case", "tenant first second certainty reason outcome proposed_at"),
    "TrackingLink": label(_I, "following one's own report", "case_then_erased", f"{_KEY} digest salt made_at revoked_at"),
    "SecondPerson": label(_I, "why something was asked for, and who agreed", "audit", "tenant id kind about asked_by asked_at")
    | label(_I, "why something was asked for, and who agreed", "audit", "words approved_by approved_at used_at"),
}
