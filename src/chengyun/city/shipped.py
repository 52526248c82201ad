"""The reference data that ships with the product: code sets, their mapping, the standard table, questions per category.

These are defaults that every city edits, each row with its source and how far to trust it. How the files came to be stands in
`data/README.md`. The store fills a new tenant from `load_shipped()`; the demo city and the tests read the same.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from chengyun.base.ids import CategoryCode, StandardId
from chengyun.city.catalogue import Catalogue
from chengyun.city.records import Category, CategoryField, CategoryKind, ClockUnit, CodeSet, Counting, Limit, StandardEntry


@dataclass(frozen=True, slots=True)
class CustomaryParty:
    """Who usually handles a row of the standard table, in the words of the city it came from. A hint for a new duty list."""

    standard: StandardId
    category: CategoryCode
    parties_zh: tuple[str, ...]
    parties_en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherCityLimit:
    """A row of another city's table, to compare with; not part of the standard table. `category` None: no current code."""

    category: CategoryCode | None
    name_zh: str
    filing_zh: str
    filing_en: str
    limit: Limit
    closing_zh: str
    closing_en: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Shipped:
    code_sets: tuple[CodeSet, ...]
    categories: tuple[Category, ...]
    standards: tuple[StandardEntry, ...]
    fields: tuple[CategoryField, ...]
    parties: tuple[CustomaryParty, ...]
    other_cities: tuple[OtherCityLimit, ...]

    def catalogue(self) -> Catalogue:
        return Catalogue(self.categories, self.standards, self.fields, self.code_sets)


@cache
def load_shipped() -> Shipped:
    """All shipped reference data as records. Read once, then kept: the records are frozen."""
    code_sets = tuple(
        CodeSet(
            r["scheme"], r["standard"], r["title_zh"], r["title_en"], _day(r["valid_from"]), _day_or_none(r["valid_to"]), r["confidence"]
        )
        for r in _rows("code_sets.csv")
    )
    days = {s.scheme: (s.valid_from, s.valid_to) for s in code_sets}
    by_major = {(r["scheme"], r["kind"], r["major"]): r["field"] for r in _rows("fields_by_major.csv")}
    by_category = {r["category"]: r["field"] for r in _rows("fields_by_category.csv")}
    categories = tuple(_category(r, days, by_major, by_category) for r in _rows("categories.csv"))
    scheme_of = {c.code: c.scheme for c in categories}
    standard_rows = list(_rows("standards.csv"))
    return Shipped(
        code_sets=code_sets,
        categories=categories,
        standards=tuple(_standard(r, days[scheme_of[CategoryCode(r["category"])]]) for r in standard_rows),
        fields=tuple(_asked(r) for r in _rows("fields_asked.csv")),
        parties=tuple(
            CustomaryParty(
                StandardId(int(r["id"])),
                CategoryCode(r["category"]),
                tuple(r["parties_zh"].split("；")),
                tuple(r["parties_en"].split("; ")),
            )
            for r in standard_rows
            if r["parties_zh"]
        ),
        other_cities=tuple(_other(r) for r in _rows("limits_of_other_cities.csv")),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("chengyun.city").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines(keepends=True))


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _code_or_none(text: str) -> CategoryCode | None:
    return CategoryCode(text) if text else None


def _category(
    row: dict[str, str],
    days: dict[str, tuple[date, date | None]],
    by_major: dict[tuple[str, str, str], str],
    by_category: dict[str, str],
) -> Category:
    valid_from, valid_to = days[row["scheme"]]
    return Category(
        code=CategoryCode(row["code"]),
        scheme=row["scheme"],
        kind=CategoryKind(row["kind"]),
        number=row["number"],
        major=row["major"],
        major_zh=row["major_zh"],
        major_en=row["major_en"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        field=by_category.get(row["code"]) or by_major[row["scheme"], row["kind"], row["major"]],
        maps_to=_code_or_none(row["maps_to"]),
        linked_component=_code_or_none(row["linked_component"]),
        valid_from=valid_from,
        valid_to=valid_to,
        translated=row["translated"] == "yes",
        local=row["local"] == "yes",
        pinyin=row["pinyin"],
        geometry=row["geometry"],
        source=row["source"],
        confidence=row["confidence"],
    )


def _limit(row: dict[str, str]) -> Limit:
    return Limit(int(row["amount"]), ClockUnit(row["unit"]), Counting(row["counting"]))


def _standard(row: dict[str, str], days: tuple[date, date | None]) -> StandardEntry:
    return StandardEntry(
        id=StandardId(int(row["id"])),
        version=1,
        category=CategoryCode(row["category"]),
        condition_no=int(row["condition_no"]),
        filing_zh=row["filing_zh"],
        filing_en=row["filing_en"],
        limit=_limit(row),
        closing_zh=row["closing_zh"],
        closing_en=row["closing_en"],
        valid_from=days[0],
        valid_to=days[1],
        area_class=int(row["area_class"]) if row["area_class"] else None,
        source=row["source"],
        confidence=row["confidence"],
        translated=row["translated"] == "yes",
    )


def _asked(row: dict[str, str]) -> CategoryField:
    choices = [tuple(choice.split("=")) for choice in row["choices"].split("|") if choice]
    return CategoryField(
        category=CategoryCode(row["category"]),
        key=row["key"],
        label_zh=row["label_zh"],
        label_en=row["label_en"],
        kind=row["kind"],
        required=row["required"] == "yes",
        choices=tuple((key, zh, en) for key, zh, en in choices),
        personal_level=int(row["personal_level"]),
    )


def _other(row: dict[str, str]) -> OtherCityLimit:
    return OtherCityLimit(
        category=_code_or_none(row["category"]),
        name_zh=row["name_zh"],
        filing_zh=row["filing_zh"],
        filing_en=row["filing_en"],
        limit=_limit(row),
        closing_zh=row["closing_zh"],
        closing_en=row["closing_en"],
        source=row["source"],
        confidence=row["confidence"],
    )
