"""The ways a case can go, told step by step in the order of the national process; chances and delays are chosen by us.

A story calls `life.act`; what may be done is decided by the core, never here. A story ends when it is told, when the present is
reached (`Unfinished`), or when something in between ended the case (a forced closing).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from chengyun.base.ids import OrgId, PersonId
from chengyun.base.time import to_text
from chengyun.cases.guards import running
from chengyun.cases.records import Actor, ClockName, EvidenceStage, SourceFamily, State
from chengyun.cases.responsibility import Decision, Gap, ask_at, find_party
from chengyun.city.areas import LEVELS
from chengyun.city.records import AreaKind, Category, ClockUnit, OrgKind, Role, StandardEntry
from chengyun_demo.duty import trade_of
from chengyun_demo.life import Life, Unfinished
from chengyun_demo.people import CITY_ZONE

SYSTEM = Actor(Role.SYSTEM)
E = EvidenceStage
AWAKE = ("ST2-NGT", "EMG-RES", "WTB-DR", "WTR-F", "GAS-F", "PWR-F", "ST2-SAF", "TRF-ORD")
"""Units with somebody on duty round the clock."""
URGENT_UNITS = (ClockUnit.URGENT_MINUTE, ClockUnit.URGENT_HOUR, ClockUnit.URGENT_DAY)
ENDED = (State.CLOSED, State.FORCED_CLOSED, State.EVALUATED, State.VOID, State.MERGED)

RETURN_REASONS = (
    "经现场查看，不属于我单位管养范围",
    "该设施权属为其他单位，请重新派遣",
    "位置在邻区地界，不属本单位职责",
    "该路段已移交，请派至接管单位",
)
REWORK_REASONS = ("现场仍有残留，未清理干净", "只处理了一部分，请继续处置", "修补不平整，需返工", "照片角度与现场不符，问题仍在")
EXTENSION_REASONS = ("配件需定制，预计后天到货", "连续降雨，无法施工", "需协调产权单位共同处理", "需办理占道手续")
SUSPENSION_REASONS = ("道路改造工程施工中，完工后一并恢复", "需列入下季度养护计划", "权属争议，待区里协调")
VOID_GROUNDS = (("absent", "现场核实未发现问题"), ("not_a_matter", "不属于城市管理事项"), ("duplicate", "与已立案件重复"), ("test", "误报"))
ANSWERS = (
    "您反映的问题已处理完毕，感谢您的监督。",
    "经处置单位现场处理，问题已解决，谢谢您的来信。",
    "已安排人员处理并核查，如有反复请再次反映。",
)
LATE_APPEALS = ("恶劣天气影响施工，申请不计超期", "现场车辆长期占压，无法作业")


def minutes(life: Life, low: float, high: float) -> timedelta:
    """A delay, more often short than long."""
    return timedelta(minutes=life.draw.triangular(low, high, low + (high - low) * 0.3), milliseconds=life.draw.randrange(1000))


def go_on(life: Life, reported: bool) -> None:
    """By the national steps, from the report on; `reported` is False where a collector put it right on the spot."""
    if reported:
        if life.case.state is State.REPORTED:
            verify(life)
        if life.case.state is State.PENDING_FILING:
            file(life)
        if life.case.state is State.PENDING_DISPATCH:
            dispatch(life)
            handle_until_passed(life)
            close(life)
    aftermath(life)
    life.pass_time(life.world.until)


def knows(life: Life, act: str) -> bool:
    """Whether the flow of the case has this act in its present state; a department's own leaves some out."""
    return (life.case.state, act) in life.world.rules.flow_for(life.case).by_cell


# --- 1 collection -----------------------------------------------------------------------------------------------------


