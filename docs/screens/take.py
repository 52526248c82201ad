"""Takes the pictures of the README from a running demo city: workbench, case page, phone.

    uv run --with playwright python docs/screens/take.py http://127.0.0.1:8000 FOLDER/accounts.json

Needs a Chromium: the one named by CHENGYUN_CHROMIUM, or /usr/bin/chromium.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright  # type: ignore[import-not-found, unused-ignore]

HERE = Path(__file__).parent
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@contextmanager
def signed_in(browser: Browser, address: str, account: dict[str, str], size: dict[str, int]) -> Iterator[Page]:
    context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("input[autocomplete=username]", account["login"])
    page.fill("input[type=password]", account["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page
    context.close()


def shoot(page: Page, name: str) -> None:
    """Only once nothing is under way any more and the map has drawn its last tile."""
    page.wait_for_timeout(4000)
    page.screenshot(path=HERE / f"{name}.png")


def take(address: str, accounts: dict[str, dict[str, str]]) -> None:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHENGYUN_CHROMIUM", "/usr/bin/chromium"), args=list(FLAGS))
        with signed_in(browser, address, accounts["dispatcher"], DESK) as page:
            page.wait_for_selector(".case.on")
            shoot(page, "workbench")
        with signed_in(browser, address, accounts["clerk"], DESK) as page:
            page.wait_for_selector(".case.on")
            page.keyboard.press("Enter")
            page.wait_for_selector(".clockbar")
            shoot(page, "case")
        with signed_in(browser, address, accounts["collector"], PHONE) as page:
            page.wait_for_selector("a.task")
            shoot(page, "phone")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    take(sys.argv[1].rstrip("/"), {each["login"]: each for each in json.loads(Path(sys.argv[2]).read_text())["accounts"]})
