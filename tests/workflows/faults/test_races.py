"""Signals that race with an ending, a hand-over or an eviction; a backlog with one event that cannot be planned."""

from __future__ import annotations

import asyncio

import pytest

from domain.ids import workflow_id
from domain.instants import Instant, parse
from domain.policy.policies import Policy
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, eventually, snapshot_of, target_of, working
from tests.support.replaying import replay_everything
from tests.workflows.lives.test_instances_start import start_with_signal

SECOND = 1 / 60
YEAR = 365 * 86400 * 1_000_000


async def test_events_that_race_with_the_end_of_an_instance_are_all_recorded_in_order(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    async with working(realtime):
        await realtime.open(snapshot_of(policy, subject="42"))

        handle = realtime.client.get_workflow_handle(workflow_id(ORGANIZATION, "inst_sla_ticket_42"))

        async def send(name: str, event_id: str, seconds: float = 0) -> None:
            await asyncio.sleep(seconds)
            await start_with_signal(realtime, "inst_sla_ticket_42", {}, name, event_id=event_id)

        for burst in range(5):
            names = ["resolve", "reopen"] * 10
            await asyncio.gather(*(send(name, f"e{burst}.{n}", n * 0.007) for n, name in enumerate(names)))
            await send("resolve", f"end{burst}")
            await eventually(handle.describe, lambda described: described.close_time is not None)
    runs = await replay_everything(realtime.client)
    assert len(runs[handle.id]) >= 5
    loaded = await store.instances.load(ORGANIZATION, "inst_sla_ticket_42")
    assert loaded is not None
    assert loaded.is_complete
    sent = {f"e{burst}.{n}" for burst in range(5) for n in range(20)} | {f"end{burst}" for burst in range(5)}
    assert {event.event_id for event in loaded.events} == {"opened", *sent}


@pytest.mark.parametrize("seconds", [0.3, 1.5], ids=["step-of-notices-is-recorded-first", "or-last"])
async def test_an_instance_that_is_over_is_recorded_so_though_notices_were_on_their_way_as_it_ended(
    realtime: Clockwork, store: Store, policy: Policy, seconds: float
) -> None:
    realtime.mailbox.seconds = seconds
    async with working(realtime):
        long_ago = Instant(await realtime.now() - YEAR)
        ticket = await realtime.open(snapshot_of(policy, subject="1"), opened_at=long_ago)
        await eventually(lambda: asyncio.sleep(0, realtime.mailbox.attempts))
        await ticket.signal("resolve", event_id="done")
        await asyncio.wait_for(ticket.result(), 20)
    address = (ORGANIZATION, "inst_sla_ticket_1")
    assert not (await store.upkeep.recorded([address]))[address].ongoing
    loaded = await store.instances.load(ORGANIZATION, "inst_sla_ticket_1")
    assert loaded is not None
    assert (loaded.is_complete, loaded.undelivered) == (True, ())


async def test_instances_that_are_evicted_all_the_time_neither_lose_nor_repeat_a_milestone(realtime: Clockwork) -> None:
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 3 * SECOND}]})
    options = {"max_cached_workflows": 3, "max_concurrent_workflow_tasks": 3, "max_concurrent_workflow_task_polls": 2}
    async with working(realtime, **options):
        tickets = [await realtime.open(snapshot_of(hasty, subject=f"t{number}")) for number in range(20)]
        for ticket in tickets[::2]:
            await ticket.signal("pause")
            await ticket.signal("resume")
        await asyncio.sleep(4)
        for ticket in tickets:
            await ticket.signal("resolve", event_id="done")
        for ticket in tickets:
            assert await asyncio.wait_for(ticket.result(), 20) == {"status": "breached"}
    ids = [notice["id"] for notice in realtime.mailbox.notices]
    assert len(ids) == len(set(ids)) == 60
    runs = await replay_everything(realtime.client)
    assert len(runs) == 20
    assert not any("WORKFLOW_TASK_FAILED" in run for ticket_runs in runs.values() for run in ticket_runs)


async def test_one_event_that_cannot_be_planned_does_not_hold_up_a_thousand_others(realtime: Clockwork) -> None:
    long = Policy.from_json({"id": "l", "name": "Long", "targets": [{"type": "resolution", "hours": 8760 * 76}]})
    opened_at = Instant(await realtime.now() - 45 * YEAR)
    ticket = await realtime.open(snapshot_of(long), opened_at=opened_at)
    await ticket.signal("pause", 0, event_id="p")
    await ticket.signal("resume", 60 * 24 * 365 * 44.95, event_id="impossible")
    for number in range(1000):
        await ticket.signal("update", event_id=f"u{number}")
    async with working(realtime):
        state = await eventually(ticket.state, lambda state: len(state["applied"]) == 1002)
        assert [refusal["value"] for refusal in state["set_aside"]["recent"]] == ["impossible"]


async def test_signals_without_a_time_keep_theirs_after_continuing_as_new(realtime: Clockwork, policy: Policy) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy))
        first = (await ticket.handle.describe()).run_id
        await ticket.updated(12)
        await eventually(ticket.handle.describe, lambda described: described.run_id != first)
    await ticket.signal("update", event_id="x")
    await asyncio.sleep(1)
    before = await realtime.now()
    await ticket.signal("pause", event_id="p")
    after = await realtime.now()
    await asyncio.sleep(1)
    async with working(realtime):
        state = await ticket.applied("x", "p")
        assert before <= parse(target_of(state, "resolution")["since"]) <= after
