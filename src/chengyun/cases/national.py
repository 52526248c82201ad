"""The national seven-step process as a table (domain.md 2.1, 2.2, 9; the source of each rule stands in `docs/reference/lifecycle.md`).

Read it downwards: a case's life in order. `SAME` leaves the state alone, `PRIOR` returns to where it came from.
"""

from collections.abc import Iterable

from chengyun.cases.lifecycle import PRIOR, SAME, Lifecycle, Transition
from chengyun.cases.records import State
from chengyun.city.records import Role

S = State

COLLECTOR, HANDLER, CLERK, DISPATCHER = (
    frozenset({Role.COLLECTOR}),
    frozenset({Role.HANDLER}),
    frozenset({Role.UNIT_CLERK}),
    frozenset({Role.DISPATCHER}),
)
LEAD, LEADER, ASSESSOR, SYSTEM, CITIZEN = (
    frozenset({Role.SHIFT_LEAD}),
    frozenset({Role.DUTY_LEADER}),
    frozenset({Role.ASSESSOR}),
    frozenset({Role.SYSTEM}),
    frozenset({Role.CITIZEN}),
)
AGENT, MACHINE, ANONYMOUS, DEPARTMENT = (
    frozenset({Role.CALL_AGENT}),
    frozenset({Role.MACHINE}),
    frozenset({Role.ANONYMOUS}),
    frozenset({Role.SUPERVISING_DEPT}),
)
INTAKE = frozenset({Role.INTAKE_OFFICER}) | LEAD
DESK = INTAKE | DISPATCHER
FROM_OUTSIDE = CITIZEN | ANONYMOUS | AGENT | INTAKE | LEADER | ASSESSOR
"""Reports of the public, and those staff write down for others: callers, media, leaders, evaluation patrols."""
STAFF = DESK | COLLECTOR | CLERK | HANDLER | DEPARTMENT | LEADER | ASSESSOR | AGENT

BEFORE_FILING = (S.REPORTED, S.VERIFYING, S.PENDING_FILING)
AT_UNIT = (S.DISPATCHED, S.HANDLING)
UNIT_SIDE = (
    S.DISPATCHED,
    S.HANDLING,
    S.FINISHED,
    S.EXTENSION_ASKED,
    S.EXTENSION_ENDORSED,
    S.SUSPENSION_ASKED,
    S.SUSPENSION_ENDORSED,
)
FILED = (
    S.PENDING_DISPATCH,
    S.RETURNED_TO_FILING,
    S.CONSULTING,
    *UNIT_SIDE,
    S.SUSPENDED,
    S.RETURNED,
    S.SPLIT,
    S.FEEDBACK_GIVEN,
    S.CHECKING,
    S.PENDING_CLOSING,
)
OPEN = (*BEFORE_FILING, S.VOID_ASKED, *FILED)
DONE = (S.CLOSED, S.FORCED_CLOSED, S.EVALUATED)
ENDED = (*DONE, S.VOID, S.MERGED)
MERGEABLE = (*BEFORE_FILING, S.PENDING_DISPATCH, S.RETURNED_TO_FILING, S.CONSULTING, S.DISPATCHED)
AT_DESK = (S.PENDING_DISPATCH, S.RETURNED_TO_FILING, S.CONSULTING, S.RETURNED, S.SPLIT)
"""Filed and in no unit's hands: the centre itself answers for it."""

WAKING = "stop:suspension resume:unit resume:sub_unit resume:case"


def _row(
    states: State | Iterable[State],
    action: str,
    who: frozenset[Role],
    to: State | str,
    needs: str = "",
    guards: str = "",
    clocks: str = "",
) -> Transition:
    cells = (states,) if isinstance(states, State) else tuple(states)
    return Transition(cells, action, who, str(to), tuple(needs.split()), tuple(guards.split()), tuple(clocks.split()))


