"""What the holidays of an iCalendar file are, and which files are refused."""

from __future__ import annotations

import time
from typing import Any

import pytest

from api.calendars import ical
from domain.errors import InvalidValue

YEAR = 2026


def file(*events: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
    for index, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{index}", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def read(*events: str, zone: str = "Europe/Berlin") -> list[Any]:
    return [holiday.to_json() for holiday in ical.read(file(*events), zone, YEAR).holidays]


def refused(text: str) -> InvalidValue:
    with pytest.raises(InvalidValue) as refusal:
        ical.read(text, "Europe/Berlin", YEAR)
    assert refusal.value.field == "ical"
    return refusal.value


def test_an_all_day_event_is_a_holiday_and_its_end_is_not_included() -> None:
    assert read("DTSTART;VALUE=DATE:20260605\nDTEND;VALUE=DATE:20260606\nSUMMARY:Outing\\, all of us") == [
        {"date": "2026-06-05", "name": "Outing, all of us"}
    ]
    assert read("DTSTART;VALUE=DATE:20260803\nDTEND;VALUE=DATE:20260815") == [
        {"from": "2026-08-03", "to": "2026-08-14"}
    ]


@pytest.mark.parametrize(
    "end", ["", "\nDTEND;VALUE=DATE:20260605", "\nDURATION:P1D", "\nDTEND;VALUE=DATE:20260606\nTRANSP:TRANSPARENT"]
)
def test_a_day_may_say_where_it_ends_in_several_ways(end: str) -> None:
    assert read(f"DTSTART;VALUE=DATE:20260605{end}") == ["2026-06-05"]


def test_an_event_that_returns_on_its_date_is_a_holiday_of_every_year() -> None:
    for rule in ("FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=1;BYMONTH=12;BYMONTHDAY=24;WKST=MO"):
        assert read(f"DTSTART;VALUE=DATE:20101224\nRRULE:{rule}\nSUMMARY:Eve") == [{"date": "12-24", "name": "Eve"}]
    range_over_new_year = "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20270103\nRRULE:FREQ=YEARLY"
    assert read(range_over_new_year) == [{"from": "12-24", "to": "01-02"}]


@pytest.mark.parametrize(
    ("rule", "dates"),
    [
        # Thanksgiving, the last Monday of May, election day, every other year, until, count.
        ("BYMONTH=11;BYDAY=4TH", ["2025-11-27", "2026-11-26", "2027-11-25", "2028-11-23", "2029-11-22", "2030-11-28"]),
        ("BYMONTH=5;BYDAY=-1MO;UNTIL=20280101", ["2025-05-26", "2026-05-25", "2027-05-31"]),
        ("BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;UNTIL=20270101", ["2025-11-04", "2026-11-03"]),
        ("INTERVAL=2;BYMONTH=2;BYMONTHDAY=-1", ["2026-02-28", "2028-02-29", "2030-02-28"]),
        ("UNTIL=20260301T000000Z", ["2025-03-01", "2026-03-01"]),
        ("COUNT=3", ["2025-03-01", "2026-03-01"]),
    ],
)
def test_other_yearly_rules_are_written_out_for_the_years_around(rule: str, dates: list[str]) -> None:
    start = "20240301"
    assert [day for day in read(f"DTSTART;VALUE=DATE:{start}\nRRULE:FREQ=YEARLY;{rule}") if day < "2031"] == dates


def test_29_february_written_out_is_one_of_leap_years() -> None:
    assert read("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;UNTIL=20991231") == ["2028-02-29"]


def test_exceptions_are_left_out() -> None:
    event = "DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY;UNTIL=20290101\nEXDATE;VALUE=DATE:20270501"
    assert read(event) == ["2026-05-01", "2028-05-01"]


def test_a_timed_event_closes_its_part_of_the_day_in_the_zone_of_the_calendar() -> None:
    event = "DTSTART:20261224T110000Z\nDTEND:20261224T230000Z\nSUMMARY:Party"
    assert read(event) == [{"date": "2026-12-24", "name": "Party", "closed": [["12:00", "24:00"]]}]
    assert read("DTSTART:20261224T120000\nDURATION:PT90M") == [{"date": "2026-12-24", "closed": [["12:00", "13:30"]]}]
    tokyo = "DTSTART;TZID=Asia/Tokyo:20261224T200000\nDTEND;TZID=Asia/Tokyo:20261224T210000"
    assert read(tokyo) == [{"date": "2026-12-24", "closed": [["12:00", "13:00"]]}]


def test_a_timed_event_over_several_dates_closes_a_part_of_each() -> None:
    assert read("DTSTART:20261224T120000\nDTEND:20261226T080000") == [
        {"date": "2026-12-24", "closed": [["12:00", "24:00"]]},
        "2026-12-25",
        {"date": "2026-12-26", "closed": [["00:00", "08:00"]]},
    ]


def test_a_timed_event_returns_too() -> None:
    event = "DTSTART:20261224T120000\nDURATION:PT12H\nRRULE:FREQ=YEARLY;COUNT=2"
    assert [one["date"] for one in read(event)] == ["2026-12-24", "2027-12-24"]


def test_what_is_cancelled_or_takes_no_time_is_skipped_and_counted() -> None:
    cancelled = "DTSTART;VALUE=DATE:20260605\nSTATUS:CANCELLED"
    found = ical.read(file(cancelled, "DTSTART:20260605T090000", "DTSTART;VALUE=DATE:20260606"), "UTC", YEAR)
    assert ([holiday.to_json() for holiday in found.holidays], found.skipped) == (["2026-06-06"], 2)


def test_a_calendar_without_events_has_no_holidays() -> None:
    assert read() == []


def test_a_zone_that_the_file_describes_itself_is_understood() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    )
    text = file("DTSTART;TZID=Ours:20260605T120000\nDURATION:PT1H").replace("BEGIN:VEVENT", zone)
    (holiday,) = ical.read(text, "UTC", YEAR).holidays
    assert holiday.to_json() == {"date": "2026-06-05", "closed": [["09:00", "10:00"]]}


