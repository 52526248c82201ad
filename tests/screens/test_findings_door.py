"""A machine's finding comes in by its own key, once, and waits for a person."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from chengyun.stores import accounts, machine_tokens
from screens.conftest import TUESDAY, Town

HOSTILE = " ".join(
    (
        "<script>window.__ran+=1</script>",
        "<img src=x onerror='window.__ran+=1'>",
        '"><svg onload=window.__ran+=1>',
        "javascript:window.__ran+=1",
        "{{constructor.constructor('window.__ran+=1')()}}",
    )
)
SHORT = "<img src=x onerror=window.__ran+=1>"


@pytest.fixture(scope="module")
def key(town: Town) -> str:
    account = accounts.sign_in(town.city.tenant, "machine", town.passwords["machine"], TUESDAY)
    return machine_tokens.make_token(town.city.tenant, account.account, "video patrol", TUESDAY)  # type: ignore[union-attr]


def _finding(**more: Any) -> dict[str, Any]:
    return {
        "source": "video",
        "rule": "street-vendors",
        "kind": "vendor",
        "key": "camera-12",
        "category": "2026:matter:09001",
        "place": [124.0, 30.0],
        "onset": "2026-11-24T09:20:00+08:00",
        "score": 0.91,
        "model": "yolo-demo 1.2",
        **more,
    }


def _send(key: str, body: dict[str, Any]) -> Any:
    return Client(enforce_csrf_checks=True).post(
        "/api/v1/sources/findings", body, content_type="application/json", headers={"Authorization": f"Bearer {key}", "Host": "localhost"}
    )


def test_a_finding_delivered_twice_opens_one_case_that_a_person_must_confirm(town: Town, key: str) -> None:
    first, again = _send(key, _finding()), _send(key, _finding())
    assert (first.status_code, first.json()["state"]) == (201, "reported"), first.json()
    assert (again.json()["case"], again.json()["repeated"]) == (first.json()["case"], True)
    officer = town.visitor("intake")
    page = officer.get(f"/api/v1/cases/{first.json()['case']}").json()
    assert "unconfirmed" in page["marks"] and page["timeline"][0]["actor"]["kind"] == "machine"
    assert page["timeline"][0]["facts"]["finding"]["score"] == 0.91
    confirmed = officer.post(f"/api/v1/cases/{page['id']}/actions", {"action": "confirm_finding"})
    assert confirmed.status_code == 200
    assert "unconfirmed" not in officer.get(f"/api/v1/cases/{page['id']}").json()["marks"]


def test_a_later_onset_is_another_finding(town: Town, key: str) -> None:
    later = (TUESDAY - timedelta(minutes=2)).isoformat()
    assert _send(key, _finding(onset=later, key="camera-77", place=[124.01, 30.002])).json()["repeated"] is False


def test_words_that_would_be_a_program_are_kept_as_words_in_every_field_of_a_finding(town: Town, key: str) -> None:
    """None of them is a name of ours: each is kept whole and shown as it stands."""
    words = {
        "rule": HOSTILE[:64],
        "rule_version": SHORT[:20],
        "kind": SHORT[:40],
        "key": f"{SHORT}hostile-{TUESDAY.timestamp()}",
        "model": HOSTILE[:80],
    }
    made = _send(key, _finding(**words, description=HOSTILE))
    assert made.status_code == 201, made.json()
    facts = town.visitor("intake").get(f"/api/v1/cases/{made.json()['case']}").json()["timeline"][0]["facts"]["finding"]
    assert (facts["rule"], facts["kind"], facts["model"]) == (words["rule"], words["kind"], words["model"])


def test_a_rule_with_a_longer_name_than_is_kept_is_refused_with_the_field(town: Town, key: str) -> None:
    refused = _send(key, _finding(rule="r" * 65, key="camera-long"))
    assert refused.status_code == 422 and "rule" in str(refused.json()), refused.json()


@pytest.mark.parametrize("wrong", ["", "nonsense", "cy1_" + "x" * 43])
def test_a_key_that_is_not_one_opens_nothing(town: Town, wrong: str) -> None:
    assert _send(wrong, _finding()).status_code == 401


def test_a_revoked_key_and_a_closed_account_open_nothing(town: Town) -> None:
    account = accounts.sign_in(town.city.tenant, "machine", town.passwords["machine"], TUESDAY).account  # type: ignore[union-attr]
    token = machine_tokens.make_token(town.city.tenant, account, "old", TUESDAY)
    assert _send(token, _finding(key="a")).status_code == 201
    for number in range(1, 20):
        machine_tokens.revoke(town.city.tenant, number, TUESDAY)
    assert _send(token, _finding(key="b")).status_code == 401


def test_nobody_signed_in_at_a_desk_can_send_a_finding(town: Town) -> None:
    assert town.visitor("dispatcher").post("/api/v1/sources/findings", _finding()).status_code == 401
