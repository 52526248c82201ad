"""History cannot be rewritten quietly, not even by the ruler of the database (H1-H4)."""

import random
import threading
from datetime import timedelta

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from chengyun.cases.ports import AuditEntry
from chengyun.stores import audit
from chengyun.stores.tenancy import in_tenant
from stores.written import COLLECTOR, ONE, TUESDAY, TWO, work

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()


def entry(n: int) -> AuditEntry:
    return AuditEntry("case.read", f"case:{n}", "accepted", COLLECTOR, TUESDAY + timedelta(seconds=n), "web", after=b"digest")


def write(count: int, first: int = 0, tenant: int = ONE) -> None:
    for n in range(first, first + count):
        audit.record_entry(tenant, entry(n), b"key")


@pytest.fixture
def ruler(postgres_server, current_database):
    """The superuser: neither row security nor grants stop him."""
    with psycopg.connect(postgres_server.administrator.to(current_database.name).conninfo(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def sealed(database, tmp_path):
    """Forty sealed entries, anchored every ten."""
    for first in range(0, 40, 10):
        write(10, first)
        assert audit.seal(ONE) == 10
        assert audit.drop_anchor(ONE, tmp_path, KEY, TUESDAY + timedelta(seconds=first)) is not None
    return tmp_path


def verified(folder):
    return audit.verify(ONE, folder, PUBLIC)


def test_an_untouched_history_is_whole(sealed):
    write(3, 40)
    assert verified(sealed) == audit.Verified(ONE, 40, 3, 4, ())


def test_each_tenant_has_its_own_chain(sealed):
    write(2, tenant=TWO)
    assert audit.seal(TWO) == 2
    assert audit.verify(TWO, sealed, PUBLIC) == audit.Verified(TWO, 2, 0, 0, ())
    assert verified(sealed).entries == 40


def test_nothing_is_anchored_twice_and_a_cut_last_line_does_no_harm(sealed):
    assert audit.drop_anchor(ONE, sealed, KEY, TUESDAY) is None
    with audit.anchors_file(sealed, ONE).open("a") as out:
        out.write('{"tenant": 1, "pos')
    assert verified(sealed).faults == ()


def test_a_slower_transaction_is_sealed_after_it_commits_and_none_is_lost(database, tmp_path):
    begun, finish = threading.Event(), threading.Event()

    def slow():
        try:
            with in_tenant(ONE):
                audit.record_entry(ONE, entry(1), b"key")
                begun.set()
                finish.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(10)
    write(1, 2)
    assert audit.seal(ONE) == 0, "the faster one waits: an older transaction still runs"
    finish.set()
    thread.join()
    assert audit.seal(ONE) == 2
    assert verified(tmp_path).faults == ()


def test_the_oldest_unsealed_entry_tells_how_far_the_sealer_lags(sealed):
    assert audit.unsealed_since(ONE) is None
    write(2, 50)
    assert audit.unsealed_since(ONE) == TUESDAY + timedelta(seconds=50)


COLUMNS = (
    "person = 99",
    "at = at + interval '1 second'",
    "result = 'refused'",
    "operation = 'x'",
    "after = '\\x00'",
    "origin = 'phone'",
    "person = NULL",
)


def tamper(ruler: psycopg.Connection, how: str, draw: random.Random) -> tuple[str, int | None]:
    """Do one thing to the sealed history; gives what must be said, and the first bad entry if it can be named."""
    ids = [row[0] for row in ruler.execute("SELECT entry FROM audit_seal WHERE tenant_id = 1 ORDER BY position")]
    at = draw.randrange(len(ids) - 1)
    if how == "edit":
        ruler.execute(f"UPDATE audit_entry SET {draw.choice(COLUMNS)} WHERE id = %s", [ids[at]])
        return "entry_changed", ids[at]
    if how == "delete":
        ruler.execute("DELETE FROM audit_entry WHERE id = %s", [ids[at]])
        return "entry_missing", ids[at]
    if how == "delete with seal":
        ruler.execute("DELETE FROM audit_entry WHERE id = %s", [ids[at]])
        ruler.execute("DELETE FROM audit_seal WHERE entry = %s", [ids[at]])
        return "position_missing", None
    if how == "swap":
        for entry_, id_ in ((-1, ids[at]), (ids[at], ids[at + 1]), (ids[at + 1], -1)):
            ruler.execute("UPDATE audit_entry SET id = %s WHERE id = %s", [entry_, id_])
        return "entry_changed", ids[at]
    if how == "swap seals":
        for entry_, id_ in ((-1, ids[at]), (ids[at], ids[at + 1]), (ids[at + 1], -1)):
            ruler.execute("UPDATE audit_seal SET entry = %s WHERE entry = %s", [entry_, id_])
        return "entry_changed", ids[at + 1]
    if how == "insert":
        ruler.execute(
            "INSERT INTO audit_entry (tenant_id, xid, at, role, origin, operation, object, result, before, after)"
            " SELECT tenant_id, xid, at, role, origin, operation, object, 'forged', before, after FROM audit_entry WHERE id = %s",
            [ids[at]],
        )
        return "entry_inserted", max(ids) + 1
    if how == "cut":
        for table, column in (("audit_seal", "entry"), ("audit_entry", "id")):
            ruler.execute(f"DELETE FROM {table} WHERE {column} > %s", [ids[at]])
        return "tail_cut", None
    assert how == "rewrite"
    ruler.execute("UPDATE audit_entry SET result = 'refused' WHERE id = %s", [ids[at]])
    ruler.execute("DELETE FROM audit_seal")
    ruler.execute("DELETE FROM follower")
    audit.seal(ONE)
    return "chain_rewritten", None


@pytest.mark.parametrize("how", ["edit", "delete", "delete with seal", "swap", "swap seals", "insert", "cut", "rewrite"])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_to_the_history_is_seen(sealed, ruler, how, seed):
    expected, bad = tamper(ruler, how, random.Random(f"{how}{seed}"))
    faults = verified(sealed).faults
    assert faults and faults[0].kind == expected
    if bad is not None:
        assert faults[0].entry == bad


def test_an_old_backup_put_back_is_seen(sealed, ruler):
    before = ruler.execute("SELECT max(position) FROM audit_seal").fetchone()[0]
    write(10, 40)
    audit.seal(ONE)
    audit.drop_anchor(ONE, sealed, KEY, TUESDAY + timedelta(minutes=5))
    ruler.execute("DELETE FROM audit_seal WHERE position > %s", [before])
    ruler.execute("DELETE FROM audit_entry WHERE id > %s", [before])
    ruler.execute("DELETE FROM follower")
    assert [fault.kind for fault in verified(sealed).faults] == ["tail_cut"]


def test_control_without_anchors_a_rewritten_chain_passes(sealed, ruler, tmp_path_factory):
    tamper(ruler, "rewrite", random.Random(1))
    assert audit.verify(ONE, tmp_path_factory.mktemp("none"), PUBLIC).faults == ()


def test_a_seal_of_another_length_is_seen(sealed, ruler):
    ruler.execute("UPDATE audit_seal SET hash = '\\x00' WHERE position = 7")
    assert [fault.position for fault in verified(sealed).faults] == [7]


def test_a_forged_anchor_is_seen(sealed):
    file = audit.anchors_file(sealed, ONE)
    file.write_text(file.read_text().replace('"position": 20', '"position": 21'))
    assert "anchor_forged" in [fault.kind for fault in verified(sealed).faults]


def test_an_act_whose_entry_cannot_be_written_does_not_happen(database):
    with pytest.raises(psycopg.DataError), work() as opened:
        assert opened.recall("7:k", "door", b"body") is None
        opened.record_audit(AuditEntry("x" * 200, "case:1", "accepted", COLLECTOR, TUESDAY))
    with in_tenant(ONE), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM idempotency")
        assert cursor.fetchone()[0] == 0
