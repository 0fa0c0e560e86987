"""Resets: a clock begins anew at an instant, for a reason."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.instants import HOUR
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.resets import require_known_clocks
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.clocks.clocks import ClockState
from domain.policy.targets import TargetRule
from domain.ticket.events import Event, EventKind
from tests.support.builders import (
    ALWAYS,
    a_snapshot,
    an_owned_ticket,
    assigned,
    at,
    cancelled,
    event,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    updated,
)

customer = partial(event, EventKind.CUSTOMER_REPLIED)
agent = partial(event, EventKind.AGENT_REPLIED)
BOTH = promise("first_response", 60), promise("resolution", 120)


def reset(when: str, target: str | None = None, **more: Any) -> Event:
    made = event(EventKind.UPDATED, when, **more)
    return Event(
        EventKind.RESET, f"reset {when}", made.occurred_at, made.received_at, reason="new facts", target=target
    )


def planned(*events: Event, targets: tuple[TargetRule, ...] = BOTH, **more: Any) -> Plan:
    return plan(a_snapshot(*targets, calendar=ALWAYS, **more), [opened("09:00"), *events])


def of(made: Plan, type_: str) -> list[TargetPlan]:
    return [one for one in made.targets if one.type == type_]


def test_a_reset_begins_a_clock_anew_in_place_of_the_cycle_before() -> None:
    """A reset begins a clock that goes anew in place of the cycle before, which counts only if it was breached."""
    first, second = of(planned(reset("10:30", "resolution")), "resolution")
    assert (first.state, first.superseded, first.breached_at) == (ClockState.CANCELLED, True, None)
    assert (second.cycle, second.started_at, second.due_at) == (2, at("10:30"), at("12:30"))
    late, _ = of(planned(reset("11:30", "resolution")), "resolution")
    assert (late.superseded, late.breached_at) == (True, at("11:00"))
    assert instance_status(planned(reset("11:30")), at("11:40")) is InstanceStatus.BREACHED


def test_a_reset_is_for_the_target_that_it_names_or_for_all() -> None:
    """A reset is for the target that it names, and without one for all."""
    named = planned(reset("09:30", "resolution"))
    assert [len(of(named, one.type)) for one in BOTH] == [1, 2]
    every = planned(reset("09:30"))
    assert [len(of(every, one.type)) for one in BOTH] == [2, 2]
    workaround = TargetRule.from_json({"id": "w", "type": "resolution", "hours": 1, "name": "workaround"})
    told = planned(reset("09:30", "resolution:workaround"), targets=(*BOTH, workaround)).targets
    assert [(one.clock_name, one.cycle) for one in told][1:] == [
        ("resolution", 1),
        ("resolution:workaround", 1),
        ("resolution:workaround", 2),
    ]


def test_a_reset_of_a_stopped_clock_begins_a_cycle_beside_it_while_the_ticket_is_open() -> None:
    """A reset of a stopped clock begins a cycle beside it while the ticket is open; a kept promise stays kept."""
    first, second = of(planned(agent("09:20"), reset("10:00", "first_response")), "first_response")
    assert (first.state, first.stopped_at, first.superseded) == (ClockState.STOPPED, at("09:20"), False)
    assert (second.started_at, second.due_at) == (at("10:00"), at("11:00"))
    answered = of(planned(agent("09:20"), reset("10:00"), agent("10:30")), "first_response")
    assert [one.stopped_at for one in answered] == [at("09:20"), at("10:30")]


@pytest.mark.parametrize("closing", [resolved, cancelled])
def test_a_reset_of_a_closed_ticket_changes_nothing(closing: Any) -> None:
    """A reset of a closed ticket, and of a clock that has not started, changes nothing."""
    done = closing("09:30")
    assert planned(done, reset("10:00")).targets == planned(done).targets
    assert planned(done, reset("10:00"), reopened("11:00")).targets == planned(done, reopened("11:00")).targets
    waiting = (promise("next_response"),)
    assert planned(reset("09:30"), targets=waiting).targets == planned(targets=waiting).targets


def test_resets_may_come_late_twice_and_in_any_order() -> None:
    """Each reset begins a cycle where it happened, whenever it arrives; the same one counts once."""
    early, later = reset("09:30", "resolution", received="12:00"), reset("10:30", "resolution")
    for events in ((early, later), (later, early), (later, early, early)):
        cycles = of(planned(*events), "resolution")
        assert [one.started_at for one in cycles] == [at("09:00"), at("09:30"), at("10:30")]
        assert [one.superseded for one in cycles] == [True, True, False]
    late = reset("10:30", "resolution", received="11:30")
    assert of(planned(late), "resolution")[0].breached_at is None


def test_what_happens_at_the_instant_of_a_reset_counts_for_the_new_cycle() -> None:
    """What happens at the instant of a reset counts for the cycle that it begins."""
    first, second = of(planned(reset("09:30"), agent("09:30")), "first_response")
    assert (first.superseded, second.started_at, second.stopped_at) == (True, at("09:30"), at("09:30"))


def test_a_pause_goes_on_in_the_cycle_that_a_reset_begins() -> None:
    events = paused("09:20", "vendor"), reset("10:00", "resolution"), resumed("11:00")
    _, second = of(planned(*events), "resolution")
    assert (second.paused_for, second.due_at) == (HOUR, at("13:00"))


def test_a_reset_of_a_cancelled_clock_begins_it_anew_unless_what_cancels_it_still_holds() -> None:
    own = TargetRule.from_json(
        {
            "id": "t",
            "type": "resolution",
            "hours": 1,
            "cancels_on": ["assigned"],
            "cancels_when": [{"field": "type", "operator": "eq", "value": "spam"}],
        }
    )
    by_event = planned(assigned("t2", "09:20"), reset("10:00"), targets=(own,)).targets
    assert [(one.state, one.superseded) for one in by_event] == [
        (ClockState.CANCELLED, False),
        (ClockState.RUNNING, False),
    ]
    held = planned(updated("09:20", type="spam"), reset("10:00"), targets=(own,)).targets
    assert [one.state for one in held] == [ClockState.CANCELLED]


def test_a_reset_is_for_the_team_that_has_the_ticket() -> None:
    made = planned(assigned("billing", "09:30"), reset("09:40"), targets=BOTH[1:], ticket=an_owned_ticket("network"))
    assert [(one.team_id, one.cycle) for one in made.targets] == [("network", 1), ("billing", 1), ("billing", 2)]


def test_a_reset_needs_a_reason_and_a_target_is_for_a_reset() -> None:
    with pytest.raises(InvalidValue) as refused:
        Event(EventKind.RESET, "r", at("10:00"), at("10:00"), reason=" ")
    assert refused.value.field == "reason"
    with pytest.raises(InvalidValue) as refused:
        Event(EventKind.RESOLVED, "r", at("10:00"), at("10:00"), target="resolution")
    assert refused.value.field == "target"


def test_a_reset_of_a_target_that_there_is_none_is_refused_with_those_that_there_are() -> None:
    snapshot = a_snapshot(*BOTH)
    made = plan(snapshot, [opened("09:00")])
    require_known_clocks(snapshot, made, [reset("10:00"), reset("10:00", "resolution")])
    with pytest.raises(InvalidValue) as refused:
        require_known_clocks(snapshot, made, [reset("10:00", "vendor")])
    assert (refused.value.field, refused.value.value) == ("target", "vendor")
    assert refused.value.reason == "must be one of first_response, resolution"
