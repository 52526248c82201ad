"""The category catalogue: types of matters and components, how long each may take, what is asked when one is reported.

Several code sets live side by side; a case keeps the one it was filed under. Everything is asked for with a day, and answers with
what was in force that day. An old code that maps to nothing is work for a person (`unmapped`), never a guess.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from chengyun.base.errors import NotFound
from chengyun.base.ids import CategoryCode
from chengyun.city.codes import CodeFault, is_local_number, parse_category
from chengyun.city.records import Category, CategoryField, CategoryKind, CodeSet, StandardEntry, in_force

FIELDS = ("facilities", "upkeep", "environment", "traffic", "safety", "enforcement")
"""The six fields of city management. Which major belongs to which is `city/data/fields_by_major.csv`, chosen by us."""

FILED_KINDS = (CategoryKind.COMPONENT_FAULT, CategoryKind.MATTER)
"""Kinds a case of the 2026 scheme is filed under; a component type names a thing, not what is wrong with it (see `may_be_filed`)."""


@dataclass(frozen=True, slots=True)
class CategorySnapshot:
    """What a case keeps of its category for ever: the words and digits of the day it was filed."""

    scheme: str
    code: CategoryCode
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An old code somebody must decide on, and how many things wait for it."""

    category: Category
    waiting: int


@dataclass(frozen=True, slots=True)
class CatalogueFault:
    """Something the catalogue contradicts itself in. `code` names the row, `facts` what was found."""

    reason: str
    code: str
    facts: Mapping[str, str]


def pinyin_key(name_zh: str) -> str:
    """Syllables without tones, parted by spaces; digits and Latin letters stay, other signs go.

    >>> pinyin_key("暴露垃圾")
    'bao lu la ji'
    """
    # Loaded at first need: its dictionary costs half a second and 40 MB in every process, and kept categories bring their key along.
    from pypinyin import lazy_pinyin

    parts = ("".join(sign for sign in part if sign.isalnum()) for part in lazy_pinyin(name_zh))
    return " ".join(part for part in parts if part).lower()


