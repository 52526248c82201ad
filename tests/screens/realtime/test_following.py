"""Followers read in commit order and lose nothing, whoever commits first; who was away goes on where he was."""

import asyncio
import json

import psycopg
import pytest

from chengyun.base.ids import TenantId
from chengyun.cases.desk import Done
from chengyun.stores.following import Place, keep_place, mark_told, open_tail, read_after, read_place
from chengyun.stores.tenancy import in_tenant
from screens.realtime.conftest import Live
from stores.written import TUESDAY

ONE = TenantId(1)


def write_line(link: psycopg.Connection, case: int) -> None:
    link.execute("SELECT set_config('chengyun.tenant', '1', true)")
    link.execute(
        "INSERT INTO outbox (tenant_id, topic, case_id, seq, body, at) VALUES (1, 'case', %s, 1, %s, %s)",
        (case, json.dumps({"type": "note", "state": "reported"}), TUESDAY),
    )


def test_a_transaction_held_open_across_a_faster_one_is_not_lost(database) -> None:
    with psycopg.connect(database.app.conninfo()) as slow, psycopg.connect(database.app.conninfo()) as fast:
        write_line(slow, 1)
        write_line(fast, 2)
        fast.commit()
        with psycopg.connect(database.app.conninfo()) as other:
            write_line(other, 3)
            other.commit()
        place = Place()
        assert read_after(ONE, place) == [], "the faster ones wait for the slower one"
        slow.commit()
    lines = read_after(ONE, place)
    assert [line.case for line in lines] == [1, 2, 3]
    assert read_after(ONE, lines[-1].place) == []


def test_following_by_id_alone_would_have_lost_it(database) -> None:
    """Control: with `id > last` the slow line, read after the fast one, is never seen."""
    with psycopg.connect(database.app.conninfo()) as slow, psycopg.connect(database.app.conninfo(), autocommit=True) as fast:
        write_line(slow, 1)
        with fast.transaction():
            write_line(fast, 2)
        with fast.transaction():
            fast.execute("SELECT set_config('chengyun.tenant', '1', true)")
            (last,) = fast.execute("SELECT max(id) FROM outbox").fetchone()
        slow.commit()
        with fast.transaction():
            fast.execute("SELECT set_config('chengyun.tenant', '1', true)")
            assert fast.execute("SELECT case_id FROM outbox WHERE id > %s", (last,)).fetchall() == []


def test_a_tail_held_open_reads_one_tenant_and_writes_nothing(database) -> None:
    with psycopg.connect(database.app.conninfo()) as link:
        write_line(link, 1)

    async def look() -> None:
        async with open_tail(ONE) as tail, open_tail(TenantId(2)) as other:
            assert [line.case for line in await tail.after(Place())] == [1]
            assert [line.case for line in await tail.newest(10)] == [1]
            assert await other.after(Place()) == []
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await tail._link.execute("DELETE FROM outbox")

    asyncio.run(look())


def test_lines_are_told_when_the_last_follower_has_passed_them(database) -> None:
    with psycopg.connect(database.app.conninfo()) as link:
        for case in (1, 2, 3):
            write_line(link, case)
    lines = read_after(ONE, Place())
    with in_tenant(ONE):
        read_place(ONE, "quick")
        read_place(ONE, "slow")
        keep_place(ONE, "quick", lines[2].place)
        keep_place(ONE, "slow", lines[0].place)
    assert mark_told(ONE, ("quick", "slow"), TUESDAY) == 1
    assert mark_told(ONE, ("quick", "slow"), TUESDAY) == 0
    keep_place(ONE, "slow", lines[2].place)
    assert mark_told(ONE, ("quick", "slow"), TUESDAY) == 2


def test_transactions_stand_in_the_order_of_their_numbers_not_of_their_digits(database) -> None:
    with psycopg.connect(database.owner.conninfo()) as link:
        for case, xid in ((1, "9"), (2, "10")):
            write_line(link, case)
            link.execute("UPDATE outbox SET xid = %s::text::xid8 WHERE case_id = %s", (xid, case))
    lines = read_after(ONE, Place())
    assert [(line.case, line.place.xid) for line in lines] == [(1, 9), (2, 10)]
    with in_tenant(ONE):
        read_place(ONE, "only")
        keep_place(ONE, "only", lines[1].place)
    assert mark_told(ONE, ("only",), TUESDAY) == 2
    assert read_place_of("told") == lines[1].place


def read_place_of(follower: str) -> Place:
    with in_tenant(ONE):
        return read_place(ONE, follower)


def test_a_listener_who_was_away_goes_on_where_he_was(live: Live) -> None:
    first = live.listen("lead")
    first.read()
    live.relay.leave(first.listener)
    done = live.report(place=live.place(1))
    assert isinstance(done, Done)
    live.catch_up()
    again = live.listen("lead", after=first.mark)
    assert [message["id"] for message in again.cases()][:1] == [done.case]
    assert [kind for kind, _ in again.messages][-1] == "ping"


@pytest.mark.parametrize("mark", ["yesterday", "1", "-", "99999999999999999999999-1"])
def test_a_mark_nobody_gave_out_starts_anew(live: Live, mark: str) -> None:
    assert live.listen("lead", after=mark).read()[0][0] == "reset"


def test_who_was_away_longer_than_the_ring_reads_anew(live: Live) -> None:
    heard = live.listen("lead")
    heard.read()
    most, live.relay._most = live.relay._most, 2
    try:
        for n in range(3):
            assert isinstance(live.report(place=live.place(10 + n)), Done)
        live.catch_up()
    finally:
        live.relay._most = most
    assert live.listen("lead", after=heard.mark).read()[0] == (
        "reset",
        {"reason": "too_old", "as_of": live.listen("lead").read()[0][1]["as_of"]},
    )


def test_nobody_hears_of_what_he_may_not_see(live: Live) -> None:
    """A clerk of another unit and a citizen hear nothing of a report that is still at the desk."""
    heard = {account: live.listen(account) for account in ("clerk", "citizen", "lead")}
    done = live.report(place=live.place(2), category="2026:matter:06020")
    assert isinstance(done, Done)
    live.catch_up()
    told = {account: [m["id"] for m in each.cases()] for account, each in heard.items()}
    assert done.case in told["lead"] and told["clerk"] == told["citizen"] == []


def test_a_citizen_hears_the_steps_of_his_own_report_and_nothing_of_the_work(live: Live) -> None:
    heard = live.listen("citizen")
    done = live.report("citizen", place=live.place(4), category="2026:matter:06020")
    assert isinstance(done, Done), done
    live.act("intake", done.case, "note", note="内部说明")
    live.act("intake", done.case, "admit", {"exemption": "evidence_complete"})
    live.catch_up()
    messages = heard.cases()
    assert [m.get("type") for m in messages][:1] == ["report"]
    assert "note" not in {m.get("type") for m in messages}
    assert {name for m in messages for name in m} <= {"id", "type", "state", "number", "urgency", "category", "gone"}
