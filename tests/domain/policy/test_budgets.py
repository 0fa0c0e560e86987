"""Promises in working days and until fixed instants."""

from __future__ import annotations

from typing import Any

import pytest

from domain.calendar import Calendar
from domain.errors import InvalidValue, WorkingTimeExhausted
from domain.instants import HOUR, Instant, parse, render
from domain.plan.planning import plan
from domain.plan.plans import TargetPlan
from domain.policy.budgets import Deadline, WorkingDays
from domain.policy.targets import TargetRule
from domain.record.views import instance_view
from domain.ticket.events import Event
from tests.support.builders import (
    ALWAYS,
    OFFICE,
    a_snapshot,
    at,
    moments,
    only,
    opened,
    paused,
    reopened,
    resolved,
    resumed,
)

BERLIN = Calendar.from_json(
    {
        "timezone": "Europe/Berlin",
        "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": ["2026-03-04"],
    }
)


def planned(document: dict[str, Any], *events: Event, calendar: Calendar = OFFICE) -> TargetPlan:
    own = TargetRule.from_json({"id": "t", "type": "resolution", **document})
    return only(plan(a_snapshot(own, calendar=calendar), events))


@pytest.mark.parametrize(
    ("events", "stopped_at", "breached_at"),
    [
        ((opened("10:00"), resolved("09:00"), reopened("14:00"), resolved("18:00")), "18:00", "16:00"),
        ((opened("10:00"), resolved("10:00"), reopened("14:00"), resolved("18:00")), "18:00", "16:00"),
        ((opened("10:00"), resolved("10:00:01"), reopened("14:00"), resolved("18:00")), "18:00", "16:00"),
        ((opened("10:00"), resolved("11:00"), reopened("18:00"), resolved("18:00")), "18:00", "18:00"),
        ((opened("10:00"), resolved("11:00"), reopened("18:00"), resolved("18:00:01")), "18:00:01", "18:00"),
        ((opened("10:00"), resolved("16:00"), reopened("18:00"), resolved("18:00")), "18:00", "18:00"),
        ((opened("10:00"), resolved("09:00"), reopened("18:00"), resolved("18:00")), "18:00", "18:00"),
        ((opened("10:00"), resolved("11:00"), reopened("16:00"), resolved("16:00")), "16:00", None),
    ],
)
def test_a_fixed_instant_is_missed_by_a_reopening_however_short_the_clock_ran(
    events: tuple[Event, ...], stopped_at: str, breached_at: str | None
) -> None:
    target = planned({"by": {"time": "16:00"}}, *events, calendar=ALWAYS)
    assert (target.started_at, target.stopped_at) == (at("10:00"), at(stopped_at))
    assert (target.due_at, target.breached_at) == (at("16:00"), None if breached_at is None else at(breached_at))
    assert target.used == at(stopped_at) - at("10:00")


def test_the_first_of_several_reopenings_after_a_fixed_instant_misses_it() -> None:
    short = opened("10:00"), resolved("11:00"), reopened("18:00"), resolved("18:00")
    target = planned({"by": {"time": "16:00"}}, *short, reopened("20:00"), resolved("21:00"), calendar=ALWAYS)
    assert target.breached_at == at("18:00")


def test_a_ticket_resolved_before_its_opening_and_reopened_is_due_at_the_fixed_instant() -> None:
    target = planned({"by": {"time": "16:00"}}, opened("10:00"), resolved("09:00"), reopened("14:00"), calendar=ALWAYS)
    assert (target.due_at, target.breached_at) == (at("16:00"), at("16:00"))


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("10:00", 1, "2026-03-03T10:00:00Z"),
        ("10:00", 4, "2026-03-06T10:00:00Z"),
        ("fri 12:30:52", 1, "2026-03-09T12:30:52Z"),
        ("20:00", 1, "2026-03-03T17:00:00Z"),
        ("sat 11:00", 1, "2026-03-09T17:00:00Z"),
        ("08:00", 1, "2026-03-02T17:00:00Z"),
        ("17:00", 1, "2026-03-03T17:00:00Z"),
    ],
)
def test_working_days_end_at_the_same_wall_time_so_many_working_days_later(start: str, days: int, due: str) -> None:
    """The same wall time so many working days later, or that day's closing, as working time from the next opening."""
    assert planned({"days": days}, opened(start)).due_at == parse(due)


def test_a_holiday_is_no_working_day() -> None:
    assert render(planned({"days": 2}, opened("10:00"), calendar=BERLIN).due_at or Instant(0)) == "2026-03-05T10:00:00Z"


def test_the_end_of_a_working_day_is_its_last_closing_time() -> None:
    assert planned({"days": 1, "end_of_day": True}, opened("10:00")).due_at == at("tue 17:00")


def test_a_working_day_around_the_clock_is_a_day() -> None:
    assert planned({"days": 1}, opened("10:00"), calendar=ALWAYS).due_at == at("tue 10:00")
    assert planned({"days": 1, "end_of_day": True}, opened("10:00"), calendar=ALWAYS).due_at == at("wed 00:00")


def test_a_pause_puts_working_days_off_by_working_time() -> None:
    target = planned({"days": 1}, opened("10:00"), paused("11:00"), resumed("13:00"))
    assert (target.due_at, target.budget) == (at("tue 12:00"), 8 * HOUR)
    assert moments(target)["halfway"] == at("16:00")


