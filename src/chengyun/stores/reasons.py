"""Why each version of a setting was written, in the words of whoever wrote it: `{"cases.7": "..."}`, itself a setting with its versions."""

from collections.abc import Mapping
from datetime import datetime

from chengyun.base.ids import PersonId
from chengyun.stores.city_book import CityBook
from chengyun.stores.city_load import write_setting

REASONS = "reasons"


def read_reasons(held: CityBook, now: datetime) -> Mapping[str, str]:
    kept = held.setting(REASONS, now)
    return kept.value if kept is not None else {}


def write_reason(held: CityBook, about: str, words: str, set_by: PersonId | None, now: datetime) -> None:
    write_setting(held.tenant.id, REASONS, {**read_reasons(held, now), about: words}, now, set_by, now)
