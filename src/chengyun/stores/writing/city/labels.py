"""P1 labels of the `city` tables."""

from chengyun.stores.writing.labels import Labels

LABELS: Labels = {}
