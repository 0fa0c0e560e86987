"""The hours of the week as a table of numbers, each with one of six grounds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.analytics.week import Week

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LEVELS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """`level` is 0 for none, 5 for the most of all hours."""

    count: int
    level: int


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    cells: Sequence[Cell]
    total: int


@dataclass(frozen=True, slots=True)
class Heat:
    """`text` says in a sentence where most of it is."""

    days: Sequence[Day]
    hours: Sequence[int]
    total: int
    text: str


def heat_of(week: Week) -> Heat:
    most = max(map(max, week.counts))
    days = [
        Day(name, [Cell(count, _level(count, most)) for count in counts], sum(counts))
        for name, counts in zip(WEEKDAYS, week.counts, strict=True)
    ]
    hours = [sum(counts) for counts in zip(*week.counts, strict=True)]
    return Heat(days, hours, week.total, _sentence(week, most))


def _level(count: int, most: int) -> int:
    return 0 if count == 0 else -(-LEVELS * count // most)


def _sentence(week: Week, most: int) -> str:
    if most == 0:
        return "No promise was broken."
    day, hour = next((day, list(counts).index(most)) for day, counts in enumerate(week.counts) if most in counts)
    return f"Most were due on {WEEKDAYS[day]} between {hour}:00 and {hour + 1}:00: {most} of {week.total}."
