"""A new route, event or command without a row in the authorisation table fails here (A2)."""

import csv
from pathlib import Path

from chengyun.cases.access import RULES, Group
from chengyun.cases.national import NATIONAL
from chengyun.cases.showing import GROUP_OF_EVENT

from .doors import all_doors, operation_of, read_doors
from .table import read_table

EVENTS = {row["event"]: row["group"] for row in csv.DictReader(Path(__file__).with_name("events.csv").open(encoding="utf-8"))}


def test_every_door_of_the_program_has_a_row():
    doors = read_doors()
    assert [door for door in all_doors() if operation_of(door, doors) is None] == []


def test_every_row_of_the_doors_names_an_operation_of_the_table():
    known = {row.operation for row in read_table()}
    assert set(read_doors().values()) <= known


def test_every_operation_has_a_door():
    """An operation nobody can ask for is a rule nobody tries. `upload.continue` and the like have theirs in doors.csv before they exist."""
    assert set(RULES) - set(read_doors().values()) == set()


def test_doors_are_really_looked_for():
    """Control: the walk finds the doors that exist, and one that has no row is missed."""
    found = all_doors()
    assert {"POST /api/v1/sources/reports", "POST /api/v1/cases/{}/actions", "GET /healthz", "COMMAND serve"} <= set(found)
    assert operation_of("GET /api/v1/secrets", read_doors()) is None
    assert operation_of("GET /admin/city/area/", read_doors()) == "admin.reference"
    assert operation_of("GET /admin/cases/caserow/{}/change/", read_doors()) == "admin.cases"


def test_every_event_of_the_lifecycle_has_a_row_and_the_group_the_row_says():
    assert {row.action for row in NATIONAL.rows} == set(EVENTS)
    assert {name: group.value for name, group in GROUP_OF_EVENT.items()} == EVENTS
    assert set(EVENTS.values()) <= {group.value for group in Group}
