"""Every sentence the server says, in the reader's language. Codes are for machines; `text/{zh,en}.yaml` hold the words side by side."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Language = Literal["zh", "en"]


@cache
def _texts(language: Language) -> Mapping[str, str]:
    found: Mapping[str, str] = yaml.safe_load(files("chengyun.screens").joinpath("text", f"{language}.yaml").read_text(encoding="utf-8"))
    return found


def say(code: str, language: Language, **facts: object) -> str:
    """The sentence of a code; facts it has no place for are left out, a fact it wants and does not get reads as a dash."""
    sentence = _texts(language).get(code)
    return code if sentence is None else sentence.format_map(_Facts(facts))


def has(code: str, language: Language) -> bool:
    return code in _texts(language)


def language_of(accept: str, preferred: str | None = None) -> Language:
    """The reader's own choice, else the first of his browser's languages that we speak, else Chinese."""
    for each in (preferred or "", *accept.split(",")):
        tag = each.split(";")[0].strip().lower()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"


class _Facts(dict[str, object]):
    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__({key: _plain(value) for key, value in facts.items()})

    def __missing__(self, key: str) -> str:
        return "—"


def _plain(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return "、".join(str(each) for each in value)
    return "—" if value is None else str(value)
