"""PURE. Which posts a person holds on a day, what may not be held together, who stands in for whom, and who is on shift.

A `Post` is an assignment made ready for questions: its areas are code prefixes (a responsibility grid is spread into its unit
grids), its unit is the whole subtree below it. `cases.access` asks posts and nothing else, so a post is all that a person may be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations

from chengyun.base.ids import AreaCode, OrgId, PersonId
from chengyun.base.results import Refused
from chengyun.city.records import EXCLUSIVE_ROLES, Area, AreaKind, Assignment, Organisation, Person, Role, Scope, Shift, in_force

UNIT_ROLES = frozenset({Role.UNIT_CLERK, Role.HANDLER})
"""Those who act for a handling unit; without a unit they see nothing."""

TIED_TO_A_UNIT = UNIT_ROLES | {Role.SUPERVISING_DEPT}
"""Roles whose unit axis is never open: if the assignment names no unit, it is the person's own."""

NEUTRAL_ROLES = frozenset({Role.COLLECTOR, Role.ASSESSOR})
"""Who finds, checks or judges belongs to no handling unit (domain 1.1, S101)."""

NEVER_ASSIGNED = frozenset({Role.ANONYMOUS, Role.SYSTEM})
"""Nobody is given these: anonymous is the lack of a person, system acts for timers and rules."""


@dataclass(frozen=True, slots=True)
class Post:
    """One role with its scope of a day.

    areas    code prefixes, None: no limit
    org      the unit of the post itself; `orgs` that unit and all below it, None: no limit; `above` the units over it
    fields   category fields, None: no limit
    """

    role: Role
    areas: tuple[str, ...] | None = None
    org: OrgId | None = None
    orgs: frozenset[OrgId] | None = None
    above: frozenset[OrgId] = frozenset()
    fields: frozenset[str] | None = None
    deputy_for: PersonId | None = None


class OrgTree:
    """Who stands below and above whom. Past units stay in it, since the cases they held do."""

    def __init__(self, parents: Mapping[OrgId, OrgId | None]) -> None:
        self._parents = parents
        children: dict[OrgId, list[OrgId]] = {}
        for org, parent in parents.items():
            if parent is not None:
                children.setdefault(parent, []).append(org)
        self._children = children

    @classmethod
    def of(cls, organisations: Iterable[Organisation]) -> "OrgTree":
        return cls({org.id: org.parent for org in organisations})

    def below(self, org: OrgId) -> frozenset[OrgId]:
        """The unit itself and everything under it. A loop in the data ends the walk instead of hanging it."""
        seen, waiting = {org}, [org]
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        return frozenset(seen)

    def above(self, org: OrgId) -> frozenset[OrgId]:
        """Everything over the unit, without itself."""
        seen: set[OrgId] = set()
        parent = self._parents.get(org)
        while parent is not None and parent != org and parent not in seen:
            seen.add(parent)
            parent = self._parents.get(parent)
        return frozenset(seen)


def grids_of(areas: Iterable[Area]) -> dict[AreaCode, tuple[str, ...]]:
    """Responsibility grid -> the unit grids that name it as their parent. Its own code is no prefix of theirs (coding.md 3).

    A responsibility grid without members stays as it is and matches nothing: a gap narrows what people see, never widens it.
    """
    areas = tuple(areas)
    members: dict[AreaCode, list[str]] = {a.code: [] for a in areas if a.kind is AreaKind.RESPONSIBILITY_GRID}
    for area in areas:
        if area.parent in members:
            members[area.parent].append(area.code)
    return {code: tuple(sorted(codes)) for code, codes in members.items() if codes}


@dataclass(frozen=True, slots=True)
class Absence:
    """While `person` is away, `deputy` holds his posts beside his own. Days half open, `to_day` None until he is back."""

    person: PersonId
    deputy: PersonId
    from_day: date
    to_day: date | None = None