NATIONAL = Lifecycle(
    name="national",
    version=1,
    rows=(
        # 1 collection ---------------------------------------------------------------------------------------------
        _row(S.NONE, "report", COLLECTOR, S.PENDING_FILING, "place category photo:before", "", "start:file"),
        _row(S.NONE, "report", FROM_OUTSIDE, S.REPORTED, "whereabouts", "", "start:file ensure:answer"),
        _row(S.NONE, "report", MACHINE, S.REPORTED, "whereabouts category", "", "start:file"),
        _row(S.NONE, "simple_close", COLLECTOR, S.CLOSED, "place category grid standard photo:before photo:after", "simple_allowed"),
        _row(S.NONE, "create_child", SYSTEM, S.PENDING_DISPATCH, "parent category standard grid", "", "start:case start:dispatch"),
        _row(S.REPORTED, "admit", INTAKE | SYSTEM, S.PENDING_FILING, "exemption"),
        _row(
            (S.REPORTED, S.PENDING_FILING),
            "order_verify",
            INTAKE | SYSTEM,
            S.VERIFYING,
            "checker",
            "verifier_neutral",
            "pause:file start:verify",
        ),
        _row(S.VERIFYING, "reassign_verify", INTAKE, S.VERIFYING, "checker", "verifier_neutral"),
        _row(S.VERIFYING, "recall_verify", INTAKE, S.REPORTED, "", "", "cancel:verify resume:file"),
        _row(S.VERIFYING, "verify", COLLECTOR, S.PENDING_FILING, "photo:verify", "is_checker", "stop:verify resume:file"),
        _row(
            S.VERIFYING, "verify_absent", COLLECTOR, S.PENDING_FILING, "photo:verify text:reason", "is_checker", "stop:verify resume:file"
        ),
        _row(BEFORE_FILING, "add_facts", CITIZEN | COLLECTOR, SAME, "", "own_report"),
        _row(BEFORE_FILING, "add_facts", AGENT | INTAKE, SAME),
        _row(
            BEFORE_FILING,
            "withdraw",
            CITIZEN | COLLECTOR,
            S.VOID,
            "text:reason",
            "own_report sole_reporter",
            "stop:case cancel:* cancel:answer",
        ),
        # 2 filing -------------------------------------------------------------------------------------------------
        _row(
            S.PENDING_FILING,
            "file",
            INTAKE,
            S.PENDING_DISPATCH,
            "category standard grid",
            "verified_first not_absent not_own_report",
            "stop:file begin:case start:dispatch",
        ),
        _row(
            (S.REPORTED, S.PENDING_FILING),
            "file",
            SYSTEM,
            S.PENDING_DISPATCH,
            "category standard grid conditions",
            "not_absent",
            "stop:file begin:case start:dispatch",
        ),
        _row(S.PENDING_FILING, "ask_facts", INTAKE, S.REPORTED, "text:question"),
        _row(
            (S.REPORTED, S.PENDING_FILING, S.RETURNED_TO_FILING),
            "ask_void",
            INTAKE,
            S.VOID_ASKED,
            "ground text:reason",
            "",
            "pause:file start:approve",
        ),
        _row(S.VOID_ASKED, "approve_void", LEAD, S.VOID, "", "not_own_request", "stop:approve stop:case cancel:*"),
        _row(S.VOID_ASKED, "refuse_void", LEAD, PRIOR, "text:reason", "not_own_request", "stop:approve resume:file"),
        _row(S.VOID_ASKED, "withdraw_request", INTAKE, PRIOR, "", "own_request", "stop:approve resume:file"),
        _row(S.VOID, "restore", LEAD, S.PENDING_FILING, "text:reason", "", "start:file ensure:answer"),
        _row(MERGEABLE, "merge", DESK | SYSTEM, S.MERGED, "into", "main_open not_into_itself nothing_absorbed stands_alone", "freeze:*"),
        _row(S.MERGED, "unmerge", DESK, PRIOR, "text:reason", "", "thaw:* settle:answer"),
        _row(OPEN, "absorb", SYSTEM, SAME, "absorbed", "", "ensure:answer"),
        _row((*OPEN, *DONE, S.VOID), "release", SYSTEM, SAME, "released", "", "settle:answer"),
        # 特急: straight to the unit, with a call -------------------------------------------------------------------
        _row(
            (*BEFORE_FILING, S.PENDING_DISPATCH),
            "dispatch_urgent",
            DESK,
            S.DISPATCHED,
            "category standard grid unit call",
            "is_critical unit_known units_known",
            "stop:file cancel:verify stop:dispatch begin:case start:accept start:unit",
        ),
        # 3 dispatch -----------------------------------------------------------------------------------------------
        _row(
            S.PENDING_DISPATCH,
            "dispatch",
            DISPATCHER | SYSTEM,
            S.DISPATCHED,
            "unit",
            "unit_known units_known",
            "stop:dispatch start:accept start:unit",
        ),
        _row(S.PENDING_DISPATCH, "return_filing", DISPATCHER, S.RETURNED_TO_FILING, "text:reason", "", "stop:dispatch start:file"),
        _row(
            S.RETURNED_TO_FILING,
            "resubmit",
            INTAKE,
            S.PENDING_DISPATCH,
            "category standard grid text:reason",
            "",
            "stop:file start:dispatch",
        ),
        _row(S.PENDING_DISPATCH, "consult", DISPATCHER | SYSTEM, S.CONSULTING, "ground", "", "stop:dispatch pause:case start:consult"),
        _row(S.CONSULTING, "advise", DEPARTMENT | CLERK | DISPATCHER | LEAD | LEADER, SAME, "text:note"),
        _row(
            S.CONSULTING,
            "conclude_consult",
            DISPATCHER | LEADER,
            S.DISPATCHED,
            "unit text:reason",
            "unit_known units_known",
            "stop:consult resume:case start:accept start:unit",
        ),
        _row(S.CONSULTING, "return_filing", DISPATCHER, S.RETURNED_TO_FILING, "text:reason", "", "stop:consult resume:case start:file"),
        _row(S.PENDING_DISPATCH, "split", DISPATCHER, S.SPLIT, "children", "is_no_child", "stop:dispatch"),
        _row(S.CONSULTING, "split", DISPATCHER, S.SPLIT, "children", "is_no_child", "stop:consult resume:case"),
        _row(S.SPLIT, "child_closed", SYSTEM, SAME, "child"),
        _row(S.SPLIT, "child_reopened", SYSTEM, SAME, "child"),
        _row(S.SPLIT, "rejoin", SYSTEM, S.PENDING_CLOSING, "", "children_closed", "start:close"),
        # 4 handling -----------------------------------------------------------------------------------------------
        _row(S.DISPATCHED, "accept", CLERK | HANDLER, S.HANDLING, "", "holds_it", "stop:accept"),
        _row(
            AT_UNIT,
            "recall",
            DISPATCHER,
            S.PENDING_DISPATCH,
            "text:reason",
            "",
            "drop:unit drop:sub_unit drop:accept start:dispatch",
        ),
        _row(
            AT_UNIT,
            "pass_down",
            CLERK,
            S.DISPATCHED,
            "unit",
            "holds_it below_holder handler_withdrawn",
            "stop:accept start:accept start:sub_unit",
        ),
        _row(AT_UNIT, "take_back", CLERK, S.HANDLING, "text:reason", "above_holder", "stop:accept drop:sub_unit"),
        _row(
            AT_UNIT,
            "hand_up",
            CLERK,
            S.DISPATCHED,
            "text:reason",
            "holds_it has_upper handler_withdrawn",
            "stop:accept drop:sub_unit start:accept",
        ),
        _row(
            AT_UNIT,
            "climb",
            CLERK,
            S.DISPATCHED,
            "text:reason",
            "holds_it is_answerable has_next_loop handler_withdrawn",
            "stop:accept drop:unit start:accept start:unit",
        ),
        _row(AT_UNIT, "return", CLERK, S.RETURNED, "text:reason", "holds_it is_answerable handler_withdrawn", "stop:accept start:dispatch"),
        _row(
            S.RETURNED,
            "reassign",
            DISPATCHER,
            S.DISPATCHED,
            "unit text:reason",
            "unit_known units_known other_unit",
            "cancel:unit stop:dispatch start:accept start:unit",
        ),
        _row(S.RETURNED, "refuse_return", DISPATCHER, S.DISPATCHED, "text:reason", "", "stop:dispatch start:accept"),
        _row(S.RETURNED, "consult", DISPATCHER | SYSTEM, S.CONSULTING, "ground", "", "cancel:unit stop:dispatch pause:case start:consult"),
        _row(S.RETURNED, "return_filing", DISPATCHER, S.RETURNED_TO_FILING, "text:reason", "", "cancel:unit stop:dispatch start:file"),
        _row(S.HANDLING, "assign", CLERK, S.HANDLING, "handler", "holds_it handler_of_unit"),
        _row(S.HANDLING, "withdraw_handler", CLERK, S.HANDLING, "", "holds_it has_handler"),
        _row(S.HANDLING, "arrive", HANDLER, SAME, "", "is_handler"),
        _row((*AT_UNIT, S.FINISHED), "set_assisting", DISPATCHER, SAME, "assisting", "units_known"),
        _row((*AT_UNIT, S.FINISHED), "assist_done", CLERK, SAME, "text:note", "is_assisting"),
        _row(
            S.HANDLING,
            "ask_extension",
            HANDLER,
            S.EXTENSION_ASKED,
            "text:reason",
            "is_handler before_due extensions_left",
            "start:approve",
        ),
        _row(
            S.HANDLING,
            "ask_extension",
            CLERK,
            S.EXTENSION_ENDORSED,
            "text:reason",
            "holds_it before_due extensions_left",
            "start:approve",
        ),
        _row(S.EXTENSION_ASKED, "endorse", CLERK, S.EXTENSION_ENDORSED, "", "holds_it not_own_request"),
        _row(S.EXTENSION_ASKED, "refuse_extension", CLERK, S.HANDLING, "text:reason", "holds_it not_own_request", "stop:approve"),
        _row(S.EXTENSION_ENDORSED, "refuse_extension", DISPATCHER, S.HANDLING, "text:reason", "not_own_request", "stop:approve"),
        _row(S.EXTENSION_ENDORSED, "grant_extension", DISPATCHER, S.HANDLING, "", "not_own_request", "stop:approve extend:unit"),
        _row(
            S.HANDLING,
            "ask_suspension",
            HANDLER,
            S.SUSPENSION_ASKED,
            "until text:reason",
            "is_handler before_due suspensions_left until_in_reach",
            "start:approve",
        ),
        _row(
            S.HANDLING,
            "ask_suspension",
            CLERK,
            S.SUSPENSION_ENDORSED,
            "until text:reason",
            "holds_it before_due suspensions_left until_in_reach",
            "start:approve",
        ),
        _row(S.SUSPENSION_ASKED, "endorse", CLERK, S.SUSPENSION_ENDORSED, "", "holds_it not_own_request"),
        _row(
            S.SUSPENSION_ASKED,
            "refuse_suspension",
            CLERK,
            S.HANDLING,
            "text:reason",
            "holds_it not_own_request",
            "stop:approve",
        ),
        _row(S.SUSPENSION_ENDORSED, "refuse_suspension", DISPATCHER, S.HANDLING, "text:reason", "not_own_request", "stop:approve"),
        _row(
            S.SUSPENSION_ENDORSED,
            "grant_suspension",
            DISPATCHER,
            S.SUSPENDED,
            "",
            "not_own_request until_ahead",
            "stop:approve pause:unit pause:sub_unit pause:case start:suspension",
        ),
        _row(S.SUSPENDED, "wake", DISPATCHER, S.HANDLING, "text:reason", "", WAKING),
        _row(S.SUSPENDED, "wake", CLERK, S.HANDLING, "text:reason", "holds_it", WAKING),
        _row(S.SUSPENDED, "wake", SYSTEM, S.HANDLING, "", "until_reached", WAKING),
        _row(
            (S.EXTENSION_ASKED, S.EXTENSION_ENDORSED, S.SUSPENSION_ASKED, S.SUSPENSION_ENDORSED),
            "withdraw_request",
            HANDLER | CLERK,
            S.HANDLING,
            "",
            "own_request",
            "stop:approve",
        ),
        # 5 feedback -----------------------------------------------------------------------------------------------
        _row(S.HANDLING, "finish", HANDLER, S.FINISHED, "photo:after", "is_handler"),
        _row(S.FINISHED, "send_back", CLERK, S.HANDLING, "text:reason", "holds_it"),
        _row(
            S.FINISHED, "feedback", CLERK, S.FEEDBACK_GIVEN, "text:result", "holds_it assists_done", "stop:unit stop:sub_unit start:check"
        ),
        _row(S.FINISHED, "feedback", SYSTEM, S.FEEDBACK_GIVEN, "", "assists_done", "stop:unit stop:sub_unit start:check"),
        _row(
            S.HANDLING,
            "feedback",
            CLERK,
            S.FEEDBACK_GIVEN,
            "photo:after text:result",
            "holds_it assists_done",
            "stop:unit stop:sub_unit start:check",
        ),
        # 6 check and closing --------------------------------------------------------------------------------------
        _row(S.FEEDBACK_GIVEN, "order_check", DESK | SYSTEM, S.CHECKING, "checker", "checker_neutral"),
        _row(S.CHECKING, "reassign_check", DESK, S.CHECKING, "checker", "checker_neutral"),
        _row(S.FEEDBACK_GIVEN, "rework", DESK, S.HANDLING, "text:reason", "", "stop:check resume:unit resume:sub_unit"),
        _row(
            S.FEEDBACK_GIVEN,
            "compare_photos",
            INTAKE,
            S.PENDING_CLOSING,
            "comparison",
            "has_photo_pair not_own_report",
            "stop:check start:close",
        ),
        _row(S.CHECKING, "check_pass", COLLECTOR, S.PENDING_CLOSING, "photo:check", "is_checker checker_neutral", "stop:check start:close"),
        _row(
            S.CHECKING,
            "check_fail",
            COLLECTOR,
            S.HANDLING,
            "photo:check text:reason",
            "is_checker checker_neutral",
            "stop:check resume:unit resume:sub_unit",
        ),
        _row(S.PENDING_CLOSING, "order_check", INTAKE, S.CHECKING, "checker", "checker_neutral has_unit", "stop:close start:check"),
        _row(S.PENDING_CLOSING, "rework", INTAKE, S.HANDLING, "text:reason", "has_unit", "stop:close resume:unit resume:sub_unit"),
        _row(
            S.PENDING_CLOSING,
            "close",
            INTAKE,
            S.CLOSED,
            "closing_condition",
            "reporters_answered not_own_check",
            "stop:close stop:case",
        ),
        _row(S.PENDING_CLOSING, "close", SYSTEM, S.CLOSED, "closing_condition", "reporters_answered", "stop:close stop:case"),
        _row(FILED, "force_close", LEADER, S.FORCED_CLOSED, "ground text:reason", "reporters_answered", "stop:case drop:*"),
        # 7 evaluation, and what may still happen afterwards -----------------------------------------------------------
        _row((S.CLOSED, S.FORCED_CLOSED), "score", SYSTEM | ASSESSOR, S.EVALUATED),
        _row(DONE, "appeal", CLERK, SAME, "text:reason", "charged_late no_appeal_before"),
        _row(DONE, "review_appeal", ASSESSOR, SAME, "granted text:reason", "appeal_open not_reviewed_by_me"),
        _row(DONE, "recheck", ASSESSOR | COLLECTOR, SAME, "passed", "recheck_neutral"),
        _row(DONE, "rate", CITIZEN, SAME, "solved satisfaction", "own_report"),
        _row(DONE, "rate", AGENT, SAME, "solved satisfaction reporter", "reporter_known"),
        _row(DONE, "object", CITIZEN, SAME, "text:reason", "own_report"),
        _row(DONE, "reopen", INTAKE, S.PENDING_DISPATCH, "text:reason", "not_simple", "begin:case start:dispatch ensure:answer"),
        # at any time ------------------------------------------------------------------------------------------------
        _row(FILED, "urge", DESK | DEPARTMENT | LEADER | AGENT | SYSTEM, SAME),
        _row(FILED, "supervise", LEAD | LEADER | DEPARTMENT, SAME, "text:reason", "", "start:supervision"),
        _row((*FILED, *DONE), "answer_supervision", CLERK, SAME, "text:note", "supervision_open answers_for_it", "stop:supervision"),
        _row(AT_DESK, "answer_supervision", DISPATCHER | INTAKE, SAME, "text:note", "supervision_open", "stop:supervision"),
        _row((*OPEN, *ENDED), "leader_note", LEADER, SAME, "text:note"),
        _row((*OPEN, *ENDED), "note", STAFF, SAME, "text:note"),
        _row((*OPEN, *ENDED), "answer", INTAKE | AGENT | SYSTEM, SAME, "reporter text:answer", "reporter_known", "settle:answer"),
        _row((*OPEN, *ENDED), "record_call", INTAKE | DISPATCHER | AGENT | CLERK, SAME, "call"),
        _row(OPEN, "raise_urgency", DESK | AGENT | LEADER, SAME, "urgency", "urgency_rises"),
        _row(OPEN, "lower_urgency", LEAD | LEADER, SAME, "urgency text:reason", "urgency_falls"),
        _row((*OPEN, *DONE), "confirm_finding", INTAKE, SAME, "", "is_unconfirmed"),
        _row(FILED, "correct", INTAKE, SAME, "text:reason", "something_changes"),
        _row(S.RETURNED, "correct", DISPATCHER, SAME, "text:reason", "something_changes"),
        _row((*OPEN, *ENDED), "retime", SYSTEM, SAME, "calendar_version", "", "retime:*"),
        _row((*OPEN, *ENDED), "warn", SYSTEM, SAME, "clock"),
        _row((*OPEN, *ENDED), "escalate", SYSTEM, SAME, "clock"),
        _row((*OPEN, *ENDED), "open_identity", CITIZEN, SAME, "", "own_report"),
    ),
)

STEP: dict[State, int] = {
    **dict.fromkeys((S.NONE, S.REPORTED, S.VERIFYING), 1),
    **dict.fromkeys((S.PENDING_FILING, S.VOID_ASKED, S.VOID, S.MERGED, S.RETURNED_TO_FILING, S.UNKNOWN), 2),
    **dict.fromkeys((S.PENDING_DISPATCH, S.CONSULTING, S.RETURNED, S.SPLIT), 3),
    **dict.fromkeys((*AT_UNIT, S.EXTENSION_ASKED, S.EXTENSION_ENDORSED, S.SUSPENSION_ASKED, S.SUSPENSION_ENDORSED, S.SUSPENDED), 4),
    **dict.fromkeys((S.FINISHED, S.FEEDBACK_GIVEN), 5),
    **dict.fromkeys((S.CHECKING, S.PENDING_CLOSING, S.CLOSED, S.FORCED_CLOSED), 6),
    S.EVALUATED: 7,
}
"""Step of the national order in which a state stands."""
