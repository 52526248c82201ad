"""Past cases of the demo city: 90 days of them, every event decided by the pure core, and a morning full of open work.

`past_cases(city)` gives about 3,400 cases as records for bulk loading; the case of each equals the fold of its events. Around 3,200
lived their lives as drawn by the planner and are, by and large, closed. The rest is put in place: reports of the last days that stop
in a chosen state, so that every queue of every post has rows when the clock of the city starts.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chengyun.base.geometry import Point
from chengyun.base.ids import AreaCode, PersonId, case_number
from chengyun.cases.evolve import write_reporter
from chengyun.cases.flows import shipped_flows
from chengyun.cases.national import NATIONAL
from chengyun.cases.records import SourceFamily, State
from chengyun.cases.responsibility import DutyIndex
from chengyun.cases.rules import Rules, Settings
from chengyun.city.areas import AreaIndex
from chengyun.city.calendars import compile as compile_calendar
from chengyun.city.records import Role
from chengyun_demo.areas import community_code
from chengyun_demo.city import DemoCity
from chengyun_demo.life import Life, Numbers, PastCase, PastPhoto, World
from chengyun_demo.people import CITY_ZONE
from chengyun_demo.repairs import FLOW_OF, tell
from chengyun_demo.rota import Rota
from chengyun_demo.scenario import PLANNED, TROUBLES, Plan, Planner, Trouble
from chengyun_demo.stories import ENDED, SYSTEM, at_desk, minutes, report

__all__ = ["PastCase", "PastPhoto", "past_cases", "rule_book"]

TRIES = 120
S = State


def rule_book(city: DemoCity) -> Rules:
    """The rules the past was decided by: the national flow and the water company's, default settings, the demo's calendars and people."""
    day = city.start.astimezone(CITY_ZONE).date()
    office, centre, wall = (compile_calendar(calendar) for calendar in city.calendars)
    return Rules(
        tenant=city.tenant,
        version=1,
        lifecycle=NATIONAL,
        settings=Settings(number_prefix=city.case_prefix, flow_of=FLOW_OF),
        flows=shipped_flows(),
        calendars={"city": office, "centre": centre, "clock": wall},
        units={org.id: org for org in city.organisations.all},
        standards={entry.id: entry for entry in city.standards},
        staff={person.id: (person.org, frozenset(post.role for post in person.assignments)) for person in city.people.all},
        fields={category.code: category.field for category in city.catalogue.in_force(day)},
        areas=AreaIndex(city.areas, day),
        duty=DutyIndex(city.duty_rows, 1),
    )


def past_cases(city: DemoCity, rules: Rules | None = None, until: datetime | None = None, count: int = PLANNED) -> Iterator[PastCase]:
    """Cases in order of their reports; `until` is the present (default: the demo's start), nothing happens after it."""
    present = (until or city.start).astimezone(UTC)
    draw = random.Random(f"{city.seed}:history")
    world = _world(city, rules or rule_book(city), present)
    planner = Planner(city, world.rota, draw)
    lives = [*_lives(world, planner, count), *_open_work(world, planner)]
    lives.sort(key=lambda life: (life.events[0].at, life.case.id))
    sequence: dict[str, int] = {}
    for life in lives:
        day = life.events[0].at.astimezone(CITY_ZONE).strftime("%y%m%d")
        sequence[day] = sequence.get(day, 0) + 1
        yield life.finished(case_number(city.case_prefix, day, sequence[day]))


def _world(city: DemoCity, rules: Rules, present: datetime) -> World:
    habits = random.Random(f"{city.seed}:lateness")
    return World(
        city=city,
        rules=rules,
        rota=Rota(city),
        until=present,
        numbers=Numbers(),
        orgs_of={person.id: person.org for person in city.people.all},
        lateness={org.id: habits.choice((0.03, 0.05, 0.07, 0.09, 0.12, 0.17, 0.24)) for org in city.organisations.all},
    )


# --- the 90 days --------------------------------------------------------------------------------------------------------


def _lives(world: World, planner: Planner, count: int) -> Iterator[Life]:
    for number, plan in enumerate(planner.plan_all(count)):
        draw = random.Random(f"{world.city.seed}:life:{number}")
        life = Life(world, plan, draw)
        twins: list[Life] = []
        if draw.random() < 0.035 and plan.trouble.number != "10906" and plan.trouble.code not in FLOW_OF:
            twins.append(_plan_twin(life, planner))
        tell(life)
        yield life
        yield from (twin for twin in twins if twin.events)


def _plan_twin(life: Life, planner: Planner) -> Life:
    """Somebody else reports the same matter while it is under way: the second case is merged into the first."""
    first = life.plan
    at = first.at + minutes(life, 25, 170)
    family = life.draw.choice((SourceFamily.PUBLIC, SourceFamily.HOTLINE))
    day = at.astimezone(CITY_ZONE).date()
    plan = planner.draw_report(day, trouble=first.trouble, family=family, at=at, place=first.place)
    plan = replace(plan, component=first.component)
    twin = Life(life.world, plan, random.Random(f"twin:{life.world.city.seed}:{life.case.id}"))

    def arrive(told: Life, moment: datetime) -> None:
        if told.case.state in ENDED or moment > told.world.until - timedelta(minutes=30):
            return
        merge(told, twin)

    life.later(at, arrive)
    return twin


def merge(main: Life, twin: Life) -> None:
    report(twin)
    when, officer = at_desk(twin, Role.INTAKE_OFFICER, minutes(twin, 2, 14))
    if main.case.state in ENDED:
        return
    before = twin.case.reporters
    twin.act("merge", officer, when, {"into": int(main.case.id), "main_state": str(main.case.state), "certainty": 0.9})
    main.act("absorb", SYSTEM, when, {"absorbed": int(twin.case.id), "reporters": [write_reporter(each) for each in before]})


# --- the morning of the demo --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """So many cases that stand in this state this morning, reported so long ago, by way of these turns."""

    state: State
    count: int
    hours: tuple[float, float]
    must: frozenset[str] = frozenset()
    families: tuple[SourceFamily, ...] = ()
    troubles: tuple[str, ...] = ()
    communities: str = ""
    checker: str = ""
    """Account name of the collector who is to verify or check."""
    reporter: str = ""
    """Account name of the citizen."""


P, H, C, V, X = SourceFamily.PUBLIC, SourceFamily.HOTLINE, SourceFamily.COLLECTOR, SourceFamily.VIDEO, SourceFamily.EXCHANGE
PUBLIC_SIDE = (P, H, V, X)
SLOW = ("06013", "06050", "06051", "02010", "04002", "06036", "06035", "07003", "06040", "01037")
"""Matters with days to go, so that requests can be pending."""
DRAINS = ("01004", "01002", "01003")
COVERS = ("01001",)
"""Covers of the water company, which go by its own flow."""

WANTED = (
    Wanted(S.REPORTED, 9, (0.05, 0.6), families=PUBLIC_SIDE),
    Wanted(S.REPORTED, 2, (0.1, 0.8), families=(P,), reporter="citizen"),
    Wanted(S.VERIFYING, 5, (0.3, 1.8), families=PUBLIC_SIDE),
    Wanted(S.VERIFYING, 3, (0.3, 1.8), families=PUBLIC_SIDE, communities="E", checker="collector"),
    Wanted(S.PENDING_FILING, 9, (0.03, 0.35), families=(C,)),
    Wanted(S.VOID_ASKED, 4, (0.4, 2.2), must=frozenset({"void"}), families=(C, P)),
    Wanted(S.PENDING_DISPATCH, 8, (0.15, 0.9), families=(C,)),
    Wanted(S.RETURNED_TO_FILING, 2, (0.4, 1.6), must=frozenset({"return_filing"}), families=(C,)),
    Wanted(S.CONSULTING, 4, (0.5, 20), families=(C, P), troubles=("06050", "06051", "06035", "06014", "07001")),
    Wanted(S.CONSULTING, 3, (18, 40), families=(C, P), troubles=("06050", "06051", "06035", "10002")),
    Wanted(S.DISPATCHED, 12, (0.4, 1.6), families=(C, V)),
    Wanted(S.DISPATCHED, 4, (0.4, 1.6), families=(C,), troubles=DRAINS),
    Wanted(S.DISPATCHED, 2, (0.4, 1.6), families=(C,), troubles=("06010", "06036"), communities="E"),
    Wanted(S.HANDLING, 16, (1, 30), families=(C, P, H)),
    Wanted(S.HANDLING, 6, (1, 26), families=(C, P), troubles=DRAINS),
    Wanted(S.HANDLING, 4, (0.6, 3), families=(C,), troubles=("06012", "06042", "06010"), communities="ABDGH"),
    Wanted(S.HANDLING, 3, (0.8, 20), families=(C,), troubles=("06010", "06036", "06007"), communities="E"),
    Wanted(S.HANDLING, 2, (2, 30), families=(P,), reporter="citizen"),
    Wanted(S.FINISHED, 4, (1, 26), families=(C, P)),
    Wanted(S.FINISHED, 2, (1, 26), families=(C,), troubles=DRAINS),
    Wanted(S.EXTENSION_ASKED, 3, (2, 30), must=frozenset({"extension"}), troubles=SLOW, families=(C,)),
    Wanted(S.EXTENSION_ENDORSED, 4, (2, 30), must=frozenset({"extension"}), troubles=SLOW, families=(C,)),
    Wanted(S.SUSPENSION_ASKED, 2, (2, 40), must=frozenset({"suspension"}), troubles=SLOW, families=(C,)),
    Wanted(S.SUSPENSION_ENDORSED, 3, (2, 40), must=frozenset({"suspension"}), troubles=SLOW, families=(C,)),
    Wanted(S.SUSPENDED, 4, (40, 140), must=frozenset({"suspension"}), troubles=SLOW, families=(C, P)),
    Wanted(S.RETURNED, 5, (0.6, 3), must=frozenset({"return"}), families=(C, P)),
    Wanted(S.FEEDBACK_GIVEN, 6, (1, 26), families=(C, P)),
    Wanted(S.CHECKING, 5, (1, 26), families=(C, P, H)),
    Wanted(S.CHECKING, 4, (1, 26), families=(P, H, V), communities="E", checker="collector"),
    Wanted(S.PENDING_CLOSING, 6, (1, 26), families=(C, P, H)),
    Wanted(S.REPORTED, 1, (0.05, 0.3), families=(C,), troubles=COVERS),
    Wanted(S.DISPATCHED, 2, (0.3, 1.2), families=(C,), troubles=COVERS),
    Wanted(S.HANDLING, 3, (0.5, 5), families=(C,), troubles=COVERS),
    Wanted(S.SUSPENSION_ENDORSED, 1, (2, 30), must=frozenset({"suspension"}), families=(C,), troubles=COVERS),
    Wanted(S.FEEDBACK_GIVEN, 2, (1, 20), families=(C,), troubles=COVERS),
)  # fmt: skip


def _open_work(world: World, planner: Planner) -> Iterator[Life]:
    draw = random.Random(f"{world.city.seed}:open work")
    accounts = {account.name: account.person for account in world.city.people.accounts}
    by_number = {person.number: person.id for person in world.city.people.all}

    def person(name: str) -> PersonId | None:
        return by_number[accounts[name]] if name else None

    for wanted in WANTED:
        for _ in range(wanted.count):
            life = _reach(world, planner, wanted, draw, person(wanted.checker), person(wanted.reporter))
            if life is not None:
                yield life


def _reach(
    world: World, planner: Planner, wanted: Wanted, draw: random.Random, checker: PersonId | None, reporter: PersonId | None
) -> Life | None:
    """Try until a story stands in the wanted state this morning; the ids of failed tries are taken back."""
    kept = replace(world.numbers)
    for _ in range(TRIES):
        plan = _plan(world, planner, wanted, draw, reporter)
        life = Life(world, plan, random.Random(draw.random()), wanted.must, wanted.state, staged=True, checker=checker)
        tell(life)
        if life.events and life.case.state is wanted.state:
            return life
        world.numbers = replace(kept)
    return None


def _plan(world: World, planner: Planner, wanted: Wanted, draw: random.Random, reporter: PersonId | None) -> Plan:
    at = world.until - timedelta(hours=draw.uniform(*wanted.hours))
    day = at.astimezone(CITY_ZONE).date()
    family = draw.choice(wanted.families)
    troubles = [t for t in TROUBLES if t.number in wanted.troubles] if wanted.troubles else [planner.draw_trouble(False)]
    trouble = draw.choice(troubles)
    wards = [community_code(letter) for letter in wanted.communities]
    place = None
    if wards:
        place = _place_in(planner, trouble, wards, draw)
    return planner.draw_report(day, trouble=trouble, family=family, at=at, place=place, reporter=reporter)


def _place_in(planner: Planner, trouble: Trouble, wards: list[AreaCode], draw: random.Random) -> Point:
    for _ in range(400):
        place = draw.choice(planner.facilities[trouble.number]).place if trouble.kind == "component_fault" else planner.draw_place()
        grid = planner.city.grid_at(place)
        if grid is not None and grid[:12] in wards:
            return place
    raise LookupError(f"no place for {trouble.number} in {wards}")
