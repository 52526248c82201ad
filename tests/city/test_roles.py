"""Posts of a person on a day: validity, unit subtrees, exclusive roles, deputies, shifts (A6, S101)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chengyun.base.ids import AreaCode, AreaId, OrgId, PersonId, TenantId
from chengyun.city.records import Area, AreaKind, Assignment, Person, Role, Scope, Shift
from chengyun.city.roles import Absence, OrgTree, Post, check_assignments, conflicts_of, grids_of, on_shift, posts_on

GOVERNMENT, BUREAU, COMPANY, TEAM = OrgId(1), OrgId(10), OrgId(11), OrgId(12)
TREE = OrgTree({GOVERNMENT: None, BUREAU: GOVERNMENT, COMPANY: BUREAU, TEAM: COMPANY})
MONDAY = date(2026, 11, 23)


def given_role(role, valid_from=date(2026, 1, 1), valid_to=None, **scope):
    return Assignment(role, Scope(**scope), valid_from, valid_to)


def staff(number, *assignments, org=COMPANY, **changes):
    return replace(Person(PersonId(number), TenantId(1), f"S-{number}", org, assignments), **changes)


def test_a_role_counts_from_its_first_day_up_to_and_not_on_its_last():
    person = staff(1, given_role(Role.DISPATCHER, MONDAY, date(2026, 11, 25)))
    held = [bool(posts_on(person, day, TREE)) for day in (date(2026, 11, 22), MONDAY, date(2026, 11, 24), date(2026, 11, 25))]
    assert held == [False, True, True, False]


def test_a_unit_clerk_holds_his_own_unit_and_what_is_under_it_if_no_other_is_named():
    (post,) = posts_on(staff(1, given_role(Role.UNIT_CLERK)), MONDAY, TREE)
    assert post == Post(Role.UNIT_CLERK, None, COMPANY, frozenset({COMPANY, TEAM}), frozenset({BUREAU, GOVERNMENT}))


def test_a_unit_clerk_without_any_unit_holds_none():
    (post,) = posts_on(staff(1, given_role(Role.UNIT_CLERK), org=None), MONDAY, TREE)
    assert post.orgs == frozenset()


def test_an_officer_of_the_centre_is_not_limited_to_cases_of_his_own_organisation():
    (post,) = posts_on(staff(1, given_role(Role.INTAKE_OFFICER, area=AreaCode("110108001"))), MONDAY, TREE)
    assert post.orgs is None and post.org == COMPANY and post.areas == ("110108001",)


def test_an_account_switched_off_holds_nothing_and_lends_nothing():
    clerk = staff(1, given_role(Role.UNIT_CLERK), active=False)
    assert posts_on(clerk, MONDAY, TREE) == ()
    away = Absence(clerk.id, PersonId(2), MONDAY)
    assert posts_on(staff(2, given_role(Role.HANDLER)), MONDAY, TREE, absences=[away], absent={clerk.id: clerk})[1:] == ()


def test_a_responsibility_grid_is_read_as_its_unit_grids():
    def area(code, kind, parent):
        return Area(AreaId(1), TenantId(1), AreaCode(code), AreaCode(parent), kind, "", "", 1, (), MONDAY)

    grids = grids_of(
        [
            area("Z07", AreaKind.RESPONSIBILITY_GRID, "110108001002"),
            area("110108001002003", AreaKind.UNIT_GRID, "Z07"),
            area("110108001002001", AreaKind.UNIT_GRID, "Z07"),
            area("Z08", AreaKind.RESPONSIBILITY_GRID, "110108001002"),
        ]
    )
    assert grids == {"Z07": ("110108001002001", "110108001002003")}
    (post,) = posts_on(staff(1, given_role(Role.COLLECTOR, area=AreaCode("Z07"))), MONDAY, TREE, grids)
    assert post.areas == ("110108001002001", "110108001002003")


def test_a_loop_in_the_tree_ends_the_walk():
    looped = OrgTree({OrgId(1): OrgId(2), OrgId(2): OrgId(1)})
    assert looped.below(OrgId(1)) == {1, 2}
    assert looped.above(OrgId(1)) == {2}


# --- deputies -----------------------------------------------------------------------------------------------------


def test_a_deputy_holds_the_posts_of_the_absent_only_while_he_is_away():
    boss, helper = staff(1, given_role(Role.UNIT_CLERK)), staff(2, given_role(Role.HANDLER))
    away = [Absence(boss.id, helper.id, MONDAY, date(2026, 11, 25))]
    during = posts_on(helper, MONDAY, TREE, absences=away, absent={boss.id: boss})
    assert [(p.role, p.deputy_for) for p in during] == [(Role.HANDLER, None), (Role.UNIT_CLERK, boss.id)]
    assert len(posts_on(helper, date(2026, 11, 25), TREE, absences=away, absent={boss.id: boss})) == 1


def test_a_post_held_as_a_deputy_is_not_passed_on():
    boss = staff(1, replace(given_role(Role.SHIFT_LEAD), deputy_for=PersonId(9)))
    helper = staff(2, given_role(Role.INTAKE_OFFICER))
    assert len(posts_on(helper, MONDAY, TREE, absences=[Absence(boss.id, helper.id, MONDAY)], absent={boss.id: boss})) == 1


@pytest.mark.parametrize(
    ("absent_role", "own_role"),
    [(Role.AUDITOR, Role.INTAKE_OFFICER), (Role.INTAKE_OFFICER, Role.SECURITY_ADMIN), (Role.HANDLER, Role.COLLECTOR)],
)
def test_standing_in_does_not_join_what_must_stay_apart(absent_role, own_role):
    boss, helper = staff(1, given_role(absent_role)), staff(2, given_role(own_role))
    held = posts_on(helper, MONDAY, TREE, absences=[Absence(boss.id, helper.id, MONDAY)], absent={boss.id: boss})
    assert [p.role for p in held] == [own_role]


# --- exclusive roles ----------------------------------------------------------------------------------------------


def test_the_three_administrators_stand_alone():
    for exclusive in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR):
        for other in set(Role) - {exclusive, Role.ANONYMOUS, Role.SYSTEM}:
            refusal = check_assignments([given_role(exclusive), given_role(other)])
            assert refusal is not None and refusal.reason == "roles_exclude_each_other", (exclusive, other)


def test_one_after_the_other_is_no_conflict():
    before, after = given_role(Role.AUDITOR, valid_to=date(2026, 6, 1)), given_role(Role.DISPATCHER, date(2026, 6, 1))
    assert check_assignments([before, after]) is None


def test_who_collects_or_assesses_belongs_to_no_handling_unit():
    assert conflicts_of([Role.COLLECTOR, Role.HANDLER]) == ((Role.COLLECTOR, Role.HANDLER),)
    assert conflicts_of([Role.ASSESSOR, Role.UNIT_CLERK]) == ((Role.ASSESSOR, Role.UNIT_CLERK),)
    assert conflicts_of([Role.INTAKE_OFFICER, Role.SHIFT_LEAD, Role.DISPATCHER]) == ()


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        (given_role(Role.SYSTEM), "role_never_assigned"),
        (given_role(Role.ANONYMOUS), "role_never_assigned"),
        (given_role(Role.HANDLER, MONDAY, MONDAY), "assignment_without_days"),
        (replace(given_role(Role.AUDITOR), deputy_for=PersonId(3)), "role_has_no_deputy"),
    ],
)
def test_assignments_that_cannot_be(assignment, reason):
    assert check_assignments([assignment]).reason == reason


# --- shifts -------------------------------------------------------------------------------------------------------


def test_a_shift_runs_from_its_start_up_to_its_end_and_in_its_area():
    def at(hour):
        return datetime(2026, 11, 23, hour, tzinfo=UTC)

    early = Shift(PersonId(1), at(0), at(8), AreaCode("110108001"))
    late = Shift(PersonId(2), at(8), at(16), AreaCode("110108002"))
    roaming = Shift(PersonId(3), at(0), at(16))
    shifts = [late, roaming, early]
    assert on_shift(shifts, at(8)) == (roaming, late)
    assert on_shift(shifts, at(7), AreaCode("110108001002")) == (early, roaming)
    assert on_shift(shifts, at(7), AreaCode("110108")) == (early, roaming)
    assert on_shift(shifts, at(7), AreaCode("110109")) == (roaming,)
    assert on_shift(shifts, at(16)) == ()
