"""Cancel requests at awkward moments: the ticket is withdrawn, its records are written, nothing is lost."""

from __future__ import annotations

import asyncio

from activities.ports import Signals
from domain.policy.policies import Policy
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, eventually, snapshot_of, working
from tests.workflows.lives.test_instances_start import start_with_signal


async def test_a_ticket_cancelled_before_its_first_task_is_withdrawn_and_recorded(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    ticket = await realtime.open(snapshot_of(policy, subject="42"))
    await ticket.handle.cancel()
    async with working(realtime):
        assert await asyncio.wait_for(ticket.result(), 10) == {"status": "cancelled"}
    stored = await store.instances.get(ORGANIZATION, "inst_sla_ticket_42")
    assert stored is not None
    assert stored.status == "cancelled"


async def test_a_ticket_cancelled_while_its_past_is_loaded_is_withdrawn_and_recorded(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    await store.policies.create(ORGANIZATION, policy)
    realtime.projection.down = True
    async with working(realtime):
        handle = await start_with_signal(realtime, "inst_sla_ticket_42", {"priority": "high"}, event_id="a")
        await asyncio.sleep(0.5)
        await handle.cancel()
        await asyncio.sleep(1)
        realtime.projection.down = False
        assert await asyncio.wait_for(handle.result(), 20) == {"status": "cancelled"}
    stored = await store.instances.get(ORGANIZATION, "inst_sla_ticket_42")
    assert stored is not None


async def test_a_ticket_cancelled_while_an_event_is_planned_keeps_the_event(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    slow = asyncio.Event()

    async def times(signals: Signals, ordinals: frozenset[int]) -> dict[int, str]:
        slow.set()
        await asyncio.sleep(2)
        return {}

    async with working(realtime, signal_times=times):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.signal("acknowledge", event_id="a")
        await slow.wait()
        await ticket.handle.cancel()
        assert await asyncio.wait_for(ticket.result(), 20) == {"status": "cancelled"}
        assert "a" in (await ticket.state())["applied"]
        assert "WORKFLOW_TASK_FAILED" not in await ticket.history()


async def test_two_cancel_requests_are_one_withdrawal(realtime: Clockwork, policy: Policy) -> None:
    realtime.projection.down = True
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await eventually(ticket.state, lambda s: s["unrecorded"] > 0)
        await ticket.handle.cancel()
        await asyncio.sleep(1)
        await ticket.handle.cancel()
        realtime.projection.down = False
        assert await asyncio.wait_for(ticket.result(), 20) == {"status": "cancelled"}
        assert "WORKFLOW_TASK_FAILED" not in await ticket.history()


async def test_a_cancel_request_while_continuing_as_new_loses_no_event(
    realtime: Clockwork, policy: Policy, store: Store
) -> None:
    realtime.projection.down = True
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.updated(12)
        # continuing as new waits while the store is down
        await asyncio.sleep(1)
        await ticket.handle.cancel()
        await asyncio.sleep(0.5)
        await ticket.signal("update", event_id="after")
        await asyncio.sleep(1)
        realtime.projection.down = False
        await eventually(ticket.handle.describe, lambda d: d.close_time is not None)
        s = await ticket.state()
        assert s["status"] == "cancelled"
        assert "after" in s["applied"]
        assert "u11" in s["applied"]
        loaded = await store.instances.load(ORGANIZATION, "inst_sla_ticket_42")
        assert loaded is not None
        assert loaded.is_complete
        assert len(loaded.events) == 15, [e.event_id for e in loaded.events]
