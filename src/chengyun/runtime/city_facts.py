"""What must be known of a city before anything of it is made."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from chengyun.base.errors import BadInput


@dataclass(frozen=True)
class CityFacts:
    code: str
    """Six digits of the district (GB/T 2260)."""
    name_zh: str
    name_en: str
    prefix: str
    """Letters that case numbers begin with."""
    zone: str = "Asia/Shanghai"


def check(facts: CityFacts) -> None:
    """Refuse facts that could never be put right later: they stand in every case number and every audit line."""
    if not (len(facts.code) == 6 and facts.code.isascii() and facts.code.isdigit()):
        raise BadInput(
            f'"{facts.code}" is not six digits', place="--code", cure="write the district's code of GB/T 2260, for example 330106"
        )
    if not (2 <= len(facts.prefix) <= 4 and facts.prefix.isascii() and facts.prefix.isalpha() and facts.prefix.isupper()):
        raise BadInput(f'"{facts.prefix}" is not 2 to 4 capital letters', place="--prefix", cure="for example WJ")
    try:
        ZoneInfo(facts.zone)
    except (KeyError, ValueError, OSError):
        raise BadInput(f'"{facts.zone}" is not a time zone', place="--zone", cure="write it like Asia/Shanghai") from None
