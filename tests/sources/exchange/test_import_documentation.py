"""The page a city's engineer follows: its examples import, its tables are the tables."""

from datetime import date
from pathlib import Path

import pytest

from chengyun.base.ids import CalendarId, TenantId
from chengyun.city.records import WorkCalendar
from chengyun.city.shipped import load_shipped
from chengyun.sources.exchange.tables import TABLES, Imported, KnownCity, Table, TableMapping, read_mapping, read_table

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "import-a-city.md"
EXAMPLES = PAGE.with_suffix("")


def columns_of_the_page(table: Table) -> str:
    rows = [f"### {table.name}: {table.meaning}", "", "| column | holds | meaning |", "|---|---|---|"]
    for c in table.columns:
        holds = ", ".join(c.choices) if c.choices and len(c.choices) <= 9 else c.cell.value
        rows.append(f"| `{c.key}`{'*' if c.required else ''} | {holds} | {c.meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def whole_part() -> str:
    return "\n\n".join(columns_of_the_page(t) for t in TABLES.values())


def test_the_page_tells_every_column_of_every_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = text.partition("<!-- columns: begin -->\n")[2].partition("\n<!-- columns: end -->")[0]
    assert told == whole_part(), "put the output of `python -m tests.sources.exchange.test_import_documentation` between the marks"


def test_the_mapping_on_the_page_is_the_file() -> None:
    assert (EXAMPLES / "organisations.yaml").read_text(encoding="utf-8").strip() in PAGE.read_text(encoding="utf-8")


def imported(table: str, file: str, city: KnownCity, mapping: str = "") -> tuple[object, ...]:
    mapped = read_mapping((EXAMPLES / mapping).read_bytes(), mapping, table) if mapping else TableMapping(TABLES[table])
    found = read_table((EXAMPLES / file).read_bytes(), file, mapped, city)
    assert isinstance(found, Imported), [str(e) for e in found.errors]
    return found.records


def test_the_examples_import_in_the_order_the_page_gives() -> None:
    city = {
        "tenant": TenantId(1),
        "day": date(2026, 11, 24),
        "categories": load_shipped().categories,
        "calendars": (WorkCalendar(CalendarId(1), 1, "工作时间", "office hours", "Asia/Shanghai", {}),),
    }
    city["areas"] = imported("areas", "areas.geojson", KnownCity(**city))  # type: ignore[arg-type]
    city["organisations"] = imported("organisations", "organisations.csv", KnownCity(**city), "organisations.yaml")  # type: ignore[arg-type]
    city["people"] = imported("people", "people.csv", KnownCity(**city))  # type: ignore[arg-type]
    for table, file, rows in (("calendar", "calendar.csv", 2), ("standards", "standards.csv", 2), ("duty-list", "duty_list.csv", 3)):
        assert len(imported(table, file, KnownCity(**city))) == rows  # type: ignore[arg-type]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_a_key_names_columns_of_its_table(table: Table) -> None:
    assert set(table.key) <= {c.key for c in table.columns}


if __name__ == "__main__":
    print(whole_part())
