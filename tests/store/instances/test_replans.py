"""Replans: what they keep, who may know of them, and who has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.errors import Conflict
from domain.instants import MINUTE, Instant
from domain.policy.snapshot import Snapshot
from domain.ticket.events import EventKind
from store.instances.replans import InstanceReplan, Replan
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_step, an_event, an_opening

OPENING = an_opening()
ID = OPENING.instance_id
RULES = Snapshot.from_json(OPENING.snapshot).rules


def a_replan(id_: str = "replan_a", minutes: int = 10) -> Replan:
    return Replan(id_, {"policy_id": "sla_1"}, "agreed", "key_1", Instant(OPENED + minutes * MINUTE))


async def begun(store: Store, replan: Replan) -> Replan:
    assert await store.replans.begin(ORGANIZATION, replan)
    await store.replans.keep(ORGANIZATION, replan.id, [InstanceReplan(ID, RULES, RULES, [{"name": "resolution"}])])
    return replan


async def answered(store: Store, event_id: str, sequence: int = 2) -> None:
    event = replace(an_event(event_id, EventKind.ACKNOWLEDGED, 10 + sequence), kind=EventKind.REPLANNED, rules=RULES)
    await store.instances.apply(a_step(OPENING, sequence, events=(event,)))


@pytest.fixture
async def desk(store: Store) -> Store:
    await store.instances.apply(OPENING)
    return store


async def test_of_several_that_begin_one_replan_one_has_begun_it(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(4)]
    begun = await asyncio.gather(*(store.replans.begin(ORGANIZATION, a_replan()) for store in stores))
    assert sorted(begun) == [False, False, False, True]


async def test_an_instance_has_not_answered_a_replan_until_its_record_shows_it(desk: Store) -> None:
    replan = await begun(desk, a_replan())
    assert await desk.replanned.unanswered(ORGANIZATION, [ID]) == {"replan_a": [ID]}
    assert await desk.replanned.unanswered(ORGANIZATION, [ID], besides="replan_a") == {}
    assert await desk.replanned.unanswered(ORGANIZATION, ["inst_sla_ticket_other"]) == {}
    await desk.replans.mark_sent(ORGANIZATION, "replan_a", [ID])
    await answered(desk, replan.event_id)
    assert await desk.replanned.unanswered(ORGANIZATION, [ID]) == {}
    assert await desk.replanned.recorded(ORGANIZATION, "replan_a", replan.event_id) == {ID}
    assert await desk.replanned.received(ORGANIZATION, [ID]) == {ID: {replan.event_id}}


async def test_what_was_told_before_an_undo_has_to_be_taken_back_before_anything_else(desk: Store) -> None:
    replan = await begun(desk, a_replan())
    await desk.replans.mark_sent(ORGANIZATION, "replan_a", [ID])
    await answered(desk, replan.event_id)
    assert await desk.replans.undo(ORGANIZATION, replan)
    assert not await desk.replans.undo(ORGANIZATION, replan)
    assert await desk.replanned.unanswered(ORGANIZATION, [ID]) == {"replan_a": [ID]}
    await answered(desk, replan.undo_id, 3)
    assert await desk.replanned.unanswered(ORGANIZATION, [ID]) == {}


async def test_nobody_is_told_of_a_replan_that_was_undone(desk: Store) -> None:
    replan = await begun(desk, a_replan())
    await desk.replans.undo(ORGANIZATION, replan)
    with pytest.raises(Conflict, match="was undone"):
        await desk.replans.mark_sent(ORGANIZATION, "replan_a", [ID])
    (one,) = await desk.replans.changed(ORGANIZATION, "replan_a")
    assert not one.is_sent
    assert await desk.replanned.unanswered(ORGANIZATION, [ID]) == {}


async def test_an_instance_that_sets_a_replan_aside_has_answered(desk: Store) -> None:
    replan = await begun(desk, a_replan())
    refusal = {"signal": "replan", "problem": "too far", "field": "event_id", "value": replan.event_id, "at": "x"}
    await desk.instances.apply(a_step(OPENING, 2, set_aside={"count": 1, "recent": [refusal]}))
    assert await desk.replanned.unanswered(ORGANIZATION, [ID]) == {}
    assert await desk.replanned.set_aside(ORGANIZATION, "replan_a", replan.event_id) == {ID: "too far"}
    assert await desk.replanned.set_aside(ORGANIZATION, "replan_a", replan.undo_id) == {}


async def test_an_instance_that_refused_a_later_replan_hinders_no_undo(desk: Store) -> None:
    first, later = await begun(desk, a_replan()), await begun(desk, a_replan("replan_b", 20))
    with pytest.raises(Conflict, match=ID):
        await desk.replans.undo(ORGANIZATION, first)
    await desk.replans.refuse(ORGANIZATION, later.id, {ID: "too far"})
    assert await desk.replans.refusals(ORGANIZATION, later.id) == {ID: "too far"}
    assert await desk.replanned.unanswered(ORGANIZATION, [ID], besides=first.id) == {}
    assert await desk.replans.undo(ORGANIZATION, first)


async def test_instances_that_nobody_recorded_are_named(desk: Store) -> None:
    assert await desk.replanned.unknown(ORGANIZATION, ["inst_b", ID, "inst_a", "inst_b"]) == ["inst_b", "inst_a"]
