"""Taking a table in: one change with one audit entry or nothing; older versions end where new ones begin; twice is once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from chengyun.base.ids import CalendarId, DutyRowId, OrgId, PersonId, TenantId
from chengyun.cases.ports import AuditEntry
from chengyun.cases.records import Actor
from chengyun.city.records import DayRule, DutyRow, Hours, Loop, Organisation, OrgKind, Role, WorkCalendar, in_force
from chengyun.city.shipped import load_shipped
from chengyun.sources.exchange.tables import TABLES, KnownCity, Rejected, TableMapping
from chengyun.sources.exchange.tables.desk import Taken, give_out, take_in

NOW, ZONE = datetime(2026, 11, 24, 1, 30, tzinfo=UTC), "Asia/Shanghai"
ADMIN = Actor(Role.SYSTEM_ADMIN, PersonId(1))
SHIPPED = load_shipped()


@dataclass
class Shelf:
    """The books in memory: a record with the same key takes the place of the stored one, as in the store."""

    city: KnownCity
    audit: list[AuditEntry] = field(default_factory=list)
    writes: int = 0
    broken: bool = False

    PARTS = {
        "organisations": ("organisations", lambda r: (r.id, r.valid_from)),
        "catalogue": ("categories", lambda r: (r.code, r.valid_from)),
        "standards": ("standards", lambda r: (r.id, r.version)),
        "duty-list": ("duty_rows", lambda r: (r.id, r.version)),
        "calendar": ("calendars", lambda r: (r.id, r.version)),
    }

    @contextmanager
    def change(self) -> Iterator["Shelf"]:
        before = self.city, list(self.audit), self.writes
        try:
            yield self
        except Exception:
            self.city, self.audit, self.writes = before
            raise

    def known(self, day: date) -> KnownCity:
        return replace(self.city, day=day)

    def write(self, table: Any, records: Sequence[Any]) -> None:
        part, key = self.PARTS[table.name]
        kept = {key(r): r for r in getattr(self.city, part)} | {key(r): r for r in records}
        self.city = replace(self.city, **{part: tuple(kept.values())})
        self.writes += 1
        if self.broken:
            raise RuntimeError("the disk is full")

    def record_audit(self, entry: AuditEntry) -> None:
        self.audit.append(entry)


def body(number: int, code: str, **changes: Any) -> Organisation:
    base = Organisation(OrgId(number), TenantId(1), code, None, OrgKind.UNIT, code, code, 0, Loop.MEDIUM, date(2025, 1, 1))
    return replace(base, **changes)


@pytest.fixture
def shelf() -> Shelf:
    calendar = WorkCalendar(CalendarId(1), 1, "工作时间", "office hours", ZONE, {0: ((time(8), time(12)),)})
    return Shelf(
        KnownCity(
            TenantId(1),
            date(2026, 11, 24),
            organisations=(body(1, "WTR"), body(2, "GAS")),
            categories=SHIPPED.categories,
            standards=SHIPPED.standards,
            calendars=(calendar,),
        )
    )


def take(shelf: Shelf, table: str, text: str, *, trial: bool = False) -> Taken | Rejected:
    return take_in(text.encode(), f"{table}.csv", TableMapping(TABLES[table]), shelf, ADMIN, NOW, ZONE, trial=trial)


DUTY = "number,handling_unit,valid_from\n"


def test_a_file_is_stored_whole_with_one_audit_entry_that_names_it_by_digest(shelf: Shelf) -> None:
    taken = take(shelf, "duty-list", DUTY + "D-1,WTR,2026-07-01\nD-2,GAS,2026-07-01\n")
    assert isinstance(taken, Taken) and (taken.rows, taken.written, taken.ended, taken.stored) == (2, 2, 0, True)
    assert [r.number for r in shelf.city.duty_rows] == ["D-1", "D-2"]
    (entry,) = shelf.audit
    assert (entry.operation, entry.object, entry.actor, entry.at, len(entry.after)) == ("city.import", "duty-list", ADMIN, NOW, 32)


def test_one_fault_leaves_the_books_and_the_audit_alone(shelf: Shelf) -> None:
    found = take(shelf, "duty-list", DUTY + "D-1,WTR,2026-07-01\nD-2,NOBODY,2026-07-01\n")
    assert isinstance(found, Rejected) and found.total == 1
    assert shelf.city.duty_rows == () and shelf.audit == [] and shelf.writes == 0


def test_a_trial_says_what_would_be_done_and_does_nothing(shelf: Shelf) -> None:
    taken = take(shelf, "duty-list", DUTY + "D-1,WTR,2026-07-01\n", trial=True)
    assert isinstance(taken, Taken) and taken.written == 1 and not taken.stored
    assert shelf.city.duty_rows == () and shelf.audit == []


def test_a_failure_while_storing_undoes_everything(shelf: Shelf) -> None:
    shelf.broken = True
    with pytest.raises(RuntimeError):
        take(shelf, "duty-list", DUTY + "D-1,WTR,2026-07-01\n")
    assert shelf.city.duty_rows == () and shelf.audit == []


def test_taking_the_same_file_twice_changes_nothing(shelf: Shelf) -> None:
    text = DUTY + "D-1,WTR,2026-07-01\n"
    take(shelf, "duty-list", text)
    before = shelf.city.duty_rows
    again = take(shelf, "duty-list", text)
    assert isinstance(again, Taken) and (again.written, again.ended) == (0, 0)
    assert shelf.city.duty_rows == before and shelf.writes == 1 and len(shelf.audit) == 2


def test_a_changed_duty_row_ends_the_version_before_on_its_first_day(shelf: Shelf) -> None:
    take(shelf, "duty-list", DUTY + "D-1,WTR,2026-07-01\n")
    take(shelf, "duty-list", DUTY + "D-1,GAS,2026-12-01\n")
    on = {d: [(r.version, r.handling_unit) for r in shelf.city.duty_rows if in_force(r.valid_from, r.valid_to, d)] for d in DAYS}
    assert on == {DAYS[0]: [(1, 1)], DAYS[1]: [(1, 1)], DAYS[2]: [(2, 2)]}


DAYS = (date(2026, 7, 1), date(2026, 11, 30), date(2026, 12, 1))


def test_a_duty_row_put_right_from_its_first_day_leaves_one_in_force(shelf: Shelf) -> None:
    take(shelf, "duty-list", DUTY + "D-1,WTR,2026-07-01\n")
    take(shelf, "duty-list", DUTY + "D-1,GAS,2026-07-01\n")
    assert [r.handling_unit for r in shelf.city.duty_rows if in_force(r.valid_from, r.valid_to, DAYS[0])] == [2]
    assert len(shelf.city.duty_rows) == 2, "the wrong version stays in the books"


ORGANISATION = "code,kind,name_zh,loop,valid_from,valid_to\n"


def test_a_renamed_body_keeps_its_old_name_for_old_days(shelf: Shelf) -> None:
    taken = take(shelf, "organisations", ORGANISATION + "WTR,unit,水务集团,medium,2026-12-01,\n")
    assert isinstance(taken, Taken) and (taken.written, taken.ended) == (1, 1)
    named = {d: [o.name_zh for o in shelf.city.organisations if o.code == "WTR" and in_force(o.valid_from, o.valid_to, d)] for d in DAYS}
    assert named == {DAYS[0]: ["WTR"], DAYS[1]: ["WTR"], DAYS[2]: ["水务集团"]}
    assert {o.id for o in shelf.city.organisations if o.code == "WTR"} == {1}


def test_rows_the_file_does_not_name_stay(shelf: Shelf) -> None:
    take(shelf, "organisations", ORGANISATION + "WTR,unit,水务集团,medium,2026-12-01,\n")
    assert [o.valid_to for o in shelf.city.organisations if o.code == "GAS"] == [None]


def test_a_row_that_runs_into_a_later_known_version_is_refused(shelf: Shelf) -> None:
    found = take(shelf, "organisations", ORGANISATION + "WTR,unit,水司,medium,2020-01-01,\n")
    assert isinstance(found, Rejected) and [e.code for e in found.errors] == ["row.later_version"]
    assert isinstance(take(shelf, "organisations", ORGANISATION + "WTR,unit,水司,medium,2020-01-01,2025-01-01\n"), Taken)


def test_a_new_limit_ends_the_old_one(shelf: Shelf) -> None:
    head = "category,condition_no,filing_zh,amount,unit,counting,closing_zh,valid_from\n"
    take(shelf, "standards", head + "2026:matter:06010,1,容器外堆放垃圾,2,work_hour,accumulate,清理,2026-12-01\n")

    def limits(day: date) -> list[int]:
        rows = [e for e in shelf.city.standards if e.category == "2026:matter:06010" and in_force(e.valid_from, e.valid_to, day)]
        return [e.limit.amount for e in rows]

    assert (limits(DAYS[1]), limits(DAYS[2])) == ([4], [2])


def test_days_of_a_calendar_become_its_next_version(shelf: Shelf) -> None:
    text = "calendar,day,working,reason_zh\n1,2026-10-01,no,国庆节\n"
    take(shelf, "calendar", text)
    take(shelf, "calendar", text)
    take(shelf, "calendar", "calendar,day,working,reason_zh\n1,2026-10-10,yes,调休\n")
    assert [(c.version, len(c.days)) for c in shelf.city.calendars] == [(1, 0), (2, 1), (3, 2)]
    assert shelf.city.calendars[-1].days[0] == DayRule(date(2026, 10, 1), False, (), "国庆节")


@pytest.mark.parametrize("table", ["organisations", "standards", "duty-list", "calendar", "catalogue"])
def test_what_is_given_out_is_taken_in_as_no_change(shelf: Shelf, table: str) -> None:
    take(shelf, "duty-list", DUTY + "D-1,WTR,2026-07-01\n")
    take(shelf, "duty-list", DUTY + "D-1,GAS,2026-12-01\n")
    take(shelf, "organisations", ORGANISATION + "WTR,unit,水务集团,medium,2026-12-01,\n")
    take(shelf, "calendar", "calendar,day,working\n1,2026-10-01,no\n")
    before = shelf.city
    data = give_out(TABLES[table], shelf, ADMIN, NOW, ZONE)
    again = take_in(data, table, TableMapping(TABLES[table]), shelf, ADMIN, NOW, ZONE)
    assert isinstance(again, Taken) and (again.written, again.ended) == (0, 0), again
    assert shelf.city == before
    assert [e.operation for e in shelf.audit[-2:]] == ["city.export", "city.import"]


def test_hours_of_a_duty_row_and_its_reading_hold_together(shelf: Shelf) -> None:
    take(shelf, "duty-list", "number,handling_unit,hours\nD-9,WTR,off_hours\n")
    assert shelf.city.duty_rows == (DutyRow(DutyRowId(1), 1, "D-9", None, None, None, None, Hours.OFF_HOURS, OrgId(1), None),)
