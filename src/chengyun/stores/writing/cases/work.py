"""The unit of work of the case desk: one transaction in the tenant, with the right to write cases, that leaves everything or nothing.

Everything one decision writes goes in one statement (promise R4): the case row, its events, the words and people beside them, audit
entry, outbox line, timers and queue counts. Plain SQL, because the object layer costs more than the database does.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import psycopg
from django.db import connections, transaction
from psycopg import errors

from chengyun.base.errors import Conflict, NotFound
from chengyun.base.geometry import Point, distance_m
from chengyun.base.ids import AttachmentId, CaseId, CategoryCode, PersonId, ReporterId, TenantId, case_number
from chengyun.base.time import Clock
from chengyun.cases.national import STEP
from chengyun.cases.ports import AuditEntry, DutyRowDraft, Nearby, Recording, Timer
from chengyun.cases.records import Actor, Case
from chengyun.city.records import Component
from chengyun.stores.cells import cells_around
from chengyun.stores.tenancy import standing_in
from chengyun.stores.writing.cases import codec
from chengyun.stores.writing.cases.columns import COLUMNS, extract, links, major_of
from chengyun.stores.writing.ground import DESK, TENANT_SETTING

NUMBER_SLOTS = 16
TIMER_TRIES = 5
"""Then a timer is parked for a person to look at (promise R8)."""

FieldOf = Callable[[CategoryCode], str | None]
"""Which of the six fields a category belongs to."""


@dataclass
class CaseWork:
    """Implements `cases.ports.Work` on an open transaction; made by `open_work`."""

    tenant: TenantId
    connection: "psycopg.Connection[tuple[object, ...]]"
    clock: Clock
    digest_key: bytes
    field_of: FieldOf
    zone: ZoneInfo
    language_of: Callable[[str], str] = lambda words: ""
    wrote_book: bool = field(default=False, init=False)
    """The duty list was written: whoever keeps compiled books must look again once this has committed."""
    _links: dict[CaseId, frozenset[tuple[str, int]]] = field(default_factory=dict, init=False)

    def _run(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> "psycopg.Cursor[tuple[object, ...]]":
        # A server-side cursor of psycopg, not Django's: it prepares what it sees often.
        return psycopg.Cursor(self.connection).execute(statement.encode(), values)

    # --- idempotency ------------------------------------------------------------------------------------------------

    def recall(self, key: str, door: str, digest: bytes) -> Mapping[str, object] | None:
        taken = self._run(_TAKE_KEY, (self.tenant, door, key, digest, self.clock.now())).fetchone()
        if taken is not None:
            return None
        row = self._run(
            "SELECT digest, result::text FROM idempotency WHERE tenant_id = %s AND door = %s AND key = %s", (self.tenant, door, key)
        )
        found = row.fetchone()
        if found is None or bytes(found[0]) != digest:  # type: ignore[call-overload]
            raise Conflict("this idempotency key was used with another body", key=key, door=door)
        if found[1] is None:
            return None  # taken earlier in this same work, whose answer is not known yet
        return codec.read_json(str(found[1]))  # type: ignore[return-value]

    def remember(self, key: str, door: str, digest: bytes, result: Mapping[str, object]) -> None:
        self._run(_KEEP_RESULT, (self.tenant, door, key, digest, codec.write_text(result), self.clock.now()))

    # --- new ids ----------------------------------------------------------------------------------------------------

    def new_case(self, prefix: str, day: str) -> tuple[CaseId, str]:
        for _ in range(2):
            row = self._run(_NEW_CASE, {"tenant": self.tenant, "day": day, "slots": NUMBER_SLOTS}).fetchone()
            if row is not None:
                return CaseId(row[0]), case_number(prefix, day, row[1])  # type: ignore[arg-type]
            # All slots taken, or the first case of the day: make the day, then wait for whichever slot is free first.
            self._run(_NEW_DAY, (self.tenant, day, NUMBER_SLOTS))
        slot = secrets.randbelow(NUMBER_SLOTS)
        row = self._run(_WAIT_FOR_SLOT, {"tenant": self.tenant, "day": day, "slots": NUMBER_SLOTS, "slot": slot}).fetchone()
        assert row is not None
        return CaseId(row[0]), case_number(prefix, day, row[1])  # type: ignore[arg-type]

    def new_reporter(self) -> ReporterId:
        return ReporterId(self._run("SELECT nextval('reporter_identity_id_seq')").fetchone()[0])  # type: ignore[index,arg-type]

    # --- reading under lock -----------------------------------------------------------------------------------------

    def get_case(self, case: CaseId) -> Case:
        row = self._run("SELECT doc::text FROM case_row WHERE tenant_id = %s AND id = %s FOR UPDATE", (self.tenant, case)).fetchone()
        if row is None:
            raise NotFound(f"there is no case {case}", case=case)
        found = codec.read_case(str(row[0]))
        self._links[case] = links(found)
        return found

    def find_component(self, identifier: str) -> Component | None:
        today = self.clock.now().astimezone(self.zone).date()
        row = self._run(_COMPONENT, {"tenant": self.tenant, "identifier": identifier, "day": today}).fetchone()
        if row is None:
            return None
        lon, lat = row[4:6]
        return Component(row[0], self.tenant, *row[1:4], Point(lon, lat), *row[6:])  # type: ignore[arg-type]

    def description_of(self, case: CaseId) -> str:
        row = self._run(
            "SELECT string_agg(words, ' ') FROM case_text WHERE tenant_id = %s AND case_id = %s AND field = 'description'",
            (self.tenant, case),
        ).fetchone()
        return str(row[0]) if row and row[0] else ""

    def get_evidence(self, attachments: Sequence[AttachmentId], actor: Actor) -> Mapping[AttachmentId, str]:
        if not attachments:
            return {}
        rows = self._run(_EVIDENCE, {"tenant": self.tenant, "ids": list(attachments), "person": actor.person})
        return {AttachmentId(row[0]): str(row[1]) for row in rows}  # type: ignore[arg-type]

    def find_nearby(self, category: CategoryCode, place: Point, radius_m: float, since: datetime) -> Sequence[Nearby]:
        (found,) = self._find_nearby([(category, place)], radius_m, since)
        return found

    def _find_nearby(self, searches: Sequence[tuple[CategoryCode, Point]], radius_m: float, since: datetime) -> Sequence[Sequence[Nearby]]:
        spans = [span for n, (category, place) in enumerate(searches) for span in _spans(n, category, place, radius_m)]
        # Locks first, in one order everywhere, so that two reports of one matter at one instant see each other; the search is a
        # statement of its own, because only a new statement sees what committed while we waited.
        keys = sorted({_as_int4(span.low) for span in spans})
        self._run("SELECT pg_advisory_xact_lock(%s, cell) FROM unnest(%s::int[]) cell", (_NEARBY_LOCK + self.tenant, keys))
        found: list[list[Nearby]] = [[] for _ in searches]
        for n, near in self._near(spans, since):
            if near.place is not None and distance_m(searches[n][1], near.place) <= radius_m:
                found[n].append(near)
        return found

    def find_around(self, cases: Sequence[CaseId], radius_m: float, within: timedelta) -> Sequence[tuple[Nearby, Sequence[Nearby]]]:
        searched = [_nearby(row) for row in self._run(_STANDING, (self.tenant, list(cases)))]
        spans = [span for n, own in enumerate(searched) if own.place for span in _spans(n, own.category, own.place, radius_m)]
        around: list[list[Nearby]] = [[] for _ in searched]
        since = min((own.reported_at for own in searched), default=self.clock.now()) - within
        for n, near in self._near(spans, since):
            own = searched[n]
            late = near.case != own.case and near.reported_at >= own.reported_at - within
            if late and own.place is not None and near.place is not None and distance_m(own.place, near.place) <= radius_m:
                around[n].append(near)
        return list(zip(searched, around, strict=True))

    def _near(self, spans: "Sequence[_Span]", since: datetime) -> Iterator[tuple[int, Nearby]]:
        """What lies in spans of cells, for each the number of its search; of the same major class of categories as was searched for."""
        if not spans:
            return
        columns = dict(zip(_Span._fields, map(list, zip(*spans, strict=True)), strict=True))
        for n, *row in self._run(_NEARBY, {"tenant": self.tenant, "since": since, **columns}):
            yield n, _nearby(row)  # type: ignore[misc]

    # --- writing ----------------------------------------------------------------------------------------------------

    def record(self, recording: Recording) -> None:
        self._record([recording])

    def _record(self, recordings: Sequence[Recording], more: Mapping[str, list[dict[str, object]]] | None = None) -> None:
        """Write decisions in one statement: one on a case that exists, or any number that make new ones.

        more   rows of further tables that go with them
        """
        before_seq = recordings[0].before_seq
        stored, rows = [], {name: list((more or {}).get(name, ())) for name in _BESIDE}
        for recording in recordings:
            case = recording.case
            if recording.clear_timers:
                self._run(_CLEAR_TIMERS, (self.clock.now(), self.tenant, case.id, list(recording.clear_timers)))
            field = self.field_of(case.category) if case.category is not None else None
            stored.append({"id": case.id, **dict(zip(_NAMES, extract(case, field, STEP[case.state]), strict=True))})
            for table, beside in self._beside(recording):
                rows[table] += [{"case": case.id, **row} for row in beside]
            self._links[case.id] = links(case)
        values: dict[str, object] = {"tenant": self.tenant, "before": before_seq, "row": codec.write_text(stored)}
        parts = [_NEW_ROW if before_seq == 0 else _CHANGED_ROW]
        for table, added in rows.items():
            if added:
                values[table] = codec.write_text(added)
                parts.append(_BESIDE[table])
        keys = "(SELECT count(*) FROM k)" if rows["keys"] else "0"
        try:
            done = self._run(f"WITH {', '.join(parts)} SELECT (SELECT count(*) FROM stored), {keys}", values).fetchone()
        except errors.UniqueViolation as clash:
            raise Conflict("a case moved on meanwhile", case=recordings[0].case.id, seq=before_seq) from clash
        if done != (len(recordings), len(rows["keys"])):
            raise Conflict("a case moved on meanwhile, or its key was taken", case=recordings[0].case.id, seq=before_seq)

    def _beside(self, recording: Recording) -> Iterator[tuple[str, list[dict[str, object]]]]:
        """What goes with the row, table by table, JSON-ready. Statement parts stay few, so that their plans are kept."""
        case = recording.case
        yield (
            "events",
            [
                {
                    "seq": event.seq,
                    "type": event.type,
                    "version": event.version,
                    "at": event.at,
                    "role": event.actor.role,
                    "person": event.actor.person,
                    "to_state": event.to,
                    "data": event,
                }
                for event in recording.events
            ],
        )
        yield (
            "texts",
            [
                {"seq": seq, "field": name, "words": words, "language": self.language_of(words)}
                for (seq, name), words in recording.texts.items()
            ],
        )
        yield (
            "reporters",
            [{"id": r.id, "person": r.person, "name": r.name, "phone": r.phone, "tail": phone_tail(r.phone)} for r in recording.reporters],
        )
        if recording.address is not None or recording.answers:
            yield "address", [{"address": recording.address or "", "answers": dict(recording.answers)}]
        yield (
            "links",
            [
                {"attachment": item.attachment, "stage": item.stage, "seq": event.seq}
                for event in recording.events
                for item in event.evidence
            ],
        )
        yield "audit", [self._audit_row(entry) for entry in recording.audit]
        now = recording.events[-1].at if recording.events else self.clock.now()
        yield (
            "messages",
            [{"topic": m.topic, "about": m.case, "seq": m.seq, "body": dict(m.body), "at": now} for m in recording.messages],
        )
        yield (
            "timers",
            [
                {"due_at": t.at, "kind": t.kind, "about": t.case, "clock": t.clock, "serial": t.serial, "dedup": t.dedup}
                for t in recording.timers
            ],
        )
        now_linked, linked = links(case), self._links.get(case.id, frozenset())
        yield "joined", [{"kind": kind, "ref": ref} for kind, ref in sorted(now_linked - linked)]
        yield "parted", [{"kind": kind, "ref": ref} for kind, ref in sorted(linked - now_linked)]
        if recording.before_seq == 0:
            yield "entered", [{"state": case.state, "holder": case.holders[-1] if case.holders else 0, "street": (case.grid or "")[:9]}]

    def _audit_row(self, entry: AuditEntry) -> dict[str, object]:
        actor = entry.actor
        return {
            "at": entry.at,
            "person": actor.person,
            "deputy_for": actor.deputy_for,
            "role": actor.role,
            "origin": entry.origin,
            "operation": entry.operation,
            "object": entry.object,
            "result": entry.result,
            "before": keyed(self.digest_key, entry.before).hex(),
            "after": keyed(self.digest_key, entry.after).hex(),
        }

    def record_audit(self, entry: AuditEntry) -> None:
        statement = f"WITH {_BESIDE['audit']} SELECT 1"
        self._run(statement, {"tenant": self.tenant, "audit": codec.write_text([self._audit_row(entry)])})

    def record_proposal(self, case: CaseId, other: CaseId, certainty: float, reason: Mapping[str, object]) -> bool:
        values = (self.tenant, min(case, other), max(case, other), certainty, codec.write_text(reason), self.clock.now())
        return self._run(_PROPOSE, values).fetchone() is not None

    def record_gap(self, case: CaseId, reason: Mapping[str, object]) -> None:
        self._run(_GAP, (self.tenant, case, codec.write_text(reason), self.clock.now()))

    def write_duty_row(self, draft: DutyRowDraft, case: CaseId, at: datetime) -> tuple[int, int]:
        """Writers queue up here: two consultations never get the same number, and the book's version is raised by one hand."""
        self._run(_RAISE_BOOK, (self.tenant,))
        day = at.astimezone(self.zone).date()
        values = {
            "tenant": self.tenant,
            "category": draft.category,
            "area": draft.area,
            "owner": draft.owner,
            "hours": draft.hours,
            "handling_unit": draft.handling_unit,
            "trade_department": draft.trade_department,
            "signed_by": draft.signed_by,
            "source": draft.source,
            "day": day,
            "at": at,
            "case": case,
        }
        row = self._run(_WRITE_DUTY_ROW, values).fetchone()
        assert row is not None
        self._run(_CLOSE_GAP, {**values, "row": row[0]})
        self.wrote_book = True
        return row[0], row[1]  # type: ignore[return-value]

    def choose_checker(self, case: Case, at: datetime, excluded: frozenset[PersonId]) -> PersonId | None:
        day = at.astimezone(self.zone).date()
        values = {"tenant": self.tenant, "at": at, "day": day, "grid": case.grid or "", "not": list(excluded)}
        rows = self._run(_CHECKERS, values).fetchall()
        unfit = set(case.handled_for) | set(case.holders)
        fit = [(place, person) for person, org, place in rows if org not in unfit]
        if not fit:
            return None
        best = min(place for place, _ in fit)  # type: ignore[type-var]
        return PersonId(secrets.choice([person for place, person in fit if place == best]))  # type: ignore[arg-type]

    # --- timers -----------------------------------------------------------------------------------------------------

    def take_timer(self, now: datetime) -> Timer | None:
        """The timer due longest, locked until this work ends and marked done with it: its effect and the mark commit together
        (promise D3). Another worker skips it. None if nothing is due."""
        row = self._run(_TAKE_TIMER, {"tenant": self.tenant, "now": now}).fetchone()
        if row is None:
            return None
        kind, due_at, case, dedup, clock, serial = row
        return Timer(kind, due_at, CaseId(case), dedup, clock, serial)  # type: ignore[arg-type]


