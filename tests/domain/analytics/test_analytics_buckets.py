"""Periods and their buckets, across whatever the clocks of a zone do."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analytics.buckets import MOST_BUCKETS, Granularity, buckets
from domain.analytics.periods import Period, read_period
from domain.analytics.wall_time import day_start, wall_clock
from domain.calendar import pin_packaged_tzdata
from domain.errors import InvalidValue
from domain.instants import DAY, HOUR, MINUTE, Instant, parse, render
from tests.support.strategies import deterministic

pin_packaged_tzdata()
ZONES = sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})
NOW = parse("2026-03-10T12:00:00Z")

# Clocks changed at midnight, by half an hour, by a day; offsets of quarters of an hour and of seconds.
ODD = (
    *("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo"),
    *("Pacific/Apia", "Pacific/Kwajalein", "America/Goose_Bay", "Asia/Kathmandu", "Africa/Monrovia"),
)
zones = st.sampled_from(ODD) | st.sampled_from(ZONES)
days = st.dates(date(1970, 1, 1), date(2100, 12, 31))
changes = st.sampled_from(
    [
        ("America/New_York", date(2026, 3, 8)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("America/Sao_Paulo", date(2018, 11, 4)),
        ("Africa/Cairo", date(2026, 4, 24)),
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("America/Goose_Bay", date(2010, 11, 7)),
        ("Africa/Monrovia", date(1972, 1, 7)),
    ]
)


@st.composite
def periods(draw: st.DrawFn, longest: int = 70) -> Period:
    zone, day = draw(st.tuples(zones, days) | changes)
    start = max(date(1970, 1, 1), day - timedelta(days=draw(st.integers(0, longest // 2))))
    end = min(date(2100, 12, 31), start + timedelta(days=draw(st.integers(0, longest))))
    return Period(start, end, zone)


@deterministic
@given(periods(), st.sampled_from(Granularity))
def test_buckets_partition_the_period_without_gap_or_overlap(period: Period, granularity: Granularity) -> None:
    cut = buckets(period, granularity)
    assert all(bucket.start < bucket.end for bucket in cut)
    assert all(before.end == after.start for before, after in pairwise(cut))
    assert [cut[0].start, cut[-1].end] == [period.start, period.end] if cut else period.start == period.end
    assert len({bucket.label for bucket in cut}) == len(cut)


@deterministic
@given(zones, days)
def test_a_day_starts_where_the_wall_clock_first_shows_it(zone: str, day: date) -> None:
    start = day_start(zone, day)
    if 0 < start < parse("2101-01-01T00:00:00Z"):
        assert wall_clock(zone, start).date() >= day
        assert wall_clock(zone, Instant(start - 1)).date() < day
    assert start <= day_start(zone, day + timedelta(days=1))


@deterministic
@given(periods(longest=400), st.sampled_from((Granularity.WEEK, Granularity.MONTH)))
def test_only_the_first_and_the_last_bucket_may_be_clipped(period: Period, granularity: Granularity) -> None:
    assert not any(bucket.clipped for bucket in buckets(period, granularity)[1:-1])


@deterministic
@given(periods())
def test_no_hour_is_longer_than_an_hour_and_all_of_it_shows_one_hour_of_the_clock(period: Period) -> None:
    for bucket in buckets(Period(period.start_date, period.start_date, period.timezone), Granularity.HOUR):
        first, last = wall_clock(period.timezone, bucket.start), wall_clock(period.timezone, Instant(bucket.end - 1))
        assert bucket.end - bucket.start <= HOUR
        assert (first.date(), first.hour, first.utcoffset()) == (last.date(), last.hour, last.utcoffset())


@deterministic
@given(periods())
def test_the_period_before_ends_where_this_one_begins_and_has_as_many_days(period: Period) -> None:
    before = period.before()
    assert (before.end, before.days) == (period.start, period.days)
    assert before.end_date + timedelta(days=1) == period.start_date


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-07", 24), ("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)]
)
def test_a_day_has_as_many_hours_as_the_clock_gives_it(day: str, hours: int) -> None:
    period = read_period(day, day, "America/New_York", NOW)
    cut = buckets(period, Granularity.HOUR)
    assert len(cut) == hours
    assert period.end - period.start == hours * HOUR
    assert {bucket.end - bucket.start for bucket in cut} == {HOUR}


def test_the_hour_that_comes_twice_has_two_buckets_told_apart_by_their_offset() -> None:
    cut = buckets(read_period("2026-10-25", "2026-10-25", "Europe/Berlin", NOW), Granularity.HOUR)
    assert [(bucket.label, render(bucket.start)) for bucket in cut[2:4]] == [
        ("2026-10-25T02:00+02:00", "2026-10-25T00:00:00Z"),
        ("2026-10-25T02:00+01:00", "2026-10-25T01:00:00Z"),
    ]


def test_where_the_clock_is_set_back_by_half_an_hour_the_repeated_half_has_a_bucket() -> None:
    cut = buckets(read_period("2026-04-05", "2026-04-05", "Australia/Lord_Howe", NOW), Granularity.HOUR)
    assert [(bucket.label[11:], bucket.end - bucket.start) for bucket in cut[:4]] == [
        ("00:00+11:00", HOUR),
        ("01:00+11:00", HOUR),
        ("01:30+10:30", 30 * MINUTE),
        ("02:00+10:30", HOUR),
    ]


def test_a_day_without_midnight_starts_when_the_clock_is_set_forward() -> None:
    assert render(day_start("America/Sao_Paulo", date(2018, 11, 4))) == "2018-11-04T03:00:00Z"
    assert wall_clock("America/Sao_Paulo", day_start("America/Sao_Paulo", date(2018, 11, 4))).hour == 1


def test_a_day_that_the_zone_skipped_has_no_bucket() -> None:
    period = Period(date(2011, 12, 29), date(2011, 12, 31), "Pacific/Apia")
    assert [bucket.label for bucket in buckets(period, Granularity.DAY)] == ["2011-12-29", "2011-12-31"]
    assert buckets(Period(date(2011, 12, 30), date(2011, 12, 30), "Pacific/Apia"), Granularity.DAY) == ()


def test_weeks_are_iso_weeks_from_monday_clipped_to_the_period() -> None:
    cut = buckets(Period(date(2026, 12, 30), date(2027, 1, 11), "UTC"), Granularity.WEEK)
    assert [(bucket.label, render(bucket.start)[:10], bucket.clipped) for bucket in cut] == [
        ("2026-W53", "2026-12-30", True),
        ("2027-W01", "2027-01-04", False),
        ("2027-W02", "2027-01-11", True),
    ]


def test_months_are_clipped_to_the_period() -> None:
    cut = buckets(Period(date(2026, 1, 31), date(2026, 3, 31), "UTC"), Granularity.MONTH)
    assert [(bucket.label, bucket.clipped, (bucket.end - bucket.start) // DAY) for bucket in cut] == [
        ("2026-01", True, 1),
        ("2026-02", False, 28),
        ("2026-03", False, 31),
    ]


def test_there_is_a_bound_on_the_number_of_buckets_and_the_refusal_names_it() -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC).date()
    longest = Period(start, start + timedelta(days=MOST_BUCKETS - 1), "Europe/Berlin")
    assert len(buckets(longest, Granularity.DAY)) == MOST_BUCKETS
    one_more = Period(start, start + timedelta(days=MOST_BUCKETS), "Europe/Berlin")
    for period, granularity in ((one_more, Granularity.DAY), (longest, Granularity.HOUR)):
        with pytest.raises(InvalidValue, match=f"{MOST_BUCKETS}") as refusal:
            buckets(period, granularity)
        assert (refusal.value.field, refusal.value.value) == ("granularity", granularity.value)


def test_without_dates_a_period_is_the_thirty_days_up_to_today_in_its_zone() -> None:
    late = parse("2026-03-10T23:30:00Z")
    assert read_period(None, None, "UTC", late) == Period(date(2026, 2, 9), date(2026, 3, 10), "UTC")
    assert read_period(None, None, "Asia/Tokyo", late) == Period(date(2026, 2, 10), date(2026, 3, 11), "Asia/Tokyo")
    assert read_period(None, None, "UTC", late).days == 30
    assert read_period(None, "1970-01-05", "UTC", late).start_date == date(1970, 1, 1)


@pytest.mark.parametrize(
    ("start", "end", "zone", "field", "value"),
    [
        ("2026-03-02", "2026-03-01", "UTC", "end_date", "2026-03-01"),
        ("2026-03-11", None, "UTC", "start_date", "2026-03-11"),
        ("2026-02-30", None, "UTC", "start_date", "2026-02-30"),
        (None, "20260301", "UTC", "end_date", "20260301"),
        (None, "2026-03-01T00:00:00Z", "UTC", "end_date", "2026-03-01T00:00:00Z"),
        ("1969-12-31", None, "UTC", "start_date", "1969-12-31"),
        ("2026-03-01", "2101-01-01", "UTC", "end_date", "2101-01-01"),
        (None, None, "Mars/Base", "timezone", "Mars/Base"),
        (None, None, "", "timezone", ""),
    ],
)
def test_a_period_that_makes_no_sense_is_refused_by_name(
    start: str | None, end: str | None, zone: str, field: str, value: str
) -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_period(start, end, zone, NOW)
    assert (refusal.value.field, refusal.value.value) == (field, value)


def test_a_period_ends_with_the_last_instant_of_its_last_day() -> None:
    period = read_period("2026-03-08", "2026-03-08", "America/New_York", NOW)
    assert (render(period.start), render(period.end)) == ("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")
