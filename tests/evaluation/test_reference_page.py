"""The reference page says what the program does."""

from pathlib import Path

from chengyun.evaluation.indicators import INDICATORS
from chengyun.evaluation.scoring import CITY_CENTRE, GRADES

PAGE = Path(__file__).parents[2] / "docs/reference/evaluation.md"


def test_every_indicator_stands_on_the_page_with_its_formula():
    page = PAGE.read_text(encoding="utf-8")
    rows = "".join(f"| `{i.code}` | {i.name_zh} | {i.formula_en} |\n" for i in INDICATORS.values())
    begin, end = "<!-- indicators: begin -->\n", "<!-- indicators: end -->"
    assert page.partition(begin)[2].partition(end)[0] == rows


def test_weights_and_grades_on_the_page_are_those_of_the_template():
    page = PAGE.read_text(encoding="utf-8")
    for part in CITY_CENTRE.parts:
        assert f"x {float(part.weight):g}" in page
    assert ", ".join(f"{g.letter} from {g.least}" for g in GRADES[:-1]) in page
