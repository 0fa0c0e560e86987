"""Working time where the local clock jumps: gaps, folds, skipped days, offsets with seconds."""

import zoneinfo
from datetime import datetime
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.instants import HOUR, MINUTE, SECOND, Instant, Micros, from_datetime, parse, render

EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def daily(timezone: str, *windows: list[str], **dated: Any) -> Calendar:
    return Calendar.from_json(
        {"timezone": timezone, "weekly_hours": {day: list(windows) for day in EVERY_DAY}, **dated}
    )


def local(timezone: str, text: str, fold: int = 0) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(timezone), fold=fold))


def worked_on(calendar: Calendar, first: str, last: str) -> int:
    """Working time between two local midnights."""
    return calendar.elapsed(local(calendar.timezone, first), local(calendar.timezone, last))


def test_a_wall_time_inside_a_gap_does_not_exist_and_adds_nothing() -> None:
    calendar = daily("Europe/Berlin", ["02:15", "02:45"])
    assert worked_on(calendar, "2026-03-29", "2026-03-30") == 0
    assert worked_on(calendar, "2026-03-28", "2026-03-29") == 30 * MINUTE


def test_a_window_that_reaches_into_a_gap_loses_the_part_that_does_not_exist() -> None:
    calendar = daily("Europe/Berlin", ["01:30", "03:30"])
    assert worked_on(calendar, "2026-03-29", "2026-03-30") == HOUR
    assert render(calendar.add(parse("2026-03-29T00:30:00Z"), HOUR)) == "2026-03-29T01:30:00Z"


def test_a_wall_time_inside_a_fold_is_open_in_both_passes() -> None:
    calendar = daily("Europe/Berlin", ["02:15", "02:45"])
    assert worked_on(calendar, "2026-10-25", "2026-10-26") == HOUR
    opens_again = local("Europe/Berlin", "2026-10-25T02:15", fold=1)
    assert calendar.add(parse("2026-10-25T00:15:00Z"), Micros(31 * MINUTE)) == opens_again + MINUTE
    assert not calendar.is_open(Instant(opens_again - 1))
    assert calendar.is_open(opens_again)


def test_a_day_with_a_fold_has_25_working_hours_around_the_clock() -> None:
    calendar = daily("America/New_York", ["00:00", "24:00"])
    assert worked_on(calendar, "2026-11-01", "2026-11-02") == 25 * HOUR
    assert worked_on(calendar, "2026-03-08", "2026-03-09") == 23 * HOUR


def test_a_night_over_a_fold_is_an_hour_longer() -> None:
    calendar = daily("Europe/Berlin", ["22:00", "06:00"])
    night = local("Europe/Berlin", "2026-10-24T12:00"), local("Europe/Berlin", "2026-10-25T12:00")
    assert calendar.elapsed(*night) == 9 * HOUR


def test_a_half_hour_change_counts_half_an_hour() -> None:
    calendar = daily("Australia/Lord_Howe", ["00:00", "24:00"])
    assert worked_on(calendar, "2026-10-04", "2026-10-05") == 23 * HOUR + 30 * MINUTE
    assert worked_on(calendar, "2026-04-05", "2026-04-06") == 24 * HOUR + 30 * MINUTE


def test_a_zone_whose_winter_is_the_exception_counts_like_any_other() -> None:
    calendar = daily("Europe/Dublin", ["00:30", "02:30"])
    assert worked_on(calendar, "2026-03-29", "2026-03-30") == HOUR
    assert worked_on(calendar, "2026-10-25", "2026-10-26") == 3 * HOUR


@pytest.mark.parametrize(
    ("timezone", "before", "skipped", "after"),
    [
        ("Pacific/Apia", "2011-12-29", "2011-12-30", "2011-12-31"),
        ("Pacific/Kwajalein", "1993-08-20", "1993-08-21", "1993-08-22"),
    ],
)
def test_a_day_the_zone_skipped_has_no_working_time(timezone: str, before: str, skipped: str, after: str) -> None:
    closing, opening = local(timezone, f"{before}T17:00"), local(timezone, f"{after}T09:00")
    assert opening - closing == 16 * HOUR
    for rules in ({}, {"holidays": [skipped]}, {"special_days": {skipped: [["00:00", "24:00"]]}}):
        calendar = daily(timezone, ["09:00", "17:00"], **rules)
        assert calendar.elapsed(closing, opening) == 0
        assert calendar.add(closing, SECOND) == opening + SECOND


def test_a_night_into_a_skipped_day_ends_at_midnight() -> None:
    calendar = daily("Pacific/Apia", ["22:00", "02:00"], holidays=["2011-12-31"])
    start = local("Pacific/Apia", "2011-12-29T12:00")
    assert calendar.elapsed(start, local("Pacific/Apia", "2011-12-31T12:00")) == 2 * HOUR


def test_an_evening_lived_twice_is_open_twice() -> None:
    # At 02:00 on 5 March 2010 Casey's clocks went back three hours, to the evening before.
    calendar = daily("Antarctica/Casey", ["23:00", "24:00"])
    first = local("Antarctica/Casey", "2010-03-04T23:00")
    assert calendar.elapsed(first, Instant(first + 6 * HOUR)) == 2 * HOUR


def test_an_offset_with_seconds_is_honoured() -> None:
    calendar = daily("Africa/Monrovia", ["09:00", "17:00"])
    assert render(calendar.add(parse("1971-06-01T00:00:00Z"), SECOND)) == "1971-06-01T09:44:31Z"
    assert render(calendar.add(parse("1971-06-01T00:00:00Z"), Micros(8 * HOUR))) == "1971-06-01T17:44:30Z"


def test_the_gap_of_44_minutes_and_30_seconds_in_monrovia_adds_nothing() -> None:
    calendar = daily("Africa/Monrovia", ["00:00", "01:00"])
    assert calendar.elapsed(parse("1972-01-07T00:00:00Z"), parse("1972-01-07T12:00:00Z")) == 15 * MINUTE + 30 * SECOND


def test_local_new_year_is_no_seam() -> None:
    calendar = daily("Pacific/Auckland", ["00:00", "24:00"], holidays=["2026-01-01"])
    start = local("Pacific/Auckland", "2025-12-31T12:00")
    assert calendar.elapsed(start, local("Pacific/Auckland", "2026-01-02T12:00")) == 24 * HOUR
    assert calendar.add(start, Micros(12 * HOUR)) == local("Pacific/Auckland", "2026-01-01")
    assert calendar.add(start, Micros(12 * HOUR + 1)) == local("Pacific/Auckland", "2026-01-02") + 1
