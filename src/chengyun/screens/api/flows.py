"""The flows cases follow: the national seven steps and departments' own, shown as the tables they are; kept and chosen by who may."""

import io
from collections.abc import Iterator, Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from openpyxl import Workbook
from pydantic import AwareDatetime

from chengyun.base.ids import CategoryCode
from chengyun.base.time import to_text
from chengyun.cases import access
from chengyun.cases.flows import LARGEST, SHIPPED, kept_flow, shipped_flows
from chengyun.cases.lifecycle import PRIOR, SAME, Lifecycle, Transition
from chengyun.cases.national import NATIONAL, STEP
from chengyun.cases.records import State
from chengyun.cases.sources import CHOICES, is_ours, sources_of_rows
from chengyun.screens import house
from chengyun.screens.api.asking import Asking, Session, allowed, asking
from chengyun.screens.api.noting import do_once, note
from chengyun.screens.api.problems import PROBLEMS, Answered
from chengyun.screens.api.sheets import SHEET, cell
from chengyun.screens.flow_words import action_word, state_word, title_of
from chengyun.screens.words import Language, say
from chengyun.stores import flows
from chengyun.stores.city_book import CASES, FLOW, CityBook
from chengyun.stores.reasons import read_reasons, write_reason

router = Router(tags=["settings"])

COLUMNS = ("step", "states", "action", "who", "to", "needs", "guards", "clocks", "source")


class FlowVersion(Schema):
    version: int
    valid_from: str | None = Field(description="null: since ever (the national steps)")
    in_force: bool = Field(description="new cases follow this version now")
    open_cases: int = Field(description="cases under way that began with it")
    reason: str | None


class FlowOut(Schema):
    name: str
    title: str
    national: bool
    versions: list[FlowVersion]


class ShippedOut(Schema):
    name: str
    title: str
    version: int
    file: str
    text: str
    kept: bool


class FlowChoiceOut(Schema):
    category: str = Field(description="a category, a major such as 2026:06, or * for all others")
    category_name: str | None
    flow: str
    title: str


class FlowsOut(Schema):
    flows: list[FlowOut]
    choices: list[FlowChoiceOut]
    shipped: list[ShippedOut]
    may_write: bool
    as_of: str


class FlowWord(Schema):
    code: str
    word: str


class LifecycleRow(Schema):
    steps: list[int]
    states: list[FlowWord]
    action: FlowWord
    who: list[FlowWord]
    to: FlowWord
    needs: list[FlowWord]
    guards: list[FlowWord]
    clocks: list[FlowWord]
    source: str
    ours: bool = Field(description="some part of this row is our own choice, where the trade leaves room")


class StateOut(Schema):
    code: str
    word: str
    step: int


class Move(Schema):
    start: str
    end: str
    acts: list[str]


class LifecycleOut(Schema):
    name: str
    version: int
    title: str
    national: bool
    in_force: bool
    states: list[StateOut]
    moves: list[Move] = Field(description="from state to state; acts that leave the state alone stand in the rows only")
    rows: list[LifecycleRow]
    choices: list[str] = Field(description="what was decided for the city where the trade leaves room; of the national steps only")
    text: str | None = Field(description="the file of a department's own flow, as it was kept")
    as_of: str


class WhichVersion(Schema):
    version: int | None = Field(default=None, ge=1, le=9999)


class FlowIn(Schema, extra="forbid"):
    file: str = Field(min_length=1, max_length=80, pattern=r"^[\w.-]+$")
    text: str = Field(min_length=1, max_length=LARGEST)
    valid_from: AwareDatetime | None = Field(default=None, description="new cases follow it from then on; null: from now on")
    reason: str = Field(min_length=4, max_length=200)
    trial: bool = Field(default=False, description="check everything, keep nothing")


class FlowKept(Schema):
    name: str
    version: int
    title: str
    valid_from: str
    kept: bool = Field(description="false: a trial, or this very text was kept before")
    repeated: bool = False


class FlowChoiceIn(Schema, extra="forbid"):
    category: str = Field(min_length=1, max_length=40)
    flow: str | None = Field(default=None, max_length=40, description="null: whatever holds for all others")
    reason: str = Field(min_length=4, max_length=200)


class ChosenOut(Schema):
    version: int
    category: str
    flow: str | None
    repeated: bool = False


