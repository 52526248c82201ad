"""The law of live screens: a snapshot and what was told since give the same as a fresh snapshot, for every queue of every role."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chengyun.cases.desk import Done
from chengyun.city.records import Role
from chengyun.screens.realtime.tabs import questions
from chengyun.stores.reading.lists import CaseLine, list_cases
from counts import count
from screens.realtime.conftest import Heard, Live

ACCOUNTS = ("intake", "lead", "dispatcher", "clerk", "handler", "collector", "water", "street", "leader", "assessor", "hotline")
DESK = ("intake", "lead", "dispatcher", "leader")
AT_THE_DESK = (
    ("admit", {"exemption": "evidence_complete"}, {}),
    ("urge", {}, {}),
    ("note", {}, {"note": "催过"}),
    ("supervise", {}, {"reason": "超时"}),
    ("raise_urgency", {"urgency": "urgent"}, {}),
    ("force_close", {"ground": "beyond_power"}, {"reason": "超出职责"}),
    ("ask_void", {"ground": "not_in_scope"}, {"reason": "不属受理范围"}),
    ("approve_void", {}, {}),
    ("refuse_void", {}, {"reason": "应当受理"}),
    ("refuse_return", {}, {"reason": "职责明确"}),
)
AT_THE_UNIT = (
    ("accept", {}, {}),
    ("return", {}, {"reason": "非本单位职责"}),
    ("ask_extension", {"until": "2026-12-01T18:00:00+08:00"}, {"reason": "缺材料"}),
    ("answer_supervision", {}, {"note": "正在处理"}),
)
Snapshot = dict[str, dict[int, CaseLine]]


def snapshot(live: Live, account: str) -> Snapshot:
    """Every queue of the account's person, whole."""
    found: Snapshot = {}
    for key, (only, asked) in questions(live.reader(account)).items():
        rows, after = [], None
        while True:
            page = list_cases(only, asked, after=after, size=500)
            rows += page.rows
            if (after := page.after) is None:
                break
        found[key] = {row.id: row for row in rows}
    return found


def told(before: Snapshot, fresh: Snapshot, heard: Heard) -> Snapshot:
    """What a page shows that read `before` and then, for each message, the row of that case again."""
    named = {message["id"] for message in heard.cases()}
    return {
        key: {id_: row for id_, row in rows.items() if id_ not in named} | {id_: row for id_, row in fresh[key].items() if id_ in named}
        for key, rows in before.items()
    }


class Story:
    """Random acts of random people on a few cases."""

    def __init__(self, live: Live, seed: int) -> None:
        self.live, self.draw, self.cases = live, random.Random(seed), []
        self.categories = sorted({entry.category for entry in live.town.city.standards if entry.category.startswith("2026:matter:")})

    def step(self) -> None:
        if not self.cases or self.draw.random() < 0.3:
            done = self.live.report(category=self.draw.choice(self.categories), place=self.live.place(self.draw.randrange(40)))
            assert isinstance(done, Done), done
            self.cases.append(done.case)
            return
        case = self.draw.choice(self.cases)
        if self.draw.random() < 0.5:
            action, facts, texts = self.draw.choice(AT_THE_DESK)
            for account in self.draw.sample(DESK, len(DESK)):
                if isinstance(self.live.act(account, case, action, facts, **texts), Done):
                    return
        else:
            action, facts, texts = self.draw.choice(AT_THE_UNIT)
            for clerk in self._clerks(case):
                if isinstance(self.live.act(self.live.of(clerk), case, action, facts, **texts), Done):
                    return

    def _clerks(self, case: int) -> list[int]:
        only, asked = questions(self.live.reader("lead"))["underway"]
        holders = {row.holder for row in list_cases(only, asked, size=500).rows if row.id == case}
        everyone = self.live.town.city.people.all
        return [p.id for p in everyone if p.org in holders and any(a.role == Role.UNIT_CLERK for a in p.assignments)]


@pytest.fixture(scope="module")
def accounts(live: Live) -> list[str]:
    known = set(live.town.passwords)
    return [name for name in known & set(ACCOUNTS) if questions(live.reader(name))]


@settings(
    max_examples=count("live_law", "stories"),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
)
@given(seed=st.integers(0, 2**32), steps=st.integers(3, 14))
def test_a_snapshot_and_what_was_told_since_is_a_fresh_snapshot(live: Live, accounts: list[str], seed: int, steps: int) -> None:
    before = {account: snapshot(live, account) for account in accounts}
    heard = {account: live.listen(account) for account in accounts}
    story = Story(live, seed)
    for _ in range(steps):
        story.step()
    live.catch_up()
    for account in accounts:
        fresh = snapshot(live, account)
        assert told(before[account], fresh, heard[account]) == fresh, account
        rows = {id_: row for queue in fresh.values() for id_, row in queue.items()}
        last = {message["id"]: message for message in heard[account].cases()}
        for id_, message in last.items():
            if id_ in rows:
                assert (message["seq"], message["state"]) == (rows[id_].seq, rows[id_].state), account
        live.relay.leave(heard[account].listener)


def test_the_law_is_broken_by_a_message_that_is_kept_back(live: Live) -> None:
    """Control: the comparison sees a row that changed without a word."""
    done = live.report(place=live.place(3))
    assert isinstance(done, Done)
    live.catch_up()
    before, heard = snapshot(live, "lead"), live.listen("lead")
    live.act("intake", done.case, "admit", {"exemption": "evidence_complete"})
    live.catch_up()
    heard.listener.waiting.clear()
    fresh = snapshot(live, "lead")
    assert told(before, fresh, heard) != fresh


def test_who_loses_sight_of_a_case_is_told_so_once(live: Live) -> None:
    """A check in another community given to me and then to a colleague: it leaves my list, and I hear no more of it."""
    me, colleague = live.reader("collector"), live.reader("collector2")
    mine = tuple(prefix for post in me.posts for prefix in post.areas or ())
    grids = [area.code for area in live.town.city.areas if area.kind == "unit_grid"]
    elsewhere = next(n for n, code in enumerate(grids) if not code.startswith(mine))
    done = live.report(place=live.place(elsewhere), category="2026:matter:06020")
    assert isinstance(done, Done)
    assert isinstance(given := live.act("intake", done.case, "order_verify", {"checker": me.person}), Done), given
    live.catch_up()
    heard = live.listen("collector")
    assert isinstance(given := live.act("intake", done.case, "reassign_verify", {"checker": colleague.person}), Done), given
    live.act("intake", done.case, "note", note="已改派")
    live.catch_up()
    assert heard.cases() == [{"id": done.case, "gone": True}]
