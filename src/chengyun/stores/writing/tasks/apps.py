"""The `tasks` stage in the database."""

from django.apps import AppConfig


class Stage(AppConfig):
    name = "chengyun.stores.writing.tasks"
    label = "tasks"
    default_auto_field = "django.db.models.BigAutoField"
