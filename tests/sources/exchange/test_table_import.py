"""Reference tables from files: their columns to ours, every fault with row, column and cure, all of a file or none of it."""

import json
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengyun.base.errors import BadInput
from chengyun.base.ids import AreaCode, AreaId, CalendarId, DutyRowId, OrgId, PersonId, TenantId
from chengyun.city.records import Area, AreaKind, DayRule, DutyRow, Hours, Loop, Organisation, OrgKind, Person, Role, WorkCalendar
from chengyun.city.shipped import load_shipped
from chengyun.sources.exchange.tables import TABLES, Imported, KnownCity, PersonRow, Rejected, TableMapping, read_mapping, read_table

DAY = date(2026, 11, 24)
TENANT = TenantId(1)


def body(number: int, code: str) -> Organisation:
    return Organisation(OrgId(number), TENANT, code, None, OrgKind.UNIT, code, code, number, Loop.MEDIUM, date(2025, 1, 1))


DISTRICT = Area(
    AreaId(1), TENANT, AreaCode("340103"), None, AreaKind.DISTRICT, "望江区", "Wangjiang", 1,
    (((117.0, 31.0), (118.0, 31.0), (118.0, 32.0), (117.0, 32.0), (117.0, 31.0)),), date(2025, 1, 1),
)  # fmt: skip
WORK_CALENDAR = WorkCalendar(CalendarId(1), 1, "工作时间", "office hours", "Asia/Shanghai", {})
CITY = KnownCity(
    TENANT,
    DAY,
    organisations=(body(1, "WTR-07"), body(2, "GAS-01")),
    areas=(DISTRICT,),
    people=(PersonRow(Person(PersonId(5), TENANT, "C001", OrgId(1), ()), "赵一", "Zhao Yi"),),
    categories=load_shipped().categories,
    calendars=(WORK_CALENDAR,),
)


def read(table: str, text: str | bytes, mapping: str = "", city: KnownCity = CITY, shown: int = 50) -> Imported | Rejected:
    mapped = read_mapping(mapping.encode(), "mapping.yaml", table) if mapping else TableMapping(TABLES[table])
    return read_table(text.encode() if isinstance(text, str) else text, f"{table}.csv", mapped, city, shown)


def records(found: Imported | Rejected) -> tuple[object, ...]:
    assert isinstance(found, Imported), [str(e) for e in found.errors]
    return found.records


def faults(found: Imported | Rejected) -> list[str]:
    assert isinstance(found, Rejected)
    return [str(e) for e in found.errors]


def codes(found: Imported | Rejected) -> list[str]:
    assert isinstance(found, Rejected)
    return [e.code for e in found.errors]


DUTY = "number,category,area,owner,handling_unit,hours\n"


class TestTheDutyList:
    def test_a_row_becomes_a_duty_row_with_ids_behind_the_codes(self) -> None:
        assert records(read("duty-list", DUTY + "D-1,2026:matter:06010,340103,,WTR-07,office\n")) == (
            DutyRow(
                DutyRowId(1), 1, "D-1", "2026:matter:06010", None, AreaCode("340103"), None, Hours.OFFICE, OrgId(1), None,  # type: ignore[arg-type]
            ),
        )  # fmt: skip

    def test_an_unknown_unit_is_told_with_its_place_and_the_likely_one(self) -> None:
        found = faults(read("duty-list", DUTY + "D-1,,,,WTR-7,any\n"))
        assert found == [
            'duty-list.csv:2: handling_unit: "WTR-7" is not in the organisations; did you mean "WTR-07"?; import the organisations first'
        ]

    def test_an_unknown_category_area_owner_and_hour_are_all_told(self) -> None:
        found = read("duty-list", DUTY + "D-1,2026:matter:99999,340199,NOBODY,WTR-07,any\nD-2,,,,WTR-07,nightly\n")
        assert codes(found) == ["cell.not_a_choice"], "the form of the cells is mended first"
        found = read("duty-list", DUTY + "D-1,2026:matter:99999,340199,NOBODY,WTR-07,any\n")
        assert codes(found) == ["cell.unknown"] * 3

    def test_a_number_that_stands_twice_names_the_first_row(self) -> None:
        found = faults(read("duty-list", DUTY + "D-1,,,,WTR-07,any\nD-1,,,,GAS-01,any\n"))
        assert 'duty-list.csv:3: number: "D-1" stands in row 2 already' in found[0]

    def test_the_ladder_and_the_assisting_units_are_lists(self) -> None:
        text = "number,handling_unit,ladder,assisting,major\nD-1,WTR-07,micro:GAS-01|large:WTR-07,GAS-01|WTR-07,2026:06\n"
        (row,) = records(read("duty-list", text))
        assert isinstance(row, DutyRow)
        assert row.ladder == ((Loop.MICRO, OrgId(2)), (Loop.LARGE, OrgId(1)))
        assert row.assisting == (OrgId(2), OrgId(1)) and row.major == "2026:06"

    def test_an_unchanged_row_keeps_its_version_and_a_changed_one_gets_the_next(self) -> None:
        (before,) = records(read("duty-list", DUTY + "D-1,,,,WTR-07,any\n"))
        assert isinstance(before, DutyRow)
        known = KnownCity(TENANT, DAY, organisations=CITY.organisations, duty_rows=(before,))
        same = records(read("duty-list", DUTY + "D-1,,,,WTR-07,any\n", city=known))
        changed = records(read("duty-list", DUTY + "D-1,,,,GAS-01,any\nD-2,,,,GAS-01,any\n", city=known))
        assert same == (before,)
        assert [(r.id, r.version) for r in changed if isinstance(r, DutyRow)] == [(1, 2), (2, 1)]

    def test_only_the_first_faults_are_told_in_full_and_all_are_counted(self) -> None:
        found = read("duty-list", DUTY + "".join(f"D-{n},,,,NOBODY,any\n" for n in range(200)), shown=5)
        assert isinstance(found, Rejected) and len(found.errors) == 5 and found.total == 200


