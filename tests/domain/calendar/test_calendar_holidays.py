"""Holidays of every year, ranges over New Year, parts of a day, openings in spite of them, and a day put together.

2026-03-02 is a Monday.
"""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Calendar, Holiday, MonthDay
from domain.calendar.validation import MAX_RANGE_DAYS, WEEKDAYS
from domain.errors import InvalidValue
from domain.instants import HOUR, Micros, from_datetime, render

DAILY = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in WEEKDAYS}
XMAS_EVE, XMAS = date(2026, 12, 24), date(2026, 12, 25)
BERLIN_2026 = {
    "country": "DE",
    "subdivision": "BE",
    "release": "0.60",
    "from_year": 2026,
    "to_year": 2026,
    "holidays": [{"date": "2026-03-08", "name": "Women's Day"}],
}
FULL: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "weekly_hours": DAILY,
    "holidays": [
        "01-06",
        {"from": "12-24", "to": "01-02", "name": "Works holidays"},
        "2026-05-01",
        {"from": "2026-08-03", "to": "2026-08-14", "name": "Summer", "closed": [["13:00", "24:00"]]},
    ],
    "special_days": {},
    "breaks": {},
    "special_openings": {"2026-12-25": [["10:00", "11:00"]]},
    "public_holidays": [BERLIN_2026],
}


def calendar(*holidays: Any, **rules: Any) -> Calendar:
    return Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": DAILY, "holidays": list(holidays), **rules})


def hours(day: date, *holidays: Any, **rules: Any) -> list[str]:
    return ["-".join(window.to_json()) for window in calendar(*holidays, **rules).open_windows(day)]


def test_all_kinds_of_holidays_come_back_as_they_were_given() -> None:
    assert Calendar.from_json(FULL).to_json() == FULL
    assert pickle.loads(pickle.dumps(Calendar.from_json(FULL))) == Calendar.from_json(FULL)


def test_a_calendar_of_the_first_shape_is_written_as_it_always_was() -> None:
    assert list(calendar("2026-12-25").to_json()) == ["timezone", "weekly_hours", "holidays", "special_days", "breaks"]


def test_a_date_without_a_year_is_closed_every_year() -> None:
    closed = calendar("12-25")
    assert [closed.open_windows(date(year, 12, 25)) for year in (1975, 2026, 2100)] == [()] * 3
    assert closed.open_windows(XMAS_EVE) != ()


def test_29_february_is_a_holiday_of_leap_years_only() -> None:
    """A yearly holiday on 29 February is one of leap years only; no other date stands in for it."""
    for closed in (calendar("02-29"), calendar({"from": "02-29", "to": "02-29"})):
        assert closed.open_windows(date(2028, 2, 29)) == ()
        assert closed.open_windows(date(2026, 2, 28)) != ()
        assert closed.open_windows(date(2026, 3, 1)) != ()


def test_a_range_of_every_year_runs_over_new_year() -> None:
    """A yearly range whose end comes before its start runs over New Year; both its ends are closed."""
    closed = calendar({"from": "12-24", "to": "01-02", "name": "Works holidays"})
    days = [date(2026, 12, 20) + timedelta(days=index) for index in range(18)]
    assert [day.isoformat()[5:] for day in days if not closed.open_windows(day)] == [
        *(f"12-{day}" for day in range(24, 32)),
        "01-01",
        "01-02",
    ]


def test_a_range_over_the_end_of_february_has_the_29th_in_leap_years() -> None:
    closed = calendar({"from": "02-28", "to": "03-01"})
    assert [len(list(closed.holidays_on(date(2028, 2, day)))) for day in (27, 28, 29)] == [0, 1, 1]
    assert closed.open_windows(date(2027, 3, 1)) == ()