def report(life: Life) -> bool:
    """False if the collector put it right on the spot."""
    plan = life.plan
    facts: dict[str, object] = {"place": [plan.place.lon, plan.place.lat], "grid": plan.grid}
    if plan.component:
        facts["component"] = plan.component.identifier
    texts = {"description": plan.words, "address": plan.address}
    if plan.family is SourceFamily.COLLECTOR:
        facts["category"] = plan.trouble.code
        captured = plan.at - timedelta(seconds=life.draw.randrange(20, 240))
        actor = life.actor(Role.COLLECTOR, plan.reporter)
        on_the_spot = plan.trouble.theme in ("litter", "bikes", "sign", "street") and plan.trouble.kind == "matter"
        if on_the_spot and life.chance("simple", 0.42):
            facts["standard"] = int(choose_standard(life).id)
            life.act("simple_close", actor, plan.at, facts, texts, (E.BEFORE, E.AFTER), captured)
            return False
        life.act("report", actor, plan.at, facts, texts, (E.BEFORE,), captured)
        return True
    if plan.family in (SourceFamily.PUBLIC, SourceFamily.HOTLINE):
        if life.draw.random() < 0.75:
            facts["category"] = plan.trouble.code
        photos = (E.BEFORE,) if plan.family is SourceFamily.PUBLIC and life.draw.random() < 0.85 else ()
        if plan.family is SourceFamily.HOTLINE:
            actor = life.actor(Role.CALL_AGENT, life.draw.choice(life.world.city.people.holding(Role.CALL_AGENT)).id)
        else:
            actor = life.actor(Role.CITIZEN if plan.reporter else Role.ANONYMOUS, plan.reporter)
        life.act("report", actor, plan.at, facts, texts, photos)
        return True
    facts["category"] = plan.trouble.code
    machine = life.actor(Role.MACHINE, life.world.city.people.holding(Role.MACHINE)[0].id)
    photos = (E.BEFORE,) if plan.family is not SourceFamily.SENSOR else ()
    life.act("report", machine, plan.at, facts, texts, photos)
    return True


def at_desk(life: Life, role: Role, after: timedelta, excluded: PersonId | None = None) -> tuple[datetime, Actor]:
    """When somebody of a desk of the centre gets round to it, and who."""
    rota, when = life.world.rota, life.now + after
    for _ in range(16):
        when = rota.when_centre_open(when, life.draw)
        person = rota.desk_at(when, role, life.draw, excluded)
        if person is not None:
            return when, life.actor(role, person)
        when += timedelta(hours=3)
    raise LookupError(f"no {role} at work around {when}")


def verify(life: Life) -> None:
    when, officer = at_desk(life, Role.INTAKE_OFFICER, minutes(life, 1, 18))
    complete = life.case.category is not None and any(each.stage == E.BEFORE for each in life.case.evidence)
    if complete and life.case.family is not SourceFamily.VIDEO and life.chance("admit", 0.2):
        life.act("admit", officer, when, {"exemption": "evidence_complete"})
        return
    when = life.world.rota.when_walked(when, life.draw)
    checker = life.checker or life.world.rota.collector_at(when, life.plan.grid[:12], life.draw, (life.plan.reporter,))
    assert checker is not None
    life.act("order_verify", officer, when, {"checker": int(checker)})
    arrives = life.now + minutes(life, 6, 48)
    collector = life.actor(Role.COLLECTOR, checker)
    if life.chance("absent", 0.07):
        life.act("verify_absent", collector, arrives, {}, {"reason": "到达现场，未发现所反映的问题"}, (E.VERIFY,))
    else:
        life.act("verify", collector, arrives, {}, {}, (E.VERIFY,))


# --- 2 filing -----------------------------------------------------------------------------------------------------------


def choose_standard(life: Life) -> StandardEntry:
    city, day = life.world.city, life.plan.at.astimezone(CITY_ZONE).date()
    area_class = next(a.area_class for a in city.areas if a.code == life.plan.grid[:12])
    entries = city.catalogue.standards_for(life.plan.trouble.code, area_class, day)
    return life.draw.choices(entries, [3, *([1] * (len(entries) - 1))])[0]


def file(life: Life) -> None:
    if life.case.verified is False or life.chance("void", 0.025):
        void(life)
        if life.case.state is not State.PENDING_FILING:
            return
    when, officer = at_desk(life, Role.INTAKE_OFFICER, minutes(life, 0.6, 19))
    if life.chance("critical", 0.5 * life.plan.trouble.urgent) and life.case.verified is not False:
        life.act("raise_urgency", officer, when, {"urgency": "critical"})
    elif life.chance("urgent", life.plan.trouble.urgent):
        life.act("raise_urgency", officer, when, {"urgency": "urgent"})
    facts: dict[str, object] = {"category": life.plan.trouble.code, "grid": life.plan.grid, "standard": int(choose_standard(life).id)}
    life.act("file", officer, life.now + timedelta(seconds=life.draw.randrange(5, 90)) if life.now > when else when, facts)