class Catalogue:
    """Categories, standard table and asked fields, compiled for asking. Built once per change; it is never altered."""

    def __init__(
        self,
        categories: Iterable[Category],
        standards: Iterable[StandardEntry] = (),
        fields: Iterable[CategoryField] = (),
        code_sets: Iterable[CodeSet] = (),
    ) -> None:
        self.categories = tuple(categories)
        self.code_sets = tuple(code_sets)
        self._versions: dict[CategoryCode, list[Category]] = {}
        self._faults_of: dict[CategoryCode, list[Category]] = {}
        for category in self.categories:
            self._versions.setdefault(category.code, []).append(category)
            if category.kind is CategoryKind.COMPONENT_FAULT and category.linked_component:
                self._faults_of.setdefault(category.linked_component, []).append(category)
        self._with_faults = {c.scheme for c in self.categories if c.kind is CategoryKind.COMPONENT_FAULT}
        self._standards: dict[CategoryCode, list[StandardEntry]] = {}
        for entry in standards:
            self._standards.setdefault(entry.category, []).append(entry)
        self._fields: dict[CategoryCode, tuple[CategoryField, ...]] = {}
        for question in fields:
            self._fields[question.category] = (*self._fields.get(question.category, ()), question)
        self._keys = {category.code: (category.pinyin or pinyin_key(category.name_zh)).split() for category in self.categories}

    @property
    def standards(self) -> tuple[StandardEntry, ...]:
        """Every row of the standard table, all versions."""
        return tuple(entry for entries in self._standards.values() for entry in entries)

    @property
    def fields(self) -> tuple[CategoryField, ...]:
        """Every question, by category."""
        return tuple(question for asked in self._fields.values() for question in asked)

    # --- one category ---------------------------------------------------------------------------------------------

    def find(self, code: CategoryCode, day: date) -> Category | None:
        """The category as it stood that day."""
        return next((c for c in self._versions.get(code, ()) if in_force(c.valid_from, c.valid_to, day)), None)

    def get(self, code: CategoryCode, day: date) -> Category:
        found = self.find(code, day)
        if found is None:
            known = code in self._versions
            raise NotFound(f"category {code} is {'not in force on ' + day.isoformat() if known else 'not in the catalogue'}", category=code)
        return found

    def latest(self, code: CategoryCode) -> Category | None:
        """The newest version, in force or not: old cases are shown with it when their own snapshot is missing."""
        return max(self._versions.get(code, ()), key=lambda c: c.valid_from, default=None)

    def snapshot(self, code: CategoryCode, day: date) -> CategorySnapshot:
        category = self.get(code, day)
        return CategorySnapshot(category.scheme, category.code, category.name_zh, category.name_en)

    def in_force(
        self, day: date, *, scheme: str | None = None, kinds: Iterable[CategoryKind] | None = None, field: str | None = None
    ) -> tuple[Category, ...]:
        """Categories of a day, in the order they were given; `fileable` gives those a case can be filed under."""
        wanted = None if kinds is None else frozenset(kinds)
        return tuple(
            c
            for c in self.categories
            if in_force(c.valid_from, c.valid_to, day)
            and (scheme is None or c.scheme == scheme)
            and (wanted is None or c.kind in wanted)
            and (field is None or c.field == field)
        )

    def may_be_filed(self, category: Category) -> bool:
        """Can a case go under it? A component type only in a scheme that has no faults of components: those before 2026."""
        return category.kind is not CategoryKind.COMPONENT or category.scheme not in self._with_faults

    def fileable(self, day: date, *, field: str | None = None) -> tuple[Category, ...]:
        return tuple(c for c in self.in_force(day, field=field) if self.may_be_filed(c))

    # --- what belongs to it ---------------------------------------------------------------------------------------

    def standards_for(self, category: CategoryCode, area_class: int | None, day: date) -> tuple[StandardEntry, ...]:
        """Rows of the standard table for that category, area class and day, by condition number.

        A row for the area class takes the place of the row for all classes with the same condition number.
        """
        rows = [
            e for e in self._standards.get(category, ()) if in_force(e.valid_from, e.valid_to, day) and e.area_class in (None, area_class)
        ]
        by_condition: dict[int, StandardEntry] = {}
        for entry in sorted(rows, key=lambda e: (e.condition_no, e.area_class is not None, e.version)):
            by_condition[entry.condition_no] = entry
        return tuple(by_condition.values())

    def fields_for(self, category: CategoryCode) -> tuple[CategoryField, ...]:
        return self._fields.get(category, ())

    # --- old and new ----------------------------------------------------------------------------------------------

    def current(self, code: CategoryCode, day: date) -> Category | None:
        """Follow `maps_to` until a category in force that day; None if the way ends before, or runs in a circle."""
        seen: set[CategoryCode] = set()
        while code not in seen:
            seen.add(code)
            if (found := self.find(code, day)) is not None:
                return found
            newest = self.latest(code)
            if newest is None or newest.maps_to is None:
                return None
            code = newest.maps_to
        return None

    def to_file_under(self, code: CategoryCode, day: date) -> Category | None:
        """The category a case goes under that day: a component type becomes the fault of that component."""
        found = self.current(code, day)
        if found is None or found.kind is not CategoryKind.COMPONENT:
            return found
        faults = self._faults_of.get(found.code, ())
        return next((c for c in faults if in_force(c.valid_from, c.valid_to, day)), found)

    def unmapped(self, day: date, waiting: Mapping[CategoryCode, int] | None = None) -> tuple[Unmapped, ...]:
        """Codes no longer in force whose way to today is missing, most awaited first.

        waiting   how many cases, duty rows or components still carry each code; only counted, never changed
        """
        counts = waiting or {}
        lost = [
            Unmapped(newest, counts.get(code, 0))
            for code in self._versions
            if (newest := self.latest(code)) is not None and self.current(code, day) is None and not newest.valid_from > day
        ]
        return tuple(sorted(lost, key=lambda u: (-u.waiting, u.category.code)))

    def without_standard(self, day: date) -> tuple[Category, ...]:
        """Categories a case could be filed under, were there a row of the standard table for them. Work for the city."""
        return tuple(
            c for c in self.fileable(day) if not any(in_force(e.valid_from, e.valid_to, day) for e in self._standards.get(c.code, ()))
        )

    # --- looking for one ------------------------------------------------------------------------------------------

    def search(self, text: str, day: date, *, kinds: Iterable[CategoryKind] | None = None, limit: int = 20) -> tuple[Category, ...]:
        """Find by Chinese or English name, pinyin (`baolu`), initials (`bllj`) or number (`06010`), or in a sentence that has the
        whole name in it. Best match first; of several names in a sentence the longest.

        kinds   None: what a case can be filed under
        """
        asked, words = "".join(text.split()).casefold(), text.casefold().split()
        if not asked:
            return ()
        offered = self.fileable(day) if kinds is None else self.in_force(day, kinds=kinds)
        ranked = [(rank, c.code, c) for c in offered if (rank := self._rank(c, asked, words)) is not None]
        return tuple(c for *_, c in sorted(ranked, key=lambda row: row[:2])[:limit])

    def _rank(self, category: Category, asked: str, words: list[str]) -> tuple[int, int] | None:
        rank = self._rank_by_name(category, asked, words)
        if rank is not None:
            return rank, 0
        if len(category.name_zh) >= 2 and category.name_zh in asked:
            return 6, -len(category.name_zh)
        if f" {category.name_en.casefold()} " in f" {re.sub(r'[^0-9a-z]+', ' ', ' '.join(words))} ":
            return 6, -len(category.name_en)
        return None

    def _rank_by_name(self, category: Category, asked: str, words: list[str]) -> int | None:
        syllables = self._keys[category.code]
        initials, whole = "".join(s[0] for s in syllables), "".join(syllables)
        english = category.name_en.casefold()
        if asked in (category.name_zh, category.number, category.code.casefold()):
            return 0
        if category.name_zh.startswith(asked) or category.number.startswith(asked):
            return 1
        if initials.startswith(asked) or whole.startswith(asked):
            return 2
        if asked in category.name_zh:
            return 3
        if all(word in english for word in words):
            return 4
        if len(asked) >= 2 and (asked in initials or _on_syllables(asked, syllables)):
            return 5
        return None

    # --- is it sound ----------------------------------------------------------------------------------------------

    def faults(self) -> tuple[CatalogueFault, ...]:
        """Contradictions inside the catalogue: what an import must refuse."""
        found: list[CatalogueFault] = []
        for category in self.categories:
            found += _faults_of_category(category, self._versions)
        for versions in self._versions.values():
            ordered = sorted(versions, key=lambda c: c.valid_from)
            found += [
                CatalogueFault("category.versions_overlap", a.code, {"from": b.valid_from.isoformat()})
                for a, b in pairwise(ordered)
                if a.valid_to is None or a.valid_to > b.valid_from
            ]
        for code, entries in self._standards.items():
            if code not in self._versions:
                found.append(CatalogueFault("standard.category_unknown", code, {}))
            found += [
                CatalogueFault("standard.limit_not_positive", code, {"condition": str(e.condition_no), "amount": str(e.limit.amount)})
                for e in entries
                if e.limit.amount <= 0
            ]
        found += [CatalogueFault("field.category_unknown", code, {}) for code in self._fields if code not in self._versions]
        return tuple(found)


