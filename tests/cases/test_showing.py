"""What of a case's history each reader is shown (domain.md 3.5, 9.12; A3, P2)."""

from datetime import UTC, datetime

import pytest

from chengyun.base.ids import AttachmentId, CaseId, OrgId, PersonId, TenantId
from chengyun.cases import access
from chengyun.cases.access import Kind, Reader, ReporterRef, Target, may
from chengyun.cases.national import NATIONAL
from chengyun.cases.records import Actor, Event, Evidence, EvidenceStage, State
from chengyun.cases.showing import GROUP_OF_EVENT, show_event
from chengyun.city.records import Role
from chengyun.city.roles import Post

CITY, UNIT, CENTRE = TenantId(1), OrgId(11), OrgId(5)
CITIZEN, COLLECTOR, OFFICER, CLERK = (PersonId(n) for n in (9, 8, 7, 6))
MOMENT = datetime(2026, 11, 24, 2, tzinfo=UTC)
CASE = Target(CITY, kind=Kind.CASE, orgs=frozenset({UNIT}), reporters=(ReporterRef(CITIZEN),), reported_by=CITIZEN, checker=COLLECTOR)

officer = Reader(CITY, OFFICER, (Post(Role.INTAKE_OFFICER, org=CENTRE),))
clerk = Reader(CITY, CLERK, (Post(Role.UNIT_CLERK, org=UNIT, orgs=frozenset({UNIT})),))
collector = Reader(CITY, COLLECTOR, (Post(Role.COLLECTOR, areas=()),))
reporter = access.citizen(CITY, CITIZEN)


def event(kind, role=Role.INTAKE_OFFICER, person=OFFICER, org=None, **changes):
    return Event(CaseId(1), 1, kind, 1, MOMENT, Actor(role, person, org), State.HANDLING, **changes)


def shown(reader, what):
    return show_event(reader, may(reader, "case.read", CASE), what)


REPORT = event(
    "report",
    Role.CITIZEN,
    CITIZEN,
    body={"category": "2026:matter:06010", "reporters": [3], "place": [116.3, 39.9]},
    texts=("description", "note"),
    evidence=(Evidence(AttachmentId(1), EvidenceStage.BEFORE),),
)


def test_every_event_a_case_can_have_has_a_group():
    assert {row.action for row in NATIONAL.rows} <= set(GROUP_OF_EVENT)


def test_an_event_nobody_placed_is_shown_to_nobody():
    assert shown(officer, event("invented")) is None


def test_the_centre_sees_a_report_whole():
    assert shown(officer, REPORT) == REPORT


def test_the_unit_sees_the_report_without_who_made_it_and_without_the_centres_note():
    seen = shown(clerk, REPORT)
    assert seen.actor == Actor(Role.CITIZEN)
    assert seen.body == {"category": "2026:matter:06010", "place": [116.3, 39.9]}
    assert seen.texts == ("description",) and seen.evidence == REPORT.evidence


def test_the_reporter_sees_his_own_words_and_photos_and_not_the_places_of_others():
    seen = shown(reporter, REPORT)
    assert seen.actor.person == CITIZEN and seen.texts == ("description", "note") and seen.evidence
    addition = event("add_facts", Role.CITIZEN, PersonId(99), texts=("description",), evidence=REPORT.evidence, body={"place": [1, 2]})
    other = shown(reporter, addition)
    assert (other.actor.person, other.texts, other.evidence, other.body) == (None, (), (), {})


def test_the_reporter_reads_the_answer_and_who_handles_but_no_clocks_and_no_names():
    answer = event("answer", texts=("answer", "reason"), body={"unit": 11, "checker": 8})
    seen = shown(reporter, answer)
    assert (seen.texts, seen.body, seen.actor.person) == (("answer",), {"unit": 11}, None)


@pytest.mark.parametrize("kind", ["return", "order_check", "rework", "note", "appeal"])
def test_the_inner_work_does_not_exist_for_the_reporter(kind):
    assert shown(reporter, event(kind)) is None


def test_the_unit_is_not_told_who_will_check_and_the_checker_is():
    order = event("order_check", body={"checker": COLLECTOR, "blind": True, "round": 1})
    assert shown(clerk, order).body == {"round": 1}
    assert shown(collector, order).body == {"checker": COLLECTOR, "round": 1}
    assert shown(clerk, event("check_pass", Role.COLLECTOR, COLLECTOR)).actor.person is None


def test_a_note_is_for_the_centre_and_for_the_unit_that_wrote_it():
    of_the_centre, of_the_unit = event("note", org=CENTRE), event("note", Role.HANDLER, PersonId(66), org=UNIT)
    assert shown(clerk, of_the_centre) is None
    assert shown(clerk, of_the_unit) == of_the_unit
    assert shown(officer, of_the_unit) == of_the_unit
    assert shown(collector, of_the_unit) is None


def test_staff_are_named_to_the_unit_because_it_must_know_who_decided():
    assert shown(clerk, event("dispatch", Role.DISPATCHER, OFFICER)).actor.person == OFFICER
