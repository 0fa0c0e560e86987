"""Holidays from an iCalendar file (RFC 5545), as calendar programs and public authorities publish them.

An all-day event closes its dates. A timed event closes its part of each date, in the zone of the calendar for which it
is read; its rule is followed in its own zone.

An instance of an event that was moved or changed (RECURRENCE-ID) takes the place of what the rule says.

An event that returns every year on its date becomes a holiday of every year, also of the years before its first. An
event that returns otherwise (on a weekday of a month, with until, count or exceptions, or with an end that leap years
or clock changes move) is written out for the years around the present one.
"""
