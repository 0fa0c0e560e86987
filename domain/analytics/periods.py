"""The days a report looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from domain.analytics.wall_time import FIRST_DAY, LAST_DAY, day_start, wall_clock
from domain.calendar.local_time.zones import require_zone
from domain.calendar.parsing import parse_date
from domain.errors import InvalidValue
from domain.instants import Instant

DEFAULT_DAYS = 30
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of a time zone, both ends included; as instants `[start, end)`."""

    start_date: date
    end_date: date
    timezone: str

    @property
    def start(self) -> Instant:
        return day_start(self.timezone, self.start_date)

    @property
    def end(self) -> Instant:
        return day_start(self.timezone, self.end_date + _ONE_DAY)

    @property
    def days(self) -> int:
        return (self.end_date - self.start_date).days + 1

    def before(self) -> Period:
        """As many days, right before this period."""
        return Period(self.start_date - timedelta(days=self.days), self.start_date - _ONE_DAY, self.timezone)


def read_period(
    start_date: str | None,
    end_date: str | None,
    timezone: str,
    now: Instant,
    fields: tuple[str, str] = ("start_date", "end_date"),
) -> Period:
    """Without an end it ends today, without a start it has thirty days. `fields` are what the caller calls the two.

    Raises InvalidValue for an unknown zone, for anything but a date between 1970 and 2100, and for an end before the
    start.
    """
    zone = require_zone(timezone)
    end = wall_clock(zone, now).date() if end_date is None else _read_day(end_date, fields[1])
    days_before = timedelta(days=DEFAULT_DAYS - 1)
    start = max(FIRST_DAY, end - days_before) if start_date is None else _read_day(start_date, fields[0])
    if end < start:
        if end_date is None:
            raise InvalidValue(fields[0], start_date, f"must not lie after today ({end})")
        raise InvalidValue(fields[1], end_date, f"must not lie before {fields[0]} ({start})")
    return Period(start, end, zone)


def _read_day(text: str, field: str) -> date:
    day = parse_date(text, field)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidValue(field, text, "must lie between the years 1970 and 2100")
    return day
