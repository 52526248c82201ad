"""A department's own flow as a YAML file: read safely, checked whole, every fault told with file and line before anything uses it.

The format is the lifecycle table in words (`cases/lifecycle.py`); shipped flows lie in `flow_files/`, a city's own anywhere it names.

    name: water_repair        version: 1        title: {zh: ..., en: ...}
    states:  {handling: {zh: 抢修中, en: Repairing}, ...}      every state the flow uses, with its label
    actions: {accept: {zh: 接单, en: Accept}, ...}            every act the flow uses, with its label
    rows:
      - {in: [dispatched], do: accept, who: [unit_clerk], to: handling, needs: [], if: [holds_it], clocks: [stop:accept]}
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml

from chengyun.cases.clocks import VERBS
from chengyun.cases.guards import GUARDS
from chengyun.cases.lifecycle import PRIOR, SAME, Lifecycle, Transition
from chengyun.cases.national import NATIONAL
from chengyun.cases.records import ClockName, EvidenceStage, State
from chengyun.city.records import Role

SHIPPED = Path(__file__).with_name("flow_files")
ENDS = frozenset({State.CLOSED, State.FORCED_CLOSED, State.EVALUATED, State.VOID, State.MERGED})
"""States a case may rest in."""
KNOWN_ACTIONS = frozenset(row.action for row in NATIONAL.rows)
"""What an act does to a case is code; a flow chooses among these acts and gives them its own words, order, people and conditions."""
ROW_KEYS = ("in", "do", "who", "to", "needs", "if", "clocks")
LARGEST = 64 * 1024
"""Characters of a file; the national flow in this format has 25,000."""
DEEPEST = 6
"""Brackets within brackets; a flow needs four."""
LONGEST_LABEL = 40
NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
HIGHEST_VERSION = 9999


class BadFlow(Exception):
    """The file is not a flow. `faults`: one line each, `file:line: what was found; what to do`."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True)
class _Place:
    file: str
    line: int

    def says(self, what: str) -> str:
        return f"{self.file}:{self.line}: {what}"


def read_flow(path: Path) -> Lifecycle:
    """The flow of a file. Raises BadFlow with every fault found; a flow with a fault is never half used."""
    return parse_flow(path.read_text(encoding="utf-8"), path.name)


def shipped_flows() -> Mapping[str, Lifecycle]:
    """The flows that come with the product, by name."""
    found = [read_flow(path) for path in sorted(SHIPPED.glob("*.yaml"))]
    return {flow.name: flow for flow in found}


@lru_cache(maxsize=64)
def kept_flow(text: str, file: str) -> Lifecycle:
    """`parse_flow`, once per text and process: what is kept for a city is read again with every new version of its book."""
    return parse_flow(text, file)


def parse_flow(text: str, file: str = "flow.yaml") -> Lifecycle:
    """The flow of a text. It may come from anybody who reaches the door: size and depth are bounded, references are refused."""
    if len(text) > LARGEST:
        raise BadFlow([_Place(file, 1).says(f"{len(text):,} characters; a flow has {LARGEST:,} at most")])
    try:
        _refuse_tricks(text, file)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise BadFlow([_Place(file, line).says(f"not readable as YAML: {getattr(broken, 'problem', broken)}")]) from None
    if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
        raise BadFlow([_Place(file, 1).says("a flow is a mapping with name, version, title, states, actions and rows")])
    checker = _Checker(file, root, data)
    flow = checker.flow()
    if checker.faults:
        raise BadFlow(checker.faults)
    return flow