def void(life: Life) -> None:
    ground, reason = VOID_GROUNDS[0] if life.case.verified is False else life.draw.choice(VOID_GROUNDS[1:])
    when, officer = at_desk(life, Role.INTAKE_OFFICER, minutes(life, 2, 25))
    life.act("ask_void", officer, when, {"ground": ground}, {"reason": reason})
    when, lead = at_desk(life, Role.SHIFT_LEAD, minutes(life, 5, 90), officer.person)
    if life.case.verified is not False and life.draw.random() < 0.12:
        life.act("refuse_void", lead, when, {}, {"reason": "符合立案条件，请立案"})
        return
    life.act("approve_void", lead, when)
    answer_everyone(life, "经核实，您反映的情况现场未发现或不属受理范围，已登记备查。")


# --- 3 dispatch -----------------------------------------------------------------------------------------------------------


def dispatch(life: Life) -> None:
    when, officer = at_desk(life, Role.DISPATCHER, minutes(life, 0.5, 16))
    if life.chance("return_filing", 0.012):
        life.act("return_filing", officer, when, {}, {"reason": "类别有误，请重新判定"})
        when, intake = at_desk(life, Role.INTAKE_OFFICER, minutes(life, 3, 30))
        facts: dict[str, object] = {"category": life.plan.trouble.code, "grid": life.plan.grid, "standard": int(choose_standard(life).id)}
        life.act("resubmit", intake, when, facts, {"reason": "已核对，类别无误"})
        when, officer = at_desk(life, Role.DISPATCHER, minutes(life, 1, 12))
    found = look_up(life, when)
    if isinstance(found, Gap):
        life.act("consult", officer, when, {"ground": f"gap_{found.kind}", "why": found.reason})
        consult(life)
        return
    critical = life.case.urgency == "critical"
    facts = {**dispatch_facts(found), **({"call": {"answered": True}} if critical else {})}
    if critical:
        facts |= (
            {"category": life.plan.trouble.code, "grid": life.plan.grid, "standard": int(life.case.standard.id)}
            if life.case.standard
            else {}
        )
    life.act("dispatch_urgent" if critical else "dispatch", officer, when, facts)
    watch(life)


def look_up(life: Life, when: datetime) -> Decision | Gap:
    """The duty list asked as the desk asks it, at that moment of the past."""
    rules, plan = life.world.rules, life.plan
    assert rules.areas is not None
    path = rules.areas.tree.path(plan.grid)
    located = {kind: code for kind, code in zip(LEVELS, (path.grid, path.community, path.street, path.district), strict=True) if code}
    own = rules.areas.responsibility_grid(plan.place)
    if own is not None:
        located[AreaKind.RESPONSIBILITY_GRID] = own
    owner, keeper = (plan.component.owner, plan.component.maintenance) if plan.component else (None, None)
    question = ask_at(when, rules.calendars["city"], plan.trouble.code, located, path.area_class, owner, keeper)
    return find_party(question, rules.duty)


def dispatch_facts(found: Decision) -> dict[str, object]:
    return {
        "unit": int(found.unit),
        "trade_department": None if found.trade_department is None else int(found.trade_department),
        "assisting": [int(each) for each in found.assisting],
        "ladder": [[str(loop), int(org)] for loop, org in found.ladder],
        "duty_row": [int(found.row), found.version],
        "why": found.reason,
    }


def consult(life: Life) -> None:
    city = life.world.city
    bureau = city.organisations.id(trade_of(category_of(life)).bureau)
    advisers = city.people.holding(Role.SUPERVISING_DEPT, bureau)
    when = life.world.rota.when_office_open(life.now + minutes(life, 25, 200), life.draw)
    if advisers:
        life.act("advise", life.actor(Role.SUPERVISING_DEPT, advisers[0].id), when, {}, {"note": "建议由属地街道先行处置，权属另行明确"})
    when, officer = at_desk(life, Role.DISPATCHER, timedelta(0))
    when = life.world.rota.when_office_open(max(when, life.now) + minutes(life, 15, 240), life.draw)
    when, officer = at_desk(life, Role.DISPATCHER, when - life.now)
    unit = city.organisations.id(trade_of(category_of(life)).team)
    facts = {"unit": int(unit), "trade_department": int(bureau), "ladder": [["medium", int(bureau)]] if bureau != unit else []}
    life.act("conclude_consult", officer, when, facts, {"reason": "会商意见：由属地队伍处置，写入权责清单"})
    watch(life)


