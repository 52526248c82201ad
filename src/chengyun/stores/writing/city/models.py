"""Tables of the standing city. Columns are named as the fields of the records in `chengyun.city.records`, so one loader and one reader
serve them all. A change is a new row with its own validity; `row` only numbers rows.
"""

from django.db import models
from django.db.models import Q

from chengyun.stores.writing.columns import Code, of_tenant


class Versioned(models.Model):
    row = models.BigAutoField(primary_key=True)
    tenant = of_tenant()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True


class Organisation(Versioned):
    id = models.BigIntegerField()
    code = Code()
    parent = models.BigIntegerField(null=True, blank=True)
    kind = Code(max_length=16)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    display_order = models.IntegerField()
    loop = Code(max_length=8)
    area = Code(max_length=24, null=True, blank=True)
    phone = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "organisation"
        constraints = [models.UniqueConstraint(fields=["tenant", "id", "valid_from"], name="organisation_version")]

    def __str__(self) -> str:
        return f"{self.code} {self.name_zh}"


class Area(Versioned):
    id = models.BigIntegerField()
    code = Code(max_length=24)
    parent = Code(max_length=24, null=True, blank=True)
    kind = Code(max_length=24)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    area_class = models.SmallIntegerField()
    rings = models.JSONField()

    class Meta:
        db_table = "area"
        constraints = [models.UniqueConstraint(fields=["tenant", "id", "valid_from"], name="area_version")]

    def __str__(self) -> str:
        return f"{self.code} {self.name_zh}"


class Component(Versioned):
    identifier = Code(max_length=24)
    category = Code(max_length=40)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    lon = models.FloatField()
    lat = models.FloatField()
    cell = models.BigIntegerField()
    unit_grid = Code(max_length=24)
    owner = models.BigIntegerField(null=True, blank=True)
    maintenance = models.BigIntegerField(null=True, blank=True)
    state = Code(max_length=24)

    class Meta:
        db_table = "component"
        constraints = [models.UniqueConstraint(fields=["tenant", "identifier", "valid_from"], name="component_version")]
        indexes = [models.Index("tenant", "cell", name="component_by_cell")]

    def __str__(self) -> str:
        return f"{self.identifier} {self.name_zh}"


class CodeSet(Versioned):
    scheme = Code(max_length=16)
    standard = models.CharField(max_length=80)
    title_zh = models.CharField(max_length=120)
    title_en = models.CharField(max_length=160)
    confidence = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        db_table = "code_set"
        constraints = [models.UniqueConstraint(fields=["tenant", "scheme", "valid_from"], name="code_set_version")]

    def __str__(self) -> str:
        return self.title_zh


class Category(Versioned):
    code = Code(max_length=40)
    scheme = Code(max_length=16)
    kind = Code(max_length=16)
    number = Code(max_length=16)
    major = Code(max_length=16)
    major_zh = models.CharField(max_length=80)
    major_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=200)
    field = Code(max_length=24)
    maps_to = Code(max_length=40, null=True, blank=True)
    linked_component = Code(max_length=40, null=True, blank=True)
    translated = models.BooleanField(default=False)
    local = models.BooleanField(default=False)
    pinyin = models.CharField(max_length=400, blank=True, default="")
    geometry = Code(max_length=24, blank=True, default="")
    source = models.TextField(blank=True, default="")
    confidence = models.TextField(blank=True, default="")

    class Meta:
        db_table = "category"
        constraints = [models.UniqueConstraint(fields=["tenant", "code", "valid_from"], name="category_version")]

    def __str__(self) -> str:
        return f"{self.code} {self.name_zh}"


class StandardEntry(Versioned):
    id = models.BigIntegerField()
    version = models.IntegerField()
    category = Code(max_length=40)
    condition_no = models.SmallIntegerField()
    filing_zh = models.TextField()
    filing_en = models.TextField()
    limit = models.JSONField()
    closing_zh = models.TextField()
    closing_en = models.TextField()
    area_class = models.SmallIntegerField(null=True, blank=True)
    source = models.TextField(blank=True, default="")
    confidence = models.TextField(blank=True, default="")
    translated = models.BooleanField(default=False)

    class Meta:
        db_table = "standard_entry"
        constraints = [models.UniqueConstraint(fields=["tenant", "id", "version"], name="standard_entry_version")]

    def __str__(self) -> str:
        return f"{self.category} ({self.condition_no}) {self.filing_zh}"


class CategoryField(models.Model):
    row = models.BigAutoField(primary_key=True)
    tenant = of_tenant()
    category = Code(max_length=40)
    key = Code(max_length=40)
    label_zh = models.CharField(max_length=80)
    label_en = models.CharField(max_length=120)
    kind = Code(max_length=12)
    required = models.BooleanField()
    choices = models.JSONField(default=list, blank=True)
    personal_level = models.SmallIntegerField(default=2)

    class Meta:
        db_table = "category_field"
        constraints = [models.UniqueConstraint(fields=["tenant", "category", "key"], name="category_field_once")]

    def __str__(self) -> str:
        return f"{self.category} {self.label_zh}"


