"""The scoreboard of units, live: each figure with its numerator, denominator and formula, each number open down to its cases."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from chengyun.base.errors import BadInput
from chengyun.base.ids import AreaCode, CaseId, OrgId
from chengyun.base.time import to_text
from chengyun.cases import access
from chengyun.cases.access import CaseFilter, Kind, Target
from chengyun.evaluation.charges import settle_between
from chengyun.evaluation.indicators import INDICATORS, denominator_of, numerator_of
from chengyun.evaluation.periods import Month
from chengyun.evaluation.records import Charge, Outcome, Place, UnitScore
from chengyun.evaluation.scoring import CITY_CENTRE, league, score, score_units
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.screens.api.rows import CaseRow, OrgRef, Rows
from chengyun.screens.words import say
from chengyun.stores.reading.charges import ChargeShelf
from chengyun.stores.reading.lists import lines_of

router = Router(tags=["evaluation"])

SHELF = ChargeShelf()
RULES = CITY_CENTRE
EVERY = OrgId(0)
"""Stands for all units together in the line below the table."""
FORGIVEN = timedelta(seconds=30)
"""City time for which a computed board is shown again if no case moved: within it, at most a deadline has passed."""
POINTS_OF = {"on_time_rate": "timeliness", "extension_rate": "extension", "rework_rate": "rework"}
"""Indicator -> the part of the score it leads."""


class FigureFilter(Schema):
    """Opens the list behind a figure: GET evaluation/units/{unit}/cases with these words."""

    unit: str
    indicator: str
    part: str
    period: str
    street: str | None = None


class FigureOut(Schema):
    key: str
    value: float | None = Field(description="null when the denominator is 0: no cases is no figure")
    numerator: int
    denominator: int
    points: float | None = None
    weight: float | None = None
    formula: str
    source: str
    unit: str = "share"
    filter: FigureFilter


class UnitScoreOut(Schema):
    unit: OrgRef
    rank: int | None
    score: float | None
    band: str | None
    change: int | None
    cases: int
    filter: FigureFilter
    """Opens the cases counted."""
    figures: list[FigureOut]
    trend: list[float] = []
    note: str | None = None


class PeriodOut(Schema):
    key: str
    label: str
    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    complete: bool


class PeriodChoice(Schema):
    key: str
    label: str


CHARGED = "charged"
"""Stands in the place of an indicator for all cases of the period that are charged to the unit."""


class RulesOut(Schema):
    name: str
    version: int
    source: str


class ScoreboardOut(Schema):
    period: PeriodOut
    rules: RulesOut
    computed_at: str
    rows: list[UnitScoreOut]
    total: UnitScoreOut | None
    as_of: str
    periods: list[PeriodChoice]
    denominator_rule: str


class ChargedRow(CaseRow):
    """A case as it was charged to the unit; one that was dispatched to it twice stands here twice."""

    serial: int
    charged_outcome: str
    dispatched: str
    due: str | None
    handled: str | None


class ChargedPage(Schema):
    rows: list[ChargedRow]
    next: str | None
    total: int
    total_is_exact: bool = True
    as_of: str


class BoardAsked(Schema):
    period: str | None = Field(None, max_length=20, description="2026-11, 2026-11-24 or last_30_days; the running month if not given")
    street: str | None = Field(None, max_length=24, pattern="^[0-9A-Za-z]*$")


class ChargedAsked(BoardAsked):
    indicator: str = Field("on_time_rate", max_length=40)
    side: Literal["numerator", "denominator"] | None = None
    part: Literal["numerator", "denominator"] | None = None
    after: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


@dataclass(frozen=True)
class Period:
    """Half open, in UTC. `before`: where the period to compare with begins."""

    key: str
    start: datetime
    end: datetime
    before: datetime
    label: str


# --- the board --------------------------------------------------------------------------------------------------------


@router.get(
    "/evaluation/units", auth=Session(csrf=False), by_alias=True, response={200: ScoreboardOut, **PROBLEMS}, operation_id="units_scored"
)
def units(request: HttpRequest, asked: Query[BoardAsked]) -> ScoreboardOut:
    """Scores of the units the reader may see, from the cases he may count."""
    ask = asking(request)
    allowed(ask, "evaluation.units.read")
    here = house.current()
    now, zone = here.clock.now(), here.book.card(ask.tenant).zone
    period = read_period(asked.period, now, zone, ask)
    charges, computed = _charges(ask, period, asked.street, now, zone)
    shown = (ask.tenant, repr(ask.reader.posts), ask.language, period.key, asked.street)
    drawn = _drawn.get(shown)
    if drawn is not None and drawn[0] is charges:
        return drawn[1]
    rows = Rows(ask, frozenset())
    mine = [charge for charge in charges.of if _may_see(ask, charge.unit)]
    ranks = {place.score.unit: place.rank for place in league(score_units(charges.before, RULES)) if place.rank is not None}
    places = league(score_units(mine, RULES, now), ranks)
    whole = score([replace(charge, unit=EVERY) for charge in mine], RULES, EVERY, now)
    board = ScoreboardOut(
        period=PeriodOut(
            key=period.key, label=period.label, start=to_text(period.start), end=to_text(period.end), complete=period.end <= now
        ),
        rules=RulesOut(name=RULES.name_zh if ask.language == "zh" else RULES.name_en, version=RULES.version, source=RULES.source),
        computed_at=to_text(computed),
        rows=[_row(ask, rows, place, [c for c in mine if c.unit == place.score.unit], period, asked.street) for place in places],
        total=_row(ask, rows, Place(None, whole), mine, period, asked.street) if mine else None,
        as_of=to_text(computed),
        periods=_choices(now, zone, ask),
        denominator_rule=say("score.denominator_rule", ask.language),
    )
    while len(_drawn) > 64:
        _drawn.pop(next(iter(_drawn)), None)
    _drawn[shown] = (charges, board)
    return board


@router.get(
    "/evaluation/units/{int:unit}/cases", auth=Session(csrf=False), response={200: ChargedPage, **PROBLEMS}, operation_id="unit_cases"
)
def cases(request: HttpRequest, unit: int, asked: Query[ChargedAsked]) -> ChargedPage:
    """The cases in the numerator or denominator of a figure: as many as the figure says. Unit 0: all units together.

    `charged` opens the number of cases itself: each once, as it was charged last."""
    ask = asking(request)
    answer = allowed(ask, "evaluation.cases.read")
    indicator = INDICATORS.get(asked.indicator)
    if indicator is None and asked.indicator != CHARGED:
        raise Answered(422, "bad_input", facts={"field": "indicator", "wanted": [CHARGED, *sorted(INDICATORS)]})
    here = house.current()
    now, zone = here.clock.now(), here.book.card(ask.tenant).zone
    if unit != EVERY and (unit > 2**53 or not _may_see(ask, OrgId(unit))):
        raise Answered(404, "not_found")
    period = read_period(asked.period, now, zone, ask)
    charges, computed = _charges(ask, period, asked.street, now, zone)
    mine = [c for c in charges.of if (c.unit == unit if unit else _may_see(ask, c.unit))]
    side = asked.side or asked.part or "numerator"
    if indicator is None:
        behind = tuple({c.case: c for c in sorted(mine, key=lambda c: c.serial)}.values())
    else:
        behind = numerator_of(mine, indicator) if side == "numerator" else denominator_of(mine, indicator)
    ordered = sorted(behind, key=lambda c: (-c.dispatched.timestamp(), -c.case, c.serial))
    start = _read_mark(asked.after)
    page, more = ordered[start : start + asked.limit], len(ordered) > start + asked.limit
    only = access.compile_filter(ask.reader, "evaluation.cases.read")
    assert only is not None
    rows = Rows(ask, answer.fields)
    lines = {row.id: row for row in rows.of(lines_of(only, list(dict.fromkeys(CaseId(c.case) for c in page))))}
    return ChargedPage(
        rows=[_charged(lines[c.case], c) for c in page if c.case in lines],
        next=_write_mark(start + asked.limit) if more else None,
        total=len(ordered),
        as_of=to_text(computed),
    )


def _charged(row: CaseRow, charge: Charge) -> ChargedRow:
    return ChargedRow(
        **row.dict(),
        serial=charge.serial,
        charged_outcome=charge.outcome,
        dispatched=to_text(charge.dispatched),
        due=to_text(charge.due) if charge.due else None,
        handled=to_text(charge.handled) if charge.handled and charge.outcome is not Outcome.OVERDUE_OPEN else None,
    )


def _row(ask: Asking, rows: Rows, place: Place, charges: Sequence[Charge], period: Period, street: str | None) -> UnitScoreOut:
    found: UnitScore = place.score
    parts = {part.code: part for part in found.parts}
    formulas = {part.code: part.formula_zh if ask.language == "zh" else part.formula_en for part in RULES.parts}
    figures = []
    for key in (*POINTS_OF, *(code for code in INDICATORS if code not in POINTS_OF)):
        indicator = INDICATORS[key]
        below, above = len(denominator_of(charges, indicator)), len(numerator_of(charges, indicator))
        part = parts.get(POINTS_OF.get(key, ""))
        formula = indicator.formula_zh if ask.language == "zh" else indicator.formula_en
        figures.append(
            FigureOut(
                key=key,
                value=above / below if below else None,
                numerator=above,
                denominator=below,
                points=_number(part.points) if part else None,
                weight=float(part.weight * RULES.full) if part else None,
                formula=formulas[part.code] if part else formula,
                source=indicator.source,
                filter=FigureFilter(unit=str(found.unit), indicator=key, part="numerator", period=period.key, street=street or None),
            )
        )
    name = rows.org(found.unit) or OrgRef(id=int(found.unit), name_zh=say("score.all_units", "zh"), name_en=say("score.all_units", "en"))
    return UnitScoreOut(
        unit=name,
        rank=place.rank,
        score=_number(found.total),
        band=found.grade,
        change=place.change,
        cases=len({charge.case for charge in charges}),
        filter=FigureFilter(unit=str(found.unit), indicator=CHARGED, part="denominator", period=period.key, street=street or None),
        figures=figures,
        note=say("score.no_cases", ask.language) if found.total is None else None,
    )


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


# --- what is counted --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Counted:
    of: tuple[Charge, ...]
    before: tuple[Charge, ...]


_drawn: dict[object, tuple[_Counted, ScoreboardOut]] = {}
"""Boards as they were shown, to be shown again while they rest on the very same count."""
_boards: dict[object, tuple[datetime, tuple[Charge, ...], _Counted]] = {}


def _charges(ask: Asking, period: Period, street: str | None, now: datetime, zone: str) -> tuple[_Counted, datetime]:
    """The settled charges of the period and of the one before it, and when they were computed."""
    only = access.compile_filter(ask.reader, "evaluation.cases.read")
    if only is None:
        return _Counted((), ()), now
    read = SHELF.read(only, period.before, period.end, (street,) if street else None)
    key = (ask.tenant, _words_of(only), period.key, street)
    kept = _boards.get(key)
    if kept is not None and timedelta(0) <= now - kept[0] < FORGIVEN and len(kept[1]) == len(read) and all(map(_same, kept[1], read)):
        return kept[2], kept[0]
    counted = _Counted(
        settle_between(read, period.start, period.end, min(period.end, now)),
        settle_between(read, period.before, period.start, min(period.start, now)),
    )
    while len(_boards) > 64:
        _boards.pop(next(iter(_boards)), None)
    _boards[key] = (now, read, counted)
    return counted, now


def _same(one: Charge, other: Charge) -> bool:
    return one is other


def _words_of(only: CaseFilter) -> str:
    return repr(only)


def _may_see(ask: Asking, unit: OrgId) -> bool:
    """Whether a unit's line is shown. A post reaches units by its unit axis; area and field already narrow what is counted."""
    places = {(area, field) for post in ask.reader.posts for area in (post.areas or (None,)) for field in (post.fields or (None,))}
    for area, field in places:
        target = Target(ask.tenant, kind=Kind.UNIT, area=AreaCode(area) if area else None, orgs=frozenset({unit}), field=field)
        if isinstance(access.may(ask.reader, "evaluation.units.read", target), access.Allowed):
            return True
    return False


