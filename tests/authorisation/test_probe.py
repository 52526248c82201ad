"""Control of the marker probe: a leak planted anywhere is found, and an honest program gives none (A3)."""

import base64
import gzip
import io
import json
import zipfile

import pytest

from .probe import Answer, Marks, addresses, differences, walk

DOORS = ["GET /api/v1/cases", "GET /api/v1/cases/{}", "GET /exports/cases.xlsx", "POST /api/v1/cases/actions"]


def sheet(words):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/sharedStrings.xml", f"<si>{words}</si>")
    return packed.getvalue()


WAYS = {
    "plain": lambda m: Answer(200, {}, m.encode()),
    "JSON": lambda m: Answer(200, {}, json.dumps({"a": [f"张{m}"]}).encode()),
    "JSON with escapes throughout": lambda m: Answer(200, {}, ('"' + "".join(f"\\u{ord(c):04x}" for c in m) + '"').encode()),
    "header": lambda m: Answer(302, {"Location": f"/x?q=%E5%BC%A0{m}"}, b""),
    "percent": lambda m: Answer(200, {}, ("%" + "%".join(f"{ord(c):02x}" for c in m)).encode()),
    "HTML entities": lambda m: Answer(200, {}, "".join(f"&#{ord(c)};" for c in m).encode()),
    "gzip": lambda m: Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(m.encode())),
    "sheet": lambda m: Answer(200, {}, sheet(m)),
    "base64": lambda m: Answer(200, {}, b'{"cursor":"' + base64.urlsafe_b64encode(f"after={m}".encode()) + b'"}'),
    "an error page": lambda m: Answer(500, {}, f"Traceback ... {m}".encode()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_leak_is_found_in_whatever_it_is_wrapped(way):
    marks = Marks()
    secret = marks.word("case.description")
    marks.word("organisation.name")
    walked = walk(lambda path: WAYS[way](secret) if path == "/api/v1/cases/7" else Answer(404, {}, b""), DOORS, {"cases": [6, 7]}, marks)
    assert {(hit.marker, hit.field, hit.door) for hit in walked.hits} == {(secret, "case.description", "/api/v1/cases/7")}


def test_an_honest_program_gives_no_hits_and_every_reading_door_was_tried():
    marks = Marks()
    marks.word("case.description")
    walked = walk(lambda path: Answer(200, {"X": "y"}, b'{"rows":[1,2,3]}'), DOORS, {"cases": [6, 7]}, marks)
    assert walked.hits == []
    assert walked.doors_answering(200) == set(DOORS[:3])


def test_ids_of_the_other_tenant_are_found_as_whole_words_only():
    marks = Marks()
    marks.own("case.id", 70001)
    marks.own("case.number", "QX 2611 24 0007")
    assert [w for _, w in marks.found_in('{"id": 70001}')] == ["case.id"]
    assert [w for _, w in marks.found_in("QX 2611 24 0007")] == ["case.number"]
    assert list(marks.found_in('{"id": 170001, "x": 0.70001, "hash": "a70001"}')) == []


def test_what_the_asker_wrote_himself_is_no_leak():
    marks = Marks()
    word = marks.word("case.description")
    echo = walk(lambda path: Answer(200, {}, path.encode()), ["GET /cases"], {}, marks, queries=("", f"q={word}"))
    assert echo.hits == []
    leak = walk(lambda path: Answer(200, {}, word.encode()), ["GET /cases"], {}, marks, queries=("", f"q={word}"))
    assert [hit.door for hit in leak.hits] == ["/cases"]


def test_every_place_of_an_address_is_filled():
    values = {"attachments": [1, 2], "*": ["x y"]}
    assert list(addresses("/attachments/{id}/{size}", {**values, "attachments.2": ["thumb"]})) == [
        "/attachments/1/thumb",
        "/attachments/2/thumb",
    ]
    assert list(addresses("/city/{}/areas", values)) == ["/city/x%20y/areas"]
    assert list(addresses("/tiles/cases/*", values)) == ["/tiles/cases/x%20y"]
    assert list(addresses("/me", values)) == ["/me"]


def test_a_count_that_changes_with_the_other_tenant_is_a_difference():
    before = {"/cases": b'{"total": 3, "now": "2026-11-24T01:30:00Z"}', "/me": b'{"csrf": "a"}'}
    after = {"/cases": b'{"total": 4, "now": "2026-11-24T01:31:00Z"}', "/me": b'{"csrf": "b"}'}
    assert differences(after, before) == ["/cases"]