def category_of(life: Life) -> Category:
    return life.world.city.catalogue.get(life.plan.trouble.code, life.world.until.date())


def watch(life: Life) -> None:
    """What the system does by itself while a unit has the case: warn with a quarter of the time left, urge when it has run out."""
    clock = running(life.case, ClockName.UNIT)
    if clock is None or clock.due is None:
        return
    serial, due = clock.serial, clock.due

    def still(told: Life) -> bool:
        now_running = running(told.case, ClockName.UNIT)
        return now_running is not None and now_running.serial == serial and now_running.due == due and told.case.state not in ENDED

    def warn(told: Life, at: datetime) -> None:
        if still(told):
            told.act("warn", SYSTEM, at, {"clock": "unit", "serial": serial})

    def overdue(told: Life, at: datetime) -> None:
        if still(told):
            if told.case.state in (State.DISPATCHED, State.HANDLING, State.FINISHED, State.RETURNED):
                told.act("urge", SYSTEM, at, {"clock": "unit", "serial": serial})
            told.act("escalate", SYSTEM, at, {"clock": "unit", "serial": serial})

    life.later(due - 0.25 * (due - clock.started), warn)
    life.later(due + timedelta(seconds=life.draw.randrange(1, 20)), overdue)
    if life.chance("supervised", 0.09):
        life.later(due + minutes(life, 30, 600), supervise)
    if life.chance("noted", 0.008):
        life.later(life.now + minutes(life, 60, 900), leader_note)


def supervise(life: Life, at: datetime) -> None:
    if life.case.state not in (State.DISPATCHED, State.HANDLING, State.FINISHED) or not life.case.holders or not knows(life, "supervise"):
        return
    lead = life.world.rota.desk_at(life.world.rota.when_centre_open(at, life.draw), Role.SHIFT_LEAD, life.draw)
    if lead is None:
        return
    life.act("supervise", life.actor(Role.SHIFT_LEAD, lead), at, {}, {"reason": "已超期，请说明原因并尽快处置"})
    clerk = clerk_of(life, life.case.holders[0])

    def reply(told: Life, moment: datetime) -> None:
        if any(each.answered_at is None for each in told.case.supervisions) and told.case.state not in (State.VOID, State.MERGED):
            told.act("answer_supervision", told.actor(Role.UNIT_CLERK, clerk), moment, {}, {"note": "已安排加急处置，今日完成"})

    if clerk is not None:
        life.later(life.world.rota.when_office_open(at + minutes(life, 60, 600), life.draw), reply)


def leader_note(life: Life, at: datetime) -> None:
    if not knows(life, "leader_note"):
        return
    leader = life.world.city.people.holding(Role.DUTY_LEADER)[0].id
    life.act("leader_note", life.actor(Role.DUTY_LEADER, leader), at, {}, {"note": "请相关单位举一反三，排查同类问题"})


# --- 4 handling, 5 feedback, 6 check ----------------------------------------------------------------------------------------


def clerk_of(life: Life, org: OrgId) -> PersonId | None:
    clerks = [
        person
        for person in life.world.city.people.holding(Role.UNIT_CLERK, org)
        if any(post.role is Role.UNIT_CLERK and post.deputy_for is None for post in person.assignments)
    ]
    return clerks[0].id if clerks else None


def handler_of(life: Life, org: OrgId) -> PersonId | None:
    """A handler of the unit, or of the team of a community; not the head of a team, who signs for it."""
    city = life.world.city
    below = [other.id for other in city.organisations.all if other.parent == org and other.kind is OrgKind.TEAM]
    for unit in (org, *below):
        found = city.people.holding(Role.HANDLER, unit)
        others = [person for person in found if len(person.assignments) == 1]
        if found:
            return life.draw.choice(others or found).id
    return None


def unit_time(life: Life, moment: datetime) -> datetime:
    """When the unit that holds the case gets round to something: at once if it is awake or the limit is urgent."""
    org = life.world.city.organisation(life.case.holders[-1])
    urgent = life.case.standard is not None and life.case.standard.limit.unit in URGENT_UNITS
    local = moment.astimezone(CITY_ZONE)
    if org.code in AWAKE or (urgent and 6 <= local.hour < 23):
        return moment
    if org.code.startswith("ST2") or org.kind is OrgKind.COMMUNITY or urgent:
        if 8 <= local.hour < 19:
            return moment
        opening = local.replace(hour=8, minute=0, second=0) + timedelta(days=1 if local.hour >= 19 else 0)
        return opening + timedelta(seconds=life.draw.randrange(60, 3000))
    return life.world.rota.when_office_open(moment, life.draw)


