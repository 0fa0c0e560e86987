"""Deadlines that a field of the ticket holds, such as `due_date`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendar.local_time.zones import LAST_YEAR
from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_mapping, require_text
from domain.instants import Instant, from_datetime, parse
from domain.ticket.conditions.conditions import MISSING, look_up

LONGEST_SHOWN = 200
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WANTED = "must be a date such as 2026-03-08, or an ISO 8601 date and time with a UTC offset"


@dataclass(frozen=True, slots=True)
class FieldDue:
    """What a field said of the due instant: its `value` as a text, and the instant, or why it is none."""

    value: str | None
    due_at: Instant | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class FieldDeadline:
    """The instant that a field of the ticket holds. `field` is its name, or a dotted path into nested ones.

    A date alone is the end of that day, 24:00 in the zone of the calendar. Neither pauses nor opening hours move it; a
    change of the field does.
    """

    field: str

    def read(self, attributes: Mapping[str, Any], timezone: str) -> FieldDue:
        """Never raises: what cannot be read is no deadline."""
        value = look_up(attributes, self.field)
        if value is MISSING:
            return FieldDue(None, None, "the ticket has no such field")
        if _is_empty(value):
            return FieldDue(None, None, "the field is empty")
        try:
            return FieldDue(_shown(value), instant_of(value, timezone, self.field))
        except InvalidValue as error:
            return FieldDue(_shown(value), None, error.reason)

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field}

    @classmethod
    def from_json(cls, document: Any, field: str = "by") -> FieldDeadline:
        body = require_mapping(document, field)
        refuse_unknown({name: value for name, value in body.items() if value is not None}, frozenset({"field"}), field)
        return cls(require_text(body.get("field"), f"{field}.field", longest=200))


def require_readable(path: str, fields: Mapping[str, Any], field: str = "fields") -> None:
    """Raises InvalidValue for a field at the path whose value is neither empty nor an instant."""
    value = look_up(fields, path)
    if value is not MISSING and not _is_empty(value):
        instant_of(value, "UTC", f"{field}.{path}")


def instant_of(value: Any, timezone: str, field: str) -> Instant:
    """The instant of a date or of a date and time. Raises InvalidValue."""
    if not isinstance(value, str):
        raise InvalidValue(field, value, _WANTED)
    text = value.strip()
    if not _DATE.fullmatch(text):
        try:
            return parse(text, field)
        except InvalidValue as error:
            raise InvalidValue(field, value, _WANTED if "UTC offset" in error.reason else error.reason) from None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(field, value, _WANTED) from None
    if day.year > LAST_YEAR:
        raise InvalidValue(field, value, "must lie between the years 1970 and 2100")
    return from_datetime(datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone)), field)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
