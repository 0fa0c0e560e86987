"""The downtime of a month is the union of its incidents, and a target says how much of it there may be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import pin_packaged_tzdata
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros, parse, render
from domain.policy.clocks.clocks import Span
from domain.scrubbe.uptime import Month, Uptime, downtime, month_of, outages
from tests.support.strategies import deterministic

pin_packaged_tzdata()
NOW = parse("2026-04-11T00:00:00Z")
APRIL = month_of("UTC", NOW)
GRID = 240

minutes = st.integers(-30, GRID + 30)
turns = st.lists(st.tuples(minutes, st.booleans()), max_size=6)


def minute(number: int) -> Instant:
    return Instant(NOW + number * MINUTE)


def goes_on(incident: list[tuple[int, bool]], at: int) -> bool:
    """What an incident was last turned to; of several turns in a minute the last one given counts."""
    state, since = False, -(10**9)
    for when, going_on in incident:
        if since <= when <= at:
            state, since = going_on, when
    return state


@deterministic
@given(st.lists(turns, max_size=5), st.integers(0, GRID), st.integers(0, GRID))
def test_downtime_is_every_minute_in_which_an_incident_goes_on(
    incidents: list[list[tuple[int, bool]]], start: int, length: int
) -> None:
    spans = [span for one in incidents for span in outages((minute(at), going_on) for at, going_on in one)]
    counted = sum(any(goes_on(one, at) for one in incidents) for at in range(start, start + length))
    assert downtime(spans, minute(start), minute(start + length)) == counted * MINUTE


@deterministic
@given(st.lists(turns, max_size=4), st.integers(0, GRID))
def test_downtime_of_two_stretches_adds_up_to_that_of_both(
    incidents: list[list[tuple[int, bool]]], middle: int
) -> None:
    spans = [span for one in incidents for span in outages((minute(at), going_on) for at, going_on in one)]
    parts = (downtime(spans, minute(0), minute(middle)), downtime(spans, minute(middle), minute(GRID)))
    assert sum(parts) == downtime(spans, minute(0), minute(GRID))


def test_an_incident_that_is_reopened_has_two_spans_and_one_that_is_open_has_no_end() -> None:
    history = [(minute(0), False), (minute(5), True), (minute(9), True), (minute(20), False), (minute(30), True)]
    assert list(outages(history)) == [Span(minute(5), minute(20)), Span(minute(30), None)]


def test_an_incident_that_never_began_has_no_span() -> None:
    assert list(outages([])) == []
    assert list(outages([(minute(0), False), (minute(1), False)])) == []


MONTHS = [
    ("UTC", "2026-02-11T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
    ("UTC", "2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
    ("UTC", "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ("Europe/Berlin", "2026-03-31T21:59:59Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
    ("Europe/Berlin", "2026-03-31T22:00:00Z", "2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z"),
    ("America/New_York", "2026-11-01T03:00:00Z", "2026-10-01T04:00:00Z", "2026-11-01T04:00:00Z"),
    ("UTC", "2100-12-15T00:00:00Z", "2100-12-01T00:00:00Z", "2101-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(("zone", "now", "start", "end"), MONTHS)
def test_a_month_is_that_of_the_zone_and_as_long_as_its_clocks_make_it(
    zone: str, now: str, start: str, end: str
) -> None:
    month = month_of(zone, parse(now))
    assert (render(month.start), render(month.end), month.now) == (start, end, parse(now))


def test_a_target_leaves_downtime_for_the_whole_month_and_is_compared_with_the_month_so_far() -> None:
    # Ten of thirty days have passed; 99.9 % of thirty days leave 43.2 minutes, of ten days 14.4.
    met = Uptime(APRIL, Micros(14 * MINUTE), Decimal("99.9"))
    assert (met.allowed, met.remaining) == (Micros(43_200_000 * 60), Micros(29_200_000 * 60))
    assert (met.percent, met.target_met) == (99.9027, True)
    missed = Uptime(APRIL, Micros(15 * MINUTE), Decimal("99.9"))
    assert (missed.percent, missed.target_met, missed.remaining) == (99.8958, False, Micros(28_200_000 * 60))


def test_more_downtime_than_there_may_be_leaves_none() -> None:
    over = Uptime(APRIL, Micros(HOUR), Decimal("99.9"))
    assert (over.remaining, over.target_met) == (0, False)


def test_a_target_that_is_met_exactly_is_met_and_one_microsecond_more_misses_it() -> None:
    exactly = Micros(10 * DAY // 1000)
    assert Uptime(APRIL, exactly, Decimal("99.9")).target_met is True
    missed = Uptime(APRIL, Micros(exactly + 1), Decimal("99.9"))
    assert (missed.target_met, missed.percent) == (False, 99.8999)


@pytest.mark.parametrize(("target", "down", "met"), [("100", 0, True), ("100", 1, False), ("0", 10 * DAY, True)])
def test_the_ends_of_the_scale_are_targets_like_others(target: str, down: int, met: bool) -> None:
    assert Uptime(APRIL, Micros(down), Decimal(target)).target_met is met


def test_without_a_target_there_is_nothing_to_meet_and_nothing_allowed() -> None:
    free = Uptime(APRIL, Micros(HOUR))
    assert (free.percent, free.allowed, free.remaining, free.target_met) == (99.5833, None, None, None)


def test_at_the_first_instant_of_a_month_nothing_can_be_said_of_it_yet() -> None:
    first = Uptime(Month(APRIL.start, APRIL.end, APRIL.start), Micros(0), Decimal("99.9"))
    assert (first.percent, first.target_met, first.remaining) == (None, None, first.allowed)
