"""What the holidays of an iCalendar file are, and which files are refused."""

from __future__ import annotations

import time
from typing import Any

import pytest

from domain.errors import InvalidValue
from service.calendars.ical import reading as ical

YEAR = 2026


def file(*events: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
    for index, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{index}", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def read(*events: str, zone: str = "Europe/Berlin") -> list[Any]:
    return [holiday.to_json() for holiday in ical.read(file(*events), zone, YEAR).holidays]


def read_as_they_are(*events: str) -> list[Any]:
    """The same for events that have an UID of their own."""
    lines = [line for event in events for line in ("BEGIN:VEVENT", *event.split("\n"), "END:VEVENT")]
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *lines, "END:VCALENDAR", ""])
    return [holiday.to_json() for holiday in ical.read(text, "Europe/Berlin", YEAR).holidays]


def refused(text: str) -> InvalidValue:
    with pytest.raises(InvalidValue) as refusal:
        ical.read(text, "Europe/Berlin", YEAR, strict=True)
    assert refusal.value.field == "ical"
    return refusal.value


def test_an_all_day_event_is_a_holiday_and_its_end_is_not_included() -> None:
    assert read("DTSTART;VALUE=DATE:20260605\nDTEND;VALUE=DATE:20260606\nSUMMARY:Outing\\, all of us") == [
        {"date": "2026-06-05", "name": "Outing, all of us"}
    ]
    assert read("DTSTART;VALUE=DATE:20260803\nDTEND;VALUE=DATE:20260815") == [
        {"from": "2026-08-03", "to": "2026-08-14"}
    ]


def test_a_file_may_hold_several_calendars_one_after_another() -> None:
    days = ("20260605", "20260606")
    text = "".join(file(f"DTSTART;VALUE=DATE:{day}") for day in days)
    assert [one.to_json() for one in ical.read(text, "Europe/Berlin", YEAR).holidays] == ["2026-06-05", "2026-06-06"]


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


