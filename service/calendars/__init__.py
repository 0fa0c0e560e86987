"""Where the dates of calendars come from outside: public holidays by country, and iCalendar files."""
