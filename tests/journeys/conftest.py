"""A running demo city for all journeys, one browser, and people in contexts of their own; a picture of every page when one fails."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from journeys.people import Person
from journeys.running_city import RunningCity, running_city

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


LAST = ("test_a_day_offline.py", "test_typhoon_day.py")
"""Journeys that move the city's clock, after those that want a morning."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All journeys to one worker: they share one city, and a machine that runs two of them is a slow one."""
    items.sort(key=lambda item: item.path.parent == Path(__file__).parent and item.path.name in LAST)
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser a module: while Playwright runs, this thread has an event loop, and no other test of the worker may find it there."""
    path = CHROMIUM if Path(CHROMIUM).exists() else shutil.which("chromium")
    if path is None:
        pytest.skip("a real browser is needed: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def city() -> Iterator[RunningCity]:
    with running_city() as found:
        yield found


@pytest.fixture
def enter(browser: Browser, city: RunningCity, request: pytest.FixtureRequest) -> Iterator[Callable[..., Person]]:
    """`enter("dispatcher", "zh")`: somebody opens a browser of his own. Closed at the end; pictured first if the journey failed."""
    inside: list[Person] = []

    def come(login: str | None, language: str = "zh", **more: object) -> Person:
        inside.append(Person(browser, more.pop("city", city), login, language, **more))
        return inside[-1]

    yield come
    if getattr(request.node, "failed", False):
        folder = Path(tempfile.mkdtemp(prefix=f"chengyun-{request.node.name.replace('[', '-').rstrip(']')}-"))
        for number, person in enumerate(inside):
            person.picture(folder / f"{number}-{person.login or 'nobody'}.png")
        print(f"\npictures of the pages: {folder}")
    for person in inside:
        person.leave()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    if call.when == "call" and outcome.get_result().failed:
        item.failed = True  # type: ignore[attr-defined]
