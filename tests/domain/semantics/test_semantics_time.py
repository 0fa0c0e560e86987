"""Rows of docs/semantics.md about time itself; each docstring is the sentence of its row."""

from datetime import UTC, datetime

import pytest

from domain.calendar import Calendar
from domain.errors import InvalidValue
from domain.instants import HOUR, MINUTE, from_datetime, parse, render, to_datetime
from domain.plan.status import met
from domain.policy.clocks.clocks import ClockState
from tests.support.builders import OFFICE, acknowledged, at, opened, resolution, resolved, target_of, two_clocks


def test_instants_are_microseconds_in_utc() -> None:
    """aware UTC; integers of microseconds inside `domain`; never floats, never naive"""
    instant = parse("2026-03-02T10:00:00.000001+01:00")
    assert type(instant) is int
    assert instant == at("09:00") + 1
    assert to_datetime(instant) == datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)
    assert render(instant) == "2026-03-02T09:00:00.000001Z"
    for naive in (datetime(2026, 3, 2, 9), datetime(2026, 3, 2)):  # noqa: DTZ001 - refused is what is shown
        with pytest.raises(InvalidValue, match="started_at: must carry a UTC offset"):
            from_datetime(naive, "started_at")
    with pytest.raises(InvalidValue, match=r"must carry a UTC offset, got '2026-03-02T09:00:00'"):
        parse("2026-03-02T09:00:00")


def test_working_time_is_real_time_while_the_wall_clock_is_in_an_open_window() -> None:
    """real elapsed seconds during which the local wall clock is inside an open window `[open, close)`"""
    assert OFFICE.elapsed(at("08:00"), at("tue 10:00")) == 9 * HOUR
    assert [OFFICE.is_open(at(time)) for time in ("08:59:59", "09:00", "16:59:59", "17:00")] == [
        False,
        True,
        True,
        False,
    ]
    nights = {
        "timezone": "America/New_York",
        "weekly_hours": {"sat": [["22:00", "24:00"]], "sun": [["00:00", "06:00"]]},
    }
    night = Calendar.from_json(nights)
    autumn = parse("2026-11-01T02:00:00Z"), parse("2026-11-01T11:00:00Z")
    spring = parse("2026-03-08T03:00:00Z"), parse("2026-03-08T10:00:00Z")
    assert (night.elapsed(*autumn), night.elapsed(*spring)) == (9 * HOUR, 7 * HOUR)


def test_due_falls_on_closing_time() -> None:
    """the closing instant, not the next opening"""
    target = resolution(opened("16:00"), minutes=60)
    assert target.due_at == at("17:00")
    assert resolution(opened("16:00"), resolved("17:00"), minutes=60).breached_at is None
    assert resolution(opened("16:00"), resolved("17:00:01"), minutes=60).breached_at == at("17:00")


def test_done_exactly_at_due_is_met() -> None:
    """met; a breach is strictly later"""
    in_time = resolution(opened("09:00"), resolved("10:00"))
    too_late = resolution(opened("09:00"), resolved("10:00:01"))
    assert (in_time.state, met(in_time, at("10:00")), in_time.breached_at) == (ClockState.STOPPED, True, None)
    assert (too_late.state, met(too_late, at("10:01")), too_late.breached_at) == (
        ClockState.STOPPED,
        False,
        at("10:00"),
    )
    response = target_of(two_clocks(opened("09:00"), acknowledged("09:30")), "first_response")
    assert (response.due_at, met(response, at("09:30"))) == (at("09:30"), True)


def test_a_calendar_with_no_working_time_is_refused() -> None:
    """refused when created"""
    empty: tuple[dict[str, list[str]], ...] = ({}, {"mon": []})
    for week in empty:
        with pytest.raises(InvalidValue, match="no working time"):
            Calendar.from_json({"timezone": "UTC", "weekly_hours": week})
    assert resolution(opened("09:00"), minutes=480).due_at == at("09:00") + 480 * MINUTE
