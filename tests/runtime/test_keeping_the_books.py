"""The worker seals, anchors and folds; `verify` proves it and says so with its exit code."""

from datetime import UTC, datetime

import psycopg
import pytest

from chengyun.base.ids import TenantId
from chengyun.cases.ports import AuditEntry
from chengyun.cases.records import Actor
from chengyun.city.records import Role
from chengyun.runtime import audit_key
from chengyun.runtime.command_line import main
from chengyun.runtime.installation import Installation
from chengyun.runtime.jobs import books
from chengyun.stores import audit
from chengyun.stores.tenants import make_tenant

ONE = TenantId(1)


@pytest.fixture
def kept(database, tmp_path, monkeypatch):
    """A city with twelve sealed and anchored entries, and its data folder."""
    here = Installation(data=tmp_path, mode="demo")
    monkeypatch.setattr("chengyun.runtime.jobs.books.read_installation", lambda: here)
    monkeypatch.setattr("chengyun.runtime.commands.verify.read_installation", lambda: here)
    monkeypatch.setattr("chengyun.runtime.commands.verify.use_data_folder", lambda _: None)
    books._key.cache_clear()
    make_tenant(ONE, "990101", "望江区", "Wangjiang", "Asia/Shanghai", "WJ")
    now = datetime(2026, 11, 24, tzinfo=UTC)
    for n in range(12):
        audit.record_entry(ONE, AuditEntry("case.read", f"case:{n}", "done", Actor(Role.AUDITOR, 3), now), b"key")
    assert books.seal(now) is False
    books.anchor(now)
    books.fold(now)
    return tmp_path


def test_the_head_is_anchored_outside_the_database_and_the_key_is_nobody_elses(kept):
    assert [anchor.position for anchor in audit.read_anchors(kept / "anchors", ONE)] == [12]
    assert (kept / audit_key.KEY).stat().st_mode & 0o077 == 0
    assert audit_key.read_or_make_key(kept).public_key() == audit_key.read_public_key(kept)


def test_verify_says_that_all_is_well(kept, capsys):
    assert main(["verify", "--data", str(kept)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in said] == ["ok  "] * 3 and "entries 12" in said[2]


def test_verify_fails_when_somebody_rewrote_an_entry(kept, capsys, postgres_server, database):
    with psycopg.connect(postgres_server.administrator.to(database.name).conninfo(), autocommit=True) as ruler:
        ruler.execute("UPDATE audit_entry SET result = 'refused' WHERE object = 'case:4'")
    assert main(["verify", "--data", str(kept), "--audit"]) == 1
    assert "entry_changed" in capsys.readouterr().out
