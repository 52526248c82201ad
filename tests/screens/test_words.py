"""Every no has its sentence, in both languages."""

import ast
import re
from pathlib import Path

import pytest
import yaml

import chengyun
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


@pytest.mark.parametrize("reason", sorted(_reasons("cases", "city", "sources/attachments", "stores") - {"no_such"}))
def test_a_refusal_has_words(reason: str) -> None:
    assert f"refused.{reason}" in TEXTS["zh"]


def test_a_sentence_wants_a_fact_that_is_not_there_and_reads_on() -> None:
    assert say("refused.no_extension_left", "en", granted=2) == "2 extensions were granted; at most — are possible"


def test_the_readers_own_choice_comes_before_his_browsers() -> None:
    assert language_of("en-GB,en;q=0.9,zh;q=0.5") == "en"
    assert language_of("fr,zh-CN") == "zh"
    assert language_of("en", preferred="zh") == "zh"
