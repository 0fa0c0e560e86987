"""Continuing as new disturbs nobody: notices on their way are waited for, and milestones go on meanwhile."""

from __future__ import annotations

import asyncio
import json

from domain.instants import Instant
from domain.plan.planning import plan
from domain.policy.policies import Policy
from domain.ticket.events import Event, EventKind
from tests.support.clockwork import Clockwork, Mailbox, eventually, snapshot_of, standing, working
from tests.support.replaying import replay_everything
from workflows.state.serializing import new_state, state_document, state_from
from workflows.state.steps import Outstanding

SECOND = 1 / 60


async def test_a_slow_receiver_is_sent_nothing_twice_because_an_instance_continues_as_new(realtime: Clockwork) -> None:
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 6 * SECOND}]})
    slow = Mailbox(seconds=1.5)
    async with working(realtime, channels=[slow]):
        ticket = await realtime.open(snapshot_of(hasty))
        first = (await ticket.handle.describe()).run_id
        for number in range(30):
            await ticket.signal("update", event_id=f"u{number}")
            await asyncio.sleep(0.2)
        state = await eventually(
            ticket.state, lambda state: len(standing(state)) == 3 and not state["undelivered"], seconds=20
        )
        assert len(state["applied"]) == 31
        await eventually(ticket.handle.describe, lambda described: described.run_id != first)
    assert len(slow.ids) == len(set(slow.ids)) == 3
    runs = await replay_everything(realtime.client)
    assert len(runs[ticket.handle.id]) > 1


async def test_a_milestone_fires_on_time_while_an_instance_waits_to_continue_as_new(realtime: Clockwork) -> None:
    """The store is away, so nothing can settle."""
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 8 * SECOND}]})
    realtime.projection.down = True
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty))
        first = (await ticket.handle.describe()).run_id
        await ticket.updated(12)
        await eventually(ticket.state, lambda state: len(standing(state)) == 3)
        described = await ticket.handle.describe()
        assert described.history_length > 80
        assert described.run_id == first
    assert len(realtime.mailbox.ids) == len(set(realtime.mailbox.ids)) == 3


def test_the_next_run_knows_the_age_of_a_notice(policy: Policy) -> None:
    opened = Event(EventKind.OPENED, "o", Instant(0), Instant(0))
    snapshot = snapshot_of(policy)
    state = new_state(snapshot.to_json(), plan(snapshot, [opened]).to_json(), opened.to_json())
    state.outstanding["n"] = Outstanding({"id": "n"}, since=Instant(7))
    again = state_from(json.loads(json.dumps(state_document(state))))
    assert again.outstanding["n"].since == Instant(7)