W = TypeVar("W", bound=CaseWork)


@contextmanager
def open_work(
    tenant: TenantId,
    clock: Clock,
    digest_key: bytes,
    field_of: FieldOf,
    zone: ZoneInfo,
    *,
    kind: type[W] = CaseWork,  # type: ignore[assignment]
    using: str = "default",
    lock_wait: timedelta = timedelta(seconds=10),
) -> Iterator[W]:
    """A transaction of its own, as the desk. Leaving with an error undoes everything; leaving without one means it is on disk."""
    django = connections[using]
    with transaction.atomic(using=using, durable=True):
        django.ensure_connection()
        raw = django.connection
        raw.prepare_threshold = 2  # Django switches preparing off; the few statements here repeat all day
        step_in(raw, tenant, lock_wait)
        with standing_in(tenant):
            yield kind(tenant, raw, clock, digest_key, field_of, zone)


def step_in(raw: "psycopg.Connection[tuple[object, ...]]", tenant: TenantId, lock_wait: timedelta = timedelta(seconds=10)) -> None:
    """Bind the open transaction to the tenant and take the right of the desk, to its end."""
    psycopg.Cursor(raw).execute(_STEP_IN, (str(int(tenant)), f"{int(lock_wait.total_seconds() * 1000)}ms"))


