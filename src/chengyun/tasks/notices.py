"""PURE. Who is told of an event of a case in the application, and by which sentence (design language, notices).

A notice points at work that came to somebody or at an answer he waits for; what he did himself, and what only moves on in a queue he looks
at anyway, is none. Whoever is named here is told only if he may read the case: the writer of notices asks the policy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chengyun.base.ids import OrgId, PersonId


class To(StrEnum):
    """Whom a sentence goes to."""

    HOLDER = "holder"
    """clerks of the unit that holds the case now"""
    FORMER = "former"
    """clerks of the unit that held it before the event"""
    ANSWERABLE = "answerable"
    """clerks of the unit that answers for it"""
    HANDLER = "handler"
    CHECKER = "checker"
    REPORTERS = "reporters"


@dataclass(frozen=True, slots=True)
class Address:
    """Clerks of a unit, or one person, and the kind of sentence."""

    kind: str
    unit: OrgId | None = None
    person: PersonId | None = None


SENTENCES: Mapping[str, tuple[tuple[str, tuple[To, ...]], ...]] = {
    "dispatch": (("new_task", (To.HOLDER,)),),
    "dispatch_urgent": (("urgent_task", (To.HOLDER,)),),
    "conclude_consult": (("new_task", (To.HOLDER,)),),
    "reassign": (("new_task", (To.HOLDER,)), ("return_accepted", (To.FORMER,))),
    "pass_down": (("new_task", (To.HOLDER,)),),
    "hand_up": (("new_task", (To.HOLDER,)),),
    "climb": (("new_task", (To.HOLDER,)),),
    "recall": (("recalled", (To.FORMER,)),),
    "refuse_return": (("return_refused", (To.HOLDER,)),),
    "assign": (("assigned", (To.HANDLER,)),),
    "grant_extension": (("extension_granted", (To.HOLDER, To.HANDLER)),),
    "refuse_extension": (("extension_refused", (To.HOLDER, To.HANDLER)),),
    "grant_suspension": (("suspension_granted", (To.HOLDER, To.HANDLER)),),
    "refuse_suspension": (("suspension_refused", (To.HOLDER, To.HANDLER)),),
    "wake": (("woken", (To.HOLDER, To.HANDLER)),),
    "send_back": (("rework", (To.HANDLER,)),),
    "rework": (("rework", (To.HOLDER, To.HANDLER)),),
    "check_fail": (("rework", (To.HOLDER, To.HANDLER)),),
    "supervise": (("supervised", (To.HOLDER, To.ANSWERABLE)),),
    "urge": (("urged", (To.HOLDER, To.HANDLER)),),
    "order_verify": (("verify_ordered", (To.CHECKER,)),),
    "reassign_verify": (("verify_ordered", (To.CHECKER,)),),
    "order_check": (("check_ordered", (To.CHECKER,)),),
    "reassign_check": (("check_ordered", (To.CHECKER,)),),
    "review_appeal": (("appeal_decided", (To.ANSWERABLE,)),),
    "file": (("filed", (To.REPORTERS,)),),
    "ask_facts": (("asked", (To.REPORTERS,)),),
    "answer": (("answered", (To.REPORTERS,)),),
    "close": (("closed", (To.REPORTERS,)),),
    "force_close": (("closed", (To.REPORTERS,)),),
    "approve_void": (("not_taken", (To.REPORTERS,)),),
}
"""Event -> sentences and whom each goes to."""


def addresses(card: Mapping[str, Any]) -> tuple[Address, ...]:
    """Everybody to be told of the event on this card; nobody twice, the first sentence counts."""
    found: dict[tuple[OrgId | None, PersonId | None], Address] = {}
    for kind, groups in SENTENCES.get(str(card.get("type")), ()):
        for to in groups:
            for address in _of(to, kind, card):
                found.setdefault((address.unit, address.person), address)
    return tuple(found.values())


def _of(to: To, kind: str, card: Mapping[str, Any]) -> Iterator[Address]:
    holders, former = card.get("holders") or (), (card.get("was") or {}).get("holders") or ()
    match to:
        case To.HOLDER if holders:
            yield Address(kind, unit=OrgId(holders[-1]))
        case To.ANSWERABLE if holders:
            yield Address(kind, unit=OrgId(holders[0]))
        case To.FORMER if former and former[-1] not in holders:
            yield Address(kind, unit=OrgId(former[-1]))
        case To.HANDLER if card.get("handler") is not None:
            yield Address(kind, person=PersonId(card["handler"]))
        case To.CHECKER if card.get("checker") is not None:
            yield Address(kind, person=PersonId(card["checker"]))
        case To.REPORTERS:
            yield from (Address(kind, person=PersonId(each)) for each in card.get("reporters") or ())
        case _:
            return
