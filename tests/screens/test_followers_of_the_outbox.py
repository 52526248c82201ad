"""The worker's followers on a real city: late duplicates, notices, timing again, timers under kills; each effect once."""

import itertools
import random
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from chengyun.base.ids import CaseId, PersonId
from chengyun.cases.access import Channel, Reader
from chengyun.cases.desk import Done, NewReport, Order
from chengyun.cases.records import SourceFamily
from chengyun.city.records import Role
from chengyun.runtime.jobs import calendars, followers, timers
from chengyun.runtime.worker import _leave_broken_connections
from chengyun.stores import following
from chengyun.stores.tenancy import in_tenant
from counts import count
from screens.conftest import Town

_keys = itertools.count(1)


def reader(town: Town, account: str) -> Reader:
    number = next(each.person for each in town.city.people.accounts if each.name == account)
    return of(town, next(each.id for each in town.city.people.all if each.number == number), account)


def of(town: Town, person: PersonId, account: str = "") -> Reader:
    channel = Channel.PUBLIC if account == "citizen" else Channel.DESK
    return town.house.book.reader(town.city.tenant, person, town.clock.now(), channel)


def place(town: Town, number: int) -> list[float]:
    grids = [area for area in town.city.areas if area.kind == "unit_grid"]
    ring = grids[number % len(grids)].rings[0][:-1]
    return [sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)]


def report(town: Town, number: int, account: str = "hotline", words: str = "", **more: Any) -> Done:
    family = SourceFamily.PUBLIC if account == "citizen" else SourceFamily.HOTLINE
    facts = {"category": "2026:matter:06020", "place": place(town, number), **more}
    given = NewReport(family, facts=facts, texts={"description": words or secrets.token_hex(8)})
    done = town.house.desk.report(reader(town, account), given, f"followed {next(_keys)}")
    assert isinstance(done, Done), done
    return done


def act(town: Town, who: Reader, case: int, action: str, facts: dict[str, Any] | None = None, **texts: str) -> Done:
    done = town.house.desk.act(who, CaseId(case), Order(action, facts or {}, texts), f"followed {next(_keys)}")
    assert isinstance(done, Done), done
    return done


def take_up(town: Town, case: int, category: str = "2026:matter:06020") -> None:
    """Admitted and filed; dispatch follows by itself."""
    officer = reader(town, "intake")
    act(town, officer, case, "admit", {"exemption": "evidence_complete"})
    entry = min((e for e in town.city.standards if e.category == category), key=lambda e: e.condition_no)
    town.house.desk.act(officer, CaseId(case), Order("file", {"standard": int(entry.id)}), f"followed {next(_keys)}")


def rows(town: Town, statement: str, *values: object) -> list[tuple]:
    with in_tenant(town.city.tenant), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def follow(town: Town) -> None:
    now = town.clock.now()
    while followers.find_late_duplicates(now) or followers.write_notices(now):
        pass


# --- duplicates


def test_two_identical_reports_at_the_same_instant_end_in_one_proposal(town: Town) -> None:
    """However the two fall: in sight of each other or past each other, then the follower finds them; never two, never none."""
    both = threading.Barrier(2)
    # There are fewer places than rounds: only the two of a round may be alike.
    words = [secrets.token_hex(16) for _ in range(count("same_instant", "rounds"))]

    def tell(number: int) -> int:
        try:
            both.wait(20)
            return report(town, number, words=words[number]).case
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        pairs = [tuple(pool.map(tell, (round_, round_))) for round_ in range(len(words))]
    follow(town)
    for pair in pairs:
        low, high = sorted(pair)
        assert len(rows(town, "SELECT 1 FROM duplicate_proposal WHERE first = %s AND second = %s", low, high)) == 1, pair


