"""What ships is sound, complete in both languages, and honest about where it came from."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from chengyun.base.ids import CategoryCode
from chengyun.city.catalogue import FIELDS, FILED_KINDS, pinyin_key
from chengyun.city.codes import is_local_number
from chengyun.city.records import CategoryKind, ClockUnit, Counting
from chengyun.city.shipped import load_shipped

TODAY = date(2026, 11, 24)
SHIPPED = load_shipped()
CATALOGUE = SHIPPED.catalogue()


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def test_the_shipped_catalogue_does_not_contradict_itself() -> None:
    assert CATALOGUE.faults() == ()


def test_the_three_generations_follow_each_other_without_a_gap() -> None:
    sets = sorted(SHIPPED.code_sets, key=lambda s: s.valid_from)
    assert [s.scheme for s in sets] == ["2007", "2013", "2026"]
    assert [s.valid_to for s in sets] == [sets[1].valid_from, sets[2].valid_from, None]


def test_the_2026_list_has_its_153_components_each_with_its_fault_and_97_matters() -> None:
    kinds = Counter(c.kind for c in SHIPPED.categories if c.scheme == "2026" and not c.local)
    assert kinds == {CategoryKind.COMPONENT: 153, CategoryKind.COMPONENT_FAULT: 153, CategoryKind.MATTER: 97}
    faults = [c for c in SHIPPED.categories if c.kind is CategoryKind.COMPONENT_FAULT]
    assert all(c.linked_component == f"2026:component:{c.number}" for c in faults)


@pytest.mark.parametrize("gap", ["01016", "05001", "06031", "07005", "09007"])
def test_gaps_of_the_national_list_stay_gaps(gap: str) -> None:
    assert not any(c.number == gap for c in SHIPPED.categories if c.scheme == "2026")


def test_every_category_has_both_names_a_pinyin_key_a_field_a_source_and_its_confidence() -> None:
    for c in SHIPPED.categories:
        assert is_chinese(c.name_zh) and is_chinese(c.major_zh), c.code
        assert c.name_en.isascii() and c.name_en and c.major_en, c.code
        assert c.pinyin == pinyin_key(c.name_zh), c.code
        assert c.field in FIELDS, c.code
        assert c.source and c.confidence, c.code


def test_every_field_has_categories_today() -> None:
    assert {c.field for c in CATALOGUE.in_force(TODAY, kinds=FILED_KINDS)} == set(FIELDS)


def test_local_extensions_of_the_new_scheme_are_numbered_from_900() -> None:
    new = [c for c in SHIPPED.categories if c.scheme == "2026"]
    assert len([c for c in new if c.local]) == 15
    assert all(c.local == is_local_number("2026", c.number) for c in new)


def test_every_standard_row_reads_in_both_languages_and_has_a_limit_with_its_counting() -> None:
    for e in SHIPPED.standards:
        assert is_chinese(e.filing_zh) and is_chinese(e.closing_zh), e.id
        assert e.filing_en and e.closing_en and not is_chinese(e.filing_en + e.closing_en), e.id
        assert 1 <= e.limit.amount <= 20, e.id
        assert e.limit.counting is (Counting.SAME_TIME if e.limit.unit is ClockUnit.WORK_DAY else Counting.ACCUMULATE), e.id
        assert e.translated and e.source and e.confidence, e.id


def test_standard_ids_and_conditions_are_unique() -> None:
    assert max(Counter(e.id for e in SHIPPED.standards).values()) == 1
    assert max(Counter((e.category, e.condition_no) for e in SHIPPED.standards).values()) == 1


def test_no_condition_stands_twice_under_one_current_category() -> None:
    assert max(Counter((e.category, e.filing_zh) for e in SHIPPED.standards if e.category.startswith("2026:")).values()) == 1


def test_every_row_of_the_citys_table_is_there_under_its_old_code() -> None:
    assert len([e for e in SHIPPED.standards if e.category.startswith("2013:")]) == 519
    assert len(SHIPPED.other_cities) == 15


@pytest.mark.parametrize(
    ("code", "condition", "amount", "unit"),
    [
        ("2026:component_fault:01002", 1, 2, ClockUnit.URGENT_HOUR),
        ("2026:component_fault:01002", 2, 4, ClockUnit.WORK_HOUR),
        ("2026:matter:06029", 1, 2, ClockUnit.URGENT_HOUR),
        ("2026:matter:07001", 1, 1, ClockUnit.WORK_DAY),
        ("2026:matter:06013", 1, 5, ClockUnit.WORK_DAY),
        ("2026:matter:10906", 1, 2, ClockUnit.URGENT_HOUR),
        ("2026:matter:10902", 1, 1, ClockUnit.URGENT_HOUR),
    ],
)
def test_limits_known_from_the_trade_are_in_the_table(code: str, condition: int, amount: int, unit: ClockUnit) -> None:
    rows = {e.condition_no: e.limit for e in CATALOGUE.standards_for(CategoryCode(code), 1, TODAY)}
    assert (rows[condition].amount, rows[condition].unit) == (amount, unit)


def test_a_grate_is_not_called_a_cover() -> None:
    grate = CATALOGUE.standards_for(CategoryCode("2026:component_fault:01004"), 1, TODAY)
    assert grate and not any("井盖" in e.filing_zh for e in grate)


def test_old_codes_lead_to_the_codes_of_today() -> None:
    def today(code: str) -> str | None:
        found = CATALOGUE.to_file_under(CategoryCode(code), TODAY)
        return found and found.code

    assert today("2013:matter:0110") == "2026:matter:06010"
    assert today("2013:component:0101") == "2026:component_fault:01001"
    assert today("2007:component:0102") == "2026:component_fault:01002"
    assert today("2007:matter:0402") == "2026:matter:10902"
    assert today("2013:matter:0131") is None


def test_what_nobody_has_mapped_is_work_and_stays_unmapped() -> None:
    work = {u.category.code for u in CATALOGUE.unmapped(TODAY)}
    assert CategoryCode("2013:matter:0131") in work
    assert CategoryCode("2007:component:0502") in work
    assert len(work) == 57


def test_questions_are_asked_in_both_languages_and_choices_are_choices() -> None:
    for f in SHIPPED.fields:
        assert is_chinese(f.label_zh) and f.label_en.isascii(), (f.category, f.key)
        assert f.kind in {"text", "number", "choice", "yes_no", "date"}
        assert (f.kind == "choice") == bool(f.choices)
        assert len({key for key, _, _ in f.choices}) == len(f.choices)
    assert len({(f.category, f.key) for f in SHIPPED.fields}) == len(SHIPPED.fields)
    assert len({f.category for f in SHIPPED.fields}) >= 60


def test_number_plates_and_names_are_personal() -> None:
    assert all(f.personal_level == 3 for f in SHIPPED.fields if f.key in {"plate", "owner_name"})


def test_the_reference_page_names_only_questions_the_catalogue_answers() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "catalogue.md").read_text(encoding="utf-8")
    asked = set(re.findall(r"^catalogue\.(\w+)\(", page, re.MULTILINE))
    assert len(asked) >= 10 and all(callable(getattr(CATALOGUE, name)) for name in asked)
    told = re.search(r"of the shipped (\d+) old codes, (\d+) wait", page)
    assert told and (int(told[1]), int(told[2])) == (
        len([c for c in SHIPPED.categories if c.scheme != "2026"]),
        len(CATALOGUE.unmapped(TODAY)),
    )
