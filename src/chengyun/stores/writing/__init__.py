"""One Django app per stage: models, migrations, repositories. Seen by `stores` and `runtime` alone."""
