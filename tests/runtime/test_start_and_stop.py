"""A real city on one machine starts, is taken over after kills, refuses a second writer, and leaves nothing behind."""

import os
import signal

import psycopg
import pytest

from chengyun.runtime import children, postgres
from chengyun.runtime.installation import Installation
from runtime_processes import address_in, ask, children_of, processes_of


def open_city(start, data, **env):
    city = start("serve", "--port", "0", "--data", data, **env)
    return city, address_in(city.wait_for("serving"))


def count_rows(data):
    with psycopg.connect(Installation(data).owner().conninfo(), autocommit=True) as connection:
        return connection.execute("SELECT count(*) FROM kept").fetchone()[0]


def test_a_first_start_makes_the_city_and_ctrl_c_leaves_nothing_running(start, data):
    city, address = open_city(start, data)
    assert ask(address + "/healthz") == (200, "ok\n")
    assert len(processes_of(data)) >= 4
    city.interrupt()
    assert city.wait() == 0
    assert processes_of(data) == {}
    assert ask(address + "/healthz")[0] == 0
    assert (data / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_second_start_finds_what_the_first_one_wrote(start, data):
    city, _ = open_city(start, data)
    with psycopg.connect(Installation(data).owner().conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    city.interrupt()
    city.wait()
    city, _ = open_city(start, data)
    assert "migrating" not in city.text
    assert count_rows(data) == 1


def test_what_a_killed_supervisor_leaves_is_taken_over(start, data):
    city, _address = open_city(start, data)
    with psycopg.connect(Installation(data).owner().conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    city.kill()
    after, _ = open_city(start, data)
    assert count_rows(data) == 1
    after.interrupt()
    assert after.wait() == 0
    assert processes_of(data) == {}


def test_children_end_by_themselves_when_the_supervisor_is_killed(start, data):
    city, _ = open_city(start, data)
    city.kill()
    assert children.wait_until(lambda: processes_of(data) == {}, 30), processes_of(data)


def test_postgresql_killed_is_started_again_and_acknowledged_rows_are_there(start, data):
    city, address = open_city(start, data)
    with psycopg.connect(Installation(data).owner().conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    os.kill(int(postgres.postmaster_file(data / "postgres")[0]), signal.SIGKILL)
    city.wait_for("starting it again, once")
    assert children.wait_until(lambda: ask(address + "/readyz")[0] == 200, 60, 0.1)
    assert count_rows(data) == 1


def test_postgresql_that_falls_twice_at_once_stops_everything_with_a_reason(start, data):
    city, _ = open_city(start, data)
    os.kill(int(postgres.postmaster_file(data / "postgres")[0]), signal.SIGKILL)
    city.wait_for("starting it again, once")

    def head() -> int:
        return int((postgres.postmaster_file(data / "postgres") or ["0"])[0])

    assert children.wait_until(lambda: head() in postgres.processes_on(data / "postgres"), 30)
    os.kill(head(), signal.SIGKILL)
    assert city.wait() == 78
    assert "right after it was started again" in city.text
    assert processes_of(data) == {}


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_killed_child_is_started_again(start, data, name):
    city, address = open_city(start, data)
    before = children_of(data)[name]
    os.kill(before, signal.SIGKILL)
    city.wait_for(f"the {name} process ended (by signal SIGKILL)")
    assert children.wait_until(lambda: children_of(data)[name] != before, 30)
    assert ask(address + "/healthz")[0] == 200


def test_a_second_writer_is_refused_by_the_name_of_the_first(start, data):
    first, address = open_city(start, data)
    second = start("serve", "--port", "0", "--data", data)
    assert second.wait() == 78
    assert f"in use by chengyun serve on port 0 (process {first.process.pid})" in second.text
    assert ask(address + "/healthz")[0] == 200, "the refused one must not disturb the first"
    assert children_of(data).keys() == {"web", "worker"}


def test_two_cities_in_two_folders_run_at_once(start, data):
    _, one = open_city(start, data / "one")
    _, other = open_city(start, data / "other")
    assert one != other
    assert ask(one + "/healthz")[0] == ask(other + "/healthz")[0] == 200


def test_a_taken_port_is_refused_with_the_cure(start, data):
    _first, address = open_city(start, data / "one")
    second = start("serve", "--port", address.rpartition(":")[2], "--data", data / "other")
    assert second.wait() == 78
    assert "choose another with --port" in second.text


@pytest.mark.parametrize("moment", ["starting PostgreSQL", "migrating the database"])
def test_ctrl_c_during_set_up_leaves_nothing_and_the_next_start_succeeds(start, data, moment):
    city = start("serve", "--port", "0", "--data", data)
    city.wait_for(moment)
    city.interrupt()
    assert city.wait() == 0
    assert children.wait_until(lambda: processes_of(data) == {}, 5), processes_of(data)
    _, address = open_city(start, data)
    assert ask(address + "/healthz")[0] == 200


def test_a_kill_during_set_up_leaves_nothing_half_made(start, data):
    city = start("serve", "--port", "0", "--data", data)
    city.wait_for("starting PostgreSQL")
    city.kill()
    _, address = open_city(start, data)
    assert ask(address + "/healthz")[0] == 200
    assert not list(data.glob("postgres.making.*"))
