"""Everything a decision may look at besides the case and the time: the rule book of one tenant on one day, compiled.

Built by the store from versioned rows and cached by `version`; pure to hold, pure to ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from chengyun.base.ids import CategoryCode, OrgId, PersonId, StandardId, TenantId
from chengyun.cases.lifecycle import Lifecycle
from chengyun.cases.records import ClockName, SourceFamily
from chengyun.city.records import ClockUnit, Counting, Limit, Organisation, Role, StandardEntry

if TYPE_CHECKING:
    from chengyun.cases.records import Case
    from chengyun.city.areas import AreaIndex
    from chengyun.city.calendars import CompiledCalendar


def _minutes(amount: int) -> Limit:
    return Limit(amount, ClockUnit.WORK_MINUTE, Counting.ACCUMULATE)


STEP_LIMITS: Mapping[ClockName, Limit] = {
    ClockName.VERIFY: _minutes(30),
    ClockName.FILE: _minutes(15),
    ClockName.DISPATCH: _minutes(15),
    ClockName.CHECK: _minutes(60),
    ClockName.CLOSE: _minutes(15),
    ClockName.ACCEPT: _minutes(60),
    ClockName.APPROVE: _minutes(60),
    ClockName.CONSULT: Limit(1, ClockUnit.WORK_DAY, Counting.ACCUMULATE),
    ClockName.SUPERVISION: Limit(1, ClockUnit.WORK_DAY, Counting.ACCUMULATE),
}
"""Domain 2.3: verify 30, file 15, dispatch 15, check 60 minutes of the centre's time [M]; a unit opens its task within one working
hour (Fuzhou [S]); closing, approval, consultation and supervision chosen by us. Each is a setting with validity dates."""

ANSWER_LIMITS: Mapping[SourceFamily, Limit] = {
    SourceFamily.HOTLINE: Limit(5, ClockUnit.WORK_DAY, Counting.ACCUMULATE),
    SourceFamily.PUBLIC: Limit(5, ClockUnit.WORK_DAY, Counting.ACCUMULATE),
}
"""Hotline orders: 5 working days (Lianyungang [S]); other public reports alike, chosen by us."""


@dataclass(frozen=True)
class Settings:
    """What a city may turn (domain 2.2, 2.3, 9), each with validity dates; `version` is written into the events it shaped."""

    version: int = 1
    step_limits: Mapping[ClockName, Limit] = field(default_factory=lambda: STEP_LIMITS)
    answer_limits: Mapping[SourceFamily, Limit] = field(default_factory=lambda: ANSWER_LIMITS)
    max_extensions: int = 2
    max_suspensions: int = 1
    longest_suspension: timedelta = timedelta(days=365)
    returns_before_consult: int = 2
    reporter_may_check: bool = False
    automatic: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Category code, major (`2026:06`) or `*` -> acts done without a person: file, dispatch, feedback, check, close, score.
    The most specific entry counts alone."""
    automatic_condition: Mapping[str, int] = field(default_factory=dict)
    """Category -> the condition of its standard table that automatic filing uses, where it has several and nobody named one."""
    duplicate_radius_m: float = 50.0
    duplicate_window: timedelta = timedelta(hours=72)
    propose_certainty: float = 0.6
    merge_certainty: float = 0.95
    recheck_share: float = 0.05
    simple: frozenset[str] = frozenset({"*"})
    """Categories, majors or `*` in which a collector may put it right on the spot (simple procedure)."""
    number_prefix: str = "WJ"
    flow_of: Mapping[str, str] = field(default_factory=dict)
    """Category code, major or `*` -> the name of the flow its new cases follow; what is not named follows the tenant's own."""

    def automates(self, category: CategoryCode | None, act: str) -> bool:
        key = next((key for key in keys_of(category) if key in self.automatic), None)
        return key is not None and act in self.automatic[key]


def keys_of(category: CategoryCode | None) -> tuple[str, ...]:
    """The keys under which a setting for this category may stand, most specific first. A word that is no code has none of its own."""
    if category is None:
        return ()
    if category.count(":") != 2:
        return ("*",)
    scheme, _, number = category.split(":")
    return (category, f"{scheme}:{number[:2]}", "*")


@dataclass(frozen=True)
class Rules:
    """The rule book for one decision.

    calendars   `city` for handling, `centre` for internal steps, `clock` round the clock
    units       organisations in force, by id
    standards   entries in force, by id
    staff       person -> unit, for "one of yours" questions; roles on the day are in the actor
    """

    tenant: TenantId
    version: int
    lifecycle: Lifecycle
    settings: Settings
    calendars: "Mapping[str, CompiledCalendar]"
    units: Mapping[OrgId, Organisation] = field(default_factory=dict)
    standards: Mapping[StandardId, StandardEntry] = field(default_factory=dict)
    staff: Mapping[PersonId, tuple[OrgId | None, frozenset[Role]]] = field(default_factory=dict)
    fields: Mapping[CategoryCode, str] = field(default_factory=dict)
    """Category -> one of the six fields; a category not named here is not in force."""
    areas: "AreaIndex | None" = None
    duty: Any = None
    """The compiled duty list, as `responsibility` asks it."""
    flows: Mapping[str, Lifecycle] = field(default_factory=dict)
    """Flows of departments, by name; an older version that cases still follow, by `name@version`."""

    def flow_for(self, case: "Case", category: object = None) -> Lifecycle:
        """The flow a case follows: chosen by its category when it comes to be, and kept by name and version ever after.

        A report is never lost over a flow that is not there: it follows the tenant's own. A case under way whose flow is not there
        stands still (a flow without rows), since going on by another one would be a silent change of the rules.
        """
        if case.seq == 0:
            chosen = next(
                (self.settings.flow_of[key] for key in keys_of(cast("CategoryCode | None", category)) if key in self.settings.flow_of), None
            )
            return self.lifecycle if chosen is None else self.flows.get(chosen, self.lifecycle)
        return self.flow(case.flow, case.flow_version) or Lifecycle(case.flow, case.flow_version, ())

    def flow(self, name: str, version: int) -> "Lifecycle | None":
        """That version of a flow: the one new cases follow, or an older one that cases still go by."""
        current = self.lifecycle if name == self.lifecycle.name else self.flows.get(name)
        return current if current is not None and current.version == version else self.flows.get(f"{name}@{version}")

    @cached_property
    def _entries(self) -> Mapping[CategoryCode, tuple[StandardEntry, ...]]:
        found: dict[CategoryCode, tuple[StandardEntry, ...]] = {}
        for entry in self.standards.values():
            found[entry.category] = (*found.get(entry.category, ()), entry)
        return found

    def standards_for(self, category: CategoryCode, area_class: int | None) -> tuple[StandardEntry, ...]:
        """Entries of a category that hold in an area of this class, in the order of their conditions."""
        fitting = [each for each in self._entries.get(category, ()) if each.area_class in (None, area_class)]
        return tuple(sorted(fitting, key=lambda each: each.condition_no))

    def is_within(self, unit: OrgId | None, top: OrgId) -> bool:
        """Whether `unit` is `top` or stands below it in the tree."""
        seen = 0
        while unit is not None and seen < 64:
            if unit == top:
                return True
            known = self.units.get(unit)
            unit, seen = (known.parent if known else None), seen + 1
        return False