class TestTheMapping:
    OTHER = "序号,处置单位,时段,起始\r\nD-1,水司,全天,2026/7/1\r\n"
    MAPPING = """
        table: duty-list
        encoding: gb18030
        dates: "%Y/%m/%d"
        columns: {number: 序号, handling_unit: 处置单位, hours: 时段, valid_from: 起始}
        constants: {signed_by: 区长办公会}
        values: {hours: {全天: any}, handling_unit: {水司: WTR-07}}
    """

    def test_their_columns_words_days_and_encoding_become_ours(self) -> None:
        (row,) = records(read("duty-list", self.OTHER.encode("gb18030"), self.MAPPING))
        assert isinstance(row, DutyRow)
        assert (row.number, row.handling_unit, row.hours, row.valid_from, row.signed_by) == (
            "D-1", OrgId(1), Hours.ANY, date(2026, 7, 1), "区长办公会",
        )  # fmt: skip

    def test_faults_name_the_column_as_the_file_does(self) -> None:
        found = faults(read("duty-list", self.OTHER.replace("水司", "气司").encode("gb18030"), self.MAPPING))
        assert found[0].startswith("duty-list.csv:2: 处置单位: ")

    def test_a_file_in_another_encoding_says_which_to_write(self) -> None:
        found = faults(read("duty-list", ("序号,处置单位\n" * 2).encode("gb18030")))
        assert "not utf-8; the file reads as gb18030: write `encoding: gb18030` in the mapping" in found[0]

    def test_a_column_that_is_not_there_offers_the_one_that_is(self) -> None:
        found = faults(read("duty-list", "number,handling-unit\nD-1,WTR-07\n"))
        assert found == [
            'duty-list.csv:1: handling_unit: there is no column "handling_unit"; did you mean "handling-unit"?; '
            "add it, or name another column for handling_unit in the mapping"
        ]

    @pytest.mark.parametrize(
        ("mapping", "place", "cure"),
        [
            ("table: duty-lits", "mapping.yaml", 'did you mean "duty-list"?'),
            ("table: areas", "mapping.yaml: table", "use a mapping for duty-list"),
            ("columns: {numbr: 序号}", "mapping.yaml: columns", 'did you mean "number"?'),
            ("colums: {}", "mapping.yaml", 'did you mean "columns"?'),
            ("encoding: latin-1", "mapping.yaml: encoding", "one of utf-8, gb18030"),
            ("delimiter: ab", "mapping.yaml: delimiter", "one of"),
            ('dates: "%d %H"', "mapping.yaml: dates", "%Y"),
            ("columns: {number: a, number: b}", "mapping.yaml:1", ""),
            ("columns: {number: a}\nconstants: {number: b}", "mapping.yaml: constants", "keep one"),
            ("- a", "mapping.yaml", ""),
            ("a: [", "mapping.yaml:1", ""),
            ("x: &a [b]\ncolumns: *a", "mapping.yaml:2", ""),
            ("table: !!python/object/apply:os.getcwd []", "mapping.yaml:1", ""),
            ("[" * 50_000, "mapping.yaml", ""),
            ("columns: {? [a] : b}", "mapping.yaml:1", ""),
        ],
    )
    def test_a_bad_mapping_says_where_and_what_instead(self, mapping: str, place: str, cure: str) -> None:
        with pytest.raises(BadInput) as told:
            read_mapping(mapping.encode(), "mapping.yaml", "duty-list")
        assert told.value.place == place and cure in told.value.cure

    def test_a_mapping_without_end_is_refused(self) -> None:
        with pytest.raises(BadInput, match="bytes"):
            read_mapping(b"#" * 300_000, "mapping.yaml", "duty-list")


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("data", "code", "row"),
        [
            (b"", "file.empty", 1),
            (b"\n\n", "file.empty", 1),
            (b"number,handling_unit\nD-1,\x00\n", "file.nul", 2),
            (b"number,handling_unit\nD-1,\xff\xfe\n", "file.encoding", 2),
            (b"number,handling_unit\n" + b"x" * (10 * 1024 * 1024), "file.long_line", 2),
            (b"number,handling_unit\nD-1\n", "row.ragged", 2),
            (b"number,handling_unit\nD-1,a,b\n", "row.ragged", 2),
            (b'number,handling_unit\nD-1,"a\nb,c\n', "row.not_csv", 2),
            (b'number,handling_unit\nD-1,"a"b\n', "row.not_csv", 2),
            (b"number,number,handling_unit\nD-1,D-1,a\n", "header.twice", 1),
            (",".join(f"c{n}" for n in range(300)).encode(), "file.many_columns", 1),
            (b"number,handling_unit\n" + b'"' + b"x,\n" * 200_000, "row.not_csv", 2),
        ],
    )
    def test_is_refused_with_its_row_and_without_an_accident(self, data: bytes, code: str, row: int) -> None:
        found = read("duty-list", data)
        assert isinstance(found, Rejected) and (found.errors[0].code, found.errors[0].row) == (code, row)
        assert all(len(str(e)) < 600 for e in found.errors)

    def test_too_many_bytes_and_rows_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chengyun.sources.exchange.tables.reading.LARGEST", 100)
        assert codes(read("duty-list", b"x" * 101)) == ["file.too_large"]
        monkeypatch.setattr("chengyun.sources.exchange.tables.reading.LARGEST", 10_000)
        monkeypatch.setattr("chengyun.sources.exchange.tables.reading.MOST_ROWS", 3)
        assert codes(read("duty-list", DUTY + "".join(f"D-{n},,,,WTR-07,any\n" for n in range(4)))) == ["file.many_rows"]

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 100_000,
            '{"features": NaN}',
            '{"features": 7}',
            "{",
            '{"type":"FeatureCollection","features":[]}',
            '{"type":"FeatureCollection","features":[7, null, {"properties": 3}]}',
            '{"crs":{"type":"name","properties":{"name":"EPSG:3857"}},"features":[{"properties":{}}]}',
            '{"features":[{"properties":{"code":"1","kind":"street","name_zh":"一","valid_from":"2026-01-01","parent":[]},"geometry":7}]}',
            "1" * 6000,
        ],
    )
    def test_geojson_that_is_none_is_refused(self, text: str) -> None:
        assert isinstance(read("areas", text), Rejected)

    def test_what_looks_like_a_formula_comes_in_as_the_text_it_is(self) -> None:
        (row,) = records(read("duty-list", "number,handling_unit,signed_by\nD-1,WTR-07,'=cmd()\n"))
        assert isinstance(row, DutyRow) and row.signed_by == "=cmd()"


