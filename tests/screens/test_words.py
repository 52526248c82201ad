"""Every no has its sentence, in both languages."""

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

import chengyun
from chengyun.cases.national import NATIONAL
from chengyun.cases.records import ClockName, State
from chengyun.city.records import Role
from chengyun.screens.words import language_of, say

ROOT = Path(chengyun.__file__).parent
TEXTS = {tongue: yaml.safe_load((ROOT / "screens/text" / f"{tongue}.yaml").read_text()) for tongue in ("zh", "en")}


def _reasons(*folders: str) -> set[str]:
    """First words of Refused(...) and _refuse_unless(..., reason) in these stages."""
    found = set()
    for folder in folders:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    at = {"Refused": 0, "_refuse_unless": 1}.get(node.func.id)
                    if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                        found.add(node.args[at].value)
    return found


def test_both_languages_say_the_same_things_with_the_same_facts() -> None:
    assert list(TEXTS["zh"]) == list(TEXTS["en"])
    for key in TEXTS["zh"]:
        assert set(re.findall(r"{(\w+)}", TEXTS["zh"][key])) == set(re.findall(r"{(\w+)}", TEXTS["en"][key])), key


def test_no_sentence_stands_twice() -> None:
    for tongue in ("zh", "en"):
        keys = re.findall(r"^([\w.]+):", (ROOT / "screens/text" / f"{tongue}.yaml").read_text(), re.MULTILINE)
        assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("reason", sorted(_reasons("cases", "city", "sources/attachments", "stores") - {"no_such"}))
def test_a_refusal_has_words(reason: str) -> None:
    assert f"refused.{reason}" in TEXTS["zh"]


def test_a_sentence_wants_a_fact_that_is_not_there_and_reads_on() -> None:
    assert say("refused.no_extension_left", "en", granted=2) == "2 extensions were granted; at most — are possible"


def test_the_readers_own_choice_comes_before_his_browsers() -> None:
    assert language_of("en-GB,en;q=0.9,zh;q=0.5") == "en"
    assert language_of("fr,zh-CN") == "zh"
    assert language_of("en", preferred="zh") == "zh"


def test_every_act_state_role_and_clock_of_a_case_has_its_word_in_both_languages() -> None:
    wanted = {f"action.{row.action}" for row in NATIONAL.rows}
    wanted |= {f"{kind}.{value}" for kind, closed_set in (("state", State), ("role", Role), ("clock", ClockName)) for value in closed_set}
    for tongue, texts in TEXTS.items():
        kept = {key for key in texts if key.split(".")[0] in ("action", "state", "role", "clock")}
        assert wanted <= kept and {key for key in kept - wanted if not key.startswith("action.")} == set(), tongue


def test_the_front_end_uses_the_same_words_for_states_roles_and_clocks() -> None:
    for tongue, texts in TEXTS.items():
        front = json.loads((ROOT.parents[1] / "web/src/text" / f"{tongue}.json").read_text(encoding="utf-8"))
        for here, there in (("state", "state"), ("role", "role"), ("clock", "clockname")):
            words = {key.partition(".")[2]: word for key, word in front.items() if key.partition(".")[0] == there}
            assert words, "the front end keeps its words flat"
            assert {name: texts[f"{here}.{name}"] for name in words} == words
