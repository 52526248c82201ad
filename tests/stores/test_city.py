"""The standing city: what was loaded reads back as the same frozen records, and a change is seen at the next question."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from chengyun.base.ids import AreaCode, OrgId, TenantId
from chengyun.cases.ports import DutyRowDraft
from chengyun.cases.records import State
from chengyun.city.records import ClockUnit, Component, Hours, Limit, Role
from chengyun.stores.cases import CaseStore
from chengyun.stores.city_book import CityBooks, read_book, read_names, read_shifts, read_version
from chengyun.stores.city_load import CityRecords, load_city, write_setting
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.city.rows import read_rows
from chengyun_demo.city import DemoCity, build
from stores.written import CLOCK, ONE, TUESDAY, TWO, report


@pytest.fixture(scope="module")
def demo() -> DemoCity:
    return build()


def records(demo: DemoCity) -> CityRecords:
    return CityRecords(
        organisations=demo.organisations.all,
        areas=demo.areas,
        components=demo.components,
        code_sets=demo.catalogue.code_sets,
        categories=demo.catalogue.categories,
        standards=[e for entries in demo.catalogue._standards.values() for e in entries],
        fields=[f for fields in demo.catalogue._fields.values() for f in fields],
        duty_rows=demo.duty_rows,
        calendars=demo.calendars,
        people=demo.people.all,
        names=demo.people.details.values(),
        shifts=demo.people.shifts,
    )


def make_tenant(owner_connection, id_: int = 1) -> None:
    owner_connection.execute(
        "INSERT INTO tenant (id, code, name_zh, name_en, zone, number_prefix, settings_version, active)"
        " VALUES (%s, %s, '望江区', 'Wangjiang', 'Asia/Shanghai', 'WJ', 1, true)",
        [id_, f"33010{id_}"],
    )


@pytest.fixture
def city(database, owner_connection, demo) -> Iterator[DemoCity]:
    make_tenant(owner_connection)
    load_city(ONE, records(demo))
    yield demo


def test_every_record_reads_back_as_it_was_loaded(city):
    with in_tenant(ONE):
        book = read_book(ONE, read_version(ONE))
        assert book.organisations == tuple(city.organisations.all)
        assert book.areas == city.areas
        assert book.catalogue.categories == city.catalogue.categories
        assert book.duty_rows == city.duty_rows
        assert book.calendars == city.calendars
        assert tuple(book.people.values()) == tuple(city.people.all)
        assert read_rows(ONE, Component) == city.components
        assert set(book.standards) == {e for entries in city.catalogue._standards.values() for e in entries}
    assert read_shifts(ONE, TUESDAY - timedelta(days=400), TUESDAY + timedelta(days=400)) == tuple(
        sorted(city.people.shifts, key=lambda s: (s.starts, s.person))
    )


def test_loading_twice_replaces_and_doubles_nothing(city):
    load_city(ONE, records(city))
    with in_tenant(ONE):
        assert len(read_rows(ONE, type(city.duty_rows[0]))) == len(city.duty_rows)


def test_one_bad_row_leaves_the_city_as_it_was(city):
    with in_tenant(ONE):
        before = read_version(ONE)
    broken = replace(city.people.shifts[0], ends=city.people.shifts[0].starts)
    with pytest.raises(Exception, match="shift_lasts"):
        load_city(ONE, CityRecords(organisations=[replace(city.organisations.all[0], name_zh="别的名字")], shifts=[broken]))
    with in_tenant(ONE):
        assert read_version(ONE) == before
        assert read_book(ONE, 1).organisations[0].name_zh == city.organisations.all[0].name_zh


def test_another_tenant_has_no_city(city, owner_connection):
    make_tenant(owner_connection, 2)
    with in_tenant(TWO):
        book = read_book(TWO, 0)
    assert (book.organisations, book.people, book.duty_rows) == ((), {}, ())


def test_the_rules_of_a_day_hold_what_is_in_force(city):
    rules = CityBooks().book(ONE).rules(TUESDAY)
    assert set(rules.calendars) == {"city", "centre", "clock"}
    assert rules.calendars["clock"].round_the_clock and not rules.calendars["city"].round_the_clock
    assert rules.settings.number_prefix == "WJ"
    assert rules.areas.locate(city.components[0].place).grid == city.components[0].unit_grid
    assert rules.duty.size > 500
    clerk = city.people.holding(Role.UNIT_CLERK)[0]
    assert rules.staff[clerk.id][0] == clerk.org


def test_a_setting_counts_from_its_moment_on(city):
    books = CityBooks()
    write_setting(
        ONE, "cases", {"max_extensions": 7, "step_limits": {"verify": {"amount": 5, "unit": "work_minute"}}}, TUESDAY, None, TUESDAY
    )
    books.forget(ONE)
    before, after = (books.book(ONE).rules(TUESDAY + timedelta(seconds=s)).settings for s in (-1, 1))
    assert (before.max_extensions, after.max_extensions) == (2, 7)
    assert after.step_limits["verify"] == Limit(5, ClockUnit.WORK_MINUTE) and after.version == 1


def test_a_decision_of_a_consultation_is_in_the_book_at_the_next_question(city):
    books = CityBooks()
    store = CaseStore(CLOCK, books, "a secret of the installation")
    size = books.book(ONE).rules(TUESDAY).duty.size
    case = report()
    draft = DutyRowDraft(None, AreaCode("440305001"), None, Hours.ANY, OrgId(3), None, "consultation", None)
    with store.work(ONE) as work:
        work.record_gap(case.id, {"outcome": "none"})
        first = work.write_duty_row(draft, case.id, TUESDAY)
        second = work.write_duty_row(draft, case.id, TUESDAY)
        gaps = work._run("SELECT closed_at, duty_row FROM duty_gap").fetchall()
    assert second == (first[0] + 1, 1) and gaps == [(TUESDAY, first[0])]
    assert books.book(ONE).rules(TUESDAY).duty.size == size + 2


def test_an_undone_consultation_leaves_the_list_as_it_was(city):
    store = CaseStore(CLOCK, CityBooks(), "a secret of the installation")
    draft = DutyRowDraft(None, None, None, Hours.ANY, OrgId(3), None, "consultation", None)
    with pytest.raises(ZeroDivisionError), store.work(ONE) as work:
        work.write_duty_row(draft, 1, TUESDAY)
        raise ZeroDivisionError
    with in_tenant(ONE):
        assert len(read_book(ONE, 1).duty_rows) == len(city.duty_rows)


def test_a_checker_is_a_collector_on_shift_and_none_of_those_left_out(city):
    store = CaseStore(CLOCK, CityBooks(), "a secret of the installation")
    on_shift = {s.person for s in city.people.shifts if s.starts <= TUESDAY < s.ends}
    collectors = {p.id for p in city.people.holding(Role.COLLECTOR)} & on_shift
    case = replace(report(grid=city.components[0].unit_grid), state=State.FEEDBACK_GIVEN)
    with store.work(ONE) as work:
        drawn = {work.choose_checker(case, TUESDAY, frozenset()) for _ in range(30)}
        assert drawn and drawn <= collectors
        assert work.choose_checker(case, TUESDAY, frozenset(collectors)) is None
        assert work.choose_checker(case, TUESDAY + timedelta(days=4000), frozenset()) is None


def test_a_component_is_found_by_its_number_while_it_stands(city):
    store = CaseStore(CLOCK, CityBooks(), "a secret of the installation")
    gone = replace(city.components[1], valid_to=date(2026, 11, 1))
    load_city(ONE, CityRecords(components=[gone]))
    with store.work(ONE) as work:
        assert work.find_component(city.components[0].identifier) == city.components[0]
        assert work.find_component(gone.identifier) is None
        assert work.find_component("nothing") is None


def test_names_of_staff_stand_apart_from_the_person(city):
    person = next(iter(city.people.details.values()))
    assert read_names(TenantId(1), [person.person]) == {person.person: (person.name_zh, person.name_en, person.phone)}