ORGANISATION = "code,parent,kind,name_zh,loop,valid_from\n"


class TestOrganisations:
    def test_a_parent_may_stand_below_its_child_in_the_same_file(self) -> None:
        found = records(read("organisations", ORGANISATION + "U1,B1,unit,一所,medium,2026-01-01\nB1,,bureau,一局,medium,2026-01-01\n"))
        unit, bureau = found
        assert isinstance(unit, Organisation) and isinstance(bureau, Organisation)
        assert unit.parent == bureau.id and unit.name_en == "一所"

    def test_a_known_body_keeps_its_id_and_a_new_one_gets_the_next(self) -> None:
        found = records(read("organisations", ORGANISATION + "GAS-01,,firm,气司,large,2026-01-01\nU1,,unit,一所,medium,2026-01-01\n"))
        assert [o.id for o in found if isinstance(o, Organisation)] == [2, 3]

    def test_a_body_above_itself_is_refused(self) -> None:
        found = read("organisations", ORGANISATION + "A,B,unit,甲,medium,2026-01-01\nB,A,unit,乙,medium,2026-01-01\n")
        assert codes(found) == ["organisation.circle", "organisation.circle"]

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("A,,bureaux,甲,medium,2026-01-01", "cell.not_a_choice"),
            ("A,,unit,,medium,2026-01-01", "cell.empty"),
            ("A,,unit,甲,medium,2026-13-01", "cell.not_date"),
            ("A,,unit,甲,medium,", "cell.empty"),
            ("A,,unit," + "甲" * 81 + ",medium,2026-01-01", "cell.long"),
        ],
    )
    def test_a_cell_that_is_not_what_its_column_wants_is_told(self, row: str, code: str) -> None:
        assert codes(read("organisations", ORGANISATION + row + "\n")) == [code]

    def test_a_body_that_ends_before_it_begins_is_refused(self) -> None:
        text = "code,kind,name_zh,loop,valid_from,valid_to\nA,unit,甲,medium,2026-01-02,2026-01-02\n"
        assert codes(read("organisations", text)) == ["row.ends_first"]


