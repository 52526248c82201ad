"""PURE. The one policy function: may this reader do this, to that, and which fields does he see (promises A1-A7, P2).

Every door asks here: the API, live events, file addresses, exports, tiles, the admin pages, the command line. A door builds a
`Reader` from the session and a `Target` from what it loaded, and does what the answer says.

    reader, operation, target -> may() -> Allowed(fields, identity, filter, posts) | Denied(as_absent, reason)
    reader, operation         -> compile_filter() -> CaseFilter | None        lists, counts, tiles, search, exports, live events

`may` judges one thing at a time from `Target`; `compile_filter` says the same in advance as data, so that a table, its count and
its map agree. The two are written apart and a property test holds them together. Whether a case *allows* an action in its
state is the lifecycle's question; whether this reader may touch this case at all is ours.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from enum import StrEnum

from chengyun.base.ids import AreaCode, OrgId, PersonId, TenantId
from chengyun.cases.records import Case, State
from chengyun.city.records import Role
from chengyun.city.roles import UNIT_ROLES, Post

# --- what is asked ------------------------------------------------------------------------------------------------


class Channel(StrEnum):
    """The way a reader came in. Commands of the machine's own keeper are asked by `command_line` alone."""

    DESK = "desk"
    PHONE = "phone"
    PUBLIC = "public"
    MACHINE = "machine"
    COMMAND_LINE = "command_line"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. A reader always has a tenant: there is no access without one (A1). `person` is None for anonymous and system."""

    tenant: TenantId
    person: PersonId | None
    posts: tuple[Post, ...]
    channel: Channel = Channel.DESK


def anonymous(tenant: TenantId) -> Reader:
    return Reader(tenant, None, (Post(Role.ANONYMOUS),), Channel.PUBLIC)


def citizen(tenant: TenantId, person: PersonId) -> Reader:
    return Reader(tenant, person, (Post(Role.CITIZEN),), Channel.PUBLIC)


def machine(tenant: TenantId, account: PersonId) -> Reader:
    return Reader(tenant, account, (Post(Role.MACHINE),), Channel.MACHINE)


def system(tenant: TenantId) -> Reader:
    """Timers and automatic rules. Never made from a request."""
    return Reader(tenant, None, (Post(Role.SYSTEM),), Channel.TIMER)


class Kind(StrEnum):
    """What is touched. `collection` is a door that names no single thing; its rows are limited by the filter."""

    COLLECTION = "collection"
    CASE = "case"
    ATTACHMENT = "attachment"
    REQUEST = "request"
    """Something asked that waits for a second person: an unmasking, an export, a changed score."""
    UNIT = "unit"
    ACCOUNT = "account"
    DUTY_ROW = "duty_row"
    PERSONAL = "personal"
    """Belongs to one person: a session, a notice, an absence, an upload, a shift."""


@dataclass(frozen=True, slots=True)
class ReporterRef:
    person: PersonId | None
    identity_open: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about, in the words the policy needs and no others.

    orgs        units that hold or assist the case now (a duty row's unit, a scoreboard's unit)
    past_orgs   units it was once given to; they go on reading it, since they are charged or acquitted by it
    advising    units heard in a consultation: those it was given to before; they may act, which in that state means to advise
    staff_of    the unit whose staff the complaint is about, kept from it (domain 9.12)
    person      owner of a personal thing
    asked_by    who asked for what is now to be decided; `approved_by` the second person who agreed to it beforehand
    rows        how many rows (an export) or unmaskings today, this one included, the request amounts to
    reason      words given for an unmasking
    capability  the door checked a secret naming just this thing: a live tracking link, the key of an upload
    published   reviewed for the public (a photo in an answer)
    demo        the installation is the demo city
    """

    tenant: TenantId
    _: KW_ONLY
    kind: Kind = Kind.COLLECTION
    area: AreaCode | None = None
    orgs: frozenset[OrgId] = frozenset()
    past_orgs: frozenset[OrgId] = frozenset()
    advising: frozenset[OrgId] = frozenset()
    trade_department: OrgId | None = None
    field: str | None = None
    reporters: tuple[ReporterRef, ...] = ()
    reported_by: PersonId | None = None
    handler: PersonId | None = None
    checker: PersonId | None = None
    staff_of: OrgId | None = None
    person: PersonId | None = None
    asked_by: PersonId | None = None
    approved_by: PersonId | None = None
    rows: int = 0
    reason: str = ""
    capability: bool = False
    published: bool = False
    demo: bool = False