def test_a_range_of_one_year_closes_its_first_and_last_date_and_no_other_year() -> None:
    closed = calendar({"from": "2026-12-24", "to": "2027-01-02"})
    open_days = [date(2026, 12, 23), date(2027, 1, 3), date(2025, 12, 25), date(2027, 12, 24)]
    assert [closed.open_windows(day) for day in (XMAS_EVE, date(2027, 1, 2))] == [(), ()]
    assert all(closed.open_windows(day) for day in open_days)


def test_a_part_day_holiday_closes_its_windows_and_leaves_the_rest() -> None:
    """A holiday with `closed` windows closes these and leaves the rest of the date as it is; several add up."""
    afternoon = {"date": "12-24", "name": "Christmas Eve", "closed": [["12:30", "24:00"]]}
    morning = {"date": "2026-12-24", "closed": [["08:00", "10:00"]]}
    assert hours(XMAS_EVE, afternoon) == ["09:00-12:00"]
    assert hours(XMAS_EVE, afternoon, morning) == ["10:00-12:00"]
    assert hours(XMAS_EVE, afternoon, special_days={"2026-12-24": [["06:00", "20:00"]]}) == ["06:00-12:30"]
    assert hours(XMAS_EVE, afternoon, "2026-12-24") == []


def test_a_special_opening_counts_on_a_holiday() -> None:
    """A special opening counts on a holiday, a special day does not; a break on the date still closes."""
    opening, special = {"2026-12-25": [["10:00", "14:00"]]}, {"2026-12-25": [["09:00", "18:00"]]}
    for holiday in ("12-25", "2026-12-25", {"date": "12-25", "closed": [["11:00", "24:00"]]}):
        assert hours(XMAS, holiday, special_openings=opening) == ["10:00-14:00"]
        assert hours(XMAS, holiday, special_openings=opening, special_days=special) == ["10:00-14:00"]
    breaks = {"2026-12-25": [["12:00", "13:00"]]}
    assert hours(XMAS, "12-25", special_openings=opening, breaks=breaks) == ["10:00-12:00", "13:00-14:00"]
    assert hours(XMAS, "12-25", special_days=special) == []


def test_a_special_opening_opens_a_weekday_without_hours_and_only_that_date() -> None:
    closed_sundays = {**DAILY, "sun": []}
    opening = {"2026-03-08": [["10:00", "14:00"]]}
    assert hours(date(2026, 3, 8), weekly_hours=closed_sundays, special_openings=opening) == ["10:00-14:00"]
    assert hours(date(2026, 3, 15), weekly_hours=closed_sundays, special_openings=opening) == []


def test_an_opening_past_midnight_ends_where_a_holiday_begins() -> None:
    opening = {"2026-12-24": [["20:00", "02:00"]]}
    assert hours(XMAS_EVE, "12-24", "12-25", special_openings=opening) == ["20:00-24:00"]
    assert hours(XMAS, "12-25", special_openings=opening) == []


def test_public_holidays_close_the_dates_they_hold() -> None:
    closed = calendar(public_holidays=[BERLIN_2026])
    assert closed.open_windows(date(2026, 3, 8)) == ()
    assert [holiday.name for holiday in closed.holidays_on(date(2026, 3, 8))] == ["Women's Day"]
    assert closed.open_windows(date(2027, 3, 8)) != ()


