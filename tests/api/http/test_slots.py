"""Only so many commands are at Temporal at once; whoever waits for a slot gets it in the order of arrival."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from starlette.requests import Request

from domain.errors import ClientGone, EngineUnavailable
from service.temporal.slots import AT_ONCE, CommandSlots, client_is_gone


async def test_no_more_than_there_are_slots_are_at_it_at_once_and_in_the_order_of_arrival() -> None:
    slots, order, most, busy = CommandSlots(3), [], 0, 0

    async def work(number: int) -> None:
        nonlocal busy, most
        async with slots.one(5):
            order.append(number)
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.005)
            busy -= 1

    await asyncio.gather(*map(work, range(20)))
    assert (order, most) == ([*range(20)], 3)


async def test_whoever_gets_no_turn_in_time_is_told_to_come_back_and_takes_none_from_others() -> None:
    slots = CommandSlots(1)
    async with slots.one(1):
        with pytest.raises(EngineUnavailable):
            async with slots.one(0.01):
                pytest.fail("there was no slot")
    async with slots.one(0.01):
        pass


@pytest.mark.parametrize("has_gone", [True, False])
async def test_nothing_is_done_for_a_client_that_has_gone_while_it_waited(has_gone: bool) -> None:
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    slots, done = CommandSlots(1), []

    async def work() -> None:
        client_is_gone.set(Request({"type": "http"}, receive).is_disconnected)
        async with slots.one(5):
            done.append(True)

    async with slots.one(1):
        waiting = asyncio.create_task(work())
        await asyncio.sleep(0)
        if has_gone:
            gone.set()
    if has_gone:
        with pytest.raises(ClientGone):
            await waiting
    else:
        await waiting
    assert done == [] if has_gone else [True]
    async with slots.one(0.01):
        pass


async def test_a_hundred_and_twenty_eight_clients_at_once_are_all_served(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.policy()
    start, busy, most = api.temporal.start_workflow, 0, 0

    async def watched(*args: Any, **options: Any) -> Any:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        try:
            return await start(*args, **options)
        finally:
            busy -= 1

    monkeypatch.setattr(api.temporal, "start_workflow", watched)
    bodies = [{"ticket_id": str(number), "priority": "urgent"} for number in range(128)]
    answers = await asyncio.gather(*(api.post("/instances", body) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {201: 128}
    assert 1 < most <= AT_ONCE
    assert (await api.get("/instances", limit=1)).json()["total"] == 128
