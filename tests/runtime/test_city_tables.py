"""Tables of a real city in a real database: all or nothing, one audit entry, and out again as they went in."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from chengyun.base.errors import NotFound
from chengyun.base.ids import TenantId
from chengyun.cases.records import Actor
from chengyun.city.records import Role, in_force
from chengyun.city.shipped import load_shipped
from chengyun.runtime.city_tables import StoredCityTables, find_tenant
from chengyun.runtime.commands import import_tables
from chengyun.runtime.commands.import_tables import tell
from chengyun.sources.exchange.tables import TABLES, Rejected, TableMapping, read_mapping
from chengyun.sources.exchange.tables.desk import Taken, give_out, take_in
from chengyun.stores.city_book import read_book, read_version
from chengyun.stores.city_load import CityRecords, load_city
from chengyun.stores.tenancy import in_tenant

ONE, TWO = TenantId(1), TenantId(2)
NOW, ZONE = datetime(2026, 11, 24, 1, 30, tzinfo=UTC), "Asia/Shanghai"
ADMIN = Actor(Role.SYSTEM_ADMIN)
EXAMPLES = Path(__file__).parents[2] / "docs" / "how-to" / "import-a-city"


@pytest.fixture(scope="module")
def tables(module_database, postgres_server):  # type: ignore[no-untyped-def]
    import psycopg

    with psycopg.connect(module_database.owner.conninfo(), autocommit=True) as owner:
        for id_ in (ONE, TWO):
            owner.execute(
                "INSERT INTO tenant (id, code, name_zh, name_en, zone, number_prefix, settings_version, active)"
                " VALUES (%s, %s, '望江区', 'Wangjiang', 'Asia/Shanghai', 'WJ', 1, true)",
                [id_, f"33010{id_}"],
            )
    shipped = load_shipped()
    for id_ in (ONE, TWO):
        categories = CityRecords(code_sets=shipped.code_sets, categories=shipped.categories, standards=shipped.standards)
        load_city(id_, categories)
    return StoredCityTables(find_tenant("330101"), "a secret of this test that is long enough")


def take(tables: StoredCityTables, table: str, data: bytes, mapping: str = "", *, trial: bool = False) -> Taken | Rejected:
    mapped = read_mapping((EXAMPLES / mapping).read_bytes(), mapping, table) if mapping else TableMapping(TABLES[table])
    return take_in(data, table, mapped, tables, ADMIN, NOW, ZONE, trial=trial)


def example(tables: StoredCityTables, table: str, file: str, mapping: str = "") -> Taken:
    found = take(tables, table, (EXAMPLES / file).read_bytes(), mapping)
    assert isinstance(found, Taken), [str(e) for e in found.errors]
    return found


def audited(database) -> list[tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    import psycopg

    with psycopg.connect(database.app.conninfo()) as connection:
        connection.execute("SELECT set_config('chengyun.tenant', '1', true)")
        return connection.execute("SELECT operation, object, role FROM audit_entry ORDER BY id").fetchall()


@pytest.fixture(scope="module")
def a_city(tables: StoredCityTables) -> StoredCityTables:
    """The examples of the how-to page, in its order."""
    example(tables, "areas", "areas.geojson")
    example(tables, "organisations", "organisations.csv", "organisations.yaml")
    example(tables, "people", "people.csv")
    example(tables, "standards", "standards.csv")
    example(tables, "duty-list", "duty_list.csv")
    return tables


def test_the_examples_make_a_city_with_rules(a_city: StoredCityTables) -> None:
    with in_tenant(ONE):
        book = read_book(ONE, read_version(ONE))
    assert [o.code for o in book.organisations] == ["GOV", "CTR", "UMB", "SAN", "SAN-01", "ST-01"]
    assert len(book.areas) == 4 and book.areas[0].rings[0][0] == (117.2, 31.8)
    assert sorted(p.number for p in book.people.values()) == ["S001", "S002", "U001"]
    assert [len(p.assignments) for p in book.people.values()] == [1, 2, 1]
    assert [r.number for r in book.duty_rows] == ["D-0001", "D-0002", "D-0003"]


def test_each_import_left_one_audit_entry(a_city: StoredCityTables, module_database) -> None:  # type: ignore[no-untyped-def]
    entries = [e for e in audited(module_database) if e[0] == "city.import"][:5]
    assert entries == [("city.import", t, "system_admin") for t in ("areas", "organisations", "people", "standards", "duty-list")]


@pytest.mark.parametrize("table", ["areas", "organisations", "people", "catalogue", "standards", "duty-list", "code-sets"])
def test_what_is_given_out_is_taken_in_as_no_change(a_city: StoredCityTables, table: str) -> None:
    data = give_out(TABLES[table], a_city, ADMIN, NOW, ZONE)
    again = take(a_city, table, data)
    assert isinstance(again, Taken) and (again.written, again.ended) == (0, 0) and again.rows > 0


def test_one_fault_changes_no_row_and_no_version(a_city: StoredCityTables, module_database) -> None:  # type: ignore[no-untyped-def]
    before, entries = _state(), audited(module_database)
    found = take(a_city, "duty-list", b"number,handling_unit\nD-0001,SAN\nD-0009,SAN-1\n")
    assert isinstance(found, Rejected)
    assert 'did you mean "SAN-01"?' in str(found.errors[0])
    assert _state() == before and audited(module_database) == entries


def test_a_trial_changes_nothing(a_city: StoredCityTables, module_database) -> None:  # type: ignore[no-untyped-def]
    before, entries = _state(), audited(module_database)
    found = take(a_city, "duty-list", b"number,handling_unit\nD-0009,SAN\n", trial=True)
    assert isinstance(found, Taken) and not found.stored
    assert _state() == before and audited(module_database) == entries


def test_a_failure_after_the_rows_were_written_takes_them_back(a_city: StoredCityTables, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _state()

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("chengyun.runtime.city_tables.record_entry", full)
    with pytest.raises(OSError, match="full"):
        take(a_city, "duty-list", b"number,handling_unit\nD-0009,SAN\n")
    assert _state() == before


def _state() -> tuple[object, ...]:
    with in_tenant(ONE):
        version = read_version(ONE)
        book = read_book(ONE, version)
    return version, book.duty_rows, book.organisations


def test_another_city_of_the_installation_sees_nothing_of_it(a_city: StoredCityTables) -> None:
    with in_tenant(TWO):
        book = read_book(TWO, read_version(TWO))
    assert book.organisations == () and book.duty_rows == () and not book.people


def test_a_changed_row_is_a_new_version_and_ends_the_old_one(a_city: StoredCityTables) -> None:
    taken = take(a_city, "duty-list", b"number,handling_unit,valid_from\nD-0003,ST-01,2026-12-01\n")
    assert isinstance(taken, Taken) and (taken.written, taken.ended) == (1, 1)
    with in_tenant(ONE):
        rows = [r for r in read_book(ONE, read_version(ONE)).duty_rows if r.number == "D-0003"]
    for day, version in ((date(2026, 11, 30), 1), (date(2026, 12, 1), 2)):
        assert [r.version for r in rows if in_force(r.valid_from, r.valid_to, day)] == [version]


def test_a_city_is_found_by_its_code_and_never_guessed(tables: StoredCityTables) -> None:
    assert find_tenant("330102").id == TWO
    with pytest.raises(NotFound, match="--tenant; there are: 330101, 330102"):
        find_tenant(None)
    with pytest.raises(NotFound, match="330199"):
        find_tenant("330199")


def test_programs_get_json_and_people_get_lines(a_city: StoredCityTables, capsys: pytest.CaptureFixture[str]) -> None:
    rejected = take(a_city, "duty-list", b"number,handling_unit\n" + b"".join(b"D-%d,NOBODY\n" % n for n in range(60)))
    tell(rejected, in_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["stored"], told["total"], len(told["faults"]), told["faults"][0]["row"]) == (False, 60, 50, 2)
    tell(rejected, in_json=False)
    assert "60 faults, 10 of them not shown; nothing was changed" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told_with_its_name(tmp_path: Path) -> None:
    from chengyun.base.errors import BadInput

    with pytest.raises(BadInput, match=r"nowhere\.csv: cannot be read"):
        import_tables.read_file(tmp_path / "nowhere.csv")