def target_of(case: Case, field: str | None, staff_of: OrgId | None = None, deciding: bool = False) -> Target:
    """A case as the policy sees it. `field` is that of its category; `deciding` when the action judges the open request."""
    return Target(
        tenant=case.tenant,
        kind=Kind.CASE,
        area=case.grid,
        orgs=frozenset(case.holders) | {org for org, _ in case.assisting},
        past_orgs=frozenset(case.handled_for) | {clock.org for clock in case.clocks if clock.org is not None},
        advising=frozenset(case.handled_for) if case.state is State.CONSULTING else frozenset(),
        trade_department=case.trade_department,
        field=field,
        reporters=tuple(ReporterRef(r.person, r.identity_open) for r in case.reporters),
        reported_by=case.reported_by,
        handler=case.handler,
        checker=case.checker,
        staff_of=staff_of,
        asked_by=case.request.asked_by if deciding and case.request is not None else None,
    )


def attachment_of(case: Target, uploaded_by: PersonId | None, published: bool) -> Target:
    """A file of a case: who may read the case may read it, but the public only what was reviewed for it or is its own."""
    return replace(case, kind=Kind.ATTACHMENT, person=uploaded_by, published=published)


# --- what is answered ---------------------------------------------------------------------------------------------


class Group(StrEnum):
    """Fields that are shown or kept together."""

    PUBLIC = "public"
    WORK = "work"
    INTERNAL_NOTE = "internal_note"
    REPORTER_IDENTITY = "reporter_identity"
    AUDIT = "audit"


class Sight(StrEnum):
    HIDDEN = "hidden"
    MASKED = "masked"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Allowed:
    """`identity` stands beside `Target.reporters`, one for one. `posts` are those that reach the target: an action is done under
    one of them (see `acting_post`). `filter` is given for collections. `audited`: write an audit entry of reading level 3."""

    fields: frozenset[Group] = frozenset()
    identity: tuple[Sight, ...] = ()
    filter: "CaseFilter | None" = None
    posts: tuple[Post, ...] = ()
    audited: bool = False


@dataclass(frozen=True, slots=True)
class Denied:
    """`as_absent`: answer exactly as if it did not exist (A4). `reason` is a code; with `as_absent` it is for the log alone."""

    as_absent: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Clause:
    """All that is filled must hold; None is no limit. `reporter` holds for who reported and for who took the report down."""

    areas: tuple[str, ...] | None = None
    fields: frozenset[str] | None = None
    holding: frozenset[OrgId] | None = None
    """Units holding or assisting now, or (`past`) ever, or (`trade`) answering for the trade."""
    past: bool = False
    trade: bool = False
    reporter: frozenset[PersonId] | None = None
    handler: frozenset[PersonId] | None = None
    checker: frozenset[PersonId] | None = None
    not_about: frozenset[OrgId] = frozenset()
    """Complaints about the staff of these units are left out."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Cases of one tenant that meet any of the clauses."""

    tenant: TenantId
    clauses: tuple[Clause, ...]


# --- the rules ----------------------------------------------------------------------------------------------------


class Reach(StrEnum):
    """How far a role reaches: everything in the tenant, what its post covers, or what is the person's own."""

    ALL = "all"
    SCOPE = "scope"
    OWN = "own"


_STAFF = (
    Role.COLLECTOR,
    Role.INTAKE_OFFICER,
    Role.SHIFT_LEAD,
    Role.DISPATCHER,
    Role.UNIT_CLERK,
    Role.HANDLER,
    Role.SUPERVISING_DEPT,
    Role.DUTY_LEADER,
    Role.ASSESSOR,
    Role.CALL_AGENT,
)
_ADMINS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
_SIGNED_IN = (*_STAFF, *_ADMINS, Role.CITIZEN)
_EVERYONE = (*_SIGNED_IN, Role.MACHINE, Role.ANONYMOUS)

_C, _I, _L, _D = Role.COLLECTOR, Role.INTAKE_OFFICER, Role.SHIFT_LEAD, Role.DISPATCHER
_U, _H, _S, _B = Role.UNIT_CLERK, Role.HANDLER, Role.SUPERVISING_DEPT, Role.DUTY_LEADER
_E, _A = Role.ASSESSOR, Role.CALL_AGENT


def _all(*roles: Role) -> dict[Role, Reach]:
    return dict.fromkeys(roles, Reach.ALL)


