"""Tables of tasks: notices in the application."""

from django.db import models

from chengyun.stores.writing.columns import Code, of_tenant


class Notice(models.Model):
    """Somebody is told of an event of a case, by reference: the sentence is made when he reads it, in his language.

    kind   template of the sentence (`notice.<kind>.title` in the text files)
    """

    tenant = of_tenant()
    person = models.BigIntegerField()
    kind = Code(max_length=24)
    case = models.BigIntegerField(db_column="case_id")
    seq = models.IntegerField()
    number = Code(max_length=32)
    category = Code(max_length=40, null=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice"
        constraints = [models.UniqueConstraint("tenant", "person", "case", "seq", name="notice_once")]
        indexes = [
            models.Index("tenant", "person", "id", name="notice_of_person"),
            models.Index("tenant", "person", name="notice_unread", condition=models.Q(read_at=None)),
        ]