def keyed(key: bytes, digest: bytes) -> bytes:
    """Digests in the audit are keyed, so that nobody finds a small content by trying; an empty one stays empty."""
    return hmac.digest(key, digest, "sha256") if digest else b""


def digest_key(secret: str) -> bytes:
    """The key of audit digests, from the secret of the installation."""
    return hashlib.sha256(b"chengyun audit digest\0" + secret.encode()).digest()


def phone_tail(phone: str) -> str:
    digits = "".join(c for c in phone if c.isdecimal())
    return digits[-4:] if len(digits) >= 4 else ""


def park_timer(tenant: TenantId, dedup: str, *, using: str = "default") -> None:
    """Count a failed try of a timer whose work was undone; the last try parks it."""
    with transaction.atomic(using=using, durable=True):
        django = connections[using]
        step_in(django.connection, tenant)
        psycopg.Cursor(django.connection).execute(_FAILED_TIMER, (TIMER_TRIES, int(tenant), dedup))


class _Span(NamedTuple):
    """A range of cells to be searched, with the square around the place that bounds the radius."""

    n: int
    major: str | None
    low: int
    high: int
    west: float
    east: float
    south: float
    north: float


def _spans(n: int, category: CategoryCode | None, place: Point, radius_m: float) -> Iterator[_Span]:
    high = radius_m / 111_000 * 1.01
    wide = high / max(0.01, cos(radians(place.lat)))
    square = (place.lon - wide, place.lon + wide, place.lat - high, place.lat + high)
    for low, end in cells_around(place, radius_m):
        yield _Span(n, major_of(category), low, end, *square)


