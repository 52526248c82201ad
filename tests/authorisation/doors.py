"""Every door the program has: routes of the interface, of live events and tiles, of the admin, and commands.

Read from the program as it stands, so that a new one is found the moment it is written. Parts not built yet are simply not there.
"""

import csv
import importlib
import pkgutil
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

from chengyun import screens
from chengyun.runtime.command_line import known_commands

FILE = Path(__file__).with_name("doors.csv")


def read_doors() -> dict[str, str]:
    """Door -> operation, as written by hand."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {row["door"]: row["operation"] for row in rows}
    assert len(found) == len(rows), "a door stands twice"
    return found


def plain(path: str) -> str:
    """`/cases/{int:case}/actions` and `<int:case>` alike become `/cases/{}/actions`."""
    return re.sub(r"\{[^}]*\}|<[^>]*>", "{}", path)


def api_doors() -> Iterator[str]:
    if not find_spec("chengyun.screens.api"):
        return
    api = importlib.import_module("chengyun.screens.api.api").api
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield from (f"{method} {plain('/api' + prefix + path)}" for method in operation.methods)


def asgi_doors() -> Iterator[str]:
    from chengyun.runtime import web

    yield from ("GET /healthz", "GET /readyz")
    assert web.healthz
    for module in pkgutil.iter_modules(screens.__path__, "chengyun.screens."):
        if module.ispkg and find_spec(f"{module.name}.asgi"):
            for route in getattr(importlib.import_module(f"{module.name}.asgi"), "ROUTES", ()):
                yield from (f"{method} {plain(route.path)}" for method in sorted((route.methods or {"GET"}) - {"HEAD"}))


def django_doors() -> Iterator[str]:
    """Everything under Django's root that is not the interface: pages, the admin."""
    from django.urls import URLPattern, get_resolver

    def walk(patterns, prefix=""):
        for each in patterns:
            path = prefix + str(each.pattern)
            if isinstance(each, URLPattern):
                yield "/" + plain(path).lstrip("^").rstrip("$")
            else:
                yield from walk(each.url_patterns, path)

    for path in walk(get_resolver().url_patterns):
        if not path.startswith("/api/"):
            yield f"GET {path}"


def commands() -> Iterator[str]:
    yield from (f"COMMAND {name}" for name in known_commands())


def all_doors() -> list[str]:
    return sorted({*api_doors(), *asgi_doors(), *django_doors(), *commands()})


def operation_of(door: str, doors: dict[str, str]) -> str | None:
    """The row of a door: its own, else the longest pattern with a star that fits."""
    if door in doors:
        return doors[door]
    fitting = [pattern for pattern in doors if "*" in pattern and fnmatchcase(door, pattern)]
    return doors[max(fitting, key=len)] if fitting else None