def handle_until_passed(life: Life) -> None:
    take_over(life)
    for attempt in range(3):
        work(life, attempt)
        if check(life, attempt):
            return


def take_over(life: Life) -> None:
    """The unit opens its task, sends it on, or says that it is not its own."""
    for attempt in range(2):
        holder = life.case.holders[-1]
        clerk = clerk_of(life, holder)
        when = unit_time(life, life.now + minutes(life, 2, 38))
        returns = "return" in life.must if attempt == 0 else "return_twice" in life.must
        if returns or (attempt == 0 and life.chance("returned", 0.055)):
            if give_back(life, clerk, when):
                continue
            consult(life)
            break
        break
    holder = life.case.holders[-1]
    clerk = clerk_of(life, holder)
    org = life.world.city.organisation(holder)
    when = unit_time(life, life.now + minutes(life, 2, 38))
    if org.code == "ST2":
        team = life.world.city.organisations.id(trade_of(category_of(life)).team)
        if life.world.city.organisation(team).code.startswith("ST2-"):
            life.act("pass_down", life.actor(Role.UNIT_CLERK, clerk), when, {"unit": int(team)})
            clerk = clerk_of(life, team)
            when = unit_time(life, life.now + minutes(life, 3, 40))
    life.act("accept", life.actor(Role.UNIT_CLERK, clerk), when)
    handler = handler_of(life, life.case.holders[-1])
    if handler is not None:
        life.act("assign", life.actor(Role.UNIT_CLERK, clerk), life.now + minutes(life, 0.3, 14), {"handler": int(handler)})


def give_back(life: Life, clerk: PersonId | None, when: datetime) -> bool:
    """Returned to the dispatcher, who sends it elsewhere or back; False if the matter has to be talked over."""
    life.act("return", life.actor(Role.UNIT_CLERK, clerk), when, {}, {"reason": life.draw.choice(RETURN_REASONS)})
    when, officer = at_desk(life, Role.DISPATCHER, minutes(life, 3, 45))
    trade = trade_of(category_of(life))
    orgs = life.world.city.organisations
    others = [orgs.id(code) for code in (trade.team, trade.unit, "ST2") if orgs.id(code) != life.case.holders[0]]
    pick = life.draw.random()
    if pick < 0.1 and "return" not in life.must:
        life.act("consult", officer, when, {"ground": "returned"})
        return False
    if pick < 0.3:
        life.act("refuse_return", officer, when, {}, {"reason": "权责清单明确由贵单位处置"})
        return True
    bureau = orgs.id(trade.bureau)
    facts = {"unit": int(others[0]), "trade_department": int(bureau), "ladder": [["medium", int(bureau)]] if bureau != others[0] else []}
    life.act("reassign", officer, when, facts, {"reason": "核对权属后改派"})
    watch(life)
    return True


def work(life: Life, attempt: int) -> None:
    """Handling: go there, do it, say so. Late as often as this unit is late."""
    case, draw = life.case, life.draw
    holder = case.holders[-1]
    clerk, handler = clerk_of(life, holder), case.handler
    if attempt == 0:
        clock = running(case, ClockName.UNIT)
        if clock is not None and clock.due is not None and clock.due - life.now > timedelta(hours=6):
            if life.chance("extension", 0.05):
                extension(life, clerk, handler)
            elif life.chance("suspension", 0.022):
                suspension(life, clerk, handler)
        if life.chance("forced", 0.006):
            force_close(life)
    done = when_done(life, attempt)
    for unit, ready in life.case.assisting:
        if not ready:
            helper = clerk_of(life, unit)
            when = life.now + (done - life.now) * draw.uniform(0.3, 0.9)
            life.act("assist_done", life.actor(Role.UNIT_CLERK, helper), when, {}, {"note": "已到场配合处置"})
    if handler is not None and draw.random() < 0.85:
        actor = life.actor(Role.HANDLER, handler)
        if draw.random() < 0.5:
            life.act("arrive", actor, life.now + (done - life.now) * draw.uniform(0.4, 0.9))
        life.act("finish", actor, done, {}, {"note": life.plan.trouble.done}, (E.AFTER,))
        when = unit_time(life, life.now + minutes(life, 1, 22))
        life.act("feedback", life.actor(Role.UNIT_CLERK, clerk), when, {}, {"result": life.plan.trouble.done})
    else:
        life.act("feedback", life.actor(Role.UNIT_CLERK, clerk), done, {}, {"result": life.plan.trouble.done}, (E.AFTER,))


