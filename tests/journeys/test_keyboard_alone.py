"""An intake officer and a dispatcher work through their queues without touching the mouse."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from journeys.people import PATIENCE_MS, Person
from journeys.running_city import RunningCity

SENT = re.compile(r"/cases/\d+/actions$")


def selected(person: Person) -> int:
    """The case of the chosen line."""
    line = person.page.locator('li.case[aria-selected="true"]')
    expect(line).to_have_count(1, timeout=PATIENCE_MS)
    return int(line.get_attribute("data-id") or 0)


def press(person: Person, *keys: str) -> None:
    for key in keys:
        person.page.keyboard.press(key)


def lines(person: Person, queue: str) -> list[int]:
    """The lines of the list, once they are those of the API in its order and one of them is chosen."""
    wanted: list[int] = [row["id"] for row in person.asks(f"/tasks/queues/{queue}", limit=50)["rows"]]
    person.until(
        """(wanted) => { const lines = [...document.querySelectorAll('li.case')];
          return lines.map((each) => Number(each.dataset.id)).join() === wanted.join()
            && lines.some((each) => each.ariaSelected === 'true'); }""",
        arg=wanted,
    )
    return wanted


def goes_by_keys(person: Person, queue: str) -> None:
    """[ and ] go from tab to tab, once the tabs are there."""
    expect(person.page.locator("nav[role=tablist] a").first).to_be_visible(timeout=PATIENCE_MS)
    for _ in range(20):
        if re.search(f"/work/{queue}($|[?])", person.page.url):
            expect(person.page.locator(f'nav[role=tablist] a[aria-selected="true"][href^="/work/{queue}"]')).to_be_visible()
            return
        before = person.page.url
        press(person, "]")
        person.until("(before) => location.href !== before", arg=before)
    raise AssertionError(f"no tab {queue}")


def finds(person: Person, queue: str, case: int) -> None:
    """J until the line is chosen."""
    order = lines(person, queue)
    for _ in range(order.index(case) - order.index(selected(person))):
        press(person, "j")
    assert selected(person) == case
    expect(person.page.locator(".detail [data-act]").first).to_be_visible(timeout=PATIENCE_MS)


def test_two_desks_work_through_their_queues_by_keyboard_alone(enter: Callable[..., Person], city: RunningCity) -> None:
    intake, dispatcher = enter("intake", "zh"), enter("dispatcher", "en")
    for person in (intake, dispatcher):
        person.page.mouse.move(0, 0)

    # Down, up, open, back; the sheet of keys; the search box.
    goes_by_keys(intake, "verify")
    first, second, *_ = lines(intake, "verify")
    press(intake, *["k"] * 50)
    assert selected(intake) == first
    press(intake, "j")
    assert selected(intake) == second
    press(intake, "k")
    assert selected(intake) == first
    press(intake, "Enter")
    intake.page.wait_for_url(re.compile(f"/cases/{first}$"))
    expect(intake.page.locator("#why-panel")).to_be_visible(timeout=PATIENCE_MS)
    press(intake, "t", "w", "Escape")
    intake.page.wait_for_url(re.compile("/work/verify"))
    press(intake, "Shift+Slash")
    expect(intake.page.get_by_text(intake.reads("keys.title")).first).to_be_visible()
    press(intake, "Escape")
    press(intake, "/")
    expect(intake.page.get_by_role("searchbox").first).to_be_focused()
    press(intake, "Escape")

    # The officer does the proposed act by A; what its form asks is filled by keys too.
    case, action = next(
        (row["id"], act) for row in intake.asks("/tasks/queues/verify", limit=50)["rows"] if (act := _proposed(intake, row["id"]))
    )
    finds(intake, "verify", case)
    with intake.page.expect_response(SENT) as sent:
        press(intake, "a")
        _fill_by_keys(intake)
    assert sent.value.ok and sent.value.json()["events"][0] == action, sent.value.text()

    # The dispatcher turns a return down with a reason, and sends what waits by D.
    goes_by_keys(dispatcher, "returned")
    case = lines(dispatcher, "returned")[0]
    finds(dispatcher, "returned", case)
    with dispatcher.page.expect_response(SENT) as sent:
        press(dispatcher, "a")
        _fill_by_keys(dispatcher)
    assert sent.value.ok and sent.value.json()["events"][0] == "reassign", sent.value.text()


def _proposed(person: Person, case: int) -> str | None:
    """The act that A does, if no picture is needed for it."""
    acts: list[dict[str, Any]] = person.asks(f"/cases/{case}")["next_actions"]
    able = [each for each in acts if each["proposed"] and each["why_not"] is None]
    return next((each["action"] for each in able if not any(need.startswith("photo") for need in each["needs"])), None)


def _fill_by_keys(person: Person) -> None:
    """Walk a form, if one opened, by Tab: the first choice of each list, a reason in each box; then Ctrl Enter."""
    form = person.page.get_by_role("dialog")
    try:
        form.wait_for(timeout=1500)
    except Exception:  # noqa: BLE001 - nothing was left to ask
        return
    if form.get_by_role("radio").count():
        person.page.evaluate("document.activeElement.blur()")
        press(person, "1")
    for _ in range(12):
        tag, kind = person.page.evaluate("[document.activeElement.tagName, document.activeElement.getAttribute('role') || '']")
        if tag == "TEXTAREA":
            person.page.keyboard.insert_text("by keyboard")
        elif kind == "combobox":
            press(person, "ArrowDown")
            person.page.wait_for_timeout(300)
            press(person, "ArrowDown", "Enter")
            person.page.wait_for_timeout(200)
        if form.locator("button[type=submit]:not([disabled])").count():
            break
        press(person, "Tab")
    expect(form.locator("button[type=submit]")).to_be_enabled(timeout=PATIENCE_MS)
    press(person, "Control+Enter")
