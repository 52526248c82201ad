"""The description of the interface: one name, one shape, and every operation told apart."""

from collections import Counter, defaultdict

from ninja import Schema

from chengyun.screens.api.api import api


def _below(kind: type) -> list[type]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]


def test_no_two_shapes_share_a_name() -> None:
    """The description keeps shapes by name alone: the second of a name would quietly stand for the first."""
    named = defaultdict(set)
    for kind in _below(Schema):
        if kind.__module__.startswith("chengyun."):
            named[kind.__name__].add(kind.__module__)
    assert {name: where for name, where in named.items() if len(where) > 1} == {}


def test_every_operation_has_a_name_of_its_own() -> None:
    paths = api.get_openapi_schema()["paths"].values()
    names = Counter(operation["operationId"] for path in paths for operation in path.values() if isinstance(operation, dict))
    assert len(names) > 40 and set(names.values()) == {1}