def test_working_time_knows_every_kind_of_holiday() -> None:
    closed = Calendar.from_json(FULL)
    start = datetime(2026, 7, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    for index in range(280):
        here = start + timedelta(days=index)
        lived = closed.elapsed(from_datetime(here), from_datetime(here + timedelta(days=1)))
        assert closed.effective_day(here.date()).working == lived, here


@pytest.mark.parametrize(
    ("holiday", "field", "value"),
    [
        ("13-01", "", "13-01"),
        ("02-30", "", "02-30"),
        ("1-1", "", "1-1"),
        ({"date": "00-10"}, ".date", "00-10"),
        ({"from": "12-24"}, ".to", None),
        ({"to": "12-24"}, ".from", None),
        ({"date": "12-24", "from": "12-24", "to": "12-26"}, ".date", "12-24"),
        ({"from": "2026-12-24", "to": "12-26"}, ".to", "12-26"),
        ({"from": "12-24", "to": "2026-12-26"}, ".to", "2026-12-26"),
        ({"from": "2026-12-24", "to": "2026-12-23"}, ".to", "2026-12-23"),
        ({"from": "2026-01-01", "to": "2027-01-02"}, ".to", "2027-01-02"),
        ({"date": "12-24", "closed": []}, ".closed", []),
        ({"date": "12-24", "closed": [["22:00", "02:00"]]}, ".closed", [["22:00", "02:00"]]),
        ({"date": "12-24", "closed": "noon"}, ".closed", "noon"),
    ],
)
def test_a_nonsense_holiday_is_refused_with_its_place(holiday: Any, field: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as refusal:
        calendar("2026-01-01", holiday)
    assert (refusal.value.field, refusal.value.value) == (f"business_hours.holidays[1]{field}", value)


def test_more_dates_in_ranges_than_anyone_keeps_are_refused() -> None:
    years = [{"from": f"{year}-01-01", "to": f"{year}-12-31"} for year in range(2000, 2060)]
    calendar(*years[:-6])
    with pytest.raises(InvalidValue, match=f"at most {MAX_RANGE_DAYS}"):
        calendar(*years)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": ""}, "country"),
        ({"subdivision": 7}, "subdivision"),
        ({"release": None}, "release"),
        ({"from_year": "2026"}, "from_year"),
        ({"holidays": ["x"]}, "holidays[0]"),
        ({"since": 1}, "since"),
    ],
)
def test_public_holidays_that_are_none_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        calendar(public_holidays=[{**BERLIN_2026, **change}])
    assert refusal.value.field == f"business_hours.public_holidays[0].{field}"


def test_a_country_has_its_public_holidays_once() -> None:
    with pytest.raises(InvalidValue) as refusal:
        calendar(public_holidays=[BERLIN_2026, BERLIN_2026])
    assert refusal.value.field == "business_hours.public_holidays[1].country"


def test_a_holiday_whose_last_date_is_another_kind_is_refused_when_built_directly() -> None:
    with pytest.raises(InvalidValue):
        Holiday(date(2026, 1, 1), last=MonthDay(1, 2))
    with pytest.raises(InvalidValue):
        MonthDay(2, 30)


def lived(day: date, **rules: Any) -> list[str]:
    found = calendar(**rules).effective_day(day)
    return [f"{one.opens}-{one.closes} {render(one.start)} {render(one.end)}" for one in found.windows]


NIGHTS = {"sun": [["01:00", "04:00"]]}


def test_a_window_over_a_clock_change_is_lived_longer_or_shorter() -> None:
    assert lived(date(2026, 3, 29), weekly_hours=NIGHTS) == ["01:00-04:00 2026-03-29T00:00:00Z 2026-03-29T02:00:00Z"]
    assert lived(date(2026, 10, 25), weekly_hours=NIGHTS) == ["01:00-04:00 2026-10-24T23:00:00Z 2026-10-25T03:00:00Z"]
    assert calendar(weekly_hours=NIGHTS).effective_day(date(2026, 10, 25)).working == 4 * HOUR


def test_a_window_within_the_hour_that_is_shown_twice_opens_twice() -> None:
    twice = {"sun": [["02:15", "02:45"]]}
    assert lived(date(2026, 10, 25), weekly_hours=twice) == [
        "02:15-02:45 2026-10-25T00:15:00Z 2026-10-25T00:45:00Z",
        "02:15-02:45 2026-10-25T01:15:00Z 2026-10-25T01:45:00Z",
    ]
    assert lived(date(2026, 3, 29), weekly_hours=twice) == []