def _scope(*roles: Role) -> dict[Role, Reach]:
    return dict.fromkeys(roles, Reach.SCOPE)


def _own(*roles: Role) -> dict[Role, Reach]:
    return dict.fromkeys(roles, Reach.OWN)


_READ_CASES = _scope(*_STAFF) | _all(Role.AUDITOR, Role.SYSTEM) | _own(Role.CITIZEN)
_READ_SCORES = _scope(_L, _U, _S, _B, _E) | _all(Role.AUDITOR, Role.SYSTEM)

RULES: Mapping[str, Mapping[Role, Reach]] = {
    # coming and going
    "app.read": _all(*_EVERYONE),
    "health.read": _all(*_EVERYONE),
    "metrics.read": _all(Role.MACHINE, Role.SYSTEM_ADMIN),
    "session.open": _all(*_EVERYONE),
    "session.close": _own(*_SIGNED_IN),
    "me.read": _own(*_SIGNED_IN),
    "me.write": _own(*_SIGNED_IN),
    # cases
    "queue.list": _scope(*_STAFF),
    "queue.read": _scope(*_STAFF),
    "case.list": _READ_CASES,
    "case.read": _READ_CASES,
    "case.act": _scope(*_STAFF) | _own(Role.CITIZEN) | _all(Role.SYSTEM),
    "case.act_many": _scope(_I, _L, _D, _U, _B),
    "case.print": _scope(_I, _L, _D, _U, _H, _S, _B, _E),
    "case.unmask": _scope(_I, _L, _A, _U, _H),
    "unmask.approve": _scope(_L, _B),
    "case.export": _scope(_I, _L, _D, _U, _S, _B, _E),
    "export.approve": _scope(_L, _B),
    "case.track": _own(*_EVERYONE),
    # sources
    "report.make": _all(_C, _I, _L, _B, _E, _A, Role.CITIZEN, Role.ANONYMOUS, Role.SYSTEM),
    "finding.make": _all(Role.MACHINE, Role.SYSTEM),
    "upload.make": _all(*_STAFF, Role.CITIZEN, Role.MACHINE, Role.ANONYMOUS),
    "upload.continue": _own(*_STAFF, Role.CITIZEN, Role.MACHINE, Role.ANONYMOUS),
    "attachment.read": _READ_CASES | _own(Role.ANONYMOUS),
    "attachment.original": _scope(_I, _L),
    # city
    "city.categories.read": _all(*_EVERYONE),
    "city.areas.read": _all(*_EVERYONE),
    "city.organisations.read": _all(*_STAFF, *_ADMINS),
    "city.duty_list.read": _all(*_STAFF, *_ADMINS),
    "city.duty_list.write": _scope(_L, _D) | _all(Role.SYSTEM_ADMIN),
    "city.calendars.read": _all(*_STAFF, *_ADMINS),
    "city.calendars.write": _all(_B, Role.SYSTEM_ADMIN),
    # evaluation
    "evaluation.units.read": _READ_SCORES,
    "evaluation.cases.read": _READ_SCORES,
    "evaluation.change": _scope(_E),
    "evaluation.approve": _scope(_L, _B),
    # people
    "notice.list": _own(*_SIGNED_IN),
    "notice.mark": _own(*_SIGNED_IN),
    "shift.list": _scope(_I, _L, _D, _U, _B, _A) | _own(_C, _H) | _all(Role.AUDITOR),
    "shift.hand_over": _own(_I, _L, _D, _B, _A),
    "absence.register": _scope(_L, _U) | _own(_C, _I, _D, _H, _S, _B, _E, _A),
    "account.list": _all(*_ADMINS),
    "account.create": _all(Role.SYSTEM_ADMIN),
    "account.grant": _all(Role.SECURITY_ADMIN),
    "account.disable": _all(Role.SECURITY_ADMIN),
    "account.enable": _all(Role.SECURITY_ADMIN),
    "account.reset_password": _all(Role.SYSTEM_ADMIN),
    "account.reset_administrator": _all(Role.SECURITY_ADMIN),
    "account.end_sessions": _all(Role.SECURITY_ADMIN),
    # live and map
    "live.follow": _scope(*_STAFF) | _own(Role.CITIZEN),
    "tile.cases": _scope(*_STAFF),
    "tile.city": _all(*_SIGNED_IN, Role.ANONYMOUS),
    # keeping the house
    "audit.read": _all(Role.AUDITOR),
    "settings.read": _all(_L, _B, *_ADMINS),
    "settings.switch": _all(_L, Role.SYSTEM_ADMIN),
    "settings.flows.read": _all(*_STAFF, *_ADMINS),
    "settings.flows.write": _all(Role.SYSTEM_ADMIN),
    "clock.read": _all(*_EVERYONE),
    "clock.set": _all(Role.SYSTEM_ADMIN),
    "admin.open": _all(*_ADMINS),
    "admin.reference": _all(Role.SYSTEM_ADMIN),
    "admin.accounts": _all(Role.SECURITY_ADMIN),
    "admin.cases": _all(Role.AUDITOR),
    "command.run": _all(Role.SYSTEM_ADMIN),
    "command.verify": _all(Role.SYSTEM_ADMIN, Role.AUDITOR),
}
"""Operation -> role -> reach; a role that is not named may not. Held cell by cell against tests/authorisation/authorisation.csv,
which was written by hand."""

