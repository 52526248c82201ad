"""Where the database lies, who runs it, and what is never touched."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from chengyun.runtime import postgres, secrets_file
from chengyun.runtime.postgres import EmbeddedPostgres

as_root = pytest.mark.usefixtures("only_as_root")


@pytest.fixture
def only_as_root(request):
    if os.geteuid() != 0:
        pytest.xfail("only root has another account to step down to")


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="chengyun-place-", dir="/tmp"))
    yield made
    postgres.remove_cluster(made / "data")
    shutil.rmtree(made, ignore_errors=True)


def start(data):
    data.mkdir(exist_ok=True)
    said = []
    server = EmbeddedPostgres(data, secrets_file.make().superuser, durable=False, say=said.append)
    server.start()
    return server, said


@as_root
def test_as_root_it_runs_as_an_unprivileged_account(folder):
    folder.chmod(0o711)
    server, _ = start(folder / "data")
    try:
        assert server.run_as is not None and server.run_as.uid != 0
        assert Path(f"/proc/{server.server.pid}").stat().st_uid == server.run_as.uid
        assert server.socket_folder.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
    assert not server.socket_folder.exists()


@as_root
def test_a_folder_it_cannot_reach_is_left_as_it_is_and_a_pointer_says_where_the_database_went(folder):
    folder.chmod(0o700)
    before = folder.stat()
    server, said = start(folder / "data")
    try:
        elsewhere = Path((folder / "data" / "postgres.at").read_text().strip())
        assert (elsewhere / "PG_VERSION").read_text().strip() == "18"
        assert any(str(elsewhere) in line for line in said), "said aloud"
        assert (folder.stat().st_mode, folder.stat().st_uid) == (before.st_mode, before.st_uid)
    finally:
        server.stop()
    again, said = start(folder / "data")
    again.stop()
    assert again.cluster == elsewhere
    postgres.remove_cluster(folder / "data")
    assert not elsewhere.exists()


def test_a_foreign_folder_in_the_place_of_the_cluster_is_refused(folder):
    folder.chmod(0o711)
    cluster = folder / "data" / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "family.jpg").write_text("")
    with pytest.raises(postgres.StartRefused, match="no PostgreSQL cluster"):
        start(folder / "data")
    assert (cluster / "family.jpg").exists()


def test_only_processes_on_this_very_cluster_are_found(folder, postgres_server):
    folder.chmod(0o711)
    server, _ = start(folder / "data")
    try:
        found = postgres.processes_on(server.cluster)
        assert server.server.pid in found
    finally:
        server.stop()
    assert postgres.processes_on(server.cluster) == []
