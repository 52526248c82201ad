"""What the city lets happen without a person, switch by switch: each change a new version, with its reason and its author."""

from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from chengyun.base.time import to_text
from chengyun.cases import access
from chengyun.screens import house
from chengyun.screens.api.asking import Session, allowed, asking
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.stores.city_book import CALENDARS, CASES
from chengyun.stores.city_load import hold_settings, write_setting
from chengyun.stores.flows import check_category
from chengyun.stores.reasons import read_reasons, write_reason

router = Router(tags=["settings"])

STEPS = ("file", "dispatch", "feedback", "check", "close", "score")
Step = Literal["file", "dispatch", "feedback", "check", "close", "score"]


class SwitchesOut(Schema):
    category: str = Field(description="a category, a major such as 2026:06, or * for all others")
    steps: list[str]


class VersionOut(Schema):
    key: str
    version: int
    valid_from: str
    reason: str | None = None


class SettingsOut(Schema):
    version: int
    automatic: list[SwitchesOut]
    steps: list[str]
    max_extensions: int
    max_suspensions: int
    returns_before_consult: int
    duplicate_radius_m: float
    duplicate_hours: float
    recheck_share: float
    simple: list[str]
    history: list[VersionOut]
    as_of: str


class SwitchIn(Schema, extra="forbid"):
    category: str = Field(min_length=1, max_length=40)
    step: Step
    on: bool
    reason: str = Field(min_length=4, max_length=200)


class SwitchedOut(Schema):
    version: int
    category: str
    steps: list[str]
    repeated: bool = False


@router.get("/settings", auth=Session(csrf=False), response={200: SettingsOut, **PROBLEMS}, operation_id="settings_read")
def read(request: HttpRequest) -> SettingsOut:
    ask = asking(request)
    allowed(ask, "settings.read")
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    found = held.case_settings(now)
    reasons = read_reasons(held, now)
    history = sorted((s for s in held.settings if s.key in (CASES, CALENDARS)), key=lambda s: (s.key, -s.version))[:50]
    return SettingsOut(
        version=found.version,
        automatic=[SwitchesOut(category=key, steps=sorted(steps, key=STEPS.index)) for key, steps in sorted(found.automatic.items())],
        steps=list(STEPS),
        max_extensions=found.max_extensions,
        max_suspensions=found.max_suspensions,
        returns_before_consult=found.returns_before_consult,
        duplicate_radius_m=found.duplicate_radius_m,
        duplicate_hours=found.duplicate_window.total_seconds() / 3600,
        recheck_share=found.recheck_share,
        simple=sorted(found.simple),
        history=[
            VersionOut(key=s.key, version=s.version, valid_from=to_text(s.valid_from), reason=reasons.get(f"{s.key}.{s.version}"))
            for s in history
        ],
        as_of=to_text(now),
    )


@router.post("/settings/switches", auth=Session(), response={201: SwitchedOut, **PROBLEMS}, operation_id="setting_switch")
def switch(request: HttpRequest, body: SwitchIn) -> Status[SwitchedOut]:
    """Switch one step of one category on or off. What is switched here stands before the switch of its major, and that before `*`."""
    ask = asking(request)
    answer = allowed(ask, "settings.switch")
    faults = access.check_fields({post.role for post in answer.posts}, "settings.switch", set(body.model_fields_set))
    if faults:
        raise Answered(422, "bad_input", faults[0].reason, {"field": faults[0].field})
    here = house.current()
    now, book = here.clock.now(), here.book.held(ask.tenant)
    check_category(book, body.category, now)

    def act() -> Mapping[str, object]:
        held = hold_settings(book)
        kept = held.setting(CASES, now)
        value: dict[str, Any] = dict(kept.value) if kept is not None else {}
        automatic = {key: sorted(steps) for key, steps in held.case_settings(now).automatic.items()}
        steps = set(_inherited(automatic, body.category))
        steps = steps | {body.step} if body.on else steps - {body.step}
        automatic[body.category] = sorted(steps, key=STEPS.index)
        version = write_setting(ask.tenant, CASES, value | {"automatic": automatic}, now, ask.person, now)
        write_reason(held, f"{CASES}.{version}", body.reason, ask.person, now)
        about = f"automatic:{body.category}:{body.step}"
        note(ask, answer, "settings.switch", about, "on" if body.on else "off", before=value.get("automatic"), after=automatic)
        return {"version": version, "category": body.category, "steps": automatic[body.category]}

    kept, repeated = do_once(request, ask, "setting_switch", body.dict(), act)
    here.book.forget(ask.tenant)
    return Status(201, SwitchedOut(**kept, repeated=repeated))


def _inherited(automatic: Mapping[str, list[str]], category: str) -> list[str]:
    """What holds for it now: its own switches, else its major's, else those of all."""
    keys = [category]
    if category.count(":") == 2:
        scheme, _, number = category.split(":")
        keys.append(f"{scheme}:{number[:2]}")
    return next((list(automatic[key]) for key in [*keys, "*"] if key in automatic), [])
