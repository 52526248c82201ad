"""The `city` stage in the database."""

from django.apps import AppConfig


class Stage(AppConfig):
    name = "chengyun.stores.writing.city"
    label = "city"
    default_auto_field = "django.db.models.BigAutoField"
