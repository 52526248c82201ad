"""Past cases in bulk, and the proofs over everything stored: folds, columns, links, and four tables that agree (R4, H1)."""

from dataclasses import dataclass, field, replace

import psycopg
import pytest
from django.db import connection

from chengyun.base.errors import BadInput
from chengyun.cases.access import CaseFilter, Clause
from chengyun.cases.records import Actor, Case, Provenance, State
from chengyun.city.records import Role
from chengyun.stores.checks import check_folds, check_four_tables
from chengyun.stores.past_cases import load_past_cases
from chengyun.stores.reading.filters import Asked
from chengyun.stores.reading.lists import count_cases
from chengyun.stores.reading.pages import get_page
from chengyun.stores.tenancy import in_tenant
from chengyun_demo.city import build
from chengyun_demo.history import past_cases
from stores.written import ONE, TUESDAY, report, step, work

ALL = CaseFilter(ONE, (Clause(),))
SYSTEM = Actor(Role.SYSTEM)


@pytest.fixture(scope="module")
def past():
    return list(past_cases(build(), count=60))


def load(cases):
    return load_past_cases(ONE, cases, SYSTEM, TUESDAY, lambda _: "facilities", b"key")


def test_loaded_cases_are_the_fold_of_their_events_and_stand_in_all_tables(database, past):
    loaded = load(past)
    assert (loaded.cases, loaded.events) == (len(past), sum(len(each.events) for each in past))
    folds = check_folds(ONE)
    assert (folds.cases, folds.events, folds.differences) == (loaded.cases, loaded.events, ())
    four = check_four_tables(ONE)
    assert four.whole, four
    some = past[3]
    page = get_page(ALL, some.case.id)
    assert page.texts == some.texts and page.events == tuple(some.events)
    assert count_cases(ALL, Asked()).cases == len(past)
    open_states = frozenset({State.PENDING_FILING, State.HANDLING, State.CHECKING})
    assert count_cases(ALL, Asked(states=open_states)).cases == sum(each.case.state in open_states for each in past)


def test_ids_and_numbers_go_on_behind_the_loaded_ones(database, past):
    load(past)
    day = max(each.case.number for each in past)[3:10].replace(" ", "")
    with work() as opened:
        case, number = opened.new_case("WJ", day)
        assert case > max(each.case.id for each in past)
        assert number > max(each.case.number for each in past)
        assert opened.new_reporter() > max(r.id for each in past for r in each.reporters)


def test_open_past_cases_have_their_timers(database, past):
    load(past)
    due = {(each.case.id, str(c.name)) for each in past for c in each.case.clocks if c.outcome == "running" and c.due}
    with in_tenant(ONE), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT case_id, clock FROM timer WHERE state = 'waiting'")
        assert set(cursor.fetchall()) == due and due


@dataclass(frozen=True)
class Broken:
    case: Case
    events: tuple
    texts: dict = field(default_factory=dict)
    reporters: tuple = ()
    address: str = ""


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"returns": 9}, "not_its_fold"),
        ({"provenance": Provenance.LIVE}, "not_past"),
        ({"tenant": 2}, "wrong_tenant"),
    ],
)
def test_one_case_that_is_not_right_keeps_all_of_them_out(database, past, change, code):
    broken = Broken(replace(past[-1].case, **change), past[-1].events)
    with pytest.raises(BadInput) as refused:
        load([*past[:-1], broken])
    assert refused.value.code == code and str(past[-1].case.id) in str(refused.value)
    assert check_folds(ONE).cases == 0


def test_the_same_archive_twice_is_refused(database, past):
    load(past)
    with pytest.raises(BadInput, match="there already"):
        load(past)
    assert check_folds(ONE).cases == len(past)


TAMPERED = {
    "UPDATE case_row SET doc = jsonb_set(doc, '{returns}', '7') WHERE id = %s": "fold",
    "UPDATE case_row SET urgency = 'critical' WHERE id = %s": "columns",
    "DELETE FROM case_link WHERE case_id = %s": "links",
    "DELETE FROM case_event WHERE case_id = %s AND seq = 1": "seq",
    "DELETE FROM case_event WHERE case_id = %s": "no_events",
}


@pytest.mark.parametrize("statement", TAMPERED)
def test_control_a_row_changed_behind_the_desk_is_found(database, past, postgres_server, statement):
    load(past)
    with psycopg.connect(postgres_server.administrator.to(database.name).conninfo(), autocommit=True) as ruler:
        ruler.execute(statement, [past[5].case.id])
    differences = check_folds(ONE).differences
    assert {d.case for d in differences} == {past[5].case.id} and TAMPERED[statement] in {d.kind for d in differences}


ALONE = {
    "DELETE FROM case_event WHERE case_id = %s AND seq = 2": "rows_without_event",
    "DELETE FROM audit_entry WHERE object = 'case:' || %s": "events_without_audit",
    "DELETE FROM outbox WHERE case_id = %s AND seq = 2": "events_without_outbox",
    "DELETE FROM case_row WHERE id = %s": "events_without_row",
    "UPDATE case_row SET holder = 99 WHERE id = %s": "counters_off",
}


@pytest.mark.parametrize("statement", ALONE)
def test_control_a_row_that_stands_alone_is_found(database, postgres_server, statement):
    first, case = report(), report()
    with work() as opened:
        step(opened, case, State.VERIFYING)
    assert check_four_tables(ONE).whole and first
    with psycopg.connect(postgres_server.administrator.to(database.name).conninfo(), autocommit=True) as ruler:
        ruler.execute(statement, [str(case.id)])
    assert getattr(check_four_tables(ONE), ALONE[statement]) > 0
