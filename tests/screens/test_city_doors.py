"""The standing city at the interface."""

from datetime import date

import pytest

from chengyun.city.records import AreaKind, in_force
from screens.conftest import Town, Visitor
from screens.test_doors import _place_in_home_street, _report

DAY = date(2026, 11, 24)


def test_a_category_is_found_by_name_initials_and_number(town: Town) -> None:
    visitor = town.visitor()
    for text in ("暴露垃圾", "bllj", "06010"):
        rows = visitor.get("/api/v1/city/categories", text=text).json()["rows"]
        assert "2026:matter:06010" in [row["code"] for row in rows], text


def test_a_category_shows_its_conditions_with_the_limit_in_words_of_both_languages(town: Town) -> None:
    found = town.visitor().get("/api/v1/city/categories/2026:matter:06010").json()
    entries = [e for e in town.city.standards if e.category == "2026:matter:06010"]
    assert [c["condition_no"] for c in found["conditions"]] == sorted(e.condition_no for e in entries)
    first = found["conditions"][0]
    assert str(first["limit"]["amount"]) in first["limit_zh"] and str(first["limit"]["amount"]) in first["limit_en"]


def test_what_is_reported_at_a_place_comes_first_there(town: Town) -> None:
    lon, lat = _place_in_home_street(town)
    for number in range(3):
        report = _report(town, category="2026:matter:06020", description=f"第 {number} 处")
        assert town.visitor("hotline").post("/api/v1/sources/reports", report).status_code == 201
    rows = town.visitor().get("/api/v1/city/categories", lon=lon, lat=lat, limit=5).json()["rows"]
    assert (rows[0]["code"], rows[0]["likely"]) == ("2026:matter:06020", True)


def test_a_category_asks_its_fields_and_an_unknown_one_is_not_there(town: Town) -> None:
    with_fields = {f.category for f in town.house.book.held(town.city.tenant).fields}
    code = sorted(with_fields)[0]
    assert town.visitor().get(f"/api/v1/city/categories/{code}/fields").json()["rows"]
    assert town.visitor().get("/api/v1/city/categories/2026:matter:99999/fields").status_code == 404


def test_communities_of_a_street_come_with_bounds_and_polygons_only_when_asked(town: Town) -> None:
    visitor = town.visitor()
    rows = visitor.get("/api/v1/city/areas", kind="community", parent="990101002").json()["rows"]
    assert len(rows) == 12 and all(row["rings"] is None and row["bounds"][0] < row["bounds"][2] for row in rows)
    whole = visitor.get("/api/v1/city/areas", kind="community", parent="990101002", geometry="1").json()["rows"]
    assert all(row["rings"] for row in whole)


def test_units_come_in_official_order_each_below_its_parent(town: Town) -> None:
    rows = town.visitor("clerk").get("/api/v1/city/organisations").json()["rows"]
    seen: set[int] = set()
    for row in rows:
        assert row["parent"] is None or row["parent"] in seen
        seen.add(row["id"])
    assert len(rows) == len(town.city.organisations.all)


def test_units_and_colleagues_are_not_for_citizens_and_citizens_are_not_listed(town: Town) -> None:
    assert town.visitor().get("/api/v1/city/people").status_code == 401
    assert town.visitor("citizen").get("/api/v1/city/people").status_code == 403
    numbers = {row["number"] for row in town.visitor("lead").get("/api/v1/city/people", limit=500).json()["rows"]}
    assert numbers and not any(number.startswith(("P", "M")) for number in numbers)


def test_a_clerk_chooses_a_handler_of_his_unit(town: Town) -> None:
    unit = town.city.organisations.id("WTB-DR")
    rows = town.visitor("clerk").get("/api/v1/city/people", role="handler", unit=unit).json()["rows"]
    assert rows and all("handler" in row["roles"] and row["org"] == unit for row in rows)


# --- duty list --------------------------------------------------------------------------------------------------------


def test_the_duty_list_is_read_page_by_page_each_row_once(town: Town) -> None:
    visitor, seen, mark = town.visitor("dispatcher"), [], None
    while True:
        page = visitor.get("/api/v1/city/duty-list", limit=200, **({"after": mark} if mark else {})).json()
        seen += [row["id"] for row in page["rows"]]
        mark = page["next"]
        if mark is None:
            break
    in_force_today = [r for r in town.city.duty_rows if in_force(r.valid_from, r.valid_to, DAY)]
    assert len(seen) == len(set(seen)) == page["total"] == len(in_force_today)