GROUPS_OF_ROLE: Mapping[Role, frozenset[Group]] = {
    Role.COLLECTOR: frozenset({Group.PUBLIC, Group.WORK}),
    Role.INTAKE_OFFICER: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE, Group.REPORTER_IDENTITY}),
    Role.SHIFT_LEAD: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE, Group.REPORTER_IDENTITY}),
    Role.DISPATCHER: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE}),
    Role.UNIT_CLERK: frozenset({Group.PUBLIC, Group.WORK}),
    Role.HANDLER: frozenset({Group.PUBLIC, Group.WORK}),
    Role.SUPERVISING_DEPT: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE}),
    Role.DUTY_LEADER: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE}),
    Role.ASSESSOR: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE}),
    Role.CALL_AGENT: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE, Group.REPORTER_IDENTITY}),
    Role.SYSTEM_ADMIN: frozenset({Group.PUBLIC}),
    Role.SECURITY_ADMIN: frozenset({Group.PUBLIC}),
    Role.AUDITOR: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE, Group.AUDIT}),
    Role.CITIZEN: frozenset({Group.PUBLIC}),
    Role.MACHINE: frozenset({Group.PUBLIC}),
    Role.ANONYMOUS: frozenset({Group.PUBLIC}),
    Role.SYSTEM: frozenset({Group.PUBLIC, Group.WORK, Group.INTERNAL_NOTE}),
}
"""The reporter's identity is the caller's own business with the centre: only who answers him sees it, and masked. The handling
unit sees it (masked) when that reporter agreed; the reporter sees his own."""

_DAILY = frozenset({Group.PUBLIC, Group.WORK})
_WHOLE = frozenset(Group)

GROUPS_OF_OPERATION: Mapping[str, frozenset[Group]] = {
    "queue.read": _DAILY,
    "case.list": _DAILY,
    "case.read": _WHOLE,
    "case.print": _DAILY,
    "case.unmask": frozenset({Group.REPORTER_IDENTITY}),
    "case.export": _DAILY,
    "case.track": frozenset({Group.PUBLIC}),
    "evaluation.cases.read": _DAILY,
    "live.follow": _DAILY | {Group.INTERNAL_NOTE},
    "tile.cases": _DAILY,
    "attachment.read": _DAILY,
    "admin.cases": _DAILY,
}
"""What an operation can carry at all. Paper, sheets, tiles and lists never carry an identity or an internal note."""

_OWN_AXES: Mapping[Role, tuple[str, ...]] = {
    Role.CITIZEN: ("reporter",),
    Role.COLLECTOR: ("reporter", "checker"),
    Role.ASSESSOR: ("checker",),
    Role.HANDLER: ("handler",),
    Role.CALL_AGENT: ("reporter",),
}
"""What makes a case a person's own. Staff named here reach it beside their scope: a collector follows what he reported, and
does a check in another grid (domain 3.5: checks are assigned away from the reporter)."""

READS = frozenset(
    {
        "queue.list",
        "queue.read",
        "case.list",
        "case.read",
        "case.print",
        "case.export",
        "live.follow",
        "tile.cases",
        "attachment.read",
        "evaluation.cases.read",
        "evaluation.units.read",
    }
)
"""Operations in which a unit still reaches a case it once held."""

_READ_OF_KIND: Mapping[Kind, str] = {
    Kind.CASE: "case.read",
    Kind.ATTACHMENT: "attachment.read",
    Kind.UNIT: "evaluation.units.read",
    Kind.ACCOUNT: "account.list",
    Kind.DUTY_ROW: "city.duty_list.read",
}

