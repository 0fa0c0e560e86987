"""A replan puts other rules in place for the whole life of a ticket; nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.calendar import tzdata_version
from domain.errors import InvalidValue
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.replans import effective_snapshot
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.ticket.events import Event, EventKind
from tests.support.builders import ALWAYS, a_snapshot, at, only, opened, promise

SNAPSHOT = a_snapshot(promise(minutes=600))
AROUND_THE_CLOCK = replace(SNAPSHOT, calendar=CalendarVersion(ALWAYS, "bh_1", 4))


def replanned(rules: Snapshot, when: str) -> Event:
    return Event(EventKind.REPLANNED, f"replan {when}", at(when), at(when), reason="storm", rules=rules.rules)


def test_the_rules_of_a_replan_hold_from_the_opening_on() -> None:
    """The rules of the replan that was received last hold from the opening on."""
    before = only(plan(SNAPSHOT, [opened("09:00")]))
    after = only(plan(SNAPSHOT, [opened("09:00"), replanned(AROUND_THE_CLOCK, "12:00")]))
    assert (before.due_at, after.due_at) == (at("tue 11:00"), at("19:00"))


def test_the_replan_received_last_counts_whenever_it_is_said_to_have_occurred() -> None:
    late = replace(replanned(SNAPSHOT, "13:00"), occurred_at=at("10:00"))
    events = [opened("09:00"), replanned(AROUND_THE_CLOCK, "12:00"), late]
    assert effective_snapshot(SNAPSHOT, events).calendar == SNAPSHOT.calendar


def test_a_snapshot_that_was_replanned_still_knows_the_rules_of_the_opening() -> None:
    events = [opened("09:00"), replanned(AROUND_THE_CLOCK, "12:00")]
    kept = Snapshot.from_json(effective_snapshot(SNAPSHOT, events).to_json())
    assert kept.calendar.version == 4
    assert effective_snapshot(kept, events).calendar.version == 4
    assert effective_snapshot(kept, events[:1]).calendar == SNAPSHOT.calendar
    assert plan(kept, events[:1]) == plan(SNAPSHOT, events[:1])


def test_a_replan_changes_nothing_about_the_ticket() -> None:
    other = replace(AROUND_THE_CLOCK, ticket=replace(SNAPSHOT.ticket, priority="low"))
    assert effective_snapshot(SNAPSHOT, [opened("09:00"), replanned(other, "12:00")]).ticket == SNAPSHOT.ticket


def test_a_replan_without_rules_is_no_event_and_neither_are_rules_without_a_replan() -> None:
    with pytest.raises(InvalidValue):
        Event(EventKind.REPLANNED, "e", at("09:00"), at("09:00"))
    with pytest.raises(InvalidValue):
        Event(EventKind.PAUSED, "e", at("09:00"), at("09:00"), rules={})


def test_rules_that_are_none_are_refused_by_name() -> None:
    broken = Event(EventKind.REPLANNED, "e", at("12:00"), at("12:00"), rules={"policy": {"name": ""}})
    with pytest.raises(InvalidValue) as refused:
        plan(SNAPSHOT, [opened("09:00"), broken])
    assert refused.value.field == "snapshot.policy.name"


def test_a_plan_names_the_versions_it_was_made_with() -> None:
    events = [opened("09:00"), replanned(AROUND_THE_CLOCK, "12:00")]
    made = [plan(SNAPSHOT, told).versions for told in (events[:1], events)]
    common = {"policy_id": "sla_1", "policy_version": 1, "calendar_id": "bh_1", "tzdata_version": tzdata_version()}
    assert made == [{**common, "calendar_version": 3}, {**common, "calendar_version": 4}]
    assert Plan.from_json(plan(SNAPSHOT, events).to_json()).versions == made[1]