def _nearby(row: Sequence[Any]) -> Nearby:
    id_, seq, category, component, lon, lat, reported_at, closed_at, words, state = row
    return Nearby(id_, seq, category, component, Point(lon, lat), reported_at, closed_at, words or "", state)


def _as_int4(n: int) -> int:
    """A 40-bit cell folded into the 32 bits an advisory lock takes; a clash only makes two strangers wait for each other."""
    n = (n ^ n >> 32) & 0xFFFFFFFF
    return n - (1 << 32) if n >= 1 << 31 else n


_NEARBY_LOCK = 0x43590000
"""First word of our advisory locks, "CY"; the tenant is added."""

_NAMES = tuple(name for name, _ in COLUMNS)
_LIST = ", ".join(_NAMES)
_SHAPE = ", ".join(f"{name} {kind}" for name, kind in COLUMNS)

_STEP_IN = (
    f"SELECT set_config('{TENANT_SETTING}', %s, true), set_config('role', '{DESK}', true), set_config('lock_timeout', %s, true)".encode()
)

_TAKE_KEY = """
INSERT INTO idempotency (tenant_id, door, key, digest, at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (tenant_id, door, key) DO NOTHING RETURNING 1
"""
_KEEP_RESULT = """
INSERT INTO idempotency (tenant_id, door, key, digest, result, at) VALUES (%s, %s, %s, %s, %s::jsonb, %s)
ON CONFLICT (tenant_id, door, key) DO UPDATE SET result = excluded.result
"""

