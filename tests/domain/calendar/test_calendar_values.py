"""What a calendar accepts, refuses and gives back."""

import pickle
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.calendar import Calendar, Holiday, Window
from domain.calendar.validation import MAX_WINDOWS
from domain.errors import InvalidValue
from domain.instants import HOUR

NINE_TO_FIVE = Window(9 * HOUR, 17 * HOUR)
MONDAY_ONLY = ((NINE_TO_FIVE,), (), (), (), (), (), ())
FULL: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "weekly_hours": {"mon": [["22:00", "06:00"], ["09:00", "12:30"]], "sun": [["00:00", "24:00"]]},
    "holidays": ["2026-01-01", {"date": "2026-12-25", "name": "Christmas"}],
    "special_days": {"2026-12-24": [["09:00", "12:00:30"]], "2026-12-31": []},
    "breaks": {"2026-03-02": [["15:00", "15:30"]]},
}


def with_hours(**weekly_hours: Any) -> dict[str, Any]:
    return {"timezone": "UTC", "weekly_hours": weekly_hours}


def refused(doc: Any, field: str = "business_hours") -> InvalidValue:
    with pytest.raises(InvalidValue) as refusal:
        Calendar.from_json(doc, field)
    assert repr(refusal.value.value) in str(refusal.value)
    assert str(refusal.value).startswith(f"{refusal.value.field}: ")
    return refusal.value


def test_a_calendar_gives_back_the_json_it_was_read_from() -> None:
    assert Calendar.from_json(FULL).to_json() == FULL


def test_a_name_beside_the_hours_is_left_to_the_caller() -> None:
    assert Calendar.from_json({"name": "Support", **FULL}) == Calendar.from_json(FULL)
    assert Calendar.from_json({"name": "All day", "always": True}) == Calendar.always()


def test_a_calendar_that_is_always_open_survives_json() -> None:
    assert Calendar.from_json(Calendar.always().to_json()) == Calendar.always()
    assert Calendar.always().to_json() == {"always": True}


def test_the_order_of_dates_makes_no_other_calendar() -> None:
    reordered = {
        **FULL,
        "holidays": FULL["holidays"][::-1],
        "special_days": dict(reversed(FULL["special_days"].items())),
    }
    assert Calendar.from_json(reordered) == Calendar.from_json(FULL)
    assert hash(Calendar.from_json(reordered)) == hash(Calendar.from_json(FULL))


def test_two_holidays_may_share_a_date() -> None:
    doc = {
        **FULL,
        "holidays": [{"date": "2008-05-01", "name": "Labour Day"}, {"date": "2008-05-01", "name": "Ascension"}],
    }
    assert [entry["name"] for entry in Calendar.from_json(doc).to_json()["holidays"]] == ["Ascension", "Labour Day"]


def test_a_calendar_survives_pickling_with_a_hash_of_the_receiving_process() -> None:
    calendar = Calendar.from_json(FULL)
    restored = pickle.loads(pickle.dumps(calendar))
    assert restored == calendar
    assert hash(restored) == hash(calendar)
    assert str(hash(calendar)).encode() not in pickle.dumps(calendar, protocol=0)


