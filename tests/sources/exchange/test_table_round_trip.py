"""What was exported comes back as it went: for the shipped data whole, for organisations, people and duty rows whatever they hold."""

import csv
import doctest
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.ids import AreaCode, AreaId, CalendarId, CategoryCode, DutyRowId, OrgId, PersonId, TenantId
from chengyun.city.records import (
    Area,
    AreaKind,
    Assignment,
    CategoryField,
    DayRule,
    DutyRow,
    Hours,
    Loop,
    Organisation,
    OrgKind,
    Person,
    Role,
    Scope,
    Shift,
    WorkCalendar,
)
from chengyun.city.shipped import load_shipped
from chengyun.sources.exchange.tables import TABLES, Imported, KnownCity, PersonRow, TableMapping, faults, read_table, reading, write_table
from chengyun.sources.exchange.tables.building import CalendarDay

TENANT, DAY = TenantId(1), date(2026, 11, 24)
SHIPPED = load_shipped()


def again(table: str, records: Sequence[Any], city: KnownCity) -> tuple[Any, ...]:
    data = write_table(TABLES[table], records, city)
    found = read_table(data, table, TableMapping(TABLES[table]), city)
    assert isinstance(found, Imported), [str(e) for e in found.errors]
    return found.records


@pytest.mark.parametrize("module", [faults, reading])
def test_examples_in_the_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "records"),
    [
        ("code-sets", SHIPPED.code_sets),
        ("catalogue", SHIPPED.categories),
        ("standards", SHIPPED.standards),
        ("fields", SHIPPED.fields),
    ],
)
def test_the_shipped_tables_come_back_whole(table: str, records: Sequence[Any]) -> None:
    city = KnownCity(TENANT, DAY, categories=SHIPPED.categories, standards=SHIPPED.standards)
    assert again(table, records, city) == records


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\",;|\n\t\\＝井盖"), max_size=30).map(str.strip)
names = words.filter(bool)
idents = st.from_regex(r"[A-Z]{1,4}-[0-9]{1,4}", fullmatch=True)
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))
ends = st.none() | st.dates(date(2091, 1, 1), date(2100, 1, 1))


@st.composite
def organisations(draw: st.DrawFn) -> tuple[Organisation, ...]:
    codes = draw(st.lists(idents, min_size=1, max_size=6, unique=True))
    return tuple(
        Organisation(
            OrgId(n + 1),
            TENANT,
            code,
            OrgId(draw(st.integers(1, n))) if n and draw(st.booleans()) else None,
            draw(st.sampled_from(OrgKind)),
            draw(names),
            draw(names),
            draw(st.integers(-5, 5)),
            draw(st.sampled_from(Loop)),
            draw(days),
            draw(ends),
            None,
            draw(words.filter(lambda w: len(w) <= 40)),
        )
        for n, code in enumerate(codes)
    )


@settings(max_examples=60, deadline=None)
@given(organisations())
def test_organisations_come_back_as_they_went(bodies: tuple[Organisation, ...]) -> None:
    assert again("organisations", bodies, KnownCity(TENANT, DAY, organisations=bodies)) == bodies


