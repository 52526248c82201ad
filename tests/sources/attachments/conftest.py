import pytest

from chengyun.sources.attachments import PictureBench


@pytest.fixture(scope="session")
def bench():
    """The limited children, shared by the tests as by the requests of one process."""
    made = PictureBench()
    yield made
    made.close()