def test_24_00_and_00_00_both_end_a_window_at_midnight() -> None:
    for end in ("24:00", "24:00:00", "00:00"):
        calendar = Calendar.from_json(with_hours(mon=[["22:00", end]]))
        assert calendar.open_windows(date(2026, 3, 2)) == (Window(22 * HOUR, 24 * HOUR),)
        assert calendar.open_windows(date(2026, 3, 3)) == ()


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (["09:00", "09:00"], "00:00-24:00 is the whole day"),
        (["00:00", "00:00"], "00:00-24:00 is the whole day"),
        (["24:00", "06:00"], "must open"),
        (["9:00", "17:00"], "must open"),
        (["09:00", "24:01"], "must close"),
        (["09:00", "25:00"], "must close"),
        (["09:60", "17:00"], "must open"),
        (["09:00", "17:00:60"], "must close"),
        (["09:00", "17:00Z"], "must close"),
        (["09:00\n", "17:00"], "must open"),
        (["\u0660\u0669:\u0660\u0660", "17:00"], "must open"),
        (["09:00", 17], "must close"),
        ([True, "17:00"], "must open"),
        (["09:00"], "pair"),
        (["09:00", "12:00", "13:00"], "pair"),
        ("09:00-17:00", "pair"),
        ({"start": "09:00", "end": "17:00"}, "pair"),
        (None, "pair"),
    ],
)
def test_a_nonsense_window_is_refused_with_its_place_and_the_reason(pair: Any, reason: str) -> None:
    refusal = refused(with_hours(mon=[["07:00", "08:00"], pair]))
    assert refusal.field == "business_hours.weekly_hours.mon[1]"
    assert refusal.value == pair
    assert reason in refusal.reason


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"timezone": "Mars/Base"}, "timezone", "Mars/Base"),
        ({"timezone": ""}, "timezone", ""),
        ({"timezone": "../Europe/Berlin"}, "timezone", "../Europe/Berlin"),
        ({"timezone": "/etc/localtime"}, "timezone", "/etc/localtime"),
        ({"timezone": "Europe/Berlin\0"}, "timezone", "Europe/Berlin\0"),
        ({"timezone": "Europe"}, "timezone", "Europe"),
        ({"timezone": "europe/berlin"}, "timezone", "europe/berlin"),
        ({"timezone": "localtime"}, "timezone", "localtime"),
        ({"timezone": "right/UTC"}, "timezone", "right/UTC"),
        ({"timezone": "+02:00"}, "timezone", "+02:00"),
        ({"timezone": "x" * 5000}, "timezone", "x" * 5000),
        ({"timezone": "\ud800"}, "timezone", "\ud800"),
        ({"timezone": None}, "timezone", None),
        ({"timezone": ["UTC"]}, "timezone", ["UTC"]),
        ({"weekly_hours": None}, "weekly_hours", None),
        ({"weekly_hours": []}, "weekly_hours", []),
        ({"weekly_hours": {}}, "weekly_hours", {}),
        ({"weekly_hours": {"mon": []}}, "weekly_hours", {}),
        ({"weekly_hours": {"monday": []}}, "weekly_hours.monday", []),
        ({"weekly_hours": {"mon": None}}, "weekly_hours.mon", None),
        ({"weekly_hours": {"mon": {"09:00": "17:00"}}}, "weekly_hours.mon", {"09:00": "17:00"}),
        ({"holidays": None}, "holidays", None),
        ({"holidays": {"2026-12-25": "x"}}, "holidays", {"2026-12-25": "x"}),
        ({"holidays": ["2026-01-01", "2026-02-30"]}, "holidays[1]", "2026-02-30"),
        ({"holidays": ["20261225"]}, "holidays[0]", "20261225"),
        ({"holidays": ["2026-12-25T00:00"]}, "holidays[0]", "2026-12-25T00:00"),
        ({"holidays": [20261225]}, "holidays[0]", 20261225),
        ({"holidays": [{"name": "Easter"}]}, "holidays[0].date", None),
        ({"holidays": [{"date": "2026-13-01"}]}, "holidays[0].date", "2026-13-01"),
        ({"holidays": [{"date": "2026-12-25", "name": " "}]}, "holidays[0].name", " "),
        ({"holidays": [{"date": "2026-12-25", "name": 7}]}, "holidays[0].name", 7),
        ({"holidays": [{"date": "2026-12-25", "day": 1}]}, "holidays[0].day", 1),
        ({"special_days": []}, "special_days", []),
        ({"special_days": {"Christmas": []}}, "special_days.Christmas", "Christmas"),
        ({"special_days": {"2026-12-24": None}}, "special_days.2026-12-24", None),
        ({"special_days": {"2026-12-24": [["9", "12"]]}}, "special_days.2026-12-24[0]", ["9", "12"]),
        ({"special_days": {date(2026, 12, 24): []}}, "special_days", date(2026, 12, 24)),
        ({"breaks": {"2026-03-02": [["15:00", "15:00"]]}}, "breaks.2026-03-02[0]", ["15:00", "15:00"]),
        ({"breaks": "lunch"}, "breaks", "lunch"),
        ({"hours": {}}, "hours", {}),
        ({"id": "bh_1"}, "id", "bh_1"),
        ({"always": True}, None, None),
        ({"always": False}, "always", False),
        ({"always": 1}, "always", 1),
    ],
)
def test_a_wrong_value_is_refused_by_its_full_path(change: dict[str, Any], field: str | None, value: Any) -> None:
    refusal = refused({**FULL, **change})
    assert field is None or (refusal.field, refusal.value) == (f"business_hours.{field}", value)
    assert refused({**FULL, **change}, "calendars[3]").field == refusal.field.replace("business_hours", "calendars[3]")  # type: ignore[union-attr]
    assert refused({**FULL, **change}, "").field == refusal.field.removeprefix("business_hours.")  # type: ignore[union-attr]


