"""Why a case went where it went, from the reason its dispatch event carries: one sentence, the checks, the alternatives that lost."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninja import Schema

from chengyun.cases.records import Case, Event
from chengyun.city.records import DutyRow
from chengyun.screens.api.rows import OrgRef, Rows
from chengyun.screens.words import say

SENDING = frozenset({"dispatch", "dispatch_urgent", "conclude_consult", "reassign", "consult"})
KINDS = {"category": "category", "area": "area", "owner": "owner", "hours": "hours"}


class CheckOut(Schema):
    kind: str
    ok: bool
    found: str
    detail: str | None = None
    row_number: str | None = None


class AlternativeOut(Schema):
    unit: OrgRef | None
    row_number: str | None
    why: str
    column: str | None


class RowOut(Schema):
    id: int
    number: str
    version: int
    signed_by: str | None
    unit: OrgRef | None


class WhyOut(Schema):
    sentence: str
    decision: str
    gap: str | None
    row: RowOut | None
    checks: list[CheckOut]
    alternatives: list[AlternativeOut]
    chosen_by_person: bool


def why_of(case: Case, events: Sequence[Event], rows: Rows) -> WhyOut | None:
    """From the last event that sent the case somewhere; None while nobody has."""
    sent = next((event for event in reversed(events) if event.type in SENDING and isinstance(event.body.get("why"), Mapping)), None)
    if sent is None:
        return None
    reason: Any = sent.body["why"]
    return explain(reason, rows, unit=_int(sent.body.get("unit")))


def explain(reason: Mapping[str, Any], rows: Rows, unit: int | None) -> WhyOut:
    language = rows.ask.language
    if reason.get("consultation"):
        number, name = str(reason["consultation"]), rows.org_name(unit) or "—"
        sentence = say("why.consultation", language, number=number, unit=name)
        written = _row_of_the_list(int(reason["row"]), int(reason["version"]), rows)
        row = RowOut(
            id=int(reason["row"]),
            number=written.number if written else f"#{reason['row']}",
            version=int(reason["version"]),
            signed_by=(written.signed_by or None) if written else None,
            unit=rows.org(unit),
        )
        return WhyOut(sentence=sentence, decision="consultation", gap=None, row=row, checks=[], alternatives=[], chosen_by_person=True)
    chosen = bool(reason.get("chosen_by_person"))
    told: Mapping[str, Any] = reason.get("list_said") or reason
    question: Mapping[str, Any] = told.get("question") or {}
    winners: Sequence[Mapping[str, Any]] = told.get("rows") or []
    outcome = str(told.get("outcome"))
    row = None
    if outcome == "found" and winners:
        best = winners[0]
        signer = best.get("signed_by") or None
        row = RowOut(
            id=int(best["id"]),
            number=str(best["number"]),
            version=int(best["version"]),
            signed_by=signer,
            unit=rows.org(_int(best.get("unit"))),
        )
    checks = [_check(kind, told, question, row, rows) for kind in KINDS]
    category = rows.category(question.get("category"))
    name = (category.name_zh if language == "zh" else category.name_en) if category else "—"
    areas: Mapping[str, str] = question.get("areas") or {}
    area = _area(areas, rows)
    owner = rows.org_name(_int(question.get("owner")))
    hours = say("hours.office" if question.get("office_hours") else "hours.off_hours", language)
    terms = [area, name, *([say("why.owned_by", language, owner=owner)] if owner else []), hours]
    if outcome == "found" and not chosen:
        sentence = say("why.decision", language, terms=" · ".join(terms), unit=rows.org_name(unit) or "—")
    elif chosen:
        sentence = say("why.chosen", language, terms=" · ".join(terms), unit=rows.org_name(unit) or "—")
    else:
        sentence = say("why.gap", language, terms=" · ".join(terms))
    gap = None if outcome == "found" else say("why.gap_several" if len(winners) > 1 else "why.gap_none", language, count=len(winners))
    lost = [_alternative(each, rows) for each in told.get("rejected") or []]
    if outcome != "found":
        lost = [
            AlternativeOut(
                unit=rows.org(_int(each.get("unit"))), row_number=str(each["number"]), why=say("why.equal", language), column=None
            )
            for each in winners
        ] + lost
    return WhyOut(sentence=sentence, decision=outcome, gap=gap, row=row, checks=checks, alternatives=lost[:8], chosen_by_person=chosen)


def _row_of_the_list(row: int, version: int, rows: Rows) -> DutyRow | None:
    """The row a consultation wrote, as the list keeps it: people look it up by its number."""
    held = rows.here.book.held(rows.ask.tenant)
    return next((each for each in held.duty_rows if each.id == row and each.version == version), None)


def _check(kind: str, told: Mapping[str, Any], question: Mapping[str, Any], row: RowOut | None, rows: Rows) -> CheckOut:
    language = rows.ask.language
    matched: Mapping[str, Any] = (told.get("matched") or {}).get(kind) or {}
    by = str(matched.get("by") or "none")
    asked = {
        "category": _category_name(question.get("category"), rows),
        "area": _area(question.get("areas") or {}, rows),
        "owner": rows.org_name(_int(question.get("owner"))) or say("why.no_component", language),
        "hours": say("hours.office" if question.get("office_hours") else "hours.off_hours", language),
    }[kind]
    detail = say("why.any", language) if by == "any" else None
    return CheckOut(kind=kind, ok=row is not None, found=asked, detail=detail, row_number=row.number if row and by != "any" else None)


def _alternative(lost: Mapping[str, Any], rows: Rows) -> AlternativeOut:
    row: Mapping[str, Any] = lost["row"]
    column = str(lost.get("lost_by"))
    language = rows.ask.language
    how = "why.less_specific" if lost.get("how") == "less_specific" else "why.mismatch"
    has = _shown(column, lost.get("row_has"), rows)
    sentence = say(how, language, column=say(f"column.{column}", language), has=has)
    return AlternativeOut(unit=rows.org(_int(row.get("unit"))), row_number=str(row["number"]), why=sentence, column=column)


def _shown(column: str, value: object, rows: Rows) -> str:
    if value is None:
        return say("why.any", rows.ask.language)
    if column == "category":
        return _category_name(value, rows)
    if column == "area":
        names = rows.area_names.get(str(value))
        return str(value) if names is None else names[0] if rows.ask.language == "zh" else names[1]
    if column == "owner":
        return rows.org_name(_int(value)) or "—"
    if column == "area_class":
        return say("why.area_class", rows.ask.language, number=value)
    if column == "hours":
        return say(f"hours.{value}", rows.ask.language)
    if isinstance(value, list | tuple):
        return " – ".join("…" if part is None else str(part) for part in value)
    return str(value)


def _category_name(code: object, rows: Rows) -> str:
    if code is None:
        return "—"
    found = rows.category(str(code))
    return str(code) if found is None else found.name_zh if rows.ask.language == "zh" else found.name_en


def _area(areas: Mapping[str, str], rows: Rows) -> str:
    for kind in ("community", "street", "district"):
        names = rows.area_names.get(areas.get(kind, ""))
        if names is not None:
            return names[0] if rows.ask.language == "zh" else names[1]
    return say("why.no_area", rows.ask.language)


def _int(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None
