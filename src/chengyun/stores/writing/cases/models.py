"""Tables of the case. The event log is the case; `case_row` is its fold, with the columns that lists ask for pulled out.

Only the desk's unit of work (`work.py`) writes here; the application's own role may read and nothing else.
"""

from django.db import models
from django.db.models import Q

from chengyun.stores.writing.columns import Code, of_tenant, written_by


class CaseRow(models.Model):
    """A case as it stands.

    open        still waits for somebody
    due_sort    when the leading clock runs out; far in the future if it never does. Lists page by (due_sort, id)
    cell        where it is, see `stores.cells`
    """

    tenant = of_tenant()
    number = Code(max_length=32)
    seq = models.IntegerField()
    doc = models.JSONField()
    xid = written_by()
    state = Code(max_length=24)
    step = models.SmallIntegerField()
    open = models.BooleanField()
    flow = Code(max_length=40)
    provenance = Code(max_length=12)
    family = Code(max_length=12)
    source_detail = Code()
    urgency = Code(max_length=12)
    category = Code(max_length=40, null=True)
    major = Code(max_length=12, null=True)
    field = Code(max_length=24, null=True)
    grid = Code(max_length=24, null=True)
    street = Code(max_length=9, null=True)
    community = Code(max_length=12, null=True)
    component = Code(max_length=24, null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    cell = models.BigIntegerField(null=True)
    reported_at = models.DateTimeField(null=True)
    captured_at = models.DateTimeField(null=True)
    filed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    clock = Code(max_length=16, null=True)
    clock_started = models.DateTimeField(null=True)
    clock_outcome = Code(max_length=12, null=True)
    due_at = models.DateTimeField(null=True)
    due_sort = models.DateTimeField()
    provisional = models.BooleanField(default=False)
    answerable = models.BigIntegerField(null=True)
    holder = models.BigIntegerField(null=True)
    trade_department = models.BigIntegerField(null=True)
    assisting = models.JSONField(null=True)
    handler = models.BigIntegerField(null=True)
    checker = models.BigIntegerField(null=True)
    reported_by = models.BigIntegerField(null=True)
    duty_row = models.BigIntegerField(null=True)
    returns = models.SmallIntegerField(default=0)
    reworks = models.SmallIntegerField(default=0)
    urges = models.SmallIntegerField(default=0)
    extensions = models.SmallIntegerField(default=0)
    supervisions = models.SmallIntegerField(default=0)
    unanswered = models.SmallIntegerField(default=0)
    unit_clock_outcome = Code(max_length=12, null=True)
    merged_into = models.BigIntegerField(null=True)
    parent = models.BigIntegerField(null=True)
    simple = models.BooleanField(default=False)
    confirmed = models.BooleanField(default=True)
    staff_of = models.BigIntegerField(null=True)
    supervised = models.BooleanField(default=False)
    appealed = models.BooleanField(default=False)

    class Meta:
        db_table = "case_row"
        constraints = [models.UniqueConstraint("tenant", "number", name="case_number_once")]
        indexes = [
            models.Index("tenant", "state", "due_sort", "id", name="case_by_state", condition=Q(open=True)),
            models.Index("tenant", "holder", "due_sort", "id", name="case_by_holder", condition=Q(open=True)),
            models.Index("tenant", "answerable", "reported_at", "id", name="case_by_answerable"),
            models.Index("tenant", "grid", "reported_at", "id", name="case_by_grid"),
            models.Index("tenant", "reported_at", "id", name="case_by_report"),
            models.Index("tenant", "handler", "due_sort", "id", name="case_by_handler", condition=Q(open=True, handler__isnull=False)),
            models.Index("tenant", "checker", "due_sort", "id", name="case_by_checker", condition=Q(open=True, checker__isnull=False)),
            models.Index("tenant", "cell", name="case_by_cell", condition=Q(cell__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number


class CaseEvent(models.Model):
    """One fact of a case's history; never changed, never taken out. `data` is the event as `codec` writes it."""

    pk = models.CompositePrimaryKey("tenant", "case", "seq")
    tenant = of_tenant()
    case = models.BigIntegerField(db_column="case_id")
    seq = models.IntegerField()
    type = Code(max_length=40)
    version = models.SmallIntegerField()
    at = models.DateTimeField()
    role = Code(max_length=24)
    person = models.BigIntegerField(null=True)
    to_state = Code(max_length=24)
    data = models.JSONField()
    xid = written_by()

    class Meta:
        db_table = "case_event"


class CaseLink(models.Model):
    """Whom a case concerns, so that a reader's scope is one look-up. kind: `unit` holds or assists now, `past` ever did, `trade` answers
    for the trade, `reporter` told us. Kept equal to the case by its desk."""

    pk = models.CompositePrimaryKey("tenant", "kind", "ref", "case")
    tenant = of_tenant()
    kind = Code(max_length=8)
    ref = models.BigIntegerField()
    case = models.BigIntegerField(db_column="case_id")

    class Meta:
        db_table = "case_link"
        indexes = [models.Index("tenant", "case", name="link_of_case")]


class CaseText(models.Model):
    """Words people wrote, beside the event that came with them. Erasable; an erased text leaves no row."""

    pk = models.CompositePrimaryKey("tenant", "case", "seq", "field")
    tenant = of_tenant()
    case = models.BigIntegerField(db_column="case_id")
    seq = models.IntegerField()
    field = Code(max_length=40)
    words = models.TextField()
    language = Code(max_length=8, default="")

    class Meta:
        db_table = "case_text"


class CaseAddress(models.Model):
    """The place in words, and what the category's own questions were answered with: both may point at a person."""

    pk = models.CompositePrimaryKey("tenant", "case")
    tenant = of_tenant()
    case = models.BigIntegerField(db_column="case_id")
    address = models.TextField(default="")
    answers = models.JSONField(default=dict)

    class Meta:
        db_table = "case_address"


class ReporterIdentity(models.Model):
    """Who told us. Erasable; the case keeps only the id."""

    tenant = of_tenant()
    case = models.BigIntegerField(db_column="case_id")
    person = models.BigIntegerField(null=True)
    name = models.CharField(max_length=120, default="")
    phone = models.CharField(max_length=40, default="")
    phone_tail = Code(max_length=4, default="")

    class Meta:
        db_table = "reporter_identity"
        indexes = [models.Index("tenant", "phone_tail", name="reporter_by_phone")]


class Attachment(models.Model):
    """A file that was taken in and made harmless. What is served are its derivatives; the file as it came is not kept here."""

    tenant = of_tenant()
    sha256 = Code(max_length=64)
    size = models.BigIntegerField()
    kind = Code(max_length=12)
    media_type = Code(max_length=80)
    width = models.IntegerField(default=0)
    height = models.IntegerField(default=0)
    inline = models.BooleanField(default=False)
    level = models.SmallIntegerField(default=2)
    uploader = models.BigIntegerField(null=True)
    uploaded_at = models.DateTimeField()

    class Meta:
        db_table = "attachment"
        indexes = [models.Index("tenant", "uploaded_at", name="attachment_by_day")]


class AttachmentFile(models.Model):
    """One derivative: `display`, `thumb` of a photo, `cleaned` of all else. The blob is found by its digest."""

    pk = models.CompositePrimaryKey("tenant", "attachment", "role")
    tenant = of_tenant()
    attachment = models.BigIntegerField()
    role = Code(max_length=12)
    media_type = Code(max_length=80)
    sha256 = Code(max_length=64)
    size = models.BigIntegerField()
    width = models.IntegerField(default=0)
    height = models.IntegerField(default=0)

    class Meta:
        db_table = "attachment_file"
        indexes = [models.Index("tenant", "sha256", name="attachment_blob")]


class AttachmentClaim(models.Model):
    """What the file said about itself: never proof, and personal."""

    pk = models.CompositePrimaryKey("tenant", "attachment")
    tenant = of_tenant()
    attachment = models.BigIntegerField()
    display_name = models.CharField(max_length=200, default="")
    taken_at = models.DateTimeField(null=True)
    zone_from = Code(max_length=8, default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)

    class Meta:
        db_table = "attachment_claim"


class CaseAttachment(models.Model):
    """An attachment in its place: case, event and stage."""

    pk = models.CompositePrimaryKey("tenant", "case", "attachment", "stage")
    tenant = of_tenant()
    case = models.BigIntegerField(db_column="case_id")
    attachment = models.BigIntegerField()
    stage = Code(max_length=12)
    seq = models.IntegerField()

    class Meta:
        db_table = "case_attachment"
        indexes = [models.Index("tenant", "attachment", name="case_of_attachment")]


class CaseNumber(models.Model):
    """The last number given out on a city day, in slots: two creators at once take different slots, so neither waits for the other's
    commit. Slot s of n gives s+1, s+1+n, ...; the slot with the least is taken first, so numbers stay dense and a rollback gives
    its number back."""

    pk = models.CompositePrimaryKey("tenant", "day", "slot")
    tenant = of_tenant()
    day = Code(max_length=6)
    slot = models.SmallIntegerField()
    next = models.IntegerField()

    class Meta:
        db_table = "case_number"


class Timer(models.Model):
    """Something that must happen once, at a moment of city time. Taken with SKIP LOCKED inside the transaction of its effect."""

    tenant = of_tenant()
    due_at = models.DateTimeField()
    kind = Code(max_length=24)
    case = models.BigIntegerField(db_column="case_id")
    clock = Code(max_length=16, default="")
    serial = models.IntegerField(default=0)
    dedup = Code(max_length=160)
    state = Code(max_length=8, default="waiting")
    tries = models.SmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "timer"
        constraints = [
            models.UniqueConstraint("tenant", "dedup", name="timer_once"),
            models.CheckConstraint(condition=Q(state__in=("waiting", "done", "cleared", "parked")), name="timer_state"),
        ]
        indexes = [
            models.Index("tenant", "due_at", "id", name="timer_waiting", condition=Q(state="waiting")),
            models.Index("tenant", "case", name="timer_of_case", condition=Q(state="waiting")),
        ]


class QueueDelta(models.Model):
    """A case entered (+1) or left (-1) a queue. Only ever added, so creators never wait for each other; a job folds them into counters.
    0 and '' stand for none, so that keys compare."""

    tenant = of_tenant()
    state = Code(max_length=24)
    holder = models.BigIntegerField()
    street = Code(max_length=9)
    weight = models.SmallIntegerField()

    class Meta:
        db_table = "queue_delta"


class QueueCounter(models.Model):
    """Folded sums of deltas. The exact count of a queue is counter plus deltas."""

    pk = models.CompositePrimaryKey("tenant", "state", "holder", "street")
    tenant = of_tenant()
    state = Code(max_length=24)
    holder = models.BigIntegerField()
    street = Code(max_length=9)
    cases = models.BigIntegerField()

    class Meta:
        db_table = "queue_counter"


class DutyGap(models.Model):
    """The duty list had no answer for a case, or several; open until a consultation writes a row back."""

    tenant = of_tenant()
    case = models.BigIntegerField(db_column="case_id")
    reason = models.JSONField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    duty_row = models.BigIntegerField(null=True)

    class Meta:
        db_table = "duty_gap"
        indexes = [models.Index("tenant", "case", name="duty_gap_of_case")]


class DuplicateProposal(models.Model):
    """Two cases that may be the same matter: an unordered pair, once."""

    pk = models.CompositePrimaryKey("tenant", "first", "second")
    tenant = of_tenant()
    first = models.BigIntegerField()
    second = models.BigIntegerField()
    certainty = models.FloatField()
    reason = models.JSONField()
    outcome = Code(max_length=12, default="open")
    proposed_at = models.DateTimeField()

    class Meta:
        db_table = "duplicate_proposal"
        constraints = [models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="duplicate_unordered")]
        indexes = [models.Index("tenant", "second", name="duplicate_by_second")]


class TrackingLink(models.Model):
    """A citizen's way to his report without an account. Of the code only a digest stands here; `salt` and the installation's secret
    make it again for whoever sends the same report twice."""

    pk = models.CompositePrimaryKey("tenant", "digest")
    tenant = of_tenant()
    digest = models.BinaryField()
    case = models.BigIntegerField(db_column="case_id")
    salt = models.BinaryField()
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tracking_link"
        constraints = [models.UniqueConstraint("tenant", "case", name="tracking_link_live", condition=Q(revoked_at=None))]


class SecondPerson(models.Model):
    """Something that was asked for with a reason: an unmasking, a large export. Above the limit it waits for a second person's yes.

    about   the case, or a digest of the filter; used_at: when it was carried out, once
    """

    tenant = of_tenant()
    kind = Code(max_length=16)
    about = Code(max_length=80)
    asked_by = models.BigIntegerField()
    asked_at = models.DateTimeField()
    words = models.CharField(max_length=200, blank=True, default="")
    approved_by = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "second_person"
        indexes = [models.Index("tenant", "kind", "asked_by", "asked_at", name="second_person_asked")]
