"""What nobody writes in this house, read from the syntax tree of every module: second doors leak, and so do second clocks.

A row of `ALLOWED` names the module, what it may do, and why: add one with a reason a stranger would accept, or do it another way.
A row that is no longer needed fails too.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

ALLOWED = {
    ("chengyun/base/time.py", "datetime.now"): "the one clock port: the wall clock itself",
    ("chengyun/sources/outbound.py", "http client"): "the one outbound client (promise F7)",
    ("chengyun/runtime/supervisor.py", "http client"): "asks our own /readyz on the loopback; no outside address reaches it",
    (
        "chengyun/runtime/tls.py",
        "datetime.now",
    ): "validity of certificates, which browsers hold against the machine's clock, not the city's",
    ("chengyun/sources/exchange/tables/mapping.py", "unsafe yaml"): "a SafeLoader narrowed further: text only, no key twice",
    (
        "chengyun_demo/simulator.py",
        "http client",
    ): "plays people in front of our own web process on the loopback; a client of the public interfaces",
}

CLIENTS = {
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "urllib.request",
    "http.client",
    "httpcore",
    "ftplib",
    "smtplib",
    "telnetlib",
    "websockets",
}
LOADERS = {"pickle", "cPickle", "dill", "shelve", "marshal", "jsonpickle"}
XML = ("xml.etree", "xml.dom", "xml.sax", "xml.parsers", "lxml")
XML_TYPES = {"Element", "ParseError"}
"""Names for types and errors only; they parse nothing."""
RUNS = {"eval", "exec", "compile", "__import__"}
CALLS = {
    "datetime.utcnow": "naive time",
    "datetime.utcfromtimestamp": "naive time",
    "datetime.today": "naive time",
    "date.today": "second clock",
    "timezone.now": "second clock",
    "timezone.localtime": "second clock",
    "timezone.localdate": "second clock",
    "os.system": "shell",
    "os.popen": "shell",
    "subprocess.getoutput": "shell",
    "subprocess.getstatusoutput": "shell",
    "yaml.load": "unsafe yaml",
    "yaml.unsafe_load": "unsafe yaml",
    "yaml.full_load": "unsafe yaml",
    "ssl._create_unverified_context": "no verification",
}
SQL_CLOCK = re.compile(
    r"\b(?:now|statement_timestamp|transaction_timestamp|clock_timestamp)\s*\(\s*\)|\bcurrent_(?:timestamp|date|time)\b|\blocaltime(?:stamp)?\b",
    re.IGNORECASE,
)
SQL_WORDS = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|DEFAULT|WHERE|VALUES|CREATE|ALTER)\b")
STORAGE = ("chengyun/stores/", "chengyun/runtime/")


def find_forbidden(tree: ast.AST, module: str) -> Iterator[tuple[int, str]]:
    """(line, what) for everything forbidden in one module."""
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            for name in (alias.name for alias in node.names):
                yield from ((line, what) for what in judge_import(name, ""))
        elif isinstance(node, ast.ImportFrom):
            for name in (alias.name for alias in node.names):
                yield from ((line, what) for what in judge_import(node.module or "", name))
        elif isinstance(node, ast.Call):
            yield from ((line, what) for what in judge_call(node))
        elif isinstance(node, ast.ExceptHandler) and module.startswith(STORAGE) and is_swallowed(node):
            yield line, "broad except around storage"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield from ((line, "clock in SQL") for words in [node.value] if SQL_WORDS.search(words) and SQL_CLOCK.search(words))


def judge_import(module: str, name: str) -> Iterator[str]:
    whole = f"{module}.{name}" if name else module
    if any(whole == client or whole.startswith(client + ".") for client in CLIENTS):
        yield "http client"
    if module.split(".")[0] in LOADERS:
        yield "pickle"
    if (module.startswith(XML) or whole.startswith(XML)) and name not in XML_TYPES:
        yield "unguarded XML"
    if name in ("mark_safe", "SafeString") or whole.endswith("safestring"):
        yield "mark_safe"


def judge_call(node: ast.Call) -> Iterator[str]:
    name = dotted(node.func)
    last_two = ".".join(name.split(".")[-2:])
    if last_two in CALLS:
        yield CALLS[last_two]
    if last_two == "datetime.now":
        yield "datetime.now" if node.args or node.keywords else "naive time"
    if last_two == "datetime.fromtimestamp" and len(node.args) < 2 and not node.keywords:
        yield "naive time"
    if name in RUNS:
        yield f"{name}()"
    if name.endswith("mark_safe"):
        yield "mark_safe"
    if any(word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False) for word in node.keywords):
        yield "shell"
    if any(word.arg == "verify" and isinstance(word.value, ast.Constant) and word.value.value is False for word in node.keywords):
        yield "no verification"


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def is_swallowed(handler: ast.ExceptHandler) -> bool:
    """`except:` or `except Exception` that neither raises again nor says why (a `noqa: BLE001` line is read by ruff, with its reason)."""
    broad = handler.type is None or dotted(handler.type) in ("Exception", "BaseException")
    return broad and all(isinstance(step, ast.Pass | ast.Continue) for step in handler.body)


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)


def test_no_module_does_what_is_forbidden():
    found, used = [], set()
    for path in modules():
        module = path.relative_to(SOURCE).as_posix()
        for line, what in find_forbidden(ast.parse(path.read_text(encoding="utf-8")), module):
            if (module, what) in ALLOWED:
                used.add((module, what))
            else:
                found.append(f"{module}:{line}: {what}")
    assert not found, "\n".join(found)
    gone = {row for row in ALLOWED.keys() - used if (SOURCE / row[0]).exists()}
    assert not gone, f"no longer needed: {gone}"


def test_migrations_have_no_second_clock():
    for path in SOURCE.rglob("migrations/*.py"):
        clocks = [
            what
            for _, what in find_forbidden(ast.parse(path.read_text(encoding="utf-8")), "migration")
            if "clock" in what or "time" in what
        ]
        assert not clocks, f"{path.relative_to(SOURCE)}: {clocks}"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("import requests", "http client"),
        ("from urllib.request import urlopen", "http client"),
        ("from urllib import request", "http client"),
        ("import http.client", "http client"),
        ("import pickle", "pickle"),
        ("from xml.etree import ElementTree as E", "unguarded XML"),
        ("import xml.etree.ElementTree as E", "unguarded XML"),
        ("from xml.etree.ElementTree import fromstring", "unguarded XML"),
        ("from django.utils.safestring import mark_safe", "mark_safe"),
        ("import datetime as d\nd.datetime.utcnow()", "naive time"),
        ("datetime.now()", "naive time"),
        ("datetime.now(UTC)", "datetime.now"),
        ("datetime.fromtimestamp(0)", "naive time"),
        ("date.today()", "second clock"),
        ("timezone.now()", "second clock"),
        ("cursor.execute('SELECT 1 WHERE due < now()')", "clock in SQL"),
        ("x = 'UPDATE t SET at = CURRENT_TIMESTAMP'", "clock in SQL"),
        ("eval(x)", "eval()"),
        ("subprocess.run(x, shell=True)", "shell"),
        ("os.system(x)", "shell"),
        ("yaml.load(x, Loader=L)", "unsafe yaml"),
        ("try:\n  x()\nexcept Exception:\n  pass", "broad except around storage"),
    ],
)
def test_control_each_rule_sees_its_own_fault(line, what):
    assert what in [seen for _, seen in find_forbidden(ast.parse(line), "chengyun/stores/x.py")]


@pytest.mark.parametrize(
    "line",
    [
        "clock.now()",
        "self.clock.now()",
        "from urllib.parse import urlsplit",
        "from http import HTTPStatus",
        "from xml.etree.ElementTree import Element",
        "'SELECT pg_current_xact_id()'",
        "yaml.safe_load(x)",
        "re.compile('x')",
        "try:\n  x()\nexcept Exception:\n  undo()\n  raise",
    ],
)
def test_what_is_right_passes(line):
    assert not list(find_forbidden(ast.parse(line), "chengyun/stores/x.py"))
