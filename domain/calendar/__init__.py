"""Business calendars: weekly hours in a time zone, and the working time between instants."""

from domain.calendar.calendar import Calendar, Week
from domain.calendar.local_time.times import Window
from domain.calendar.local_time.zones import pin_packaged_tzdata, tzdata_version
from domain.calendar.rules.days import DatedWindows
from domain.calendar.rules.holidays import Holiday, MonthDay
from domain.calendar.rules.public import PublicHolidays

__all__ = [
    "Calendar",
    "DatedWindows",
    "Holiday",
    "MonthDay",
    "PublicHolidays",
    "Week",
    "Window",
    "pin_packaged_tzdata",
    "tzdata_version",
]
