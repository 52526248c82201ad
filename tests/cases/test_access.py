"""Who sees and does what: the stories behind the authorisation table (A1, A4-A6, P2, domain.md 9.12)."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from chengyun.base.ids import AreaCode, CaseId, OrgId, PersonId, ReporterId, TenantId
from chengyun.cases import access
from chengyun.cases.access import (
    Allowed,
    Channel,
    Denied,
    FieldRefused,
    Group,
    Kind,
    Reader,
    ReporterRef,
    Sight,
    Target,
    acting_post,
    attachment_of,
    check_fields,
    compile_filter,
    matches,
    may,
    target_of,
)
from chengyun.cases.records import Case, Clock, ClockName, Reporter, Request, SourceFamily, State
from chengyun.city.records import Role
from chengyun.city.roles import Post

CITY = TenantId(1)
GOVERNMENT, BUREAU, COMPANY, TEAM, CENTRE = OrgId(1), OrgId(10), OrgId(11), OrgId(12), OrgId(5)
MA, LI, WANG, CITIZEN = PersonId(1), PersonId(2), PersonId(3), PersonId(9)

intake = Post(Role.INTAKE_OFFICER, org=CENTRE)
lead = Post(Role.SHIFT_LEAD, org=CENTRE)
clerk = Post(Role.UNIT_CLERK, org=COMPANY, orgs=frozenset({COMPANY, TEAM}), above=frozenset({BUREAU, GOVERNMENT}))
team_handler = Post(Role.HANDLER, org=TEAM, orgs=frozenset({TEAM}), above=frozenset({COMPANY, BUREAU, GOVERNMENT}))
bureau = Post(Role.SUPERVISING_DEPT, org=BUREAU, orgs=frozenset({BUREAU, COMPANY, TEAM}), above=frozenset({GOVERNMENT}))


def person(who, *posts, channel=Channel.DESK):
    return Reader(CITY, who, posts, channel)


def case(**changes):
    known = {
        "tenant": CITY,
        "kind": Kind.CASE,
        "area": AreaCode("110108001002003"),
        "orgs": frozenset({COMPANY}),
        "field": "facilities",
        "reporters": (ReporterRef(CITIZEN),),
        "trade_department": BUREAU,
    }
    return Target(**{**known, **changes})


# --- forbidden looks like absent (A4) -----------------------------------------------------------------------------


def test_a_case_of_another_unit_does_not_exist_for_a_unit():
    answer = may(person(MA, clerk), "case.read", case(orgs=frozenset({OrgId(77)}), trade_department=None))
    assert isinstance(answer, Denied) and answer.as_absent


def test_whoever_may_read_a_case_is_told_that_he_may_not_act():
    assert may(person(MA, Post(Role.AUDITOR)), "case.act", case()) == Denied(False, "not_your_role")


def test_whoever_may_not_read_it_is_not_told_even_that():
    assert may(access.anonymous(CITY), "case.act", case()) == Denied(True, "not_your_role")


def test_an_operation_without_a_rule_is_a_mistake_of_ours_and_never_a_permission():
    with pytest.raises(access.UnknownOperation):
        may(person(MA, intake), "case.teleport", case())
    with pytest.raises(access.UnknownOperation):
        compile_filter(person(MA, intake), "case.teleport")


def test_who_holds_no_post_today_sees_his_page_and_can_leave_and_nothing_else():
    nobody, mine = person(MA), Target(tenant=CITY, kind=Kind.PERSONAL, person=MA)
    assert may(nobody, "me.read", mine) == Allowed()
    assert may(nobody, "session.close", mine) == Allowed()
    assert isinstance(may(nobody, "me.read", replace(mine, person=LI)), Denied)
    assert isinstance(may(nobody, "case.list", Target(tenant=CITY)), Denied)
    assert compile_filter(nobody, "case.list") is None


# --- units --------------------------------------------------------------------------------------------------------


def test_a_unit_goes_on_reading_a_case_it_once_held_but_no_longer_acts_on_it():
    gone = case(orgs=frozenset({OrgId(77)}), past_orgs=frozenset({TEAM}), trade_department=None)
    assert isinstance(may(person(MA, clerk), "case.read", gone), Allowed)
    assert may(person(MA, clerk), "case.act", gone) == Denied(False, "not_in_your_scope")


def test_a_supervising_department_reads_what_its_trade_covers_whoever_handles_it():
    elsewhere = case(orgs=frozenset({OrgId(77)}), trade_department=BUREAU)
    assert isinstance(may(person(MA, bureau), "case.read", elsewhere), Allowed)
    assert isinstance(may(person(MA, clerk), "case.read", elsewhere), Denied)


def test_an_assisting_unit_reaches_the_case():
    folded = Case(CaseId(7), CITY, holders=(OrgId(77),), assisting=((TEAM, False),))
    assert isinstance(may(person(MA, clerk), "case.act", target_of(folded, None)), Allowed)


def test_units_that_had_the_case_are_heard_in_a_consultation_and_only_in_it():
    returned = Case(CaseId(7), CITY, state=State.CONSULTING, handled_for=(COMPANY,))
    assert isinstance(may(person(MA, clerk), "case.act", target_of(returned, None)), Allowed)
    assert isinstance(may(person(MA, clerk), "case.act", target_of(replace(returned, state=State.PENDING_DISPATCH), None)), Denied)


def test_a_unit_clerk_without_a_unit_sees_nothing():
    lost = person(MA, Post(Role.UNIT_CLERK, orgs=frozenset()))
    assert compile_filter(lost, "case.list") is None
    assert isinstance(may(lost, "case.read", case()), Denied)


def test_a_case_without_a_place_is_for_those_without_a_limit_of_area():
    placeless = case(area=None)
    assert isinstance(may(person(MA, intake), "case.read", placeless), Allowed)
    assert isinstance(may(person(MA, replace(intake, areas=("110108001",))), "case.read", placeless), Denied)


def test_a_collector_checks_outside_his_grid_when_the_check_is_given_to_him():
    collector = person(MA, Post(Role.COLLECTOR, areas=("110108009",)))
    assert isinstance(may(collector, "case.act", case()), Denied)
    assert isinstance(may(collector, "case.act", case(checker=MA)), Allowed)


# --- the reporter -------------------------------------------------------------------------------------------------


def test_the_handling_unit_sees_only_the_reporter_who_agreed_and_masked():
    merged = case(reporters=(ReporterRef(CITIZEN, False), ReporterRef(PersonId(8), True)))
    answer = may(person(MA, clerk), "case.read", merged)
    assert answer.identity == (Sight.HIDDEN, Sight.MASKED)


def test_agreeing_opens_nothing_to_a_unit_that_held_the_case_before():
    gone = case(orgs=frozenset({OrgId(77)}), past_orgs=frozenset({COMPANY}), reporters=(ReporterRef(CITIZEN, True),))
    answer = may(person(MA, clerk), "case.read", gone)
    assert answer.identity == (Sight.HIDDEN,) and Group.REPORTER_IDENTITY not in answer.fields


def test_the_reporter_sees_himself_and_not_the_others_of_a_merged_case():
    merged = case(reporters=(ReporterRef(CITIZEN), ReporterRef(PersonId(8), True)))
    answer = may(access.citizen(CITY, CITIZEN), "case.read", merged)
    assert answer.identity == (Sight.OPEN, Sight.HIDDEN)
    assert answer.fields == {Group.PUBLIC, Group.REPORTER_IDENTITY}


def test_a_tracking_link_shows_the_public_part_to_whoever_holds_it_and_no_contact():
    held = case(capability=True, reporters=(ReporterRef(CITIZEN, True),))
    for holder in (access.anonymous(CITY), access.citizen(CITY, CITIZEN), person(MA, intake)):
        assert may(holder, "case.track", held).fields == {Group.PUBLIC}
    assert may(access.anonymous(CITY), "case.track", case()).as_absent


@pytest.mark.parametrize(
    ("post", "about", "sees"),
    [
        (clerk, COMPANY, False),
        (clerk, TEAM, False),
        (clerk, BUREAU, False),
        (team_handler, COMPANY, False),
        (bureau, BUREAU, False),
        (bureau, GOVERNMENT, False),
        (bureau, COMPANY, True),
        (intake, CENTRE, True),
        (clerk, OrgId(77), True),
    ],
)
def test_a_complaint_about_staff_is_kept_from_their_unit_and_shown_to_who_stands_over_it(post, about, sees):
    complaint = case(orgs=frozenset({COMPANY, TEAM}), staff_of=about, handler=MA)
    reader = person(MA, post)
    assert isinstance(may(reader, "case.read", complaint), Allowed) == sees
    assert matches(compile_filter(reader, "case.read"), complaint) == sees


def test_photos_reach_the_public_only_after_review_and_its_own_at_once():
    photo = attachment_of(case(), uploaded_by=LI, published=False)
    reporter, link = access.citizen(CITY, CITIZEN), access.anonymous(CITY)
    assert may(reporter, "attachment.read", photo).as_absent
    assert may(link, "attachment.read", replace(photo, capability=True)).as_absent
    reviewed = replace(photo, published=True)
    assert isinstance(may(reporter, "attachment.read", reviewed), Allowed)
    assert isinstance(may(link, "attachment.read", replace(reviewed, capability=True)), Allowed)
    assert isinstance(may(reporter, "attachment.read", replace(photo, person=CITIZEN)), Allowed)


# --- unmasking (P2) -----------------------------------------------------------------------------------------------


def test_unmasking_needs_words_and_is_audited():
    agent = person(MA, Post(Role.CALL_AGENT, org=CENTRE))
    assert may(agent, "case.unmask", case()) == Denied(False, "reason_needed")
    assert may(agent, "case.unmask", case(reason="  .  ")) == Denied(False, "reason_needed")
    answer = may(agent, "case.unmask", case(reason="电话回访"))
    assert answer.identity == (Sight.OPEN,) and answer.audited


def test_a_unit_cannot_unmask_a_reporter_who_did_not_agree():
    clerk_reads = person(MA, clerk)
    assert may(clerk_reads, "case.unmask", case(reason="电话回访")) == Denied(False, "reporter_did_not_agree")
    agreed = case(reason="电话回访", reporters=(ReporterRef(CITIZEN, True), ReporterRef(PersonId(8), False)))
    assert may(clerk_reads, "case.unmask", agreed).identity == (Sight.OPEN, Sight.HIDDEN)


def test_the_twenty_first_unmasking_of_a_day_needs_a_second_person_who_is_not_the_first():
    agent = person(MA, intake)
    twenty, more = case(reason="电话回访", rows=20), case(reason="电话回访", rows=21)
    assert isinstance(may(agent, "case.unmask", twenty), Allowed)
    assert may(agent, "case.unmask", more) == Denied(False, "second_person_needed")
    assert may(agent, "case.unmask", replace(more, approved_by=MA)) == Denied(False, "own_request")
    assert isinstance(may(agent, "case.unmask", replace(more, approved_by=LI)), Allowed)


def test_a_large_export_needs_a_second_person_and_carries_no_identity_even_then():
    sheet = Target(tenant=CITY, rows=5_001)
    reader = person(MA, intake)
    assert may(reader, "case.export", sheet) == Denied(False, "second_person_needed")
    assert may(reader, "case.export", replace(sheet, approved_by=LI)).fields == {Group.PUBLIC, Group.WORK}
    assert isinstance(may(reader, "case.export", replace(sheet, rows=5_000)), Allowed)


# --- nobody decides his own (A6) ----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["unmask.approve", "export.approve", "evaluation.approve"])
def test_nobody_approves_what_he_asked_for_himself(operation):
    waiting = case(kind=Kind.REQUEST, asked_by=MA)
    assert may(person(MA, lead), operation, waiting) == Denied(False, "own_request")
    assert isinstance(may(person(LI, lead), operation, waiting), Allowed)


def test_who_stands_in_for_the_asker_does_not_approve_it_in_his_name():
    waiting = case(kind=Kind.REQUEST, asked_by=MA)
    deputy = replace(lead, deputy_for=MA)
    assert may(person(LI, deputy), "export.approve", waiting) == Denied(False, "own_request")
    # With a post of his own he may, and then acts under that one.
    answer = may(person(LI, deputy, lead), "export.approve", waiting)
    assert answer.posts == (lead,)


def test_nobody_judges_his_own_extension_through_the_case_door():
    asked = Case(
        CaseId(7), CITY, holders=(COMPANY,), request=Request("extension", asked_by=MA, asked_at=datetime(2026, 11, 24, 2, tzinfo=UTC))
    )
    both = person(MA, clerk)
    assert may(both, "case.act", target_of(asked, None, deciding=True)) == Denied(False, "own_request")
    assert isinstance(may(both, "case.act", target_of(asked, None)), Allowed)


def test_a_security_administrator_does_not_lock_himself_out():
    account = Target(tenant=CITY, kind=Kind.ACCOUNT, person=MA)
    assert may(person(MA, Post(Role.SECURITY_ADMIN)), "account.disable", account) == Denied(False, "own_account")


def test_commands_are_given_at_the_machine_and_the_city_clock_is_set_in_the_demo_only():
    admin = Post(Role.SYSTEM_ADMIN)
    assert isinstance(may(person(MA, admin, channel=Channel.COMMAND_LINE), "command.run", Target(tenant=CITY)), Allowed)
    assert may(person(MA, admin), "command.run", Target(tenant=CITY)) == Denied(True, "only_at_the_machine")
    assert may(person(MA, admin), "clock.set", Target(tenant=CITY)) == Denied(False, "only_in_the_demo")


# --- several posts ------------------------------------------------------------------------------------------------


def test_a_list_over_two_posts_shows_only_fields_that_both_may_see():
    both = person(MA, replace(intake, areas=("110108001",)), Post(Role.COLLECTOR, areas=("110108",)))
    answer = may(both, "live.follow", Target(tenant=CITY))
    assert answer.fields == {Group.PUBLIC, Group.WORK}
    assert Group.INTERNAL_NOTE in may(both, "live.follow", case()).fields


def test_a_deputy_reaches_what_the_absent_person_had_in_hand_and_acts_in_his_own_name_where_he_can():
    deputy = person(LI, clerk, replace(team_handler, deputy_for=WANG))
    answer = may(deputy, "case.act", case(orgs=frozenset({TEAM}), handler=WANG))
    assert acting_post(answer, {Role.UNIT_CLERK, Role.HANDLER}) == clerk
    assert acting_post(answer, {Role.HANDLER}).deputy_for == WANG
    assert acting_post(answer, {Role.DISPATCHER}) is None


# --- fields -------------------------------------------------------------------------------------------------------


def test_unknown_and_forbidden_fields_are_named_not_ignored():
    assert check_fields({Role.CITIZEN}, "report.make", {"description", "place"}) == ()
    assert check_fields({Role.CITIZEN}, "report.make", {"urgency", "colour", "description"}) == (
        FieldRefused("colour", "unknown_field"),
        FieldRefused("urgency", "forbidden_field"),
    )
    assert check_fields({Role.COLLECTOR}, "case.correct", {"category"}) == (FieldRefused("category", "forbidden_field"),)
    assert check_fields({Role.COLLECTOR, Role.INTAKE_OFFICER}, "case.correct", {"category"}) == ()


def test_only_roles_that_may_do_a_thing_have_fields_to_write_in_it():
    for operation, by_role in access.WRITABLE.items():
        if operation != "case.correct":
            assert set(by_role) == set(access.RULES[operation]) - {Role.SYSTEM}, operation


def test_every_field_of_a_case_belongs_to_a_group():
    assert {f.name for f in fields(Case)} <= set(access.GROUP_OF_FIELD)


def test_a_field_nobody_placed_is_shown_to_nobody():
    assert access.visible(frozenset(Group), {"number", "invented"}) == {"number"}
    assert access.visible(frozenset({Group.PUBLIC}), {"number", "note", "contact_phone", "holders"}) == {"number"}


def test_a_folded_case_is_asked_with_its_units_of_now_and_of_then():
    moment = datetime(2026, 11, 24, 2, tzinfo=UTC)
    clock = Clock(ClockName.UNIT, moment, None, "city", 1, None, org=OrgId(30), outcome="cancelled")
    reporter = Reporter(ReporterId(1), CITIZEN, SourceFamily.PUBLIC, CaseId(7), identity_open=True)
    folded = Case(CaseId(7), CITY, grid=AreaCode("110108001"), holders=(OrgId(31),), handled_for=(OrgId(32),), clocks=(clock,))
    target = target_of(replace(folded, reporters=(reporter,)), "facilities")
    assert target.orgs == {OrgId(31)}
    assert target.past_orgs == {OrgId(30), OrgId(32)}
    assert target.reporters == (ReporterRef(CITIZEN, True),)
