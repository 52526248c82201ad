"""Eight hours without a network: a collector and a handler do their day on their phones, and all of it arrives, once and in order."""

import io
import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, expect

from chengyun_demo import photos
from journeys.bad_line import BadLine, bad_line
from journeys.people import PATIENCE_MS, Person
from journeys.running_city import RunningCity

REPORTS, CHECKS = 30, 12
BETWEEN = timedelta(hours=8) / (REPORTS + CHECKS)
CLOCK_GAINS = 90.0
"""Seconds by which the phone's clock runs ahead of the city's in these eight hours."""
SCENES = [f"{theme}-{variant}-before" for theme in ("litter", "bin", "road", "street", "vendor") for variant in (1, 2)]
STEP = 0.00045
"""Degrees of longitude between two reports, some 43 m: the same type comes again after 260 m, which is another matter."""
ALL_KEPT = """async () => { const shelf = await caches.open('chengyun-files-1'), listed = await (await fetch('/files.json')).json();
  const have = (await shelf.keys()).map((r) => new URL(r.url).pathname);
  return Boolean(navigator.serviceWorker.controller) && Object.values(listed).every((each) => have.includes('/' + each.file)); }"""
TASKS_KEPT = "(n) => Object.keys(localStorage).filter((key) => key.startsWith('cy.task.')).length === n"


class Phone:
    """A person's phone on a line that can fail, whose clock goes as we say."""

    def __init__(self, person: Person, city: RunningCity, line: BadLine) -> None:
        self.person, self.city, self.line, self.page = person, city, line, person.page
        person.context.clock.install(time=city.now())
        self.page.goto("/phone/today")
        person.until(ALL_KEPT)
        self.page.reload()
        expect(self.todo).to_have_text(str(len(self.in_hand())), timeout=PATIENCE_MS)
        person.until(TASKS_KEPT, len(self.in_hand()))

    @property
    def todo(self) -> Locator:
        return self.page.locator("[data-todo]")

    def in_hand(self) -> list[int]:
        """The tasks of today by the interface."""
        found: dict[int, None] = {}
        for head in self.person.asks("/tasks/queues")["queues"]:
            if head["count"]:
                found |= dict.fromkeys(row["id"] for row in self.person.asks(f"/tasks/queues/{head['key']}", limit=50)["rows"])
        return list(found)

    def loses_network(self) -> None:
        self.person.context.set_offline(True)
        expect(self.page.locator(".net")).to_contain_text(self.person.reads("net.offline"))

    def finds_network(self) -> None:
        self.person.context.set_offline(False)

    def time_goes_by(self, by: timedelta, gained: float = 0.0) -> None:
        self.page.clock.fast_forward(int((by.total_seconds() + gained) * 1000))

    def now(self) -> datetime:
        """What the phone's clock says."""
        return datetime.fromtimestamp(self.page.evaluate("Date.now()") / 1000, self.city.now().tzinfo)

    def takes(self, name: str, body: bytes) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("label.shutter").click()
        chooser.value.set_files({"name": name, "mimeType": "image/jpeg", "buffer": body})

    def waits(self, count: int) -> None:
        """The badge says how many things wait on the phone."""
        words = self.person.reads("net.offline_waiting", n=count) if count else self.person.reads("net.online")
        expect(self.page.locator(".net")).to_have_text(words, timeout=PATIENCE_MS)

    def begins_report(self, body: bytes, words: str) -> None:
        self.page.locator('a.cy-act[href="/phone/report"]').click()
        self.takes("photo.jpg", body)
        self.page.get_by_placeholder(self.person.reads("report.words")).fill(words)
        expect(self.page.locator(".place")).to_contain_text(re.compile(r"±8 m"))

    def sends_report(self, kind: int) -> None:
        self.page.locator("button.tile").nth(kind).click()
        self.page.get_by_role("button", name=self.person.reads("report.send")).click()
        self.page.wait_for_url("**/phone/today")

    def does(self, case: int, act: str, body: bytes | None = None) -> None:
        self.page.locator(f'a[href="/phone/task/{case}"]').click()
        self.page.locator(f'[data-act="{act}"]').click()
        if body is not None:
            self.takes("photo.jpg", body)
            self.page.locator('[data-act="hand"]').click()
        self.page.wait_for_url("**/phone/today")

    def is_cut_off(self) -> None:
        """The line has broken by itself, and the phone has noticed."""
        assert self.line.down.wait(PATIENCE_MS / 1000)
        expect(self.page.locator(".net")).to_contain_text(self.person.reads("net.offline"), timeout=PATIENCE_MS)
        expect(self.page.locator('[data-do="send"]')).to_be_enabled(timeout=PATIENCE_MS)

    def sends_now(self) -> None:
        self.line.mend()
        self.page.locator('[data-do="send"]').click()


