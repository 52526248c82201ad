"""A department's own flow in YAML: read whole or not at all, every fault with its line; the shipped one held as the first is."""

from dataclasses import replace
from pathlib import Path

import pytest

from cases import matrix
from cases.small_city import CITIZEN, CLERK, DISPATCHER, GRID, LITTER, MANHOLE, OFFICER, SYSTEM, WATER, actor, at, do, rules, unborn
from chengyun.base.results import Refused
from chengyun.cases.decide import decide, next_actions
from chengyun.cases.flows import SHIPPED, BadFlow, parse_flow, read_flow, shipped_flows
from chengyun.cases.records import Action, Case, ClockName, SourceFamily, State
from chengyun.cases.rules import Rules, Settings

WATER_FLOW = shipped_flows()["water_repair"]
EXPECTED = matrix.read(Path(__file__).with_name("water_repair_matrix.csv"))
TEXT = (SHIPPED / "water_repair.yaml").read_text(encoding="utf-8")


def book(flow_version: int = 1) -> Rules:
    flow = replace(WATER_FLOW, version=flow_version)
    return replace(rules(Settings(flow_of={MANHOLE: "water_repair"})), flows={"water_repair": flow, "water_repair@1": WATER_FLOW})


def test_the_water_companys_flow_says_in_every_cell_what_its_matrix_says() -> None:
    assert not matrix.differences(WATER_FLOW, EXPECTED)


def test_no_row_of_the_water_companys_flow_can_be_altered_unnoticed() -> None:
    assert [name for name, flow in matrix.mutants(WATER_FLOW) if not matrix.differences(flow, EXPECTED)] == []


def test_a_burst_is_taken_on_repaired_and_closed_in_the_water_companys_own_steps() -> None:
    case = unborn(1, SourceFamily.PUBLIC, CITIZEN)
    case = do(case, book(), at("2026-11-24 10:00"), CITIZEN, "report", place=[118.2, 31.1], category=MANHOLE)
    assert (case.flow, case.state) == ("water_repair", State.REPORTED)
    case = do(case, book(), at("2026-11-24 10:05"), DISPATCHER, "file", standard=1, grid=GRID)
    case = do(case, book(), at("2026-11-24 10:10"), DISPATCHER, "dispatch", unit=int(WATER))
    case = do(case, book(), at("2026-11-24 10:15"), CLERK, "accept")
    case = do(case, book(), at("2026-11-24 15:00"), CLERK, "feedback", photos="after", text_result="已通水")
    case = do(case, book(), at("2026-11-24 15:10"), OFFICER, "answer", reporter=10, text_answer="已通水")
    case = do(case, book(), at("2026-11-24 15:10"), OFFICER, "close", closing_condition=True)
    case = do(case, book(), at("2026-11-24 15:10"), SYSTEM, "score")
    assert case.state == State.EVALUATED
    assert {clock.name: clock.outcome for clock in case.clocks}[ClockName.UNIT] == "met"


def begun(category: object) -> Case:
    first = unborn(1, SourceFamily.PUBLIC, CITIZEN)
    return do(first, book(), at("2026-11-24 10:00"), CITIZEN, "report", place=[118.2, 31.1], category=category)


def test_the_category_chooses_the_flow_and_every_other_case_follows_the_national_steps() -> None:
    assert (begun(MANHOLE).flow, begun(LITTER).flow) == ("water_repair", "national")


def test_a_case_keeps_the_version_of_the_flow_it_began_in() -> None:
    case = begun(MANHOLE)
    assert case.flow_version == 1
    later = replace(book(2), flows={"water_repair": replace(WATER_FLOW, version=2, rows=()), "water_repair@1": WATER_FLOW})
    assert "file" in {each.action for each in next_actions(case, actor(DISPATCHER), later, at("2026-11-24 10:05"))}


def test_a_case_whose_flow_is_not_there_stands_still_and_a_report_is_never_lost() -> None:
    case, bare = begun(MANHOLE), replace(book(), flows={})
    assert next_actions(case, actor(DISPATCHER), bare, at("2026-11-24 10:05")) == ()
    refused = decide(case, Action("file", actor(DISPATCHER), {"standard": 1, "grid": GRID}), bare, at("2026-11-24 10:05"))
    assert isinstance(refused, Refused) and refused.reason == "flow_missing"
    first = unborn(2, SourceFamily.PUBLIC, CITIZEN)
    assert do(first, bare, at("2026-11-24 10:00"), CITIZEN, "report", place=[118.2, 31.1], category=MANHOLE).flow == "national"


