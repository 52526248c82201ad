"""Puts the house in order, once per process: stores behind the desk's ports, the clock of the installation, the city for the screens."""

from chengyun.cases.desk import Desk
from chengyun.runtime.city_of_screens import CityOfScreens
from chengyun.runtime.clock import read_clock
from chengyun.runtime.files_at_rest import FilesAtRest
from chengyun.runtime.installation import Installation
from chengyun.screens import house
from chengyun.screens.house import House
from chengyun.stores.cases import CaseStore
from chengyun.stores.city_book import CityBooks


def settle(installation: Installation) -> House:
    """The house of this installation; screens find it with `house.current()`."""
    clock = read_clock(installation)
    books = CityBooks()
    store = CaseStore(clock, books, installation.secret_key)
    made = House(
        desk=Desk(store, clock),
        clock=clock,
        book=CityOfScreens(books, simulated=installation.is_demo),
        files=FilesAtRest(installation.data, clock),
        demo=installation.is_demo,
    )
    house.settle(made)
    return made