@settings(max_examples=60, deadline=None)
@given(organisations(), st.data())
def test_duty_rows_come_back_as_they_went(bodies: tuple[Organisation, ...], data: st.DataObject) -> None:
    orgs = st.sampled_from([o.id for o in bodies])
    rows = tuple(
        DutyRow(
            DutyRowId(n + 1),
            data.draw(st.integers(1, 9)),
            f"D-{n}",
            category := data.draw(st.sampled_from([None, CategoryCode("2026:matter:06010")])),
            None if category else data.draw(st.sampled_from([None, "2026:06"])),
            None,
            data.draw(st.none() | orgs),
            data.draw(st.sampled_from(Hours)),
            data.draw(orgs),
            data.draw(st.none() | orgs),
            tuple(data.draw(st.lists(orgs, max_size=3))),
            tuple(data.draw(st.lists(st.tuples(st.sampled_from(Loop), orgs), max_size=3))),
            data.draw(st.sampled_from([None, 1, 2, 3])),
            data.draw(days | st.just(date.min)),
            data.draw(ends),
            data.draw(words),
            data.draw(words),
        )
        for n in range(data.draw(st.integers(1, 4)))
    )
    city = KnownCity(TENANT, DAY, organisations=bodies, categories=SHIPPED.categories, duty_rows=rows)
    assert again("duty-list", rows, city) == rows


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, names, words), min_size=1, max_size=5))
def test_people_with_their_roles_come_back_as_they_went(told: list[tuple[str, str, str]]) -> None:
    bodies = (Organisation(OrgId(1), TENANT, "CTR", None, OrgKind.CENTER, "中心", "centre", 1, Loop.LARGE, date(2025, 1, 1)),)
    people = tuple(
        PersonRow(
            Person(
                PersonId(n + 1),
                TENANT,
                f"S{n}",
                OrgId(1),
                (
                    Assignment(Role.DISPATCHER, Scope(None, OrgId(1), frozenset({"traffic", "safety"})), date(2026, 1, 1)),
                    Assignment(Role.SHIFT_LEAD, Scope(), date(2026, 1, 1), date(2026, 2, 1), PersonId(1) if n else None),
                ),
                "en" if n else "zh",
                bool(n),
            ),
            zh,
            en,
            phone[:40].strip(),
        )
        for n, (zh, en, phone) in enumerate(told)
    )
    assert again("people", people, KnownCity(TENANT, DAY, organisations=bodies, people=people)) == people


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, names, names), min_size=1, max_size=4, unique_by=lambda c: c[0]))
def test_answers_to_choose_from_come_back_whatever_signs_they_hold(choices: list[tuple[str, str, str]]) -> None:
    asked = (CategoryField(CategoryCode("2026:matter:06010"), "volume", "量", "volume", "choice", True, tuple(choices)),)
    city = KnownCity(TENANT, DAY, categories=SHIPPED.categories)
    assert again("fields", asked, city) == asked


def test_calendar_days_shifts_and_areas_come_back_as_they_went() -> None:
    person = PersonRow(Person(PersonId(4), TENANT, "C001", None, ()), "赵一", "Zhao Yi")
    rings = (
        ((117.1, 31.1), (117.2, 31.1), (117.2, 31.2), (117.1, 31.2), (117.1, 31.1)),
        ((117.12, 31.12), (117.13, 31.12), (117.13, 31.13), (117.12, 31.12)),
    )
    area = Area(AreaId(9), TENANT, AreaCode("340103"), None, AreaKind.DISTRICT, "望江区", "Wangjiang", 2, rings, date(2025, 1, 1))
    city = KnownCity(
        TENANT,
        DAY,
        people=(person,),
        areas=(area,),
        calendars=(WorkCalendar(CalendarId(1), 1, "工作时间", "office hours", "Asia/Shanghai", {}),),
    )
    shift = Shift(PersonId(4), datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC), area.code)
    rule = CalendarDay(CalendarId(1), DayRule(date(2026, 10, 10), True, ((time(8), time(12, 30)), (time(20), time(0))), "调休", "=swap"))
    assert again("areas", [area], city) == (area,)
    assert again("shifts", [shift], city) == (shift,)
    assert again("calendar", [rule], city) == (rule,)


@pytest.mark.parametrize("dangerous", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "'=1"])
def test_no_exported_cell_calculates(dangerous: str) -> None:
    body = Organisation(OrgId(1), TENANT, "A", None, OrgKind.UNIT, dangerous, dangerous, 1, Loop.MICRO, date(2025, 1, 1))
    city = KnownCity(TENANT, DAY, organisations=(body,))
    text = write_table(TABLES["organisations"], [body], city).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'" + dangerous in cells
    assert not any(cell[:1] in tuple("=+-@＝＋－＠\t\r") for cell in cells if cell)
    assert again("organisations", [body], city) == (body,)


def test_taking_an_export_twice_changes_nothing() -> None:
    changed = tuple(replace(e, filing_zh=e.filing_zh + "（改）") for e in SHIPPED.standards[:3])
    city = KnownCity(TENANT, DAY, categories=SHIPPED.categories, standards=SHIPPED.standards)
    once = again("standards", changed, city)
    assert [e.version for e in once] == [2, 2, 2]
    assert again("standards", once, replace(city, standards=once)) == once