def feature(code: str, kind: str, parent: str | None, ring: list[list[float]], **more: object) -> dict[str, object]:
    properties = {"code": code, "kind": kind, "parent": parent, "name_zh": code, "valid_from": "2026-01-01", "area_class": 1} | more
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def square(west: float, south: float, side: float) -> list[list[float]]:
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


class TestAreas:
    def collection(self, *features: dict[str, object]) -> str:
        return json.dumps({"type": "FeatureCollection", "features": features})

    def test_polygons_with_code_name_and_class_become_areas(self) -> None:
        text = self.collection(feature("340103001", "street", "340103", square(117.1, 31.1, 0.1), area_class=2))
        (street,) = records(read("areas", text))
        assert isinstance(street, Area)
        assert (street.id, street.area_class, street.rings[0][0]) == (2, 2, (117.1, 31.1))

    def test_streets_that_overlap_name_each_other(self) -> None:
        text = self.collection(
            feature("340103001", "street", "340103", square(117.1, 31.1, 0.1)),
            feature("340103002", "street", "340103", square(117.15, 31.1, 0.1)),
        )
        found = read("areas", text)
        assert codes(found) == ["area.overlap"] and "shared with 340103002" in faults(found)[0]

    @pytest.mark.parametrize(
        ("ring", "parent", "code"),
        [
            (square(117.95, 31.1, 0.1), "340103", "area.outside_parent"),
            (square(117.1, 31.1, 0.1)[:-1], "340103", "area.not_closed"),
            ([[117.1, 31.1], [117.2, 31.2], [117.2, 31.1], [117.1, 31.2], [117.1, 31.1]], "340103", "area.not_valid"),
            (square(117.1, 31.1, 0.1), "340104", "area.parent"),
            (square(117.1, 31.1, 0.1), None, "area.no_parent"),
            (square(500000.0, 3500000.0, 100), "340103", "area.not_degrees"),
        ],
    )
    def test_a_street_drawn_or_coded_wrong_is_refused(self, ring: list[list[float]], parent: str | None, code: str) -> None:
        assert code in codes(read("areas", self.collection(feature("340103001", "street", parent, ring))))

    def test_an_area_of_two_parts_is_refused_and_one_of_one_part_taken(self) -> None:
        one = feature("340103001", "street", "340103", [])
        part = [square(117.1, 31.1, 0.1)]
        one["geometry"] = {"type": "MultiPolygon", "coordinates": [part]}
        assert len(records(read("areas", self.collection(one)))) == 1
        one["geometry"] = {"type": "MultiPolygon", "coordinates": [part, part]}
        assert codes(read("areas", self.collection(one))) == ["polygon.parts"]


PEOPLE = "number,name_zh,org,role,scope_area,valid_from,deputy_for\n"