_DECISIONS = frozenset({"unmask.approve", "export.approve", "evaluation.approve", "case.act"})
"""Operations that may decide what somebody asked for; nobody decides his own, nor his principal's while standing in (A6)."""

_NEVER_ONES_OWN = frozenset(
    {"account.grant", "account.disable", "account.enable", "account.end_sessions", "account.reset_password", "account.reset_administrator"}
)
"""What nobody does to his own account (A6). Whoever opens accounts hands out their passwords, except where an account opens an
administrator's or the auditor's post: there the security administrator does, or the one who opens accounts could take every role."""

_WITHOUT_A_POST = frozenset({"session.close", "me.read"})
"""What a person may do on a day on which he holds no post at all: see that it is so, and leave."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Above these a second person must have agreed (P2). Chosen by us: an agent calls back about twenty reporters a day; 5,000
    rows are a street's month. Settings of the city."""

    unmaskings_a_day: int = 20
    export_rows: int = 5_000
    reason_characters: int = 4
    """The shortest honest reason in Chinese: 电话回访."""


DEFAULT_LIMITS = Limits()


class UnknownOperation(LookupError):
    """A door asked for an operation without a rule: a mistake of ours, never a permission."""


# --- may ----------------------------------------------------------------------------------------------------------


def may(reader: Reader, operation: str, target: Target, limits: Limits = DEFAULT_LIMITS) -> Allowed | Denied:
    """Whether the reader may do this to that, and what he sees of it."""
    rule = RULES.get(operation)
    if rule is None:
        raise UnknownOperation(operation)
    if reader.tenant != target.tenant:
        return Denied(True, "other_tenant")
    if operation.startswith("command.") and reader.channel is not Channel.COMMAND_LINE:
        return Denied(True, "only_at_the_machine")
    posts = tuple(p for p in reader.posts if _reaches(reader, p, operation, rule.get(p.role), target))
    if not posts:
        if operation in _WITHOUT_A_POST and not reader.posts and reader.person is not None and target.person == reader.person:
            return Allowed()
        return _no(reader, operation, rule, target)
    if operation in _DECISIONS and target.asked_by is not None:
        posts = tuple(p for p in posts if target.asked_by not in (reader.person, p.deputy_for))
        if not posts:
            return Denied(False, "own_request")
    refusal = _objection(reader, operation, target, limits, posts)
    if refusal is not None:
        return refusal
    carried = GROUPS_OF_OPERATION.get(operation, frozenset())
    if target.kind is Kind.COLLECTION:
        # Rows may be reached by one post or another; what all of them see is safe to show for every row.
        fields = frozenset.intersection(*(GROUPS_OF_ROLE[p.role] for p in posts)) & carried
        return Allowed(fields, (), compile_filter(reader, operation), posts)
    fields = frozenset.union(*(GROUPS_OF_ROLE[p.role] for p in posts)) & carried
    identity = tuple(_sight(reader, posts, operation, target, ref) for ref in target.reporters)
    if identity and any(s is not Sight.HIDDEN for s in identity):
        fields |= {Group.REPORTER_IDENTITY}
    elif identity:
        fields -= {Group.REPORTER_IDENTITY}
    return Allowed(fields, identity, None, posts, audited=operation in {"case.unmask", "attachment.original"})


def _reaches(reader: Reader, post: Post, operation: str, reach: Reach | None, target: Target) -> bool:
    if reach is None:
        return False
    if operation == "case.track":
        return target.capability
    if target.kind is Kind.COLLECTION or reach is Reach.ALL:
        return True
    if target.staff_of is not None and target.staff_of in _own_house(post):
        return False
    if reach is Reach.SCOPE and _in_scope(post, operation, target):
        return True
    return _is_own(reader, post, reach, target)


def _in_scope(post: Post, operation: str, target: Target) -> bool:
    if target.kind is Kind.PERSONAL:
        mine = post.orgs if post.orgs is not None else frozenset(() if post.org is None else (post.org,))
        return bool(mine & target.orgs)
    if post.areas is not None and (target.area is None or not target.area.startswith(post.areas)):
        return False
    if post.fields is not None and target.field not in post.fields:
        return False
    if post.orgs is None:
        return True
    if post.orgs & target.orgs:
        return True
    if operation in READS and post.orgs & target.past_orgs:
        return True
    if operation == "case.act" and post.orgs & target.advising:
        return True
    return post.role is Role.SUPERVISING_DEPT and target.trade_department in post.orgs