@pytest.mark.parametrize(
    ("start", "by", "due"),
    [
        ("10:00", {"weekday": "fri", "time": "16:00"}, "fri 16:00"),
        ("fri 15:59", {"weekday": "fri", "time": "16:00"}, "fri 16:00"),
        ("10:00", {"time": "16:00"}, "16:00"),
        ("16:00", {"time": "16:00"}, "tue 16:00"),
    ],
)
def test_a_fixed_instant_is_the_next_such_wall_time(start: str, by: dict[str, str], due: str) -> None:
    """The next such wall time strictly after the start, in the calendar's zone; no pause moves it."""
    assert planned({"by": by}, opened(start)).due_at == at(due)


def test_a_fixed_instant_of_this_very_minute_is_the_one_of_the_week_after() -> None:
    due_at = planned({"by": {"weekday": "mon", "time": "10:00"}}, opened("10:00")).due_at
    assert render(due_at or Instant(0)) == "2026-03-09T10:00:00Z"


def test_a_fixed_instant_is_one_of_the_calendars_zone() -> None:
    due_at = planned({"by": {"weekday": "fri", "time": "16:00"}}, opened("10:00"), calendar=BERLIN).due_at
    assert render(due_at or Instant(0)) == "2026-03-06T15:00:00Z"


def test_neither_a_pause_nor_a_reopening_moves_a_fixed_instant() -> None:
    by = {"by": {"weekday": "fri", "time": "16:00"}}
    target = planned(by, opened("10:00"), paused("11:00"))
    assert (target.state.value, target.due_at) == ("running", at("fri 16:00"))
    again = planned(by, opened("10:00"), resolved("tue 10:00"), reopened("thu 10:00"))
    assert again.due_at == at("fri 16:00")
    late = planned(by, opened("10:00"), resolved("tue 10:00"), reopened("sat 10:00"))
    assert (late.due_at, late.breached_at) == (at("fri 16:00"), at("sat 10:00"))
    assert (moments(late)["halfway"], moments(late)["at_risk"]) == (at("sat 10:00"), at("sat 10:00"))


def test_the_time_left_until_a_fixed_instant_is_wall_time() -> None:
    own = TargetRule.from_json({"id": "t", "type": "resolution", "by": {"weekday": "tue", "time": "10:00"}})
    snapshot = a_snapshot(own)
    view = instance_view(snapshot, plan(snapshot, [opened("10:00")]), (), at("22:00"))
    resolution = view["targets"]["resolution"]
    assert (resolution["elapsed_seconds"], resolution["remaining_seconds"]) == (12 * 3600, 12 * 3600)


def test_a_wall_time_that_a_clock_change_skips_counts_one_hour_later() -> None:
    """Vendor case C075: 02:30 on 9 March 2014 in Los Angeles is 10:30 UTC."""
    at_half_past_two = Deadline.from_json({"time": "02:30"})
    assert (
        render(at_half_past_two.after("America/Los_Angeles", parse("2014-03-09T08:00:00Z"))) == "2014-03-09T10:30:00Z"
    )


def test_a_wall_time_that_comes_twice_counts_the_first_time() -> None:
    deadline = Deadline.from_json({"time": "01:30"})
    first = deadline.after("America/New_York", parse("2024-11-03T04:00:00Z"))
    assert render(first) == "2024-11-03T05:30:00Z"


def test_what_would_end_after_the_year_2100_is_refused() -> None:
    with pytest.raises(WorkingTimeExhausted):
        Deadline.from_json({"weekday": "mon", "time": "10:00"}).after("UTC", parse("2100-12-31T12:00:00Z"))
    with pytest.raises(WorkingTimeExhausted):
        WorkingDays(20).length(OFFICE, parse("2100-12-20T12:00:00Z"))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "target.hours"),
        ({"days": 0}, "target.days"),
        ({"days": 1.5}, "target.days"),
        ({"days": True}, "target.days"),
        ({"days": 1, "hours": 2}, "target.days"),
        ({"hours": 2, "end_of_day": True}, "target.end_of_day"),
        ({"days": 2, "end_of_day": "yes"}, "target.end_of_day"),
        ({"by": {"weekday": "friday", "time": "16:00"}}, "target.by.weekday"),
        ({"by": {"weekday": "fri"}}, "target.by.time"),
        ({"by": {"time": "24:00"}}, "target.by.time"),
        ({"by": {"time": "16:00", "zone": "UTC"}}, "target.by.zone"),
        ({"by": "friday"}, "target.by"),
        ({"by": {"time": "16:00"}, "days": 2}, "target.days"),
    ],
)
def test_a_promise_that_cannot_be_is_refused_by_name(document: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        TargetRule.from_json({"type": "resolution", **document}, "target")
    assert refused.value.field == field


@pytest.mark.parametrize("document", [{"days": 3}, {"days": 3, "end_of_day": True}, {"by": {"time": "16:00"}}])
def test_a_promise_reads_back_the_same(document: dict[str, Any]) -> None:
    own = TargetRule.from_json({"id": "t", "type": "resolution", **document})
    spelled = own.to_json()
    assert (spelled["hours"], spelled["minutes"]) == (None, None)
    assert TargetRule.from_json(spelled) == own