@pytest.mark.parametrize(("problem", "count"), [("gap", "gaps"), ("double", "doubles")])
def test_every_problem_that_is_counted_is_in_the_list_behind_the_count(town: Town, problem: str, count: str) -> None:
    page = town.visitor("dispatcher").get("/api/v1/city/duty-list", problem=problem, limit=200).json()
    assert page["total"] == page[count] > 0
    assert all(row["problem"] == problem and row["unit"] is None for row in page["rows"])


def test_gaps_are_the_share_the_demo_city_was_built_with(town: Town) -> None:
    page = town.visitor("dispatcher").get("/api/v1/city/duty-list", limit=1).json()
    communities = sum(area.kind is AreaKind.COMMUNITY for area in town.city.areas)
    assert page["pairs"] % communities == 0
    assert page["unique_share"] == pytest.approx(1 - (page["gaps"] + page["doubles"]) / page["pairs"])
    assert 0 < page["gaps"] / page["pairs"] < 0.1
    assert sum(street["gaps"] for street in page["streets"]) == page["gaps"]


def test_a_gap_is_closed_by_a_new_row_that_is_signed_and_audited(town: Town) -> None:
    visitor = town.visitor("dispatcher")
    before = visitor.get("/api/v1/city/duty-list", problem="gap", limit=1).json()
    gap = before["rows"][0]
    unit = town.city.organisations.id("ST2")
    body = {
        "category": gap["category"]["code"],
        "area": gap["area"],
        "hours": gap["hours"],
        "handling_unit": unit,
        "trade_department": unit,
    }
    made = visitor.post("/api/v1/city/duty-list", body, key="close-the-gap")
    again = visitor.post("/api/v1/city/duty-list", body, key="close-the-gap")
    assert (made.status_code, again.json()["row"], again.json()["repeated"]) == (201, made.json()["row"], True), made.json()
    after = visitor.get("/api/v1/city/duty-list", problem="gap", limit=1).json()
    assert after["gaps"] == before["gaps"] - 1
    row = visitor.get("/api/v1/city/duty-list", row=made.json()["row"]).json()["rows"]
    assert [r["signed_by"] for r in row] == ["D001"]


def test_the_next_version_of_a_row_ends_the_one_before(town: Town) -> None:
    visitor = town.visitor("admin")
    row = next(r for r in town.city.duty_rows if in_force(r.valid_from, r.valid_to, DAY) and r.category and r.valid_to is None)
    unit = town.city.organisations.id("ST2")
    body = {
        "row": row.id,
        "seen_version": row.version,
        "category": row.category,
        "area": row.area,
        "hours": row.hours,
        "handling_unit": unit,
        "valid_from": "2026-12-01",
    }
    made = visitor.post("/api/v1/city/duty-list", body).json()
    assert made["version"] == row.version + 1
    versions = visitor.get("/api/v1/city/duty-list", row=row.id).json()["rows"]
    assert (versions[-2]["valid_to"], versions[-1]["valid_from"]) == ("2026-12-01", "2026-12-01")
    assert visitor.post("/api/v1/city/duty-list", body).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"handling_unit": 999_999}, "handling_unit"),
        ({"category": "2026:matter:99999"}, "category"),
        ({"area": "'; drop table --"}, "area"),
        ({"valid_from": "2020-01-01"}, "valid_from"),
        ({"valid_from": "2026-12-02", "valid_to": "2026-12-01"}, "valid_to"),
        ({"assisting": [1, 424_242]}, "assisting.1"),
    ],
)
def test_a_row_that_names_what_is_not_there_is_refused_and_nothing_is_written(town: Town, change: dict[str, object], field: str) -> None:
    visitor = town.visitor("admin")
    before = visitor.get("/api/v1/city/duty-list", limit=1).json()["total"]
    answer = visitor.post("/api/v1/city/duty-list", {"category": "2026:matter:06010", "handling_unit": 1} | change)
    assert (answer.status_code, answer.json()["facts"]["field"]) == (422, field)
    assert visitor.get("/api/v1/city/duty-list", limit=1).json()["total"] == before


