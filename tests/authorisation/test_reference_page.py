"""The reference page shows the table and the figures that hold."""

from chengyun.cases.access import DEFAULT_LIMITS

from .reference_page import PAGE, with_table


def test_the_page_shows_the_table_of_the_file():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page)


def test_the_page_names_the_limits_of_the_program():
    page = PAGE.read_text(encoding="utf-8")
    assert f"at least {DEFAULT_LIMITS.reason_characters} characters" in page
    assert f"from the {DEFAULT_LIMITS.unmaskings_a_day + 1}st in a day" in page
    assert f"above {DEFAULT_LIMITS.export_rows:,} rows" in page