def test_reports_that_missed_each_other_are_found_late(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control for the late search: without the search in the transaction the follower alone proposes them."""
    follow(town)
    monkeypatch.setattr("chengyun.cases.desk._Sitting.propose_duplicates", lambda *_: ())
    first, second = (report(town, 77, words="同一件事，护栏倒在路上") for _ in range(2))
    pair = sorted((first.case, second.case))
    assert rows(town, "SELECT 1 FROM duplicate_proposal WHERE first = %s AND second = %s", *pair) == []
    monkeypatch.undo()
    follow(town)
    assert len(rows(town, "SELECT 1 FROM duplicate_proposal WHERE first = %s AND second = %s", *pair)) == 1


def test_lines_everybody_has_passed_are_marked_and_in_time_removed(town: Town) -> None:
    report(town, 3)
    follow(town)
    now = town.clock.now()
    followers.mark_told(now)
    assert rows(town, "SELECT count(*) FROM outbox WHERE sent_at IS NULL")[0][0] == 0
    waiting = report(town, 4).case
    followers.clean(now + timedelta(days=31))
    assert [row[0] for row in rows(town, "SELECT DISTINCT case_id FROM outbox")] == [waiting], "what is not told yet stays"


# --- notices


def notices_of(town: Town, account: str) -> dict[str, Any]:
    return town.visitor(account).get("/api/v1/notices").json()


def test_a_task_is_told_to_the_clerks_of_the_unit_and_its_end_to_the_citizen(town: Town) -> None:
    follow(town)
    done = report(town, 11, "citizen")
    take_up(town, done.case)
    holder = rows(town, "SELECT holder, state FROM case_row WHERE id = %s", done.case)[0]
    follow(town)
    kinds = {(row[0], row[1]) for row in rows(town, "SELECT kind, person FROM notice WHERE case_id = %s", done.case)}
    citizen = reader(town, "citizen").person
    assert ("filed", citizen) in kinds
    clerks = [p.id for p in town.city.people.all if p.org == holder[0] and any(a.role == Role.UNIT_CLERK for a in p.assignments)]
    if holder[1] == "dispatched":
        assert {person for kind, person in kinds if kind == "new_task"} == set(clerks)
    mine = notices_of(town, "citizen")
    assert mine["unread"] >= 1 and mine["rows"][0]["case"] == done.case
    assert done.number in mine["rows"][0]["title"] and "taken up" in mine["rows"][0]["title"]


def test_following_twice_writes_no_notice_twice(town: Town) -> None:
    done = report(town, 12, "citizen")
    take_up(town, done.case)
    follow(town)
    before = rows(town, "SELECT count(*) FROM notice")
    with in_tenant(town.city.tenant):
        following.keep_place(town.city.tenant, followers.NOTICES, following.Place())
    follow(town)
    assert rows(town, "SELECT count(*) FROM notice") == before


def test_a_notice_is_marked_by_its_owner_alone(town: Town) -> None:
    done = report(town, 13, "citizen")
    take_up(town, done.case)
    follow(town)
    mine = notices_of(town, "citizen")
    ids = [row["id"] for row in mine["rows"] if not row["read"]]
    stranger = town.visitor("clerk").post("/api/v1/notices/read", {"ids": ids})
    assert (stranger.status_code, stranger.json()["marked"]) == (200, 0)
    citizen = town.visitor("citizen")
    assert citizen.post("/api/v1/notices/read", {"ids": ids[:1]}).json() == {"marked": 1, "unread": mine["unread"] - 1}
    assert citizen.post("/api/v1/notices/read", {"ids": ids[:1]}).json()["marked"] == 0
    assert citizen.post("/api/v1/notices/read", {}).json()["unread"] == 0


# --- calendars


def test_open_clocks_are_timed_again_when_tomorrow_becomes_a_holiday(town: Town) -> None:
    tenant, now = town.city.tenant, town.clock.now()
    categories = sorted({e.category for e in town.city.standards if e.category.startswith("2026:matter:")})
    for n, category in enumerate(random.Random(4).sample(categories, 6)):
        done = report(town, 30 + n, category=category)
        take_up(town, done.case, category)
    calendars.retime_tenant(tenant, now)
    assert calendars.retime_tenant(tenant, now) == 0
    due = dict(rows(town, "SELECT id, due_at FROM case_row WHERE open AND due_at IS NOT NULL"))
    leader = town.visitor("leader")
    city = next(row for row in leader.get("/api/v1/city/calendars").json()["rows"] if "city" in row["used_for"])
    body = {"calendar": city["id"], "day": "2026-11-25", "working": False, "reason_zh": "台风停工", "reason_en": "Typhoon"}
    assert leader.post("/api/v1/city/calendars/days", body).status_code == 201
    assert calendars.retime_tenant(tenant, now) > 0
    after = dict(rows(town, "SELECT id, due_at FROM case_row WHERE open AND due_at IS NOT NULL"))
    moved = [case for case in due if after[case] != due[case]]
    assert moved and all(after[case] > due[case] for case in moved), "a holiday gives time and takes none"
    assert calendars.retime_tenant(tenant, now) == 0, "once per version"


# --- timers


def test_timers_take_effect_once_although_workers_are_killed_at_them(town: Town) -> None:
    """Twins: the same cases rung in peace by one worker, and by two whose connections are cut at random. The same events stand."""
    tenant = town.city.tenant
    ring_all(town)
    peaceful = [report(town, 50 + n).case for n in range(5)]
    later = town.clock.now() + timedelta(days=5)
    while timers.ring_one(tenant, later):
        pass
    wanted = sorted(events_of(town, peaceful))
    harried = [report(town, 60 + n).case for n in range(5)]
    own = {rows(town, "SELECT pg_backend_pid()")[0][0]}
    over = threading.Event()

    def work() -> None:
        quiet = 0
        while quiet < 3:
            try:
                quiet = 0 if timers.ring_one(tenant, later) else quiet + 1
            except Exception:  # noqa: BLE001 - whatever a cut connection raises
                _leave_broken_connections()
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    killer = threading.Thread(target=kill_now_and_then, args=(town, own, over))
    for thread in (*workers, killer):
        thread.start()
    for thread in workers:
        thread.join(60)
    over.set()
    killer.join()
    assert sorted(events_of(town, harried)) == wanted and wanted
    assert rows(town, "SELECT count(*) FROM timer WHERE state = 'waiting' AND due_at <= %s", later)[0][0] == 0


def ring_all(town: Town) -> None:
    while timers.ring_one(town.city.tenant, town.clock.now() + timedelta(days=5)):
        pass


def events_of(town: Town, cases: list[int]) -> list[tuple[int, str]]:
    found = rows(town, "SELECT case_id, type FROM case_event WHERE case_id = ANY(%s) AND seq > 1", cases)
    return [(cases.index(case), kind) for case, kind in found]


def kill_now_and_then(town: Town, spared: set[int], over: threading.Event) -> None:
    """Cut a connection that is inside a transaction, up to eight times."""
    known = connections.settings["default"]
    words = {"host": known["HOST"], "port": known["PORT"], "dbname": known["NAME"], "user": known["USER"], "password": known["PASSWORD"]}
    with psycopg.connect(**words, autocommit=True) as link:
        cut = 0
        while cut < 8 and not over.wait(0.01):
            found = link.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
                " AND pid <> pg_backend_pid() AND NOT pid = ANY(%s) AND state <> 'idle' LIMIT 1",
                (list(spared),),
            ).fetchone()
            if found is not None:
                link.execute("SELECT pg_terminate_backend(%s)", found)
                cut += 1
