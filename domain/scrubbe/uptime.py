"""How much of a month was free of incidents, and how much downtime a target leaves (Scrubbe, `uptimeTarget`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from domain.analytics.wall_time import day_start, wall_clock
from domain.calendar.local_time.intervals import merged
from domain.instants import Instant, Micros
from domain.policy.clocks.clocks import Span

_A_MONTH_AND_MORE = timedelta(days=31)
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of a zone as the instants `[start, end)`, seen from `now` within it."""

    start: Instant
    end: Instant
    now: Instant

    @property
    def elapsed(self) -> Micros:
        return Micros(self.now - self.start)


def month_of(zone: str, now: Instant) -> Month:
    """The month that the zone's calendar shows."""
    first = wall_clock(zone, now).date().replace(day=1)
    following = (first + _A_MONTH_AND_MORE).replace(day=1)
    return Month(day_start(zone, first), day_start(zone, following), now)


def outages(turns: Iterable[tuple[Instant, bool]]) -> Iterator[Span]:
    """The spans in which an incident was going on; the last may have no end.

    `turns` says from when on it was going on (true) or over. Turns of one instant count in the order in which they are
    given.
    """
    began: Instant | None = None
    for at, going_on in sorted(turns, key=lambda turn: turn[0]):
        if going_on and began is None:
            began = at
        elif not going_on and began is not None:
            yield Span(began, at)
            began = None
    if began is not None:
        yield Span(began, None)


def downtime(spans: Iterable[Span], start: Instant, end: Instant) -> Micros:
    """How much of `[start, end)` the spans cover; time that several of them cover counts once."""
    parts = (span.clip(start, end) for span in spans)
    return Micros(sum(one.length for one in merged(part for part in parts if part is not None)))


@dataclass(frozen=True, slots=True)
class Uptime:
    """The month up to now with `down` of it, against a `target` in percent (None: there is none)."""

    month: Month
    down: Micros
    target: Decimal | None = None

    @property
    def percent(self) -> float | None:
        """The uptime of the time that has passed, to four decimals; None at the very start of the month.

        It is rounded down, so that it never shows a target as reached that was missed.
        """
        share = self._share
        return None if share is None else int(share * 10**_DIGITS) / 10**_DIGITS

    @property
    def allowed(self) -> Micros | None:
        """The downtime that the target leaves in the whole month, to the microsecond below."""
        if self.target is None:
            return None
        return Micros(int((self.month.end - self.month.start) * (100 - Fraction(self.target)) / 100))

    @property
    def remaining(self) -> Micros | None:
        """How much of the allowed downtime is left, never less than nothing."""
        allowed = self.allowed
        return None if allowed is None else Micros(max(0, allowed - self.down))

    @property
    def target_met(self) -> bool | None:
        """Over the time that has passed."""
        share = self._share
        return None if share is None or self.target is None else share >= Fraction(self.target)

    @property
    def _share(self) -> Fraction | None:
        elapsed = self.month.elapsed
        return None if elapsed == 0 else Fraction(100 * (elapsed - self.down), elapsed)
