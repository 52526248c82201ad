"""PURE. Is this the same matter, reported twice? A certainty between 0 and 1 with its reasons, for each case nearby.

Five things speak for it: the category, the distance, the time between, the component, the words. Each gives a share between 0 and
1 times its weight; the sum over the weights is the certainty. What is not known counts half (words) or not at all (component), so
a report without words can be proposed and is never merged by itself. The desk proposes above `Settings.propose_certainty` and merges
above `Settings.merge_certainty`; officers see the parts, and unmerge restores both.

    distance    1 within a fifth of the radius (the error of a phone's GPS), then straight down to 0 at the radius
    time        1 at the same moment, straight down to 0 at the end of the window
    words       Dice coefficient of character pairs; works for Chinese without a dictionary or a model
    component   same number: speaks strongly for; another number of the same kind: two manholes ten metres apart are two matters
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import cos, radians, sqrt

from chengyun.base.geometry import EARTH_RADIUS_M, Point
from chengyun.base.ids import CaseId, CategoryCode
from chengyun.cases.ports import Nearby
from chengyun.cases.rules import Settings

_METRES_A_DEGREE = radians(1) * EARTH_RADIUS_M
_NOT_A_WORD = re.compile(r"\W+")
_READ = 120
"""Characters of a description that are compared; what somebody writes after that is about something else. Chosen by us."""
_GONE = frozenset({"void", "merged"})
"""Cases that are no matter any more; a report is never hung on them."""


@dataclass(frozen=True)
class Matching:
    """Weights and marks. All chosen by us, because no source gives figures (domain 2.2 says only "same type, within N m and T hours,
    or linked component"); a city edits them, and the backtest shows the effect.

    related, kin       share of the category weight for "a component and its fault", and for two types of one major
    other_component    the certainty is multiplied by this when both name a component and not the same
    recurrence         highest certainty with a case that is closed already: a matter come back is for a person to judge
    closed_days        a case closed longer ago than this is never the same matter
    radius_m           category, major (`2026:06`) or nothing named: `Settings.duplicate_radius_m`
    """

    category: float = 0.30
    distance: float = 0.30
    time: float = 0.10
    words: float = 0.30
    component: float = 0.50
    related: float = 0.9
    kin: float = 0.4
    unknown_words: float = 0.5
    other_component: float = 0.5
    recurrence: float = 0.9
    closed_days: int = 7
    radius_m: Mapping[str, float] = field(default_factory=dict)

    def radius(self, category: CategoryCode | None, otherwise: float) -> float:
        if not self.radius_m or category is None:
            return otherwise
        scheme, _, number = category.split(":")
        return self.radius_m.get(category, self.radius_m.get(f"{scheme}:{number[:2]}", otherwise))


DEFAULT_MATCHING = Matching()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that may be the same matter. `reason` is plain JSON: each part with its share, weight and what was found."""

    case: CaseId
    certainty: float
    reason: Mapping[str, object]


def rank(mine: Nearby, around: Iterable[Nearby], settings: Settings, matching: Matching = DEFAULT_MATCHING) -> Sequence[Candidate]:
    """Cases that are likely the same matter as `mine`, the most certain first, then the oldest; those under
    `settings.propose_certainty` are left out."""
    pairs = _pairs(mine.text)
    found: list[tuple[float, datetime, CaseId, Candidate]] = []
    for other in around:
        if other.case == mine.case:
            continue
        candidate = _weigh(mine, pairs, other, settings, matching)
        if candidate is not None:
            found.append((-candidate.certainty, other.reported_at, other.case, candidate))
    found.sort(key=lambda each: each[:3])
    return tuple(each[3] for each in found)


def certainty(a: Nearby, b: Nearby, settings: Settings, matching: Matching = DEFAULT_MATCHING) -> float:
    """How certain it is that two cases are one matter; the same whichever is asked first. 0 where something rules it out."""
    candidate = _weigh(a, _pairs(a.text), b, settings, matching, floor=0.0)
    return candidate.certainty if candidate is not None else 0.0


def _weigh(
    mine: Nearby, pairs: frozenset[int], other: Nearby, settings: Settings, matching: Matching, floor: float | None = None
) -> Candidate | None:
    """The candidate, or None if something rules it out or it cannot reach `floor` even with the same words."""
    floor = settings.propose_certainty if floor is None else floor
    if other.state in _GONE or mine.state in _GONE or _long_closed(mine, other, matching.closed_days):
        return None
    same_component: bool | None = None
    if mine.component and other.component:
        same_component = mine.component == other.component
    alike, kind = _category_share(mine.category, other.category, matching)
    if alike == 0:
        return None
    apart = abs((mine.reported_at - other.reported_at) / settings.duplicate_window)
    open_on_the_same_component = same_component is True and mine.closed_at is None and other.closed_at is None
    if apart > 1 and not open_on_the_same_component:
        return None
    metres, near = 0.0, 1.0 if same_component else 0.0
    if mine.place is not None and other.place is not None:
        radius = settings.duplicate_radius_m
        if matching.radius_m:
            radius = max(matching.radius(mine.category, radius), matching.radius(other.category, radius))
        metres = _metres(mine.place, other.place)
        if metres > radius and not same_component:
            return None
        near = 1.0 if same_component else min(1.0, (1 - metres / radius) / 0.8)
    elif not same_component:
        return None
    weights = matching.category + matching.distance + matching.time + matching.words
    points = matching.category * alike + matching.distance * near + matching.time * max(0.0, 1 - apart)
    factor = 1.0
    if same_component is True:
        weights += matching.component
        points += matching.component
    elif same_component is False:
        factor = matching.other_component
    most = matching.recurrence if mine.closed_at is not None or other.closed_at is not None else 1.0
    if min(most, factor * (points + matching.words) / weights) < floor:
        return None
    shared = _likeness(pairs, _pairs(other.text))
    words = matching.unknown_words if shared is None else shared
    sure = round(min(most, factor * (points + matching.words * words) / weights), 4)
    if sure < floor:
        return None
    parts: list[Mapping[str, object]] = [
        {"part": "category", "share": round(alike, 4), "weight": matching.category, "found": kind},
        {"part": "distance", "share": round(near, 4), "weight": matching.distance, "found": round(metres, 1)},
        {"part": "time", "share": round(max(0.0, 1 - apart), 4), "weight": matching.time, "found": _hours(mine, other)},
        {"part": "words", "share": round(words, 4), "weight": matching.words, "found": "unknown" if shared is None else "compared"},
    ]
    if same_component is not None:
        found = "same" if same_component else "other"
        parts.append({"part": "component", "share": float(same_component), "weight": matching.component, "found": found})
    reason = {"parts": parts, "factor": factor, "at_most": most, "certainty": sure}
    return Candidate(other.case, sure, reason)


def _long_closed(a: Nearby, b: Nearby, days: int) -> bool:
    if a.closed_at is None and b.closed_at is None:
        return False
    allowed = timedelta(days=days)
    return any(closed.closed_at is not None and later.reported_at - closed.closed_at > allowed for closed, later in ((a, b), (b, a)))


def _category_share(a: CategoryCode | None, b: CategoryCode | None, matching: Matching) -> tuple[float, str]:
    if a is None or b is None:
        return 0.0, "unknown"
    if a == b:
        return 1.0, "same"
    scheme_a, kind_a, number_a = a.split(":")
    scheme_b, kind_b, number_b = b.split(":")
    if scheme_a != scheme_b:
        return 0.0, "other_code_set"
    if number_a == number_b and kind_a != kind_b:
        # The 2026 list gave every component type a matter "X is abnormal" of the same number (coding.md 2).
        return matching.related, "component_and_its_fault"
    return (matching.kin, "same_major") if number_a[:2] == number_b[:2] else (0.0, "other")


def _metres(a: Point, b: Point) -> float:
    """Flat-earth metres: within a few hundred metres the same as the great circle to a millimetre, at a third of its cost."""
    x = (a.lon - b.lon) * cos(radians((a.lat + b.lat) / 2))
    return sqrt(x * x + (a.lat - b.lat) ** 2) * _METRES_A_DEGREE


def _hours(a: Nearby, b: Nearby) -> float:
    return round(abs((a.reported_at - b.reported_at).total_seconds()) / 3600, 2)


def _pairs(text: str) -> frozenset[int]:
    """The set of neighbouring characters of the first `_READ` ones, without spaces and marks; each pair as one number.

    Read out of the text's memory, eight bytes a pair, those that begin at even and at odd places: half the cost of cutting strings.
    """
    letters = _NOT_A_WORD.sub("", text[:_READ]).lower()
    held, pairs = memoryview(letters.encode("utf-32-le", "surrogatepass")), len(letters) - 1
    even, odd = held[: (pairs + 1) // 2 * 8], held[4 : 4 + pairs // 2 * 8]
    return frozenset(even.cast("Q").tolist() + odd.cast("Q").tolist())


def _likeness(a: frozenset[int], b: frozenset[int]) -> float | None:
    """Dice coefficient; None if either says nothing."""
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else None
