"""`chengyun init`: an empty real city that its first administrator can enter, and nothing else."""

import pytest

from chengyun.base.errors import BadInput
from chengyun.base.results import Refused
from chengyun.base.time import WallClock
from chengyun.runtime import real_city
from chengyun.runtime.city_facts import CityFacts, check
from chengyun.stores import accounts
from chengyun.stores.city_book import CityBooks

FACTS = CityFacts("330106", "西湖区", "Xihu District", "XH")


def test_the_first_administrator_enters_a_city_without_cases(database):
    password = real_city.make_empty_city(FACTS, WallClock().now())
    entered = accounts.sign_in(1, "admin", password, WallClock().now())
    assert not isinstance(entered, Refused) and entered.may_administer
    assert isinstance(accounts.sign_in(1, "admin", "admin", WallClock().now()), Refused)
    book = CityBooks().book(1)
    assert len(book.catalogue.categories) > 300
    assert book.rules(WallClock().now()).settings.number_prefix == "XH"
    assert book.areas == () and book.duty_rows == ()


def test_a_second_city_in_the_same_place_is_refused_and_changes_nothing(database, owner_connection):
    real_city.make_empty_city(FACTS, WallClock().now())
    with pytest.raises(BadInput, match="keeps a city already"):
        real_city.make_empty_city(CityFacts("330105", "拱墅区", "Gongshu District", "GS"), WallClock().now())
    assert owner_connection.execute("SELECT code FROM tenant").fetchall() == [("330106",)]


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        (CityFacts("33010", "西湖区", "Xihu", "XH"), "--code"),
        (CityFacts("33o106", "西湖区", "Xihu", "XH"), "--code"),
        (CityFacts("330106", "西湖区", "Xihu", "xh"), "--prefix"),
        (CityFacts("330106", "西湖区", "Xihu", "XH", "Asia/Hangzhou"), "--zone"),
    ],
)
def test_facts_that_cannot_be_put_right_later_are_refused_with_place_and_cure(facts, place):
    with pytest.raises(BadInput) as refused:
        check(facts)
    assert str(refused.value).startswith(place) and refused.value.cure


def test_bad_facts_make_no_folder(start, data):
    made = start("init", "--data", data, "--code", "1", "--name-zh", "西湖区", "--name-en", "Xihu District", "--prefix", "XH")
    assert made.wait() == 1
    assert "--code" in made.text and not data.exists()


def test_the_command_makes_the_city_and_leaves_nothing_running(start, data):
    from runtime_processes import address_in, ask, processes_of

    made = start("init", "--data", data, "--code", "330106", "--name-zh", "西湖区", "--name-en", "Xihu District", "--prefix", "XH")
    assert made.wait() == 0, made.text
    assert "account admin, one-time password" in made.text
    assert processes_of(data) == {}
    city = start("serve", "--port", "0", "--data", data)
    address = address_in(city.wait_for("serving"))
    status, body = ask(address + "/readyz")
    assert status == 200, body
