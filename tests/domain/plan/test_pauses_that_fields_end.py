"""Pauses that a change of the ticket's fields ends: `ends_when` takes conditions beside kinds of events.

Every hour counts; the promise is one hour.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.instants import MINUTE
from domain.plan.measured.pauses import EndedBy
from domain.plan.planning import plan
from domain.plan.walk import TicketWalk
from domain.policy.clocks.clocks import ClockState
from domain.ticket.conditions.criteria import Criteria
from domain.ticket.events import Event
from domain.ticket.pauses import MOST_ENDINGS, PauseEnd
from tests.support.builders import (
    ALWAYS,
    a_snapshot,
    a_ticket,
    assigned,
    event,
    opened,
    paused,
    resolution,
    resumed,
    updated,
)
from tests.support.strategies import deterministic

OPEN = {"field": "status", "operator": "eq", "value": "open"}
PARTS = {"field": "parts", "operator": "is_set"}
BOTH = {"match": "all", "conditions": [OPEN, PARTS]}


def until(ends_when: Any, when: str = "09:20", cause: str = "vendor") -> Event:
    return replace(paused(when, cause), pause_end=PauseEnd.from_json({"ends_when": ends_when}))


def paused_for(*events: Event, **fields: Any) -> tuple[ClockState, int]:
    target = resolution(opened("09:00"), *events, calendar=ALWAYS, minutes=600)
    return target.state, target.paused_for // MINUTE


def test_a_condition_that_comes_to_hold_ends_a_pause() -> None:
    """A condition in `ends_when` ends the pause once it comes to hold; one that holds at the pause must cease first."""
    assert paused_for(until([OPEN]), updated("10:00", status="open")) == (ClockState.RUNNING, 40)
    assert paused_for(until([OPEN]), updated("10:00", status="pending")) == (ClockState.PAUSED, 0)
    held = [updated("09:10", status="open"), until([OPEN])]
    assert paused_for(*held, updated("09:30", color="red")) == (ClockState.PAUSED, 0)
    left = updated("09:40", status="pending")
    assert paused_for(*held, left, updated("10:00", status="open")) == (ClockState.RUNNING, 40)


@pytest.mark.parametrize(
    ("ends_when", "minutes"),
    [
        ([OPEN, PARTS], 10),
        ({"match": "any", "conditions": [OPEN, PARTS]}, 10),
        (BOTH, 30),
        ([BOTH, "assigned"], 20),
        (["agent_replied", PARTS], 30),
        (PARTS, 30),
        ({"field": "team_id", "operator": "eq", "value": "network"}, 20),
        ({"field": "priority", "operator": "is_set"}, 30),
    ],
)
def test_of_several_events_and_conditions_the_first_ends_a_pause(ends_when: Any, minutes: int) -> None:
    """Opened 9:20 paused; 9:30 status open, 9:40 to the network team, 9:50 parts came and a priority was set."""
    events = [
        updated("09:30", status="open"),
        assigned("network", "09:40"),
        updated("09:50", parts=3, priority="high"),
    ]
    assert paused_for(until(ends_when), *events) == (ClockState.RUNNING, minutes)


def test_a_late_change_ends_a_pause_when_it_happened() -> None:
    late = updated("09:30", status="open", received="12:00")
    assert paused_for(until([OPEN]), event(resumed("11:00", "vendor").kind, "11:00"), late) == (ClockState.RUNNING, 10)


def test_a_pause_told_again_waits_for_what_it_then_names() -> None:
    again = until([PARTS], "09:40")
    assert paused_for(until([OPEN]), again, updated("09:50", status="open")) == (ClockState.PAUSED, 0)
    assert paused_for(until([OPEN]), again, updated("09:50", parts=1)) == (ClockState.RUNNING, 30)


def test_what_ended_it_is_told_with_the_event_and_the_condition() -> None:
    events = [opened("09:00"), until([OPEN]), updated("10:00", status="open")]
    (one,) = TicketWalk.of(a_snapshot(), events).pauses_ended
    assert (one.by, one.by_event_id, str(one.condition)) == (EndedBy.ENDS_WHEN, events[2].event_id, "status eq open")


@pytest.mark.parametrize(
    "ends_when", [OPEN, [OPEN], ["assigned", OPEN, BOTH], {"match": "any", "conditions": [OPEN, PARTS]}]
)
def test_it_reads_back_the_same(ends_when: Any) -> None:
    told = until(ends_when)
    assert Event.from_json(told.to_json()) == told


@pytest.mark.parametrize(
    ("ends_when", "field"),
    [
        ({"field": "status", "operator": "near"}, "ends_when.operator"),
        (["assigned", {"operator": "eq"}], "ends_when[1].field"),
        ([{"field": "x", "operator": "eq", "value": 1, "also": 2}], "ends_when[0]"),
        ([{"match": "some", "conditions": [OPEN]}], "ends_when[0].match"),
        ([{"conditions": []}], "ends_when[0].conditions"),
        ([{"conditions": [OPEN, {"field": "x", "operator": "in", "value": []}]}], "ends_when[0].conditions[1].value"),
        ([[OPEN]], "ends_when[0]"),
        ([OPEN, 7], "ends_when[1]"),
        ([{**OPEN, "value": str(n)} for n in range(MOST_ENDINGS + 1)], "ends_when"),
    ],
)
def test_a_condition_that_is_none_is_refused_by_its_field(ends_when: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        PauseEnd.from_json({"ends_when": ends_when})
    assert (refusal.value.field or "").startswith(field)


STATUSES = st.sampled_from(["open", "pending", None])


@deterministic
@given(st.lists(st.tuples(st.integers(1, 90), STATUSES), max_size=6), st.integers(1, 90), STATUSES)
def test_a_condition_ends_a_pause_as_a_resume_at_its_change_would(
    changes: list[tuple[int, str | None]], minute: int, first: str | None
) -> None:
    def when(after: int) -> str:
        return f"{9 + after // 60:02}:{after % 60:02}:30"

    moments = sorted(dict(changes).items())
    updates = [updated(f"{9 + after // 60:02}:{after % 60:02}", status=status) for after, status in moments]
    snapshot = a_snapshot(calendar=ALWAYS, ticket=a_ticket(status=first))
    by_itself = plan(snapshot, [opened("09:00"), *updates, until([OPEN], when(minute))])
    held = [status for after, status in moments if after <= minute]
    before, ends = (held or [first])[-1], None
    for after, status in moments:
        if after > minute:
            if status == "open" != before:
                ends = after
                break
            before = status
    told = [opened("09:00"), *updates, until([], when(minute))]
    if ends is not None:
        told.append(resumed(f"{9 + ends // 60:02}:{ends % 60:02}", "vendor"))
    assert by_itself == plan(snapshot, told)


def test_conditions_compare_as_those_of_policies_do() -> None:
    assert PauseEnd.from_json({"ends_when": OPEN}) == PauseEnd(ends_when=(Criteria.from_json([OPEN], "x"),))
    assert paused_for(until(OPEN), updated("10:00", status="Open"))[0] is ClockState.RUNNING
