"""Dimensions: the fields of tickets by which lists are narrowed, kept beside each instance as its ticket is now."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from domain.ticket.events import EventKind
from store.instances import dimensions
from store.instances.filters import Filters
from store.instances.order import Order
from store.schema.tables import instance_dimensions
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, after, an_event, an_opening

MARK = "inst_sla_ticket_"


async def listed(store: Store, organization: str = ORGANIZATION, **filters: Any) -> list[str]:
    found = await store.instances.page(organization, limit=100, as_of=OPENED, **cast("Filters", filters))
    assert found.total == len(found.rows)
    return sorted(one.id.removeprefix(MARK) for one in found.rows)


async def having(store: Store, **values: list[str]) -> list[str]:
    return await listed(store, dimensions=values)


async def declare(store: Store, *names: str) -> None:
    await store.organizations.change(ORGANIZATION, dimensions=names)


async def opened(store: Store, subject: str, **fields: Any) -> None:
    await store.instances.apply(an_opening(subject, fields=fields))


async def test_a_list_is_narrowed_to_tickets_with_a_value_of_a_dimension_in_whatever_case(store: Store) -> None:
    await declare(store, "customer", "account.region")
    await opened(store, "a", customer="Acme", account={"region": "EMEA"})
    await opened(store, "b", customer="ACME", account={"region": "apac"})
    await opened(store, "c", customer="Initech")
    await opened(store, "d")
    assert await having(store, customer=["acme"]) == ["a", "b"]
    assert await having(store, customer=["acme", "initech"]) == ["a", "b", "c"]
    assert await having(store, **{"customer": ["acme"], "account.region": ["emea"]}) == ["a"]
    assert await having(store, customer=["acm"]) == []
    assert await having(store, region=["emea"]) == []


async def test_an_instance_is_listed_under_the_values_that_its_ticket_has_now(store: Store) -> None:
    """Dimensions go by the ticket as it is now, whichever of its changes is recorded first."""
    await declare(store, "customer")
    early = replace(an_event("early", EventKind.UPDATED, 10), attributes={"customer": "early"})
    late = replace(an_event("late", EventKind.UPDATED, 20), attributes={"customer": "late"})
    opening = an_opening("a", fields={"customer": "first"})
    await store.instances.apply(opening)
    assert await having(store, customer=["first"]) == ["a"]
    await store.instances.apply(after(opening, 3, early, late))
    await store.instances.apply(after(opening, 2, early))
    assert await having(store, customer=["late"]) == ["a"]
    assert await having(store, customer=["first", "early"]) == []


async def test_a_ticket_has_each_value_of_a_list_and_none_of_a_document(store: Store) -> None:
    await declare(store, "tags", "vip", "tier")
    await opened(store, "a", tags=["Red", "blue", "red", 7, {"x": 1}, ""], vip=True, tier=1.5)
    await opened(store, "b", tags={"red": 1}, vip=False)
    assert await having(store, tags=["red"]) == await having(store, tags=["blue"]) == await having(store, tags=["7"])
    assert await having(store, tags=["red"]) == ["a"]
    assert (await having(store, vip=["true"]), await having(store, vip=["false"])) == (["a"], ["b"])
    assert await having(store, tier=["1.5"]) == ["a"]


async def test_a_value_of_any_length_and_with_any_characters_is_recorded_and_found(store: Store) -> None:
    await declare(store, "customer")
    # PostgreSQL presses texts before it refuses them for their length, so this one cannot be pressed.
    long = "".join(map(chr, random.Random(1).choices(range(0x4E00, 0x9FFF), k=5000)))
    await opened(store, "a", customer=long, assignee=long, url=long)
    await opened(store, "b", customer="nul\0 and half \ud800")
    assert await having(store, customer=[long]) == ["a"]
    assert await listed(store, assignee=long, url=long) == ["a"]
    assert await having(store, customer=["NUL and half ?"]) == ["b"]


async def test_what_is_declared_later_is_filled_in_for_the_instances_that_are_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dimensions that are declared later are filled in for the instances that are there, as their tickets are now."""
    monkeypatch.setattr(dimensions, "PORTION", 2)
    await opened(store, "a", customer="acme")
    await opened(store, "b", customer="acme")
    changed = replace(an_event("moved", EventKind.UPDATED, 10), attributes={"customer": "initech"})
    await store.instances.apply(after(an_opening("b"), 2, changed))
    await opened(store, "c", customer="acme", region="emea")
    assert await store.dimensions.are_ready(ORGANIZATION)
    await declare(store, "customer")
    assert not await store.dimensions.are_ready(ORGANIZATION)
    await opened(store, "d", customer="acme")
    assert await having(store, customer=["acme"]) == ["d"]
    assert [await store.dimensions.fill() for _ in range(3)] == [2, 1, 0]
    assert await store.dimensions.are_ready(ORGANIZATION)
    assert (await having(store, customer=["acme"]), await having(store, customer=["initech"])) == (
        ["a", "c", "d"],
        ["b"],
    )