_NEW_CASE = """
UPDATE case_number SET next = next + %(slots)s
WHERE tenant_id = %(tenant)s AND day = %(day)s AND slot = (
  SELECT slot FROM case_number WHERE tenant_id = %(tenant)s AND day = %(day)s ORDER BY next LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING nextval('case_row_id_seq'), next - %(slots)s
"""
_NEW_DAY = """
INSERT INTO case_number (tenant_id, day, slot, next) SELECT %s, %s, slot, slot + 1 FROM generate_series(0, %s - 1) slot
ON CONFLICT DO NOTHING
"""
_WAIT_FOR_SLOT = """
UPDATE case_number SET next = next + %(slots)s WHERE tenant_id = %(tenant)s AND day = %(day)s AND slot = %(slot)s
RETURNING nextval('case_row_id_seq'), next - %(slots)s
"""

_COMPONENT = """
SELECT identifier, category, name_zh, name_en, lon, lat, unit_grid, owner, maintenance, state, valid_from, valid_to FROM component
WHERE tenant_id = %(tenant)s AND identifier = %(identifier)s AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s)
"""

_EVIDENCE = """
SELECT a.id, a.kind FROM attachment a
WHERE a.tenant_id = %(tenant)s AND a.id = ANY(%(ids)s) AND a.uploader IS NOT DISTINCT FROM %(person)s
"""