def _is_own(reader: Reader, post: Post, reach: Reach, target: Target) -> bool:
    if target.capability and reach is Reach.OWN:
        return target.kind is not Kind.ATTACHMENT or target.published
    if reader.person is None:
        return False
    if target.kind not in (Kind.CASE, Kind.ATTACHMENT):
        return target.person == reader.person
    if target.kind is Kind.ATTACHMENT and target.person == reader.person:
        return True
    if target.kind is Kind.ATTACHMENT and post.role is Role.CITIZEN and not target.published:
        return False
    me = {reader.person, post.deputy_for} - {None}
    axes = _OWN_AXES.get(post.role, ())
    return (
        ("reporter" in axes and (target.reported_by in me or any(r.person in me for r in target.reporters)))
        or ("handler" in axes and target.handler in me)
        or ("checker" in axes and target.checker in me)
    )


def _own_house(post: Post) -> frozenset[OrgId]:
    """Units whose staff complaints are kept from this post: for a handling unit everything over and under it, for a supervising
    department itself and what stands over it (complaints about its subordinates are its work). The centre decides on the rest."""
    mine = post.above | ({post.org} if post.org is not None else frozenset())
    if post.role in UNIT_ROLES:
        return mine | (post.orgs or frozenset())
    return mine if post.role is Role.SUPERVISING_DEPT else frozenset()


def _no(reader: Reader, operation: str, rule: Mapping[Role, Reach], target: Target) -> Denied:
    named = any(p.role in rule for p in reader.posts)
    if target.kind is Kind.COLLECTION:
        return Denied(False, "not_your_role")
    read = _READ_OF_KIND.get(target.kind)
    if read is None or read == operation:
        return Denied(True, "not_in_your_scope" if named else "not_your_role")
    readable = any(_reaches(reader, p, read, RULES[read].get(p.role), target) for p in reader.posts)
    return Denied(not readable, "not_in_your_scope" if named else "not_your_role")


def _objection(reader: Reader, operation: str, target: Target, limits: Limits, posts: tuple[Post, ...]) -> Denied | None:
    """What stands against it although the reader reaches it."""
    if operation in _NEVER_ONES_OWN and target.person is not None and target.person == reader.person:
        return Denied(False, "own_account")
    if operation == "clock.set" and not target.demo:
        return Denied(False, "only_in_the_demo")
    if operation == "case.export" and target.rows > limits.export_rows:
        return _second_person(reader, target)
    if operation == "case.unmask":
        if all(_sight(reader, posts, operation, target, ref) is Sight.HIDDEN for ref in target.reporters):
            return Denied(False, "reporter_did_not_agree")
        if len(target.reason.strip()) < limits.reason_characters:
            return Denied(False, "reason_needed")
        if target.rows > limits.unmaskings_a_day:
            return _second_person(reader, target)
    return None


def _second_person(reader: Reader, target: Target) -> Denied | None:
    if target.approved_by is None:
        return Denied(False, "second_person_needed")
    lenders = {reader.person} | {p.deputy_for for p in reader.posts}
    return Denied(False, "own_request") if target.approved_by in lenders else None


def _sight(reader: Reader, posts: tuple[Post, ...], operation: str, target: Target, ref: ReporterRef) -> Sight:
    if Group.REPORTER_IDENTITY not in GROUPS_OF_OPERATION.get(operation, frozenset()):
        return Sight.HIDDEN
    if reader.person is not None and ref.person == reader.person:
        return Sight.OPEN
    answers = any(Group.REPORTER_IDENTITY in GROUPS_OF_ROLE[p.role] for p in posts)
    agreed = ref.identity_open and any(p.role in UNIT_ROLES and _holds_now(p, target) for p in posts)
    if not (answers or agreed):
        return Sight.HIDDEN
    return Sight.OPEN if operation == "case.unmask" else Sight.MASKED


def _holds_now(post: Post, target: Target) -> bool:
    return post.orgs is not None and bool(post.orgs & target.orgs)


def acting_post(answer: Allowed, roles: frozenset[Role] | set[Role]) -> Post | None:
    """The post an action is done under: the first of the reader's that reaches the target and whose role the lifecycle admits.
    Own posts come before lent ones, so a deputy acts in his own name where he can."""
    return next((p for p in answer.posts if p.role in roles), None)


# --- the same in advance ------------------------------------------------------------------------------------------