async def test_what_is_declared_no_more_is_taken_away_and_the_rest_stays(store: Store) -> None:
    await declare(store, "customer", "region")
    await opened(store, "a", customer="acme", region="emea")
    await declare(store, "region", "plan")
    assert await store.dimensions.fill() == 1
    assert await having(store, region=["emea"]) == ["a"]
    rows = await store.database.read(lambda conn: conn.execute(sa.select(instance_dimensions.c.dimension)).all())
    assert [row.dimension for row in rows] == ["region"]
    await declare(store, "region", "plan")
    assert await store.dimensions.are_ready(ORGANIZATION)


async def test_an_instance_that_is_being_recorded_while_dimensions_are_declared_is_filled_in(store: Store) -> None:
    """It was opened by the version before, and committed after those that were there had been filled in."""
    await declare(store, "region")
    await opened(store, "a", customer="acme")
    await declare(store, "customer")
    assert await store.dimensions.fill() == 1
    await opened(store, "b", customer="acme")
    older = "UPDATE instances SET dimensions_version = 1 WHERE id = 'inst_sla_ticket_b'"
    await store.database.write(
        lambda conn: (conn.execute(sa.text(older)), conn.execute(sa.delete(instance_dimensions)))
    )
    assert await store.dimensions.fill() == 1
    assert await having(store, customer=["acme"]) == ["b"]


async def test_dimensions_are_those_of_the_own_organization(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.organizations.change("other", dimensions=["customer"])
    await opened(store, "a", customer="acme")
    await store.instances.apply(an_opening("b", organization="other", fields={"customer": "acme"}))
    assert await having(store, customer=["acme"]) == []
    assert await listed(store, "other", dimensions={"customer": ["acme"]}) == ["b"]


async def test_a_list_is_narrowed_by_priority_without_regard_to_case_and_by_url(store: Store) -> None:
    await store.instances.apply(an_opening("a", priority="Élevée", fields={"url": "https://desk/1"}))
    await store.instances.apply(an_opening("b", priority="ÉLEVÉE", fields={"url": "https://desk/2"}))
    await store.instances.apply(an_opening("c", priority="low"))
    assert await listed(store, priority="élevée") == ["a", "b"]
    assert await listed(store, priority=["LOW", "none"]) == ["c"]
    assert await listed(store, url="https://desk/2") == ["b"]
    assert await listed(store, url=["https://desk/1", "https://desk/2"]) == ["a", "b"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("sort", ["next_due_at", "opened_at", "assignee"])
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(dimensions={"customer": ["acme"]}), "ix_instance_dimensions_value"),
        (Filters(url="https://desk/1"), "ix_instances_of_url"),
    ],
    ids=str,
)
async def test_few_instances_are_found_first_and_put_in_order_then(
    store: Store, filters: Filters, index: str, sort: str
) -> None:
    await declare(store, "customer")
    await opened(store, "a", customer="acme")
    steps: list[str] = []

    def heard(_conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM instances" in statement and index.removeprefix("ix_").split("_of_")[0][:9] in statement:
            steps.append(str([row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]))

    event.listen(store.database.engine, "before_cursor_execute", heard)
    # Behind the last one, for a page that has it is counted by itself.
    await store.instances.page(ORGANIZATION, limit=2, offset=100, order=Order.by(sort), **filters)
    asked = [step for step in steps if index in step]
    assert len(asked) == 2
    assert not [step for step in asked if "ix_instances_shown" in step or "SCAN instances" in step]
