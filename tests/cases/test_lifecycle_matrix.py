"""The national seven steps, cell by cell, against `lifecycle_matrix.csv`, which was written by hand from the trade.

The numbers in its last column are the sections of the trade reference: 1 words and posts, 2.1 the seven steps, 2.2 rules of
transition, 2.3 clocks, 2.4 urgent cases, 2.5 automatic steps, 3.5 against cheating, 5 hotline, 8 and 9 traps; "ours" is our choice.
"""

from pathlib import Path

from cases import matrix
from chengyun.cases.clocks import VERBS
from chengyun.cases.guards import GUARDS
from chengyun.cases.lifecycle import PRIOR, SAME
from chengyun.cases.national import NATIONAL, STEP
from chengyun.cases.records import ClockName, State

EXPECTED = matrix.read(Path(__file__).with_name("lifecycle_matrix.csv"))


def test_the_table_says_in_every_cell_what_the_matrix_written_by_hand_says() -> None:
    assert not matrix.differences(NATIONAL, EXPECTED)


def test_no_row_of_the_table_can_be_left_out_or_altered_unnoticed() -> None:
    altered = list(matrix.mutants(NATIONAL))
    assert len(altered) > 10 * len(NATIONAL.rows)
    assert [name for name, flow in altered if not matrix.differences(flow, EXPECTED)] == []


def test_every_state_can_be_reached_from_a_report() -> None:
    reached, fresh = set(), {State.NONE}
    while fresh:
        reached |= fresh
        fresh = {State(row.to) for row in NATIONAL.rows if reached & set(row.states) and row.to not in (SAME, PRIOR)} - reached
    assert set(State) - reached == {State.UNKNOWN}, "unknown is for imported cases alone"


def test_a_person_can_always_go_on_so_that_no_case_is_stuck() -> None:
    for state in set(State) - {State.UNKNOWN, State.SPLIT}:
        ways = [row for row in NATIONAL.by_state[state] if row.to not in (SAME, state) and {"system"} != set(map(str, row.who))]
        assert ways, f"nobody can take a case out of {state}"


def test_every_state_belongs_to_a_step_of_the_national_order() -> None:
    assert set(STEP) == set(State)


def test_the_table_names_only_conditions_and_clocks_that_exist_and_every_condition_is_used() -> None:
    assert {name for row in NATIONAL.rows for name in row.guards} == set(GUARDS)
    for word in {word for row in NATIONAL.rows for word in row.clocks}:
        verb, _, clock = word.partition(":")
        assert verb in VERBS and (clock == "*" or clock in set(ClockName)), word
