"""The unit of work of many reports: what they ask is looked up for all at once, what they write goes to disk in one statement.

Each report is decided for itself, one after the other, and sees what those before it left; nothing is sent to the database until all are
decided. So a refused one is taken back by forgetting it, and the cost of a transaction is shared. Idempotency keys are looked up at
first and written last: where another transaction wrote one of them meanwhile, this whole work is undone and the desk tries anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import errors

from chengyun.base.errors import Conflict
from chengyun.base.geometry import Point, distance_m
from chengyun.base.ids import AttachmentId, CaseId, CategoryCode, ReporterId, case_number
from chengyun.cases.ports import Foreseen, Nearby, Recording
from chengyun.cases.records import Actor, Case
from chengyun.city.records import Component
from chengyun.stores.writing.cases import codec
from chengyun.stores.writing.cases.work import NUMBER_SLOTS, CaseWork

DOOR = "report"


@dataclass
class _Written:
    """What the reports decided so far leave to be written."""

    recordings: list[Recording] = field(default_factory=list)
    keys: list[dict[str, object]] = field(default_factory=list)
    proposals: list[dict[str, object]] = field(default_factory=list)
    gaps: list[dict[str, object]] = field(default_factory=list)
    cases: dict[CaseId, Case] = field(default_factory=dict)
    words: dict[CaseId, str] = field(default_factory=dict)
    numbers_used: int = 0

    def copy(self) -> "_Written":
        return _Written(
            [*self.recordings],
            [*self.keys],
            [*self.proposals],
            [*self.gaps],
            {**self.cases},
            {**self.words},
            self.numbers_used,
        )


@dataclass
class ReportsWork(CaseWork):
    """Implements `cases.ports.ReportWork`."""

    _out: _Written = field(default_factory=_Written)
    _kept: dict[str, tuple[bytes, object]] = field(default_factory=dict)
    _asked: frozenset[str] = frozenset()
    _evidence: dict[AttachmentId, tuple[str, int | None]] | None = None
    _components: dict[str, Component | None] = field(default_factory=dict)
    _around: dict[tuple[CategoryCode, Point], Sequence[Nearby]] = field(default_factory=dict)
    _ids: list[tuple[CaseId, ReporterId, int]] = field(default_factory=list)
    _slot: tuple[str, int] = ("", 0)
    _reporters_used: int = 0

    # --- looked up for all

    def foresee(self, reports: Sequence[Foreseen], prefix: str, day: str, radius_m: float, since: datetime) -> None:
        self._asked = frozenset(each.key for each in reports)
        found = self._run(_KEPT, (self.tenant, DOOR, sorted(self._asked)))
        self._kept = {str(key): (bytes(digest), result) for key, digest, result in found}  # type: ignore[call-overload]
        new = [each for each in reports if each.key not in self._kept]
        attachments = sorted({attachment for each in new for attachment in each.attachments})
        self._evidence = {}
        if attachments:
            rows = self._run(_UPLOADED, (self.tenant, attachments))
            self._evidence = {AttachmentId(id_): (str(kind), uploader) for id_, kind, uploader in rows}  # type: ignore[arg-type,misc]
        for identifier in sorted({each.component for each in new if each.component is not None}):
            self._components[identifier] = super().find_component(identifier)
        if new:
            self._take_numbers(day, len(new))
        self._look_around(new, radius_m, since)

    def _look_around(self, new: Sequence[Foreseen], radius_m: float, since: datetime) -> None:
        searches = set()
        for each in new:
            component = self._components.get(each.component) if each.component is not None else None
            place = each.place or (component.place if component else None)
            if place is not None and each.category is not None and each.category.count(":") == 2:
                searches.add((each.category, place))
        ordered = list(searches)
        if ordered:
            self._around = dict(zip(ordered, self._find_nearby(ordered, radius_m, since), strict=True))

    def _take_numbers(self, day: str, many: int) -> None:
        """Numbers of the day for so many cases, from one slot, with their ids. What stays unused goes back at the end."""
        values = {"tenant": self.tenant, "day": day, "slots": NUMBER_SLOTS, "many": many}
        rows = self._run(_TAKE_NUMBERS, values).fetchall()
        if rows:
            self._ids = [(CaseId(case), ReporterId(reporter), number) for case, reporter, number, _ in rows]  # type: ignore[arg-type]
            self._slot = (day, rows[0][3])  # type: ignore[assignment]

    # --- asked by one

    def recall(self, key: str, door: str, digest: bytes) -> Mapping[str, object] | None:
        if key not in self._asked or door != DOOR:
            return super().recall(key, door, digest)
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[0] != digest or kept[1] is None:
            raise Conflict("this idempotency key was used with another body", key=key, door=door)
        return codec.read_json(str(kept[1]))  # type: ignore[return-value]

    def new_case(self, prefix: str, day: str) -> tuple[CaseId, str]:
        if self._slot[0] != day or self._out.numbers_used >= len(self._ids):
            return super().new_case(prefix, day)
        case, _, number = self._ids[self._out.numbers_used]
        self._out.numbers_used += 1
        return case, case_number(prefix, day, number)

    def new_reporter(self) -> ReporterId:
        # Drawn from a sequence: one that is not used leaves no gap that anybody sees.
        if self._reporters_used >= len(self._ids):
            return super().new_reporter()
        self._reporters_used += 1
        return self._ids[self._reporters_used - 1][1]

    def find_component(self, identifier: str) -> Component | None:
        if identifier not in self._components:
            self._components[identifier] = super().find_component(identifier)
        return self._components[identifier]

    def get_evidence(self, attachments: Sequence[AttachmentId], actor: Actor) -> Mapping[AttachmentId, str]:
        if self._evidence is None:
            return super().get_evidence(attachments, actor)
        found = {each: self._evidence[each] for each in attachments if each in self._evidence}
        return {each: kind for each, (kind, uploader) in found.items() if uploader == actor.person}

    def get_case(self, case: CaseId) -> Case:
        return self._out.cases[case] if case in self._out.cases else super().get_case(case)

    def description_of(self, case: CaseId) -> str:
        return self._out.words[case] if case in self._out.words else super().description_of(case)

    def find_nearby(self, category: CategoryCode, place: Point, radius_m: float, since: datetime) -> Sequence[Nearby]:
        """What stands in the database, as those before in this work have left it, and what they added."""
        stored = self._around.get((category, place))
        if stored is None:
            stored = super().find_nearby(category, place, radius_m, since)
        words = {each.case: each.text for each in stored}
        found = [each for each in stored if each.case not in self._out.cases]
        for case in self._out.cases.values():
            if case.place is None or case.reported_at is None or distance_m(place, case.place) > radius_m:
                continue
            text = self._out.words.get(case.id, words.get(case.id, ""))
            found.append(
                Nearby(
                    case.id, case.seq, case.category, case.component, case.place, case.reported_at, case.closed_at, text, str(case.state)
                )
            )
        return found

    # --- written together

    def record(self, recording: Recording) -> None:
        self._out.recordings.append(recording)
        self._out.cases[recording.case.id] = recording.case
        words = [words for (_, name), words in recording.texts.items() if name == "description"]
        if words:
            self._out.words[recording.case.id] = " ".join(words)

    def record_proposal(self, case: CaseId, other: CaseId, certainty: float, reason: Mapping[str, object]) -> bool:
        first, second = min(case, other), max(case, other)
        if any(each["first"] == first and each["second"] == second for each in self._out.proposals):
            return False
        self._out.proposals.append({"first": first, "second": second, "certainty": certainty, "reason": reason, "at": self.clock.now()})
        return True  # one of the two is new, so no older proposal can stand

    def record_gap(self, case: CaseId, reason: Mapping[str, object]) -> None:
        self._out.gaps.append({"case": case, "reason": reason, "at": self.clock.now()})

    def remember(self, key: str, door: str, digest: bytes, result: Mapping[str, object]) -> None:
        self._out.keys.append({"door": door, "key": key, "digest": digest.hex(), "result": result, "at": self.clock.now()})

    @contextmanager
    def part(self) -> Iterator[None]:
        before = self._out.copy()
        try:
            yield
        except BaseException:
            self._out = before
            raise

    def write_all(self) -> None:
        """Send everything: new cases in one statement with what stands beside them, changes of older ones after it, in their order."""
        out = self._out
        new = [each for each in out.recordings if each.before_seq == 0]
        try:
            if new:
                self._record(new, {"proposals": out.proposals, "gaps": out.gaps, "keys": out.keys})
            for recording in out.recordings:
                if recording.before_seq:
                    self._record([recording])
            if out.numbers_used < len(self._ids):
                day, slot = self._slot
                back = (len(self._ids) - out.numbers_used) * NUMBER_SLOTS
                self._run(_GIVE_BACK, (back, self.tenant, day, slot))
        except (errors.DeadlockDetected, errors.LockNotAvailable) as clash:
            raise Conflict("two writers stood in each other's way") from clash


_KEPT = "SELECT key, digest, result::text FROM idempotency WHERE tenant_id = %s AND door = %s AND key = ANY(%s)"
_UPLOADED = "SELECT id, kind, uploader FROM attachment WHERE tenant_id = %s AND id = ANY(%s)"
_TAKE_NUMBERS = """
WITH taken AS (
  UPDATE case_number SET next = next + %(slots)s * %(many)s
  WHERE tenant_id = %(tenant)s AND day = %(day)s AND slot = (
    SELECT slot FROM case_number WHERE tenant_id = %(tenant)s AND day = %(day)s ORDER BY next LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING slot, next - %(slots)s * %(many)s AS first)
SELECT nextval('case_row_id_seq'), nextval('reporter_identity_id_seq'), first + %(slots)s * n, slot
FROM taken, generate_series(0, %(many)s - 1) n ORDER BY n
"""
"""Nothing where the day has no slots yet or all are taken: then each case finds its own number, as a single one does."""
_GIVE_BACK = "UPDATE case_number SET next = next - %s WHERE tenant_id = %s AND day = %s AND slot = %s"