@pytest.mark.parametrize("rule", ["FREQ=MONTHLY;INTERVAL=12", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=24"])
def test_every_twelve_months_is_every_year(rule: str) -> None:
    assert read(f"DTSTART;VALUE=DATE:20101224\nRRULE:{rule}") == ["12-24"]


@pytest.mark.parametrize(
    ("rule", "dates"),
    [
        ("FREQ=MONTHLY;INTERVAL=24", ["2026-03-01", "2028-03-01", "2030-03-01"]),
        ("FREQ=MONTHLY;INTERVAL=12;BYDAY=-1MO;COUNT=3", ["2025-03-31", "2026-03-30"]),
        ("FREQ=MONTHLY;INTERVAL=12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20270101", ["2025-03-31", "2026-03-31"]),
        ("FREQ=MONTHLY;BYMONTH=12;BYMONTHDAY=24;UNTIL=20270101T000000Z", ["2025-12-24", "2026-12-24"]),
        ("FREQ=DAILY;BYMONTH=5;BYMONTHDAY=1;COUNT=4", ["2025-05-01", "2026-05-01", "2027-05-01"]),
        ("FREQ=YEARLY;BYDAY=20MO;UNTIL=20270101", ["2025-05-19", "2026-05-18"]),
        ("FREQ=YEARLY;BYYEARDAY=100;UNTIL=20270101", ["2025-04-10", "2026-04-10"]),
        ("FREQ=WEEKLY;UNTIL=20240302", []),
    ],
)
def test_any_rule_that_comes_to_once_a_year_is_read(rule: str, dates: list[str]) -> None:
    assert read(f"DTSTART;VALUE=DATE:20240301\nRRULE:{rule}") == dates


CHRISTMAS_PARTY = "UID:party\nDTSTART;VALUE=DATE:20251218\nRRULE:FREQ=YEARLY;UNTIL=20281231\nSUMMARY:Party"


def test_an_instance_that_was_moved_is_a_holiday_where_it_was_moved_to() -> None:
    moved = "UID:party\nRECURRENCE-ID;VALUE=DATE:20261218\nDTSTART;VALUE=DATE:20261211\nSUMMARY:Party, a week before"
    for events in ((CHRISTMAS_PARTY, moved), (moved, CHRISTMAS_PARTY)):
        found = {one["date"]: one["name"] for one in read_as_they_are(*events)}
        assert found == {
            "2025-12-18": "Party",
            "2026-12-11": "Party, a week before",
            "2027-12-18": "Party",
            "2028-12-18": "Party",
        }


def test_an_instance_that_was_cancelled_is_no_holiday() -> None:
    cancelled = "UID:party\nRECURRENCE-ID;VALUE=DATE:20261218\nDTSTART;VALUE=DATE:20261218\nSTATUS:CANCELLED"
    assert [one["date"] for one in read_as_they_are(CHRISTMAS_PARTY, cancelled)] == [
        "2025-12-18",
        "2027-12-18",
        "2028-12-18",
    ]


def test_an_instance_of_a_timed_event_is_found_in_whatever_zone_it_is_named() -> None:
    party = "UID:p\nDTSTART;TZID=America/New_York:20251224T200000\nDURATION:PT1H\nRRULE:FREQ=YEARLY;UNTIL=20270101"
    later = "UID:p\nRECURRENCE-ID:20261225T010000Z\nDTSTART;TZID=America/New_York:20261224T210000\nDURATION:PT1H"
    assert read_as_they_are(party, later) == [
        {"date": "2025-12-25", "closed": [["02:00", "03:00"]]},
        {"date": "2026-12-25", "closed": [["03:00", "04:00"]]},
    ]


def test_an_instance_of_another_event_replaces_nothing() -> None:
    other = "UID:other\nRECURRENCE-ID;VALUE=DATE:20261218\nDTSTART;VALUE=DATE:20261211\nSUMMARY:Other"
    dates = [one["date"] for one in read_as_they_are(CHRISTMAS_PARTY, other)]
    assert dates == ["2025-12-18", "2026-12-18", "2027-12-18", "2028-12-18", "2026-12-11"]


def test_a_change_that_cannot_be_read_leaves_its_instance_where_it_was() -> None:
    lost = "UID:party\nRECURRENCE-ID;VALUE=DATE:20261218\nDTSTART:banana"
    assert "2026-12-18" in [one["date"] for one in read_as_they_are(CHRISTMAS_PARTY, lost)]


@pytest.mark.parametrize(
    ("end", "holidays"),
    [
        ("20260606T000000", ["2026-06-05"]),
        ("20260606T000000Z", ["2026-06-05"]),
        ("20260605T000000", ["2026-06-05"]),
        ("20260607T000000", [{"from": "2026-06-05", "to": "2026-06-06"}]),
        ("20260605T170000", [{"date": "2026-06-05", "closed": [["00:00", "17:00"]]}]),
        ("20260606T120000", ["2026-06-05", {"date": "2026-06-06", "closed": [["00:00", "12:00"]]}]),
    ],
)
def test_a_date_that_ends_at_a_time_is_closed_from_its_midnight_until_then(end: str, holidays: list[Any]) -> None:
    assert read(f"DTSTART;VALUE=DATE:20260605\nDTEND:{end}") == holidays


def test_a_time_that_ends_on_a_date_is_closed_until_the_midnight_before_it() -> None:
    assert read("DTSTART:20260605T120000\nDTEND;VALUE=DATE:20260606") == [
        {"date": "2026-06-05", "closed": [["12:00", "24:00"]]}
    ]


def test_one_event_that_cannot_be_read_is_left_out_and_named() -> None:
    found = ical.read(file(GOOD, f"{GOOD}\nRDATE;VALUE=DATE:20260607\nSUMMARY:Outing"), "UTC", YEAR)
    assert [holiday.to_json() for holiday in found.holidays] == ["2026-06-05"]
    assert (found.skipped, found.unread) == (0, [ical.Unread("event 2 (Outing)", "RDATE is not read")])


def test_a_file_without_any_event_that_can_be_read_is_refused() -> None:
    with pytest.raises(InvalidValue, match="RDATE is not read"):
        ical.read(file(f"{GOOD}\nRDATE;VALUE=DATE:20260607"), "UTC", YEAR)


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


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART;TZID=Europe/Berlin:20251224T120000\nDTEND;TZID=Europe/Berlin:20251225T000000",
        "DTSTART:20251224T120000\nDURATION:PT12H",
        "DTSTART;TZID=Asia/Tokyo:20251224T200000\nDURATION:PT12H",
    ],
)
def test_a_timed_event_that_returns_on_its_date_is_a_holiday_of_every_year(event: str) -> None:
    assert read(f"{event}\nRRULE:FREQ=YEARLY") == [{"date": "12-24", "closed": [["12:00", "24:00"]]}]


def test_a_timed_event_that_clock_changes_move_is_written_out_for_the_years_around() -> None:
    # The clocks of Berlin go forward on the last Sunday of March: on the 29th in 2026, on the 28th in 2027.
    evening = read("DTSTART:20260328T220000\nDURATION:PT8H\nRRULE:FREQ=YEARLY")
    assert evening[:4] == [
        {"date": "2026-03-28", "closed": [["22:00", "24:00"]]},
        {"date": "2026-03-29", "closed": [["00:00", "07:00"]]},
        {"date": "2027-03-28", "closed": [["22:00", "24:00"]]},
        {"date": "2027-03-29", "closed": [["00:00", "06:00"]]},
    ]


