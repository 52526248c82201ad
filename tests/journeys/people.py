"""Somebody in front of a screen: a browser context of his own, the words he reads, and what the API tells him about the same things."""

import json
import os
import re
import time
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from playwright.sync_api import APIResponse, Browser, Locator, Page, Response, expect

from chengyun.screens.words import has
from chengyun.screens.words import say as server_says
from chengyun_demo import photos
from journeys.running_city import ROOT, RunningCity

PATIENCE_MS = 40_000
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
CITIZENS_AND_STREET = frozenset({"collector", "collector2", "handler", "cleaner", "gridworker", "citizen", None})
TAGS = {"zh": "zh-CN", "en": "en-GB"}
HOOK = "window.__ran = 0; for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => { window.__ran += 1; };"


@cache
def words_of(language: str) -> Mapping[str, str]:
    return json.loads((ROOT / "web" / "src" / "text" / f"{language}.json").read_text(encoding="utf-8"))


class Person:
    def __init__(
        self, browser: Browser, city: RunningCity, login: str | None, language: str, *, place: tuple[float, float] | None = None
    ) -> None:
        self.city, self.login, self.language = city, login, language
        on_foot = login in CITIZENS_AND_STREET
        lon, lat = place or (city.built.centre.lon, city.built.centre.lat)
        self.context = browser.new_context(
            base_url=city.address,
            locale=TAGS[language],
            timezone_id="Asia/Shanghai",
            viewport=PHONE if on_foot else DESK,  # type: ignore[arg-type]
            has_touch=on_foot,
            permissions=["geolocation"],
            geolocation={"longitude": lon, "latitude": lat, "accuracy": 8},
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(HOOK)
        self.page: Page = self.context.new_page()
        self.dialogs = 0
        self.answers: list[Response] = []
        self.page.on("dialog", self._meet_dialog)
        self.page.on("response", lambda answer: self.answers.append(answer))
        if login is not None:
            self.sign_in()

    def _meet_dialog(self, dialog: Any) -> None:
        self.dialogs += 1
        dialog.dismiss()

    # --- words

    def reads(self, key: str, **words: object) -> str:
        """The words of the pages for a key."""
        text = words_of(self.language)[key]
        return re.sub(r"\{(\w+)\}", lambda found: str(words.get(found[1], found[0])), text)

    def act_name(self, action: str) -> str:
        """The words on the button of an act, which the server gives."""
        key = f"action.{action}"
        return server_says(key, self.language) if has(key, self.language) else action  # type: ignore[arg-type]

    # --- pages

    def sign_in(self) -> None:
        assert self.login
        self.page.goto("/sign-in")
        self.page.get_by_label(self.reads("signin.account"), exact=True).fill(self.login)
        self.page.locator("input[name=password]").fill(self.city.accounts[self.login])
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def open(self, path: str) -> None:
        self.page.goto(path)

    def sees(self, words: str, within: Locator | None = None) -> None:
        expect((within or self.page).get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)

    def hands_file(self, place: Locator, scene: str) -> None:
        """Choose a picture in the file dialog that a click opens."""
        with self.page.expect_file_chooser() as chooser:
            place.click()
        chooser.value.set_files({"name": f"{scene}.jpg", "mimeType": "image/jpeg", "buffer": photos.draw(scene)})

    # --- acts at a desk

    def goes_to_queue(self, key: str) -> None:
        self.page.locator(f'nav[role=tablist] a[href^="/work/{key}"]').click()
        self.page.wait_for_url(re.compile(f"/work/{key}"))

    def picks(self, case: int) -> None:
        """Choose a line of the queue; new lines wait under a bar until somebody wants them."""
        line = self.page.locator(f'li[data-id="{case}"]')
        bar = self.page.locator("button.newbar")
        expect(line.or_(bar).first).to_be_visible(timeout=PATIENCE_MS)
        if not line.is_visible():
            self.page.keyboard.press("n")
        line.click()
        expect(self.page.locator(".detail [data-act]").first).to_be_visible(timeout=PATIENCE_MS)
        self.page.wait_for_url(re.compile(f"case={case}"))

    def does(self, action: str, *, texts: Mapping[str, str] | None = None, choices: Mapping[str, str] | None = None, photo: str = "",
             ticks: tuple[str, ...] = ()) -> Any:  # fmt: skip
        """Press the button of an act, fill what it asks, and send. Returns what the server answered."""
        button = self.page.locator(f'.acts [data-act="{action}"]')
        if not button.first.is_visible():
            self.page.locator(f'.acts button[aria-label="{self.reads("act.more")}"]').click()
        with self.page.expect_response(re.compile(r"/cases/\d+/actions$")) as sent:
            button.first.click()
            if texts or choices or photo or ticks:
                self._fill_form(texts or {}, choices or {}, photo, ticks)
        return self.answered(sent.value)

    def _fill_form(self, texts: Mapping[str, str], choices: Mapping[str, str], photo: str, ticks: tuple[str, ...]) -> None:
        form = self.page.get_by_role("dialog")
        for need, choice in choices.items():
            field = self._field(form, need)
            if field.locator(".el-select").count():
                field.locator(".el-select").click()
                field.locator("input").first.press_sequentially(choice)
                self.page.locator(".el-select-dropdown__item:visible", has_text=choice).first.click()
            else:
                field.get_by_role("radio").filter(has_text=choice).first.click()
        for need, words in texts.items():
            form.locator(f'textarea[name="{need}"]').fill(words)
        for need in ticks:
            self._field(form, need).get_by_role("button").first.click()
        if photo:
            self.hands_file(form.locator("label.cy-btn").first, photo)
        submit = form.locator("button[type=submit]")
        expect(submit).to_be_enabled(timeout=PATIENCE_MS)
        submit.click()

    def _field(self, form: Locator, need: str) -> Locator:
        return form.locator(".cy-field").filter(has=self.page.locator("span", has_text=self.reads(f"need.{need}"))).first

    # --- acts on a phone

    def opens_task(self, case: int) -> None:
        self.page.goto("/phone/today")
        self.page.locator(f'a[href="/phone/task/{case}"]').click()

    def does_on_the_phone(self, action: str, *, photo: str = "", texts: Mapping[str, str] | None = None) -> Any:
        with self.page.expect_response(re.compile(r"/cases/\d+/actions$")) as sent:
            self.page.locator(f'[data-act="{action}"]').click()
            if photo:
                self.takes(photo)
            for words in (texts or {}).values():
                self.page.locator("textarea").first.fill(words)
            hand = self.page.locator('[data-act="hand"]')
            if photo or texts:
                hand.click()
        return self.answered(sent.value)

    def takes(self, scene: str) -> None:
        """The shutter of a device without a live camera: its own camera, through the file dialog."""
        self.hands_file(self.page.locator("label.shutter"), scene)

    def answered(self, answer: Response) -> Any:
        assert answer.ok, f"{answer.url}: {answer.status} {answer.text()[:400]}"
        return answer.json()

    def until(self, script: str, arg: object = None, seconds: float = PATIENCE_MS / 1000) -> Any:
        """The first truthy answer of the page. Asked from outside: a page under our policy may not evaluate words itself."""
        end = time.monotonic() + seconds
        while not (found := self.page.evaluate(script, arg)):
            assert time.monotonic() < end, f"not within {seconds} s at {self.page.url}: {script}"
            self.page.wait_for_timeout(50)
        return found

    def shows(self, name: str) -> None:
        """A picture of the page for whoever looks at the journey with his own eyes: CHENGYUN_PICTURES names the folder."""
        if folder := os.environ.get("CHENGYUN_PICTURES"):
            self.page.wait_for_timeout(700)
            self.picture(Path(folder) / f"{name}-{self.login or 'nobody'}-{self.language}.png")

    def picture(self, path: Path) -> None:
        try:
            self.page.screenshot(path=path, full_page=True, timeout=5000)
        except Exception as fault:  # noqa: BLE001 - a picture that fails must not hide why the journey failed
            print(f"no picture of {path.name}: {fault}")

    def leave(self) -> None:
        self.context.close()

    # --- the API, as the same person

    def asks(self, path: str, **query: Any) -> Any:
        """What the API answers this person, in the language of his pages."""
        answer = self.context.request.get(
            f"/api/v1{path}", params={k: str(v) for k, v in query.items()}, headers={"Accept-Language": self.language}
        )
        assert answer.ok, f"GET {path}: {answer.status} {answer.text()[:300]}"
        return answer.json()

    def sends(self, path: str, body: Mapping[str, Any], key: str) -> Any:
        """A write by the session of the page, for what no page offers."""
        answer = self.posts(path, body, key)
        assert answer.ok, f"POST {path}: {answer.status} {answer.text()[:300]}"
        return answer.json()

    def posts(self, path: str, body: Mapping[str, Any], key: str) -> APIResponse:
        """The same, whatever the answer."""
        return self.context.request.post(f"/api/v1{path}", data=dict(body), headers=self._headers(key))

    def sends_photo(self, name: str, key: str) -> int:
        file = {"name": name, "mimeType": "image/jpeg", "buffer": photos.draw("litter-1-before")}
        form = {"file": file, "stage": "before"}
        answer = self.context.request.post("/api/v1/sources/attachments", multipart=form, headers=self._headers(key))  # type: ignore[arg-type]
        assert answer.ok, f"upload: {answer.status} {answer.text()[:300]}"
        return int(answer.json()["id"])

    def sends_in_pieces(self, name: str, media_type: str, key: str) -> APIResponse:
        """A photo announced first and sent after, as a phone on a bad network does. Returns the answer to the finished whole."""
        body = photos.draw("litter-1-before")
        told = {"size": len(body), "sha256": sha256(body).hexdigest(), "name": name, "media_type": media_type}
        upload = f"/sources/uploads/{self.sends('/sources/uploads', told, key)['id']}"
        headers = {**self._headers(key), "Content-Type": "application/octet-stream"}
        sent = self.context.request.patch(f"/api/v1{upload}?offset=0", data=body, headers=headers)
        assert sent.ok, f"PATCH {upload}: {sent.status} {sent.text()[:300]}"
        return self.posts(f"{upload}/finish", {}, f"{key}-finish")

    def _headers(self, key: str) -> dict[str, str]:
        return {"X-CSRFToken": self.asks("/session")["csrf"], "Idempotency-Key": key, "Referer": self.city.address}