def when_done(life: Life, attempt: int) -> datetime:
    """When the unit has done its work: late as often as this unit is late."""
    draw = life.draw
    clock = running(life.case, ClockName.UNIT)
    done = life.now + minutes(life, 20, 240)
    if clock is not None and clock.due is not None:
        late = draw.random() < life.world.lateness[life.case.holders[0]] and not life.must
        left = max(clock.due - life.now, timedelta(minutes=20))
        done = clock.due + timedelta(hours=draw.triangular(0.2, 20, 1.5)) if late else life.now + left * draw.triangular(0.12, 0.97, 0.55)
        if late and attempt == 0 and draw.random() < 0.3:
            done = clock.due + timedelta(minutes=draw.triangular(2, 50, 10))
    return max(unit_time(life, done), life.now + timedelta(minutes=3))


def is_overdue(life: Life, when: datetime) -> bool:
    """Too late to ask for more time."""
    clock = running(life.case, ClockName.UNIT)
    return clock is None or clock.due is None or when >= clock.due


def extension(life: Life, clerk: PersonId | None, handler: PersonId | None) -> None:
    reason = {"reason": life.draw.choice(EXTENSION_REASONS)}
    when = unit_time(life, life.now + minutes(life, 15, 150))
    if is_overdue(life, when):
        return
    if handler is not None:
        life.act("ask_extension", life.actor(Role.HANDLER, handler), when, {}, reason)
        life.act("endorse", life.actor(Role.UNIT_CLERK, clerk), unit_time(life, life.now + minutes(life, 4, 60)))
    else:
        life.act("ask_extension", life.actor(Role.UNIT_CLERK, clerk), when, {}, reason)
    when, officer = at_desk(life, Role.DISPATCHER, minutes(life, 5, 70))
    if life.draw.random() < 0.28:
        life.act("refuse_extension", officer, when, {}, {"reason": "理由不充分，请按期处置"})
    else:
        life.act("grant_extension", officer, when)
    watch(life)


def suspension(life: Life, clerk: PersonId | None, handler: PersonId | None) -> None:
    until = life.now + timedelta(days=life.draw.randrange(4, 26))
    until = until.astimezone(CITY_ZONE).replace(hour=9, minute=0, second=0, microsecond=0)
    facts, reason = {"until": to_text(until)}, {"reason": life.draw.choice(SUSPENSION_REASONS)}
    when = unit_time(life, life.now + minutes(life, 20, 200))
    if is_overdue(life, when):
        return
    if handler is not None and life.draw.random() < 0.5:
        life.act("ask_suspension", life.actor(Role.HANDLER, handler), when, facts, reason)
        life.act("endorse", life.actor(Role.UNIT_CLERK, clerk), unit_time(life, life.now + minutes(life, 5, 90)))
    else:
        life.act("ask_suspension", life.actor(Role.UNIT_CLERK, clerk), when, facts, reason)
    when, officer = at_desk(life, Role.DISPATCHER, minutes(life, 5, 90))
    life.act("grant_suspension", officer, when)
    life.act("wake", SYSTEM, until + timedelta(seconds=2), {"clock": "suspension"})
    watch(life)


def force_close(life: Life) -> None:
    leader = life.draw.choice(life.world.city.people.holding(Role.DUTY_LEADER)).id
    when = life.world.rota.when_office_open(life.now + minutes(life, 200, 2000), life.draw)
    life.pass_time(when)
    answer_everyone(life, "该问题涉及历史遗留，已列入改造计划，将另行推进。", when)
    life.act("force_close", life.actor(Role.DUTY_LEADER, leader), life.now if life.now > when else when, {"ground": "beyond_reach"},
             {"reason": "涉及老旧管网改造，已列入年度计划"})  # fmt: skip
    aftermath(life)
    life.pass_time(life.world.until)
    raise Unfinished


