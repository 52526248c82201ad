"""Any life that several cases may have at the desk: lawful and unlawful acts of everybody, merges, splits, timers, edits of the calendar.

After every step the laws of a case are asked for. `./run drill` tells 5,000 such lives.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, lru_cache

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cases.memory_store import MemoryCases, first_of, refolded
from cases.small_city import (
    ASSESSOR,
    BUREAU,
    CITIZEN,
    COLLECTOR,
    COMMUNITY,
    GRID,
    HANDLER,
    LITTER,
    MANHOLE,
    OTHER_COLLECTOR,
    PLACE,
    STAFF,
    STREET,
    TENANT,
    WATER,
    WATER_TEAM,
    at,
    office_hours,
    photo,
    reader,
    rules,
)
from chengyun.base.ids import CaseId, PersonId
from chengyun.base.results import Refused
from chengyun.base.time import CityClock, to_text
from chengyun.cases import access
from chengyun.cases.decide import next_actions
from chengyun.cases.desk import Desk, Done, NewReport, Order
from chengyun.cases.evolve import fold
from chengyun.cases.national import DONE, FILED, NATIONAL
from chengyun.cases.records import Actor, Case, Clock, ClockName, Event, SourceFamily, State
from chengyun.cases.rules import Rules, Settings
from chengyun.city.calendars import CompiledCalendar
from chengyun.city.records import DayRule, Role
from chengyun.city.roles import Post
from counts import count

MARK = "暗记"
"""Stands in every text and name that a person writes; no event may carry it."""
EVERYTHING = frozenset({"file", "dispatch", "feedback", "check", "close", "score"})
SWITCHES = (frozenset(), EVERYTHING, frozenset({"dispatch"}), frozenset({"file", "feedback", "score"}), frozenset({"check", "close"}))
ACTS = sorted({row.action for row in NATIONAL.rows} - {"report", "simple_close", "create_child"})
WORDS = ("reason", "note", "question", "answer", "result")
MOST_CASES = 6

C, S = ClockName, State
ALIVE_IN: dict[State, set[ClockName]] = {
    **{key: {C.FILE} for key in (S.REPORTED, S.PENDING_FILING, S.RETURNED_TO_FILING)},
    S.VERIFYING: {C.VERIFY, C.FILE},
    S.VOID_ASKED: {C.APPROVE, C.FILE},
    S.PENDING_DISPATCH: {C.DISPATCH},
    S.CONSULTING: {C.CONSULT},
    S.DISPATCHED: {C.UNIT, C.ACCEPT},
    **{key: {C.UNIT} for key in (S.HANDLING, S.FINISHED)},
    **{key: {C.UNIT, C.APPROVE} for key in (S.EXTENSION_ASKED, S.EXTENSION_ENDORSED, S.SUSPENSION_ASKED, S.SUSPENSION_ENDORSED)},
    S.SUSPENDED: {C.UNIT, C.SUSPENSION},
    S.RETURNED: {C.UNIT, C.DISPATCH},
    **{key: {C.CHECK} for key in (S.FEEDBACK_GIVEN, S.CHECKING)},
    S.PENDING_CLOSING: {C.CLOSE},
    **{key: set() for key in (S.SPLIT, S.VOID, S.CLOSED, S.FORCED_CLOSED, S.EVALUATED)},
}
"""Which clocks run, or stand paused, in each state, written by hand; supervision and answer may run in any, the case clock while filed."""
PAUSED_IN: dict[State, set[ClockName]] = {
    S.VERIFYING: {C.FILE},
    S.VOID_ASKED: {C.FILE, C.CASE},
    S.CONSULTING: {C.CASE},
    S.SUSPENDED: {C.UNIT, C.SUB_UNIT, C.CASE},
}

LIKELY = dict.fromkeys(
    ("merge", "ask_void", "withdraw", "return_filing", "force_close", "recall", "return", "ask_facts", "recall_verify", "rework"), 0.12
) | {"answer": 0.6, "rejoin": 1.0}
"""So that lives come to their end now and then: how likely an act is taken up when it is offered."""

SEEN: Counter[str] = Counter()


@cache
def book_of(switches: frozenset[str]) -> Rules:
    return rules(Settings(automatic={"*": switches} if switches else {}, automatic_condition={MANHOLE: 1}))


@lru_cache(maxsize=4096)
def calendar_of(version: int, holidays: frozenset[date]) -> CompiledCalendar:
    return CompiledCalendar(office_hours(version, days=tuple(DayRule(each, working=False) for each in sorted(holidays))))


def alive(case: Case, *names: ClockName) -> list[Clock]:
    return [clock for clock in case.clocks if clock.outcome in ("running", "paused") and (not names or clock.name in names)]


class LifeOfCases(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 2**32 - 1))
    def open_the_desk(self, seed: int) -> None:
        chance = random.Random(seed)
        self.clock = CityClock(at("2026-11-24 10:00"), speed=0)
        switches = chance.choice(SWITCHES)
        self.store = MemoryCases(book_of(switches), on_shift=(COLLECTOR, OTHER_COLLECTOR))
        self.desk = Desk(self.store, self.clock)
        self.keys = 0
        self.holidays: set[date] = set()
        self.folded: dict[CaseId, tuple[tuple[Event, ...], Case]] = {}
        self.read: Counter[str] = Counter()
        while not self.cases():
            self.somebody_reports(chance.randrange(2**32))

    # --- what happens

    @rule(seed=st.integers(0, 2**32 - 1))
    def somebody_reports(self, seed: int) -> None:
        chance = random.Random(seed)
        if len(self.store.shelves.cases) >= MOST_CASES:
            return
        family, who, machine = chance.choice(
            [
                (SourceFamily.COLLECTOR, COLLECTOR, False),
                (SourceFamily.PUBLIC, CITIZEN, False),
                (SourceFamily.PUBLIC, CITIZEN, False),
                (SourceFamily.SENSOR, None, True),
            ]
        )
        category = chance.choice([MANHOLE, MANHOLE, LITTER])
        facts = {"category": category, "place": PLACE if chance.random() < 0.8 else [PLACE[0] + 0.003, PLACE[1]]}
        if chance.random() < 0.2:
            facts["urgency"] = "critical"
        simple = family is SourceFamily.COLLECTOR and chance.random() < 0.1
        report = NewReport(
            family,
            facts=facts,
            texts={"description": f"{MARK}{chance.choice(['井盖破损', '路边垃圾'])}", "address": MARK},
            evidence=(photo("before"), photo("after")) if simple else (photo("before"),) if chance.random() < 0.9 else (),
            contact_name=MARK,
            contact_phone=MARK,
            reporter=who,
            wants_answer=chance.random() < 0.8,
            simple=simple,
        )
        self.keys += 1
        before = self.store.snapshot()
        who_asks = access.Reader(TENANT, None, (Post(Role.MACHINE, None, None, None),)) if machine else reader(who or COLLECTOR)
        self.note("report", self.desk.report(who_asks, report, f"r{self.keys}"), before)

    @rule(seed=st.integers(0, 2**32 - 1))
    def somebody_does_what_the_table_offers_him(self, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(20):
            offers: dict[str, PersonId] = {}
            case = chance.choice(self.cases())
            for person, (org, roles) in STAFF.items():
                me = Actor(next(iter(roles)), person, org)
                for each in next_actions(case, me, self.store.book, self.clock.now()):
                    if each.refused is None and chance.random() < LIKELY.get(each.action, 0.1 if each.to == "@same" else 1):
                        offers[each.action] = person
            if offers:
                act = chance.choice(sorted(offers))
                self.do(chance, case, offers[act], act)

    @rule(seed=st.integers(0, 2**32 - 1))
    def somebody_tries_anything(self, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(3):
            if self.cases():
                self.do(
                    chance, chance.choice(self.cases()), chance.choice([None, *STAFF]), chance.choice(ACTS), forget=chance.random() < 0.3
                )

    @rule(hours=st.sampled_from([0.1, 0.5, 2, 6, 26, 24 * 9, 24 * 70]))
    def time_passes(self, hours: float) -> None:
        until = self.clock.now() + timedelta(hours=hours)
        for _ in range(60):
            waiting = sorted((timer for timer in self.store.shelves.timers.values() if timer.at <= until), key=lambda timer: timer.at)
            if not waiting:
                break
            timer = waiting[0]
            self.clock.set(max(timer.at, self.clock.now()))
            with self.store.work(TENANT) as work:
                del self.store.shelves.timers[timer.dedup]
                for event in self.desk.ring(access.system(TENANT), timer, work):
                    SEEN[f"did {event.type}"] += 1
        self.clock.set(until)

    @rule(ahead=st.integers(0, 3))
    def a_day_is_declared_a_holiday(self, ahead: int) -> None:
        day: date = self.clock.now().astimezone(at("2026-11-24 10:00").tzinfo).date() + timedelta(days=ahead)
        self.holidays.add(day)
        version = self.store.book.calendars["city"].version + 1
        edited = calendar_of(version, frozenset(self.holidays))
        self.store.book = replace(self.store.book, calendars={**self.store.book.calendars, "city": edited})
        now = self.clock.now()
        for case in self.cases():
            settled = [clock for clock in case.clocks if clock.outcome not in ("running", "paused") or (clock.due and clock.due <= now)]
            answer = self.desk.retime(access.system(TENANT), case.id)
            assert isinstance(answer, Done), answer
            after = {(clock.name, clock.serial): clock for clock in self.store.shelves.cases[case.id].clocks}
            assert all(after[clock.name, clock.serial] == clock for clock in settled), "what is over is never re-timed"

    # --- how it is done

    def cases(self) -> list[Case]:
        return list(self.store.shelves.cases.values())

    def do(self, chance: random.Random, case: Case, person: PersonId | None, act: str, forget: bool = False) -> None:
        before = self.store.snapshot()
        self.keys += 1
        facts, texts = self.facts(chance, case, act), {word: f"{MARK}{word}" for word in WORDS}
        shots = tuple(photo(stage) for stage in ("verify", "after", "check"))
        if forget:
            facts, texts, shots = dict(list(facts.items())[: len(facts) // 2]), {}, ()
        me = access.system(TENANT) if person is None else reader(person)
        answer = self.desk.act(me, case.id, Order(act, facts, texts, shots), f"a{self.keys}")
        self.note(act, answer, before)
        if isinstance(answer, Done) and act in ("check_pass", "check_fail", "recheck"):
            org, _ = STAFF[person] if person else (None, frozenset())
            assert person not in case.handled_by and person != case.handler
            assert not any(self.store.book.is_within(org, unit) for unit in case.handled_for), "nobody checks his own unit's work"

    def note(self, act: str, answer: object, before: tuple[object, ...]) -> None:
        SEEN["steps"] += 1
        if isinstance(answer, Done):
            SEEN[f"did {act}"] += 1
            return
        assert isinstance(answer, Refused | access.Denied), answer
        SEEN["refused"] += 1
        assert self.store.snapshot() == before, f"a refused {act} left a trace"

    def facts(self, chance: random.Random, case: Case, act: str) -> dict[str, object]:
        litter = case.category == LITTER
        others = [each.id for each in self.cases() if each.id != case.id] or [case.id]
        waiting = [each.id for each in case.reporters if not each.answered] or [each.id for each in case.reporters] or [0]
        known: dict[str, object] = {
            "category": case.category or MANHOLE,
            "standard": 3 if litter else chance.choice([1, 2]),
            "grid": GRID,
            "checker": int(chance.choice([COLLECTOR, OTHER_COLLECTOR, HANDLER, ASSESSOR])),
            "unit": int(chance.choice([WATER, WATER_TEAM, STREET, COMMUNITY, BUREAU])),
            "handler": int(HANDLER),
            "into": int(chance.choice(others)),
            "reporter": int(chance.choice(waiting)),
            "until": to_text(self.clock.now() + timedelta(days=chance.choice([-1, 1, 20, 300, 400]))),
            "urgency": chance.choice(["normal", "urgent", "critical"]),
            "assisting": [int(STREET)] if chance.random() < 0.3 else [],
            "parts": [{}, {"category": str(LITTER), "standard": 3}],
            "ladder": [["micro", int(COMMUNITY)], ["small", int(STREET)], ["medium", int(WATER)]],
            **dict.fromkeys(("ground", "exemption", "call", "comparison", "clock"), "x"),
            **dict.fromkeys(("closing_condition", "passed", "solved"), True),
            "granted": chance.random() < 0.5,
            "satisfaction": 4,
            "calendar_version": {"city": 1},
            "child": int(case.id),
            "absorbed": int(chance.choice(others)),
            "released": int(chance.choice(others)),
        }
        asked = {need for row in NATIONAL.rows if row.action == act for need in row.needs}
        optional = {"dispatch": {"assisting", "ladder"}, "correct": {"standard"}, "split": {"parts"}, "conclude_consult": {"ladder"}}
        return {name: value for name, value in known.items() if name in asked | optional.get(act, set())}

    # --- the laws

    @invariant()
    def events_fold_to_what_is_kept(self) -> None:
        """Folded on from where the last look ended, as long as the history before is still the very same; anew at the end of a life."""
        for case in self.cases() if hasattr(self, "store") else []:
            SEEN[f"in {case.state}"] += 1
            past, so_far = self.folded.get(case.id, ((), first_of(case)))
            events = tuple(self.store.shelves.events[case.id])
            assert events[: len(past)] == past, "history is only ever added to"
            SEEN.update(f"event {event.type}" for event in events[len(past) :])
            self.folded[case.id] = events, fold(so_far, events[len(past) :])
            assert self.folded[case.id][1] == case

    @invariant()
    def every_clock_that_should_run_runs_and_no_other(self) -> None:
        for case in self.cases() if hasattr(self, "store") else []:
            names = {clock.name for clock in alive(case)}
            if case.state == S.MERGED:
                assert not [clock for clock in alive(case) if clock.outcome == "running" and clock.name != C.SUPERVISION], (
                    "its main case counts"
                )
                continue
            wanted = set(ALIVE_IN[case.state])
            free = {C.ANSWER, C.SUPERVISION, C.SUB_UNIT, *({C.CASE} if case.state == S.VOID_ASKED else ())}
            if case.state in FILED:
                wanted.add(C.CASE)
            assert wanted <= names <= wanted | free, f"{case.state}: {sorted(names)} run, {sorted(wanted)} should"
            for clock in alive(case):
                may_stand = clock.name in PAUSED_IN.get(case.state, set())
                assert clock.outcome == "running" or may_stand, f"{clock.name} stands still in {case.state}"
            sub = alive(case, C.SUB_UNIT)
            assert {clock.org for clock in sub} <= set(case.holders[1:]) and len(sub) <= max(0, len(case.holders) - 1)

    @invariant()
    def one_unit_clock_and_one_case_clock(self) -> None:
        for case in self.cases() if hasattr(self, "store") else []:
            assert len(alive(case, C.UNIT)) <= 1
            assert len([clock for clock in case.clocks if clock.name == C.CASE]) <= 1, "the case clock is never reset"
            for name in (C.FILE, C.DISPATCH, C.ACCEPT, C.APPROVE, C.CHECK, C.CLOSE, C.ANSWER):
                assert len(alive(case, name)) <= 1, f"two {name} clocks"

    @invariant()
    def a_running_clock_with_a_limit_has_its_deadline_and_its_timer(self) -> None:
        if not hasattr(self, "store"):
            return
        now, timers = self.clock.now(), self.store.shelves.timers.values()
        for case in self.cases():
            for clock in alive(case):
                if clock.outcome == "paused":
                    assert clock.due is None or clock.due <= now, "a clock that stands still has no deadline ahead"
                    continue
                if clock.limit is None and clock.name != C.SUSPENSION:
                    assert clock.due is None
                    continue
                assert clock.due is not None
                rung = [each for each in timers if (each.case, each.clock, each.serial) == (case.id, clock.name, clock.serial)]
                assert clock.due <= now or any(each.at == clock.due for each in rung), f"no timer for {clock.name}"
            for each in timers:
                if each.case == case.id:
                    assert [clock for clock in alive(case) if (clock.name, clock.serial) == (each.clock, each.serial)], (
                        "a timer of a dead clock"
                    )

    @invariant()
    def whoever_wants_an_answer_is_owed_one_until_he_has_it(self) -> None:
        for case in self.cases() if hasattr(self, "store") else []:
            waiting = [each for each in case.reporters if each.wants_answer and not each.answered]
            assert not (waiting and case.state in DONE), "closed over a reporter's head"
            if case.state != S.MERGED:
                owed = alive(case, C.ANSWER)
                assert bool(owed) == bool(waiting)
                assert all(clock.limit is not None for clock in owed), "an answer owed without a day"

    @invariant()
    def a_merged_case_has_a_main_case_that_lists_it(self) -> None:
        for case in self.cases() if hasattr(self, "store") else []:
            assert (case.merged_into is not None) == (case.state == S.MERGED)
            if case.merged_into is not None:
                main = self.store.shelves.cases[case.merged_into]
                assert case.id in main.absorbed and main.state != S.MERGED
                assert {each.id for each in case.reporters} <= {each.id for each in main.reporters}, "every reporter is kept"
            for absorbed in case.absorbed:
                assert self.store.shelves.cases[absorbed].merged_into == case.id

    @invariant()
    def a_split_case_knows_which_of_its_parts_are_over(self) -> None:
        for case in self.cases() if hasattr(self, "store") else []:
            if case.state == S.SPLIT:
                for child, over in case.children:
                    assert over == (self.store.shelves.cases[child].state in (*DONE, S.VOID))

    @invariant()
    def grants_stay_within_their_number(self) -> None:
        for case in self.cases() if hasattr(self, "store") else []:
            assert case.extensions <= 2 and case.suspensions <= 1
            assert (case.request is not None) == (
                case.state in (S.VOID_ASKED, S.SUSPENDED) or case.state.endswith(("_asked", "_endorsed"))
            ), "a request stands exactly while it is under way"

    @invariant()
    def no_words_of_a_person_stand_in_the_history(self) -> None:
        """Every line once, when it is new: what is kept cannot be altered."""
        if not hasattr(self, "store"):
            return
        shelves = self.store.shelves
        histories = {f"events of {case}": events for case, events in shelves.events.items()}
        for name, lines in {"audit": shelves.audit, "outbox": shelves.outbox, **histories}.items():
            new = lines[self.read[name] :]
            self.read[name] += len(new)
            assert MARK not in repr(new)

    def teardown(self) -> None:
        for case in self.cases() if hasattr(self, "store") else []:
            assert refolded(self.store, case.id, first_of(case)) == case


def test_no_life_of_cases_breaks_a_law() -> None:
    SEEN.clear()
    run_state_machine_as_test(
        LifeOfCases,
        settings=settings(
            max_examples=count("life_of_cases", "runs"),
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # a life is one seed after another: nothing to shrink
            suppress_health_check=list(HealthCheck),
        ),
    )
    every = {row.action for row in NATIONAL.rows}
    done = {act for act in every if SEEN[f"event {act}"]}
    told = f"{SEEN['refused']} of {SEEN['steps']} acts unlawful ({SEEN['refused'] / SEEN['steps']:.0%})"
    print(f"\n{told}; {len(done)} of {len(every)} acts done, never: {sorted(every - done)}")
    assert SEEN["refused"] >= 0.3 * SEEN["steps"], f"{SEEN['refused']} of {SEEN['steps']} acts were unlawful"
    unseen = {state for state in set(State) - {S.NONE, S.UNKNOWN} if not SEEN[f"in {state}"]}
    assert len(unseen) <= 5, f"never came to {sorted(unseen)}"
