"""The `base` stage in the database."""

from django.apps import AppConfig


class Stage(AppConfig):
    name = "chengyun.stores.writing.base"
    label = "base"
    default_auto_field = "django.db.models.BigAutoField"
