"""What no installation starts with: weak secrets, weak storage, an invented clock, another major version, a foreign folder."""

import psycopg
import pytest

from chengyun.runtime import data_folder, secrets_file
from chengyun.runtime.database import weak_storage
from chengyun.runtime.installation import Installation, read_installation, refuse_weak, refuse_weak_storage
from chengyun.runtime.refusals import StartRefused
from runtime_processes import processes_of, strong_secret


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("short", "has 5 characters"),
        ("a" * 64, "holds 0 bits"),
        ("abababababababababababababababababababab", "holds 40 bits"),
        ("django-insecure-9fK2mP8qX4vB7nC1zR5tY3wE6uI0oA", "django-insecure"),
        ("ChangeMe-9fK2mP8qX4vB7nC1zR5tY3wE6uI0oA", "changeme"),
    ],
)
def test_a_weak_secret_refuses_to_start(start, data, secret, why):
    city = start("serve", "--port", "0", "--data", data, CHENGYUN_SECRET=secret)
    assert city.wait() == 78
    assert "CHENGYUN_SECRET is too weak" in city.text and why in city.text and "cure:" in city.text
    assert secret not in city.text, "a refused secret is not told on"
    assert processes_of(data) == {}


def test_a_strong_secret_of_the_operator_is_taken(data):
    data.mkdir()
    secret = strong_secret()
    installation = Installation(data, secret=secret)
    refuse_weak(installation)
    assert installation.secret_key == secret


def test_secrets_are_made_once_for_their_owner_alone(data):
    data.mkdir()
    made = secrets_file.read_or_make(data)
    assert secrets_file.read_or_make(data) == made
    assert (data / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert not secrets_file.weakness(made.secret_key)
    assert made.owner not in repr(made)


def test_secrets_that_others_can_read_refuse_to_start(data):
    data.mkdir()
    secrets_file.read_or_make(data)
    (data / "secrets.json").chmod(0o644)
    with pytest.raises(StartRefused, match="can be read by others"):
        secrets_file.read_or_make(data)


def test_the_city_clock_outside_the_demo_refuses_to_start(start, data):
    city = start("serve", "--port", "0", "--data", data, CHENGYUN_CLOCK="city")
    assert city.wait() == 78
    assert "legal times would be invented" in city.text


def test_storage_that_could_lose_acknowledged_writes_refuses_to_start(start, data):
    """By the cluster's own file, and by a setting that hides in a role."""
    city = start("serve", "--port", "0", "--data", data)
    city.wait_for("serving")
    with psycopg.connect(Installation(data).administrator().conninfo(), autocommit=True) as connection:
        connection.execute("ALTER ROLE chengyun_app SET synchronous_commit = off")
    city.interrupt()
    city.wait()
    with (data / "postgres" / "postgresql.conf").open("a") as file:
        file.write("\nfsync = off\nfull_page_writes = off\n")
    again = start("serve", "--port", "0", "--data", data)
    assert again.wait() == 78
    assert "fsync=off, full_page_writes=off, synchronous_commit=off" in again.text and "cure:" in again.text
    assert processes_of(data) == {}


def test_the_servers_own_word_decides_whether_storage_is_weak(postgres_server):
    """The tests' server does not sync: the guard must see that, or it sees nothing."""
    found = weak_storage(postgres_server.administrator)
    assert found == ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]


def test_only_a_demo_may_accept_weak_storage(data, postgres_server, monkeypatch):
    data.mkdir()
    monkeypatch.setattr(Installation, "app", lambda self: postgres_server.administrator)
    for mode, accepted, refused in (("city", True, True), ("demo", False, True), ("demo", True, False)):
        installation = Installation(data, mode=mode, weak_storage_accepted=accepted)
        if refused:
            with pytest.raises(StartRefused):
                refuse_weak_storage(installation)
        else:
            refuse_weak_storage(installation)


def test_a_cluster_of_another_major_is_not_touched_and_the_two_commands_are_named(start, data):
    cluster = data / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("16\n")
    (data / "chengyun.json").write_text('{"mode": "city"}')
    city = start("serve", "--port", "0", "--data", data)
    assert city.wait() == 78
    assert "PostgreSQL 16" in city.text and "chengyun backup" in city.text and "chengyun restore" in city.text
    assert [p.name for p in cluster.iterdir()] == ["PG_VERSION"]


def test_a_folder_with_foreign_things_is_refused(data):
    data.mkdir()
    (data / "thesis.tex").write_text("years of work")
    with pytest.raises(StartRefused, match=r"thesis\.tex"):
        data_folder.make(data, "demo")


def test_fresh_never_deletes_a_real_city(start, data):
    data_folder.make(data, "city")
    demo = start("demo", "--port", "0", "--data", data, "--fresh", "--no-open")
    assert demo.wait() == 78
    assert "real city" in demo.text
    assert data_folder.mode_of(data) == "city"


def test_an_unknown_setting_names_the_known_ones(data):
    with pytest.raises(StartRefused, match="use one of: wall, city"):
        read_installation({"CHENGYUN_DATA": str(data), "CHENGYUN_CLOCK": "sundial"})
