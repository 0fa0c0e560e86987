"""Whoever waits for a record is looked for together with all the others, and nobody waits beyond the time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.errors import StoreUnavailable
from domain.ids import InstanceId, Kind, SubjectType
from domain.plan.planning import plan
from domain.policy.snapshot import Snapshot
from domain.record.records import Record, first_record
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from service.tools.watch import HURRIED_WAIT, HURRY, PATIENT_WAIT, Watch
from store.instances.instances import Instances, RecordedEvent
from tests.support.builders import a_snapshot, at


def opening(organization: str, number: int) -> Record:
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, str(number)))
    snapshot: Snapshot = replace(a_snapshot(ticket=ticket), organization=organization)
    opened = Event(EventKind.OPENED, f"e{number}", at("09:00"), at("09:00"))
    return first_record(snapshot.to_json(), plan(snapshot, [opened]), opened)


async def waiting(api: Any, watch: Watch, numbers: Sequence[int], within: float) -> list[Any]:
    store = api.dependencies.store.instances
    ids = [(f"inst_sla_ticket_{number}", f"e{number}") for number in numbers]
    return list(await asyncio.gather(*(watch.event_outcome(store, api.organization, *one, within) for one in ids)))


async def test_all_who_wait_hear_of_their_own_event_once_it_is_recorded(api: Any) -> None:
    asked = asyncio.create_task(waiting(api, Watch(), range(20), 10))
    for number in range(20):
        await api.dependencies.store.instances.apply(opening(api.organization, number))
    assert await asked == [RecordedEvent(at("09:00"))] * 20


async def test_many_who_wait_cost_the_store_as_many_reads_as_one(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    look = Instances.event_outcomes

    async def counted(self: Instances, wanted: Sequence[tuple[str, str, str]]) -> Any:
        reads.append(len(wanted))
        return await look(self, wanted)

    monkeypatch.setattr(Instances, "event_outcomes", counted)
    watch = Watch()
    began = asyncio.get_running_loop().time()
    assert await waiting(api, watch, range(100), 0.6) == [None] * 100
    assert 0.6 <= asyncio.get_running_loop().time() - began < 5
    assert max(reads) == 100
    # Beyond the hurry it looks ten times less often.
    assert len(reads) <= HURRY / HURRIED_WAIT + (0.6 - HURRY) / PATIENT_WAIT + 3


async def test_there_is_one_look_however_little_time_there_is(api: Any) -> None:
    await api.dependencies.store.instances.apply(opening(api.organization, 1))
    assert await waiting(api, Watch(), [1], 0) == [RecordedEvent(at("09:00"))]
    assert await waiting(api, Watch(), [2], 0) == [None]


async def test_a_store_that_is_away_is_told_to_all_who_wait_for_it_and_to_nobody_else(api: Any, tmp_path: Any) -> None:
    watch, here = Watch(), api.dependencies.store.instances
    await api.lose_store(tmp_path)
    away = api.app.state.dependencies.store.instances
    await here.apply(opening(api.organization, 1))
    found = await asyncio.gather(
        *(watch.event_outcome(away, api.organization, "inst_sla_ticket_1", "e1", 5) for _ in range(3)),
        watch.event_outcome(here, api.organization, "inst_sla_ticket_1", "e1", 5),
        return_exceptions=True,
    )
    assert [type(one) for one in found] == [StoreUnavailable] * 3 + [RecordedEvent]


async def test_whoever_gives_up_keeps_nobody_else_from_an_answer(api: Any) -> None:
    watch, store = Watch(), api.dependencies.store.instances
    impatient = asyncio.create_task(watch.event_outcome(store, api.organization, "inst_sla_ticket_1", "e1", 10))
    patient = asyncio.create_task(watch.event_outcome(store, api.organization, "inst_sla_ticket_1", "e1", 10))
    await asyncio.sleep(0.02)
    impatient.cancel()
    await store.apply(opening(api.organization, 1))
    assert await patient == RecordedEvent(at("09:00"))
    with pytest.raises(asyncio.CancelledError):
        await impatient
