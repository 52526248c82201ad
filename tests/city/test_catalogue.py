"""The catalogue: versioned code sets side by side, the standard table of a day, old codes that are work and not guesses."""

from dataclasses import replace
from datetime import date

import pytest

from chengyun.base.errors import NotFound
from chengyun.base.ids import CategoryCode, StandardId
from chengyun.city.catalogue import Catalogue, CategorySnapshot, pinyin_key
from chengyun.city.records import Category, CategoryField, CategoryKind, ClockUnit, Limit, StandardEntry

SUMMER_2025, AUTUMN_2026 = date(2025, 7, 1), date(2026, 11, 24)


def category(digits: str, name_zh: str = "暴露垃圾", /, **changes: object) -> Category:
    base = Category(
        code=CategoryCode(f"2026:matter:{digits}"),
        scheme="2026",
        kind=CategoryKind.MATTER,
        number=digits,
        major=digits[:2],
        major_zh="市容环境类",
        major_en="cityscape and environment",
        name_zh=name_zh,
        name_en="exposed refuse",
        field="environment",
        maps_to=None,
        linked_component=None,
        valid_from=date(2026, 7, 1),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def old(digits: str, maps_to: str | None, /, **changes: object) -> Category:
    return category(
        "06010",
        code=CategoryCode(f"2013:matter:{digits}"),
        scheme="2013",
        number=digits,
        maps_to=maps_to,
        valid_from=date(2014, 8, 15),
        valid_to=date(2026, 7, 1),
        **changes,
    )


def entry(condition: int, hours: int, area_class: int | None = None, **changes: object) -> StandardEntry:
    base = StandardEntry(
        id=StandardId(condition * 10 + (area_class or 0)),
        version=1,
        category=CategoryCode("2026:matter:06010"),
        condition_no=condition,
        filing_zh="公共场所容器外堆放生活垃圾",
        filing_en="refuse outside a container",
        limit=Limit(hours, ClockUnit.WORK_HOUR),
        closing_zh="清理",
        closing_en="cleared",
        valid_from=date(2026, 7, 1),
        area_class=area_class,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


class TestACategoryIsReadWithTheRulesOfItsDay:
    def test_a_category_is_found_on_its_first_day_and_not_on_its_last(self) -> None:
        catalogue = Catalogue([old("0110", None)])
        code = CategoryCode("2013:matter:0110")
        assert catalogue.find(code, date(2014, 8, 15)) is not None
        assert catalogue.find(code, date(2026, 6, 30)) is not None
        assert catalogue.find(code, date(2026, 7, 1)) is None

    def test_a_renamed_category_shows_each_day_its_own_name(self) -> None:
        before = category("06010", "暴露垃圾", valid_to=date(2026, 10, 1))
        after = category("06010", "暴露生活垃圾", valid_from=date(2026, 10, 1))
        catalogue = Catalogue([before, after])
        assert catalogue.get(before.code, date(2026, 9, 30)).name_zh == "暴露垃圾"
        assert catalogue.get(before.code, date(2026, 10, 1)).name_zh == "暴露生活垃圾"

    def test_asking_for_an_unknown_or_expired_code_says_which_of_the_two(self) -> None:
        catalogue = Catalogue([old("0110", None)])
        with pytest.raises(NotFound, match="not in force on 2026-11-24"):
            catalogue.get(CategoryCode("2013:matter:0110"), AUTUMN_2026)
        with pytest.raises(NotFound, match="not in the catalogue"):
            catalogue.get(CategoryCode("2013:matter:9999"), AUTUMN_2026)

    def test_the_snapshot_keeps_scheme_code_and_both_names(self) -> None:
        taken = Catalogue([category("06010")]).snapshot(CategoryCode("2026:matter:06010"), AUTUMN_2026)
        assert taken == CategorySnapshot("2026", CategoryCode("2026:matter:06010"), "暴露垃圾", "exposed refuse")

    def test_a_component_type_and_a_matter_may_share_their_digits(self) -> None:
        fault = category("01001", "供水井盖异常", kind=CategoryKind.COMPONENT_FAULT, code=CategoryCode("2026:component_fault:01001"))
        thing = category("01001", "供水井盖", kind=CategoryKind.COMPONENT, code=CategoryCode("2026:component:01001"))
        catalogue = Catalogue([fault, thing])
        assert [catalogue.get(c.code, AUTUMN_2026).name_zh for c in (fault, thing)] == ["供水井盖异常", "供水井盖"]


class TestWhatACaseGoesUnder:
    thing = category("01001", "供水井盖", kind=CategoryKind.COMPONENT, code=CategoryCode("2026:component:01001"))
    fault = category("01001", "供水井盖异常", kind=CategoryKind.COMPONENT_FAULT, code=CategoryCode("2026:component_fault:01001"))
    was = replace(
        old("0101", "2026:component:01001"), kind=CategoryKind.COMPONENT, code=CategoryCode("2013:component:0101"), name_zh="上水井盖"
    )
    catalogue = Catalogue([thing, fault, was])

    def test_since_2026_it_goes_under_the_fault_and_not_under_the_thing(self) -> None:
        assert self.catalogue.fileable(AUTUMN_2026) == (self.fault,)
        assert self.catalogue.search("井盖", AUTUMN_2026) == (self.fault,)

    def test_before_2026_it_went_under_the_component(self) -> None:
        assert self.catalogue.fileable(SUMMER_2025) == (self.was,)
        assert self.catalogue.search("gongshui", SUMMER_2025) == () and self.catalogue.search("ssjg", SUMMER_2025) == (self.was,)

    def test_things_are_found_when_things_are_asked_for(self) -> None:
        assert self.catalogue.search("井盖", AUTUMN_2026, kinds=[CategoryKind.COMPONENT]) == (self.thing,)


class TestTheStandardTable:
    def test_the_row_of_the_area_class_takes_the_place_of_the_row_for_all(self) -> None:
        catalogue = Catalogue([category("06010")], [entry(1, 4), entry(1, 8, area_class=3), entry(2, 2)])
        hours = {
            c: [e.limit.amount for e in catalogue.standards_for(CategoryCode("2026:matter:06010"), c, AUTUMN_2026)] for c in (1, 3, None)
        }
        assert hours == {1: [4, 2], 3: [8, 2], None: [4, 2]}

    def test_a_changed_limit_holds_from_its_day_on(self) -> None:
        catalogue = Catalogue(
            [category("06010")],
            [entry(1, 4, valid_to=date(2026, 10, 1)), entry(1, 2, version=2, valid_from=date(2026, 10, 1))],
        )
        asked = CategoryCode("2026:matter:06010")
        assert [e.limit.amount for e in catalogue.standards_for(asked, 1, date(2026, 9, 30))] == [4]
        assert [e.limit.amount for e in catalogue.standards_for(asked, 1, date(2026, 10, 1))] == [2]

    def test_categories_without_a_row_are_listed_as_work(self) -> None:
        catalogue = Catalogue([category("06010"), category("06012", "道路不洁")], [entry(1, 4)])
        assert [c.number for c in catalogue.without_standard(AUTUMN_2026)] == ["06012"]

    def test_questions_come_in_the_order_they_were_given(self) -> None:
        code = CategoryCode("2026:matter:06010")
        asked = [CategoryField(code, key, key, key, "text", False) for key in ("volume", "smell")]
        assert [f.key for f in Catalogue([category("06010")], (), asked).fields_for(code)] == ["volume", "smell"]


class TestOldCodes:
    def test_an_old_code_leads_to_todays_over_several_steps(self) -> None:
        oldest = replace(old("0102", "2013:matter:0110"), code=CategoryCode("2007:matter:0102"), scheme="2007", valid_to=date(2014, 8, 15))
        catalogue = Catalogue([oldest, old("0110", "2026:matter:06010"), category("06010")])
        found = catalogue.current(CategoryCode("2007:matter:0102"), AUTUMN_2026)
        assert found is not None and found.code == "2026:matter:06010"

    def test_an_old_code_in_force_stays_itself(self) -> None:
        catalogue = Catalogue([old("0110", "2026:matter:06010"), category("06010")])
        found = catalogue.current(CategoryCode("2013:matter:0110"), SUMMER_2025)
        assert found is not None and found.scheme == "2013"

    def test_a_component_type_is_filed_under_its_fault(self) -> None:
        thing = category("01001", kind=CategoryKind.COMPONENT, code=CategoryCode("2026:component:01001"))
        fault = category(
            "01001", kind=CategoryKind.COMPONENT_FAULT, code=CategoryCode("2026:component_fault:01001"), linked_component=thing.code
        )
        was = replace(old("0101", thing.code), kind=CategoryKind.COMPONENT, code=CategoryCode("2013:component:0101"))
        found = Catalogue([thing, fault, was]).to_file_under(was.code, AUTUMN_2026)
        assert found == fault

    def test_unmapped_codes_appear_as_work_with_what_waits_for_them(self) -> None:
        catalogue = Catalogue([old("0131", None), old("0205", None), old("0110", "2026:matter:06010"), category("06010")])
        work = catalogue.unmapped(AUTUMN_2026, {CategoryCode("2013:matter:0205"): 7})
        assert [(u.category.number, u.waiting) for u in work] == [("0205", 7), ("0131", 0)]

    def test_a_code_still_in_force_or_not_yet_in_force_is_no_work(self) -> None:
        catalogue = Catalogue([old("0131", None), category("06010")])
        assert catalogue.unmapped(SUMMER_2025) == ()

    def test_a_circle_of_mappings_ends_in_none_and_not_in_a_loop(self) -> None:
        catalogue = Catalogue([old("0101", "2013:matter:0102"), old("0102", "2013:matter:0101")])
        assert catalogue.current(CategoryCode("2013:matter:0101"), AUTUMN_2026) is None


class TestSearching:
    catalogue = Catalogue(
        [
            category("06010", "暴露垃圾", name_en="exposed refuse"),
            category("06011", "积存垃圾渣土", name_en="accumulated refuse or muck"),
            category("06041", "垃圾未分类", name_en="refuse not sorted"),
            category("06013", "道路破损", name_en="damaged road surface"),
        ]
    )

    @pytest.mark.parametrize("typed", ["暴露", "baolu", "bao lu la", "BLLJ", "06010", "exposed", "Refuse exposed", "2026:matter:06010"])
    def test_is_found_by_name_pinyin_initials_number_and_english(self, typed: str) -> None:
        assert self.catalogue.search(typed, AUTUMN_2026)[0].number == "06010"

    def test_names_that_begin_so_come_before_names_that_contain_it(self) -> None:
        assert [c.number for c in self.catalogue.search("垃圾", AUTUMN_2026)] == ["06041", "06010", "06011"]

    @pytest.mark.parametrize(
        "sentence",
        ["门口有暴露垃圾，请尽快清理。", "暴露垃圾。又有一处", "There is exposed refuse, at the gate.", "Exposed  refuse: please clear it"],
    )
    def test_is_found_in_a_sentence_that_names_it(self, sentence: str) -> None:
        assert [c.number for c in self.catalogue.search(sentence, AUTUMN_2026)] == ["06010"]

    def test_of_two_names_in_a_sentence_the_longer_comes_first(self) -> None:
        assert [c.number for c in self.catalogue.search("路边道路破损，还有积存垃圾渣土", AUTUMN_2026)] == ["06011", "06013"]

    def test_a_sentence_that_names_none_finds_nothing(self) -> None:
        assert self.catalogue.search("门口有垃圾，很脏", AUTUMN_2026) == ()

    def test_nothing_typed_finds_nothing(self) -> None:
        assert self.catalogue.search("  ", AUTUMN_2026) == ()

    def test_an_expired_category_is_not_offered(self) -> None:
        assert Catalogue([old("0110", None)]).search("0110", AUTUMN_2026) == ()

    def test_the_pinyin_key_leaves_out_brackets_and_strokes(self) -> None:
        assert pinyin_key("沙（河）滩不洁") == "sha he tan bu jie"
        assert pinyin_key("紧急报警点SOS") == "jin ji bao jing dian sos"


class TestSoundness:
    @pytest.mark.parametrize(
        ("broken", "reason"),
        [
            ({"code": CategoryCode("2026:matter:610"), "number": "610"}, "category.number"),
            ({"number": "06011"}, "category.parts_differ"),
            ({"field": "weather"}, "category.field_unknown"),
            ({"name_en": ""}, "category.name_missing"),
            ({"maps_to": CategoryCode("2026:matter:06999")}, "category.maps_to_unknown"),
            ({"linked_component": CategoryCode("2026:component:01001")}, "category.component_unknown"),
            ({"local": True}, "category.local_number"),
        ],
    )
    def test_a_broken_category_is_named(self, broken: dict[str, object], reason: str) -> None:
        assert reason in [f.reason for f in Catalogue([category("06010", **broken)]).faults()]

    def test_two_versions_in_force_on_one_day_are_named(self) -> None:
        twice = Catalogue([category("06010"), category("06010", "别的", valid_from=date(2026, 9, 1))])
        assert [f.reason for f in twice.faults()] == ["category.versions_overlap"]

    def test_rows_for_unknown_categories_and_empty_limits_are_named(self) -> None:
        faults = Catalogue([], [entry(1, 0)], [CategoryField(CategoryCode("2026:matter:1"), "a", "a", "a", "text", False)]).faults()
        assert sorted(f.reason for f in faults) == ["field.category_unknown", "standard.category_unknown", "standard.limit_not_positive"]
