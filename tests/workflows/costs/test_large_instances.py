"""Instances with more past than one payload holds."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from domain.errors import InvalidValue
from domain.instants import DAY, Instant
from domain.plan.planning import plan
from domain.policy.policies import Policy
from domain.ticket.events import Event, EventKind
from domain.ticket.teams import Team
from service.temporal.engine import Engine, provider
from service.tools.timeouts import Timeouts
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, Opened, eventually, snapshot_of, working
from tests.support.replaying import replay_everything
from tests.workflows.lives.test_instances_start import start_with_signal
from workflows import packing
from workflows.packing import PLAIN_UP_TO_BYTES, pack, unpack


def test_a_large_document_travels_compressed_and_a_small_one_stays_readable() -> None:
    small, large = {"a": [1, "ü"]}, {"a": "x" * (PLAIN_UP_TO_BYTES + 1)}
    assert pack(small) == small
    assert len(str(pack(large))) < 2000
    assert unpack(pack(small)) == small
    assert unpack(pack(large)) == large


async def test_a_life_is_the_same_when_every_document_is_too_large_to_travel_plain(
    realtime: Clockwork, store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PLAIN_UP_TO_BYTES", 10)
    monkeypatch.setattr(packing, "PLAIN_ANSWER_BYTES", 10)
    await store.policies.create(ORGANIZATION, policy)
    engine = Engine(provider(realtime.client), realtime.task_queue, Timeouts())
    async with working(realtime):
        handle = await start_with_signal(realtime, "inst_sla_ticket_42", {"priority": "high"}, event_id="a")
        ticket = Opened(realtime, handle, await realtime.now())
        first = (await handle.describe()).run_id
        await ticket.updated(12)
        await eventually(handle.describe, lambda described: described.run_id != first)
        asked = await engine.state(ORGANIZATION, "inst_sla_ticket_42")
        assert asked is not None
        assert asked.snapshot.facts.instance_id == "inst_sla_ticket_42"
        started = await engine.opening(ORGANIZATION, "inst_sla_ticket_42")
        assert started is not None
        assert started.state is not None
        assert started.event_ids >= {"opened/inst_sla_ticket_42", "a"}
        await ticket.signal("resolve", event_id="done")
        await eventually(handle.describe, lambda described: described.close_time is not None)
        again = Opened(
            realtime, await start_with_signal(realtime, "inst_sla_ticket_42", {}, "reopen", event_id="r"), Instant(0)
        )
        assert {"a", "u11", "done", "r"} <= set((await again.applied("r"))["applied"])
    await replay_everything(realtime.client)


async def test_a_start_that_is_more_than_temporal_takes_is_refused_for_good(
    realtime: Clockwork, policy: Policy
) -> None:
    chance = random.Random(1)
    teams = {f"t{n}": Team(f"t{n}", chance.randbytes(90).hex(), "lead@example.com", None) for n in range(20_000)}
    large = replace(snapshot_of(policy, subject="1"), teams=teams)
    now = await realtime.now()
    opened = Event(EventKind.OPENED, "o", now, now)
    with pytest.raises(InvalidValue, match="more than Temporal takes"):
        await Engine(provider(realtime.client), realtime.task_queue, Timeouts(start=30)).start(
            large, plan(large, [opened]), opened
        )


async def test_a_megabyte_of_attributes_is_carried_over_recorded_and_loaded_again_and_more_is_set_aside(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """Past the suggestion to continue as new, past completion, and back by a reopening; hardly compressible."""
    chance = random.Random(1)
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        for number in range(80):
            await ticket.signal("update", event_id=f"u{number}", attributes={"noise": chance.randbytes(7500).hex()})
        state = await eventually(
            ticket.state, lambda state: len(state["applied"]) - 1 + state["set_aside"]["count"] == 80, seconds=40
        )
        assert 60 <= len(state["applied"]) < 80
        assert "in all" in state["set_aside"]["recent"][0]["problem"]
        first = ticket.handle.first_execution_run_id
        await eventually(ticket.handle.describe, lambda described: described.run_id != first)
        await ticket.signal("resolve", event_id="done")
        await eventually(ticket.handle.describe, lambda described: described.close_time is not None)
        handle = await start_with_signal(realtime, "inst_sla_ticket_42", {}, "reopen", event_id="again")
        again = Opened(realtime, handle, ticket.opened_at)
        again_state = await eventually(again.state, lambda state: "again" in state["applied"])
        assert again_state["applied"] == [*state["applied"], "done", "again"]
        loaded = await store.instances.load(ORGANIZATION, "inst_sla_ticket_42")
        assert loaded is not None
        assert loaded.is_complete


async def test_a_hundred_notices_of_an_instance_that_knows_five_hundred_teams_keep_no_task_too_long(
    realtime: Clockwork,
) -> None:
    """The SDK lets a workflow think for two seconds."""
    steps = [{"id": f"e{n}", "trigger": "breached", "delay_minutes": 0, "action_type": "notify"} for n in range(100)]
    loud = Policy.from_json(
        {"id": "l", "name": "L", "targets": [{"type": "resolution", "minutes": 1}], "escalations": steps}
    )
    teams = {f"t{n}": Team(f"t{n}", f"Team {n}", f"lead{n}@example.com", None) for n in range(500)}
    async with working(realtime):
        snapshot = replace(snapshot_of(loud), teams=teams)
        ticket = await realtime.open(snapshot, opened_at=Instant(await realtime.now() - 600_000_000))
        await ticket.signal("resolve", event_id="done")
        assert await asyncio.wait_for(ticket.result(), 60) == {"status": "breached"}
    runs = (await replay_everything(realtime.client))[ticket.handle.id]
    assert not any({"WORKFLOW_TASK_FAILED", "WORKFLOW_TASK_TIMED_OUT"} & set(run) for run in runs)
    assert len(realtime.mailbox.ids) == len(set(realtime.mailbox.ids)) == 103


async def test_four_hundred_late_events_out_of_order_are_all_applied_and_told(realtime: Clockwork) -> None:
    """Half a year of a conversation arrives at once: most of what fires on the way is taken back again."""
    strict = Policy.from_json({"id": "n", "name": "N", "targets": [{"type": "next_response", "minutes": 30}]})
    turns = [(n, "customer_reply" if n % 2 == 0 else "agent_reply") for n in range(400)]
    random.Random(1).shuffle(turns)
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(strict), opened_at=Instant(await realtime.now() - 200 * DAY))
        for batch in range(0, 400, 20):
            await asyncio.gather(
                *(ticket.signal(name, (n + 1) * 660, event_id=f"m{n}") for n, name in turns[batch : batch + 20])
            )
        state = await eventually(ticket.state, lambda s: len(s["applied"]) == 401 and not s["undelivered"], seconds=90)
        assert sum(target["breached_at"] is not None for target in state["plan"]["targets"]) == 200
    runs = (await replay_everything(realtime.client))[ticket.handle.id]
    assert not any({"WORKFLOW_TASK_FAILED", "WORKFLOW_TASK_TIMED_OUT"} & set(run) for run in runs)