# --- periods ----------------------------------------------------------------------------------------------------------


def read_period(text: str | None, now: datetime, zone: str, ask: Asking) -> Period:
    """A month, a day, or the last thirty days up to now. Raises BadInput for anything else."""
    where = ZoneInfo(zone)
    if text is None or re.fullmatch(r"\d{4}-\d{2}", text):
        try:
            month = Month.of(now, zone) if text is None else Month(int(text[:4]), int(text[5:]))
            start, end = month.span(zone)
            before = (Month(month.year, month.month - 1) if month.month > 1 else Month(month.year - 1, 12)).span(zone)[0]
        except ValueError as error:
            raise _bad_period(text) from error
        return Period(str(month), start, end, before, say("period.month", ask.language, year=month.year, month=month.month))
    if text == "last_30_days":
        day = datetime.combine(now.astimezone(where).date() + timedelta(days=1), time(0), tzinfo=where).astimezone(UTC)
        return Period(text, day - timedelta(days=30), day, day - timedelta(days=60), say("period.last_30_days", ask.language))
    try:
        chosen = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
        if chosen is None or not 1990 <= chosen.year <= 2200:
            raise ValueError(text)
    except ValueError as error:
        raise _bad_period(text) from error
    start, end, before = (datetime.combine(chosen + timedelta(days=n), time(0), tzinfo=where).astimezone(UTC) for n in (0, 1, -1))
    return Period(text, start, end, before, chosen.isoformat())


def _bad_period(text: str | None) -> BadInput:
    return BadInput(
        "this is no period", place="period", cure="write 2026-11, 2026-11-24 or last_30_days", code="bad_input", found=str(text)[:20]
    )


def _choices(now: datetime, zone: str, ask: Asking) -> list[PeriodChoice]:
    keys: list[str | None] = [None, "last_30_days", now.astimezone(ZoneInfo(zone)).date().isoformat()]
    month = Month.of(now, zone)
    for _ in range(3):
        month = Month(month.year, month.month - 1) if month.month > 1 else Month(month.year - 1, 12)
        keys.append(str(month))
    return [PeriodChoice(key=each.key, label=each.label) for key in keys for each in [read_period(key, now, zone, ask)]]


def _write_mark(position: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([position]).encode()).decode().rstrip("=")


def _read_mark(text: str | None) -> int:
    if not text:
        return 0
    try:
        (position,) = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(position, int) or not 0 <= position < 10_000_000:
            raise ValueError(position)
    except (ValueError, TypeError) as error:
        raise BadInput("this page mark is damaged", place="after", cure="start again from the first page", code="bad_cursor") from error
    return position
