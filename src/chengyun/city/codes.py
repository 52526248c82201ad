"""Identifiers of the standing city: parse them, check them, carry them from an old scheme to the new one.

Rules and their sources stand in the reference (GB/T 2260, GB/T 10114, GB/T 47678.3 and .5; the 2013 and 2007 forms before them).
A code that breaks a rule answers with a `CodeFault`, a value: the caller knows the file and row and makes the error of it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from chengyun.base.ids import AreaCode, CategoryCode
from chengyun.city.records import AreaKind, CategoryKind

AREA_LENGTHS: dict[AreaKind, tuple[int, ...]] = {
    AreaKind.DISTRICT: (6,),
    AreaKind.STREET: (9,),
    AreaKind.COMMUNITY: (12,),
    AreaKind.UNIT_GRID: (15, 14),
}
"""Digits by level: 6 division, +3 street, +3 community, +3 grid (+2 in CJ/T 213-2005). Responsibility grids have codes of their own."""

LOCAL_MINOR = {"2026": 900, "2013": 77, "2007": 77}
"""First minor number a city may give out itself: from 900 in the new scheme (chosen by us), 77-99 in the old ones (custom of cities)."""

_DIGITS = re.compile(r"[0-9]+\Z")
_GRID = re.compile(r"[0-9]{12}[0-9A-Z]{2,3}\Z")
_OWN = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,23}\Z")


@dataclass(frozen=True, slots=True)
class CodeFault:
    """Why a code cannot be: `reason` for machines, `found` and `wanted` for the sentence."""

    reason: str
    found: str
    wanted: str


@dataclass(frozen=True, slots=True)
class ComponentNumber:
    """A component identifier in its parts: division 6, major 2, minor 3 (2 before 2026), sequence 6."""

    division: str
    major: str
    minor: str
    sequence: str

    @property
    def type_number(self) -> str:
        return self.major + self.minor

    @property
    def scheme(self) -> str:
        """`2026` for 17 digits; 16 digits are of 2013 or 2007, which look alike, and are read as `2013`."""
        return "2026" if len(self.minor) == 3 else "2013"

    @property
    def text(self) -> str:
        return self.division + self.major + self.minor + self.sequence


def parse_component(text: str) -> ComponentNumber | CodeFault:
    """
    >>> parse_component("32050801001000001").type_number
    '01001'
    >>> parse_component("3205080101000001").scheme
    '2013'
    >>> parse_component("12").reason
    'component.length'
    """
    if not text.isascii() or not _DIGITS.match(text):
        return CodeFault("component.not_digits", text, "digits only, 17 (16 in the 2013 scheme)")
    if len(text) not in (16, 17):
        return CodeFault("component.length", text, f"17 digits (16 in the 2013 scheme), not {len(text)}")
    minor_end = len(text) - 6
    parsed = ComponentNumber(text[:6], text[6:8], text[8:minor_end], text[minor_end:])
    if parsed.sequence == "000000":
        return CodeFault("component.sequence", text, "a sequence from 000001 on")
    return parsed


def check_component(text: str, division: str | None = None, type_number: str | None = None) -> CodeFault | None:
    """A component's identifier must begin with the division it stands in and carry the type it is."""
    parsed = parse_component(text)
    if isinstance(parsed, CodeFault):
        return parsed
    if division is not None and parsed.division != division:
        return CodeFault("component.division", text, f"an identifier beginning with {division}")
    if type_number is not None and parsed.type_number != type_number:
        return CodeFault("component.type", text, f"{type_number} in digits 7-{6 + len(parsed.type_number)}")
    return None


def component_to_2026(text: str, known_types: Collection[str]) -> str | CodeFault:
    """Old 16 digits to new 17: division + major + "0" + minor + sequence, only if the type exists in the new list.

    Keep the old identifier as an alias. `known_types` are the five-digit component types of the 2026 list.

    >>> component_to_2026("3205080101000001", {"01001"})
    '32050801001000001'
    >>> component_to_2026("3205080117000001", {"01001"}).reason
    'component.type_not_in_new_list'
    """
    parsed = parse_component(text)
    if isinstance(parsed, CodeFault):
        return parsed
    number = parsed.major + parsed.minor.zfill(3)
    if number not in known_types:
        return CodeFault("component.type_not_in_new_list", text, f"a type of the 2026 list; {number} is not in it")
    return parsed.division + number + parsed.sequence