def compile_filter(reader: Reader, operation: str) -> CaseFilter | None:
    """Which cases the operation reaches for this reader, as data. None: none at all."""
    rule = RULES.get(operation)
    if rule is None:
        raise UnknownOperation(operation)
    clauses: list[Clause] = []
    for post in reader.posts:
        reach = rule.get(post.role)
        if reach is Reach.ALL:
            return CaseFilter(reader.tenant, (Clause(),))
        hidden = _own_house(post)
        if reach is Reach.SCOPE:
            clauses.append(
                Clause(
                    areas=post.areas,
                    fields=post.fields,
                    holding=post.orgs,
                    past=post.orgs is not None and operation in READS,
                    trade=post.orgs is not None and post.role is Role.SUPERVISING_DEPT,
                    not_about=hidden,
                )
            )
        if reach is not None:
            me = frozenset(p for p in (reader.person, post.deputy_for) if p is not None)
            for axis in _OWN_AXES.get(post.role, ()) if reader.person is not None else ():
                clauses.append(_own_clause(axis, me, hidden))
    clauses = [c for c in dict.fromkeys(clauses) if not _empty(c)]
    return CaseFilter(reader.tenant, tuple(clauses)) if clauses else None


def _own_clause(axis: str, me: frozenset[PersonId], hidden: frozenset[OrgId]) -> Clause:
    match axis:
        case "reporter":
            return Clause(reporter=me, not_about=hidden)
        case "handler":
            return Clause(handler=me, not_about=hidden)
        case _:
            return Clause(checker=me, not_about=hidden)


def _empty(clause: Clause) -> bool:
    """True if nothing can meet it: a limit to no unit, no area, no field."""
    return any(limit is not None and not limit for limit in (clause.areas, clause.fields, clause.holding))


def matches(only: CaseFilter | None, target: Target) -> bool:
    """Whether a case is among those of a filter. The SQL of the stores says the same in its own words."""
    return only is not None and only.tenant == target.tenant and any(_meets(clause, target) for clause in only.clauses)


def _meets(clause: Clause, target: Target) -> bool:
    if target.staff_of in clause.not_about:
        return False
    if clause.areas is not None and not any((target.area or "").startswith(prefix) for prefix in clause.areas):
        return False
    if clause.fields is not None and target.field not in clause.fields:
        return False
    if clause.holding is not None:
        units = target.orgs | (target.past_orgs if clause.past else frozenset())
        if clause.trade and target.trade_department is not None:
            units |= {target.trade_department}
        if not units & clause.holding:
            return False
    reporters = {r.person for r in target.reporters} | {target.reported_by}
    return (
        (clause.reporter is None or bool(reporters & clause.reporter))
        and (clause.handler is None or target.handler in clause.handler)
        and (clause.checker is None or target.checker in clause.checker)
    )


# --- what may be written (A5) -------------------------------------------------------------------------------------

_REPORT_PUBLIC = frozenset(
    {"category", "place", "accuracy_m", "address", "description", "attachments", "captured_at", "clock_error_s", "contact_name"}
    | {"contact_phone", "wants_answer", "identity_open", "asked"}
)
_REPORT_STAFF = _REPORT_PUBLIC | {"component", "grid", "source_detail", "staff_of"}
_REPORT_DESK = _REPORT_STAFF | {"urgency", "call_record", "condition_no", "note"}