_NEAR = "c.id, c.seq, c.category, c.component, c.lon, c.lat, c.reported_at, c.closed_at, t.words, c.state"
_WORDS = """
LEFT JOIN LATERAL (
  SELECT string_agg(words, ' ') AS words FROM case_text t
  WHERE t.tenant_id = c.tenant_id AND t.case_id = c.id AND t.field = 'description') t ON true
"""
_NEARBY = f"""
SELECT span.n, {_NEAR}
FROM unnest(%(n)s::int[], %(major)s::text[], %(low)s::bigint[], %(high)s::bigint[],
  %(west)s::float8[], %(east)s::float8[], %(south)s::float8[], %(north)s::float8[]) span (n, major, low, high, west, east, south, north)
CROSS JOIN LATERAL (
  SELECT * FROM case_row r WHERE r.tenant_id = %(tenant)s AND r.cell >= span.low AND r.cell < span.high ORDER BY r.cell OFFSET 0) c
{_WORDS}
WHERE c.reported_at >= %(since)s AND c.major = span.major
  AND c.lon BETWEEN span.west AND span.east AND c.lat BETWEEN span.south AND span.north
ORDER BY span.n, c.reported_at, c.id
"""
"""Cells first, then the time: in order of the cell and fenced off, so that the planner never walks the reports of three days instead."""

_STANDING = f"""
SELECT {_NEAR} FROM case_row c {_WORDS} WHERE c.tenant_id = %s AND c.id = ANY(%s) AND c.cell IS NOT NULL AND c.category IS NOT NULL
"""

_NEW_ROW = f"""
stored AS (
  INSERT INTO case_row (tenant_id, id, {_LIST})
  SELECT %(tenant)s, n.* FROM jsonb_to_recordset(%(row)s::jsonb) AS n (id bigint, {_SHAPE})
  WHERE %(before)s = 0 RETURNING 1)
"""
_CHANGED_ROW = f"""
n AS (SELECT * FROM jsonb_to_recordset(%(row)s::jsonb) AS n (id bigint, {_SHAPE})),
old AS (
  SELECT c.state, coalesce(c.holder, 0) AS holder, coalesce(c.street, '') AS street FROM case_row c JOIN n ON n.id = c.id
  WHERE c.tenant_id = %(tenant)s),
stored AS (
  UPDATE case_row c SET xid = pg_current_xact_id(), {", ".join(f"{name} = n.{name}" for name in _NAMES)}
  FROM n
  WHERE c.tenant_id = %(tenant)s AND c.id = n.id AND c.seq = %(before)s
  RETURNING c.state, coalesce(c.holder, 0) AS holder, coalesce(c.street, '') AS street),
counted AS (
  INSERT INTO queue_delta (tenant_id, state, holder, street, weight)
  SELECT %(tenant)s, moved.* FROM old, stored,
    LATERAL (VALUES (old.state, old.holder, old.street, -1), (stored.state, stored.holder, stored.street, 1)) moved
  WHERE (old.state, old.holder, old.street) IS DISTINCT FROM (stored.state, stored.holder, stored.street))
"""

