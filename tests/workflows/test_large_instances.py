"""Instances with more past than one payload holds."""

from __future__ import annotations

import random

from domain.policies import Policy
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, Opened, eventually, snapshot_of, working
from tests.workflows.test_instances_start import start_with_signal
from workflows.packing import PLAIN_UP_TO_BYTES, pack, unpack


def test_a_large_document_travels_compressed_and_a_small_one_stays_readable() -> None:
    small, large = {"a": [1, "ü"]}, {"a": "x" * (PLAIN_UP_TO_BYTES + 1)}
    assert pack(small) == small
    assert len(str(pack(large))) < 2000
    assert unpack(pack(small)) == small
    assert unpack(pack(large)) == large


async def test_a_megabyte_of_attributes_is_handed_on_recorded_and_loaded_again_and_more_is_set_aside(
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
        await eventually(ticket.handle.describe, lambda described: described.run_id != first, seconds=20)
        await ticket.signal("resolve", event_id="done")
        await eventually(ticket.handle.describe, lambda described: described.close_time is not None, seconds=20)
        handle = await start_with_signal(realtime, "inst_sla_ticket_42", {}, "reopen", event_id="again")
        again = Opened(realtime, handle, ticket.opened_at)
        again_state = await eventually(again.state, lambda state: "again" in state["applied"], seconds=20)
        assert again_state["applied"] == [*state["applied"], "done", "again"]
        loaded = await store.instances.load(ORGANIZATION, "inst_sla_ticket_42")
        assert loaded is not None
        assert loaded.is_complete