def large_photo() -> bytes:
    """What a camera of twelve million points makes of a hedge: two pieces and a bit."""
    kept = io.BytesIO()
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(kept, "JPEG", quality=93)
    assert 2**20 < len(kept.getvalue()) < 3 * 2**20
    return kept.getvalue()


def hand_out_checks(desk: Person, collector: Person) -> list[int]:
    """The morning's work: enough cases for the collector to check."""
    me = collector.asks("/session")["person"]["id"]
    mine = [row["id"] for row in collector.asks("/tasks/queues/my_checks", limit=50)["rows"] if row["state"] == "checking"]
    for row in desk.asks("/tasks/queues/check", limit=50)["rows"]:
        if len(mine) == CHECKS:
            break
        if row["id"] in mine or row["state"] != "checking":
            continue
        acts = {each["action"]: each for each in desk.asks(f"/cases/{row['id']}")["next_actions"]}
        choices = acts.get("reassign_check", {}).get("choices", {}).get("checker", [])
        if me in [each["value"] for each in choices]:
            body = {"action": "reassign_check", "expected_seq": row["seq"], "facts": {"checker": me}}
            desk.sends(f"/cases/{row['id']}/actions", body, f"morning-{row['id']}")
            mine.append(row["id"])
    assert len(mine) == CHECKS
    return mine


