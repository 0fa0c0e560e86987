"""Intervals, and local dates as they are lived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.local_time.intervals import WHOLE_DAY, Interval, clipped, merged, without
from domain.calendar.local_time.local_days import days_shown, lived, local_days
from domain.calendar.rules.days import date_of
from domain.instants import DAY, HOUR, parse
from domain.policy.clocks.clocks import Span
from tests.support.strategies import deterministic

intervals = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda pair: Interval(pair[0], pair[0] + pair[1])), max_size=6
)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "Antarctica/Troll")


def points(some: tuple[Interval[int], ...] | list[Interval[int]]) -> set[int]:
    return {point for one in some for point in range(one.start, one.end)}


@deterministic
@given(intervals, intervals)
def test_intervals_merge_and_are_taken_from_one_another_as_the_points_in_them_are(
    some: list[Interval[int]], others: list[Interval[int]]
) -> None:
    assert points(merged(some)) == points(some)
    assert sum(one.length for one in merged(some)) == len(points(some))
    assert points(without(some, others)) == points(some) - points(others)
    for other in others:
        assert points(clipped(some, other)) == points(some) & points([other])


def test_an_interval_that_only_touches_another_has_nothing_in_common_with_it() -> None:
    assert Interval(2, 5).clip(5, 9) is None
    assert Interval(2, 5).clip(4, 9) == Interval(4, 5)


def test_a_span_that_goes_on_is_cut_where_the_other_ends() -> None:
    start, end = parse("2026-03-02T09:00:00Z"), parse("2026-03-02T17:00:00Z")
    assert Span(start, None).clip(parse("2026-03-02T08:00:00Z"), end) == Interval(start, end)
    assert Span(end, None).clip(start, end) is None


def test_a_date_whose_clocks_are_put_forward_comes_in_two_parts() -> None:
    days = list(local_days("Europe/Berlin", parse("2026-03-28T23:00:00Z"), parse("2026-03-29T22:00:00Z")))
    assert [(date_of(number).isoformat(), shown) for number, _, shown in days] == [
        ("2026-03-29", Interval(0, 2 * HOUR)),
        ("2026-03-29", Interval(3 * HOUR, 24 * HOUR)),
    ]


@deterministic
@given(
    st.sampled_from(ZONES),
    st.integers(parse("2011-12-20T00:00:00Z"), parse("2012-01-10T00:00:00Z")),
    st.integers(1, 400 * DAY),
)
def test_the_local_dates_of_a_time_are_lived_one_after_the_other_without_a_gap(
    zone: str, start: int, length: int
) -> None:
    parts = [lived(shown, midnight, shown) for _, midnight, shown in local_days(zone, start, start + length)]
    edges = [edge for part in parts if part is not None for edge in part]
    assert (edges[0], edges[-1]) == (start, start + length)
    assert edges[1:-1:2] == edges[2:-1:2]


@pytest.mark.parametrize(("start", "end"), [(5 * HOUR, 5 * HOUR), (5 * HOUR, 4 * HOUR)])
def test_a_time_that_ends_by_the_wall_clock_before_it_begins_has_no_dates(start: int, end: int) -> None:
    assert days_shown(start, end) == []


def test_a_whole_date_is_the_whole_day_itself() -> None:
    (first, second) = days_shown(DAY - HOUR, 3 * DAY - HOUR, HOUR)
    assert first == (1, DAY - HOUR, WHOLE_DAY)
    assert first[2] is WHOLE_DAY is second[2]
