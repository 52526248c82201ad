"""Makes `lifecycle.md` from the lifecycle table, the words of the screens and the sources in the matrix written by hand.

uv run python docs/reference/make_lifecycle.py
"""

import csv
from pathlib import Path

from chengyun.cases.lifecycle import PRIOR, SAME, Transition
from chengyun.cases.national import NATIONAL, STEP
from chengyun.cases.records import State
from chengyun.cases.sources import CHOICES, FILE
from chengyun.screens.words import Language, say

HERE = Path(__file__).parent
PAGE = HERE / "lifecycle.md"
MATRIX = HERE.parents[1] / "tests/cases/lifecycle_matrix.csv"
HEAD = (HERE / "lifecycle_head.md").read_text(encoding="utf-8")


def page() -> str:
    head = HEAD.rstrip().replace("{choices}", "\n".join(f"- {choice}" for choice in choices("en")))
    return "\n".join([head, "", "## 状态图 States", "", *diagram(), "", "## 全表 The table", "", *table(), ""])


def choices(language: Language) -> list[str]:
    """What we decided, as the lifecycle page of the application says it as well."""
    return [say(f"lifecycle.choice.{n}", language) for n in range(1, CHOICES + 1)]


def both(key: str) -> str:
    return f"{say(key, 'zh')} {say(key, 'en')}"


def diagram() -> list[str]:
    """Moves from state to state; acts that leave the state alone, and ways back to where a case came from, stand in the table."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in NATIONAL.rows:
        for state in row.states:
            if row.to not in (SAME, PRIOR, str(state)):
                arrows.setdefault((str(state), row.to), []).append(say(f"action.{row.action}", "zh"))
    names = [f"  {state}: {say(f'state.{state}', 'zh')}" for state in State if state not in (State.NONE, State.UNKNOWN)]
    lines = [
        f"  {'[*]' if start == State.NONE else start} --> {end}: {' / '.join(dict.fromkeys(acts))}" for (start, end), acts in arrows.items()
    ]
    return ["```mermaid", "stateDiagram-v2", *names, *lines, "```"]


def table() -> list[str]:
    head = ["| 步骤 | 状态 In | 操作 Act | 谁 Who | 到 To | 证据 Needs | 条件 If | 时限 Clocks | 出处 Source |", "|" + "---|" * 9]
    return head + [line(row) for row in NATIONAL.rows]


def line(row: Transition) -> str:
    states = "<br>".join(both(f"state.{state}") for state in row.states)
    who = "<br>".join(both(f"role.{role}") for role in sorted(row.who))
    to = {SAME: "不变 same", PRIOR: "原状态 where it was"}.get(row.to) or both(f"state.{row.to}")
    steps = ", ".join(str(step) for step in sorted({STEP[state] for state in row.states}))
    cells = [steps, states, f"{both(f'action.{row.action}')} `{row.action}`", who, to]
    cells += [" ".join(f"`{word}`" for word in words) for words in (row.needs, row.guards, row.clocks)]
    return "| " + " | ".join([*cells, "; ".join(sources(row))]) + " |"


def sources(row: Transition) -> list[str]:
    states, roles = {str(state) for state in row.states}, {str(role) for role in row.who}
    with MATRIX.open(encoding="utf-8", newline="") as lines:
        found = [
            cell["why"]
            for cell in csv.DictReader(lines)
            if cell["action"] == row.action and cell["state"] in states and roles & set(cell["who"].split())
        ]
    return list(dict.fromkeys(found))


def shipped() -> str:
    """The same sources as a file of the program: one line per row of the table, in its order, with the act as a check."""
    return "".join(f"{row.action}\t{'; '.join(sources(row))}\n" for row in NATIONAL.rows)


if __name__ == "__main__":
    FILE.write_text(shipped(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
