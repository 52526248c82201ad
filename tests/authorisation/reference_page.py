"""Makes the table of docs/reference/authorisation.md from authorisation.csv; run as a script it writes the page."""

import csv
from pathlib import Path

TABLE = Path(__file__).with_name("authorisation.csv")
PAGE = Path(__file__).parents[2] / "docs/reference/authorisation.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->"
SHORT = {"allow": "●", "scope": "◐", "own": "○", "masked": "▒", "agreed": "▒ if agreed", "deny": ""}


def made() -> str:
    """One row per operation and field group of the own tenant; groups that nobody sees are left out."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tenant"] == "own"]
    roles = [name for name in rows[0] if name not in ("operation", "tenant", "group")]
    lines = ["| operation | group | " + " | ".join(r.replace("_", " ") for r in roles) + " |", "|---|---|" + "---|" * len(roles)]
    for row in rows:
        if any(row[role] != "deny" for role in roles):
            group = "" if row["group"] == "-" else row["group"].replace("_", " ")
            lines.append(f"| `{row['operation']}` | {group} | " + " | ".join(SHORT[row[role]] for role in roles) + " |")
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    head, _, rest = page.partition(BEGIN)
    return head + BEGIN + made() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
