"""Instants as people type them: by the clock of the organization's zone, or with an offset of their own."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.errors import InvalidValue
from domain.instants import Instant, from_datetime
from web.showing.instants import local


def typed_instant(text: str, field: str, zone: str) -> Instant | None:
    """None for nothing. Raises InvalidValue."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(field, text, "must be a date and a time") from None
    return from_datetime(found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone)), field)


def as_typed(at: Instant | None, zone: str) -> str:
    """For an input of type `datetime-local`; empty for None."""
    return "" if at is None else f"{local(at, zone):%Y-%m-%dT%H:%M}"