@pytest.mark.parametrize("doc", [None, [], "always", 7, True])
def test_business_hours_that_are_no_object_are_refused(doc: Any) -> None:
    refusal = refused(doc)
    assert (refusal.field, refusal.value) == ("business_hours", doc)
    assert refused(doc, "").field == "body"


def test_a_calendar_with_no_working_time_is_refused_even_if_a_special_day_has_some() -> None:
    doc = {**FULL, "weekly_hours": {}}
    assert "no working time" in refused(doc).reason


def test_more_windows_a_day_than_anyone_keeps_are_refused() -> None:
    windows = [[f"{index // 60:02}:{index % 60:02}", "23:59"] for index in range(MAX_WINDOWS + 1)]
    Calendar.from_json(with_hours(mon=windows[:MAX_WINDOWS]))
    assert refused(with_hours(mon=windows)).field == "business_hours.weekly_hours.mon"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"timezone": "Nowhere"}, "timezone"),
        ({"timezone": 7}, "timezone"),
        ({"weekly_hours": ((),) * 7}, "weekly_hours"),
        ({"weekly_hours": ((NINE_TO_FIVE,),)}, "weekly_hours"),
        ({"weekly_hours": [[]] * 7}, "weekly_hours"),
        ({"weekly_hours": (((9, 17),), (), (), (), (), (), ())}, "weekly_hours.mon"),
        ({"holidays": (date(2026, 12, 25),)}, "holidays"),
        ({"holidays": [Holiday(date(2026, 12, 25))]}, "holidays"),
        ({"special_days": ((date(2026, 12, 24), ()), (date(2026, 12, 24), (NINE_TO_FIVE,)))}, "special_days"),
        ({"special_days": (("2026-12-24", ()),)}, "special_days"),
        ({"special_days": {date(2026, 12, 24): ()}}, "special_days"),
        ({"breaks": ((datetime(2026, 12, 24, 9, tzinfo=UTC), ()),)}, "breaks"),
        ({"breaks": ((date(2026, 12, 24), ("09:00",)),)}, "breaks.2026-12-24"),
        ({"always_open": True}, "always"),
    ],
)
def test_a_calendar_built_directly_is_checked_as_well(fields: dict[str, Any], field: str) -> None:
    valid: dict[str, Any] = {"timezone": "UTC", "weekly_hours": MONDAY_ONLY}
    Calendar(**valid)
    with pytest.raises(InvalidValue) as refusal:
        Calendar(**{**valid, **fields})
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        (-1, HOUR),
        (24 * HOUR, HOUR),
        (0, 24 * HOUR + 1),
        (HOUR, HOUR),
        (1, HOUR),
        (0.0, HOUR),
        (True, HOUR),
        ("09:00", HOUR),
    ],
)
def test_a_window_built_directly_is_checked_as_well(opens: Any, closes: Any) -> None:
    with pytest.raises(InvalidValue, match="window"):
        Window(opens, closes)


@pytest.mark.parametrize(
    ("day", "name"), [("2026-12-25", None), (datetime(2026, 12, 25, tzinfo=UTC), None), (date(2026, 1, 1), "")]
)
def test_a_holiday_built_directly_is_checked_as_well(day: Any, name: Any) -> None:
    with pytest.raises(InvalidValue):
        Holiday(day, name)
