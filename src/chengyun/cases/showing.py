"""PURE. What of a case's history a reader is shown: which events, whose names stand under them, which facts and words.

`access.may` says which groups of fields a reader sees; here every kind of event has its group, so that the case page, live events,
the citizen's page and the print show the same. A kind of event without a group is shown to nobody, and a test asks for it.
"""

from collections.abc import Mapping
from dataclasses import replace

from chengyun.cases.access import Allowed, Group, Reader
from chengyun.cases.records import Event
from chengyun.city.records import Role

_PUBLIC = (
    "report simple_close add_facts withdraw ask_facts file merge unmerge dispatch dispatch_urgent conclude_consult accept feedback close "
    "force_close approve_void restore reopen answer rate object open_identity"
)
_WORK = (
    "create_child admit order_verify reassign_verify recall_verify verify verify_absent ask_void refuse_void absorb release return_filing "
    "resubmit consult advise split child_closed child_reopened rejoin recall pass_down take_back hand_up climb return reassign "
    "refuse_return assign withdraw_handler arrive set_assisting assist_done ask_extension endorse refuse_extension grant_extension "
    "ask_suspension refuse_suspension grant_suspension wake withdraw_request finish send_back order_check reassign_check rework "
    "compare_photos check_pass check_fail score appeal review_appeal recheck urge supervise answer_supervision record_call raise_urgency "
    "lower_urgency confirm_finding correct retime warn escalate"
)
_CENTRE = "note leader_note"

GROUP_OF_EVENT: Mapping[str, Group] = {
    **dict.fromkeys(_PUBLIC.split(), Group.PUBLIC),
    **dict.fromkeys(_WORK.split(), Group.WORK),
    **dict.fromkeys(_CENTRE.split(), Group.INTERNAL_NOTE),
}
"""Public are the steps a citizen is told in plain words (design language 13); notes are the centre's, and their author's unit's."""

PUBLIC_WORDS = frozenset({"answer", "question"})
CENTRE_WORDS = frozenset({"note"})
"""Words in a report or a note that are meant for the centre. In a consultation or an answer to a supervision a note is work."""

PUBLIC_FACTS = frozenset({"category", "urgency", "unit"})
CENTRE_FACTS = frozenset({"checker", "blind", "reporter", "reporters", "contact"})
"""Who will check is not for the unit to know (domain 3.5: checks "by appointment"), and who reported neither (9.12)."""

SHELTERED = frozenset({Role.COLLECTOR, Role.CITIZEN, Role.ANONYMOUS})
"""Whoever reports or checks is named to the centre alone."""

_BY_THE_REPORTER = frozenset({"report", "add_facts", "withdraw", "object", "rate", "open_identity"})


def show_event(reader: Reader, answer: Allowed, event: Event) -> Event | None:
    """The event as this reader may see it, or None. `texts` names the words he may read; names of others are taken out."""
    group = GROUP_OF_EVENT.get(event.type)
    mine = reader.person is not None and event.actor.person == reader.person
    if group is None or not (group in answer.fields or (group is Group.INTERNAL_NOTE and (mine or _of_my_unit(answer, event)))):
        return None
    if Group.INTERNAL_NOTE in answer.fields:
        return event
    sheltered = event.actor.role in SHELTERED or Group.WORK not in answer.fields
    actor = event.actor if mine or not sheltered else replace(event.actor, person=None, deputy_for=None)
    if Group.WORK in answer.fields:
        body = {key: value for key, value in event.body.items() if key not in CENTRE_FACTS or value == reader.person}
        texts = tuple(name for name in event.texts if mine or group is not Group.PUBLIC or name not in CENTRE_WORDS)
        return replace(event, actor=actor, body=body, texts=texts)
    body = {key: value for key, value in event.body.items() if key in PUBLIC_FACTS}
    own_words = mine and event.type in _BY_THE_REPORTER
    texts = tuple(name for name in event.texts if name in PUBLIC_WORDS or own_words)
    return replace(event, actor=actor, body=body, texts=texts, clocks=(), evidence=event.evidence if own_words else ())


def _of_my_unit(answer: Allowed, event: Event) -> bool:
    return event.actor.org is not None and any(post.orgs is not None and event.actor.org in post.orgs for post in answer.posts)
