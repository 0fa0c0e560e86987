"""Which rule closes a calendar when; 2026-03-02 is a Monday, and every time is in UTC unless it says otherwise."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.calendar.local_time.zones import HORIZON
from domain.calendar.rules.closures import Closure
from domain.errors import InvalidValue
from domain.instants import DAY, Instant, parse, render
from tests.domain.calendar.test_working_time_properties import cases
from tests.support.examples import examples

WEEK = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def told(start: str, end: str, weekly_hours: Any = WEEK, timezone: str = "UTC", **dated: Any) -> list[str]:
    """A line for each stretch: `02T09:00 open`; the last line is the end."""
    calendar = Calendar.from_json({"timezone": timezone, "weekly_hours": weekly_hours, **dated})
    found = calendar.stretches(parse(f"2026-{start}:00Z"), parse(f"2026-{end}:00Z"))
    return [f"{render(one.start)[8:16]} {spelled(one.closed_by)}" for one in found] + [render(found[-1].end)[8:16]]


def spelled(closure: Closure | None) -> str:
    if closure is None:
        return "open"
    return closure.rule.value if closure.name is None else f"{closure.rule.value} {closure.name}"


def test_evening_and_morning_are_one_stretch_outside_hours_and_a_weekend_is_one_without_hours() -> None:
    assert told("03-06T16:00", "03-09T10:00") == [
        "06T16:00 open",
        "06T17:00 hours",
        "07T00:00 weekday",
        "09T00:00 hours",
        "09T09:00 open",
        "09T10:00",
    ]


def test_a_holiday_is_told_by_its_name_for_its_whole_date() -> None:
    holidays = [{"date": "2026-03-03", "name": "Founders' Day"}]
    assert told("03-02T16:00", "03-04T09:30", holidays=holidays) == [
        "02T16:00 open",
        "02T17:00 hours",
        "03T00:00 holiday Founders' Day",
        "04T00:00 hours",
        "04T09:00 open",
        "04T09:30",
    ]


def test_of_two_holidays_on_a_date_each_is_told_for_what_it_closes_first() -> None:
    morning = {"date": "2026-03-03", "name": "Flood", "closed": [["08:00", "12:00"]]}
    noon = {"date": "2026-03-03", "name": "Storm", "closed": [["11:00", "14:00"]]}
    assert told("03-03T07:00", "03-03T15:00", holidays=[morning, noon]) == [
        "03T07:00 hours",
        "03T08:00 holiday Flood",
        "03T12:00 holiday Storm",
        "03T14:00 open",
        "03T15:00",
    ]


def test_a_special_opening_leaves_a_holiday_untold() -> None:
    holidays = [{"date": "2026-03-03", "name": "Founders' Day"}]
    openings = {"2026-03-03": [["10:00", "11:00"]]}
    assert told("03-03T00:00", "03-04T00:00", holidays=holidays, special_openings=openings) == [
        "03T00:00 special_day",
        "03T10:00 open",
        "03T11:00 special_day",
        "04T00:00",
    ]


def test_what_breaks_keep_closed_of_a_special_opening_is_told_by_the_name_of_the_holiday_that_closes_the_same() -> None:
    holidays = [
        {"date": "2026-03-03", "name": "Storm", "closed": [["12:00", "14:00"]]},
        {"date": "2026-03-03", "name": "Afternoon off", "closed": [["13:00", "24:00"]]},
    ]
    dated: Any = {"2026-03-03": [["10:00", "18:00"]]}
    breaks: Any = {"2026-03-03": [["12:00", "14:00"], ["16:00", "16:30"]]}
    assert told("03-03T10:00", "03-03T18:00", holidays=holidays, special_openings=dated, breaks=breaks) == [
        "03T10:00 open",
        "03T12:00 holiday Storm",
        "03T14:00 open",
        "03T16:00 break",
        "03T16:30 open",
        "03T18:00",
    ]


def test_a_break_and_the_hours_of_a_special_day_are_told() -> None:
    breaks: Any = {"2026-03-02": [["10:00", "10:30"]]}
    special: Any = {"2026-03-03": []}
    assert told("03-02T09:00", "03-04T00:00", breaks=breaks, special_days=special) == [
        "02T09:00 open",
        "02T10:00 break",
        "02T10:30 open",
        "02T12:00 hours",
        "02T13:00 open",
        "02T17:00 hours",
        "03T00:00 special_day",
        "04T00:00",
    ]


def test_a_holiday_without_a_name_is_a_holiday_all_the_same() -> None:
    assert told("03-03T12:00", "03-03T14:00", holidays=["2026-03-03"]) == ["03T12:00 holiday", "03T14:00"]


def test_dates_are_those_of_the_calendars_zone() -> None:
    # Midnight in Berlin is 23:00 in winter and 22:00 in summer; the clocks change on 29 March.
    assert told("03-27T16:30", "03-30T08:00", timezone="Europe/Berlin") == [
        "27T16:30 hours",
        "27T23:00 weekday",
        "29T22:00 hours",
        "30T07:00 open",
        "30T08:00",
    ]


def test_round_the_clock_is_one_open_stretch() -> None:
    start, end = parse("1970-01-01T00:00:00Z"), Instant(HORIZON)
    (one,) = Calendar.always().stretches(start, end)
    assert (one.start, one.end, one.closed_by) == (start, end, None)
    assert Calendar.always().stretches(end, end) == ()


def test_an_end_before_the_start_is_refused() -> None:
    calendar = Calendar.from_json({"timezone": "UTC", "weekly_hours": WEEK})
    with pytest.raises(InvalidValue):
        calendar.stretches(Instant(2), Instant(1))


@settings(derandomize=True, deadline=None, max_examples=examples(60))
@given(cases(), st.integers(0, 5 * DAY))
def test_stretches_follow_each_other_and_those_that_are_open_are_the_working_time(
    case: tuple[Calendar, Instant], length: int
) -> None:
    calendar, start = case
    end = Instant(min(start + length, HORIZON))
    found = calendar.stretches(start, end)
    edges = [start, *(one.end for one in found)]
    assert [one.start for one in found] == edges[:-1]
    assert edges[-1] == end
    assert all(one.start < one.end for one in found)
    assert sum(one.end - one.start for one in found if one.closed_by is None) == calendar.elapsed(start, end)
