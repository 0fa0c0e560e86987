"""iCalendar feeds as rotas: times and zones, repetitions across clock changes, and texts that nobody should send."""

from __future__ import annotations

import asyncio
import time

import pytest

from domain.errors import InvalidValue
from domain.instants import parse, render
from service.people.feed import feed_of
from service.people.feeds import MOST_REPEATING

NOW = parse("2026-03-20T12:00:00Z")


def feed(*events: str) -> str:
    body = "".join(f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{body}END:VCALENDAR\r\n"


def read(*events: str, zone: str = "Europe/Berlin") -> list[tuple[str, str, str]]:
    return [(render(one.start), render(one.end), one.summary) for one in feed_of(feed(*events), zone, NOW).events]


def test_times_are_read_in_their_zone_and_whole_days_in_that_of_the_on_call() -> None:
    assert read(
        "UID:1\nSUMMARY:Ada\nDTSTART:20260320T080000Z\nDTEND:20260320T160000Z",
        "UID:2\nSUMMARY:Grace\nDTSTART;TZID=America/New_York:20260320T160000\nDURATION:PT2H",
        "UID:3\nSUMMARY:Joan\nDTSTART;VALUE=DATE:20260321\nDTEND;VALUE=DATE:20260323",
        "UID:4\nSUMMARY:Mary\nDTSTART:20260323T090000\nDTEND:20260323T100000",
    ) == [
        ("2026-03-20T08:00:00Z", "2026-03-20T16:00:00Z", "Ada"),
        ("2026-03-20T20:00:00Z", "2026-03-20T22:00:00Z", "Grace"),
        ("2026-03-20T23:00:00Z", "2026-03-22T23:00:00Z", "Joan"),
        ("2026-03-23T08:00:00Z", "2026-03-23T09:00:00Z", "Mary"),
    ]


def test_what_repeats_keeps_its_time_of_day_when_the_clocks_change() -> None:
    weekly = "UID:1\nSUMMARY:Ada\nDTSTART;TZID=Europe/Berlin:20260316T090000\nDTEND;TZID=Europe/Berlin:20260323T090000"
    found = read(f"{weekly}\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2")
    assert [one[:2] for one in found] == [
        ("2026-03-16T08:00:00Z", "2026-03-23T08:00:00Z"),
        ("2026-03-30T07:00:00Z", "2026-04-06T07:00:00Z"),
    ]


def test_an_instance_that_was_left_out_or_moved_is_not_where_the_rule_says() -> None:
    daily = (
        "UID:1\nSUMMARY:Ada\nDTSTART:20260320T090000Z\nDTEND:20260320T100000Z\nRRULE:FREQ=DAILY;UNTIL=20260323T090000Z"
    )
    moved = "UID:1\nSUMMARY:Grace\nRECURRENCE-ID:20260322T090000Z\nDTSTART:20260322T200000Z\nDTEND:20260322T210000Z"
    found = read(f"{daily}\nEXDATE:20260321T090000Z", moved)
    assert [(one[0], one[2]) for one in found] == [
        ("2026-03-20T09:00:00Z", "Ada"),
        ("2026-03-22T20:00:00Z", "Grace"),
        ("2026-03-23T09:00:00Z", "Ada"),
    ]


def test_attendees_are_read_with_their_addresses_and_names() -> None:
    text = feed(
        "UID:1\nDTSTART:20260320T080000Z\nDTEND:20260320T160000Z\nATTENDEE;CN=Ada Lovelace:mailto:Ada@Example.com"
    )
    [event] = feed_of(text, "UTC", NOW).events
    assert {"ada@example.com", "Ada Lovelace"} <= set(event.attendees)


def test_what_is_cancelled_or_cannot_be_read_is_left_out_and_counted() -> None:
    good = "UID:1\nSUMMARY:Ada\nDTSTART:20260320T080000Z\nDTEND:20260320T160000Z"
    bad = ["UID:2\nSUMMARY:x", "UID:3\nDTSTART;TZID=Mars/Base:20260320T080000\nDTEND:20260320T160000Z"]
    text = feed(good, f"{good}\nSTATUS:CANCELLED", *bad)
    found = feed_of(text, "UTC", NOW)
    assert (len(found.events), found.unread) == (1, 2)


@pytest.mark.parametrize(
    "text",
    ["", "no calendar", "<html></html>", feed("UID:1\nSUMMARY:x"), "BEGIN:VCALENDAR\r\n" * 50],
)
def test_what_is_no_feed_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        feed_of(text, "UTC", NOW)
    assert refusal.value.field == "ical"


def test_a_feed_may_be_several_calendars_one_after_another() -> None:
    shifts = [f"UID:{day}\nSUMMARY:Ada\nDTSTART:202603{day}T080000Z\nDTEND:202603{day}T160000Z" for day in (20, 21)]
    assert len(feed_of("".join(map(feed, shifts)), "UTC", NOW).events) == 2


def test_a_feed_without_events_is_one_in_which_nobody_is_on_call() -> None:
    assert feed_of(feed(), "UTC", NOW).events == ()


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=1,2,3;BYSECOND=1,2,3",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
    ],
)
def test_a_hostile_rule_ends_soon(rule: str) -> None:
    hostile = f"UID:1\nSUMMARY:Ada\nDTSTART:20170320T080000Z\nDTEND:20170320T160000Z\nRRULE:{rule}"
    begun = time.process_time()
    found = read(*[hostile] * 20, "UID:2\nSUMMARY:Grace\nDTSTART:20260320T080000Z\nDURATION:PT1H")
    assert [one[2] for one in found] == ["Grace"]
    assert time.process_time() - begun < 5


def test_a_rule_for_leap_days_and_weeks_of_the_year_comes_when_it_should() -> None:
    """They are followed in other years than those in which they come."""
    length = "DTEND;TZID=Europe/Berlin:20200229T170000"
    fifth = read(
        f"UID:1\nSUMMARY:x\nDTSTART;TZID=Europe/Berlin:20200229T090000\n{length}\nRRULE:FREQ=MONTHLY;BYDAY=5MO"
    )
    assert [one[0][:10] for one in fifth] == ["2026-03-30", "2026-06-29", "2026-08-31", "2026-11-30", "2027-03-01"][:4]
    week = read(
        f"UID:1\nSUMMARY:x\nDTSTART;TZID=Europe/Berlin:20200229T090000\n{length}\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=TH"
    )
    assert [one[0][:10] for one in week] == ["2026-12-31"]


def test_too_many_events_are_refused() -> None:
    daily = "UID:1\nSUMMARY:Ada\nDTSTART:20260320T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY"
    for text in (feed(*[daily] * (MOST_REPEATING + 1)), feed(*[daily] * 20)):
        with pytest.raises(InvalidValue, match="events"):
            feed_of(text, "UTC", NOW)


async def test_a_feed_that_several_ask_for_at_the_same_time_is_read_once() -> None:
    """As workers do that give up waiting for a long one, and ask again."""
    text = feed(*(f"UID:{n}\nSUMMARY:Ada\nDTSTART:20260320T080000Z\nDTEND:20260320T160000Z" for n in range(300)))
    found = await asyncio.gather(*(asyncio.to_thread(feed_of, text, "UTC", NOW) for _ in range(8)))
    assert len({id(one) for one in found}) == 1