def _on_syllables(asked: str, syllables: list[str]) -> bool:
    """Does the typed pinyin start at one of the syllables?"""
    return any("".join(syllables[start:]).startswith(asked) for start in range(len(syllables)))


def _faults_of_category(category: Category, known: Mapping[CategoryCode, list[Category]]) -> list[CatalogueFault]:
    faults: list[CatalogueFault] = []
    parsed = parse_category(category.code)
    if isinstance(parsed, CodeFault):
        faults.append(CatalogueFault(parsed.reason, category.code, {"found": parsed.found, "wanted": parsed.wanted}))
    else:
        if parsed != (category.scheme, category.kind, category.number):
            faults.append(CatalogueFault("category.parts_differ", category.code, {"number": category.number}))
        if category.local and category.scheme == "2026" and not is_local_number(category.scheme, category.number):
            faults.append(CatalogueFault("category.local_number", category.code, {"number": category.number}))
    if category.field not in FIELDS:
        faults.append(CatalogueFault("category.field_unknown", category.code, {"field": category.field}))
    if not category.name_zh or not category.name_en:
        faults.append(CatalogueFault("category.name_missing", category.code, {}))
    if category.maps_to is not None and category.maps_to not in known:
        faults.append(CatalogueFault("category.maps_to_unknown", category.code, {"maps_to": category.maps_to}))
    if category.linked_component is not None and category.linked_component not in known:
        faults.append(CatalogueFault("category.component_unknown", category.code, {"component": category.linked_component}))
    return faults