WRITABLE: Mapping[str, Mapping[Role, frozenset[str]]] = {
    "report.make": {
        Role.ANONYMOUS: _REPORT_PUBLIC,
        Role.CITIZEN: _REPORT_PUBLIC | {"staff_of"},
        Role.COLLECTOR: _REPORT_STAFF | {"condition_no", "simple"},
        Role.ASSESSOR: _REPORT_STAFF,
        Role.DUTY_LEADER: _REPORT_STAFF | {"urgency", "note"},
        Role.CALL_AGENT: _REPORT_DESK,
        Role.INTAKE_OFFICER: _REPORT_DESK,
        Role.SHIFT_LEAD: _REPORT_DESK,
    },
    "finding.make": {
        Role.MACHINE: frozenset(
            {"source", "rule", "rule_version", "kind", "key", "category", "place", "onset", "component", "evidence", "attachments"}
            | {"score", "model", "description"}
        ),
    },
    "case.correct": {
        Role.INTAKE_OFFICER: frozenset({"category", "condition_no", "place", "address", "component", "grid", "urgency"}),
        Role.SHIFT_LEAD: frozenset({"category", "condition_no", "place", "address", "component", "grid", "urgency"}),
    },
    "city.duty_list.write": dict.fromkeys(
        (Role.DISPATCHER, Role.SHIFT_LEAD, Role.SYSTEM_ADMIN),
        frozenset(
            {"number", "category", "major", "area", "owner", "hours", "handling_unit", "trade_department", "assisting", "ladder"}
            | {"area_class", "valid_from", "valid_to", "source", "reason"}
        ),
    ),
    "city.calendars.write": dict.fromkeys(
        (Role.DUTY_LEADER, Role.SYSTEM_ADMIN), frozenset({"calendar", "day", "working", "hours", "from_moment", "reason_zh", "reason_en"})
    ),
    "me.write": dict.fromkeys((*_STAFF, *_ADMINS, Role.CITIZEN), frozenset({"language", "compact_rows", "sound"})),
    "absence.register": dict.fromkeys(_STAFF, frozenset({"person", "deputy", "from_day", "to_day", "reason"})),
    "account.create": {Role.SYSTEM_ADMIN: frozenset({"number", "name", "org", "language", "phone"})},
    "account.grant": {Role.SECURITY_ADMIN: frozenset({"role", "area", "org", "fields", "valid_from", "valid_to"})},
    "settings.switch": dict.fromkeys((Role.SHIFT_LEAD, Role.SYSTEM_ADMIN), frozenset({"category", "step", "on", "reason"})),
    "settings.flows.write": {Role.SYSTEM_ADMIN: frozenset({"file", "text", "valid_from", "reason", "trial", "category", "flow"})},
}
"""Operation -> role -> fields it may send. `staff_of` names the unit a complaint is about; an anonymous one does not steer a case
away from a unit by itself. `case.correct` is the correction after filing, an action of the lifecycle."""


@dataclass(frozen=True, slots=True)
class FieldRefused:
    field: str
    reason: str
    """unknown_field: nobody may send it; forbidden_field: another role may."""


def check_fields(roles: frozenset[Role] | set[Role], operation: str, sent: frozenset[str] | set[str]) -> tuple[FieldRefused, ...]:
    """Fields that these roles may not send, in order of name; none means all may be written. Nothing is quietly dropped."""
    by_role = WRITABLE.get(operation)
    if by_role is None:
        raise UnknownOperation(operation)
    known = frozenset[str]().union(*by_role.values())
    mine = frozenset[str]().union(*(by_role.get(role, frozenset()) for role in roles))
    return tuple(FieldRefused(name, "forbidden_field" if name in known else "unknown_field") for name in sorted(sent - mine))


# --- which group a field of a case is in --------------------------------------------------------------------------

_WORK_FIELDS = (
    frozenset({"tenant", "seq", "prior", "flow", "flow_version", "provenance", "family", "source_detail", "standard", "place"})
    | {"address", "grid", "component", "loop", "captured_at", "filed_at", "evidence", "clocks", "holders", "trade_department"}
    | {"ladder", "duty_row", "handler", "assisting", "request", "appeal", "supervisions"}
    | {"extensions", "suspensions", "returns", "reworks", "urges", "reopens", "verified", "checked", "merged_into", "absorbed"}
    | {"parent", "children", "simple", "confirmed_by_person", "filed_by", "void_asked_by", "handled_by", "handled_for"}
    | {"description", "reason", "result", "field", "staff_of"}
    | {"rechecks", "forced", "exempt"}
)

GROUP_OF_FIELD: Mapping[str, Group] = {
    **dict.fromkeys(
        (
            "id",
            "number",
            "state",
            "step",
            "category",
            "category_name",
            "urgency",
            "reported_at",
            "closed_at",
            "answer",
            "place_rounded",
            "solved",
            "satisfaction",
        ),
        Group.PUBLIC,
    ),
    **dict.fromkeys(_WORK_FIELDS, Group.WORK),
    **dict.fromkeys(("note", "leader_note", "reported_by", "checker", "blind_check", "checked_by"), Group.INTERNAL_NOTE),
    **dict.fromkeys(("reporters", "contact_name", "contact_phone", "reporter_name"), Group.REPORTER_IDENTITY),
    "audit": Group.AUDIT,
}
"""A field without a group is shown to nobody; a test asks that every field of `Case` has one."""


def visible(fields: frozenset[Group], names: frozenset[str] | set[str]) -> frozenset[str]:
    """Of these fields, those in the allowed groups."""
    return frozenset(name for name in names if GROUP_OF_FIELD.get(name) in fields)
