"""When business hours are open, date by date, and when they open next."""

from __future__ import annotations

from datetime import timedelta

from domain.calendar import Calendar
from domain.calendar.effective import EffectiveDay
from domain.calendar.parsing import parse_date
from domain.errors import InvalidValue, WorkingTimeExhausted
from domain.instants import Instant, Micros

MAX_DAYS = 400


def effective_days(calendar: Calendar, first: str, last: str) -> list[EffectiveDay]:
    """The dates from `first` to `last`, both included, each `YYYY-MM-DD`.

    Raises InvalidValue for `from` or `to`: no date, a last one before the first, more than `MAX_DAYS`, and years
    without a calendar.
    """
    start, end = parse_date(first, "from"), parse_date(last, "to")
    length = (end - start).days + 1
    if length < 1:
        raise InvalidValue("to", last, f"must not lie before {first}")
    if length > MAX_DAYS:
        raise InvalidValue("to", last, f"must lie at most {MAX_DAYS - 1} days after {first}")
    try:
        return [calendar.effective_day(start + timedelta(days=index)) for index in range(length)]
    except InvalidValue as refusal:
        raise refusal.named("from" if refusal.value == first else "to") from None


def next_opening(calendar: Calendar, now: Instant) -> Instant | None:
    """When it opens next; None while it is open, and where it never opens again."""
    if calendar.is_open(now):
        return None
    try:
        return Instant(calendar.add(now, Micros(1)) - 1)
    except WorkingTimeExhausted:
        return None


def next_closing(calendar: Calendar, now: Instant, within: Micros) -> Instant | None:
    """When it closes; None while it is closed, and where it stays open for `within`."""
    if not calendar.is_open(now):
        return None
    opens = calendar.open_between(now, Instant(now + within))
    end = now
    for one in opens:
        if one.start > end:
            break
        end = max(end, one.end)
    return end if end < now + within else None