def test_a_day_tells_of_the_change_of_its_clocks() -> None:
    (change,) = calendar().effective_day(date(2026, 3, 29)).clock_changes
    assert (render(change.at), change.before, change.after) == ("2026-03-29T01:00:00Z", HOUR, 2 * HOUR)
    assert calendar().effective_day(date(2026, 3, 28)).clock_changes == ()
    # Clocks that go from midnight to 01:00 change on the date that then begins.
    sao_paulo = calendar(timezone="America/Sao_Paulo")
    assert len(sao_paulo.effective_day(date(2018, 11, 4)).clock_changes) == 1
    assert sao_paulo.effective_day(date(2018, 11, 3)).clock_changes == ()


def test_a_date_that_a_zone_skipped_has_no_time_at_all() -> None:
    skipped = calendar(timezone="Pacific/Apia").effective_day(date(2011, 12, 30))
    assert (skipped.windows, skipped.working) == ((), 0)


def test_a_day_says_whether_it_has_hours_of_its_own() -> None:
    rules = {"special_days": {"2026-03-02": []}, "special_openings": {"2026-03-03": [["09:00", "10:00"]]}}
    days = [calendar(**rules).effective_day(date(2026, 3, day)).special for day in (1, 2, 3, 4)]
    assert days == [False, True, True, False]


def test_a_day_of_an_always_open_calendar_is_the_whole_day() -> None:
    (window,) = Calendar.always().effective_day(XMAS).windows
    assert (window.opens, window.closes, window.end - window.start) == ("00:00", "24:00", 24 * HOUR)


@pytest.mark.parametrize("day", [date(1969, 12, 31), date(2101, 1, 1)])
def test_a_day_out_of_reach_is_refused(day: date) -> None:
    with pytest.raises(InvalidValue, match="1970 and 2100"):
        calendar().effective_day(day)


WHOLE_YEAR = {"from": "01-01", "to": "12-31"}


@pytest.mark.parametrize(
    "rules",
    [
        {"holidays": [WHOLE_YEAR]},
        {"holidays": [{**WHOLE_YEAR, "closed": [["08:00", "18:00"]]}]},
        {
            "holidays": [{"from": "07-01", "to": "06-30", "name": "x"}],
            "special_days": {"2026-12-24": [["09:00", "12:00"]]},
        },
        {"holidays": [WHOLE_YEAR], "special_openings": {"2026-12-24": []}},
        {
            "holidays": [WHOLE_YEAR],
            "special_openings": {"2026-12-24": [["09:00", "12:00"]]},
            "breaks": {"2026-12-24": [["08:00", "12:00"]]},
        },
        {"holidays": [WHOLE_YEAR], "special_openings": {"9999-12-31": [["09:00", "12:00"]]}},
    ],
)
def test_a_calendar_whose_holidays_close_every_date_of_every_year_has_no_working_time(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="no working time") as refusal:
        Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": DAILY, **rules}).require_ever_open(
            "business_hours"
        )
    assert refusal.value.field == "business_hours.holidays"


@pytest.mark.parametrize(
    "rules",
    [
        {"holidays": []},
        {"holidays": [{"from": "01-01", "to": "12-30"}]},
        {"holidays": [{"from": "03-01", "to": "02-28"}]},
        {"holidays": [{**WHOLE_YEAR, "closed": [["08:00", "16:59"]]}]},
        {"holidays": [WHOLE_YEAR], "special_openings": {"2026-12-24": [["09:00", "12:00"]]}},
        {
            "holidays": [{**WHOLE_YEAR, "closed": [["08:00", "18:00"]]}],
            "special_days": {"2026-12-24": [["19:00", "02:00"]]},
        },
    ],
)
def test_a_calendar_that_opens_on_any_date_has_working_time(rules: dict[str, Any]) -> None:
    made = Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": DAILY, **rules})
    assert made.require_ever_open() is made
    assert made.add(from_datetime(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))), Micros(HOUR)) > 0


def test_round_the_clock_there_is_always_working_time() -> None:
    always = Calendar.always()
    assert always.require_ever_open() is always
