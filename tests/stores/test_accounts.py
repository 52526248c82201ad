"""Sign-in: tries counted atomically, locks that grow, sessions closed at once (I2, I3)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection

from chengyun.base.results import Refused
from chengyun.stores import accounts
from chengyun.stores.accounts import SignedIn, sign_in

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
TENANT = 1
PASSWORD = "a long pass phrase"


@pytest.fixture(autouse=True)
def quick_hash(settings_like=None):
    """The real hash costs half a second on purpose; these tests are about counting."""
    with patch("django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations", 10):
        yield


@pytest.fixture
def account(database):
    return accounts.make_account(TENANT, "li.wei", PASSWORD, 7, NOON)


def test_the_right_password_opens(account):
    assert sign_in(TENANT, "li.wei", PASSWORD, NOON) == SignedIn(account, 7, 0, False)


def test_a_name_of_another_tenant_is_a_name_nobody_has(account):
    assert sign_in(2, "li.wei", PASSWORD, NOON) == Refused("sign_in_failed")


def test_fifty_tries_at_once_get_no_more_than_the_limit_through(account):
    looked_at = []

    def check(password, hashed):
        looked_at.append(password)
        return False

    def one(n):
        try:
            return sign_in(TENANT, "li.wei", f"guess {n}", NOON).reason
        finally:
            connection.close()

    with patch("chengyun.stores.accounts.check_password", check), ThreadPoolExecutor(16) as pool:
        reasons = list(pool.map(one, range(50)))
    assert len(looked_at) == accounts.TRIES
    assert reasons.count("sign_in_locked") == 50 - accounts.TRIES


def test_the_lock_grows_with_every_failure_and_opens_for_one_try(account):
    moment, waits = NOON, []
    for _ in range(accounts.TRIES - 1):
        sign_in(TENANT, "li.wei", "wrong", moment)
    for _ in range(10):
        assert sign_in(TENANT, "li.wei", "wrong", moment) == Refused("sign_in_failed")
        refusal = sign_in(TENANT, "li.wei", PASSWORD, moment)
        assert refusal.reason == "sign_in_locked"
        waits.append(refusal.facts["until"] - moment)
        moment = refusal.facts["until"]
    assert waits[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert waits[-1] == accounts.LONGEST_LOCK
    assert isinstance(sign_in(TENANT, "li.wei", PASSWORD, moment), SignedIn)
    assert sign_in(TENANT, "li.wei", "wrong", moment) == Refused("sign_in_failed"), "the count starts anew after a success"


def test_switching_off_or_closing_ends_every_session(account):
    assert accounts.session_stands(TENANT, account, 0)
    accounts.close_sessions(TENANT, account)
    assert not accounts.session_stands(TENANT, account, 0)
    assert accounts.session_stands(TENANT, account, 1)
    accounts.set_active(TENANT, account, False)
    accounts.set_active(TENANT, account, True)
    assert not accounts.session_stands(TENANT, account, 1)
    assert isinstance(sign_in(TENANT, "li.wei", PASSWORD, NOON), SignedIn)


def test_a_session_that_stood_is_looked_up_again_in_time(account, owner_connection, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(accounts, "_stood", {})
    monkeypatch.setattr(accounts.time, "monotonic", lambda: moment[0])
    assert accounts.session_stood_lately(TENANT, account, 0)
    owner_connection.execute("SELECT set_config('chengyun.tenant', %s, false)", [str(int(TENANT))])
    owner_connection.execute("UPDATE account SET session_epoch = 1 WHERE id = %s", [account])  # by another process
    moment[0] += accounts.LOOK_AGAIN
    assert not accounts.session_stood_lately(TENANT, account, 0)
    assert accounts.LOOK_AGAIN < 5, "promise I3"


def test_a_session_closed_by_this_process_is_closed_at_once(account):
    assert accounts.session_stood_lately(TENANT, account, 0)
    accounts.close_sessions(TENANT, account)
    assert not accounts.session_stood_lately(TENANT, account, 0)


def test_the_password_stands_nowhere_readable(account, owner_connection):
    with owner_connection.transaction():
        owner_connection.execute("SELECT set_config('chengyun.tenant', '1', true)")
        assert PASSWORD not in owner_connection.execute("SELECT account::text FROM account").fetchone()[0]
