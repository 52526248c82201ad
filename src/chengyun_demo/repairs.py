"""What goes by the water company's own flow in the demo city, and how such a case goes: a fault is reported, a crew is sent, water is back.

The flow is the one that ships with the product (`cases/flow_files/water_repair.yaml`). A report whose category is not known yet begins
by the national steps and goes on by them, as in any city.
"""

from datetime import timedelta

from chengyun.cases.guards import running
from chengyun.cases.records import ClockName, EvidenceStage
from chengyun.cases.responsibility import Gap
from chengyun.city.records import Role
from chengyun_demo import stories
from chengyun_demo.life import Life, Unfinished

FLOW = "water_repair"
COVER, BURST = "2026:component_fault:01001", "2026:matter:10902"
FLOW_OF = {COVER: FLOW, BURST: FLOW}
"""Covers of the supply network and broken water pipes: the company repairs both with its own crews."""


def tell(life: Life) -> None:
    """From the report to wherever it gets, by the flow its category has."""
    try:
        reported = stories.report(life)
        if life.case.flow != FLOW:
            stories.go_on(life, reported)
            return
        send_crew(life)
        repair(life)
        stories.close(life)
        stories.aftermath(life)
        life.pass_time(life.world.until)
    except Unfinished:
        pass


def send_crew(life: Life) -> None:
    """The repair room takes it on and sends a crew, by the duty list; where the list has no answer, the company's own."""
    when, room = stories.at_desk(life, Role.DISPATCHER, stories.minutes(life, 1, 9))
    facts: dict[str, object] = {
        "category": life.plan.trouble.code,
        "grid": life.plan.grid,
        "standard": int(stories.choose_standard(life).id),
    }
    life.act("file", room, when, facts)
    when, room = stories.at_desk(life, Role.DISPATCHER, stories.minutes(life, 0.5, 8))
    found = stories.look_up(life, when)
    orgs = life.world.city.organisations
    chosen = {"unit": int(orgs.id("WTR-F")), "trade_department": int(orgs.id("WTB"))}
    life.act("dispatch", room, when, chosen if isinstance(found, Gap) else stories.dispatch_facts(found))
    stories.watch(life)


def repair(life: Life) -> None:
    """The crew sets out, repairs, reports water back; now and then halted, now and then sent once more."""
    clerk = life.actor(Role.UNIT_CLERK, stories.clerk_of(life, life.case.holders[-1]))
    life.act("accept", clerk, stories.unit_time(life, life.now + stories.minutes(life, 2, 25)))
    clock = running(life.case, ClockName.UNIT)
    if clock is not None and clock.due is not None and clock.due - life.now > timedelta(hours=6) and life.chance("suspension", 0.06):
        stories.suspension(life, clerk.person, None)
    for attempt in range(2):
        words = {"result": life.plan.trouble.done}
        life.act("feedback", clerk, stories.when_done(life, attempt), {}, words, (EvidenceStage.AFTER,))
        if attempt or not life.chance("rework", 0.07):
            return
        when, room = stories.at_desk(life, Role.DISPATCHER, stories.minutes(life, 3, 30))
        life.act("rework", room, when, {}, {"reason": life.draw.choice(stories.REWORK_REASONS)})
