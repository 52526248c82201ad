"""The mapping file: which of their columns is which of ours. A page a person of the city writes once and keeps.

    table: duty-list            # which table this is
    encoding: gb18030           # utf-8 (default) or gb18030
    delimiter: ","
    dates: "%Y/%m/%d"           # how they write a day
    moments: "%Y/%m/%d %H:%M"   # how they write a date and time
    columns:                    # ours: theirs
      number: 序号
      handling_unit: 处置单位
    constants:                  # ours: one value for every row
      valid_from: 2026-07-01
    values:                     # ours: {theirs: ours}
      hours: {全天: any, 工作时间: office}

A column of ours that is not named here is taken from a column of the same name, if the file has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import yaml

from chengyun.base.errors import BadInput
from chengyun.sources.exchange.tables.columns import TABLES, Table
from chengyun.sources.exchange.tables.faults import did_you_mean, quoted

LARGEST = 256 * 1024
"""Bytes. A mapping names some twenty columns and a few hundred values."""

ENCODINGS = ("utf-8", "gb18030")
DELIMITERS = (",", ";", "\t", "|")
_PARTS = ("table", "encoding", "delimiter", "dates", "moments", "columns", "constants", "values")


@dataclass(frozen=True)
class TableMapping:
    table: Table
    encoding: str = "utf-8"
    delimiter: str = ","
    dates: str = "%Y-%m-%d"
    moments: str = ""
    """Empty: ISO 8601."""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """Safe, without anchors: an alias can blow a small file up to gigabytes. Scalars stay text, a key may stand once."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(None, None, "an alias (*) is not allowed in a mapping", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{quoted(str(key.value))} stands twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {}


def read_mapping(data: bytes, file: str, table: str | None = None) -> TableMapping:
    """The mapping in a YAML file; BadInput with place and cure if it is none. `table`: what the caller expects it to be for."""
    if len(data) > LARGEST:
        raise BadInput(f"the mapping has {len(data)} bytes", place=file, cure=f"a mapping has at most {LARGEST}")
    try:
        found = yaml.load(data, Loader=_Loader)  # noqa: S506  # a SafeLoader, narrowed further
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else file
        raise BadInput(getattr(error, "problem", None) or "not YAML", place=place, cure="see docs/how-to/import-a-city.md") from error
    if not isinstance(found, dict):
        raise BadInput("the mapping is not a list of names and values", place=file, cure="see docs/how-to/import-a-city.md")
    for key in found:
        _known(str(key), _PARTS, file, "part of a mapping")
    name = _text(found, "table", file) or table or ""
    _known(name, tuple(TABLES), file, "table")
    if table is not None and name != table:
        raise BadInput(f"the mapping is for {name}", place=f"{file}: table", cure=f"use a mapping for {table}")
    ours = TABLES[name]
    keys = tuple(c.key for c in ours.columns)
    columns, constants = _pairs(found, "columns", keys, file), _pairs(found, "constants", keys, file)
    for key in columns.keys() & constants.keys():
        raise BadInput(f"{key} is both a column and a constant", place=f"{file}: constants", cure="keep one of them")
    values = found.get("values") or {}
    if not isinstance(values, dict):
        raise BadInput("values is not a list of columns", place=f"{file}: values", cure="write `column: {theirs: ours}`")
    return TableMapping(
        ours,
        _one_of(found, "encoding", ENCODINGS, file),
        _one_of(found, "delimiter", DELIMITERS, file, default=","),
        _format(_text(found, "dates", file), file, "dates") or "%Y-%m-%d",
        _format(_text(found, "moments", file), file, "moments"),
        columns,
        constants,
        {str(key): _pairs(values, key, None, file) for key in values if _known(str(key), keys, f"{file}: values", "column")},
    )


def _known(found: str, known: tuple[str, ...], place: str, what: str) -> bool:
    if found not in known:
        cure = did_you_mean(found, known) or f"one of {', '.join(known)}"
        raise BadInput(f"{quoted(found)} is not a {what}", place=place, cure=cure)
    return True


def _text(found: Mapping[object, object], key: str, file: str) -> str:
    value = found.get(key, "")
    if not isinstance(value, str):
        raise BadInput(f"{key} is not a text", place=f"{file}: {key}", cure="write one word or a quoted text")
    return value


def _one_of(found: Mapping[object, object], key: str, known: tuple[str, ...], file: str, default: str = "") -> str:
    value = _text(found, key, file) or default or known[0]
    if key == "encoding":
        value = {"utf8": "utf-8", "utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}.get(value.lower(), value.lower())
    _known(value, known, f"{file}: {key}", key)
    return value


def _pairs(found: Mapping[object, object], key: object, keys: tuple[str, ...] | None, file: str) -> dict[str, str]:
    part = found.get(key) or {}
    if not isinstance(part, dict) or not all(isinstance(v, str) for v in part.values()):
        raise BadInput(f"{key} is not a list of pairs", place=f"{file}: {key}", cure="write `ours: theirs`, one a line")
    for one in part:
        if keys is not None:
            _known(str(one), keys, f"{file}: {key}", "column of this table")
    return {str(k): str(v) for k, v in part.items()}


def _format(found: str, file: str, part: str) -> str:
    """A day must come back from its own form, or the form loses something."""
    if not found:
        return ""
    probe = datetime(2026, 11, 24, 9, 30)  # noqa: DTZ001  # a probe of the form, not a moment
    try:
        back = datetime.strptime(probe.strftime(found), found)  # noqa: DTZ007
    except ValueError as error:
        raise BadInput(f"{quoted(found)} is not a form of dates", place=f"{file}: {part}", cure='write for example "%Y/%m/%d"') from error
    if back.date() != date(2026, 11, 24):
        raise BadInput(f"{quoted(found)} leaves out year, month or day", place=f"{file}: {part}", cure='write for example "%Y/%m/%d"')
    return found
