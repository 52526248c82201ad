"""One change at a time of the standing city: a row of the duty list, a day of a calendar. Each is a new version beside the old one.

Called inside the transaction of the write, so that change, audit entry and kept answer stand or fall together.
"""

from dataclasses import replace
from datetime import date

from django.db import connection

from chengyun.base.errors import Conflict, NotFound
from chengyun.base.ids import DutyRowId, TenantId
from chengyun.city import calendars
from chengyun.city.records import DayRule, DutyRow, WorkCalendar
from chengyun.stores.city_load import raise_version
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.city.rows import write_rows

_DUTY_LIST_LOCK = 1128882178


def add_duty_row(tenant: TenantId, draft: DutyRow, of: DutyRowId | None = None, seen_version: int | None = None) -> DutyRow:
    """A new row, or the next version of row `of`; every version before ends no later than the day the new one begins, one planned for a
    later day as well. A draft that ends on its first day is the end of the row.

    Raises NotFound for a row that is not there, Conflict if somebody wrote a newer version than `seen_version` meanwhile.
    """
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_DUTY_LIST_LOCK, tenant])
        if of is None:
            cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM duty_row WHERE tenant_id = %s", [tenant])
            id_ = DutyRowId(cursor.fetchone()[0])
            made = replace(draft, id=id_, version=1, number=draft.number or f"D-{id_:04d}")
        else:
            cursor.execute(
                "SELECT version, number FROM duty_row WHERE tenant_id = %s AND id = %s ORDER BY version DESC LIMIT 1", [tenant, of]
            )
            row = cursor.fetchone()
            if row is None:
                raise NotFound("there is no such row of the duty list", row=of)
            if seen_version is not None and row[0] != seen_version:
                raise Conflict("somebody wrote a newer version of this row", row=of, version=row[0])
            made = replace(draft, id=of, version=row[0] + 1, number=row[1])
            cursor.execute(
                "UPDATE duty_row SET valid_to = greatest(valid_from, %s) WHERE tenant_id = %s AND id = %s"
                " AND (valid_to IS NULL OR valid_to > %s)",
                [made.valid_from, tenant, of, made.valid_from],
            )
        write_rows(tenant, [made])
        raise_version(tenant, "city")
    return made


def stands_on(tenant: TenantId, row: DutyRowId, day: date) -> bool:
    """Whether some version of the row still answers on that day or later."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM duty_row WHERE tenant_id = %s AND id = %s"
            " AND (valid_to IS NULL OR valid_to > greatest(valid_from, %s)))",
            [tenant, row, day],
        )
        return bool(cursor.fetchone()[0])


def set_calendar_day(tenant: TenantId, calendar: WorkCalendar, rule: DayRule) -> WorkCalendar:
    """The next version of the calendar, in which that day is as the rule says. Raises BadInput if the hours make no sense, Conflict if
    another version was written meanwhile."""
    days = (*(each for each in calendar.days if each.day != rule.day), rule)
    made = replace(calendar, version=calendar.version + 1, days=tuple(sorted(days, key=lambda each: each.day)))
    calendars.compile(made)
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_DUTY_LIST_LOCK, tenant])
        cursor.execute("SELECT max(version) FROM work_calendar WHERE tenant_id = %s AND id = %s", [tenant, calendar.id])
        if cursor.fetchone()[0] != calendar.version:
            raise Conflict("this calendar was changed meanwhile", calendar=calendar.id)
        write_rows(tenant, [made])
        raise_version(tenant, "city")
    return made
