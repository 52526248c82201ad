"""The pages about the life of a case tell what runs."""

import importlib.util
import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_lifecycle_page_is_made_from_the_table_as_it_stands() -> None:
    made = runpy.run_path(str(ROOT / "docs/reference/make_lifecycle.py"))
    kept = (ROOT / "docs/reference/lifecycle.md").read_text(encoding="utf-8")
    assert made["page"]() == kept, "run: uv run python docs/reference/make_lifecycle.py"


def test_every_module_and_file_on_the_way_of_a_case_exists() -> None:
    text = (ROOT / "docs/flow/life-of-a-case.md").read_text(encoding="utf-8")
    modules = set(re.findall(r"`(chengyun(?:\.\w+)+)`", text))
    assert len(modules) >= 20
    assert [name for name in sorted(modules) if importlib.util.find_spec(name) is None] == []
    files = re.findall(r"`(tests/[\w/]+\.py)`", text)
    assert files and all((ROOT / file).is_file() for file in files)
