"""Which windows are open on a date: past midnight, holidays, special days, breaks and their precedence.

2026-03-02 is a Monday.
"""

from datetime import date
from typing import Any

from domain.calendar import Calendar

MON, TUE, WED = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)
NIGHTS = {"mon": [["22:00", "06:00"]]}


def hours(day: date, weekly_hours: dict[str, Any], **dated: Any) -> list[str]:
    calendar = Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": weekly_hours, **dated})
    return ["-".join(window.to_json()) for window in calendar.open_windows(day)]


def test_a_window_past_midnight_belongs_to_its_starting_weekday_and_is_split_at_midnight() -> None:
    assert [hours(day, NIGHTS) for day in (MON, TUE, WED)] == [["22:00-24:00"], ["00:00-06:00"], []]


def test_a_window_past_sunday_midnight_opens_monday_morning() -> None:
    assert hours(MON, {"sun": [["20:00", "04:00"]]}) == ["00:00-04:00"]


def test_a_holiday_closes_only_the_part_of_the_night_on_its_own_date() -> None:
    assert [hours(day, NIGHTS, holidays=["2026-03-02"]) for day in (MON, TUE)] == [[], ["00:00-06:00"]]
    assert [hours(day, NIGHTS, holidays=["2026-03-03"]) for day in (MON, TUE)] == [["22:00-24:00"], []]


def test_a_special_day_replaces_the_part_of_the_night_that_reaches_into_it() -> None:
    special = {"2026-03-03": [["10:00", "11:00"]]}
    assert [hours(day, NIGHTS, special_days=special) for day in (MON, TUE)] == [["22:00-24:00"], ["10:00-11:00"]]


def test_a_special_day_replaces_only_the_part_of_the_night_on_its_own_date() -> None:
    special = {"2026-03-02": [["10:00", "11:00"]]}
    assert [hours(day, NIGHTS, special_days=special) for day in (MON, TUE)] == [["10:00-11:00"], ["00:00-06:00"]]


def test_a_special_night_adds_to_the_hours_of_the_next_date() -> None:
    weekly, special = {"tue": [["05:00", "12:00"]]}, {"2026-03-02": [["23:00", "02:00"], ["22:00", "05:00"]]}
    assert [hours(day, weekly, special_days=special) for day in (MON, TUE)] == [["22:00-24:00"], ["00:00-12:00"]]


def test_a_special_night_does_not_reach_into_a_holiday_or_another_special_day() -> None:
    weekly, night = {"tue": [["09:00", "12:00"]]}, {"2026-03-02": [["22:00", "05:00"]]}
    assert hours(TUE, weekly, special_days=night, holidays=["2026-03-03"]) == []
    assert hours(TUE, weekly, special_days={**night, "2026-03-03": []}) == []
    assert hours(TUE, weekly, special_days={**night, "2026-03-03": [["10:00", "11:00"]]}) == ["10:00-11:00"]


def test_on_a_date_that_is_holiday_and_special_the_holiday_wins() -> None:
    dated = {"holidays": ["2026-03-02"], "special_days": {"2026-03-02": [["22:00", "05:00"]]}}
    assert hours(MON, {"mon": [["09:00", "17:00"]]}, **dated) == []
    # The part after midnight obeys its own date, as it does for weekly hours.
    assert hours(TUE, {"mon": [["09:00", "17:00"]]}, **dated) == ["00:00-05:00"]


def test_a_special_day_with_no_windows_is_closed() -> None:
    assert hours(MON, {"mon": [["09:00", "17:00"]]}, special_days={"2026-03-02": []}) == []


def test_a_special_day_opens_a_date_whose_weekday_is_closed() -> None:
    assert hours(WED, {"mon": [["09:00", "17:00"]]}, special_days={"2026-03-04": [["10:00", "11:00"]]}) == [
        "10:00-11:00"
    ]


def test_a_break_is_cut_out_of_weekly_and_of_special_hours() -> None:
    weekly = {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}
    breaks = {"2026-03-02": [["11:30", "13:30"], ["15:00", "15:30"]]}
    assert hours(MON, weekly, breaks=breaks) == ["09:00-11:30", "13:30-15:00", "15:30-17:00"]
    special = {"2026-03-02": [["15:15", "18:00"]]}
    assert hours(MON, weekly, breaks=breaks, special_days=special) == ["15:30-18:00"]


def test_a_break_past_midnight_cuts_both_dates() -> None:
    weekly, breaks = {"mon": [["18:00", "24:00"]], "tue": [["00:00", "08:00"]]}, {"2026-03-02": [["23:00", "01:00"]]}
    assert [hours(day, weekly, breaks=breaks) for day in (MON, TUE)] == [["18:00-23:00"], ["01:00-08:00"]]


def test_a_break_cuts_the_part_of_a_night_that_belongs_to_the_day_before() -> None:
    assert hours(TUE, NIGHTS, breaks={"2026-03-03": [["02:00", "03:00"]]}) == ["00:00-02:00", "03:00-06:00"]


def test_a_break_over_the_whole_date_closes_it() -> None:
    assert hours(MON, {"mon": [["09:00", "17:00"]]}, breaks={"2026-03-02": [["00:00", "24:00"]]}) == []


def test_overlapping_and_touching_windows_count_once() -> None:
    weekly = {"mon": [["10:00", "12:00"], ["09:00", "11:00"], ["12:00", "13:00"], ["15:00", "16:00"]]}
    assert hours(MON, weekly) == ["09:00-13:00", "15:00-16:00"]


def test_a_night_joins_the_morning_it_runs_into() -> None:
    assert hours(TUE, {**NIGHTS, "tue": [["05:00", "09:00"]]}) == ["00:00-09:00"]


def test_a_calendar_that_is_always_open_is_open_all_day() -> None:
    assert [window.to_json() for window in Calendar.always().open_windows(MON)] == [["00:00", "24:00"]]


def test_the_first_and_last_date_of_python_have_hours_too() -> None:
    assert hours(date.min, {"mon": [["09:00", "17:00"]]}) == ["09:00-17:00"]
    assert hours(date.max, {"fri": [["22:00", "06:00"]]}) == ["22:00-24:00"]
