"""Files are whole or not there, and an upload goes on where the network broke (promises R1, R4, R5, R6)."""

import errno
import os
import random
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from chengyun.base.errors import Conflict, NotFound
from chengyun.base.ids import PersonId, TenantId
from chengyun.base.results import Refused
from chengyun.stores import blobs
from chengyun.stores.blobs import BlobStore, FileChanged, StorageFull, UploadDesk, UploadLimits

ONE, TWO = TenantId(1), TenantId(2)
ANNE, BEN = PersonId(11), PersonId(12)
NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
BODY = random.Random(5).randbytes(300_000)
DIGEST = sha256(BODY).hexdigest()


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path)


@pytest.fixture
def desk(tmp_path):
    return UploadDesk(tmp_path)


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != "lock")


def aged(store, digest, days=2, tenant=ONE):
    moment = time.time() - days * 86400
    os.utime(store.path_of(tenant, digest), (moment, moment))


def test_a_file_is_read_by_what_it_is(store, tmp_path):
    assert store.put(ONE, BODY) == DIGEST
    assert store.get(ONE, DIGEST) == BODY
    assert store.path_of(ONE, DIGEST) == tmp_path / "blobs/1" / DIGEST[:2] / DIGEST[2:4] / DIGEST
    assert files(tmp_path) == [DIGEST]


def test_the_same_file_is_kept_once_per_tenant_and_never_shared(store, tmp_path):
    store.put(ONE, BODY)
    store.put(ONE, BODY)
    with pytest.raises(NotFound):
        store.get(TWO, DIGEST)
    store.put(TWO, BODY)
    assert files(tmp_path) == [DIGEST, DIGEST]
    assert store.erase(ONE, DIGEST)
    assert not store.erase(ONE, DIGEST)
    assert store.get(TWO, DIGEST) == BODY


def test_a_large_file_is_copied_in(store, tmp_path):
    (tmp_path / "film").write_bytes(BODY)
    assert store.put_file(ONE, tmp_path / "film") == DIGEST
    assert store.get(ONE, DIGEST) == BODY


@pytest.mark.parametrize("asked", ["", "../../etc/passwd", DIGEST.upper(), DIGEST + "0", "0" * 64])
def test_what_is_not_a_stored_sum_is_not_found(store, asked):
    with pytest.raises(NotFound):
        store.get(ONE, asked)


def test_a_file_that_changed_on_disk_is_not_handed_out(store):
    store.put(ONE, BODY)
    path = store.path_of(ONE, DIGEST)
    path.write_bytes(BODY[:-1] + b"?")
    with pytest.raises(FileChanged):
        store.get(ONE, DIGEST)


def test_a_file_cut_short_by_others_is_written_again(store):
    store.put(ONE, BODY)
    store.path_of(ONE, DIGEST).write_bytes(BODY[:10])
    store.put(ONE, BODY)
    assert store.get(ONE, DIGEST) == BODY


def test_bytes_are_durable_before_their_name_and_the_name_before_the_answer(store, monkeypatch):
    steps = []
    real_sync, real_rename = os.fsync, blobs.Path.rename
    monkeypatch.setattr(
        blobs.os,
        "fsync",
        lambda handle: (steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "bytes"), real_sync(handle))[1],
    )
    monkeypatch.setattr(blobs.Path, "rename", lambda self, to: (steps.append("name"), real_rename(self, to))[1])
    store.put(ONE, BODY)
    assert steps[-1] == "folder"
    assert [step for step in steps if step != "folder"] == ["bytes", "name"]
    assert "folder" in steps[steps.index("bytes") : steps.index("name")]  # the new aa/bb folders are durable too


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_full_or_failing_disk_stores_nothing_and_says_so(store, tmp_path, monkeypatch, code, step):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        broken.setattr(*((blobs.os, "fsync", fail) if step == "fsync" else (blobs.Path, "rename", fail)))
        with pytest.raises(StorageFull):
            store.put(ONE, BODY)
    assert files(tmp_path) == []
    assert store.put(ONE, BODY) == DIGEST  # space returned; no repair by hand


