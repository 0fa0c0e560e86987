"""Holidays from an iCalendar file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from domain.calendar import Calendar
from domain.errors import InvalidValue
from domain.instants import to_datetime
from service.business_hours.changing import change_hours
from service.dependencies import Dependencies
from store.access.keys import KeyOwner
from store.rules.calendars import StoredCalendar

if TYPE_CHECKING:
    from service.calendars.ical.reading import Imported


async def import_file(
    deps: Dependencies, owner: KeyOwner, business_hours_id: str, text: str, *, replace: bool, strict: bool
) -> tuple[Imported, StoredCalendar]:
    """What was read of the file, and the business hours with its holidays, beside or instead of those there are.

    Raises NotFound, and InvalidValue for a file that cannot be read and for hours that have no holidays.
    """
    stored = await deps.store.calendars.get(owner.organization, business_hours_id)
    year = to_datetime(deps.now()).year
    # A long file takes a while; others are answered meanwhile.
    found = await asyncio.to_thread(_read, text, stored.calendar, year, strict=strict)

    def with_imported(calendar: Calendar) -> dict[str, Any]:
        if calendar.always_open:
            raise InvalidValue("business_hours_id", business_hours_id, "are open around the clock, without holidays")
        if calendar.combined is not None:
            raise InvalidValue("business_hours_id", business_hours_id, "are made of others; import into one of these")
        kept = () if replace else calendar.holidays
        return {"holidays": [holiday.to_json() for holiday in dict.fromkeys((*kept, *found.holidays))]}

    return found, await change_hours(deps, owner, business_hours_id, with_imported)


def _read(text: str, calendar: Calendar, year: int, *, strict: bool) -> Imported:
    # Here and not at the start of the API, which few calendars are sent to.
    from service.calendars.ical import reading  # noqa: PLC0415

    return reading.read(text, calendar.timezone, year, strict=strict)
