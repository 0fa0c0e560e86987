"""Business hours that follow the team which has a ticket: each team's count while it has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.calendar.calendar import Calendar
from domain.calendar.rules.closures import Stretch, joined
from domain.errors import InvalidValue
from domain.instants import Instant, Micros, render


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Calendars that take each other's place: each counts from its instant on until the next one's.

    The first also counts before its instant, the last for ever. London from 09:00 and San Francisco from 13:00 are open
    while London is until 13:00, and while San Francisco is from then on. Raises InvalidValue for no calendar, and for
    instants that are not in order.
    """

    parts: tuple[tuple[Instant, Calendar], ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise InvalidValue("parts", [], "must hold at least one calendar")
        for (before, _), (after, _) in pairwise(self.parts):
            if after <= before:
                raise InvalidValue("parts", render(after), f"must come after {render(before)}")

    def at(self, instant: Instant) -> Calendar:
        """The calendar that counts at an instant."""
        begun = [calendar for start, calendar in self.parts if start <= instant]
        return begun[-1] if begun else self.parts[0][1]

    def add(self, start: Instant, working: Micros) -> Instant:
        """The earliest instant at which `working` has elapsed since `start`; as `Calendar.add`."""
        left, since = working, start
        for (_, calendar), (end, _) in pairwise(self.parts):
            if end <= since:
                continue
            if left <= (worked := calendar.elapsed(since, end)):
                return calendar.add(since, left)
            left, since = Micros(left - worked), end
        return self.parts[-1][1].add(since, left)

    def elapsed(self, start: Instant, end: Instant) -> Micros:
        """Working time in `[start, end)`. Raises InvalidValue for an end before the start."""
        if end < start:
            raise InvalidValue("end", render(end), f"must not lie before {render(start)}")
        return Micros(sum(calendar.elapsed(begin, until) for begin, until, calendar in self._within(start, end)))

    def stretches(self, start: Instant, end: Instant) -> tuple[Stretch, ...]:
        """`[start, end)` cut as `Calendar.stretches` cuts it, each part by the calendar that counts there."""
        parts = self._within(start, end)
        return joined([one for begin, until, calendar in parts for one in calendar.stretches(begin, until)])

    def _within(self, start: Instant, end: Instant) -> Iterator[tuple[Instant, Instant, Calendar]]:
        """The parts of `[start, end)`, each with its calendar; none of no length."""
        starts = [start, *(max(start, begin) for begin, _ in self.parts[1:]), end]
        for (_, calendar), (begin, following) in zip(self.parts, pairwise(starts), strict=True):
            until = min(following, end)
            if begin < until:
                yield Instant(begin), Instant(until), calendar


Hours = Calendar | HandedOver
"""What counts the time of a clock."""


def handed_over(parts: Sequence[tuple[Instant, Calendar]]) -> Hours:
    """The hours of these calendars, each from its instant on; one that is the same as before it changes nothing."""
    kept = [*parts[:1], *(after for before, after in pairwise(parts) if before[1] != after[1])]
    return kept[0][1] if len(kept) == 1 else HandedOver(tuple(kept))
