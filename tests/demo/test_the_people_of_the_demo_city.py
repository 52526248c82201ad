"""Organisations, people, posts and accounts of the demo city."""

from datetime import timedelta

from chengyun.city.records import EXCLUSIVE_ROLES, Loop, OrgKind, Role
from chengyun_demo.people import SURNAMES, name_of


def test_every_role_a_person_can_hold_is_held_and_has_an_account(city):
    logins = set(Role) - {Role.ANONYMOUS, Role.SYSTEM}
    assert {post.role for person in city.people.all for post in person.assignments} == logins
    assert {account.role for account in city.people.accounts} == logins
    assert len({account.name for account in city.people.accounts}) == len(city.people.accounts)


def test_exclusive_roles_stand_alone(city):
    for person in city.people.all:
        roles = {post.role for post in person.assignments}
        assert len(roles) == 1 or not roles & EXCLUSIVE_ROLES, person.number


def test_collectors_belong_to_no_handling_unit(city):
    brigade = city.organisations.id("CTR-COL")
    assert {person.org for person in city.people.holding(Role.COLLECTOR)} == {brigade}


def test_every_handling_unit_has_a_clerk_and_a_handler(city):
    orgs = city.organisations
    for org in orgs.all:
        if org.kind in (OrgKind.UNIT, OrgKind.FIRM) and not org.code.startswith("CTR"):
            assert city.people.holding(Role.UNIT_CLERK, org.id), org.code
            assert city.people.holding(Role.HANDLER, org.id), org.code


def test_somebody_holds_two_posts_and_somebody_stands_in_for_another(city):
    assert any(len(person.assignments) == 2 for person in city.people.all)
    deputies = [(person, post) for person in city.people.all for post in person.assignments if post.deputy_for]
    assert len(deputies) >= 2
    for person, post in deputies:
        assert post.valid_from <= city.start.date() < post.valid_to
        assert post.deputy_for != person.id


def test_names_are_a_surname_and_figures_and_phones_are_on_no_network(city):
    names = [details.name_zh for details in city.people.details.values()]
    assert len(set(names)) == len(names)
    for details in city.people.details.values():
        assert details.name_zh[0] in SURNAMES
        assert set(details.name_zh[1:]) <= set("零一二三四五六七八九")
        assert details.phone.startswith("100")
    assert name_of(37) == ("郑三七", "Zheng Sanqi")


def test_collectors_work_shifts_of_a_day_and_rest_one_day_in_seven(city):
    mine = [shift for shift in city.people.shifts if shift.person == city.people.holding(Role.COLLECTOR)[0].id]
    assert all(timedelta(hours=6) <= shift.ends - shift.starts <= timedelta(hours=8) for shift in mine)
    days = sorted(shift.starts.date() for shift in mine)
    assert len(days) == len(set(days))
    assert 5 / 7 <= len(days) / ((days[-1] - days[0]).days + 1) <= 7 / 8


def test_the_tree_of_organisations_has_one_root_and_all_four_loops(city):
    ids = {org.id for org in city.organisations.all}
    assert sum(org.parent is None for org in city.organisations.all) == 1
    assert all(org.parent in ids for org in city.organisations.all if org.parent)
    assert {org.loop for org in city.organisations.all} == set(Loop)
    orders = [org.display_order for org in city.organisations.all]
    assert orders == sorted(set(orders))