def test_who_may_not_write_the_duty_list_does_not(town: Town) -> None:
    for account in ("clerk", "handler", "collector", "auditor"):
        answer = town.visitor(account).post("/api/v1/city/duty-list", {"category": "2026:matter:06010", "handling_unit": 1})
        assert answer.status_code == 403, account


def _new_row(town: Town, visitor: Visitor, **more: object) -> int:
    unit = town.city.organisations.id("ST2")
    made = visitor.post("/api/v1/city/duty-list", {"category": "2026:matter:06010", "area": "990101002", "handling_unit": unit} | more)
    assert made.status_code == 201, made.json()
    return int(made.json()["row"])


def _versions(visitor: Visitor, row: int) -> list[tuple[str, str | None, str, str]]:
    rows = visitor.get("/api/v1/city/duty-list", row=row).json()["rows"]
    return [(r["valid_from"], r["valid_to"], r["signed_by"], r["source"]) for r in rows]


def test_a_row_keeps_on_what_ground_it_was_written(town: Town) -> None:
    visitor = town.visitor("dispatcher")
    row = _new_row(town, visitor, source=" 城管委 2026-12 号文 ")
    assert _versions(visitor, row) == [("2026-11-24", None, "D001", "城管委 2026-12 号文")]


def test_an_ended_row_stays_in_the_list_with_who_ended_it_and_why(town: Town) -> None:
    visitor = town.visitor("dispatcher")
    row = _new_row(town, visitor)
    body = {"seen_version": 1, "valid_to": "2026-12-01", "reason": "划转至市容中心"}
    made = visitor.post(f"/api/v1/city/duty-list/{row}/end", body, key="end-it")
    again = visitor.post(f"/api/v1/city/duty-list/{row}/end", body, key="end-it")
    assert (made.status_code, made.json()["version"], again.json()["repeated"]) == (201, 2, True), made.json()
    assert _versions(visitor, row) == [
        ("2026-11-24", "2026-12-01", "D001", "desk"),
        ("2026-12-01", "2026-12-01", "D001", "划转至市容中心"),
    ]
    entry = town.visitor("auditor").get("/api/v1/audit", field="duty_row", limit=1).json()["rows"][0]
    assert (entry["object"], entry["outcome"]) == (f"duty_row:{row}", "ended:2026-12-01")


def test_the_end_of_a_row_ends_the_version_planned_for_later_too(town: Town) -> None:
    visitor = town.visitor("dispatcher")
    row = _new_row(town, visitor)
    _new_row(town, visitor, row=row, seen_version=1, valid_from="2026-12-10")
    assert (
        visitor.post(f"/api/v1/city/duty-list/{row}/end", {"seen_version": 2, "valid_to": "2026-12-05", "reason": "撤销"}).status_code
        == 201
    )
    assert [(a, b) for a, b, _, _ in _versions(visitor, row)] == [
        ("2026-11-24", "2026-12-05"),
        ("2026-12-10", "2026-12-10"),
        ("2026-12-05", "2026-12-05"),
    ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"valid_to": "2026-11-23"}, 422),
        ({"reason": "  "}, 422),
        ({"reason": "\u0001\u0002"}, 422),
        ({"reason": "长" * 121}, 422),
        ({"seen_version": 7}, 409),
        ({"seen_version": None}, 422),
        ({"signed_by": "X001"}, 422),
    ],
)
def test_an_end_that_makes_no_sense_changes_nothing(town: Town, change: dict[str, object], status: int) -> None:
    visitor = town.visitor("dispatcher")
    row = _new_row(town, visitor)
    before = _versions(visitor, row)
    answer = visitor.post(f"/api/v1/city/duty-list/{row}/end", {"seen_version": 1, "reason": "撤销"} | change)
    assert answer.status_code == status, answer.json()
    assert _versions(visitor, row) == before


def test_a_row_that_has_ended_is_not_ended_again(town: Town) -> None:
    visitor = town.visitor("dispatcher")
    row = _new_row(town, visitor)
    assert visitor.post(f"/api/v1/city/duty-list/{row}/end", {"seen_version": 1, "reason": "撤销"}).status_code == 201
    again = visitor.post(f"/api/v1/city/duty-list/{row}/end", {"seen_version": 2, "reason": "再撤"})
    assert (again.status_code, again.json()["reason"]) == (422, "duty_row_ended")


