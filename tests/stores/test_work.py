"""The unit of work: everything a decision writes, or nothing; once per key; by the desk alone (R1, R4, R6, D3, P4)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from chengyun.base.errors import Conflict, NotFound
from chengyun.base.geometry import Point
from chengyun.cases.ports import Recording, Timer
from chengyun.cases.records import Actor, State
from chengyun.city.records import Role
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases import codec
from stores.written import COLLECTOR, GRID, ONE, PLACE, TUESDAY, TWO, event, new_report, report, step, unit_clock, work

FOUR = ("case_row", "case_event", "audit_entry", "outbox")


def rows(statement: str, *values: object, tenant: int = ONE) -> list[tuple]:
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def counts() -> dict[str, int]:
    return {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in FOUR}


def test_a_case_reads_as_it_was_written(database):
    case = report()
    with work() as opened:
        assert opened.get_case(case.id) == case == codec.as_written(case)


def test_one_decision_leaves_a_row_in_each_of_the_four_tables(database):
    report()
    assert counts() == dict.fromkeys(FOUR, 1)


def test_an_error_after_recording_leaves_nothing_anywhere(database):
    with pytest.raises(ZeroDivisionError), work() as opened:
        opened.record(new_report(opened))
        raise ZeroDivisionError
    assert counts() == dict.fromkeys(FOUR, 0)
    assert report().number.endswith("0001"), "the number goes to the next case"


def test_numbers_of_a_day_are_dense_and_never_given_twice(database):
    assert [report().number for _ in range(20)] == [f"WJ 2611 24 {n:04d}" for n in range(1, 21)]


def test_creators_at_once_take_different_numbers_without_waiting_for_each_other(database):
    report()  # the first of a day makes the day
    with work() as first:
        number = first.new_case("WJ", "261124")[1]

        def other(_):
            try:
                with work() as second:
                    return second.new_case("WJ", "261124")[1]
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            others = list(pool.map(other, range(8)))
    assert len({number, *others}) == 9


def test_the_columns_follow_the_case(database):
    case = report()
    due = TUESDAY + timedelta(hours=4)
    with work() as opened:
        case = step(opened, case, State.DISPATCHED, holders=(12, 14), clocks=unit_clock(case, due).clocks, duty_row=(9, 2))
    got = rows(
        "SELECT state, step, open, answerable, holder, due_at, clock, street, community, grid, field, unanswered, duty_row FROM case_row"
    )
    assert got == [("dispatched", 4, True, 12, 14, due, "unit", GRID[:9], GRID[:12], GRID, "facilities", 1, 9)]


def test_a_paused_clock_is_not_due_and_a_closed_case_is_not_open(database):
    case = report()
    with work() as opened:
        case = step(opened, case, State.SUSPENDED, clocks=unit_clock(case, None, "paused").clocks)
        assert rows_in(opened, "SELECT due_at, due_sort > %s, clock_outcome FROM case_row", TUESDAY + timedelta(days=3650)) == [
            (None, True, "paused")
        ]
        step(opened, case, State.CLOSED)
    assert rows("SELECT open FROM case_row") == [(False,)]


def rows_in(opened, statement, *values):
    return opened._run(statement, values).fetchall()


def test_a_writer_who_comes_late_is_told_and_changes_nothing(database):
    case = report()
    with work() as opened:
        step(opened, case, State.VERIFYING)
    before = counts()
    with pytest.raises(Conflict), work() as opened:
        step(opened, case, State.VOID)
    assert counts() == before


def test_a_case_that_is_not_there_is_not_found_nor_is_one_of_another_tenant(database):
    case = report()
    with pytest.raises(NotFound), work(TWO) as opened:
        opened.get_case(case.id)


def test_the_same_key_and_body_get_the_same_answer_another_body_a_conflict(database):
    with work() as opened:
        assert opened.recall("7:k1", "report", b"body") is None
        opened.remember("7:k1", "report", b"body", {"case": 5})
    with work() as opened:
        assert opened.recall("7:k1", "report", b"body") == {"case": 5}
        assert opened.recall("7:k1", "other door", b"other body") is None
        with pytest.raises(Conflict):
            opened.recall("7:k1", "report", b"other body")


def test_twenty_requests_with_one_key_at_once_make_one_case(database):
    def request(_):
        try:
            with work() as opened:
                known = opened.recall("7:k1", "report", b"body")
                if known is not None:
                    return known["case"]
                recording = new_report(opened)
                opened.record(recording)
                opened.remember("7:k1", "report", b"body", {"case": recording.case.id})
                return recording.case.id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(request, range(20)))
    assert len(answers) == 1
    assert counts() == dict.fromkeys(FOUR, 1)


def test_a_key_whose_work_was_undone_is_free_again(database):
    with pytest.raises(ZeroDivisionError), work() as opened:
        opened.recall("7:k1", "report", b"body")
        raise ZeroDivisionError
    with work() as opened:
        assert opened.recall("7:k1", "report", b"body") is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_row SET state = 'closed'",
        "INSERT INTO case_text (tenant_id, case_id, seq, field, words, language) VALUES (1, 1, 1, 'x', 'x', '')",
        "DELETE FROM case_event",
        "UPDATE timer SET state = 'done'",
        "UPDATE case_event SET data = '{}'",
        "SELECT nextval('case_row_id_seq')",
    ],
)
def test_the_application_cannot_write_a_case_outside_the_desk(database, app_connection, statement):
    report()
    with pytest.raises(psycopg.errors.InsufficientPrivilege), app_connection.transaction():
        app_connection.execute("SELECT set_config('chengyun.tenant', '1', true)")
        app_connection.execute(statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE case_event SET data = '{}'", "DELETE FROM case_event", "DELETE FROM case_row", "DELETE FROM audit_entry"]
)
def test_not_even_the_desk_takes_anything_out_of_the_history(database, statement):
    report()
    with pytest.raises(psycopg.errors.InsufficientPrivilege), work() as opened:
        opened._run(statement)


def test_the_right_of_the_desk_ends_with_its_work(database):
    report()
    assert rows("SELECT current_user::text") == [("chengyun_app",)]


def test_similar_reports_at_one_instant_wait_for_each_other_and_see_each_other(database):
    def similar(n):
        try:
            with work() as opened:
                seen = opened.find_nearby("2026:component:01001", Point(PLACE.lon + n * 1e-5, PLACE.lat), 50, TUESDAY - timedelta(hours=1))
                opened.record(new_report(opened, place=Point(PLACE.lon + n * 1e-5, PLACE.lat)))
                return len(seen)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        seen = sorted(pool.map(similar, range(12)))
    assert seen == list(range(12))


def test_nearby_means_within_the_radius_and_the_window(database):
    near, far = report(place=Point(PLACE.lon + 0.0004, PLACE.lat)), report(place=Point(PLACE.lon + 0.0006, PLACE.lat))
    with work() as opened:
        found = opened.find_nearby("2026:component:01001", PLACE, 50, TUESDAY - timedelta(hours=1))
        assert [n.case for n in found] == [near.id] and far.id
        assert found[0].text == "井盖破损" and found[0].seq == 1
        assert not opened.find_nearby("2026:component:01001", PLACE, 50, TUESDAY + timedelta(hours=1))


def test_two_cases_are_proposed_as_duplicates_once_whichever_comes_first(database):
    with work() as opened:
        assert opened.record_proposal(2, 1, 0.7, {"distance_m": 4})
        assert not opened.record_proposal(1, 2, 0.9, {})


def test_a_timer_is_taken_once_in_time_order_and_comes_back_if_its_work_is_undone(database):
    first, second = report(), report()
    with work() as opened:
        assert opened.take_timer(TUESDAY) is None
    later = TUESDAY + timedelta(hours=1)
    with pytest.raises(ZeroDivisionError), work() as opened:
        assert opened.take_timer(later).case == first.id
        raise ZeroDivisionError
    with work() as opened:
        taken = [opened.take_timer(later).case for _ in range(2)]
        assert taken == [first.id, second.id] and opened.take_timer(later) is None


def test_two_workers_never_take_the_same_timer(database):
    for _ in range(10):
        report()

    def worker(_):
        took = []
        try:
            while True:
                with work() as opened:
                    timer = opened.take_timer(TUESDAY + timedelta(hours=1))
                if timer is None:
                    return took
                took.append(timer.dedup)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        both = [dedup for took in pool.map(worker, range(2)) for dedup in took]
    assert len(both) == 10 == len(set(both))


def test_a_cleared_timer_does_not_go_off_and_may_be_set_anew(database):
    case = report()
    timer = Timer("overdue", TUESDAY + timedelta(minutes=45), case.id, f"{case.id}:verify:0:overdue", "verify")
    with work() as opened:
        after = replace(case, seq=2)
        opened.record(Recording(after, 1, (event(after, "paused", State.REPORTED),), clear_timers=(f"{case.id}:verify",)))
        assert opened.take_timer(TUESDAY + timedelta(hours=1)) is None
        again = replace(case, seq=3)
        opened.record(Recording(again, 2, (event(again, "resumed", State.REPORTED),), timers=(timer,)))
        assert opened.take_timer(TUESDAY + timedelta(minutes=40)) is None
        assert opened.take_timer(TUESDAY + timedelta(minutes=50)) == timer


def test_evidence_is_what_the_actor_brought_himself(database):
    with in_tenant(ONE), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO attachment (tenant_id, sha256, size, kind, media_type, width, height, inline, level, uploader, uploaded_at)"
            " VALUES (1, 'a', 1, 'photo', 'image/jpeg', 1, 1, true, 2, 7, %s), (1, 'b', 1, 'photo', 'image/jpeg', 1, 1, true, 2, 8, %s)"
            " RETURNING id",
            [TUESDAY, TUESDAY],
        )
        own, other = (row[0] for row in cursor.fetchall())
    with work() as opened:
        assert opened.get_evidence([own, other, 999], COLLECTOR) == {own: "photo"}
        assert opened.get_evidence([own, other], Actor(Role.ANONYMOUS)) == {}


def test_no_word_name_phone_or_address_reaches_history_outbox_or_audit(database, owner_connection):
    with work() as opened:
        recording = new_report(opened, words="MARKER-WORDS")
        reporters = tuple(replace(r, name="MARKER-NAME", phone="13912345678") for r in recording.reporters)
        opened.record(replace(recording, reporters=reporters, address="MARKER-ADDRESS", answers={"plate": "MARKER-PLATE"}))
        step(opened, recording.case, State.VERIFYING)
    with owner_connection.transaction():
        owner_connection.execute("SELECT set_config('chengyun.tenant', '1', true)")
        for table in ("case_event", "outbox", "audit_entry", "timer", "idempotency", "queue_delta", "case_row"):
            text = owner_connection.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t").fetchone()[0] or ""
            assert "MARKER" not in text and "13912345678" not in text, table
        held = owner_connection.execute("SELECT count(*) FROM reporter_identity WHERE phone_tail = '5678'").fetchone()[0]
        assert held == 1, "control: the marker is stored where it may be"
