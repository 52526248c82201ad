"""The one port: pages of the front end, addresses that are contracts, errors with an id, readiness that is proved by doing."""

import asyncio
import json
from dataclasses import dataclass

import pytest
from starlette.datastructures import Headers

from chengyun.runtime import readiness as readiness_module
from chengyun.runtime.front_end import FrontEnd
from chengyun.runtime.installation import Installation
from chengyun.runtime.readiness import Readiness, Visitor


@pytest.fixture
def pages(tmp_path):
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<title>城运</title>", encoding="utf-8")
    (built / "assets" / "main-1a2b.js").write_text("run()" * 500)
    (built / "assets" / "main-1a2b.js.gz").write_bytes(b"packed")
    (tmp_path / "secret.txt").write_text("not for the web")
    return FrontEnd(built)


@dataclass
class Got:
    status: int
    headers: Headers
    text: str


def ask(pages, path, **headers):
    """What the front end sends for an address; 404 when it leaves the address to others."""
    names = {"accept-encoding": "identity"} | headers
    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": path,
        "headers": [(k.encode(), v.encode()) for k, v in names.items()],
    }
    answer = pages.find(scope)
    if answer is None:
        return Got(404, Headers(), "")
    sent = []

    async def fetch():
        async def send(message):
            sent.append(message)

        await answer(scope, None, send)

    asyncio.run(fetch())
    body = b"".join(m.get("body", b"") for m in sent[1:])
    return Got(sent[0]["status"], Headers(raw=sent[0]["headers"]), body.decode(errors="replace"))


def test_an_address_of_the_application_is_its_page_and_is_asked_for_again(pages):
    answer = ask(pages, "/cases/4711")
    assert answer.status == 200 and "城运" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    again = ask(pages, "/cases/4711", **{"if-none-match": answer.headers["etag"]})
    assert again.status == 304


def test_a_file_with_a_digest_in_its_name_never_changes(pages):
    assert "immutable" in ask(pages, "/assets/main-1a2b.js").headers["cache-control"]


def test_the_packed_file_is_sent_to_those_who_take_it(pages):
    answer = ask(pages, "/assets/main-1a2b.js", **{"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "content-encoding" not in ask(pages, "/assets/main-1a2b.js").headers


def test_a_missing_file_is_not_the_page(pages):
    assert ask(pages, "/assets/old-9f9f.js").status == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "//etc/passwd"])
def test_no_address_leaves_the_folder(pages, path):
    assert "not for the web" not in ask(pages, path).text
    assert "root:" not in ask(pages, path).text


def test_unbuilt_pages_say_so_in_both_languages(tmp_path):
    answer = ask(FrontEnd(tmp_path / "nothing"), "/")
    assert answer.status == 503 and "./run demo" in answer.text


# --- readiness --------------------------------------------------------------------------------------------------


class City:
    """A stand-in for the whole application: answers what each step of the walk asks."""

    def __init__(self, rows=1, tile=200, password="right"):
        self.rows, self.tile, self.password, self.asked = rows, tile, password, []

    async def __call__(self, scope, receive, send):
        body = (await receive())["body"]
        headers = dict(scope["headers"])
        self.asked.append((scope["method"], scope["path"]))
        status, answer, more = 404, {}, []
        match scope["method"], scope["path"].split("/")[1:]:
            case "GET", ["api", "v1", "session"]:
                status, more = 200, [(b"set-cookie", b"csrftoken=abc; Path=/")]
            case "POST", ["api", "v1", "session"]:
                right = json.loads(body)["password"] == self.password and headers.get(b"x-csrftoken") == b"abc"
                status, more = (200, [(b"set-cookie", b"sessionid=s1; Path=/")]) if right else (401, [])
            case "GET", ["api", "v1", "tasks", "queues", _] if b"sessionid=s1" in headers.get(b"cookie", b""):
                status, answer = 200, {"rows": [{}] * self.rows}
            case "GET", ["tiles", "cases", *_]:
                status = self.tile
            case "DELETE", _:
                status = 204
        await send({"type": "http.response.start", "status": status, "headers": more})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@pytest.fixture
def missing(tmp_path, monkeypatch):
    def look(city, accounts=True, database=True):
        if accounts:
            kept = {"accounts": [{"role": "dispatcher", "login": "dispatcher", "password": "right"}]}
            (tmp_path / "accounts.json").write_text(json.dumps(kept))
        made = Readiness(Installation(tmp_path, mode="demo"), city)

        def database_answers(self):
            if not database:
                raise OSError("no database")

        monkeypatch.setattr(readiness_module.Readiness, "_ask_database", database_answers)
        return asyncio.run(made.find_missing())

    return look


def test_ready_means_signed_in_read_a_queue_and_fetched_a_tile(missing):
    city = City()
    assert missing(city) == []
    assert city.asked[-1] == ("DELETE", "/api/v1/session"), "the probe signs out again"


@pytest.mark.parametrize(
    ("city", "what"),
    [
        (City(rows=0), ["queue with rows"]),
        (City(tile=503), ["map tile"]),
        (City(password="other"), ["sign-in"]),
        (City(rows=0, tile=404), ["queue with rows", "map tile"]),
    ],
)
def test_what_is_missing_is_named(missing, city, what):
    assert missing(city) == what


def test_without_accounts_or_database_it_is_not_ready(missing):
    assert missing(City(), accounts=False) == ["demo accounts"]
    assert missing(City(), database=False) == ["database"]


def test_a_visitor_sends_back_what_he_was_given():
    async def walk():
        visitor = Visitor(City())
        await visitor.ask("GET", "/api/v1/session")
        return visitor.cookies

    assert asyncio.run(walk()) == {"csrftoken": "abc"}