def test_hours_are_exact_over_a_clock_change_and_days_are_as_on_the_wall() -> None:
    def last_end(duration: str) -> str:
        return str(read(f"DTSTART:20260328T220000\nDURATION:{duration}")[-1]["closed"][-1][-1])

    assert (last_end("PT8H"), last_end("P1D"), last_end("P1DT8H")) == ("07:00", "22:00", "06:00")


@pytest.mark.parametrize(
    ("start", "days", "dates"),
    [
        ("20260228", 3, [("2026-02-28", "2026-03-02"), ("2028-02-28", "2028-03-01")]),
        ("20240228", 3, [("2026-02-28", "2026-03-02"), ("2028-02-28", "2028-03-01")]),
        ("20240229", 2, [("2028-02-29", "2028-03-01")]),
    ],
)
def test_days_around_29_february_are_as_many_in_a_leap_year(start: str, days: int, dates: list[Any]) -> None:
    found = read(f"DTSTART;VALUE=DATE:{start}\nDURATION:P{days}D\nRRULE:FREQ=YEARLY")
    assert [(one["from"], one["to"]) for one in found if one["from"][:4] in ("2026", "2028")] == dates


@pytest.mark.parametrize(
    ("zone", "start", "until", "last"),
    [
        ("Europe/Berlin", "20251225T000000", "20271224T230000Z", "2027-12-25"),
        ("Europe/Berlin", "20251225T000000", "20271224T225959Z", "2026-12-25"),
        ("America/New_York", "20250101T090000", "20270101T045959Z", "2026-01-01"),
        ("America/New_York", "20250101T200000", "20270102T010000Z", "2027-01-01"),
        ("America/New_York", "20250101T200000", "20270101T200000", "2027-01-01"),
        ("America/New_York", "20250101T200000", "20270101T195959", "2026-01-01"),
        ("America/New_York", "20250101T200000", "20270101", "2027-01-01"),
    ],
)
def test_until_is_an_instant(zone: str, start: str, until: str, last: str) -> None:
    event = f"DTSTART;TZID={zone}:{start}\nDURATION:PT2H\nRRULE:FREQ=YEARLY;UNTIL={until}"
    assert read(event, zone=zone)[-1]["date"] == last


def test_a_rule_is_followed_in_the_zone_of_its_event() -> None:
    new_york = "DTSTART;TZID=America/New_York:{}T200000\nDURATION:PT2H\nRRULE:FREQ=YEARLY;{}"
    assert read(new_york.format("20250101", "BYMONTH=1;BYMONTHDAY=1")) == [
        {"date": "01-02", "closed": [["02:00", "04:00"]]}
    ]
    thanksgiving = read(new_york.format("20251127", "BYMONTH=11;BYDAY=4TH"))
    assert [one["date"] for one in thanksgiving][:2] == ["2025-11-28", "2026-11-27"]
    utc = read("DTSTART:20250101T080000Z\nDURATION:PT2H\nRRULE:FREQ=YEARLY;BYMONTH=1,7;UNTIL=20251231T000000Z")
    assert [(one["date"], one["closed"]) for one in utc] == [
        ("2025-01-01", [["09:00", "11:00"]]),
        ("2025-07-01", [["10:00", "12:00"]]),
    ]
    left_out = "\nEXDATE;TZID=America/New_York:20260101T200000"
    assert "2026-01-02" not in str(read(new_york.format("20250101", "UNTIL=20280101") + left_out))


def test_29_february_in_another_zone_is_not_1_march_of_every_year() -> None:
    event = "DTSTART;TZID=America/New_York:20240229T200000\nDURATION:PT2H\nRRULE:FREQ=YEARLY"
    assert read(event) == [{"date": "2028-03-01", "closed": [["02:00", "04:00"]]}]