def test_who_may_not_write_the_duty_list_does_not_end_a_row(town: Town) -> None:
    row = _new_row(town, town.visitor("dispatcher"))
    body = {"seen_version": 1, "reason": "撤销"}
    for account in ("clerk", "handler", "collector", "auditor", "citizen"):
        assert town.visitor(account).post(f"/api/v1/city/duty-list/{row}/end", body).status_code == 403, account
    assert town.visitor("dispatcher").post("/api/v1/city/duty-list/999999999/end", body).status_code == 404
    assert len(_versions(town.visitor("dispatcher"), row)) == 1


@pytest.mark.parametrize("query", [{"after": "%%%"}, {"limit": 100_000}, {"limit": -1}, {"unit": "x"}, {"problem": "all"}])
def test_a_question_that_makes_no_sense_is_told_so(town: Town, query: dict[str, object]) -> None:
    assert town.visitor("dispatcher").get("/api/v1/city/duty-list", **query).status_code == 422


def test_signs_of_sql_in_a_search_word_find_nothing(town: Town) -> None:
    assert town.visitor("dispatcher").get("/api/v1/city/duty-list", text="%' OR 1=1 --").json()["total"] == 0


# --- calendars and clock ----------------------------------------------------------------------------------------------


def test_a_typhoon_day_becomes_a_holiday_at_noon_and_keeps_its_morning(town: Town) -> None:
    visitor = town.visitor("leader")
    office = next(c for c in visitor.get("/api/v1/city/calendars", year=2026).json()["rows"] if "city" in c["used_for"])
    body = {
        "calendar": office["id"],
        "day": "2026-11-25",
        "working": False,
        "from_moment": "2026-11-25T11:00:00+08:00",
        "reason_zh": "台风停工",
    }
    made = visitor.post("/api/v1/city/calendars/days", body)
    assert made.status_code == 201, made.json()
    assert (made.json()["version"], made.json()["day"]["hours"]) == (office["version"] + 1, [["08:00", "11:00"]])
    again = next(c for c in visitor.get("/api/v1/city/calendars", year=2026).json()["rows"] if c["id"] == office["id"])
    assert {"day": "2026-11-25", "working": False}.items() <= next(d for d in again["days"] if d["day"] == "2026-11-25").items()


@pytest.mark.parametrize(
    "change",
    [
        {"day": "2026-11-01"},
        {"day": "2026-13-01"},
        {"calendar": 99},
        {"from_moment": "2026-11-26T11:00:00+08:00"},
        {"hours": [["12:00", "08:00"]], "working": True},
        {"colour": "red"},
    ],
)
def test_a_day_that_cannot_be_is_refused(town: Town, change: dict[str, object]) -> None:
    body = {"calendar": 1, "day": "2026-12-09", "working": False, "reason_zh": "停工"} | change
    assert town.visitor("leader").post("/api/v1/city/calendars/days", body).status_code in (404, 422)


def test_the_clock_of_the_demo_goes_forward_and_only_its_administrator_sets_it(town: Town) -> None:
    before = town.visitor().get("/api/v1/city/clock").json()["now"]
    assert town.visitor("leader").post("/api/v1/city/clock", {"advance_minutes": 5}).status_code == 403
    admin = town.visitor("admin")
    after = admin.post("/api/v1/city/clock", {"advance_minutes": 5}).json()["now"]
    assert after > before
    assert admin.post("/api/v1/city/clock", {"now": "2020-01-01T00:00:00+08:00"}).status_code == 422


def test_a_zero_byte_in_any_text_is_refused_at_the_door(town: Town) -> None:
    """Lawful JSON, and no database holds it: it must not get as far as a fault of ours. `\\u0000` written out is words like others."""
    admin = town.visitor("admin")
    calendar = next(each["id"] for each in admin.get("/api/v1/city/calendars").json()["rows"] if not each["round_the_clock"])
    day = {"calendar": calendar, "day": "2026-12-30", "working": False, "reason_zh": "台风\0停工"}
    assert admin.post("/api/v1/city/calendars/days", day).status_code == 400
    assert admin.post("/api/v1/city/calendars/days", day | {"reason_zh": "台风停工", "reason_en": ["\0"]}).status_code == 400
    assert admin.post("/api/v1/city/calendars/days", day | {"reason_zh": "写作 \\u0000 的字"}).status_code == 201
