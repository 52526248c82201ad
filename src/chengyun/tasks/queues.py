"""The queues of the workbench (受理 立案 派遣 处置 核查 督办), by post. A queue is a set of states and, for some, whose it must be.

Order within a queue: overdue first, then the least share of time left, then urgency (design language, section 6).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from chengyun.cases.records import State
from chengyun.city.records import Role

S, R = State, Role


class Mine(StrEnum):
    """What makes a waiting case mine, beyond my scope."""

    SCOPE = "scope"
    HOLDER = "holder"
    """my unit holds it now"""
    HANDLER = "handler"
    """it is assigned to me, or waits unassigned at my unit"""
    CHECKER = "checker"
    """I was told to verify or check it"""
    SUPERVISED = "supervised"
    """a supervision on it has no answer yet"""
    APPEALED = "appealed"
    """an appeal on it is open"""


@dataclass(frozen=True, slots=True)
class Queue:
    """One tab. `key` names its words in the text files (`queue.file`) and its address."""

    key: str
    states: frozenset[State]
    roles: frozenset[Role]
    mine: Mine = Mine.SCOPE


def _queue(key: str, states: Iterable[State], roles: Iterable[Role], mine: Mine = Mine.SCOPE) -> Queue:
    return Queue(key, frozenset(states), frozenset(roles), mine)


AT_UNIT = (
    S.DISPATCHED,
    S.HANDLING,
    S.EXTENSION_ASKED,
    S.EXTENSION_ENDORSED,
    S.SUSPENSION_ASKED,
    S.SUSPENSION_ENDORSED,
)
UNDER_WAY = (S.PENDING_DISPATCH, S.CONSULTING, *AT_UNIT, S.FINISHED, S.SUSPENDED, S.RETURNED, S.SPLIT, S.FEEDBACK_GIVEN, S.CHECKING)

QUEUES: tuple[Queue, ...] = (
    _queue("verify", (S.REPORTED, S.VERIFYING), (R.INTAKE_OFFICER, R.SHIFT_LEAD, R.CALL_AGENT)),
    _queue("file", (S.PENDING_FILING, S.RETURNED_TO_FILING), (R.INTAKE_OFFICER, R.SHIFT_LEAD)),
    _queue("dispatch", (S.PENDING_DISPATCH,), (R.DISPATCHER, R.SHIFT_LEAD)),
    _queue("returned", (S.RETURNED,), (R.DISPATCHER, R.SHIFT_LEAD)),
    _queue("consult", (S.CONSULTING,), (R.DISPATCHER, R.SHIFT_LEAD, R.DUTY_LEADER, R.SUPERVISING_DEPT)),
    _queue("handle", AT_UNIT, (R.UNIT_CLERK,), Mine.HOLDER),
    _queue("confirm", (S.FINISHED,), (R.UNIT_CLERK,), Mine.HOLDER),
    _queue("approve_unit", (S.EXTENSION_ASKED, S.SUSPENSION_ASKED), (R.UNIT_CLERK,), Mine.HOLDER),
    _queue("suspended_unit", (S.SUSPENDED,), (R.UNIT_CLERK,), Mine.HOLDER),
    _queue("my_tasks", (*AT_UNIT, S.FINISHED), (R.HANDLER,), Mine.HANDLER),
    _queue("my_checks", (S.VERIFYING, S.CHECKING), (R.COLLECTOR,), Mine.CHECKER),
    _queue("approve", (S.EXTENSION_ENDORSED, S.SUSPENSION_ENDORSED), (R.DISPATCHER,)),
    _queue("approve_void", (S.VOID_ASKED,), (R.SHIFT_LEAD,)),
    _queue("check", (S.FEEDBACK_GIVEN, S.CHECKING), (R.INTAKE_OFFICER, R.SHIFT_LEAD, R.DISPATCHER)),
    _queue("close", (S.PENDING_CLOSING,), (R.INTAKE_OFFICER, R.SHIFT_LEAD)),
    _queue("underway", UNDER_WAY, (R.SHIFT_LEAD, R.DUTY_LEADER, R.SUPERVISING_DEPT)),
    _queue("supervised", UNDER_WAY, (R.UNIT_CLERK, R.SHIFT_LEAD, R.DUTY_LEADER, R.SUPERVISING_DEPT), Mine.SUPERVISED),
    _queue("appeals", (S.CLOSED, S.FORCED_CLOSED, S.EVALUATED), (R.ASSESSOR,), Mine.APPEALED),
)
BY_KEY = {queue.key: queue for queue in QUEUES}


def queues_for(roles: Iterable[Role]) -> tuple[Queue, ...]:
    """The tabs of a person's workbench, in the order of the flow; the first of his own post is his home."""
    held = frozenset(roles)
    return tuple(queue for queue in QUEUES if queue.roles & held)


HOLDER_OF_STATE: dict[State, str] = {
    **dict.fromkeys((S.REPORTED, S.VERIFYING, S.PENDING_FILING, S.VOID_ASKED, S.RETURNED_TO_FILING), "centre"),
    **dict.fromkeys((S.PENDING_DISPATCH, S.CONSULTING, S.SPLIT, S.PENDING_CLOSING), "centre"),
    **dict.fromkeys((*AT_UNIT, S.FINISHED, S.SUSPENDED), "unit"),
    S.RETURNED: "back",
    **dict.fromkeys((S.FEEDBACK_GIVEN, S.CHECKING), "checker"),
    **dict.fromkeys((S.CLOSED, S.FORCED_CLOSED, S.EVALUATED, S.VOID, S.MERGED, S.UNKNOWN, S.NONE), "closed"),
}
"""Who holds a case: the colour of its step ring (design language, section 2)."""
