"""Identifiers: what is checked, what is converted, what is refused with a reason."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chengyun.city import catalogue, codes
from chengyun.city.codes import CodeFault, check_area, check_component, component_to_2026, parse_category, parse_component, unit_grid_to_15
from chengyun.city.records import AreaKind, CategoryKind

digits = lambda n: st.text("0123456789", min_size=n, max_size=n)  # noqa: E731


@pytest.mark.parametrize("module", [codes, catalogue])
def test_examples_in_the_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def reason(found: object) -> str | None:
    return found.reason if isinstance(found, CodeFault) else None


@pytest.mark.parametrize(
    ("identifier", "wanted"),
    [
        ("32050801001000001", None),
        ("3205080101000001", None),
        ("3205080100100000", None),
        ("3205080100100000A", "component.not_digits"),
        ("３２０５０８０１００１００００１", "component.not_digits"),
        ("320508010010000011", "component.length"),
        ("", "component.not_digits"),
        ("32050801001000000", "component.sequence"),
        ("32050801001000001\n", "component.not_digits"),
    ],
)
def test_component_identifiers(identifier: str, wanted: str | None) -> None:
    assert reason(parse_component(identifier)) == wanted


def test_a_component_must_carry_its_division_and_its_type() -> None:
    assert check_component("32050801001000001", "320508", "01001") is None
    assert reason(check_component("32050801001000001", "320509")) == "component.division"
    assert reason(check_component("32050801001000001", "320508", "01002")) == "component.type"


@given(digits(6), digits(2), digits(2), digits(6).filter(lambda s: s != "000000"))
def test_an_old_identifier_keeps_its_division_and_sequence_in_the_new_form(division: str, major: str, minor: str, sequence: str) -> None:
    new = component_to_2026(division + major + minor + sequence, {f"{major}0{minor}"})
    assert new == f"{division}{major}0{minor}{sequence}"
    assert component_to_2026(str(new), {f"{major}0{minor}"}) == new, "converting twice changes nothing"


@pytest.mark.parametrize(
    ("code", "kind", "parent", "wanted"),
    [
        ("110108", AreaKind.DISTRICT, None, None),
        ("11010", AreaKind.DISTRICT, None, "area.length"),
        ("110108003", AreaKind.STREET, "110108", None),
        ("110109003", AreaKind.STREET, "110108", "area.parent"),
        ("110108003012", AreaKind.COMMUNITY, "110108003", None),
        ("110108003012007", AreaKind.UNIT_GRID, "110108003012", None),
        ("11010800301200A", AreaKind.UNIT_GRID, "110108003012", None),
        ("11010800301200a", AreaKind.UNIT_GRID, "110108003012", "area.characters"),
        ("11010800301207", AreaKind.UNIT_GRID, "110108003012", None),
        ("1101080030120007", AreaKind.UNIT_GRID, None, "area.length"),
        ("RG-12", AreaKind.RESPONSIBILITY_GRID, "110108003", None),
        ("RG 12", AreaKind.RESPONSIBILITY_GRID, None, "area.own_code"),
        ("11０108", AreaKind.DISTRICT, None, "area.characters"),
    ],
)
def test_area_codes(code: str, kind: AreaKind, parent: str | None, wanted: str | None) -> None:
    assert reason(check_area(code, kind, parent)) == wanted


def test_a_grid_of_the_first_generation_gets_three_digits_of_sequence() -> None:
    assert unit_grid_to_15("11010800301207") == "110108003012007"
    assert unit_grid_to_15("110108003012007") == "110108003012007"
    assert reason(unit_grid_to_15("1101")) == "area.length"


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("2026:matter:06010", None),
        ("2013:component:0101", None),
        ("mycity:matter:A-1", None),
        ("2026:matter", "category.shape"),
        ("2026:thing:06010", "category.kind"),
        ("2013:matter:06010", "category.number"),
        (":matter:06010", "category.scheme"),
    ],
)
def test_category_codes(code: str, wanted: str | None) -> None:
    assert reason(parse_category(code)) == wanted


def test_a_category_code_parts_into_scheme_kind_and_number() -> None:
    assert parse_category("2026:component_fault:01001") == ("2026", CategoryKind.COMPONENT_FAULT, "01001")