class DutyRow(Versioned):
    id = models.BigIntegerField()
    version = models.IntegerField()
    number = Code(max_length=24)
    category = Code(max_length=40, null=True, blank=True)
    major = Code(max_length=12, null=True, blank=True)
    area = Code(max_length=24, null=True, blank=True)
    owner = models.BigIntegerField(null=True, blank=True)
    hours = Code(max_length=12)
    handling_unit = models.BigIntegerField()
    trade_department = models.BigIntegerField(null=True, blank=True)
    assisting = models.JSONField(default=list, blank=True)
    ladder = models.JSONField(default=list, blank=True)
    area_class = models.SmallIntegerField(null=True, blank=True)
    signed_by = models.CharField(max_length=80, blank=True, default="")
    source = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        db_table = "duty_row"
        constraints = [models.UniqueConstraint(fields=["tenant", "id", "version"], name="duty_row_version")]

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"


class WorkCalendar(Versioned):
    id = models.BigIntegerField()
    version = models.IntegerField()
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    zone = models.CharField(max_length=64)
    weekly = models.JSONField()
    days = models.JSONField(default=list, blank=True)
    published_through = models.DateField()
    round_the_clock = models.BooleanField(default=False)
    full_day = models.CharField(max_length=24)

    class Meta:
        db_table = "work_calendar"
        constraints = [models.UniqueConstraint(fields=["tenant", "id", "version"], name="work_calendar_version")]

    def __str__(self) -> str:
        return f"{self.name_zh} v{self.version}"


class Person(models.Model):
    """Somebody who works here, by number; the name stands in `person_name`."""

    row = models.BigAutoField(primary_key=True)
    tenant = of_tenant()
    id = models.BigIntegerField()
    number = Code(max_length=24)
    org = models.BigIntegerField(null=True, blank=True)
    language = Code(max_length=8, default="zh")
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "person"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="person_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="person_number"),
        ]

    def __str__(self) -> str:
        return self.number


class PersonName(models.Model):
    row = models.BigAutoField(primary_key=True)
    tenant = of_tenant()
    person = models.BigIntegerField()
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "person_name"
        constraints = [models.UniqueConstraint(fields=["tenant", "person"], name="person_name_once")]

    def __str__(self) -> str:
        return f"person {self.person}"


class RoleAssignment(Versioned):
    """One role of one person with its scope. `fields` null: no limit."""

    person = models.BigIntegerField()
    role = Code(max_length=24)
    area = Code(max_length=24, null=True, blank=True)
    org = models.BigIntegerField(null=True, blank=True)
    fields = models.JSONField(null=True, blank=True)
    deputy_for = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "role_assignment"
        indexes = [models.Index("tenant", "person", name="assignment_of_person")]

    def __str__(self) -> str:
        return f"person {self.person} {self.role}"


class Shift(models.Model):
    row = models.BigAutoField(primary_key=True)
    tenant = of_tenant()
    person = models.BigIntegerField()
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    area = Code(max_length=24, null=True, blank=True)

    class Meta:
        db_table = "shift"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "person", "starts"], name="shift_once"),
            models.CheckConstraint(condition=Q(starts__lt=models.F("ends")), name="shift_lasts"),
        ]
        indexes = [models.Index("tenant", "ends", "starts", name="shift_by_time")]

    def __str__(self) -> str:
        return f"person {self.person}"


class Absence(models.Model):
    """While a person is away, his deputy holds his posts beside his own. Days half open."""

    row = models.BigAutoField(primary_key=True)
    tenant = of_tenant()
    person = models.BigIntegerField()
    deputy = models.BigIntegerField()
    from_day = models.DateField()
    to_day = models.DateField(null=True)
    reason = models.CharField(max_length=80, blank=True, default="")
    registered_by = models.BigIntegerField(null=True)
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "absence"
        constraints = [models.CheckConstraint(condition=~Q(person=models.F("deputy")), name="absence_deputy_is_another")]
        indexes = [models.Index("tenant", "deputy", name="absence_of_deputy")]

    def __str__(self) -> str:
        return f"person {self.person}"


class Handover(models.Model):
    """What was open when one shift gave over to the next: counts by queue, and a note. Both sides see it."""

    row = models.BigAutoField(primary_key=True)
    tenant = of_tenant()
    giver = models.BigIntegerField()
    taker = models.BigIntegerField()
    at = models.DateTimeField()
    counts = models.JSONField(default=dict)
    note = models.TextField(blank=True, default="")

    class Meta:
        db_table = "handover"
        indexes = [models.Index("tenant", "at", name="handover_by_time")]

    def __str__(self) -> str:
        return f"{self.giver} to {self.taker}"
