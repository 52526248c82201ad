"""Every cell of the authorisation table is given, and the policy function answers as the table says: 0 mismatches (A2)."""

from dataclasses import replace

import pytest

from chengyun.cases import access
from chengyun.cases.access import (
    GROUPS_OF_OPERATION,
    RULES,
    Allowed,
    Channel,
    Denied,
    Group,
    Kind,
    Reach,
    Sight,
    compile_filter,
    matches,
    may,
)
from chengyun.city.records import Role

from .table import ROLES, THEIRS, WORDS, in_scope, kind_of, out_of_scope, own, read_table, reader_of

TABLE = read_table()
OWN_ROWS = [row for row in TABLE if row.tenant == "own"]
OTHER_ROWS = [row for row in TABLE if row.tenant == "other"]


def _reader(role, operation):
    return reader_of(role, channel=Channel.COMMAND_LINE if operation.startswith("command.") else Channel.DESK)


def _shows(answer, group):
    """Whether an answer allows, and for a field group: carries it."""
    if not isinstance(answer, Allowed):
        return False
    return group == "-" or Group(group) in answer.fields


def test_every_cell_is_given_and_nothing_else():
    assert all(set(row.cells) == {r.value for r in ROLES} for row in TABLE)
    assert all(word in WORDS for row in TABLE for word in row.cells.values())
    assert {row.operation for row in TABLE} == set(RULES)
    keys = [(row.operation, row.tenant, row.group) for row in TABLE]
    assert len(keys) == len(set(keys))
    for operation in RULES:
        groups = {row.group for row in OWN_ROWS if row.operation == operation}
        assert groups == ({g.value for g in Group} if operation in GROUPS_OF_OPERATION else {"-"}), operation
        assert [row.group for row in OTHER_ROWS if row.operation == operation] == ["*"]


@pytest.mark.parametrize("role", ROLES)
def test_the_policy_answers_as_the_table_says(role):
    mismatches = []
    for row in OWN_ROWS:
        said = row.cells[role.value]
        done = _outcome(role, row.operation, row.group)
        if said != done:
            mismatches.append(f"authorisation.csv:{row.line}: {row.operation} {row.group} {role.value}: table {said}, policy {done}")
    assert mismatches == []


def _outcome(role, operation, group):
    """The word the table would have to carry, found by trying."""
    reader = _reader(role, operation)
    near, far, mine = (may(reader, operation, t(operation)) for t in (in_scope, out_of_scope, own))
    if group == Group.REPORTER_IDENTITY.value:
        return _identity(reader, operation)
    if _shows(far, group):
        return "allow"
    if _shows(near, group):
        return "scope"
    return "own" if _shows(mine, group) else "deny"


def _identity(reader, operation):
    closed, far = in_scope(operation), out_of_scope(operation)
    agreed = replace(closed, reporters=tuple(replace(r, identity_open=True) for r in closed.reporters))
    if _sight(reader, operation, far) is not Sight.HIDDEN:
        return "allow"
    seen = _sight(reader, operation, closed)
    if seen is Sight.OPEN and operation == "case.unmask":
        return "scope"
    if seen is Sight.MASKED:
        return "masked"
    if _sight(reader, operation, agreed) is not Sight.HIDDEN:
        return "agreed"
    # His own name is no secret to a reporter, whatever his role; the table says `own` for those who come as reporters.
    return "own" if reader.posts[0].role is Role.CITIZEN and _sight(reader, operation, own(operation)) is Sight.OPEN else "deny"


def _sight(reader, operation, target):
    answer = may(reader, operation, target)
    return answer.identity[0] if isinstance(answer, Allowed) else Sight.HIDDEN


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_another_tenant_exists_for_anybody(role):
    for row in OTHER_ROWS:
        assert row.cells[role.value] == "deny"
        for target in (in_scope, out_of_scope, own):
            for kind in (kind_of(row.operation), Kind.COLLECTION):
                answer = may(_reader(role, row.operation), row.operation, replace(target(row.operation, THEIRS), kind=kind))
                assert answer == Denied(True, "other_tenant")


@pytest.mark.parametrize("role", ROLES)
def test_a_list_of_cases_is_open_to_whom_the_table_names_and_holds_what_it_says(role):
    """The same cells, asked as a list: the filter lets through what the single question allows."""
    for operation in ("queue.read", "case.list", "case.read", "case.export", "live.follow", "tile.cases", "attachment.read"):
        said = next(r.cells[role.value] for r in OWN_ROWS if (r.operation, r.group) == (operation, "public"))
        reader = reader_of(role)
        only = compile_filter(reader, operation)
        near, far, mine = (matches(only, replace(t(operation), kind=Kind.CASE)) for t in (in_scope, out_of_scope, own))
        # An anonymous visitor's own is the link in his hand; there is no list of it.
        own_rows = said == "own" and role is not Role.ANONYMOUS
        assert (near, far) == (said in {"allow", "scope"}, said == "allow"), (operation, role)
        assert mine or not own_rows
        collection = may(reader, operation, replace(in_scope(operation), kind=Kind.COLLECTION))
        assert isinstance(collection, Allowed) == (said != "deny")
        if isinstance(collection, Allowed):
            assert collection.filter == only


@pytest.mark.parametrize("role", ROLES)
def test_any_single_rule_altered_is_a_mismatch(role, monkeypatch):
    """Control: give the role what the table denies, or take away what it grants, one operation at a time."""
    unnoticed = []
    for operation in RULES:
        altered = dict(RULES[operation])
        if role in altered:
            del altered[role]
        else:
            altered[role] = Reach.ALL
        rows = [row for row in OWN_ROWS if row.operation == operation]
        with monkeypatch.context() as patch:
            patch.setattr(access, "RULES", {**RULES, operation: altered})
            if all(_outcome(role, operation, row.group) == row.cells[role.value] for row in rows):
                unnoticed.append(operation)
    # An unmasking shows the identity and nothing else, so a role that sees no identity gains nothing by being named.
    assert [o for o in unnoticed if o != "case.unmask"] == []