def check(life: Life, attempt: int) -> bool:
    """Checked on the spot by a neutral collector; False sends it back to the unit."""
    when, officer = at_desk(life, Role.DISPATCHER, minutes(life, 1, 20))
    when = life.world.rota.when_walked(when, life.draw)
    reporter = life.case.reported_by
    checker = life.checker or life.world.rota.collector_at(when, life.plan.grid[:12], life.draw, (reporter,))
    assert checker is not None
    ordered_by = officer if life.world.rota.desk_at(when, Role.DISPATCHER, life.draw) == officer.person else SYSTEM
    life.act("order_check", ordered_by, when, {"checker": int(checker)})
    collector = life.actor(Role.COLLECTOR, checker)
    arrives = life.now + minutes(life, 8, 66)
    if life.chance("rework", 0.085 if attempt == 0 else 0.15) and attempt < 2:
        life.act("check_fail", collector, arrives, {}, {"reason": life.draw.choice(REWORK_REASONS)}, (E.CHECK,))
        return False
    life.act("check_pass", collector, arrives, {}, {}, (E.CHECK,))
    return True


def answer_everyone(life: Life, words: str, when: datetime | None = None) -> None:
    for reporter in life.case.reporters:
        if reporter.wants_answer and not reporter.answered:
            moment, officer = at_desk(life, Role.INTAKE_OFFICER, (when - life.now) if when else minutes(life, 2, 30))
            life.act("answer", officer, moment, {"reporter": int(reporter.id)}, {"answer": words})


def close(life: Life) -> None:
    answer_everyone(life, life.draw.choice(ANSWERS))
    when, officer = at_desk(life, Role.INTAKE_OFFICER, minutes(life, 1, 16))
    met = life.case.standard.condition_no if life.case.standard else True
    life.act("close", officer, when, {"closing_condition": met})


# --- 7 evaluation and what follows -----------------------------------------------------------------------------------------------


def aftermath(life: Life) -> None:
    if life.case.state not in (State.CLOSED, State.FORCED_CLOSED):
        return
    night = (life.now.astimezone(CITY_ZONE) + timedelta(hours=22)).replace(hour=2, minute=10, second=0, microsecond=0)
    steps: list[Callable[[Life], None]] = []
    late = [c.org for c in life.case.clocks if c.name == ClockName.UNIT and c.outcome == "late" and c.org is not None]
    life.act(
        "score", SYSTEM, night + timedelta(milliseconds=int(life.case.id) % 60_000), {"settings_version": life.world.rules.settings.version}
    )
    if late and life.chance("appeal", 0.12) and knows(life, "appeal"):
        steps.append(lambda told: appeal(told, late[0]))
    mine = [r.person for r in life.case.reporters if r.person is not None and r.family is SourceFamily.PUBLIC and r.origin == life.case.id]
    if mine and life.chance("rated", 0.4):
        person = mine[0]
        steps.append(lambda told: rate(told, person))
    if life.chance("recheck", 0.03) and not life.case.simple:
        steps.append(recheck)
    for step in steps:
        step(life)


def appeal(life: Life, org: OrgId) -> None:
    clerk = clerk_of(life, org)
    when = life.world.rota.when_office_open(life.now + minutes(life, 300, 1500), life.draw)
    life.act("appeal", life.actor(Role.UNIT_CLERK, clerk), when, {}, {"reason": life.draw.choice(LATE_APPEALS)})
    granted = life.draw.random() < 0.45
    for assessor in life.world.city.people.holding(Role.ASSESSOR)[:2]:
        when = life.world.rota.when_office_open(life.now + minutes(life, 200, 1600), life.draw)
        words = "情况属实，予以剔除" if granted else "理由不成立，维持原结论"
        life.act("review_appeal", life.actor(Role.ASSESSOR, assessor.id), when, {"granted": granted}, {"reason": words})


def rate(life: Life, person: PersonId) -> None:
    solved = life.draw.random() < 0.87
    facts = {"solved": solved, "satisfaction": life.draw.choice((4, 5, 5, 5)) if solved else life.draw.choice((1, 2, 3))}
    life.act("rate", life.actor(Role.CITIZEN, person), life.now + minutes(life, 60, 1200), facts)


def recheck(life: Life) -> None:
    assessors = life.world.city.people.holding(Role.ASSESSOR)
    when = life.world.rota.when_office_open(life.now + minutes(life, 600, 4000), life.draw)
    passed = life.draw.random() < 0.93
    life.act("recheck", life.actor(Role.ASSESSOR, life.draw.choice(assessors).id), when, {"passed": passed}, {}, (E.CHECK,))