def posts_on(
    person: Person,
    day: date,
    tree: OrgTree,
    grids: Mapping[AreaCode, tuple[str, ...]] | None = None,
    absences: Sequence[Absence] = (),
    absent: Mapping[PersonId, Person] | None = None,
) -> tuple[Post, ...]:
    """The posts of a person on a city day: his own in force, then those of the absent whom he stands in for.

    A deputy gets what the absent person holds himself, never what that one holds as a deputy, and no exclusive role: keys,
    logs and settings do not travel with a holiday. An account switched off holds nothing and lends nothing.
    """
    if not person.active:
        return ()
    own = tuple(_post(a, person.org, tree, grids or {}) for a in person.assignments if in_force(a.valid_from, a.valid_to, day))
    lent: list[Post] = []
    for absence in absences:
        missing = (absent or {}).get(absence.person)
        if absence.deputy != person.id or missing is None or not missing.active or not in_force(absence.from_day, absence.to_day, day):
            continue
        for assignment in missing.assignments:
            if in_force(assignment.valid_from, assignment.valid_to, day) and assignment.deputy_for is None:
                post = _post(
                    Assignment(assignment.role, assignment.scope, day, None, deputy_for=missing.id), missing.org, tree, grids or {}
                )
                if not conflicts_of({p.role for p in (*own, *lent, post)}):
                    lent.append(post)
    return own + tuple(lent)


def _post(assignment: Assignment, home: OrgId | None, tree: OrgTree, grids: Mapping[AreaCode, tuple[str, ...]]) -> Post:
    scope, role = assignment.scope, assignment.role
    org = scope.org if scope.org is not None else home
    orgs: frozenset[OrgId] | None = None
    if scope.org is not None:
        orgs = tree.below(scope.org)
    elif role in TIED_TO_A_UNIT:
        orgs = tree.below(home) if home is not None else frozenset()
    above = tree.above(org) if org is not None else frozenset()
    return Post(role, _areas(scope, grids), org, orgs, above, scope.fields, assignment.deputy_for)


def _areas(scope: Scope, grids: Mapping[AreaCode, tuple[str, ...]]) -> tuple[str, ...] | None:
    if scope.area is None:
        return None
    return grids.get(scope.area, (scope.area,))


def conflicts_of(roles: Iterable[Role]) -> tuple[tuple[Role, Role], ...]:
    """Pairs of these roles that one person must not hold at once, in a stable order.

    System administrator, security administrator and auditor stand alone (A6). Who collects, checks or assesses holds no post of
    a handling unit (S101). A citizen's own account is no staff account, and a machine is no person.
    """
    held = sorted(set(roles))
    return tuple((a, b) for a, b in combinations(held, 2) if _exclude(a, b) or _exclude(b, a))


def _exclude(a: Role, b: Role) -> bool:
    return a in EXCLUSIVE_ROLES or a in {Role.MACHINE, Role.CITIZEN} or (a in NEUTRAL_ROLES and b in UNIT_ROLES) or a in NEVER_ASSIGNED


def check_assignments(assignments: Sequence[Assignment]) -> Refused | None:
    """Why these assignments may not stand together in one person's account, or None. Only overlapping dates collide."""
    for a in assignments:
        if a.role in NEVER_ASSIGNED:
            return Refused("role_never_assigned", {"role": a.role.value})
        if a.valid_to is not None and a.valid_to <= a.valid_from:
            return Refused("assignment_without_days", {"role": a.role.value, "from": a.valid_from.isoformat()})
        if a.deputy_for is not None and a.role in EXCLUSIVE_ROLES:
            return Refused("role_has_no_deputy", {"role": a.role.value})
    for a, b in combinations(assignments, 2):
        if _overlap(a, b) and a.role != b.role:
            pairs = conflicts_of((a.role, b.role))
            if pairs:
                return Refused("roles_exclude_each_other", {"first": pairs[0][0].value, "second": pairs[0][1].value})
    return None


def _overlap(a: Assignment, b: Assignment) -> bool:
    return (b.valid_to is None or a.valid_from < b.valid_to) and (a.valid_to is None or b.valid_from < a.valid_to)


def on_shift(shifts: Iterable[Shift], moment: datetime, area: AreaCode | None = None) -> tuple[Shift, ...]:
    """Shifts running at a moment, half open; with `area`, those that work that area, one inside it or one around it.

    A shift without an area works everywhere. Order: by start, then person, so that the same question has the same answer.
    """
    running = (s for s in shifts if s.starts <= moment < s.ends and (area is None or _touches(s.area, area)))
    return tuple(sorted(running, key=lambda s: (s.starts, s.person)))


def _touches(worked: AreaCode | None, area: AreaCode) -> bool:
    return worked is None or area.startswith(worked) or worked.startswith(area)
