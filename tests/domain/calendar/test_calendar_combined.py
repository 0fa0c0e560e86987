"""Calendars that are made of others: union and intersection, measured in the hours of each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.calendar.combined import Combination, Combined, Member
from domain.errors import InvalidValue
from domain.instants import DAY, HOUR, Instant, Micros, parse
from domain.plan.planning import plan
from domain.policy.snapshot import Snapshot
from domain.replan.replanning import ClosureRequest
from tests.support.builders import ALWAYS, OFFICE, WEEKDAYS, a_snapshot, only, opened
from tests.support.strategies import BERLIN, deterministic


def nine_to_five(zone: str, **rules: Any) -> Calendar:
    week = {weekday: [["09:00", "17:00"]] for weekday in WEEKDAYS[:5]}
    return Calendar.from_json({"timezone": zone, "weekly_hours": week, **rules})


LONDON, PACIFIC = nine_to_five("Europe/London"), nine_to_five("America/Los_Angeles")


def made(how: str, *members: Calendar, **rest: Any) -> Calendar:
    listed = [{"id": f"bh_{n}", "version": 1, "calendar": one.to_json()} for n, one in enumerate(members)]
    return Calendar.from_json({how: listed, **rest})


def union(*members: Calendar, **rest: Any) -> Calendar:
    return made("union_of", *members, **rest)


def intersection(*members: Calendar, **rest: Any) -> Calendar:
    return made("intersection_of", *members, **rest)


def test_a_union_is_open_while_any_member_is_and_an_intersection_while_all_are() -> None:
    """A union is open while any of its members is, an intersection while all are, each in its own zone."""
    both = union(LONDON, PACIFIC)
    start = parse("2026-03-03T00:00:00Z")
    # Los Angeles (UTC-8) closes at 01:00 UTC and opens at 17:00, when London closes.
    assert both.add(start, Micros(1 * HOUR)) == parse("2026-03-03T01:00:00Z")
    assert both.add(start, Micros(2 * HOUR)) == parse("2026-03-03T10:00:00Z")
    assert both.add(start, Micros(17 * HOUR)) == parse("2026-03-04T01:00:00Z")
    # On 8 March the clocks of Los Angeles go forward, those of London do three weeks later: one hour is shared.
    tuesday = parse("2026-03-10T00:00:00Z")
    assert both.elapsed(tuesday, Instant(tuesday + DAY)) == 15 * HOUR
    shared = intersection(LONDON, PACIFIC)
    assert shared.elapsed(tuesday, Instant(tuesday + DAY)) == 1 * HOUR
    assert shared.add(start, Micros(30 * HOUR // 60)) == parse("2026-03-09T16:30:00Z")


def test_each_member_keeps_its_own_holidays() -> None:
    with_holiday = nine_to_five("Europe/London", holidays=[{"date": "2026-03-03", "name": "Outing"}])
    both = union(with_holiday, PACIFIC)
    day = both.effective_day(date(2026, 3, 3))
    assert [(one.opens, one.closes) for one in day.windows] == [("00:00", "01:00"), ("17:00", "24:00")]
    assert [one.name for one in day.holidays] == ["Outing"]
    assert day.working == 8 * HOUR


def test_what_no_member_leaves_open_is_closed_by_the_first_that_closes_it() -> None:
    with_holiday = nine_to_five("Europe/London", holidays=[{"date": "2026-03-03", "name": "Outing"}])
    start, end = parse("2026-03-03T00:00:00Z"), parse("2026-03-04T00:00:00Z")
    told = [
        (one.start, None if one.closed_by is None else (one.closed_by.rule.value, one.closed_by.name))
        for one in union(with_holiday, PACIFIC).stretches(start, end)
    ]
    assert told == [
        (start, None),
        (parse("2026-03-03T01:00:00Z"), ("holiday", "Outing")),
        (parse("2026-03-03T17:00:00Z"), None),
    ]
    met = intersection(LONDON, OFFICE).stretches(start, end)
    assert [one.closed_by is None for one in met] == [False, True, False]


def test_times_of_a_combination_are_read_in_its_zone() -> None:
    assert union(LONDON, PACIFIC).timezone == "Europe/London"
    tokyo = union(LONDON, PACIFIC, timezone="Asia/Tokyo")
    assert [w.to_json() for w in tokyo.open_windows(date(2026, 3, 4))] == [["00:00", "10:00"], ["18:00", "24:00"]]


def test_a_combination_may_be_made_of_combinations_and_of_what_is_always_open() -> None:
    start, end = parse("2026-03-02T00:00:00Z"), parse("2026-03-09T00:00:00Z")
    assert union(LONDON, ALWAYS).elapsed(start, end) == end - start
    assert intersection(LONDON, ALWAYS).elapsed(start, end) == LONDON.elapsed(start, end)
    nested = intersection(union(LONDON, PACIFIC), nine_to_five("America/Los_Angeles"))
    assert nested.elapsed(start, end) == PACIFIC.elapsed(start, end)


def test_a_promise_is_measured_in_a_combination_that_is_frozen_with_the_ticket() -> None:
    snapshot = a_snapshot(calendar=union(OFFICE, BERLIN))
    assert Snapshot.from_json(snapshot.to_json()) == snapshot
    # The office opens at 09:00 UTC, Berlin at 07:00.
    assert only(plan(snapshot, [opened("06:00")])).due_at == parse("2026-03-02T08:00:00Z")


def test_hours_that_are_never_open_together_are_refused() -> None:
    mornings = Calendar.from_json({"timezone": "UTC", "weekly_hours": {"mon": [["08:00", "12:00"]]}})
    afternoons = Calendar.from_json({"timezone": "UTC", "weekly_hours": {"mon": [["12:00", "17:00"]]}})
    with pytest.raises(InvalidValue, match="never open together") as refusal:
        intersection(mornings, afternoons).require_ever_open()
    assert refusal.value.field == "intersection_of"
    both = union(mornings, afternoons)
    assert both.require_ever_open() is both


def test_a_closure_after_the_fact_closes_members_and_not_what_is_made_of_them() -> None:
    closure = ClosureRequest(parse("2026-03-03T10:00:00Z"), parse("2026-03-03T12:00:00Z"), "storm")
    with pytest.raises(InvalidValue, match="made of") as refusal:
        closure.added_to(union(LONDON, PACIFIC))
    assert refusal.value.field == "closure.business_hours_id"
    closed = union(closure.added_to(LONDON), PACIFIC)
    start, end = parse("2026-03-03T09:00:00Z"), parse("2026-03-03T17:00:00Z")
    assert closed.elapsed(start, end) == 6 * HOUR


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"union_of": [1]}, "union_of[0]"),
        ({"union_of": {}, "intersection_of": 7}, "intersection_of"),
        ({"weekly_hours": {"mon": [["09:00", "17:00"]]}}, "weekly_hours"),
        ({"holidays": ["2026-01-01"]}, "holidays"),
        ({"holidays_apply_to": "shift"}, "holidays_apply_to"),
    ],
)
def test_what_cannot_be_put_together_is_refused_by_its_field(document: dict[str, Any], field: str) -> None:
    members = [{"id": f"bh_{n}", "version": 1, "calendar": OFFICE.to_json()} for n in range(2)]
    with pytest.raises(InvalidValue) as refusal:
        Calendar.from_json({"union_of": members, **document}, "hours")
    assert refusal.value.field == f"hours.{field}"


def test_a_combination_has_two_members_or_more_each_once_and_not_in_too_many_levels() -> None:
    for calendars in ((OFFICE,), (OFFICE,) * 11):
        with pytest.raises(InvalidValue, match="from 2 to 10"):
            union(*calendars)
    with pytest.raises(InvalidValue, match="once"):
        Combined(Combination.UNION, (Member("bh_1", 1, OFFICE), Member("bh_1", 1, OFFICE)))
    deep = OFFICE
    for _ in range(5):
        deep = union(deep, LONDON)
    with pytest.raises(InvalidValue, match="levels"):
        union(deep, LONDON)


@deterministic
@given(st.sampled_from(Combination), st.integers(0, 400 * 24 * 4))
def test_a_combination_is_open_exactly_when_its_members_say_so(how: Combination, quarter: int) -> None:
    members = (LONDON, BERLIN, PACIFIC) if how is Combination.UNION else (LONDON, BERLIN)
    at = Instant(parse("2026-01-01T00:00:00Z") + quarter * HOUR // 4)
    combine = any if how is Combination.UNION else all
    calendar = made(how.value, *members)
    assert calendar.is_open(at) == combine(one.is_open(at) for one in members)
    later = Instant(at + 9 * DAY)
    counted = calendar.elapsed(at, later)
    opens = calendar.open_between(at, later)
    assert counted == sum(one.length for one in opens)
    stretched = sum(one.end - one.start for one in calendar.stretches(at, later) if one.closed_by is None)
    assert counted == stretched
    assert counted == 0 or calendar.elapsed(at, calendar.add(at, Micros(counted))) == counted
