"""Words that would be a program: written by several roles in every field that takes words, then shown on every page that shows them."""

from collections.abc import Callable

import pytest

from journeys.duty_list import DutyList
from journeys.people import Person
from journeys.running_city import RunningCity

pytestmark = pytest.mark.unfinished

PAYLOADS = (
    "<script>window.__ran+=1</script>",
    "<img src=x onerror='window.__ran+=1'>",
    '"><svg onload=window.__ran+=1>',
    "javascript:window.__ran+=1",
    "{{constructor.constructor('window.__ran+=1')()}}",
    "</textarea><iframe srcdoc='<script>parent.__ran+=1</script>'></iframe>",
)
HOSTILE = " ".join(PAYLOADS)
SHORT = "<img src=x onerror=window.__ran+=1>"


def test_no_word_anybody_writes_is_ever_run_as_a_program(enter: Callable[..., Person], city: RunningCity) -> None:
    duty = DutyList(city.built)
    place = next(iter(duty.places("L", 3)))
    category = next(duty.answered_by("ST2", place))
    citizen, intake, lead, office = enter("citizen"), enter("intake"), enter("lead"), enter("street")
    hotline, auditor, dispatcher = enter("hotline"), enter("auditor"), enter("dispatcher")
    run = f"hostile-{city.now().timestamp()}"

    first = citizen.sends(
        "/sources/reports",
        {
            "category": category.code,
            "place": [place.lon, place.lat],
            "address": HOSTILE[:256],
            "description": HOSTILE,
            "contact": {"name": SHORT, "phone": "10000000001"},
            "attachments": [{"id": citizen.sends_photo(f"{SHORT}.jpg", f"{run}-photo"), "stage": "before"}],
        },
        f"{run}-report",
    )
    by_phone = hotline.sends(
        "/sources/reports",
        {"address": HOSTILE[:256], "description": HOSTILE, "contact": {"name": SHORT, "phone": "10000000002"}, "source_detail": SHORT[:40]},
        f"{run}-hotline",
    )
    for who, action, facts, texts in (
        (office, "return", {}, {"reason": HOSTILE}),
        (dispatcher, "refuse_return", {}, {"reason": HOSTILE}),
        (office, "accept", {}, {}),
        (lead, "supervise", {}, {"reason": HOSTILE}),
        (office, "answer_supervision", {}, {"note": HOSTILE}),
        (intake, "note", {}, {"note": HOSTILE}),
        (intake, "answer", {"reporter": None}, {"answer": HOSTILE}),
    ):
        if "reporter" in facts:
            facts = {"reporter": intake.asks(f"/cases/{first['case']}")["reporters"][0]["id"]}
        who.sends(f"/cases/{first['case']}/actions", {"action": action, "facts": facts, "texts": texts}, f"{run}-{action}")

    code = first.get("code") or first["number"]
    pages = [
        (citizen, ["/citizen/mine", f"/citizen/mine/{code}"]),
        (office, ["/work/handle", f"/cases/{first['case']}", "/notices", "/scores"]),
        (intake, ["/work/verify", f"/cases/{by_phone['case']}", f"/cases/{first['case']}", "/cases", "/cases?text=onerror", "/map"]),
        (lead, ["/work/underway", f"/cases/{first['case']}", "/notices"]),
        (dispatcher, ["/work/dispatch", "/city", f"/api/v1/cases/{first['case']}/print?kind=whole"]),
        (auditor, ["/audit", f"/cases/{first['case']}"]),
        (hotline, ["/hotline", f"/cases/{by_phone['case']}"]),
    ]
    shown = 0
    for person, paths in pages:
        for path in paths:
            person.open(path)
            person.page.wait_for_load_state("load")
            person.until("document.body.innerText.length > 20")
            person.page.wait_for_timeout(400)
            shown += "onerror" in person.page.inner_text("body")
            assert person.page.evaluate("window.__ran") == 0, f"{person.login} at {path}: words were run"
        assert person.dialogs == 0
        bare = [
            each.url for each in person.answers if each.url.startswith(city.address) and not each.headers.get("content-security-policy")
        ]
        assert not bare, f"answers without a content security policy: {sorted(set(bare))[:10]}"
    assert shown >= 6, "the words must have been on the pages for this to prove anything"
