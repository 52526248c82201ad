"""Promise P1: a column without level, purpose and retention fails here."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import models

STAGES = [config for config in apps.get_app_configs() if config.name.startswith("chengyun.stores.writing.")]
MODELS = [pytest.param(model, id=model._meta.label) for stage in STAGES for model in stage.get_models()]


def labels_of(model: type[models.Model]):
    return import_module(f"{model._meta.app_config.name}.labels").LABELS


@pytest.mark.parametrize("model", MODELS)
def test_every_column_says_level_purpose_and_retention(model):
    columns = {field.name for field in model._meta.concrete_fields if field.column is not None}
    assert set(labels_of(model).get(model.__name__, {})) == columns


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.label)
def test_no_label_outlives_its_table(stage):
    assert set(import_module(f"{stage.name}.labels").LABELS) == {model.__name__ for model in stage.get_models()}
