"""Names for the keys of records, so that a case id cannot be handed to a task.

All are integers given out by the database except codes, which follow the national coding rules (text, digits).
"""

from typing import NewType

TenantId = NewType("TenantId", int)
CaseId = NewType("CaseId", int)
PersonId = NewType("PersonId", int)
OrgId = NewType("OrgId", int)
AreaId = NewType("AreaId", int)
DutyRowId = NewType("DutyRowId", int)
StandardId = NewType("StandardId", int)
CalendarId = NewType("CalendarId", int)
AttachmentId = NewType("AttachmentId", int)
ReporterId = NewType("ReporterId", int)

AreaCode = NewType("AreaCode", str)
"""6 district, 9 street, 12 community, 15 unit grid (GB/T 2260, GB/T 10114, GB/T 47678.3); responsibility grids have their own."""

CategoryCode = NewType("CategoryCode", str)
"""`scheme:kind:code`, for example `2026:matter:06010`: a component type and a matter may share their five digits."""


def case_number(prefix: str, day_yymmdd: str, sequence: int) -> str:
    """The number people read on the phone, in four groups: `WJ 2611 24 0147`. Unique for ever within a tenant.

    prefix      two letters of the area; day_yymmdd in city time; sequence of that day, growing past 9999 if it must
    """
    return f"{prefix} {day_yymmdd[:4]} {day_yymmdd[4:]} {sequence:04d}"
