"""P1 labels of the `cases` tables."""

from chengyun.stores.writing.labels import Labels

LABELS: Labels = {}