def test_a_day_without_network_arrives_whole_once_and_in_order(enter: Callable[..., Person], city: RunningCity) -> None:
    with bad_line(city.address) as line:
        through = replace(city, address=line.address)
        desk, other = enter("intake", "zh"), enter("handler", "en", city=through)
        collector = enter("collector", "zh", city=through)
        checks = hand_out_checks(desk, collector)
        phone, handlers = Phone(collector, city, line), Phone(other, city, line)
        repair = next(row["id"] for row in other.asks("/tasks/queues/my_tasks")["rows"] if row["state"] == "handling")
        verifications = len(phone.in_hand()) - CHECKS
        lon, lat = city.built.centre.lon, city.built.centre.lat
        left = city.now()
        for each in (phone, handlers):
            each.loses_network()

        # The day. The pages open and reload without a network, and a report half made is there again.
        made: list[tuple[str, datetime]] = []
        done: list[tuple[int, datetime]] = []
        kinds, waiting = itertools.cycle(range(6)), 0
        for n in range(REPORTS):
            collector.context.set_geolocation({"longitude": lon + (n - REPORTS / 2) * STEP, "latitude": lat, "accuracy": 8})
            words = f"第 {n + 1} 件 离线上报"
            phone.begins_report(large_photo() if n == 10 else photos.draw(SCENES[n % len(SCENES)]), words)
            if n in (4, 10):
                phone.page.reload()
                expect(phone.page.get_by_placeholder(collector.reads("report.words"))).to_have_value(words)
            phone.sends_report(next(kinds))
            made.append((words, phone.now()))
            waiting += 1
            if n % 5 in (0, 2) and len(done) < CHECKS:
                city.let_pass(BETWEEN)
                phone.time_goes_by(BETWEEN)
                case = checks[len(done)]
                phone.does(case, "check_pass", photos.draw("litter-1-check"))
                done.append((case, phone.now()))
                waiting += 1
            phone.waits(waiting)
            if n == 9:
                phone.page.locator(".keptcard a").click()
                expect(phone.page.locator("[data-waiting]")).to_have_count(waiting)
                phone.page.go_back()
            if n in (4, 20):
                phone.page.reload()
                phone.waits(waiting)
                expect(phone.todo).to_have_text(str(verifications + CHECKS - len(done)))
            if n == 12:
                handlers.does(repair, "arrive")
                handlers.does(repair, "finish", photos.draw("water-1-after"))
                handlers.waits(2)
            if n == 15:
                overtaken = done[1][0]
                desk.goes_to_queue("check")
                desk.picks(overtaken)
                desk.does("reassign_check", choices={"checker": "C901"})
            city.let_pass(BETWEEN)
            phone.time_goes_by(BETWEEN, CLOCK_GAINS if n == REPORTS - 1 else 0.0)
        assert (len(made), len(done), waiting) == (REPORTS, CHECKS, REPORTS + CHECKS)
        back = city.now()
        assert back - left >= timedelta(hours=8)

        # Back on the network, which breaks four times: inside a photo, and three times when something is stored and nobody hears of it.
        line.breaks_in("PATCH /api/v1/sources/uploads/", 400_000)
        phone.finds_network()
        phone.is_cut_off()
        for lost in (r"POST /api/v1/sources/uploads/", "POST /api/v1/sources/reports", f"POST /api/v1/cases/{checks[8]}/actions"):
            line.loses_answer_of(lost)
            phone.sends_now()
            phone.is_cut_off()
        phone.sends_now()
        phone.waits(0)
        handlers.finds_network()
        handlers.waits(0)

        # What was overtaken came back with its reason, who was faster, and what can still be done with the work.
        card = phone.page.locator("[data-refused]")
        expect(card).to_have_count(1)
        expect(card).to_contain_text(collector.reads("refused.moved_on"))
        expect(card).to_contain_text(collector.reads("event.reassign_check"))
        check_arrivals(city, desk, phone, made, done, overtaken, back)
        phone.page.goto("/phone/me")
        phone.page.get_by_role("button", name="English").click()
        collector.language = "en"
        phone.page.locator('nav a[href="/phone/today"]').click()
        expect(card).to_contain_text(collector.reads("refused.moved_on"))
        card.locator('[data-do="note"]').click()
        expect(card).to_have_count(0)
        phone.waits(0)
        told = desk.asks(f"/cases/{overtaken}")["timeline"][-1]
        assert (told["type"], [each["stage"] for each in told["evidence"]]) == ("note", ["document"])
        assert told["texts"]["note"]

        repaired = [each for each in desk.asks(f"/cases/{repair}")["timeline"] if each["captured_at"] and each["at"] >= iso(back)]
        assert [each["type"] for each in repaired] == ["arrive", "finish"]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def check_arrivals(
    city: RunningCity, desk: Person, phone: Phone, made: list[tuple[str, datetime]], done: list[tuple[int, datetime]], overtaken: int,
    back: datetime,
) -> None:  # fmt: skip
    """Thirty cases and eleven checks, each once, in the order of capture, with the phone's times and the city's apart."""
    rows = desk.asks("/cases", since=back.isoformat(), source="collector", limit=200)["rows"]
    found = [desk.asks(f"/cases/{row['id']}") for row in sorted(rows, key=lambda row: row["number"])]
    assert [case["description"] for case in found] == [words for words, _ in made]
    assert [case["id"] for case in found] == sorted(case["id"] for case in found)
    for case, (_, moment) in zip(found, made, strict=True):
        told(case["timeline"][0], moment, back)
        assert [each["stage"] for each in case["timeline"][0]["evidence"]] == ["before"]
    for case, moment in done:
        history = desk.asks(f"/cases/{case}")["timeline"]
        passed = [each for each in history if each["type"] == "check_pass"]
        if case == overtaken:
            assert not passed
        else:
            told(passed[-1], moment, back)
            assert len([each for each in passed if each["at"] >= iso(back)]) == 1
    expect(phone.todo).to_have_text(str(len(phone.in_hand())))
    expect(phone.page.locator("[data-sent-card]")).to_contain_text(str(len(made) + len(done) - 1))
    phone.page.locator("[data-sent-card]").click()
    expect(phone.page.locator("[data-sent]")).to_have_count(len(made) + len(done) - 1)
    listed = phone.page.locator("[data-sent]").evaluate_all("(all) => all.map((each) => Number(each.dataset.sent))")
    assert sorted(listed) == sorted([case["id"] for case in found] + [case for case, _ in done if case != overtaken])


def told(entry: dict[str, Any], moment: datetime, back: datetime) -> None:
    captured, received = datetime.fromisoformat(entry["captured_at"]), datetime.fromisoformat(entry["at"])
    assert abs((captured - moment).total_seconds()) < 5
    assert received >= back and received > captured
    assert abs(entry["facts"]["clock_error_s"] - CLOCK_GAINS) < 10
