"""The hours of the week, as the wall clock of a zone showed them."""

from __future__ import annotations

import pytest

from domain.analytics.periods import read_period
from domain.analytics.week import QUARTER, unit_of, week_of
from domain.instants import HOUR, SECOND, Micros, parse

NOW = parse("2027-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("zone", "year", "unit"),
    [
        ("UTC", 2026, HOUR),
        ("Europe/Berlin", 2026, HOUR),
        ("Asia/Kolkata", 2026, QUARTER),
        ("Asia/Kathmandu", 2026, QUARTER),
        # Its clocks are changed by half an hour.
        ("Australia/Lord_Howe", 2026, QUARTER),
        # Until 1972 it was 44 minutes and 30 seconds before UTC.
        ("Africa/Monrovia", 1971, SECOND),
        ("Africa/Monrovia", 2026, HOUR),
    ],
)
def test_the_hour_of_the_wall_clock_never_changes_within_a_unit(zone: str, year: int, unit: Micros) -> None:
    assert unit_of(read_period(f"{year}-01-01", f"{year}-12-31", zone, NOW)) == unit


def test_an_hour_that_is_there_twice_counts_in_one_place_and_one_that_is_not_stays_empty() -> None:
    night = [parse(f"2026-10-25T{hour:02}:00:00Z") for hour in range(4)]
    week = week_of("Europe/Berlin", ((at, 10) for at in night))
    assert [week.counts[6][hour] for hour in range(6)] == [0, 0, 20, 10, 10, 0]
    spring = [parse(f"2026-03-29T{hour:02}:00:00Z") for hour in range(4)]
    assert [week_of("Europe/Berlin", ((at, 1) for at in spring)).counts[6][hour] for hour in range(6)] == [
        0, 1, 0, 1, 1, 1
    ]  # fmt: skip
    assert week.total == 40
