"""A citizen's photo becomes a case, finds its unit, comes back once, is handled twice, checked twice, closed, answered and scored.

Only clicks and keys, by people in browsers of their own; in Chinese and in English. Where each of them walks is computed from the
generated city: a category with exactly one answer at a place, and one with none. Whatever figure stands on a page on the way is
compared with what the API answers the same person.
"""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import expect

from chengyun.base.geometry import Point
from chengyun.city.records import Category
from chengyun_demo.areas import community_code
from journeys.duty_list import DutyList
from journeys.page_numbers import (
    the_case_holds,
    the_duty_row_holds,
    the_own_report_holds,
    the_queue_holds,
    the_scores_hold,
    todays_tasks_hold,
)
from journeys.people import PATIENCE_MS, Person
from journeys.running_city import RunningCity

COMMUNITY = {"zh": "C", "en": "K"}
"""Each run walks in a community of its own on the fringe of the street, so that neither meets the other's cases and rows."""
SECONDS_TO_QUEUE = 1.0
PHONE_OF_REPORTER = "10000000077"
WORDS = {
    "zh": {
        "report": "{name}。水面有油花，岸边有管口。",
        "urgent": "{name}。请尽快处理。",
        "again": "{name}。又有一处。",
        "not_ours": "管口属于区里的排水管网",
        "drainage": "排水口归排水所",
        "agreed": "会商：属地街道办理",
        "done": "第{n}次清理完成",
        "still": "水面仍有油花",
        "answer": "已封堵错接管口，水面已清理。感谢您的反映。",
        "switch": "河道污染按权责清单自动派遣",
    },
    "en": {
        "report": "{name}. There is an oil film on the water and a pipe in the bank.",
        "urgent": "{name}. Please deal with it soon.",
        "again": "{name}. There is another one here.",
        "not_ours": "The pipe belongs to the district's drainage network",
        "drainage": "The outlet is the drainage office's",
        "agreed": "Agreed: the street office handles it",
        "done": "Cleaned, attempt {n}",
        "still": "There is still oil on the water",
        "answer": "We closed the wrongly connected pipe and cleaned the water. Thank you for telling us.",
        "switch": "River pollution goes by the duty list",
    },
}
WATCH = """() => {
  const tab = document.querySelector('nav[role=tablist] a[aria-selected=true] b');
  const before = tab.textContent;
  window.__arrived = 0;
  const watcher = new MutationObserver(() => {
    const now = document.querySelector('nav[role=tablist] a[aria-selected=true] b').textContent;
    if (now !== before && document.querySelector('button.newbar')) { watcher.disconnect(); window.__arrived = Date.now(); }
  });
  watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
"""Notes when the tab's count and the bar over the list tell of a new case: nobody touches that page meanwhile, and a page that
were loaded anew would have forgotten that it watches."""


def reports(citizen: Person, category: Category, place: Point, words: str, contact: bool = False) -> tuple[dict[str, Any], float]:
    """Photo, place, words, type, send. Returns what the city answered, and when it had (seconds since 1970)."""
    page = citizen.page
    citizen.context.set_geolocation({"longitude": place.lon, "latitude": place.lat, "accuracy": 8})
    citizen.open("/citizen")
    citizen.sees(citizen.reads("citizen.here"))
    citizen.hands_file(page.locator("label.add"), "water-1-before")
    name = category.name_zh if citizen.language == "zh" else category.name_en
    page.get_by_label(citizen.reads("citizen.what")).fill(name)
    chosen = page.locator("p.type b", has_text=re.compile(f"^{re.escape(name)}$"))
    expect(chosen).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label(citizen.reads("citizen.what")).fill(words.format(name=name))
    if contact:
        page.get_by_label(citizen.reads("citizen.phone")).fill(PHONE_OF_REPORTER)
        page.get_by_label(citizen.reads("citizen.name")).fill("林七七")
    citizen.shows("report")
    send = page.get_by_role("button", name=citizen.reads("citizen.submit"))
    expect(send).to_be_enabled(timeout=PATIENCE_MS)
    with page.expect_response(re.compile("/sources/reports$")) as sent:
        send.click()
    made = citizen.answered(sent.value)
    sent.value.finished()
    timing = sent.value.request.timing
    page.wait_for_url(re.compile("/citizen/mine/"))
    return made, (timing["startTime"] + timing["responseEnd"]) / 1000


def quiet_places(lead: Person, duty: DutyList, letter: str, category: Category) -> list[Point]:
    return list(duty.quiet_places(letter, 1, lead.asks("/cases", open="true", category=category.code, limit=200)["rows"]))


def has_row(lead: Person, category: Category, letter: str) -> bool:
    """Whether the list has meanwhile got a row for it there."""
    rows = lead.asks("/city/duty-list", category=category.code, limit=200)["rows"]
    return any(row["area"] == community_code(letter) for row in rows)


def arrives(office: Person, case: int, had: float) -> float:
    """Seconds from the city's answer until the unit's page told of it, with nobody touching that page."""
    seconds = float(office.until("window.__arrived")) / 1000 - had
    office.page.keyboard.press("n")
    expect(office.page.locator(f'li[data-id="{case}"]')).to_be_visible(timeout=PATIENCE_MS)
    return seconds


def page_tells_why(person: Person, case: int) -> dict[str, Any]:
    """The case page gives the sentence, the row, and each of the four checks that the API gives; and every number on it holds."""
    person.open(f"/cases/{case}")
    panel = person.page.locator("#why-panel")
    told: dict[str, Any] = person.asks(f"/cases/{case}")
    why = told["why"]
    expect(panel.get_by_text(why["sentence"])).to_be_visible(timeout=PATIENCE_MS)
    for check in why["checks"]:
        expect(panel.get_by_text(check["found"], exact=False).first).to_be_visible()
    if why["row"]:
        expect(panel).to_contain_text(why["row"]["number"])
    the_case_holds(person, told)
    return told


def switches_on(admin: Person, category: Category, reason: str) -> int:
    """Setup: this category is dispatched without a hand, and why. Returns the version of the settings."""
    page = admin.page
    admin.open("/setup")
    form = page.locator("form.fields")
    field = form.locator(".el-select").first
    field.click()
    name = category.name_zh if admin.language == "zh" else category.name_en
    field.locator("input").first.press_sequentially(name)
    page.locator(".el-select-dropdown__item:visible", has_text=re.compile(f"^{re.escape(name)}$")).first.click()
    form.locator("select[name=step]").select_option("dispatch")
    form.locator("button", has_text=re.compile(f"^{re.escape(admin.reads('switch.on'))}$")).click()
    form.locator("input[name=reason]").fill(reason)
    with page.expect_response(re.compile("/settings/switches$")) as sent:
        form.locator("button[type=submit]").click()
    made = admin.answered(sent.value)
    admin.sees(reason)
    line = page.locator("tbody tr", has_text=name)
    shown = [each.get_attribute("aria-checked") == "true" for each in line.get_by_role("switch").all()]
    settings = admin.asks("/settings")
    assert shown == [step in made["steps"] for step in settings["steps"]] and "dispatch" in made["steps"]
    admin.shows("setup")
    return int(made["version"])


def cases_of(lead: Person, unit: int) -> set[int]:
    """Every case that counts for the unit this month: the list behind the number. The city goes on meanwhile: it may send the unit one by
    itself, or an older case comes to count because its day has come."""
    found: set[int] = set()
    after: dict[str, str] = {}
    while True:
        page = lead.asks(f"/evaluation/units/{unit}/cases", indicator="charged", limit=200, **after)
        found |= {row["id"] for row in page["rows"]}
        if not page["next"]:
            return found
        after = {"after": page["next"]}


def went_by_itself(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(each["type"], each["actor"]["kind"]) for each in told["timeline"]]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_citizens_report_goes_all_the_way_to_answer_and_score(enter: Callable[..., Person], city: RunningCity, language: str) -> None:
    duty, words = DutyList(city.built), WORDS[language]
    lead = enter("lead", language)
    letter = COMMUNITY[language]
    somewhere = next(duty.places(letter, 1))
    known = next(each for each in duty.answered_by("ST2", somewhere) if each.number == "06026")
    gap = next(each for each in duty.unanswered(somewhere) if not has_row(lead, each, letter))
    at_the_river = quiet_places(lead, duty, letter, known)[0]
    here, there = quiet_places(lead, duty, letter, gap)[:2]
    assert gap in list(duty.unanswered(here)) and gap in list(duty.unanswered(there))
    orgs = city.built.organisations
    drainage = city.built.organisation(orgs.id("WTB-DR"))
    street = city.built.organisation(orgs.id("ST2"))
    drainage_name, street_name = (org.name_zh if language == "zh" else org.name_en for org in (drainage, street))

    admin, citizen = enter("admin", language), enter("citizen", language)
    office, clerk = enter("street", language), enter("clerk", language)
    intake, dispatcher = enter("intake", language), enter("dispatcher", language)
    handler, collector = enter("handler", language), enter("collector2", language)
    for desk in (clerk, intake, dispatcher):
        desk.page.keyboard.press("m")  # the list without its map: drawn by hand on a machine without a graphics card, nine maps are slow
    seconds = []
    score_before, held_before = the_scores_hold(lead, drainage.id, "rework_rate"), cases_of(lead, drainage.id)
    version = switches_on(admin, known, words["switch"])

    # It reaches the unit without a human, and the unit sees it arrive.
    office.goes_to_queue("handle")
    the_queue_holds(office)
    office.page.evaluate(WATCH)
    made, had = reports(citizen, known, at_the_river, words["report"], contact=True)
    case, code = made["case"], made["code"]
    seconds.append(arrives(office, case, had))
    office.shows("queue")
    told = page_tells_why(lead, case)
    assert told["why"]["decision"] == "found" and told["why"]["row"]["unit"]["id"] == street.id
    assert went_by_itself(told) == [("report", "person"), ("file", "timer"), ("dispatch", "timer")]
    for act in ("file", "dispatch"):
        reasons = lead.page.locator(f'.story .entry[data-type="{act}"] .reasons')
        expect(reasons).to_contain_text(lead.reads("reason.settings", version=version))
    for condition in ("category_chosen", "inside_a_grid", "photo", "no_duplicate", "one_standard_entry", "switched_on"):
        expect(lead.page.locator('.story .entry[data-type="file"] .reasons')).to_contain_text(lead.reads(f"condition.{condition}"))
    lead.shows("case-by-itself")
    the_queue_holds(office)

    # The street says it is not theirs; the dispatcher agrees and sends it to the drainage office.
    office.picks(case)
    assert PHONE_OF_REPORTER not in office.page.inner_text("body")
    office.does("return", texts={"reason": words["not_ours"]})
    dispatcher.goes_to_queue("returned")
    dispatcher.picks(case)
    dispatcher.shows("returned")
    dispatcher.does("reassign", choices={"unit": drainage_name}, texts={"reason": words["drainage"]})
    the_queue_holds(dispatcher)

    # Two more of a kind nobody answers for: the first is talked over and written back, the second goes by the new row.
    made, _ = reports(citizen, gap, here, words["urgent"])
    second = made["case"]
    assert page_tells_why(lead, second)["why"]["decision"] == "none"
    lead.shows("case-gap")
    dispatcher.goes_to_queue("consult")
    dispatcher.picks(second)
    dispatcher.does("conclude_consult", choices={"unit": street_name}, texts={"reason": words["agreed"]}, ticks=("write_back",))
    settled = page_tells_why(lead, second)
    assert settled["why"]["decision"] == "consultation" and made["number"] in settled["why"]["sentence"]
    row = settled["why"]["row"]
    lead.shows("case-consulted")

    office.goes_to_queue("handle")
    the_queue_holds(office)
    office.page.evaluate(WATCH)
    made, had = reports(citizen, gap, there, words["again"])
    third = made["case"]
    seconds.append(arrives(office, third, had))
    by_new_row = page_tells_why(lead, third)["why"]
    assert by_new_row["decision"] == "found" and by_new_row["row"]["id"] == row["id"]
    assert by_new_row["row"]["unit"]["id"] == street.id and by_new_row["row"]["number"] == row["number"]
    the_duty_row_holds(dispatcher, row["number"])
    dispatcher.shows("duty-row")

    # Handled with a photo, failed once, handled again, passed.
    dispatcher.open("/work/dispatch")
    clerk.goes_to_queue("handle")
    clerk.picks(case)
    clerk.does("accept")
    clerk.picks(case)
    clerk.does("assign", choices={"handler": handler.asks("/me")["person"]["number"]})
    for attempt, verdict in enumerate(("check_fail", "check_pass"), start=1):
        todays_tasks_hold(handler)
        handler.shows("today")
        handler.opens_task(case)
        handler.shows("task")
        handler.does_on_the_phone("finish", photo=f"water-{attempt}-after")
        clerk.goes_to_queue("confirm")
        clerk.picks(case)
        clerk.does("feedback", texts={"result": words["done"].format(n=attempt)})
        intake.goes_to_queue("check")
        intake.picks(case)
        drawn = intake.asks(f"/cases/{case}")["state"] == "checking"
        intake.does("reassign_check" if drawn else "order_check", choices={"checker": collector.asks("/me")["person"]["number"]})
        todays_tasks_hold(collector)
        collector.opens_task(case)
        collector.shows("check")
        fails = verdict == "check_fail"
        collector.does_on_the_phone(verdict, photo=f"water-{attempt}-check", texts={"reason": words["still"]} if fails else None)
        if fails:
            assert lead.asks(f"/cases/{case}")["counts"]["reworks"] == 1
    the_queue_holds(clerk)

    # Answered and closed; the reporter reads the answer and says that it is solved.
    assert not the_own_report_holds(citizen, code)["finished"]
    citizen.shows("own-report-open")
    intake.goes_to_queue("close")
    intake.picks(case)
    intake.does("answer", texts={"answer": words["answer"]})
    intake.picks(case)
    intake.shows("closing")
    done = intake.does("close")
    assert done["state"] == "evaluated"
    the_queue_holds(intake)
    closed = page_tells_why(lead, case)
    assert closed["state"] == "evaluated" and closed["counts"]["returns"] == 1 and all(each["answered"] for each in closed["reporters"])
    lead.shows("case-closed")
    own = the_own_report_holds(citizen, code)
    assert own["finished"] and [each["text"] for each in own["answers"]] == [words["answer"]] and own["can_rate"]
    citizen.shows("own-report-closed")
    with citizen.page.expect_response(re.compile("/rating$")) as rated:
        citizen.page.get_by_role("button", name=citizen.reads("citizen.yes"), exact=True).click()
    assert not citizen.answered(rated.value)["can_rate"]

    # The score of the unit that handled it has changed, and the case stands behind the figure that changed it.
    score = the_scores_hold(lead, drainage.id, "rework_rate")
    lead.shows("scores")
    before, after = ({each["key"]: each for each in line["figures"]} for line in (score_before, score))
    assert after["rework_rate"]["numerator"] == before["rework_rate"]["numerator"] + 1
    assert after["rework_rate"]["denominator"] == before["rework_rate"]["denominator"] + 1
    came = cases_of(lead, drainage.id) - held_before
    by_themselves = {each: went_by_itself(lead.asks(f"/cases/{each}")) for each in came - {case}}
    assert case in came and all(acts[-1][1] == "timer" for acts in by_themselves.values()), by_themselves
    assert score["cases"] == score_before["cases"] + len(came), (came, by_themselves)
    assert score["score"] != score_before["score"]
    expect(lead.page.locator(f'section.behind a[href="/cases/{case}"]')).to_be_visible()

    print(f"\nin the unit's queue {language}: {', '.join(f'{each:.2f}' for each in seconds)} s after the city's answer")
    if os.environ.get("CHENGYUN_DRILL"):
        assert max(seconds) <= SECONDS_TO_QUEUE
