"""What other rules would do: closures as parts of a calendar, and which targets move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.calendar.validation import WEEKDAYS
from domain.errors import InvalidValue
from domain.instants import HOUR, MINUTE, Instant, parse, render
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.policy.policies import OnChange
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.replan.replanning import BreachChange, ClosureRequest, Rules, moves
from tests.support.builders import OFFICE, a_policy, a_snapshot, at, opened, promise, resolved

BERLIN = Calendar.from_json(
    {
        "timezone": "Europe/Berlin",
        "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sun")},
        "special_openings": {"2026-03-07": [["10:00", "14:00"]]},
        "breaks": {"2026-03-07": [["11:00", "11:30"]]},
    }
)


def closed(start: str, end: str, calendar: Calendar = BERLIN) -> Calendar:
    return ClosureRequest(parse(start), parse(end), "storm").added_to(calendar)


def lost(start: str, end: str, first: str = "2026-03-01T00:00:00Z", last: str = "2026-04-05T00:00:00Z") -> int:
    """Working time that the closure takes away, in minutes."""
    span = parse(first), parse(last)
    return (BERLIN.elapsed(*span) - closed(start, end).elapsed(*span)) // MINUTE


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-02T13:00:00+01:00", "2026-03-02T18:00:00+01:00", 4 * 60),
        ("2026-03-02T16:00:00+01:00", "2026-03-04T10:00:00+01:00", (1 + 8 + 1) * 60),
        ("2026-03-02T18:00:00+01:00", "2026-03-03T09:00:00+01:00", 0),
        ("2026-03-02T12:00:00Z", "2026-03-02T12:00:30Z", 0),
        ("2026-03-07T09:00:00+01:00", "2026-03-07T12:00:00+01:00", 90),
        ("2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00", 3 * 60),
    ],
    ids=["an afternoon", "over two nights", "a night", "seconds", "a special opening", "a clock change"],
)
def test_a_closure_takes_away_exactly_the_open_time_in_it(start: str, end: str, minutes: int) -> None:
    assert lost(start, end) == minutes
    inside = closed(start, end)
    assert inside.elapsed(parse(start), parse(end)) == 0


def test_a_closure_is_known_by_its_reason() -> None:
    (holiday,) = closed("2026-03-02T13:00:00+01:00", "2026-03-02T18:00:00+01:00").holidays
    assert holiday.name == "storm"
    assert [window.to_json() for window in holiday.closed] == [["13:00", "18:00"]]


def test_a_closure_that_is_added_twice_is_there_once() -> None:
    once = closed("2026-03-07T09:00:00+01:00", "2026-03-07T12:00:00+01:00")
    assert closed("2026-03-07T09:00:00+01:00", "2026-03-07T12:00:00+01:00", once) == once


def test_a_closure_of_a_special_opening_leaves_a_break_past_midnight_in_place() -> None:
    opened = {"2026-06-01": [["00:00", "24:00"]], "2026-06-02": [["00:00", "24:00"]]}
    calendar = Calendar.from_json(
        {
            "timezone": "UTC",
            "weekly_hours": {"mon": [["09:00", "17:00"]]},
            "special_openings": opened,
            "breaks": {"2026-06-01": [["22:00", "02:00"], ["12:00", "13:00"]]},
            "holidays": ["2026-06-01"],
        }
    )
    days = parse("2026-06-01T00:00:00Z"), parse("2026-06-03T00:00:00Z")
    after = closed("2026-06-01T20:00:00Z", "2026-06-01T23:00:00Z", calendar)
    assert after.elapsed(*days) == calendar.elapsed(*days) - 2 * HOUR
    assert after.elapsed(parse("2026-06-01T20:00:00Z"), parse("2026-06-02T02:00:00Z")) == 0
    assert closed("2026-06-01T20:00:00Z", "2026-06-01T23:00:00Z", after) == after


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [("00:00", "02:00", 120), ("01:00", "02:00", 120), ("00:15", "00:45", 60), ("00:30", "01:30", 0)],
    ids=["both passes", "the second pass", "within the first pass", "from the first into the second"],
)
def test_of_an_hour_that_is_shown_twice_a_closure_takes_both_passes_or_none(start: str, end: str, minutes: int) -> None:
    week = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
    always = Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": week})
    after = closed(f"2026-10-25T{start}:00Z", f"2026-10-25T{end}:00Z", always)
    day = parse("2026-10-24T22:00:00Z"), parse("2026-10-25T23:00:00Z")
    assert always.elapsed(*day) - after.elapsed(*day) == minutes * MINUTE


def test_around_the_clock_there_is_nothing_to_close() -> None:
    with pytest.raises(InvalidValue):
        closed("2026-03-02T13:00:00Z", "2026-03-02T18:00:00Z", Calendar.always())


SNAPSHOT = a_snapshot(promise("first_response", 60), promise("resolution", 360))
CATALOG = Catalog("default", (replace(SNAPSHOT.policy, version=2, targets=(promise("resolution", 480),)),), {})


def rules(**named: Any) -> Rules:
    return Rules(CATALOG, **named)


def test_rules_change_what_they_name_and_nothing_else() -> None:
    other = CalendarVersion(BERLIN, "bh_1", 4)
    assert rules(calendars={"bh_1": other}).over(SNAPSHOT) == replace(SNAPSHOT, calendar=other)
    assert rules(calendars={"bh_2": other}).over(SNAPSHOT) == SNAPSHOT
    assert rules(policy_id="sla_1").over(SNAPSHOT) == replace(SNAPSHOT, policy=CATALOG.policies[0])
    assert rules(policy_id="sla_2").over(SNAPSHOT) == SNAPSHOT
    assert rules(tzdata_version="2099z").over(SNAPSHOT) == replace(SNAPSHOT, tzdata_version="2099z")
    asked: list[dict[str, Any]] = [
        {"policy_id": "sla_1"},
        {"policy_id": "sla_2"},
        {"calendars": {"bh_1": other}},
        {"calendars": {"b": other}},
    ]
    assert [rules(**one).concern(SNAPSHOT) for one in asked] == [True, False, True, False]
    assert rules(tzdata_version="2099z").concern(SNAPSHOT)


def test_a_policy_that_names_other_hours_brings_them_along() -> None:
    policy = a_policy(promise(), business_hours=True, business_hours_id="bh_9", on_change=OnChange.RETARGET)
    hours = CalendarVersion(BERLIN, "bh_9", 1)
    changed = Rules(Catalog("default", (policy,), {"bh_9": hours}), "sla_1").over(SNAPSHOT)
    assert changed.calendar == hours
    assert [one.policy for one in changed.alternatives] == [policy]


def test_a_move_says_what_becomes_of_the_breach() -> None:
    events = [opened("09:00"), resolved("16:00")]
    closed_at_noon = replace(
        SNAPSHOT, calendar=CalendarVersion(ClosureRequest(at("12:00"), at("18:00"), "x").added_to(OFFICE))
    )
    before, after = plan(SNAPSHOT, events), plan(closed_at_noon, events)
    (saved,) = moves(before, after, at("17:00"))
    assert (saved.type, saved.breach, render(saved.due_to or Instant(0))) == (
        "resolution", BreachChange.SAVED, "2026-03-03T12:00:00Z"
    )  # fmt: skip
    (worse,) = moves(after, before, at("17:00"))
    assert worse.breach is BreachChange.WOULD_BREACH
    assert moves(before, before, at("17:00")) == ()


def test_a_breach_that_lies_ahead_is_none_yet() -> None:
    slower = replace(SNAPSHOT, calendar=CalendarVersion(ClosureRequest(at("12:00"), at("13:00"), "x").added_to(OFFICE)))
    (move,) = moves(plan(SNAPSHOT, [opened("10:00")]), plan(slower, [opened("10:00")]), at("11:00"))[-1:]
    assert (move.breach, (move.due_to or 0) - (move.due_from or 0)) == (None, HOUR)


def test_a_target_that_only_one_of_the_plans_has_moves() -> None:
    fewer = replace(SNAPSHOT, policy=replace(SNAPSHOT.policy, targets=SNAPSHOT.policy.targets[1:]))
    (gone,) = moves(plan(SNAPSHOT, [opened("09:00")]), plan(fewer, [opened("09:00")]), at("12:00"))
    assert (gone.type, gone.due_to, gone.breach) == ("first_response", None, BreachChange.SAVED)
    assert isinstance(SNAPSHOT, Snapshot)
