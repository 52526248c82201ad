"""P1 labels of the `tasks` tables."""

from chengyun.stores.writing.labels import Labels, Level, label

LABELS: Labels = {
    "Notice": label(
        Level.INTERNAL, "telling a person of his work or report", "days_30", "tenant id person kind case seq number category at read_at"
    ),
}
