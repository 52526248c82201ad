"""How cases and events are written down: JSON by msgspec, one place for both directions.

Instants are UTC text, enums their values, missing parts their defaults, so a case written before a field existed still reads.
An event is read in the version it was written in; `cases.evolve` raises older ones.
"""

import msgspec

from chengyun.cases.records import Case, Event

_encoder = msgspec.json.Encoder()
_case = msgspec.json.Decoder(Case)
_event = msgspec.json.Decoder(Event)
_events = msgspec.json.Decoder(tuple[Event, ...])


def write(value: object) -> bytes:
    """JSON of any record, or of plain values."""
    return _encoder.encode(value)


def write_text(value: object) -> str:
    return _encoder.encode(value).decode()


def read_case(doc: bytes | str) -> Case:
    return _case.decode(doc)


def read_event(data: bytes | str) -> Event:
    return _event.decode(data)


def read_events(data: bytes | str) -> tuple[Event, ...]:
    """A whole history, as a JSON list."""
    return _events.decode(data)


def read_json(data: bytes | str) -> object:
    return msgspec.json.decode(data)


def as_written(case: Case) -> Case:
    """The case as it reads after a round trip: what a fold is compared with."""
    return read_case(write(case))
