"""A ticket that changed its policy: lists, archive and analytics go by the promise that counts, not by the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from domain.analytics.periods import read_period
from domain.errors import Conflict
from domain.ids import Kind
from domain.instants import HOUR, MINUTE, Instant, Micros
from domain.policy.policies import OnChange
from domain.policy.targets import TargetRule
from domain.record.records import Record
from domain.ticket.conditions.conditions import Condition, Match
from domain.ticket.events import EventKind
from store.analytics.queries import Scope
from store.instances.filters import Filters
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_policy, after, an_event, an_opening

URGENT = a_policy(
    "urg",
    on_change=OnChange.RETARGET,
    match=Match.ALL,
    conditions=(Condition("priority", "eq", "urgent"),),
    targets=(TargetRule("target_u", "resolution", None, Micros(2 * HOUR)),),
)
STANDARD = a_policy(
    "std", on_change=OnChange.RETARGET, targets=(TargetRule("target_s", "resolution", None, Micros(4 * HOUR)),)
)
CHANGED = replace(an_event("change", EventKind.UPDATED, minutes=10), attributes={"priority": "urgent"})
LATE = replace(CHANGED, occurred_at=Instant(OPENED + 5 * HOUR), received_at=Instant(OPENED + 5 * HOUR))
DAY = read_period("2026-03-02", "2026-03-02", "UTC", Instant(OPENED + 20 * HOUR))
NOW = Instant(OPENED + 9 * HOUR)


def an_instance() -> Record:
    return an_opening(priority="normal", policy=STANDARD, alternatives=(URGENT, STANDARD))


@pytest.fixture
async def ready(store: Store) -> Store:
    await store.organizations.ensure(ORGANIZATION)
    for policy in (URGENT, STANDARD):
        await store.policies.create(ORGANIZATION, policy)
    return store


async def listed(store: Store, **filters: Any) -> int:
    return (await store.instances.list(ORGANIZATION, limit=9, offset=0, **cast("Filters", filters)))[1]


async def refuses_archive(store: Store, policy_id: str) -> int:
    try:
        await store.policies.archive(ORGANIZATION, policy_id)
    except Conflict as refused:
        return int(refused.value)
    return 0


async def breaches(store: Store, **narrowed: Any) -> Sequence[tuple[str | None, str | None]]:
    scope = Scope(ORGANIZATION, Kind.SLA, **narrowed)
    found = await store.analytics.breaches(scope, DAY, NOW, limit=9, offset=0)
    assert found.total == len(found.page)
    assert [number for _, number in found.by_policy] == [1] * len(found.page)
    return [(one.policy_id, one.priority) for one in found.page]


@pytest.mark.parametrize("steps", [(1, 2), (2, 1)], ids=["in order", "the change first"])
async def test_an_instance_is_listed_under_the_promise_in_force(ready: Store, steps: tuple[int, ...]) -> None:
    """Lists go by the promise in force, not by the policy and the priority of the opening."""
    records = {1: an_instance(), 2: after(an_instance(), 2, CHANGED)}
    for sequence in steps:
        await ready.instances.apply(records[sequence])
    assert [await listed(ready, policy_id=policy) for policy in ("urg", "std")] == [1, 0]
    assert [await listed(ready, priority=priority) for priority in ("urgent", "normal")] == [1, 0]
    assert await listed(ready, policy_id=["urg", "std"], priority=["normal", "urgent"]) == 1


async def test_a_change_that_is_taken_back_leaves_the_promise_of_the_opening_in_force(ready: Store) -> None:
    back = replace(an_event("back", EventKind.UPDATED, minutes=20), attributes={"priority": "normal"})
    await ready.instances.apply(an_instance())
    await ready.instances.apply(after(an_instance(), 2, CHANGED))
    await ready.instances.apply(after(an_instance(), 3, CHANGED, back))
    assert [await listed(ready, policy_id=policy) for policy in ("urg", "std")] == [0, 1]
    assert await listed(ready, priority="normal") == 1


async def test_a_policy_is_not_archived_while_a_clock_runs_under_it(ready: Store) -> None:
    """A policy is not archived while a clock still runs under it, whatever policy its ticket opened with."""
    await ready.instances.apply(an_instance())
    assert await refuses_archive(ready, "std") == 1
    await ready.instances.apply(after(an_instance(), 2, CHANGED))
    assert [await refuses_archive(ready, policy) for policy in ("urg", "std")] == [1, 0]
    done = an_event("done", EventKind.RESOLVED, minutes=30)
    await ready.instances.apply(after(an_instance(), 3, CHANGED, done))
    assert await refuses_archive(ready, "urg") == 0


async def test_a_breach_is_booked_on_the_policy_its_target_was_measured_by(ready: Store) -> None:
    """Analytics book a target on the policy and the priority that it was measured by."""
    await ready.instances.apply(an_instance())
    await ready.instances.apply(after(an_instance(), 2, CHANGED))
    assert await breaches(ready) == [("urg", "urgent")]
    assert await breaches(ready, policy_id="urg", priority="urgent") == [("urg", "urgent")]
    assert await breaches(ready, policy_id="std") == await breaches(ready, priority="normal") == []
    for policy, total in (("urg", 1), ("std", 0), (["std", "urg"], 1)):
        figures = (await ready.analytics.summary(Scope(ORGANIZATION, Kind.SLA, policy), DAY, NOW)).current
        assert (figures.tally.total, figures.instances) == (total, total)


async def test_a_breach_before_the_change_stays_booked_on_the_policy_that_was_in_force(ready: Store) -> None:
    await ready.instances.apply(an_instance())
    await ready.instances.apply(after(an_instance(), 2, LATE))
    assert await breaches(ready) == [("std", "normal")]
    assert await listed(ready, policy_id="urg") == 1


async def test_of_one_instance_each_clock_counts_for_its_own_policy(ready: Store) -> None:
    first = TargetRule("target_f", "first_response", None, Micros(5 * MINUTE))
    both = [replace(one, targets=(first, *one.targets)) for one in (STANDARD, URGENT)]
    opening = an_opening(priority="normal", policy=both[0], alternatives=tuple(reversed(both)))
    answered = an_event("answer", minutes=7)
    await ready.instances.apply(opening)
    await ready.instances.apply(after(opening, 2, answered, CHANGED))
    assert sorted(await breaches(ready)) == [("std", "normal"), ("urg", "urgent")]
    for policy in ("std", "urg"):
        figures = (await ready.analytics.summary(Scope(ORGANIZATION, Kind.SLA, policy), DAY, NOW)).current
        assert (figures.tally.total, figures.instances) == (1, 1)