GOOD = "DTSTART;VALUE=DATE:20260605"


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ("SUMMARY:x", "DTSTART"),
        ("DTSTART:banana", "DTSTART"),
        ("DTSTART;VALUE=DATE:20261301", "DTSTART"),
        ("DTSTART;VALUE=DATE:22000101", "DTSTART must lie between"),
        ("DTSTART;TZID=Nowhere:20260605T090000\nDURATION:PT1H", "Nowhere"),
        ("DTSTART;VALUE=PERIOD:20260605T000000Z/P1D", "DTSTART"),
        (f"{GOOD}\n{GOOD}", "DTSTART must stand there once"),
        (f"{GOOD}\nDTEND:20260606T000000", "DTEND"),
        (f"{GOOD}\nDTEND;VALUE=DATE:20260604", "DTEND"),
        (f"{GOOD}\nDTEND;VALUE=DATE:20280604", "DTEND"),
        (f"{GOOD}\nDURATION:soon", "DURATION"),
        (f"{GOOD}\nDURATION:P99999999D", "DTEND must lie"),
        (f"{GOOD}\nRDATE;VALUE=DATE:20260607", "RDATE is not read"),
        (f"{GOOD}\nRRULE:FREQ=FOO", "RRULE"),
        (f"{GOOD}\nRRULE:FREQ=WEEKLY", "RRULE must be yearly"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;BYSETPOS=1", "BYSETPOS"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;BYDAY=MO", "BYDAY without BYMONTH"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;INTERVAL=0", "INTERVAL"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;UNTIL=T000000Z", "RRULE"),
        (f"{GOOD}\nEXDATE:00010101T000000Z\nRRULE:FREQ=YEARLY", "EXDATE"),
        (f"{GOOD}\nnonsense", "nonsense"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused_by_its_place_and_property(event: str, named: str) -> None:
    refusal = refused(file(GOOD, f"{event}\nSUMMARY:Outing"))
    assert refusal.value == "event 2 (Outing)" or "SUMMARY:x" in event
    assert named in refusal.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "BEGIN:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nEND:VEVENT\r\n",
        file() + file(),
        file(GOOD)[:-30],
        "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        "\ufeff\r\n;;;:",
    ],
)
def test_what_is_no_calendar_is_refused(text: str) -> None:
    assert refused(text).reason


def test_a_file_of_more_events_than_anyone_keeps_is_refused() -> None:
    assert "1000 events" in refused(file(*[GOOD] * 1001)).reason


def test_events_that_come_to_more_holidays_than_anyone_keeps_are_refused() -> None:
    monthly = "DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10"
    assert "2000 holidays" in refused(file(*[monthly] * 4)).reason


def test_a_hostile_file_costs_no_more_than_seconds() -> None:
    never = ",".join(["30"] * 31)
    event = f"DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=YEARLY;COUNT=9;BYMONTH=2;BYMONTHDAY={never}"
    began = time.process_time()
    assert read(*[event] * 600) == []
    assert time.process_time() - began < 10
