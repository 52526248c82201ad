"""The pages about the life of a case tell what runs."""

import importlib.util
import re
import runpy
from pathlib import Path

from chengyun.cases.clocks import VERBS
from chengyun.cases.flows import EVIDENCE
from chengyun.cases.guards import GUARDS
from chengyun.cases.national import NATIONAL
from chengyun.cases.sources import CHOICES, FILE, is_ours, sources_of_rows
from chengyun.screens.words import has

ROOT = Path(__file__).parents[2]


def test_the_lifecycle_page_is_made_from_the_table_as_it_stands() -> None:
    made = runpy.run_path(str(ROOT / "docs/reference/make_lifecycle.py"))
    kept = (ROOT / "docs/reference/lifecycle.md").read_text(encoding="utf-8")
    assert made["page"]() == kept, "run: uv run python docs/reference/make_lifecycle.py"


def test_the_sources_the_city_is_shown_are_those_of_the_matrix() -> None:
    made = runpy.run_path(str(ROOT / "docs/reference/make_lifecycle.py"))
    assert made["shipped"]() == FILE.read_text(encoding="utf-8"), "run: uv run python docs/reference/make_lifecycle.py"
    assert all(sources_of_rows().values())
    ours = [row.action for row, source in sources_of_rows().items() if is_ours(source)]
    assert {"split", "unmerge", "leader_note"} <= set(ours) and len(ours) < len(NATIONAL.rows) / 2


def test_every_condition_evidence_and_clock_word_of_a_flow_has_words_for_people() -> None:
    keys = [*(f"guard.{each}" for each in GUARDS), *(f"need.{each}" for each in EVIDENCE), *(f"clock_verb.{each}" for each in VERBS)]
    keys += [f"lifecycle.choice.{n}" for n in range(1, CHOICES + 1)]
    assert [key for key in keys for language in ("zh", "en") if not has(key, language)] == []


def test_every_module_and_file_on_the_way_of_a_case_exists() -> None:
    text = (ROOT / "docs/flow/life-of-a-case.md").read_text(encoding="utf-8")
    modules = set(re.findall(r"`(chengyun(?:\.\w+)+)`", text))
    assert len(modules) >= 20
    assert [name for name in sorted(modules) if importlib.util.find_spec(name) is None] == []
    files = re.findall(r"`(tests/[\w/]+\.py)`", text)
    assert files and all((ROOT / file).is_file() for file in files)
