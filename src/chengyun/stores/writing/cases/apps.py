"""The `cases` stage in the database."""

from django.apps import AppConfig


class Stage(AppConfig):
    name = "chengyun.stores.writing.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"
