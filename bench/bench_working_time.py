"""Compiled working time against a naive walker: `python bench/bench_working_time.py`.

The baseline, `NaiveWalker`, is what most help desks do: step through the days and turn each window's ends into
UTC. Both answer the same questions in the same run, answers are compared, and the table shows medians and ratios.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent.parent))

from domain.calendar import Calendar, pin_packaged_tzdata, tzdata_version
from domain.instants import DAY, HOUR, Instant, Micros, from_datetime, to_datetime

ZONE = "Europe/Berlin"
WINDOWS = (((9, 0), (12, 0)), ((13, 0), (17, 0)))
HOLIDAYS = tuple(
    date(year, month, day) for year in range(2024, 2030) for month, day in ((1, 1), (5, 1), (12, 25), (12, 26))
)
QUESTIONS = 200
ROUNDS = 5


class NaiveWalker:
    """Day by day, window by window, with aware datetimes."""

    zone = ZoneInfo(ZONE)
    holidays = frozenset(HOLIDAYS)

    def windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = start.astimezone(self.zone).date()
        while True:
            if day.weekday() < 5 and day not in self.holidays:
                for opens, closes in WINDOWS:
                    yield self._utc(day, opens), self._utc(day, closes)
            day += timedelta(days=1)

    def _utc(self, day: date, at: tuple[int, int]) -> datetime:
        return datetime(day.year, day.month, day.day, *at, tzinfo=self.zone).astimezone(UTC)

    def add(self, start: datetime, working: timedelta) -> datetime:
        for opens, closes in self.windows(start):
            begins = max(opens, start)
            if begins < closes:
                if working <= closes - begins:
                    return begins + working
                working -= closes - begins
        raise AssertionError

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        total = timedelta()
        for opens, closes in self.windows(start):
            if opens >= end:
                return total
            total += max(min(closes, end) - max(opens, start), timedelta())
        raise AssertionError


def calendar(variant: int = 0) -> Calendar:
    """Equal hours each time; the variant only makes another value of it, which is compiled anew."""
    pairs = [[f"{a:02}:{b:02}", f"{c:02}:{d:02}"] for (a, b), (c, d) in WINDOWS]
    return Calendar.from_json(
        {
            "timezone": ZONE,
            "weekly_hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), pairs),
            "holidays": [day.isoformat() for day in HOLIDAYS] + [{"date": "2024-01-01", "name": f"variant {variant}"}],
        }
    )


def median_micros(call: Callable[[int], object], count: int) -> float:
    """Median over the questions of the best round, in microseconds."""
    best = [float("inf")] * count
    for _ in range(ROUNDS):
        for index in range(count):
            began = time.perf_counter_ns()
            call(index)
            best[index] = min(best[index], (time.perf_counter_ns() - began) / 1000)
    return statistics.median(best)


def cold_micros(question: Callable[[Calendar], object]) -> float:
    """Median of the first question to calendars never asked before; their zone is known already."""
    fresh = [calendar(variant) for variant in range(1, 31)]
    lasted = []
    for each in fresh:
        began = time.perf_counter_ns()
        question(each)
        lasted.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(lasted)


def report(name: str, naive: float, compiled: float) -> None:
    print(f"{name:<28}{naive:>12.1f}{compiled:>14.1f}{naive / compiled:>10.2f}x")


def main() -> None:
    pin_packaged_tzdata()
    walker, warm = NaiveWalker(), calendar()
    random = Random(7)
    first = from_datetime(datetime(2026, 1, 1, tzinfo=UTC))
    starts = [Instant(first + random.randrange(300 * DAY)) for _ in range(QUESTIONS)]
    aware = [to_datetime(start) for start in starts]
    print(f"{ZONE}, tzdata {tzdata_version()}, Python {sys.version.split()[0]}, {QUESTIONS} questions, medians in µs")
    print(f"{'':<28}{'naive walker':>12}{'compiled':>14}{'ratio':>11}")
    for hours in (1, 8, 40, 240):
        working, length = Micros(hours * HOUR), timedelta(hours=hours)
        assert all(
            to_datetime(warm.add(s, working)) == walker.add(a, length) for s, a in zip(starts, aware, strict=True)
        )
        naive = median_micros(lambda i, length=length: walker.add(aware[i], length), QUESTIONS)  # type: ignore[misc]
        compiled = median_micros(lambda i, working=working: warm.add(starts[i], working), QUESTIONS)  # type: ignore[misc]
        report(f"add {hours} h, warm", naive, compiled)
    for days in (1, 7, 90, 365):
        ends = [Instant(start + days * DAY) for start in starts]
        aware_ends = [to_datetime(end) for end in ends]
        answers = [walker.elapsed(a, b) for a, b in zip(aware, aware_ends, strict=True)]
        assert [warm.elapsed(a, b) for a, b in zip(starts, ends, strict=True)] == [
            answer // timedelta(microseconds=1) for answer in answers
        ]
        naive = median_micros(lambda i, ends=aware_ends: walker.elapsed(aware[i], ends[i]), QUESTIONS)  # type: ignore[misc]
        compiled = median_micros(lambda i, ends=ends: warm.elapsed(starts[i], ends[i]), QUESTIONS)  # type: ignore[misc]
        report(f"elapsed over {days} days, warm", naive, compiled)
    naive = median_micros(lambda _: walker.add(aware[0], timedelta(hours=8)), 30)
    report("add 8 h, first use", naive, cold_micros(lambda fresh: fresh.add(starts[0], Micros(8 * HOUR))))


if __name__ == "__main__":
    main()
