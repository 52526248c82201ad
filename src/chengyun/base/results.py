"""Answers of the rules. A refusal is an answer with a reason code, not an accident."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Refused:
    """`reason` is a code of the closed list in the texts; `facts` fill its sentence (who could, until when, which rule)."""

    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)