def test_a_writer_killed_in_the_middle_leaves_no_half_file(store, tmp_path):
    program = (
        "import sys, os, signal\nfrom pathlib import Path\nfrom chengyun.stores import blobs\n"
        "blobs.os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL) if not os.path.isdir(f'/proc/self/fd/{handle}') else None\n"
        "blobs.BlobStore(Path(sys.argv[1])).put(1, b'x' * 100000)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == -9
    assert list(store.digests(ONE)) == []
    assert len(files(tmp_path)) == 1  # the temporary one, which the sweep takes
    store.sweep(ONE, [], timedelta(days=-1))
    assert files(tmp_path) == []


def test_the_sweep_takes_old_orphans_and_nothing_else(store):
    named, orphan, young = store.put(ONE, b"named"), store.put(ONE, b"orphan"), store.put(ONE, b"young")
    other = store.put(TWO, b"orphan")
    aged(store, named)
    aged(store, orphan)
    aged(store, other, tenant=TWO)
    assert store.sweep(ONE, {named}, timedelta(days=1)) == [orphan]
    assert list(store.digests(ONE)) == sorted([named, young])
    assert list(store.digests(TWO)) == [other]


def test_storing_an_orphan_again_saves_it_from_the_sweep(store):
    digest = store.put(ONE, b"orphan")
    aged(store, digest)
    store.put(ONE, b"orphan")
    assert store.sweep(ONE, [], timedelta(days=1)) == []


def test_writers_and_the_sweep_never_lose_a_stored_file(store):
    """What was just stored is there, while a sweep runs beside it that finds every file old until it is stored again."""
    stop = threading.Event()

    def sweep():
        while not stop.is_set():
            store.sweep(ONE, [], timedelta(days=1))

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for turn in range(150):
            digest = store.put(ONE, b"%d" % (turn % 5))
            assert store.get(ONE, digest)
            aged(store, digest)
    finally:
        stop.set()
        sweeper.join()


# Uploads in pieces ------------------------------------------------------------------------------------------------------------------------


def begin(desk, key="k1", body=BODY, person=ANNE, tenant=ONE):
    return desk.start(tenant, person, key, len(body), sha256(body).hexdigest(), NOW, "现场.jpg", "image/jpeg")


def test_an_upload_goes_on_where_it_broke_even_in_another_process(desk, tmp_path):
    session = begin(desk)
    assert desk.append(ONE, ANNE, session.id, 0, BODY[:100_000]).received == 100_000
    later = UploadDesk(tmp_path)
    assert later.get(ONE, ANNE, session.id).received == 100_000
    assert later.append(ONE, ANNE, session.id, 100_000, BODY[100_000:]).received == len(BODY)
    path = later.finish(ONE, ANNE, session.id)
    assert path.read_bytes() == BODY
    later.forget(ONE, ANNE, session.id)
    assert files(tmp_path) == []


def test_the_same_key_finds_the_same_session_and_another_file_is_a_conflict(desk):
    session = begin(desk)
    desk.append(ONE, ANNE, session.id, 0, b"".join([BODY[:10]]))
    assert begin(desk).received == 10
    assert begin(desk).id == session.id
    with pytest.raises(Conflict):
        begin(desk, body=b"another")
    assert begin(desk, person=BEN).id != session.id


def test_a_piece_sent_twice_or_overlapping_counts_once(desk):
    session = begin(desk)
    for start, stop in ((0, 1000), (0, 1000), (500, 2000), (0, 500), (2000, len(BODY))):
        assert not isinstance(desk.append(ONE, ANNE, session.id, start, BODY[start:stop]), Refused)
    assert desk.finish(ONE, ANNE, session.id).read_bytes() == BODY


def test_a_gap_a_contradiction_and_too_much_are_refused_and_change_nothing(desk):
    session = begin(desk)
    desk.append(ONE, ANNE, session.id, 0, BODY[:1000])
    assert desk.append(ONE, ANNE, session.id, 1001, b"x") == Refused("upload_wrong_offset", {"wanted": 1000})
    assert desk.append(ONE, ANNE, session.id, 999, b"?").reason == "upload_differs"
    assert desk.append(ONE, ANNE, session.id, 1000, BODY).reason == "upload_too_large"
    assert desk.finish(ONE, ANNE, session.id).reason == "upload_incomplete"
    assert desk.get(ONE, ANNE, session.id).received == 1000


def test_a_wrong_sum_starts_again_at_nought(desk):
    session = begin(desk)
    desk.append(ONE, ANNE, session.id, 0, bytes(len(BODY)))
    assert desk.finish(ONE, ANNE, session.id) == Refused("upload_differs", {"wanted": 0})
    desk.append(ONE, ANNE, session.id, 0, BODY)
    assert desk.finish(ONE, ANNE, session.id).read_bytes() == BODY


def test_nobody_sees_anothers_upload(desk):
    session = begin(desk)
    for tenant, person, asked in (
        (ONE, BEN, session.id),
        (TWO, ANNE, session.id),
        (ONE, ANNE, "../1/" + session.id),
        (ONE, ANNE, "0" * 32),
    ):
        with pytest.raises(NotFound):
            desk.append(tenant, person, asked, 0, b"x")
        with pytest.raises(NotFound):
            desk.finish(tenant, person, asked)
    desk.forget(ONE, BEN, session.id)
    assert desk.get(ONE, ANNE, session.id).received == 0


def test_announcements_count_against_the_limits(tmp_path):
    desk = UploadDesk(tmp_path, UploadLimits(file_bytes=100, person_sessions=2, person_bytes=150, tenant_bytes=220))
    assert begin(desk, body=bytes(101)).reason == "upload_too_large"
    begin(desk, "a", bytes(100))
    assert begin(desk, "b", bytes(60)).reason == "upload_too_much"
    begin(desk, "c", bytes(10))
    assert begin(desk, "d", bytes(1)).reason == "upload_too_many"
    begin(desk, "e", bytes(100), BEN)
    assert begin(desk, "f", bytes(20), PersonId(13)).reason == "upload_too_much"
    assert desk.start(ONE, ANNE, "", 5, DIGEST, NOW).reason == "upload_bad_announcement"
    assert desk.start(ONE, ANNE, "g", 5, "x", NOW).reason == "upload_bad_announcement"


def test_a_full_disk_keeps_what_was_acknowledged(desk, monkeypatch):
    session = begin(desk)
    desk.append(ONE, ANNE, session.id, 0, BODY[:1000])

    def fail(_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as broken:
        broken.setattr(blobs.os, "fsync", fail)
        with pytest.raises(StorageFull):
            desk.append(ONE, ANNE, session.id, 1000, BODY[1000:])
    assert desk.get(ONE, ANNE, session.id).received == 1000
    desk.append(ONE, ANNE, session.id, 1000, BODY[1000:])
    assert desk.finish(ONE, ANNE, session.id).read_bytes() == BODY


def test_sessions_end_after_their_lifetime(desk, tmp_path):
    begin(desk)
    assert desk.sweep(ONE, NOW + timedelta(days=6)) == []
    assert len(desk.sweep(ONE, NOW + timedelta(days=8))) == 1
    assert files(tmp_path) == []