def check_area(code: str, kind: AreaKind, parent: str | None = None) -> CodeFault | None:
    """
    >>> check_area("110108003", AreaKind.STREET, "110108") is None
    True
    >>> check_area("110108003", AreaKind.STREET, "110105").reason
    'area.parent'
    """
    if kind is AreaKind.RESPONSIBILITY_GRID:
        return None if _OWN.match(code) else CodeFault("area.own_code", code, "up to 24 letters, digits, - or _")
    lengths = AREA_LENGTHS[kind]
    if len(code) not in lengths:
        return CodeFault("area.length", code, f"{' or '.join(str(n) for n in lengths)} characters for a {kind}, not {len(code)}")
    right = _GRID.match(code) if kind is AreaKind.UNIT_GRID else code.isascii() and _DIGITS.match(code)
    if not right:
        return CodeFault("area.characters", code, "digits (the last three of a unit grid may be digits or capital letters)")
    if parent is not None and not code.startswith(parent):
        return CodeFault("area.parent", code, f"a code beginning with its parent's, {parent}")
    return None


def area_parent(code: str, kind: AreaKind) -> AreaCode | None:
    """The code above: `110108003012` for the grid `110108003012007`. None for a district and for responsibility grids."""
    length = {AreaKind.STREET: 6, AreaKind.COMMUNITY: 9, AreaKind.UNIT_GRID: 12}.get(kind)
    return AreaCode(code[:length]) if length else None


def unit_grid_to_15(code: str) -> str | CodeFault:
    """A 14-digit grid (CJ/T 213-2005) with its sequence widened to three; keep the old code as an alias.

    >>> unit_grid_to_15("11010800301207")
    '110108003012007'
    """
    if fault := check_area(code, AreaKind.UNIT_GRID):
        return fault
    return code if len(code) == 15 else code[:12] + "0" + code[12:]


class NumberFault(StrEnum):
    SCHEME = "category.scheme"
    KIND = "category.kind"
    NUMBER = "category.number"
    SHAPE = "category.shape"


def parse_category(code: str) -> tuple[str, CategoryKind, str] | CodeFault:
    """`2026:matter:06010` -> scheme, kind, number. A component type and a matter may share their digits, so all three are the key.

    >>> parse_category("2026:matter:06010")[2]
    '06010'
    >>> parse_category("2026:matter:6010").reason
    <NumberFault.NUMBER: 'category.number'>
    """
    parts = code.split(":")
    if len(parts) != 3:
        return CodeFault(NumberFault.SHAPE, code, "scheme:kind:number, for example 2026:matter:06010")
    scheme, kind, number = parts
    if not _OWN.match(scheme):
        return CodeFault(NumberFault.SCHEME, code, "a scheme such as 2026")
    if kind not in set(CategoryKind):
        return CodeFault(NumberFault.KIND, code, f"one of {', '.join(CategoryKind)} in the middle")
    digits = {"2026": 5, "2013": 4, "2007": 4}.get(scheme)
    if digits is None:
        right = bool(_OWN.match(number))
        wanted = "letters and digits"
    else:
        right = number.isascii() and bool(_DIGITS.match(number)) and len(number) == digits
        wanted = f"{digits} digits in the {scheme} scheme"
    return (scheme, CategoryKind(kind), number) if right else CodeFault(NumberFault.NUMBER, code, wanted)


def category_code(scheme: str, kind: CategoryKind, number: str) -> CategoryCode:
    return CategoryCode(f"{scheme}:{kind.value}:{number}")


def is_local_number(scheme: str, number: str) -> bool:
    """Is this number one that a city gives out itself? In a city's own scheme, all of them.

    >>> is_local_number("2026", "06901"), is_local_number("2026", "06042"), is_local_number("2013", "0199")
    (True, False, True)
    """
    first = LOCAL_MINOR.get(scheme)
    return True if first is None else int(number[2:]) >= first


def matter_code(division: str, number: str) -> str:
    """11 digits: division + type. A class code that repeats, never a case's key."""
    return division + number
