"""Who is told of what: a table by hand against the table of sentences."""

import yaml

from chengyun.cases.national import NATIONAL
from chengyun.tasks.notices import SENTENCES, Address, To, addresses

CARD = {"holders": [3, 5], "handler": 7, "checker": 8, "reporters": [9, 10], "was": {"holders": [3, 4]}}


def told(event: str, **more: object) -> set[tuple]:
    return {(a.kind, a.unit, a.person) for a in addresses({**CARD, "type": event, **more})}


def test_a_task_goes_to_the_unit_that_holds_it_now():
    assert told("dispatch") == {("new_task", 5, None)}


def test_who_gave_a_case_back_hears_that_it_went_elsewhere():
    assert told("reassign") == {("new_task", 5, None), ("return_accepted", 4, None)}
    assert told("reassign", was={}) == {("new_task", 5, None)}


def test_rework_goes_to_the_unit_and_to_the_hand():
    assert told("check_fail") == {("rework", 5, None), ("rework", None, 7)}
    assert told("check_fail", handler=None) == {("rework", 5, None)}


def test_every_reporter_hears_that_it_is_closed():
    assert told("close") == {("closed", None, 9), ("closed", None, 10)}


def test_nobody_is_told_twice_of_one_event():
    assert addresses({**CARD, "type": "supervise", "holders": [3]}) == (Address("supervised", unit=3),)


def test_notes_and_corrections_are_no_news():
    assert told("note") == told("correct") == told("retime") == set()


def test_every_sentence_has_its_event_and_its_words_in_both_languages():
    from importlib.resources import files

    assert set(SENTENCES) <= {row.action for row in NATIONAL.rows}
    for language in ("zh", "en"):
        words = yaml.safe_load(files("chengyun.screens").joinpath("text", f"{language}.yaml").read_text(encoding="utf-8"))
        kinds = {kind for sentences in SENTENCES.values() for kind, _ in sentences}
        assert {f"notice.{kind}.{part}" for kind in kinds for part in ("title", "body")} == {w for w in words if w.startswith("notice.")}


def test_all_groups_of_people_are_used():
    assert {to for sentences in SENTENCES.values() for _, groups in sentences for to in groups} == set(To)
