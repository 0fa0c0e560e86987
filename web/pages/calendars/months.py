"""A month of business hours as a grid of weeks. Pure."""

from __future__ import annotations

import calendar as weeks
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from domain.calendar.effective import ClockChange, EffectiveDay
from domain.calendar.local_time.zones import FIRST_YEAR, LAST_YEAR
from domain.errors import InvalidValue
from domain.instants import DAY, MINUTE, to_datetime
from web.showing.durations import duration

_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Month:
    """Raises InvalidValue for a month outside the years 1970 to 2100."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.month <= 12):
            raise InvalidValue("month", str(self), f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")

    @classmethod
    def parse(cls, text: str) -> Month:
        found = _MONTH.fullmatch(text) if text.isascii() else None
        if found is None:
            raise InvalidValue("month", text, "must be a month such as 2026-12")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def name(self) -> str:
        return f"{self.first:%B %Y}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.month, weeks.monthrange(self.year, self.month)[1])

    def before(self) -> Month | None:
        """None where no calendar reaches."""
        earlier = self.first - timedelta(days=1)
        return Month(earlier.year, earlier.month) if earlier.year >= FIRST_YEAR else None

    def after(self) -> Month | None:
        later = self.last + timedelta(days=1)
        return Month(later.year, later.month) if later.year <= LAST_YEAR else None


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    windows: Sequence[str]
    notes: Sequence[str]
    is_today: bool

    @property
    def is_closed(self) -> bool:
        return not self.windows


@dataclass(frozen=True, slots=True)
class Grid:
    """Weeks from Monday to Sunday; None stands for dates of other months. `total` is the working time in words."""

    weeks: Sequence[Sequence[Day | None]]
    total: str


def grid(days: Sequence[EffectiveDay], zone: str, today: date) -> Grid:
    """Of all days of one month, in order."""
    cells: list[Day | None] = [None] * days[0].day.weekday()
    cells += [_day(one, zone, today) for one in days]
    cells += [None] * (-len(cells) % 7)
    rows = [cells[at : at + 7] for at in range(0, len(cells), 7)]
    return Grid(rows, duration(sum(one.working for one in days)))


def _day(one: EffectiveDay, zone: str, today: date) -> Day:
    whole = [window for window in one.windows if window.end - window.start >= DAY]
    windows = ["around the clock"] if whole else [f"{each.opens}\u2013{each.closes}" for each in one.windows]
    notes = [holiday.name or "holiday" for holiday in one.holidays]
    if one.special:
        notes.append("hours of its own")
    notes += [clock_change(change, zone) for change in one.clock_changes]
    return Day(one.day, windows, notes, one.day == today)


def clock_change(change: ClockChange, zone: str) -> str:
    """`clocks go forward 60 min, to 03:00`."""
    by = change.after - change.before
    way = "forward" if by > 0 else "back"
    then = to_datetime(change.at).astimezone(ZoneInfo(zone))
    return f"clocks go {way} {abs(by) // MINUTE} min, to {then:%H:%M}"
