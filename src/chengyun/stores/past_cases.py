"""Loading cases that have already been lived: another system's archive, or the demo city's past. Each comes with all its events, must
be their fold, and says where it is from (`simulated` or `imported`). All or nothing, one audit entry with the digest of everything.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

import psycopg
from django.db import connection, transaction

from chengyun.base.errors import BadInput
from chengyun.base.ids import CategoryCode, TenantId
from chengyun.cases import timers
from chengyun.cases.evolve import fold
from chengyun.cases.national import STEP
from chengyun.cases.ports import ReporterIdentity
from chengyun.cases.records import Actor, Case, Event, Provenance
from chengyun.stores.tenancy import standing_in
from chengyun.stores.writing.cases import codec
from chengyun.stores.writing.cases.columns import COLUMNS, extract, links
from chengyun.stores.writing.cases.work import NUMBER_SLOTS, FieldOf, keyed, phone_tail, step_in

AT_ONCE = 500


class PastCase(Protocol):
    """One lived case. `case` equals the fold of `events`; `texts` are keyed by (seq, field)."""

    @property
    def case(self) -> Case: ...
    @property
    def events(self) -> tuple[Event, ...]: ...
    @property
    def texts(self) -> Mapping[tuple[int, str], str]: ...
    @property
    def reporters(self) -> tuple[ReporterIdentity, ...]: ...
    @property
    def address(self) -> str: ...


@dataclass(frozen=True)
class Loaded:
    cases: int
    events: int
    digest: bytes
    """SHA-256 over every case and event as written."""


def load_past_cases(
    tenant: TenantId, past: Iterable[PastCase], actor: Actor, at: datetime, field_of: FieldOf, key: bytes, *, name: str = "past"
) -> Loaded:
    """Write them all in one transaction. Ids are those the records bring; the database gives out higher ones from then on.

    Raises BadInput, and stores nothing, for a case that is not the fold of its events, is not marked as past, or is there already.
    """
    digest = hashlib.sha256()
    cases = events = 0
    last = {"case": 0, "reporter": 0}
    days: dict[str, int] = {}
    with transaction.atomic(durable=True):
        connection.ensure_connection()
        step_in(connection.connection, tenant)
        waiting = iter(past)
        with standing_in(tenant):
            while batch := list(islice(waiting, AT_ONCE)):
                for each in batch:
                    _check(tenant, each)
                    digest.update(codec.write(each.case))
                    for event in each.events:
                        digest.update(codec.write(event))
                    last["case"] = max(last["case"], each.case.id)
                    last["reporter"] = max([last["reporter"], *(r.id for r in each.reporters)])
                    _count_number(days, each.case.number)
                _write(tenant, batch, at, field_of)
                cases += len(batch)
                events += sum(len(each.events) for each in batch)
            _move_on(tenant, last, days)
            if cases:
                _tell(tenant, actor, at, name, cases, keyed(key, digest.digest()))
    return Loaded(cases, events, digest.digest())


def _check(tenant: TenantId, each: PastCase) -> None:
    case = each.case
    if case.tenant != tenant:
        raise BadInput(f"case {case.id} belongs to tenant {case.tenant}, not {tenant}", place=f"case {case.id}", code="wrong_tenant")
    if case.provenance not in (Provenance.SIMULATED, Provenance.IMPORTED):
        raise BadInput("only simulated or imported cases are loaded", place=f"case {case.id}", code="not_past", cure="mark its provenance")
    if codec.as_written(fold(Case(case.id, case.tenant), each.events)) != codec.as_written(case):
        raise BadInput("the case is not what its events make of it", place=f"case {case.id}", code="not_its_fold")


def _count_number(days: dict[str, int], number: str) -> None:
    """The highest number of each day, so that live cases of that day go on behind it."""
    parts = number.split()
    if len(parts) == 4 and parts[3].isdecimal():
        day = parts[1] + parts[2]
        days[day] = max(days.get(day, 0), int(parts[3]))


def _write(tenant: TenantId, batch: Sequence[PastCase], at: datetime, field_of: FieldOf) -> None:
    names = [name for name, _ in COLUMNS]
    rows: dict[str, list[dict[str, object]]] = {table: [] for table in _INSERT}
    for each in batch:
        case = each.case
        category_field = field_of(CategoryCode(case.category)) if case.category is not None else None
        own = {"case": case.id}
        rows["case_row"].append({"id": case.id} | dict(zip(names, extract(case, category_field, STEP[case.state]), strict=True)))
        rows["case_event"] += [
            own
            | {
                "seq": event.seq,
                "type": event.type,
                "version": event.version,
                "at": event.at,
                "role": event.actor.role,
                "person": event.actor.person,
                "to_state": event.to,
                "data": event,
            }
            for event in each.events
        ]
        rows["case_link"] += [own | {"kind": kind, "ref": ref} for kind, ref in links(case)]
        rows["case_text"] += [own | {"seq": seq, "field": field, "words": words} for (seq, field), words in each.texts.items()]
        rows["case_address"].append(own | {"address": each.address})
        rows["reporter_identity"] += [
            own | {"id": r.id, "person": r.person, "name": r.name, "phone": r.phone, "tail": phone_tail(r.phone)} for r in each.reporters
        ]
        linked = {(item.attachment, item.stage): event.seq for event in reversed(each.events) for item in event.evidence}
        rows["case_attachment"] += [own | {"attachment": a, "stage": stage, "seq": seq} for (a, stage), seq in linked.items()]
        rows["queue_delta"].append(
            {"state": case.state, "holder": case.holders[-1] if case.holders else 0, "street": (case.grid or "")[:9]}
        )
        rows["timer"] += [
            {"due_at": t.at, "kind": t.kind, "case": t.case, "clock": t.clock, "serial": t.serial, "dedup": t.dedup}
            for clock in case.clocks
            if clock.outcome == "running"
            for t in timers.set_for(case, clock, at)
        ]
    try:
        for table, statement in _INSERT.items():
            if rows[table]:
                psycopg.Cursor(connection.connection).execute(statement.encode(), {"tenant": tenant, "rows": codec.write_text(rows[table])})
    except psycopg.errors.UniqueViolation as clash:
        raise BadInput(f"something of these cases is there already: {clash.diag.message_detail}", code="there_already") from clash


def _move_on(tenant: TenantId, last: Mapping[str, int], days: Mapping[str, int]) -> None:
    """Give out ids and numbers behind those that were brought."""
    with connection.cursor() as cursor:
        for sequence, highest in (("case_row_id_seq", last["case"]), ("reporter_identity_id_seq", last["reporter"])):
            cursor.execute("SELECT nextval(%s)", [sequence])
            drawn = cursor.fetchone()[0]
            cursor.execute("SELECT count(nextval(%s)) FROM generate_series(1, %s)", [sequence, max(0, highest - drawn)])
        for day, highest in days.items():
            cursor.execute(
                "INSERT INTO case_number (tenant_id, day, slot, next)"
                " SELECT %s, %s, slot, slot + 1 + ((%s - slot - 1 + %s) / %s) * %s FROM generate_series(0, %s - 1) slot"
                " ON CONFLICT (tenant_id, day, slot) DO UPDATE SET next = greatest(case_number.next, excluded.next)",
                [tenant, day, highest, NUMBER_SLOTS, NUMBER_SLOTS, NUMBER_SLOTS, NUMBER_SLOTS],
            )


def _tell(tenant: TenantId, actor: Actor, at: datetime, name: str, cases: int, digest: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (tenant_id, at, person, deputy_for, role, origin, operation, object, result, before, after)"
            " VALUES (%s, %s, %s, NULL, %s, 'bulk', 'cases.load', %s, %s, '', %s)",
            [tenant, at, actor.person, actor.role.value, f"batch:{name}", f"{cases} cases", digest],
        )
        cursor.execute(
            "INSERT INTO outbox (tenant_id, topic, body, at) VALUES (%s, 'cases.loaded', %s::jsonb, %s)",
            [tenant, codec.write_text({"cases": cases}), at],
        )


_SHAPE = ", ".join(f"{name} {kind}" for name, kind in COLUMNS)
_LIST = ", ".join(name for name, _ in COLUMNS)
_FROM = "FROM jsonb_to_recordset(%(rows)s::jsonb) AS x"
_INSERT = {
    "case_row": f"INSERT INTO case_row (tenant_id, id, {_LIST}) SELECT %(tenant)s, id, {_LIST} {_FROM} (id bigint, {_SHAPE})",
    "case_event": "INSERT INTO case_event (tenant_id, case_id, seq, type, version, at, role, person, to_state, data)"
    f' SELECT %(tenant)s, x.* {_FROM} ("case" bigint, seq int, type text, version smallint, at timestamptz, role text, person bigint,'
    " to_state text, data jsonb)",
    "case_link": "INSERT INTO case_link (tenant_id, case_id, kind, ref)"
    f' SELECT %(tenant)s, x.* {_FROM} ("case" bigint, kind text, ref bigint)',
    "case_text": "INSERT INTO case_text (tenant_id, case_id, seq, field, words, language)"
    f" SELECT %(tenant)s, x.*, '' {_FROM} (\"case\" bigint, seq int, field text, words text)",
    "case_address": f"INSERT INTO case_address (tenant_id, case_id, address, answers) SELECT %(tenant)s, x.*, '{{}}' {_FROM}"
    ' ("case" bigint, address text)',
    "reporter_identity": "INSERT INTO reporter_identity (tenant_id, case_id, id, person, name, phone, phone_tail)"
    f' SELECT %(tenant)s, x.* {_FROM} ("case" bigint, id bigint, person bigint, name text, phone text, tail text)',
    "case_attachment": "INSERT INTO case_attachment (tenant_id, case_id, attachment, stage, seq)"
    f' SELECT %(tenant)s, x.* {_FROM} ("case" bigint, attachment bigint, stage text, seq int)',
    "queue_delta": "INSERT INTO queue_delta (tenant_id, state, holder, street, weight)"
    f" SELECT %(tenant)s, x.*, 1 {_FROM} (state text, holder bigint, street text)",
    "timer": "INSERT INTO timer (tenant_id, due_at, kind, case_id, clock, serial, dedup, state, tries)"
    f" SELECT %(tenant)s, x.*, 'waiting', 0 {_FROM} (due_at timestamptz, kind text, \"case\" bigint, clock text, serial int, dedup text)"
    " ON CONFLICT (tenant_id, dedup) DO NOTHING",
}