@router.get("/settings/flows", auth=Session(csrf=False), response={200: FlowsOut, **PROBLEMS}, operation_id="flows_list")
def list_flows(request: HttpRequest) -> FlowsOut:
    ask = asking(request)
    allowed(ask, "settings.flows.read")
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    rules, kept, language = here.book.rules(ask.tenant, now), held.kept_flows, ask.language
    reasons, under_way = read_reasons(held, now), flows.count_open(ask.tenant)
    known = here.book.categories(ask.tenant, now)

    def versions(name: str) -> Iterator[FlowVersion]:
        for setting, flow in sorted(kept, key=lambda pair: -pair[0].version):
            if flow.name == name:
                yield FlowVersion(
                    version=flow.version,
                    valid_from=to_text(setting.valid_from),
                    in_force=rules.flows.get(name) == flow,
                    open_cases=under_way.get((name, flow.version), 0),
                    reason=reasons.get(f"{FLOW}{name}.{flow.version}"),
                )

    national = FlowVersion(
        version=NATIONAL.version,
        valid_from=None,
        in_force=True,
        open_cases=sum(count for (name, _), count in under_way.items() if name == NATIONAL.name),
        reason=None,
    )
    listed = [FlowOut(name=NATIONAL.name, title=title_of(NATIONAL, language), national=True, versions=[national])]
    newest = {flow.name: flow for _, flow in sorted(kept, key=lambda pair: pair[0].version)}
    listed += [
        FlowOut(name=name, title=title_of(flow, language), national=False, versions=list(versions(name)))
        for name, flow in sorted(newest.items())
    ]
    chosen = rules.settings.flow_of

    def name_of(category: str) -> str | None:
        found = known.get(CategoryCode(category))
        return None if found is None else found.name_zh if language == "zh" else found.name_en

    titles = {each.name: each.title for each in listed}
    have = {(flow.name, flow.version) for _, flow in kept}
    return FlowsOut(
        flows=listed,
        choices=[
            FlowChoiceOut(category=key, category_name=name_of(key), flow=name, title=titles.get(name, name))
            for key, name in sorted(chosen.items())
        ],
        shipped=[
            ShippedOut(
                name=flow.name,
                title=title_of(flow, language),
                version=flow.version,
                file=f"{flow.name}.yaml",
                text=(SHIPPED / f"{flow.name}.yaml").read_text(encoding="utf-8"),
                kept=(flow.name, flow.version) in have,
            )
            for flow in shipped_flows().values()
        ],
        may_write=isinstance(access.may(ask.reader, "settings.flows.write", access.Target(ask.tenant)), access.Allowed),
        as_of=to_text(now),
    )


@router.get("/settings/flows/{str:name}", auth=Session(csrf=False), response={200: LifecycleOut, **PROBLEMS}, operation_id="flow_read")
def read_flow(request: HttpRequest, name: str, query: Query[WhichVersion]) -> LifecycleOut:
    """The lifecycle table of a flow, in force now or in the version asked for."""
    ask = asking(request)
    allowed(ask, "settings.flows.read")
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    flow, current = _find(ask, held, name, query.version)
    national = flow.name == NATIONAL.name
    kept = next((setting for setting, each in held.kept_flows if each == flow), None)
    return LifecycleOut(
        name=flow.name,
        version=flow.version,
        title=title_of(flow, ask.language),
        national=national,
        in_force=current,
        states=[StateOut(code=state, word=state_word(flow, state, ask.language), step=STEP[state]) for state in _states(flow)],
        moves=list(_moves(flow, ask.language)),
        rows=[_row(flow, row, ask.language) for row in flow.rows],
        choices=[say(f"lifecycle.choice.{n}", ask.language) for n in range(1, CHOICES + 1)] if national else [],
        text=None if kept is None else str(kept.value["text"]),
        as_of=to_text(now),
    )


@router.get(
    "/settings/flows/{str:name}/table.xlsx",
    auth=Session(csrf=False),
    response={200: bytes, **PROBLEMS},
    operation_id="flow_export",
    openapi_extra={"responses": {200: {"content": {SHEET: {"schema": {"type": "string", "format": "binary"}}}}}},
)
def export_flow(request: HttpRequest, name: str, query: Query[WhichVersion]) -> HttpResponse:
    """The same table as a sheet."""
    ask = asking(request)
    allowed(ask, "settings.flows.read")
    flow, _ = _find(ask, house.current().book.held(ask.tenant), name, query.version)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title_of(flow, ask.language)[:31].translate(dict.fromkeys(map(ord, "[]:*?/\\"), "-")))
    sheet.append([cell(sheet, say(f"lifecycle.column.{column}", ask.language)) for column in COLUMNS])
    for row in flow.rows:
        made = _row(flow, row, ask.language)
        words = [", ".join(map(str, made.steps)), _joined(made.states), made.action.word, _joined(made.who), made.to.word]
        words += [_joined(made.needs), _joined(made.guards), _joined(made.clocks), made.source]
        sheet.append([cell(sheet, each) for each in words])
    file = io.BytesIO()
    book.save(file)
    response = HttpResponse(file.getvalue(), content_type=SHEET)
    response["Content-Disposition"] = f'attachment; filename="lifecycle-{flow.name}-{flow.version}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


