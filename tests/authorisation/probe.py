"""The marker probe (A3, P4): does anything of tenant B ever appear in what tenant A, a citizen or a stranger can obtain?

Every text field of tenant B carries a marker of its own. A walker knocks at every reading door of the program, with ids of both
tenants in every place of the address and a marker in every search word, and looks for the markers in all that comes back: status
line, headers, bodies, and what is packed inside bodies (JSON escapes, percent signs, base64, gzip, zip members such as sheets).

    marks = Marks()                       marks.word("case.description") -> a string to write into tenant B
    walk(visitor, doors, values, marks)   -> Walked(answers, hits); a hit names the marker, the door and where it stood
"""

import base64
import gzip
import html
import io
import itertools
import json
import re
import secrets
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MOST_VALUES = 8
"""Values tried in each place of an address, so that a walk stays bounded."""


class Marks:
    """Unique strings, each telling which field it was written into. Letters and digits only, so nothing on the way changes them."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._fields: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        """Ids and numbers that belong to B alone: looked for as whole words."""

    def word(self, where: str) -> str:
        found = f"Qx{self._run}{len(self._fields):04d}Zj"
        self._fields[found] = where
        return found

    def own(self, where: str, value: object) -> None:
        """Something B alone has and that was not ours to choose: an id, a case number."""
        self.ids[str(value)] = where

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self._fields)

    def found_in(self, text: str) -> Iterator[tuple[str, str]]:
        """(marker, field it was written into) for every marker in the text."""
        if f"Qx{self._run}" in text:
            yield from ((word, where) for word, where in self._fields.items() if word in text)
        for value, where in self.ids.items():
            if re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", text):
                yield value, where


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Hit:
    marker: str
    field: str
    door: str
    where: str


@dataclass
class Walked:
    answers: list[tuple[str, int]] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)

    def doors_answering(self, status: int) -> set[str]:
        return {door for door, found in self.answers if found == status}


Knock = Callable[[str], Answer]
"""GET an address as some visitor."""


def walk(
    knock: Knock, doors: Iterable[str], values: Mapping[str, Sequence[object]], marks: Marks, queries: Sequence[str] = ("",)
) -> Walked:
    """Knock at every reading door with every value and query.

    doors    `GET /api/v1/cases/{}`, placeholders as `{}` or `{name}`
    values   what to put into a placeholder, by the word before it in the address (`cases` -> ids of cases, `attachments.2` -> what
             stands second after it); `*` for any other
    queries  search words and filters to add: those of B's markers among them, so that a count or an order cannot tell
    """
    walked = Walked()
    for door in doors:
        method, _, path = door.partition(" ")
        if method != "GET":
            continue
        for address in addresses(path, values):
            for query in queries:
                asked = address + (f"?{query}" if query else "")
                answer = knock(asked)
                walked.answers.append((door, answer.status))
                echoed = urllib.parse.unquote_plus(asked)
                for where, text in layers(answer):
                    # What the asker wrote himself may come back to him; that tells him nothing.
                    walked.hits += [Hit(m, f, asked, where) for m, f in marks.found_in(text) if m not in echoed]
    return walked


def addresses(path: str, values: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """The path with values in its places; without a place, itself. A `*` at the end is a place too."""
    parts = path.replace("*", "{}").split("/")
    choices: list[Sequence[object]] = []
    for index, part in enumerate(parts):
        if "{" not in part:
            choices.append((part,))
            continue
        at = max((n for n, p in enumerate(parts[:index]) if "{" not in p), default=0)
        before = parts[at] if index - at == 1 else f"{parts[at]}.{index - at}"
        fitting = values.get(before, values.get("*", (1,)))[:MOST_VALUES]
        choices.append([re.sub(r"\{[^}]*\}", urllib.parse.quote(str(value), safe=""), part) for value in fitting])
    yield from ("/".join(str(c) for c in chosen) for chosen in itertools.product(*choices))


def layers(answer: Answer) -> Iterator[tuple[str, str]]:
    """Everything readable in an answer: (where, text)."""
    for name, value in answer.headers.items():
        yield f"header {name}", f"{value} {urllib.parse.unquote(value)}"
    yield from _unpacked("body", answer.body, 3)


def _unpacked(where: str, body: bytes, depth: int) -> Iterator[tuple[str, str]]:
    text = body.decode("utf-8", "ignore")
    yield where, text
    if "\\u" in text:
        yield f"{where} (JSON)", _json_words(text)
    if "%" in text or "&" in text:
        yield f"{where} (escaped)", html.unescape(urllib.parse.unquote(text))
    if not depth:
        return
    if body[:2] == b"\x1f\x8b":
        yield from _unpacked(f"{where} (gzip)", gzip.decompress(body), depth - 1)
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            for member in packed.namelist():
                yield from _unpacked(f"{where} ({member})", packed.read(member), depth - 1)
    if b"stream" in body and body[:5] == b"%PDF-":
        for number, stream in enumerate(re.findall(rb"stream\r?\n(.*?)endstream", body, re.S)):
            yield from _unpacked(f"{where} (PDF {number})", _inflated(stream), depth - 1)
    for number, found in enumerate(re.findall(rb"[A-Za-z0-9+/_-]{24,}={0,2}", body)[:200]):
        yield f"{where} (base64 {number})", _from_base64(found)


def _json_words(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text.encode("utf-8", "ignore").decode("unicode_escape", "ignore")


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _from_base64(found: bytes) -> str:
    try:
        return base64.b64decode(found + b"=" * (-len(found) % 4), altchars=b"-_").decode("utf-8", "ignore")
    except ValueError:
        return ""


def differences(with_b: Mapping[str, bytes], without_b: Mapping[str, bytes]) -> list[str]:
    """Doors whose answer changes when tenant B is there: a count or an order can tell without showing a word.

    Give the same visitor's answers, taken at the same moment of the city clock, before and after B was filled.
    """
    volatile = re.compile(rb'"(?:csrf|error_id|now)":\s*"[^"]*"')
    return [door for door in without_b if volatile.sub(b"", with_b.get(door, b"")) != volatile.sub(b"", without_b[door])]
