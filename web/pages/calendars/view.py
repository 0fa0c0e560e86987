"""Business hours as they are shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.calendar import Calendar
from domain.instants import DAY, Instant, Micros
from service.business_hours.days import next_closing, next_opening
from service.business_hours.reading import rules_view
from store.rules.calendars import StoredCalendar, StoredVersion
from web.pages.calendars.windows import week
from web.pages.policies.view import Version
from web.showing.differences import differences
from web.showing.instants import moment

WEEK = Micros(7 * DAY)


@dataclass(frozen=True, slots=True)
class Row:
    """`opening` says what the hours do next; `is_open` whether a clock in them runs now."""

    id: str
    name: str
    zone: str
    says: str
    is_default: bool
    is_open: bool
    opening: str
    version: int


def row_of(stored: StoredCalendar, now: Instant) -> Row:
    calendar = stored.calendar
    return Row(
        stored.id,
        stored.name,
        "" if calendar.always_open else calendar.timezone,
        says(calendar),
        stored.is_default,
        calendar.is_open(now),
        opening(calendar, now),
        stored.version,
    )


def says(calendar: Calendar) -> str:
    if calendar.always_open:
        return "around the clock"
    if (combined := calendar.combined) is not None:
        together = "while any is open" if combined.how.value == "union_of" else "while all are open"
        return f"made of {', '.join(combined.ids)}: {together}"
    return week(calendar.to_json()["weekly_hours"])


def opening(calendar: Calendar, now: Instant) -> str:
    """`Open until 17:00`, `Nothing is due before Mon 09:00`; by the clock of the hours' own zone."""
    if calendar.is_open(now):
        closes = None if calendar.always_open else next_closing(calendar, now, WEEK)
        return "Open" if closes is None else f"Open until {moment(closes, calendar.timezone, now)}"
    opens = next_opening(calendar, now)
    if opens is None:
        return "Closed for good: nothing measured in it is ever due"
    return f"Nothing is due before {moment(opens, calendar.timezone, now)}"


@dataclass(frozen=True, slots=True)
class Source:
    """Public holidays of a country or a part of it."""

    country: str
    subdivision: str
    count: int
    years: str


def sources(calendar: Calendar) -> Sequence[Source]:
    return [
        Source(one.country, one.subdivision or "", len(one.holidays), f"{one.first_year}\u2013{one.last_year}")
        for one in calendar.public_holidays
    ]


def versions(found: Iterable[StoredVersion]) -> Sequence[Version]:
    """Newest first, each with what differs from the one before it."""
    shown: list[Version] = []
    before: dict[str, Any] | None = None
    for one in found:
        document = rules_view(one.name, one.calendar)
        changes = [] if before is None else differences(before, document)
        change = "created" if one.version == 1 else "updated"
        shown.append(Version(one.version, change, one.changed_at, one.key_name or one.changed_by, changes))
        before = document
    return shown[::-1]


def whole(name: str, calendar: Calendar) -> dict[str, Any]:
    """All of it as the API's body, without what holds nothing."""
    if calendar.always_open:
        return {"name": name, "always": True}
    return {key: value for key, value in rules_view(name, calendar).items() if value}