_BESIDE = {
    "events": """
e AS (
  INSERT INTO case_event (tenant_id, case_id, seq, type, version, at, role, person, to_state, data)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(events)s::jsonb)
    AS x ("case" bigint, seq int, type text, version smallint, at timestamptz, role text, person bigint, to_state text, data jsonb))""",
    "texts": """
t AS (
  INSERT INTO case_text (tenant_id, case_id, seq, field, words, language)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(texts)s::jsonb) AS x ("case" bigint, seq int, field text, words text, language text))""",
    "reporters": """
r AS (
  INSERT INTO reporter_identity (tenant_id, case_id, id, person, name, phone, phone_tail)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(reporters)s::jsonb)
    AS x ("case" bigint, id bigint, person bigint, name text, phone text, tail text)
  ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, phone = excluded.phone, phone_tail = excluded.phone_tail)""",
    "address": """
a AS (
  INSERT INTO case_address (tenant_id, case_id, address, answers)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(address)s::jsonb) AS x ("case" bigint, address text, answers jsonb)
  ON CONFLICT (tenant_id, case_id) DO UPDATE SET
    address = CASE WHEN excluded.address = '' THEN case_address.address ELSE excluded.address END,
    answers = case_address.answers || excluded.answers)""",
    "links": """
l AS (
  INSERT INTO case_attachment (tenant_id, case_id, attachment, stage, seq)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(links)s::jsonb) AS x ("case" bigint, attachment bigint, stage text, seq int)
  ON CONFLICT DO NOTHING)""",
    "audit": """
u AS (
  INSERT INTO audit_entry (tenant_id, at, person, deputy_for, role, origin, operation, object, result, before, after)
  SELECT %(tenant)s, x.at, x.person, x.deputy_for, x.role, x.origin, x.operation, x.object, x.result,
    decode(x.before, 'hex'), decode(x.after, 'hex')
  FROM jsonb_to_recordset(%(audit)s::jsonb) AS x (at timestamptz, person bigint, deputy_for bigint, role text, origin text,
    operation text, object text, result text, before text, after text))""",
    "messages": """
m AS (
  INSERT INTO outbox (tenant_id, topic, case_id, seq, body, at)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(messages)s::jsonb)
    AS x (topic text, about bigint, seq int, body jsonb, at timestamptz))""",
    "timers": """
d AS (
  INSERT INTO timer (tenant_id, due_at, kind, case_id, clock, serial, dedup, state, tries)
  SELECT %(tenant)s, x.*, 'waiting', 0 FROM jsonb_to_recordset(%(timers)s::jsonb)
    AS x (due_at timestamptz, kind text, about bigint, clock text, serial int, dedup text)
  ON CONFLICT (tenant_id, dedup) DO UPDATE SET due_at = excluded.due_at, state = 'waiting', tries = 0 WHERE timer.state = 'cleared')""",
    "joined": """
j AS (
  INSERT INTO case_link (tenant_id, case_id, kind, ref)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(joined)s::jsonb) AS x ("case" bigint, kind text, ref bigint) ON CONFLICT DO NOTHING)""",
    "parted": """
p AS (
  DELETE FROM case_link l USING jsonb_to_recordset(%(parted)s::jsonb) AS x ("case" bigint, kind text, ref bigint)
  WHERE l.tenant_id = %(tenant)s AND l.case_id = x."case" AND l.kind = x.kind AND l.ref = x.ref)""",
    "entered": """
q AS (
  INSERT INTO queue_delta (tenant_id, state, holder, street, weight)
  SELECT %(tenant)s, x.*, 1 FROM jsonb_to_recordset(%(entered)s::jsonb) AS x (state text, holder bigint, street text))""",
    "proposals": """
pr AS (
  INSERT INTO duplicate_proposal (tenant_id, first, second, certainty, reason, outcome, proposed_at)
  SELECT %(tenant)s, x.first, x.second, x.certainty, x.reason, 'open', x.at FROM jsonb_to_recordset(%(proposals)s::jsonb)
    AS x (first bigint, second bigint, certainty float8, reason jsonb, at timestamptz) ON CONFLICT DO NOTHING)""",
    "gaps": """
g AS (
  INSERT INTO duty_gap (tenant_id, case_id, reason, opened_at)
  SELECT %(tenant)s, x.* FROM jsonb_to_recordset(%(gaps)s::jsonb) AS x ("case" bigint, reason jsonb, at timestamptz))""",
    "keys": """
k AS (
  INSERT INTO idempotency (tenant_id, door, key, digest, result, at)
  SELECT %(tenant)s, x.door, x.key, decode(x.digest, 'hex'), x.result, x.at
  FROM jsonb_to_recordset(%(keys)s::jsonb) AS x (door text, key text, digest text, result jsonb, at timestamptz)
  ON CONFLICT (tenant_id, door, key) DO NOTHING RETURNING 1)""",
}

