"""The days of a report: those that a link leads to, and how they are said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from domain.analytics.periods import Period, read_period
from domain.errors import InvalidValue
from domain.instants import Instant
from web.pages.reports.filters import PeriodFilters
from web.showing.instants import local

_ONE_DAY = timedelta(days=1)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def said(period: Period) -> str:
    """`1 Nov to 29 Nov 2026`."""
    start, end = period.start_date, period.end_date
    if start == end:
        return f"{end:%-d %b %Y}"
    return f"{start:%-d %b}{'' if start.year == end.year else f' {start:%Y}'} to {end:%-d %b %Y}"


def presets(query: PeriodFilters, now: Instant, zone: str) -> Iterator[tuple[str, str]]:
    """Names of often wanted periods, each with its address."""
    today = local(now, zone).date()
    last = first_of(today) - _ONE_DAY
    for name, start, end in (
        ("7 days", today - timedelta(days=6), today),
        ("30 days", today - timedelta(days=29), today),
        ("90 days", today - timedelta(days=89), today),
        ("this month", first_of(today), today),
        ("last month", first_of(last), last),
    ):
        yield name, query.address(start_date=start.isoformat(), end_date=end.isoformat(), **_from_the_beginning(query))


def month_period(text: str, zone: str, now: Instant) -> Period:
    """The whole month, the present one without a text. Raises InvalidValue."""
    text = text or f"{local(now, zone):%Y-%m}"
    if not _MONTH.fullmatch(text) or not 1 <= int(text[5:]) <= 12 or not 1970 <= int(text[:4]) <= 2100:
        raise InvalidValue("month", text, "must be a month such as 2026-11, from 1970 to 2100")
    first = date(int(text[:4]), int(text[5:]), 1)
    last = first_of(first + timedelta(days=31)) - _ONE_DAY
    return read_period(first.isoformat(), last.isoformat(), zone, now)


def month_before(period: Period) -> Period | None:
    """None before the first of all."""
    last = period.start_date - _ONE_DAY
    return None if last.year < 1970 else Period(first_of(last), last, period.timezone)


def first_of(day: date) -> date:
    return day.replace(day=1)


def _from_the_beginning(query: PeriodFilters) -> dict[str, str]:
    return {"cursor": ""} if "cursor" in type(query).model_fields else {}
