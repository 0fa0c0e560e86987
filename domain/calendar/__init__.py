"""Business calendars: weekly hours in a time zone, and the working time between instants."""

from domain.calendar.calendar import Calendar, Week
from domain.calendar.days import DatedWindows
from domain.calendar.holidays import Holiday, MonthDay
from domain.calendar.public import PublicHolidays
from domain.calendar.times import Window
from domain.calendar.zones import pin_packaged_tzdata, tzdata_version

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