class TestPeople:
    def test_two_rows_of_one_person_are_two_roles(self) -> None:
        text = PEOPLE + "S1,钱二,WTR-07,intake_officer,340103,2026-01-01,\nS1,钱二,WTR-07,shift_lead,,2026-01-01,C001\n"
        (person,) = records(read("people", text))
        assert isinstance(person, PersonRow)
        assert [(a.role, a.scope.area, a.deputy_for) for a in person.person.assignments] == [
            (Role.INTAKE_OFFICER, "340103", None), (Role.SHIFT_LEAD, None, 5),
        ]  # fmt: skip

    def test_an_administrator_holds_no_second_role(self) -> None:
        text = PEOPLE + "S1,钱二,,system_admin,,2026-01-01,\nS1,钱二,,dispatcher,,2026-01-01,\n"
        assert codes(read("people", text)) == ["person.roles"]

    def test_rows_of_one_person_must_agree_on_who_it_is(self) -> None:
        text = PEOPLE + "S1,钱二,,dispatcher,,2026-01-01,\nS1,孙三,,shift_lead,,2026-01-01,\n"
        assert codes(read("people", text)) == ["person.differs"]

    @pytest.mark.parametrize("role", ["citizen", "machine", "anonymous", "system"])
    def test_no_file_makes_a_citizen_or_a_machine(self, role: str) -> None:
        assert codes(read("people", PEOPLE + f"S1,钱二,,{role},,2026-01-01,\n")) == ["cell.not_a_choice"]

    def test_nobody_stands_in_for_himself(self) -> None:
        assert codes(read("people", PEOPLE + "S1,钱二,,dispatcher,,2026-01-01,S1\n")) == ["person.own_deputy"]

    def test_a_shift_is_city_time_and_must_not_overlap_another(self) -> None:
        head = "person,starts,ends\n"
        (shift,) = records(read("shifts", head + "C001,2026-11-24 08:00,2026-11-24 16:00\n"))
        assert (shift.starts, shift.ends) == (datetime(2026, 11, 24, 0, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC))  # type: ignore[attr-defined]
        overlapping = head + "C001,2026-11-24 08:00,2026-11-24 16:00\nC001,2026-11-24 15:00,2026-11-24 23:00\n"
        assert codes(read("shifts", overlapping)) == ["shift.overlap"]
        assert codes(read("shifts", head + "C001,2026-11-24 22:00,2026-11-24 06:00\n")) == ["row.ends_first"]


