"""Parsing the text of an iCalendar file into its events, with the time zones that the file describes."""

from __future__ import annotations

from threading import Lock
from typing import Any

import icalendar
from icalendar.timezone import tzp
from icalendar.timezone.zoneinfo import ZONEINFO

from domain.errors import InvalidValue

MOST_ZONE_PARTS, MOST_ZONE_DATES = 100, 500
"""The most parts and dates of a zone that a file describes, so that a hostile zone costs no more than a real one."""
STEPS_OF_A_ZONE_PART = 80
"""The steps that each part of such a zone adds to reading its clock."""

_BYTE_ORDER_MARK = "\ufeff"
_WEEK = 7
_PARSING = Lock()


def events(text: str) -> tuple[list[Any], list[tuple[str, str]]]:
    """The events in their order, and the lines of the file itself that could not be read, each with the reason.

    A file may hold several calendars one after another (RFC 5545, 3.4): some programs write one for each event. Raises
    InvalidValue for the field `ical` where the text is no calendar.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        found = _parsed(text)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError) as error:
        raise InvalidValue("ical", text[:80], f"is no iCalendar file: {str(error)[:200]}") from None
    named = {one.name for one in found}
    if named != {"VCALENDAR"} or not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise InvalidValue("ical", text[:80], "must be a calendar, from BEGIN:VCALENDAR to END:VCALENDAR")
    unread = [(str(line or "a line")[:200], str(reason)[:200]) for one in found for line, reason in one.errors]
    return [event for one in found for event in one.walk("VEVENT")], unread


def steps_to_read(zone: Any) -> int:
    """The steps that reading the clock of a zone adds to a rule's step: none unless the file describes the zone."""
    return STEPS_OF_A_ZONE_PART * len(getattr(zone, "_comps", ()))


def _parsed(text: str) -> list[Any]:
    # The library keeps every zone for the whole process. Without a fresh start, a zone that one file describes would be
    # used for all other files.
    with _PARSING:
        tzp.use(_Zones())
        return list(icalendar.Calendar.from_ical(text, multiple=True))


class _Zones(ZONEINFO):
    def timezone(self, name: str) -> Any:
        """The zone of that name. None for a name that is no zone, also if the database has a folder of that name."""
        try:
            return super().timezone(name)
        except OSError:
            return None

    def create_timezone(self, tz: Any) -> Any:  # type: ignore[override]  # as ZONEINFO itself has it
        """Raises ValueError for a zone whose clocks change more often than real clocks do."""
        parts = tz.subcomponents
        rules = [part["RRULE"] for part in parts if "RRULE" in part]
        too_much = len(parts) > MOST_ZONE_PARTS or sum(map(_dates, parts)) > MOST_ZONE_DATES
        if too_much or not all(_is_clock_change(rule) for rule in rules):
            raise ValueError(f"The time zone {str(tz.get('TZID'))[:80]} has rules that are not read")
        return super().create_timezone(tz)


def _is_clock_change(rule: Any) -> bool:
    """Whether the rule is one of clock changes: once a year, or a weekday among a few dates."""
    if not isinstance(rule, dict) or [str(one) for one in _values(rule, "FREQ")] != ["YEARLY"]:
        return False
    named = {str(name).upper(): len(_values(rule, name)) for name in rule}
    single = all(count == 1 for name, count in named.items() if name != "BYMONTHDAY")
    return single and named.get("BYMONTHDAY", 0) <= _WEEK and ("BYMONTH" in named or "BYDAY" not in named)


def _values(rule: Any, name: str) -> list[Any]:
    values = rule.get(name, [])
    return values if isinstance(values, list) else [values]


def _dates(part: Any) -> int:
    given = part.get("RDATE", [])
    return sum(len(getattr(one, "dts", ())) for one in (given if isinstance(given, list) else [given]))
