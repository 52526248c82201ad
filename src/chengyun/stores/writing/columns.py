"""Column types that Django does not bring."""

from django.db import models


class TransactionId(models.Field):
    """`xid8`: the transaction that wrote the row. Followers read only below `pg_snapshot_xmin(pg_current_snapshot())`."""

    def db_type(self, connection: object) -> str:
        return "xid8"

    def from_db_value(self, value: str | int | None, expression: object, connection: object) -> int | None:
        return None if value is None else int(value)


class CurrentTransaction(models.Func):
    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionId()


def of_tenant() -> models.SmallIntegerField:
    return models.SmallIntegerField(db_column="tenant_id")


def written_by() -> TransactionId:
    return TransactionId(db_default=CurrentTransaction(), editable=False)


class Code(models.CharField):
    """Text of codes: compared byte by byte, so that prefixes of area codes are ranges of an index."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("db_collation", "C")
        kwargs.setdefault("max_length", 64)
        super().__init__(*args, **kwargs)
