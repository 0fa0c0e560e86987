"""Where breaches pile up in the week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from domain.analytics.wall_time import wall_clock
from domain.calendar.validation import WEEKDAYS
from domain.instants import Instant


@dataclass(frozen=True, slots=True)
class Clusters:
    """How many breaches fell on each weekday (`mon`) and in each hour (0 to 23) of the zone's clock, most first."""

    weekdays: tuple[tuple[str, int], ...]
    hours: tuple[tuple[int, int], ...]


def clusters(zone: str, instants: Iterable[Instant]) -> Clusters:
    moments = Counter((moment.weekday(), moment.hour) for moment in (wall_clock(zone, at) for at in instants))
    weekdays, hours = Counter[int](), Counter[int]()
    for (weekday, hour), count in moments.items():
        weekdays[weekday] += count
        hours[hour] += count
    return Clusters(tuple((WEEKDAYS[day], count) for day, count in _most_first(weekdays)), tuple(_most_first(hours)))


def _most_first(counts: Counter[int]) -> list[tuple[int, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
