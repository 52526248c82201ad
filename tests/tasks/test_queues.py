"""Every open case waits somewhere, for somebody."""

from chengyun.cases.national import NATIONAL, OPEN
from chengyun.cases.records import State
from chengyun.city.records import Role
from chengyun.tasks.queues import HOLDER_OF_STATE, QUEUES, queues_for


def test_every_open_state_stands_in_a_queue_of_somebody_who_may_move_it_on() -> None:
    for state in OPEN:
        queues = [queue for queue in QUEUES if state in queue.states]
        assert queues, f"nobody sees a case that is {state}"
        movers = {role for row in NATIONAL.by_state[state] if row.to != "@same" for role in row.who}
        assert movers & {role for queue in queues for role in queue.roles}, f"whoever sees {state} cannot move it on"


def test_every_state_has_a_holder() -> None:
    assert set(HOLDER_OF_STATE) == set(State)


def test_the_intake_officers_home_is_verification_and_the_dispatchers_is_dispatch() -> None:
    assert [queue.key for queue in queues_for([Role.INTAKE_OFFICER])] == ["verify", "file", "check", "close"]
    assert queues_for([Role.DISPATCHER])[0].key == "dispatch"
    assert queues_for([Role.AUDITOR]) == ()
