"""Bodies of requests, read: JSON whose texts can be kept. A zero byte is lawful JSON and no database holds it, so it ends at the door."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class Bodies(Parser):
    """How every door but the sheets and files reads its body; a ValueError here is answered with 400."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_body(request.body)


def read_body(raw: bytes) -> Any:
    """The values of a JSON body. Raises ValueError where it is no JSON, or has a zero byte in a text."""
    found = json.loads(raw)
    if b"\\u0000" in raw and _has_zero(found):
        raise ValueError("a text has a zero byte")
    return found


def _has_zero(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_zero(key) or _has_zero(each) for key, each in value.items())
    return isinstance(value, list) and any(_has_zero(each) for each in value)
