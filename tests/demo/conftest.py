import pytest

from chengyun_demo.city import DemoCity, build


@pytest.fixture(scope="session")
def city() -> DemoCity:
    return build()