@router.post("/settings/flows", auth=Session(), response={201: FlowKept, **PROBLEMS}, operation_id="flow_keep")
def keep_flow(request: HttpRequest, body: FlowIn) -> Status[FlowKept]:
    """Keep a version of a department's flow. Cases under way go on by the version they began with."""
    ask, answer = _may_write(request, body)
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)
    since = body.valid_from or now

    def act() -> Mapping[str, object]:
        if body.trial:
            flow = flows.check_flow(held, body.file, body.text)
            return {"name": flow.name, "version": flow.version, "valid_from": to_text(since), "kept": False}
        made = flows.keep_flow(held, body.file, body.text, since, ask.person, now)
        if not made.again:
            write_reason(held, f"{FLOW}{made.flow.name}.{made.flow.version}", body.reason, ask.person, now)
            note(ask, answer, "settings.flows.write", f"flow:{made.flow.name}@{made.flow.version}", "kept", after=body.text)
        return {
            "name": made.flow.name,
            "version": made.flow.version,
            "valid_from": to_text(made.valid_from),
            "kept": not made.again,
        }

    kept, repeated = do_once(request, ask, "flow_keep", body.dict(), act)
    here.book.forget(ask.tenant)
    title = title_of(kept_flow(body.text, body.file), ask.language)
    return Status(201, FlowKept(**kept, title=title, repeated=repeated))


@router.post("/settings/flow-choices", auth=Session(), response={201: ChosenOut, **PROBLEMS}, operation_id="flow_choose")
def choose_flow(request: HttpRequest, body: FlowChoiceIn) -> Status[ChosenOut]:
    """Let new cases of a category follow a flow; the choice for a category stands before that for its major, and that before `*`."""
    ask, answer = _may_write(request, body)
    here = house.current()
    now, held = here.clock.now(), here.book.held(ask.tenant)

    def act() -> Mapping[str, object]:
        before = held.case_settings(now).flow_of
        version, chosen = flows.choose_flow(held, body.category, body.flow, ask.person, now)
        write_reason(held, f"{CASES}.{version}", body.reason, ask.person, now)
        note(ask, answer, "settings.flows.write", f"flow_of:{body.category}", str(body.flow or "none"), before=dict(before), after=chosen)
        return {"version": version, "category": body.category, "flow": body.flow}

    kept, repeated = do_once(request, ask, "flow_choose", body.dict(), act)
    here.book.forget(ask.tenant)
    return Status(201, ChosenOut(**kept, repeated=repeated))


def _may_write(request: HttpRequest, body: Schema) -> tuple[Asking, access.Allowed]:
    ask = asking(request)
    answer = allowed(ask, "settings.flows.write")
    faults = access.check_fields({post.role for post in answer.posts}, "settings.flows.write", set(body.model_fields_set))
    if faults:
        raise Answered(422, "bad_input", faults[0].reason, {"field": faults[0].field})
    return ask, answer


def _find(ask: Asking, held: CityBook, name: str, version: int | None) -> tuple[Lifecycle, bool]:
    """The flow, and whether new cases follow this version now."""
    rules = house.current().book.rules(ask.tenant, house.current().clock.now())
    current = NATIONAL if name == NATIONAL.name else rules.flows.get(name) if "@" not in name else None
    found = current if version is None else rules.flow(name, version) if "@" not in name else None
    if found is None:
        raise Answered(404, "not_found")
    return found, found == current


def _states(flow: Lifecycle) -> Sequence[State]:
    """Every state a case of this flow may stand in, in the order of the national steps."""
    used = {state for row in flow.rows for state in row.states} | {State(row.to) for row in flow.rows if row.to not in (SAME, PRIOR)}
    return sorted(used - {State.NONE, State.UNKNOWN}, key=lambda state: (STEP[state], list(State).index(state)))


def _moves(flow: Lifecycle, language: Language) -> Iterator[Move]:
    arrows: dict[tuple[str, str], dict[str, None]] = {}
    for row in flow.rows:
        for state in row.states:
            if row.to not in (SAME, PRIOR, str(state)):
                arrows.setdefault((str(state), row.to), {})[action_word(flow, row.action, language)] = None
    yield from (Move(start=start, end=end, acts=list(acts)) for (start, end), acts in arrows.items())


def _row(flow: Lifecycle, row: Transition, language: Language) -> LifecycleRow:
    def words(kind: str, codes: Sequence[str]) -> list[FlowWord]:
        return [FlowWord(code=code, word=say(f"{kind}.{code}", language)) for code in codes]

    source = sources_of_rows().get(row, "") if flow.name == NATIONAL.name else ""
    to = {SAME: "same", PRIOR: "prior"}.get(row.to)
    return LifecycleRow(
        steps=sorted({STEP[state] for state in row.states}),
        states=[FlowWord(code=state, word=state_word(flow, state, language)) for state in row.states],
        action=FlowWord(code=row.action, word=action_word(flow, row.action, language)),
        who=words("role", sorted(row.who)),
        to=FlowWord(code=row.to, word=say(f"lifecycle.{to}", language) if to else state_word(flow, row.to, language)),
        needs=words("need", row.needs),
        guards=words("guard", row.guards),
        clocks=[FlowWord(code=code, word=_clock_word(code, language)) for code in row.clocks],
        source=source,
        ours=is_ours(source),
    )


def _clock_word(code: str, language: Language) -> str:
    verb, _, name = code.partition(":")
    clock = say("lifecycle.all_clocks", language) if name == "*" else say(f"clock.{name}", language)
    return f"{say(f'clock_verb.{verb}', language)} · {clock}"


def _joined(words: Sequence[FlowWord]) -> str:
    return ", ".join(each.word for each in words)
