"""Rates, percentiles, clusters."""

from __future__ import annotations

import statistics
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analytics.buckets import Granularity, buckets
from domain.analytics.clusters import clusters
from domain.analytics.figures import Figures, Group
from domain.analytics.periods import Period
from domain.analytics.rates import Tally
from domain.analytics.spreads import MEDIAN, P90, percentile, rank_below, spread
from domain.instants import DAY, HOUR, Instant, parse
from tests.domain.analytics.test_analytics_buckets import periods
from tests.support.strategies import deterministic

numbers = st.integers(0, 10**6)
tallies = st.builds(Tally, numbers, numbers, numbers)


@deterministic
@given(tallies)
def test_a_rate_lies_between_nothing_and_all_and_there_is_none_of_nothing(tally: Tally) -> None:
    assert (tally.compliance_rate is None) == (tally.met + tally.breached == 0)
    assert tally.compliance_rate is None or 0 <= tally.compliance_rate <= 100
    assert Tally(tally.met, tally.breached).compliance_rate == tally.compliance_rate


@pytest.mark.parametrize(
    ("met", "breached", "rate"), [(2, 1, 66.67), (0, 3, 0.0), (3, 0, 100.0), (1, 7, 12.5), (0, 0, None)]
)
def test_the_rate_is_the_percentage_of_the_counted_that_were_met(met: int, breached: int, rate: float | None) -> None:
    assert Tally(met, breached, cancelled=9).compliance_rate == rate


@pytest.mark.parametrize(
    ("met", "breached", "percent", "reached"),
    [
        *[(9, 1, "90", True), (9, 1, "90.1", False), (2, 1, "66.67", False), (2, 1, "66.66", True)],
        *[(0, 1, "0", True), (1, 0, "100", True), (99_999_999, 1, "100", False), (0, 0, "0", None)],
    ],
)
def test_a_percentage_is_reached_by_the_exact_rate(met: int, breached: int, percent: str, reached: bool | None) -> None:
    assert Tally(met, breached, cancelled=9).reaches(Decimal(percent)) is reached


@deterministic
@given(periods(longest=20), st.sampled_from(Granularity), st.lists(st.tuples(st.integers(-10, 700), st.booleans())))
def test_the_buckets_of_a_trend_add_up_to_the_summary(
    period: Period, granularity: Granularity, ended: list[tuple[int, bool]]
) -> None:
    instants = [(Instant(period.start + hour * HOUR), met) for hour, met in ended]
    whole = counted(instants, period.start, period.end)
    parts = (counted(instants, bucket.start, bucket.end) for bucket in buckets(period, granularity))
    assert sum(parts, Tally()) == whole


def counted(instants: list[tuple[Instant, bool]], start: Instant, end: Instant) -> Tally:
    within = [met for instant, met in instants if start <= instant < end]
    return Tally(within.count(True), within.count(False))


@deterministic
@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=60))
def test_percentiles_are_those_that_the_standard_library_calls_inclusive(values: list[int]) -> None:
    expected = statistics.quantiles(values, n=10, method="inclusive")
    found = spread(statistics.fmean(values), few(values), len(values))
    assert found.median == pytest.approx(statistics.median(values))
    assert found.p90 == pytest.approx(expected[8])
    assert min(values) <= found.median <= found.p90 <= max(values)


def few(values: list[int]) -> dict[int, int]:
    """Only what the store hands over: the values at the ranks around the percentiles."""
    below = [rank_below(len(values), share) for share in (MEDIAN, P90)]
    ranks = {rank for low in below for rank in (low, low + 1)}
    return {rank: value for rank, value in enumerate(sorted(values), start=1) if rank in ranks}


def test_the_percentiles_of_one_value_are_that_value() -> None:
    assert [percentile({1: 7}, 1, share) for share in (MEDIAN, P90)] == [7.0, 7.0]


def test_the_median_of_two_lies_midway_and_their_ninetieth_nine_tenths_along() -> None:
    assert [percentile({1: 10, 2: 20}, 2, share) for share in (MEDIAN, P90)] == [15.0, 19.0]


def test_groups_add_up_by_each_trait_and_only_counted_ones_show() -> None:
    figures = Figures(
        [
            Group("resolution", "high", "sla_1", None, Tally(met=1)),
            Group("resolution", None, "sla_2", "team_a", Tally(breached=2)),
            Group("first_response", "high", "sla_1", "team_a", Tally(met=1, breached=1)),
            Group("first_response", "low", "sla_3", "team_b", Tally(cancelled=5)),
        ],
        instances=4,
        times={},
        paused_share=None,
    )
    assert figures.tally == Tally(2, 3, 5)
    assert figures.by("type") == [("resolution", Tally(1, 2)), ("first_response", Tally(1, 1, 5))]
    assert figures.by("priority") == [("high", Tally(2, 1)), (None, Tally(0, 2))]
    assert figures.by("policy_id") == [("sla_1", Tally(2, 1)), ("sla_2", Tally(0, 2))]
    assert figures.by("team_id") == [("team_a", Tally(1, 3)), (None, Tally(1))]


def test_clusters_are_of_the_wall_clock_most_first() -> None:
    monday_night = parse("2026-03-01T23:30:00Z")
    moments = [monday_night, Instant(monday_night + 7 * DAY), parse("2026-03-04T11:00:00Z")]
    found = clusters("Europe/Berlin", moments)
    assert found.weekdays == (("mon", 2), ("wed", 1))
    assert found.hours == ((0, 2), (12, 1))
    assert clusters("UTC", moments).weekdays == (("sun", 2), ("wed", 1))
    assert clusters("UTC", []).hours == ()


def test_a_period_before_has_the_same_days_even_where_nothing_was_yet() -> None:
    first = parse("1970-01-03T00:00:00Z")
    period = Period(date.fromisoformat("1970-01-01"), date.fromisoformat("1970-01-02"), "UTC")
    assert (period.end, period.before().start, period.before().end) == (first, 0, 0)
    assert period.before().start_date == date.fromisoformat("1970-01-01") - timedelta(days=2)
