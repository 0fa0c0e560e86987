"""A period cut into hours, days, weeks or months of its zone: without a gap, without an overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice, pairwise

from domain.analytics.periods import Period
from domain.analytics.wall_time import day_start, hour_starts, wall_clock
from domain.errors import InvalidValue
from domain.instants import Instant

MOST_BUCKETS = 2000
_ONE_DAY = timedelta(days=1)


class Granularity(StrEnum):
    """Weeks are ISO weeks, from Monday on."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Bucket:
    """`[start, end)`; `clipped` where the period holds only a part of the week or month."""

    start: Instant
    end: Instant
    label: str
    clipped: bool = False


def buckets(period: Period, granularity: Granularity) -> tuple[Bucket, ...]:
    """The buckets of a period in order; a day that the zone skipped has none.

    Raises InvalidValue for more than 2000 of them.
    """
    cut = _hours(period) if granularity is Granularity.HOUR else _dates(period, _UNITS[granularity])
    found = tuple(islice(cut, MOST_BUCKETS + 1))
    if len(found) > MOST_BUCKETS:
        reason = f"must not cut the period into more than {MOST_BUCKETS} buckets (take a coarser one or fewer days)"
        raise InvalidValue("granularity", granularity.value, reason)
    return found


@dataclass(frozen=True, slots=True)
class _Unit:
    first: Callable[[date], date]
    following: Callable[[date], date]
    label: Callable[[date], str]


def _hours(period: Period) -> Iterator[Bucket]:
    zone, end = period.timezone, period.end
    for start, until in pairwise([*islice(hour_starts(zone, period.start, end), MOST_BUCKETS + 1), end]):
        yield Bucket(start, until, wall_clock(zone, start).isoformat(timespec="minutes"))


def _dates(period: Period, unit: _Unit) -> Iterator[Bucket]:
    day = period.start_date
    while day <= period.end_date:
        first = unit.first(day)
        following = unit.following(first)
        until = min(following, period.end_date + _ONE_DAY)
        start, end = day_start(period.timezone, day), day_start(period.timezone, until)
        if start < end:
            yield Bucket(start, end, unit.label(first), clipped=(day, until) != (first, following))
        day = until


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week_label(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


_UNITS: Mapping[Granularity, _Unit] = {
    Granularity.DAY: _Unit(lambda day: day, lambda day: day + _ONE_DAY, date.isoformat),
    Granularity.WEEK: _Unit(_monday, lambda monday: monday + timedelta(days=7), _week_label),
    Granularity.MONTH: _Unit(
        lambda day: day.replace(day=1),
        lambda first: (first + timedelta(days=31)).replace(day=1),
        lambda first: f"{first:%Y-%m}",
    ),
}
