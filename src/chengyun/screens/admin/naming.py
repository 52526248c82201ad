"""What tables and columns are called on the administration pages, in the reader's language."""

from django.apps import apps
from django.db.models import Model
from django.utils.functional import lazystr
from django.utils.translation import get_language

from chengyun.screens.words import Language, say


def tongue() -> Language:
    """The language of the page being made."""
    return "en" if (get_language() or "").startswith("en") else "zh"


class Named:
    """A word of ours, said anew on each page."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __str__(self) -> str:
        return say(self.code, tongue())


def word(code: str) -> str:
    return lazystr(Named(code))


def name(model: type[Model]) -> None:
    """Give a table and its columns their words."""
    about = model._meta
    about.verbose_name, about.verbose_name_plural = word(f"admin.row.{about.model_name}"), word(f"admin.table.{about.model_name}")
    for field in about.concrete_fields:
        field.verbose_name = word(f"admin.column.{field.name}")
    apps.get_app_config(about.app_label).verbose_name = word(f"admin.part.{about.app_label}")