class TestCalendarCatalogueAndStandards:
    def test_days_that_differ_with_their_hours(self) -> None:
        text = "calendar,day,working,hours,reason_zh\n1,2026-10-10,是,08:00-12:00|14:00-18:00,调休\n1,2026-10-01,否,,国庆\n"
        rules = [d.rule for d in records(read("calendar", text))]  # type: ignore[attr-defined]
        assert rules == [
            DayRule(date(2026, 10, 10), True, ((time(8), time(12)), (time(14), time(18))), "调休"),
            DayRule(date(2026, 10, 1), False, (), "国庆"),
        ]

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("2,2026-10-01,no,", "cell.unknown"),
            ("1,2026-10-01,maybe,", "cell.not_yes_no"),
            ("1,2026-10-01,yes,18:00-08:00", "cell.not_hours"),
            ("1,2026-10-01,yes,8-12", "cell.not_hours"),
            ("one,2026-10-01,yes,", "cell.not_integer"),
        ],
    )
    def test_a_day_that_cannot_be_is_refused(self, row: str, code: str) -> None:
        assert codes(read("calendar", "calendar,day,working,hours\n" + row + "\n")) == [code]

    CATEGORY = "scheme,kind,number,major,major_zh,name_zh,field,valid_from,local,maps_to\n"

    def test_a_city_adds_its_own_category_from_900_on(self) -> None:
        (own,) = records(read("catalogue", self.CATEGORY + "2026,matter,06950,06,市容环境类,乱晒谷物,environment,2026-08-01,yes,\n"))
        assert (own.code, own.local, own.pinyin) == ("2026:matter:06950", True, "luan shai gu wu")  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("2026,matter,06050,06,市容,乱晒,environment,2026-08-01,yes,", "category.local_number"),
            ("2026,matter,0695,06,市容,乱晒,environment,2026-08-01,,", "category.number"),
            ("2013,matter,0109,01,市容,乱晒,environment,2014-08-15,,2026:matter:06777", "category.maps_to_unknown"),
            ("2026,matter,06951,06,市容,乱晒,weather,2026-08-01,,", "cell.not_a_choice"),
        ],
    )
    def test_a_category_that_breaks_a_rule_is_refused(self, row: str, code: str) -> None:
        assert code in codes(read("catalogue", self.CATEGORY + row + "\n"))

    STANDARD = "category,condition_no,filing_zh,amount,unit,counting,closing_zh,valid_from,area_class\n"

    def test_a_limit_for_the_fringe_stands_beside_the_one_for_all(self) -> None:
        text = self.STANDARD + (
            "2026:matter:06010,1,有垃圾,4,work_hour,accumulate,清理,2026-08-01,\n2026:matter:06010,1,有垃圾,1,work_day,end_of_day,清理,2026-08-01,3\n"
        )
        assert [(e.area_class, e.limit.amount, e.limit.counting) for e in records(read("standards", text))] == [  # type: ignore[attr-defined]
            (None, 4, "accumulate"), (3, 1, "end_of_day"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("2026:matter:06010,1,有垃圾,0,work_hour,accumulate,清理,2026-08-01,", "standard.limit_not_positive"),
            ("2026:matter:06010,1,有垃圾,4,hours,accumulate,清理,2026-08-01,", "cell.not_a_choice"),
            ("2026:matter:06010,1,有垃圾,4,work_hour,accumulate,清理,2026-08-01,4", "area.class"),
            ("2026:matter:06099,1,有垃圾,4,work_hour,accumulate,清理,2026-08-01,", "cell.unknown"),
        ],
    )
    def test_a_standard_that_cannot_be_is_refused(self, row: str, code: str) -> None:
        assert codes(read("standards", self.STANDARD + row + "\n")) == [code]

    def test_two_limits_for_one_condition_on_one_day_are_refused(self) -> None:
        row = "2026:matter:06010,1,有垃圾,4,work_hour,accumulate,清理,{},\n"
        text = "category,condition_no,filing_zh,amount,unit,counting,closing_zh,valid_from,area_class\n"
        assert codes(read("standards", text + row.format("2026-08-01") + row.format("2026-09-01"))) == ["standard.overlap"]

    def test_a_question_with_choices_has_choices(self) -> None:
        head = "category,key,label_zh,kind,choices\n"
        (asked,) = records(read("fields", head + "2026:matter:06010,volume,垃圾量,choice,bag=袋装=bags|cart=一车\n"))
        assert asked.choices == (("bag", "袋装", "bags"), ("cart", "一车", "一车"))  # type: ignore[attr-defined]
        assert codes(read("fields", head + "2026:matter:06010,volume,垃圾量,choice,\n")) == ["field.choices"]
        assert codes(read("fields", head + "2026:matter:06010,volume,垃圾量,text,a=b\n")) == ["field.choices"]


class TestWhateverTheFileHolds:
    """No file, however torn, is an accident: it is taken or refused."""

    torn = st.binary(max_size=200) | st.text(st.sampled_from("D-1,\"\n\r;|=:'WTR07number,handling_unit\t\0é井"), max_size=200).map(
        str.encode
    )

    @settings(max_examples=150, deadline=None)
    @given(torn, st.sampled_from(sorted(TABLES)), st.booleans())
    def test_it_is_taken_or_refused(self, data: bytes, table: str, with_header: bool) -> None:
        head = ",".join(c.key for c in TABLES[table].columns).encode() + b"\n" if with_header else b""
        found = read_table(head + data, "torn.csv", TableMapping(TABLES[table]), CITY)
        assert isinstance(found, Imported) or (found.errors and found.total >= len(found.errors))

    @settings(max_examples=100, deadline=None)
    @given(
        st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(), lambda kids: st.lists(kids, max_size=4))
    )
    def test_whatever_stands_for_a_polygon(self, coordinates: object) -> None:
        one = feature("340103001", "street", "340103", [])
        one["geometry"] = {"type": "Polygon", "coordinates": coordinates}
        assert isinstance(read("areas", json.dumps({"features": [one]})), Rejected)

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=120) | st.text(st.sampled_from("table:duty-list\n {}[]&*!|>'\"columns:- "), max_size=120).map(str.encode))
    def test_whatever_stands_for_a_mapping(self, data: bytes) -> None:
        try:
            assert read_mapping(data, "mapping.yaml", "duty-list").table is TABLES["duty-list"]
        except BadInput as told:
            assert told.place.startswith("mapping.yaml")

    @pytest.mark.parametrize("text", [d + c for d in ("9" * 40, "-", "1e9", "０") for c in ("", ".0")])
    def test_a_number_that_is_none_is_told(self, text: str) -> None:
        assert codes(read("organisations", f"code,kind,name_zh,loop,valid_from,display_order\nA,unit,甲,medium,2026-01-01,{text}\n")) == [
            "cell.not_integer"
        ]