def test_a_flow_has_its_own_words_for_every_state_and_act_in_both_languages() -> None:
    for row in WATER_FLOW.rows:
        for key in (f"action.{row.action}", *(f"state.{state}" for state in row.states if state != State.NONE)):
            assert all(WATER_FLOW.labels[key]), key
    assert WATER_FLOW.labels["state.handling"] == ("抢修中", "Repairing")


@pytest.mark.parametrize(
    ("found", "instead", "says"),
    [
        (
            "who: [dispatcher], to: pending_dispatch",
            "who: [dispacher], to: pending_dispatch",
            'role "dispacher" is not known; did you mean "dispatcher"?',
        ),
        (
            "in: [suspended], do: wake, who: [system]",
            "in: [suspendet], do: wake, who: [system]",
            'state "suspendet" is not known; did you mean "suspended"?',
        ),
        ("if: [until_reached]", "if: [until_reachd]", 'condition "until_reachd" is not known; did you mean "until_reached"?'),
        ("clocks: [stop:accept]}", "clocks: [stop:acept]}", 'clock word "stop:acept" is not known; did you mean "stop:accept"?'),
        ("to: evaluated}", "to: evaluatd}", 'target "evaluatd" is not known; did you mean "evaluated"?'),
        ("needs: [passed]", "needs: [pased]", 'evidence "pased" is not known; did you mean "passed"?'),
        ("do: rework", "do: rewrok", 'act "rewrok" is not known; did you mean "rework"?'),
        ("handling: {zh: 抢修中, en: Repairing}", "handling: {zh: 抢修中}", 'state "handling" has no label in "en"'),
        ("close: {zh: 销单, en: Close the order}", "close: {en: Close the order}", 'action "close" has no label in "zh"'),
    ],
)
def test_a_fault_is_told_with_its_line_and_the_likely_word(found: str, instead: str, says: str) -> None:
    assert TEXT.count(found) == 1
    line = TEXT[: TEXT.index(found)].count("\n") + 1
    with pytest.raises(BadFlow) as refused:
        parse_flow(TEXT.replace(found, instead), "mine.yaml")
    assert f"mine.yaml:{line}: {says}" in refused.value.faults


def without(words: str) -> str:
    return "\n".join(line for line in TEXT.splitlines() if words not in line)


def test_a_state_nobody_comes_to_is_told() -> None:
    with pytest.raises(BadFlow, match='state "suspended" is never reached'):
        parse_flow(without("do: grant_suspension"))


def test_a_state_nobody_leaves_is_told() -> None:
    with pytest.raises(BadFlow, match='state "suspended" has no way out'):
        parse_flow(without("do: wake"))


def test_an_act_in_no_row_and_a_role_in_two_rows_are_told() -> None:
    with pytest.raises(BadFlow, match='act "rate" stands in no row'):
        parse_flow(without("do: rate"))
    with pytest.raises(BadFlow, match="by two rows"):
        parse_flow(TEXT.replace("do: score, who: [system, assessor]", "do: recheck, who: [assessor]", 1))


def test_what_is_no_yaml_or_no_flow_is_told_and_runs_nothing() -> None:
    for text, says in (
        ("name: [", "not readable as YAML"),
        ("- 1", "a flow is a mapping"),
        ("name: !!python/object/apply:os.getcwd []", "a flow has no tags"),
        ("name: &a [1]\nversion: *a", "no anchors"),
        ("states: {<<: {reported: {zh: a, en: b}}}", "merges no keys"),
        ("name: " + "[" * 60_000, "nested deeper"),
        ("# " + "long " * 20_000, "characters; a flow has"),
        ("---\nname: a\n---\nname: b", "another document"),
        (TEXT.replace("version: 1", "version: yes"), '"version" is missing or is no int'),
        (TEXT.replace("version: 1", "version: 0"), "version is a number from 1"),
        (TEXT.replace("name: water_repair", "name: Water repair"), "is no plain word"),
        (TEXT.replace("zh: 供水抢修流程", 'zh: "供水\\n抢修"'), "one line of at most 40"),
        (TEXT.replace("version: 1", "version: 1\nyes: 2"), "is not known"),
    ):
        with pytest.raises(BadFlow, match=says):
            parse_flow(text)


def test_a_file_of_its_own_is_read_by_path(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(TEXT, encoding="utf-8")
    assert read_flow(tmp_path / "mine.yaml") == WATER_FLOW
