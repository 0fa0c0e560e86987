"""Hours without a worker, in seconds of real time: the movable clock stands still while a task waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from activities.ports import Signals
from activities.signal_times import HistorySignalTimes
from domain.instants import parse
from domain.policy.policies import Policy
from tests.support.clockwork import Clockwork, eventually, snapshot_of, standing, target_of, working

SECOND = 1 / 60


@pytest.fixture
def hasty() -> Policy:
    """Two seconds to the first response, a day to the resolution."""
    return Policy.from_json(
        {
            "id": "sla_hasty",
            "name": "Hasty",
            "targets": [
                {"type": "first_response", "minutes": 2 * SECOND},
                {"type": "resolution", "hours": 24},
            ],
        }
    )


async def test_a_signal_without_a_time_counts_from_when_temporal_took_it_not_from_when_a_worker_read_it(
    realtime: Clockwork, hasty: Policy
) -> None:
    ticket = await realtime.open(snapshot_of(hasty))
    await ticket.signal("acknowledge", event_id="a")
    await asyncio.sleep(2.5)
    async with working(realtime):
        state = await ticket.applied("a")
        response = target_of(state, "first_response")
        assert ticket.minute(response["stopped_at"]) < 1 * SECOND
        assert response["breached_at"] is None
        assert state["ledger"] == []


async def test_a_signal_without_a_time_counts_from_then_although_the_history_cannot_be_read_at_once(
    realtime: Clockwork, policy: Policy
) -> None:
    read, failures = HistorySignalTimes(realtime.client), [RuntimeError("down"), RuntimeError("still down")]

    async def times(signals: Signals, ordinals: frozenset[int]) -> Mapping[int, str]:
        if failures:
            raise failures.pop()
        return await read(signals, ordinals)

    ticket = await realtime.open(snapshot_of(policy))
    await ticket.signal("acknowledge", event_id="a")
    sent = await realtime.now()
    await asyncio.sleep(1.5)
    async with working(realtime, signal_times=times):
        state = await ticket.applied("a")
    assert parse(state["occurred_at"]["a"]) <= sent
    assert not failures


async def test_milestones_that_came_due_without_a_worker_fire_at_once_with_their_true_instants(
    realtime: Clockwork, hasty: Policy
) -> None:
    ticket = await realtime.open(snapshot_of(hasty))
    await asyncio.sleep(2.5)
    async with working(realtime):
        state = await ticket.fired("first_response/breached")
        assert [ticket.minute(f["planned_at"]) / SECOND for f in state["ledger"]] == pytest.approx(
            [1, 1.5, 2], abs=0.01
        )
        assert all(ticket.minute(f["fired_at"]) / SECOND >= 2.5 for f in state["ledger"])
        await eventually(ticket.state, lambda state: not state["undelivered"])
        assert len(realtime.mailbox.ids) == 3


async def test_workers_that_come_and_go_neither_lose_nor_repeat_a_milestone(realtime: Clockwork, hasty: Policy) -> None:
    ticket = await realtime.open(snapshot_of(hasty))
    for firings in (1, 2, 3):
        async with working(realtime):
            await ticket.has_standing(firings)
    async with working(realtime):
        await eventually(ticket.state, lambda state: not state["undelivered"])
    assert sorted(realtime.mailbox.ids) == sorted(set(realtime.mailbox.ids))
    assert len(realtime.mailbox.ids) == 3


async def test_continuing_as_new_carries_everything_over(realtime: Clockwork, hasty: Policy) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty))
        first = (await ticket.handle.describe()).run_id
        await ticket.fired("first_response/breached")
        await ticket.handle.signal("pause", "broken")
        await ticket.updated(12)
        await eventually(ticket.handle.describe, lambda described: described.run_id != first)
        state = await ticket.state()
        assert state["applied"] == ["opened", *(f"u{number}" for number in range(12))]
        assert len(standing(state)) == 3
        assert state["set_aside"]["count"] == 1
        await ticket.signal("update", event_id="u3")
        await ticket.signal("resolve", event_id="done")
        await ticket.applied("done")
        await eventually(ticket.handle.describe, lambda described: described.close_time is not None)
        assert len(realtime.mailbox.ids) == len(set(realtime.mailbox.ids)) == 3
