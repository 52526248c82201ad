"""Writing on cases: an act moves one, many acts answer one by one. All through the desk."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, JsonValue

from chengyun.base.errors import ChengyunError
from chengyun.base.ids import AttachmentId, CaseId
from chengyun.base.results import Refused
from chengyun.cases import access
from chengyun.cases.desk import Answer, Done, Order
from chengyun.cases.records import Evidence, EvidenceStage
from chengyun.screens import house
from chengyun.screens.api.answers import Told
from chengyun.screens.api.asking import Asking, Session, asking, idempotency_key, origin
from chengyun.screens.api.moments import Moment
from chengyun.screens.api.problems import PROBLEMS, Answered, settle
from chengyun.screens.words import has, say

router = Router()

MOST_AT_ONCE = 200
LONGEST_TEXT = 4000
Text = dict[str, str]
ClockError = Field(
    default=None,
    ge=-1e8,
    le=1e8,
    allow_inf_nan=False,
    description="seconds by which the device's city time was ahead of ours when they next met; negative if behind",
)


class EvidenceIn(Schema):
    id: int = Field(ge=1, le=2**53)
    stage: EvidenceStage


class ActIn(Schema, extra="forbid"):
    action: str = Field(min_length=1, max_length=40, pattern="^[a-z_]+$")
    expected_seq: int | None = Field(default=None, ge=1, le=2**31 - 1)
    facts: dict[str, JsonValue] = Field(default={}, max_length=40)
    texts: dict[str, str] = Field(default={}, max_length=10)
    evidence: list[EvidenceIn] = Field(default=[], max_length=12)
    captured_at: Moment | None = Field(default=None, description="when it was done on the device, by the city time it kept there")
    clock_error_s: float | None = ClockError


class ManyIn(Schema, extra="forbid"):
    items: list["OneOfMany"] = Field(min_length=1, max_length=MOST_AT_ONCE)


class OneOfMany(ActIn):
    case: int = Field(ge=1, le=2**53)


class DoneOut(Told):
    case: int
    number: str
    seq: int
    state: str
    events: list[str]
    proposals: list[int] = Field(description="cases that may be the same matter")
    repeated: bool = Field(description="the same key had done it before; nothing happened now")


class OneDone(Told):
    case: int
    done: DoneOut | None = None
    code: str | None = None
    reason: str | None = None
    message: str | None = None


class ManyOut(Told):
    results: list[OneDone]


RESERVED_FACTS = frozenset(
    {"conditions", "why", "main_state", "duty_row", "area_class", "absorbed", "released", "reporters", "children"}
) | {"clock_error_s"}
"""Facts that only the desk writes: nobody may send a reason or a duty row of his own making."""


@router.post("/cases/actions", auth=Session(), response={200: ManyOut, **PROBLEMS}, tags=["cases"], operation_id="cases_act_many")
def act_many(request: HttpRequest, body: ManyIn) -> ManyOut:
    """Do an act on many cases. Each is its own transaction with its own answer; one refusal stops no other."""
    ask = asking(request)
    key = idempotency_key(request)
    answer = access.may(ask.reader, "case.act_many", access.Target(ask.tenant))
    settle(answer)
    return ManyOut(results=[_one(ask, item, f"{key}/{position}") for position, item in enumerate(body.items)])


@router.post("/cases/{int:case}/actions", auth=Session(), response={200: DoneOut, **PROBLEMS}, tags=["cases"], operation_id="case_act")
def act(request: HttpRequest, case: int, body: ActIn) -> DoneOut:
    """Do one act of the lifecycle on a case, seen at `expected_seq`; 409 if it moved on meanwhile, 422 with the reason if refused."""
    ask = asking(request)
    return done_out(_act(ask, case, body, idempotency_key(request)))


def _act(ask: Asking, case: int, body: ActIn, key: str) -> Answer:
    reserved = sorted(RESERVED_FACTS & set(body.facts))
    if reserved:
        raise Answered(422, "bad_input", "field_forbidden", {"field": reserved[0]})
    long = next((name for name, words in body.texts.items() if len(words) > LONGEST_TEXT or len(name) > 40), None)
    if long is not None:
        raise Answered(422, "bad_input", "text_too_long", {"field": long[:40], "most": LONGEST_TEXT})
    order = Order(body.action, body.facts, body.texts, evidence_of(body.evidence), body.expected_seq, body.captured_at, body.clock_error_s)
    return house.current().desk.act(ask.reader, CaseId(case), order, key, origin(ask))


def _one(ask: Asking, item: OneOfMany, key: str) -> OneDone:
    try:
        answer = _act(ask, item.case, item, key)
    except ChengyunError as fault:
        return OneDone(case=item.case, code=fault.code, message=say(f"problem.{fault.code}", ask.language))
    except Answered as stop:
        return OneDone(case=item.case, code=stop.code, reason=stop.reason, message=_sentence(stop.reason, stop.facts, ask))
    if isinstance(answer, Done):
        return OneDone(case=item.case, done=_out(answer))
    if isinstance(answer, Refused):
        return OneDone(case=item.case, code="refused", reason=answer.reason, message=_sentence(answer.reason, dict(answer.facts), ask))
    code = "not_found" if answer.as_absent else "forbidden"
    return OneDone(case=item.case, code=code, message=say(f"problem.{code}", ask.language))


def _sentence(reason: str | None, facts: dict[str, Any], ask: Asking) -> str:
    key = f"refused.{reason}"
    return say(key if has(key, ask.language) else "problem.refused", ask.language, **facts)


def evidence_of(given: list[EvidenceIn]) -> tuple[Evidence, ...]:
    return tuple(Evidence(AttachmentId(each.id), each.stage) for each in given)


def done_out(answer: Answer) -> DoneOut:
    settle(answer)
    assert isinstance(answer, Done)
    return _out(answer)


def _out(done: Done) -> DoneOut:
    return DoneOut(
        case=done.case,
        number=done.number,
        seq=done.seq,
        state=done.state,
        events=list(done.events),
        proposals=list(done.proposals),
        repeated=done.repeated,
    )
