"""What machines found: a video patrol, a sensor's rule, another system. A finding becomes a report that a person confirms first.

The same finding (rule, kind, key, onset) is the same case however often it is sent: its own name is its idempotency key.
"""

import hashlib

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from chengyun.base.time import to_text
from chengyun.cases.desk import NewReport
from chengyun.cases.records import EvidenceStage, SourceFamily
from chengyun.screens import house
from chengyun.screens.api.acts import DoneOut, EvidenceIn, done_out, evidence_of
from chengyun.screens.api.asking import MachineKey, asking, origin
from chengyun.screens.api.moments import Moment
from chengyun.screens.api.problems import PROBLEMS

router = Router(tags=["sources"])


class FindingIn(Schema, extra="forbid"):
    """A finding. `score` and `model` are shown with their number, never as certainty; `onset` is event time."""

    source: SourceFamily = Field(description="video, sensor or exchange")
    rule: str = Field(min_length=1, max_length=64)
    rule_version: str = Field(default="1", max_length=20)
    kind: str = Field(min_length=1, max_length=40)
    key: str = Field(min_length=1, max_length=120, description="which camera, device or thing")
    category: str = Field(max_length=40)
    place: tuple[float, float] = Field(description="longitude, latitude in degrees WGS84")
    onset: Moment
    component: str | None = Field(default=None, max_length=24)
    score: float | None = Field(default=None, ge=0, le=1)
    model: str | None = Field(default=None, max_length=80)
    description: str = Field(default="", max_length=2000)
    attachments: list[int] = Field(default=[], max_length=6)


@router.post("/sources/findings", auth=MachineKey(), response={201: DoneOut, **PROBLEMS}, operation_id="finding_make")
def finding(request: HttpRequest, body: FindingIn) -> Status[DoneOut]:
    """Take in a finding of a machine client."""
    ask = asking(request)
    facts = {
        "category": body.category,
        "place": list(body.place),
        "component": body.component,
        "finding": {
            "rule": body.rule,
            "rule_version": body.rule_version,
            "kind": body.kind,
            "key": body.key,
            "onset": to_text(body.onset),
            "score": body.score,
            "model": body.model,
        },
    }
    report = NewReport(
        family=body.source,
        source_detail=body.rule,
        facts={name: value for name, value in facts.items() if value is not None},
        texts={"description": body.description} if body.description else {},
        evidence=evidence_of([EvidenceIn(id=each, stage=EvidenceStage.BEFORE) for each in body.attachments]),
        wants_answer=False,
        captured_at=body.onset,
    )
    return Status(201, done_out(house.current().desk.report(ask.reader, report, finding_id(body), origin(ask))))


def finding_id(body: FindingIn) -> str:
    """hash(rule, kind, key, onset): deterministic, so a finding delivered twice is one case (DESIGN 2, Findings)."""
    parts = (body.rule, body.kind, body.key, to_text(body.onset))
    return "finding-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