_CLEAR_TIMERS = """
UPDATE timer SET state = 'cleared', done_at = %s
WHERE tenant_id = %s AND case_id = %s AND state = 'waiting' AND EXISTS (SELECT FROM unnest(%s::text[]) p WHERE starts_with(dedup, p))
"""
_TAKE_TIMER = """
UPDATE timer SET state = 'done', done_at = %(now)s
WHERE tenant_id = %(tenant)s AND id = (
  SELECT id FROM timer WHERE tenant_id = %(tenant)s AND state = 'waiting' AND due_at <= %(now)s
  ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING kind, due_at, case_id, dedup, clock, serial
"""
_FAILED_TIMER = """
UPDATE timer SET tries = tries + 1, state = CASE WHEN tries + 1 >= %s THEN 'parked' ELSE state END
WHERE tenant_id = %s AND dedup = %s AND state = 'waiting'
"""

_RAISE_BOOK = """
INSERT INTO tenant_version (tenant_id, book, version) VALUES (%s, 'city', 1)
ON CONFLICT (tenant_id, book) DO UPDATE SET version = tenant_version.version + 1
"""
_WRITE_DUTY_ROW = """
INSERT INTO duty_row (tenant_id, id, version, number, category, area, owner, hours, handling_unit, trade_department, assisting, ladder,
  signed_by, source, valid_from)
SELECT %(tenant)s, n.id, 1, 'D-' || lpad(n.id::text, 4, '0'), %(category)s, %(area)s, %(owner)s, %(hours)s, %(handling_unit)s,
  %(trade_department)s, '[]', '[]',
  coalesce((SELECT p.number FROM person p WHERE p.tenant_id = %(tenant)s AND p.id = %(signed_by)s::bigint), ''), %(source)s, %(day)s
FROM (SELECT coalesce(max(id), 0) + 1 AS id FROM duty_row WHERE tenant_id = %(tenant)s) n
RETURNING id, version
"""
_CLOSE_GAP = """
UPDATE duty_gap SET closed_at = %(at)s, duty_row = %(row)s WHERE tenant_id = %(tenant)s AND case_id = %(case)s AND closed_at IS NULL
"""
_CHECKERS = """
SELECT DISTINCT ON (s.person) s.person, p.org,
  CASE WHEN s.area IS NOT NULL AND starts_with(%(grid)s, s.area) THEN 0 WHEN s.area IS NULL THEN 1 ELSE 2 END AS place
FROM shift s JOIN person p ON p.tenant_id = s.tenant_id AND p.id = s.person AND p.active
WHERE s.tenant_id = %(tenant)s AND s.starts <= %(at)s AND s.ends > %(at)s AND NOT s.person = ANY(%(not)s::bigint[])
  AND EXISTS (
    SELECT FROM role_assignment a WHERE a.tenant_id = s.tenant_id AND a.person = s.person AND a.role = 'collector'
      AND a.valid_from <= %(day)s AND (a.valid_to IS NULL OR a.valid_to > %(day)s)
      AND (a.area IS NULL OR starts_with(%(grid)s, a.area) OR a.area = ANY(
        SELECT code FROM area r WHERE r.tenant_id = a.tenant_id AND r.kind = 'responsibility_grid')))
ORDER BY s.person, place
"""
"""Collectors on shift whose post covers the place; those whose shift is in that very area come before the rest."""

_PROPOSE = """
INSERT INTO duplicate_proposal (tenant_id, first, second, certainty, reason, outcome, proposed_at)
VALUES (%s, %s, %s, %s, %s::jsonb, 'open', %s) ON CONFLICT DO NOTHING RETURNING 1
"""
_GAP = "INSERT INTO duty_gap (tenant_id, case_id, reason, opened_at) VALUES (%s, %s, %s::jsonb, %s)"
