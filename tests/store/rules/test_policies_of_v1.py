"""Policies of the API v1 in the same table as those of v2, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.errors import Conflict
from domain.ids import Kind
from domain.policy.policies import Policy
from domain.ticket.conditions.conditions import Condition
from domain.ticket.origins import Origin
from store.lists.listed import ListPart
from store.store import Store
from tests.store.samples import ORGANIZATION, a_policy


def scrubbes(id_: str, priority: str = "HIGH") -> Policy:
    conditions = (Condition("priority", "eq", priority),)
    terms = {"escalation_contact": "Tier1", "applicable_team": "oncall", "compliance": {"uptime": Decimal("99.9")}}
    return a_policy(id_, conditions=conditions, origin=Origin.V1, at_risk_percent=None, **terms)


async def ids(store: Store, origin: Origin | None = None, include_archived: bool = False) -> list[str]:
    listed = await store.policies.list(ORGANIZATION, Kind.SLA, ListPart(100), include_archived, origin)
    found, total = listed.rows, listed.total
    assert total == len(found)
    return [stored.policy.id for stored in found]


async def test_a_policy_comes_back_with_its_terms_and_its_origin(store: Store) -> None:
    await store.policies.create(ORGANIZATION, scrubbes("pol_1"))
    assert (await store.policies.get(ORGANIZATION, "pol_1")).policy == scrubbes("pol_1")


async def test_a_list_is_of_one_origin_or_of_all(store: Store) -> None:
    for policy in (a_policy("sla_1"), scrubbes("pol_1"), a_policy("sla_2"), scrubbes("pol_2", "LOW")):
        await store.policies.create(ORGANIZATION, policy)
    assert await ids(store, Origin.V2) == ["sla_1", "sla_2"]
    assert await ids(store, Origin.V1) == ["pol_1", "pol_2"]
    assert await ids(store) == ["sla_1", "pol_1", "sla_2", "pol_2"]


async def test_an_order_is_of_the_policies_of_v2_alone(store: Store) -> None:
    for policy in (a_policy("sla_1"), scrubbes("pol_1"), a_policy("sla_2")):
        await store.policies.create(ORGANIZATION, policy)
    await store.policies.reorder(ORGANIZATION, Kind.SLA, ["sla_2", "sla_1"])
    assert await ids(store) == ["sla_2", "pol_1", "sla_1"]


async def test_a_second_policy_for_a_priority_is_refused_with_the_id_of_the_first(store: Store) -> None:
    await store.policies.create(ORGANIZATION, scrubbes("pol_1"))
    with pytest.raises(Conflict) as refusal:
        await store.policies.create(ORGANIZATION, scrubbes("pol_2"))
    assert (refusal.value.field, refusal.value.value) == ("priority", "pol_1")
    assert await ids(store) == ["pol_1"]


async def test_a_policy_cannot_move_to_a_priority_that_has_one(store: Store) -> None:
    await store.policies.create(ORGANIZATION, scrubbes("pol_1", "HIGH"))
    stored = await store.policies.create(ORGANIZATION, scrubbes("pol_2", "LOW"))
    moved = replace(stored.policy, conditions=scrubbes("pol_1", "HIGH").conditions)
    with pytest.raises(Conflict) as refusal:
        await store.policies.update(ORGANIZATION, moved)
    assert refusal.value.value == "pol_1"
    assert (await store.policies.get(ORGANIZATION, "pol_2")).policy == stored.policy


async def test_the_same_conditions_are_no_obstacle_in_v2_nor_between_the_two(store: Store) -> None:
    twin = replace(scrubbes("sla_1"), origin=Origin.V2, at_risk_percent=Decimal(75))
    for policy in (twin, scrubbes("pol_1"), replace(twin, id="sla_2")):
        await store.policies.create(ORGANIZATION, policy)
    assert await ids(store) == ["sla_1", "pol_1", "sla_2"]


async def test_a_priority_is_free_again_once_its_policy_is_archived(store: Store) -> None:
    await store.policies.create(ORGANIZATION, scrubbes("pol_1"))
    await store.policies.archive(ORGANIZATION, "pol_1")
    await store.policies.create(ORGANIZATION, scrubbes("pol_2"))
    assert await ids(store, Origin.V1) == ["pol_2"]
    assert await ids(store, Origin.V1, include_archived=True) == ["pol_1", "pol_2"]


async def test_of_those_created_at_once_for_a_priority_one_is_kept(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(3)]
    attempts = (stores[number % 3].policies.create(ORGANIZATION, scrubbes(f"pol_{number}")) for number in range(6))
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    (kept,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(refused) == 5
    assert {refusal.value for refusal in refused} == {kept.policy.id}
    assert await ids(stores[0]) == [kept.policy.id]


async def test_of_those_moved_at_once_to_a_priority_one_gets_there(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(3)]
    made = [
        await stores[0].policies.create(ORGANIZATION, scrubbes(f"pol_{priority}", priority))
        for priority in ("LOW", "MEDIUM", "HIGH")
    ]
    critical = scrubbes("pol", "CRITICAL").conditions
    attempts = (
        store.policies.update(ORGANIZATION, replace(stored.policy, conditions=critical))
        for store, stored in zip(stores, made, strict=True)
    )
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 2
    found = (await stores[0].policies.list(ORGANIZATION, Kind.SLA, ListPart(10))).rows
    assert [stored.policy.conditions == critical for stored in found].count(True) == 1
