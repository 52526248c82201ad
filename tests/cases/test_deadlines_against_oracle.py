"""Deadlines agree with an independent minute-walking oracle (promise D2), and a wrong rule in the oracle would show.

8 zones, clock changes, 29 February, make-up workdays, days called off in their course, pauses, extensions, all countings: 0 differences.
"""

import itertools
import os
import tomllib
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from chengyun.cases.deadlines import due, due_column, limit_code
from chengyun.city import calendars
from oracles import generated
from oracles.minute_walker import EPOCH, FLAWS, MinuteWalker, micros

SEED = 20_261_124


def counts():
    table = tomllib.loads((Path(__file__).parents[1] / "drill_counts.toml").read_text())["deadline_oracle"]
    return table["drill" if os.environ.get("CHENGYUN_DRILL") == "1" else "test"]


def answer_of_ours(task, calendar):
    answer = due(task.start, task.limit, calendars.compile(calendar), task.pauses, task.extensions)
    if answer is None:
        return None
    return micros(answer.at), [(micros(a), micros(b)) for a, b in answer.intervals], answer.provisional


def describe(task, calendar, ours, oracle):
    def told(answer):
        return answer and (str(EPOCH + timedelta(microseconds=answer[0])), len(answer[1]), answer[2])

    return f"{calendar.zone} {calendar.id} v{calendar.version} {task}\n  ours   {told(ours)}\n  oracle {told(oracle)}"


def differences(seed, number_of_calendars, cases, flaw=""):
    """(cases compared, cases without an answer yet, descriptions of those that differ)"""
    compared, unanswered, differing = 0, 0, []
    made = generated.calendars(seed, number_of_calendars)
    for n, (calendar, anchor) in enumerate(made):
        walker = MinuteWalker(calendar, flaw)
        for task in generated.tasks(seed + n, anchor, cases // number_of_calendars):
            ours, oracle = answer_of_ours(task, calendar), walker.due(task.start, task.limit, task.pauses, task.extensions)
            compared += 1
            unanswered += ours is None
            if ours != oracle:
                differing.append(describe(task, calendar, ours, oracle))
    return compared, unanswered, differing


def test_deadlines_intervals_and_provisional_marks_agree_with_the_oracle():
    compared, unanswered, differing = differences(SEED, counts()["calendars"], counts()["cases"])
    print(f"deadlines: {compared} compared, {unanswered} unanswered for an open pause, {len(differing)} differ")
    assert not differing, f"{len(differing)} of {compared} differ, for example\n" + "\n".join(differing[:5])
    assert compared == counts()["cases"]
    assert 0 < unanswered < compared / 4


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_wrong_rule_in_the_oracle_is_noticed(flaw):
    _, _, differing = differences(SEED, 40, 800, flaw)
    assert differing


def test_the_column_agrees_with_the_oracle():
    for n, (calendar, anchor) in enumerate(generated.calendars(SEED + 1, 24)):
        walker = MinuteWalker(calendar)
        tasks = list(generated.tasks(SEED + 1 + n, anchor, 40))
        starts = np.array([micros(task.start) for task in tasks], dtype="datetime64[us]")
        amounts = [task.limit.amount * (1 + task.extensions) for task in tasks]
        codes = [limit_code(task.limit.unit, task.limit.counting) for task in tasks]
        dues = due_column(starts, amounts, codes, calendars.compile(calendar)).astype(np.int64).tolist()
        assert dues == [walker.due(task.start, task.limit, (), task.extensions)[0] for task in tasks]


def test_working_time_agrees_with_the_oracle():
    for n, (calendar, anchor) in enumerate(generated.calendars(SEED + 2, 24)):
        walker, compiled = MinuteWalker(calendar), calendars.compile(calendar)
        tasks = list(generated.tasks(SEED + 2 + n, anchor, 20))
        for one, other in itertools.pairwise(tasks):
            a, b = sorted((one.start, other.start))
            assert compiled.working_time(a, b) == timedelta(microseconds=walker.worked_between(micros(a), micros(b)))
            assert micros(compiled.next_opening(a)) == walker.next_open(micros(a))[0]
