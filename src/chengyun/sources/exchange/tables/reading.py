"""From bytes to lines of named cells, whatever the bytes are: the file may be hostile, torn, or simply from another office.

Every limit is checked before the work it guards. What cannot be read is a fault with its row, never an exception.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chengyun.sources.exchange.tables.columns import Cell, Table
from chengyun.sources.exchange.tables.faults import Faults, quoted
from chengyun.sources.exchange.tables.mapping import TableMapping

LARGEST = 64 * 1024 * 1024
MOST_ROWS = 500_000
MOST_COLUMNS = 200
LONGEST_LINE = 64 * 1024
"""Chosen by us: a district has some thousand grids and rows; a line of a table is a few hundred signs."""

MOST_POINTS = 200_000
"""Points of one polygon."""

FORMULA = "=+-@\t\r＝＋－＠"
"""First signs that make a spreadsheet calculate. The export writes an apostrophe before them, the import takes it away again."""

_GUARDED = frozenset(FORMULA + "'")


@dataclass(frozen=True, slots=True)
class Line:
    """One row as text: our key -> cell. `row` is the line in a CSV file, the number of the feature in GeoJSON."""

    row: int
    cells: Mapping[str, str]
    polygon: object = None


def read_lines(data: bytes, mapping: TableMapping, faults: Faults) -> list[Line]:
    """All rows under our names. Faults of form are added to `faults`; then the answer is empty."""
    if len(data) > LARGEST:
        faults.add(0, "", "file.too_large", f"the file has {len(data):,} bytes", f"hand in at most {LARGEST:,}, in parts")
        return []
    text = _decoded(data, mapping, faults)
    if text is None:
        return []
    lines = _geojson_lines(text, mapping, faults) if mapping.table.geojson else _csv_lines(text, mapping, faults)
    return [] if faults else lines


def guarded(cell: str) -> str:
    """A text made harmless for spreadsheets; `unguarded` gives it back.

    >>> guarded("=1+1"), guarded("井盖"), guarded("'")
    ("'=1+1", '井盖', "''")
    """
    return "'" + cell if cell[:1] in _GUARDED and cell else cell


def unguarded(cell: str) -> str:
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _GUARDED else cell


def _decoded(data: bytes, mapping: TableMapping, faults: Faults) -> str | None:
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode(mapping.encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        other = next((e for e in ("utf-8", "gb18030") if e != mapping.encoding and _reads_as(data, e)), None)
        cure = f"the file reads as {other}: write `encoding: {other}` in the mapping" if other else "save the file as UTF-8"
        faults.add(row, "", "file.encoding", f"byte {error.start:,} is not {mapping.encoding}", cure)
        return None
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        faults.add(row, "", "file.nul", "a NUL byte stands in the file", "export it again as text (CSV or GeoJSON, not XLS)")
        return None
    return text


def _reads_as(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _csv_lines(text: str, mapping: TableMapping, faults: Faults) -> list[Line]:
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > LONGEST_LINE:
            faults.add(number, "", "file.long_line", f"the line has {len(line):,} signs", f"at most {LONGEST_LINE:,}; is this a CSV file?")
            return []
    lines: list[Line] = []
    header: list[str] | None = None
    places: dict[str, int] = {}
    for row, cells in _csv_rows(text, mapping, faults):
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            places = _places(header, row, mapping, faults)
            if faults:
                return []
            continue
        if len(lines) >= MOST_ROWS:
            faults.add(row, "", "file.many_rows", f"the file has more than {MOST_ROWS:,} rows", "hand it in in parts")
            return []
        if len(cells) != len(header):
            cure = "a cell with a comma or a line break needs quotes" if len(cells) > len(header) else "the row is cut short"
            faults.add(row, "", "row.ragged", f"the row has {len(cells)} cells, the header {len(header)}", cure)
            continue
        lines.append(Line(row, {key: unguarded(cells[place].strip()) for key, place in places.items()}))
    if header is None:
        faults.add(1, "", "file.empty", "the file is empty", "the first row names the columns")
    return lines


def _csv_rows(text: str, mapping: TableMapping, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter, strict=True)
    row = 1
    try:
        for cells in reader:
            yield row, cells
            row = reader.line_num + 1
    except csv.Error as error:
        faults.add(row, "", "row.not_csv", f"not CSV: {error}", "a quote inside a cell is written twice, and every quote is closed")


def _places(header: list[str], row: int, mapping: TableMapping, faults: Faults) -> dict[str, int]:
    """Our key -> position. A column that is missing, stands twice, or is not known is a fault of the header."""
    if len(header) > MOST_COLUMNS:
        faults.add(
            row, "", "file.many_columns", f"the header has {len(header)} columns", f"at most {MOST_COLUMNS}; is the delimiter right?"
        )
        return {}
    for name in dict.fromkeys(name for name in header if name and header.count(name) > 1):
        faults.add(row, name, "header.twice", f"the column {quoted(name)} stands twice", "rename or remove one of them")
    places: dict[str, int] = {}
    for column in mapping.table.columns:
        if column.key in mapping.constants or column.cell is Cell.POLYGON:
            continue
        theirs = mapping.columns.get(column.key, column.key)
        if theirs in header:
            places[column.key] = header.index(theirs)
        elif column.key in mapping.columns or column.required:
            cure = f"add it, or name another column for {column.key} in the mapping"
            faults.add(row, theirs, "header.missing", f"there is no column {quoted(theirs)}", cure, (theirs, [h for h in header if h]))
    return places


def _geojson_lines(text: str, mapping: TableMapping, faults: Faults) -> list[Line]:
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        faults.add(error.lineno, "", "file.not_json", f"not JSON: {error.msg}", "hand in a GeoJSON FeatureCollection")
        return []
    except (RecursionError, ValueError) as error:
        faults.add(1, "", "file.not_json", f"not JSON we read: {type(error).__name__}", "hand in a GeoJSON FeatureCollection")
        return []
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        faults.add(1, "", "file.not_geojson", "there is no list of features", "hand in a GeoJSON FeatureCollection")
        return []
    if len(features) > MOST_ROWS:
        faults.add(MOST_ROWS, "", "file.many_rows", f"the file has {len(features):,} features", f"hand in at most {MOST_ROWS:,}")
        return []
    if not features:
        faults.add(1, "", "file.empty", "the list of features is empty", "hand in at least one area")
    if not _is_degrees(found):
        faults.add(1, "crs", "file.crs", "the coordinates are not longitude and latitude", "convert them to WGS84 or CGCS2000 degrees")
        return []
    lines: list[Line] = []
    for row, feature in enumerate(features, 1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            faults.add(row, "", "row.no_properties", "the feature has no properties", "each feature names its area")
            continue
        lines.append(Line(row, _named(properties, row, mapping, faults), feature.get("geometry")))
    return lines


def _is_degrees(found: Mapping[str, object]) -> bool:
    """Old files may carry a `crs`; only those that are degrees on the earth are read."""
    if "crs" not in found or found["crs"] is None:
        return True
    return any(name in json.dumps(found["crs"]) for name in ("CRS84", "4326", "4490"))


def _named(properties: Mapping[str, object], row: int, mapping: TableMapping, faults: Faults) -> dict[str, str]:
    cells: dict[str, str] = {}
    for column in mapping.table.columns:
        if column.key in mapping.constants or column.cell is Cell.POLYGON:
            continue
        theirs = mapping.columns.get(column.key, column.key)
        if theirs not in properties:
            if column.required or column.key in mapping.columns:
                cure = f"add it, or name another property for {column.key} in the mapping"
                faults.add(row, theirs, "header.missing", f"there is no property {quoted(theirs)}", cure, (theirs, list(properties)))
            continue
        value = properties[theirs]
        if value is None or isinstance(value, (str, int, float)):
            cells[column.key] = "" if value is None else str(value).strip()
        else:
            faults.add(row, theirs, "cell.not_text", "the property is a list or an object", "write a text or a number")
    return cells


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def columns_of(table: Table) -> tuple[str, ...]:
    """Header of an exported file."""
    return tuple(c.key for c in table.columns if c.cell is not Cell.POLYGON)
