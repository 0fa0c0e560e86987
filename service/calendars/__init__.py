"""Dates of calendars that come from outside: public holidays by country, and iCalendar files."""