def _refuse_tricks(text: str, file: str) -> None:
    """Anchors, references, merged keys and deep nests mean nothing in a flow. Seen event by event, before anything is built of them."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadFlow(
                [_Place(file, line).says("nested deeper than a flow can be; write states, actions and rows as in the shipped flow")]
            )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise BadFlow([_Place(file, line).says("a flow has no anchors (&) and no references (*); write it out")])
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<":
            raise BadFlow([_Place(file, line).says("a flow merges no keys (<<); write them out")])
        if getattr(event, "tag", None) is not None:
            raise BadFlow([_Place(file, line).says("a flow has no tags (!); leave it out")])


class _Checker:
    """Reads one file, gathering faults instead of stopping at the first."""

    def __init__(self, file: str, root: yaml.MappingNode, data: dict[str, Any]) -> None:
        self.file, self.data, self.faults = file, data, list[str]()
        self.nodes = {key.value: value for key, value in root.value}
        self.lines = {key.value: key.start_mark.line + 1 for key, _ in root.value}

    def blame(self, line: int, what: str) -> None:
        self.faults.append(_Place(self.file, line).says(what))

    def flow(self) -> Lifecycle:
        wanted = {"name": str, "version": int, "title": dict, "states": dict, "actions": dict, "rows": list}
        for key, kind in wanted.items():
            if not isinstance(self.data.get(key), kind) or isinstance(self.data.get(key), bool):
                self.blame(self.lines.get(key, 1), f'"{key}" is missing or is no {kind.__name__}')
        for key in self.data.keys() - wanted:
            self.blame(self.lines.get(str(key), 1), self.unknown("key", str(key), wanted))
        if not self.faults and not NAME.fullmatch(self.data["name"]):
            self.blame(self.lines["name"], f'name "{self.data["name"][:40]}" is no plain word; use a-z, 0-9 and _, at most 30 signs')
        if not self.faults and not 1 <= self.data["version"] <= HIGHEST_VERSION:
            self.blame(self.lines["version"], f"version is a number from 1 to {HIGHEST_VERSION}")
        if self.faults:
            return Lifecycle("", 0, ())
        states = self.labels("states", {str(each) for each in State})
        actions = self.labels("actions", KNOWN_ACTIONS)
        rows = tuple(row for node, given in self.numbered_rows() if (row := self.row(node, given, states.keys(), actions.keys())))
        if not self.faults:
            self.whole(rows, states.keys(), actions.keys())
        labels = {f"state.{key}": value for key, value in states.items()} | {f"action.{key}": value for key, value in actions.items()}
        title = self.pair("title", self.lines["title"], self.data["title"])
        return Lifecycle(self.data["name"], self.data["version"], rows, {**labels, "title": title})

    def unknown(self, kind: str, value: str, known: Iterable[str]) -> str:
        close = difflib.get_close_matches(value, list(known), 1)
        return f'{kind} "{value}" is not known' + (f'; did you mean "{close[0]}"?' if close else "")

    def pair(self, what: str, line: int, given: object) -> tuple[str, str]:
        words = given if isinstance(given, dict) else {}
        for language in ("zh", "en"):
            if not isinstance(words.get(language), str) or not words[language].strip():
                self.blame(line, f'{what} has no label in "{language}"')
            elif len(words[language]) > LONGEST_LABEL or not words[language].isprintable():
                self.blame(line, f'{what}: the label in "{language}" is one line of at most {LONGEST_LABEL} signs')
        return str(words.get("zh", "")), str(words.get("en", ""))

    def labels(self, section: str, known: Iterable[str]) -> dict[str, tuple[str, str]]:
        node = cast(yaml.MappingNode, self.nodes[section])
        known = set(known)
        found: dict[str, tuple[str, str]] = {}
        for key, _ in node.value:
            line, kind = key.start_mark.line + 1, section.removesuffix("s")
            if key.value not in known:
                self.blame(line, self.unknown(kind, key.value, known))
            elif key.value in found:
                self.blame(line, f'{kind} "{key.value}" stands here twice')
            found[key.value] = self.pair(f'{kind} "{key.value}"', line, self.data[section].get(key.value))
        return found

    def numbered_rows(self) -> Iterable[tuple[int, dict[str, Any]]]:
        for node, given in zip(self.nodes["rows"].value, self.data["rows"], strict=True):
            line = node.start_mark.line + 1
            if isinstance(given, dict):
                yield line, given
            else:
                self.blame(line, "a row is a mapping: in, do, who, to, and where they apply needs, if, clocks")

    def row(self, line: int, given: dict[str, Any], states: Iterable[str], actions: Iterable[str]) -> Transition | None:
        before = len(self.faults)
        for key in given.keys() - set(ROW_KEYS):
            self.blame(line, self.unknown("column", str(key), ROW_KEYS))
        for key in ("in", "do", "who", "to"):
            if not given.get(key):
                self.blame(line, f'the row has no "{key}"')
        lists = {key: self.listed(line, key, given.get(key)) for key in ("in", "who", "needs", "if", "clocks")}
        self.among(line, "state", lists["in"], {*states, "none"})
        self.among(line, "act", [str(given["do"])] if given.get("do") else [], actions)
        self.among(line, "role", lists["who"], [str(role) for role in Role])
        self.among(line, "target", [str(given["to"])] if given.get("to") else [], {*states, SAME, PRIOR})
        self.among(line, "evidence", lists["needs"], EVIDENCE)
        self.among(line, "condition", lists["if"], GUARDS)
        self.among(line, "clock word", lists["clocks"], CLOCK_WORDS)
        if len(self.faults) > before:
            return None
        return Transition(
            states=tuple(State(each) for each in lists["in"]),
            action=str(given["do"]),
            who=frozenset(Role(each) for each in lists["who"]),
            to=str(given["to"]),
            needs=tuple(lists["needs"]),
            guards=tuple(lists["if"]),
            clocks=tuple(lists["clocks"]),
        )

    def listed(self, line: int, key: str, value: object) -> list[str]:
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.blame(line, f'"{key}" is a list of words in brackets')
            return []
        return value

    def among(self, line: int, kind: str, given: Iterable[str], known: Iterable[str]) -> None:
        known = set(known)
        for value in given:
            if value not in known:
                self.blame(line, self.unknown(kind, value, known))

    def whole(self, rows: tuple[Transition, ...], states: Iterable[str], actions: Iterable[str]) -> None:
        """The flow as a graph: every state is reached from a report, none holds a case for ever, nothing stands there unused."""
        at = self.lines["states"]
        twice: set[tuple[State, str, Role]] = set()
        for row in rows:
            for cell in [(state, row.action, role) for state in row.states for role in row.who]:
                if cell in twice:
                    self.blame(self.lines["rows"], f"{cell[2]} may {cell[1]} in {cell[0]} by two rows; only the first would count")
                twice.add(cell)
        reached, fresh = set[str](), {str(State.NONE)}
        while fresh:
            reached |= fresh
            fresh = {row.to for row in rows if row.to not in (SAME, PRIOR) and reached & {str(each) for each in row.states}} - reached
        for state in states:
            if state not in reached:
                self.blame(at, f'state "{state}" is never reached from a report; give a row that leads to it, or leave it out')
            elif State(state) not in ENDS and not any(state in row.states and row.to not in (SAME, state) for row in rows):
                self.blame(at, f'state "{state}" has no way out; give a row that leads on from it')
        for action in set(actions) - {row.action for row in rows}:
            self.blame(self.lines["actions"], f'act "{action}" stands in no row')


EVIDENCE = frozenset(
    {f"photo:{stage}" for stage in EvidenceStage}
    | {f"text:{field}" for field in ("reason", "note", "result", "answer", "question", "description")}
    | {need for row in NATIONAL.rows for need in row.needs}
)
CLOCK_WORDS = frozenset(f"{verb}:{name}" for verb in VERBS for name in (*map(str, ClockName), "*"))
