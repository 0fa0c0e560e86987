"""Holidays that apply to whole shifts, and those that apply to dates: the example is a night shift, 22:00-06:00.

Christmas 2026 is a Friday; the 24th and the 26th are working days of this calendar.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.errors import InvalidValue
from domain.instants import HOUR, Micros, parse
from tests.support.builders import WEEKDAYS


def nights(applies_to: str | None = "shift", **rules: Any) -> Calendar:
    week = {weekday: [["22:00", "06:00"]] for weekday in WEEKDAYS}
    document = {"timezone": "UTC", "weekly_hours": week, "holidays": ["2026-12-25"], **rules}
    return Calendar.from_json(document if applies_to is None else {**document, "holidays_apply_to": applies_to})


def open_on(calendar: Calendar, *days: int) -> list[list[list[str]]]:
    return [[w.to_json() for w in calendar.open_windows(date(2026, 12, day))] for day in days]


EVENING, MORNING = ["22:00", "24:00"], ["00:00", "06:00"]


def test_a_holiday_of_whole_shifts_closes_the_night_that_begins_on_it() -> None:
    """A shift of 22:00-06:00 that begins on the holiday is closed to its end; one that began before it runs on."""
    assert open_on(nights(), 24, 25, 26, 27) == [[MORNING, EVENING], [MORNING], [EVENING], [MORNING, EVENING]]


@pytest.mark.parametrize("default", [None, "date"])
def test_a_holiday_closes_its_date_unless_it_applies_to_shifts(default: str | None) -> None:
    """By default a holiday closes its date from midnight to midnight, a part of each shift that runs over it."""
    found = open_on(nights(default), 24, 25, 26, 27)
    assert found == [[MORNING, EVENING], [], [MORNING, EVENING], [MORNING, EVENING]]


def test_both_ways_give_the_same_length_of_time_at_other_instants() -> None:
    start, end = parse("2026-12-24T12:00:00Z"), parse("2026-12-27T12:00:00Z")
    assert nights().elapsed(start, end) == nights("date").elapsed(start, end) == 16 * HOUR
    assert nights().add(start, Micros(8 * HOUR)) == parse("2026-12-25T06:00:00Z")
    assert nights("date").add(start, Micros(8 * HOUR)) == parse("2026-12-26T06:00:00Z")


def test_a_part_of_a_holiday_and_a_break_close_by_the_clock_whenever_the_shift_began() -> None:
    part = nights(holidays=[{"date": "2026-12-25", "closed": [["02:00", "03:00"], ["23:00", "24:00"]]}])
    assert open_on(part, 25, 26) == [
        [["00:00", "02:00"], ["03:00", "06:00"], ["22:00", "23:00"]],
        [MORNING, EVENING],
    ]
    broken = nights(breaks={"2026-12-25": [["01:00", "02:00"]]})
    assert open_on(broken, 25) == [[["00:00", "01:00"], ["02:00", "06:00"]]]


def test_hours_of_a_date_are_those_of_the_shifts_that_begin_on_it() -> None:
    special = nights(special_days={"2026-12-23": [["08:00", "12:00"]]})
    assert open_on(special, 22, 23, 24) == [[MORNING, EVENING], [MORNING, ["08:00", "12:00"]], [EVENING]]
    opening = nights(special_openings={"2026-12-25": [["20:00", "02:00"]]})
    assert open_on(opening, 25, 26) == [[MORNING, ["20:00", "24:00"]], [["00:00", "02:00"], EVENING]]


def test_holidays_of_every_year_and_ranges_apply_to_shifts_too() -> None:
    yearly = nights(holidays=["12-25"])
    assert open_on(yearly, 25, 26) == [[MORNING], [EVENING]]
    days = nights(holidays=[{"from": "2026-12-24", "to": "2026-12-26"}])
    assert open_on(days, 24, 25, 26, 27) == [[MORNING], [], [], [EVENING]]


def test_a_day_shift_is_the_same_either_way() -> None:
    day: dict[str, Any] = {"weekly_hours": {"fri": [["09:00", "17:00"]], "sat": [["09:00", "17:00"]]}}
    for calendar in (nights(**day), nights("date", **day)):
        assert open_on(calendar, 25, 26) == [[], [["09:00", "17:00"]]]


def test_the_end_of_a_night_that_did_not_begin_is_closed_by_its_holiday() -> None:
    named = nights(holidays=[{"date": "2026-12-25", "name": "Christmas"}])
    start, end = parse("2026-12-25T00:00:00Z"), parse("2026-12-26T22:00:00Z")
    found = [
        (one.start, None if one.closed_by is None else (one.closed_by.rule.value, one.closed_by.name))
        for one in named.stretches(start, end)
    ]
    assert found == [
        (start, None),
        (parse("2026-12-25T06:00:00Z"), ("holiday", "Christmas")),
        (parse("2026-12-26T06:00:00Z"), ("hours", None)),
    ]


def test_it_is_kept_only_where_it_is_not_the_default() -> None:
    assert nights().to_json()["holidays_apply_to"] == "shift"
    assert "holidays_apply_to" not in nights("date").to_json()
    assert Calendar.from_json(nights().to_json()) == nights() != nights("date")
    with pytest.raises(InvalidValue) as refusal:
        nights("shifts")
    assert refusal.value.field == "business_hours.holidays_apply_to"


def test_shifts_that_never_begin_are_refused() -> None:
    whole_year = [{"from": "01-01", "to": "12-31"}]
    with pytest.raises(InvalidValue, match="no working time"):
        nights(holidays=whole_year).require_ever_open()
    opened = nights(holidays=whole_year, special_openings={"2026-12-28": [["10:00", "14:00"]]})
    assert opened.require_ever_open() is opened