def test_a_status_is_read_whatever_its_case() -> None:
    assert read(f"{GOOD}\nSTATUS:Cancelled") == []


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
        (f"{GOOD}\nDTEND;VALUE=DATE:20260604", "DTEND"),
        (f"{GOOD}\nDTEND;VALUE=DATE:20280604", "DTEND"),
        (f"{GOOD}\nDURATION:soon", "DURATION"),
        (f"{GOOD}\nDURATION:P99999999D", "DTEND must lie"),
        (f"{GOOD}\nRDATE;VALUE=DATE:20260607", "RDATE is not read"),
        (f"{GOOD}\nRRULE:FREQ=FOO", "RRULE"),
        (f"{GOOD}\nRRULE:FREQ=WEEKLY", "RRULE must be yearly: it comes to more than one date a year"),
        (f"{GOOD}\nRRULE:FREQ=MONTHLY;INTERVAL=6", "RRULE must be yearly: it comes to more than one date a year"),
        (f"{GOOD}\nRRULE:FREQ=MONTHLY;INTERVAL=0", "INTERVAL"),
        (f"{GOOD}\nRRULE:FREQ=HOURLY", "RRULE must be yearly"),
        (f"{GOOD}\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260605", "RECURRENCE-ID has RANGE"),
        (f"{GOOD}\nRECURRENCE-ID;VALUE=DATE:20260605\nRRULE:FREQ=YEARLY", "RRULE must not stand beside RECURRENCE-ID"),
        (f"{GOOD}\nRECURRENCE-ID:banana", "RECURRENCE-ID"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;BYSETPOS=1", "BYSETPOS"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;BYDAY=MO", "more than one date a year"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;INTERVAL=0", "INTERVAL"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;UNTIL=T000000Z", "RRULE"),
        (f"{GOOD}\nEXDATE:00010101T000000Z\nRRULE:FREQ=YEARLY", "EXDATE"),
        (f"{GOOD}\nnonsense", "nonsense"),
        (f"{GOOD}\nDURATION:-P1D", "DURATION must not be negative"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;BYMONTH=13", "BYMONTH 13"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;BYMONTHDAY=0", "BYMONTHDAY 0"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;BYMONTHDAY=-32", "BYMONTHDAY -32"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;COUNT=0", "COUNT of at least 1"),
        (f"{GOOD}\nRRULE:FREQ=YEARLY;COUNT=3;UNTIL=20300101", "COUNT or UNTIL"),
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
        file() + "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        file(GOOD)[:-30],
        "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        "\ufeff\r\n;;;:",
    ],
)
def test_what_is_no_calendar_is_refused(text: str) -> None:
    assert refused(text).reason


@pytest.mark.parametrize("zone", ["America/Indiana", "Europe", "Europe/", "/etc", "../x", "a" * 5000])
@pytest.mark.parametrize("name", ["DTSTART", "DTEND", "EXDATE"])
def test_a_time_in_a_zone_of_a_name_that_is_none_is_refused_by_its_property(zone: str, name: str) -> None:
    lines = {"DTSTART": "20260605T090000", "DTEND": "20260605T100000", "EXDATE": "20270605T090000"}
    event = "\n".join(f"{key};TZID={zone}:{at}" if key == name else f"{key}:{at}" for key, at in lines.items())
    refusal = refused(file(GOOD, f"{event}\nRRULE:FREQ=YEARLY"))
    assert refusal.value == "event 2"
    assert refusal.reason.startswith(f"{name} is in a time zone that is not known, {zone[:100]}")


def test_a_file_that_begins_with_a_byte_order_mark_is_read() -> None:
    assert len(ical.read("\ufeff" + file(GOOD), "UTC", YEAR).holidays) == 1


def in_a_zone_of_its_own(*parts: str, events: int = 1000) -> str:
    zone = "".join(
        "BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\n"
        f"{part}\r\nEND:STANDARD\r\n"
        for part in parts
    )
    text = file(*["DTSTART;TZID=Ours:20260605T120000\nDURATION:PT1H\nRRULE:FREQ=YEARLY"] * events)
    described = f"BEGIN:VTIMEZONE\r\nTZID:Ours\r\n{zone}END:VTIMEZONE\r\nBEGIN:VEVENT"
    return text.replace("BEGIN:VEVENT", described, 1)


def test_a_zone_that_one_file_describes_is_unknown_to_the_next() -> None:
    assert len(ical.read(in_a_zone_of_its_own("COMMENT:x", events=3), "UTC", YEAR).holidays) == 3
    assert "not known, Ours" in refused(file("DTSTART;TZID=Ours:20260605T120000\nDURATION:PT1H")).reason


@pytest.mark.parametrize(
    "parts",
    [
        ["RRULE:FREQ=SECONDLY"] * 2,
        ["RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=MO,TU,WE,TH,FR,SA,SU"] * 30,
        ["RRULE:FREQ=YEARLY;BYDAY=SU"] * 30,
        ["RRULE:FREQ=YEARLY"] * 101,
        ["RDATE:" + ",".join(["20260101T000000"] * 501)],
        ["RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"] * 30,
    ],
)
def test_a_zone_whose_clocks_never_rest_is_refused_within_seconds(parts: list[str]) -> None:
    began = time.process_time()
    assert refused(in_a_zone_of_its_own(*parts)).reason
    assert time.process_time() - began < 10


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


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=YEARLY;COUNT=999999;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=5MO,-5MO",
        "DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY;UNTIL=20210101;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
        "DTSTART:20250101T100000\nDURATION:P366D\nRRULE:FREQ=YEARLY;BYMONTHDAY=1,2,3",
        "DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTH=2",
    ],
)
def test_rules_that_take_long_to_follow_are_refused_by_their_event(event: str) -> None:
    began = time.process_time()
    refusal = refused(file(*[event] * 1000))
    assert str(refusal.value).startswith("event ")
    assert time.process_time() - began < 10
