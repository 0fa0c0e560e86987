from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from domain.errors import InvalidValue, NotFound
from domain.instants import HOUR, Instant
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.policy.priorities import Priority
from domain.policy.snapshot import Snapshot
from domain.scrubbe.ticket_statuses import StatusChange, TicketStatus
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from store.instances.tickets import StoredTicket, instance_of
from store.schema import tables
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_policy, an_opening

ONE, EIGHT = Instant(OPENED + HOUR), Instant(OPENED + 8 * HOUR)


@pytest.fixture(autouse=True)
async def organization(store: Store) -> None:
    await store.organizations.ensure(ORGANIZATION)


def a_ticket(id_: str = "tick_1", *statuses: TicketStatus, **changes: Any) -> StoredTicket:
    history = tuple(StatusChange(status, OPENED) for status in (TicketStatus.NEW, *statuses))
    given = {"title": "Broken", "description": "", "priority": Priority.HIGH, "created_at": OPENED, **changes}
    return StoredTicket(id=id_, history=history, updated_at=OPENED, **given)


def a_snapshot(id_: str = "tick_1") -> Snapshot:
    return Snapshot(
        ORGANIZATION, Ticket(instance_of(id_), "HIGH", origin=Origin.V1), a_policy(), AROUND_THE_CLOCK, "2026a"
    )


async def a_measured_ticket(store: Store, id_: str, **changes: Any) -> StoredTicket:
    """OPEN since `OPENED`, an hour to respond, eight to resolve."""
    await store.instances.apply(an_opening(id_))
    measured = {"snapshot": a_snapshot(id_), "measured_from": OPENED, **changes}
    return await store.tickets.create(ORGANIZATION, a_ticket(id_, TicketStatus.OPEN, **measured))


async def listed(store: Store, *, as_of: Instant = OPENED, **filters: Any) -> list[str]:
    found, total = await store.tickets.list(ORGANIZATION, limit=100, offset=0, as_of=as_of, **filters)
    assert total == len(found)
    return sorted(one.ticket.id for one in found)


async def test_a_ticket_reads_back_as_it_was_created(store: Store) -> None:
    ticket = a_ticket(description="Since noon", snapshot=a_snapshot(), measured_from=OPENED)
    assert await store.tickets.create(ORGANIZATION, ticket) == ticket
    assert await store.tickets.get(ORGANIZATION, ticket.id) == ticket


async def test_a_ticket_created_again_stays_what_it_was(store: Store) -> None:
    first = await store.tickets.create(ORGANIZATION, a_ticket())
    assert await store.tickets.create(ORGANIZATION, a_ticket(title="Another")) == first


async def test_a_ticket_that_is_not_there_is_not_found(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.tickets.create("other", a_ticket())
    with pytest.raises(NotFound):
        await store.tickets.get(ORGANIZATION, "tick_1")


async def test_a_change_makes_the_next_version_of_the_newest_only(store: Store) -> None:
    created = await store.tickets.create(ORGANIZATION, a_ticket())
    opened = replace(created, history=(*created.history, StatusChange(TicketStatus.OPEN, ONE)), updated_at=ONE)
    changed = await store.tickets.change(ORGANIZATION, opened)
    assert changed == replace(opened, version=2)
    assert await store.tickets.get(ORGANIZATION, "tick_1") == changed
    assert await store.tickets.change(ORGANIZATION, replace(created, title="Late")) is None
    assert await store.tickets.get(ORGANIZATION, "tick_1") == changed


async def test_of_changes_at_the_same_moment_one_counts(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(3)]
    created = await stores[0].tickets.create(ORGANIZATION, a_ticket())
    changes = [replace(created, title=str(number)) for number in range(9)]
    kept = await asyncio.gather(
        *(stores[index % 3].tickets.change(ORGANIZATION, one) for index, one in enumerate(changes))
    )
    (winner,) = [one for one in kept if one is not None]
    assert await stores[0].tickets.get(ORGANIZATION, "tick_1") == winner


async def test_tickets_are_listed_newest_first_page_by_page(store: Store) -> None:
    for number, id_ in enumerate(("b", "a", "c", "d")):
        await store.tickets.create(ORGANIZATION, a_ticket(id_, created_at=Instant(OPENED + min(number, 2))))
    await store.organizations.ensure("other")
    await store.tickets.create("other", a_ticket("e"))
    found, total = await store.tickets.list(ORGANIZATION, limit=2, offset=1, as_of=OPENED)
    assert ([one.ticket.id for one in found], total) == (["d", "a"], 4)


async def test_tickets_are_narrowed_by_status_and_priority(store: Store) -> None:
    await store.tickets.create(ORGANIZATION, a_ticket("a"))
    await store.tickets.create(ORGANIZATION, a_ticket("b", TicketStatus.OPEN))
    await store.tickets.create(ORGANIZATION, a_ticket("c", TicketStatus.OPEN, priority=Priority.LOW))
    assert await listed(store, status=TicketStatus.OPEN) == ["b", "c"]
    assert await listed(store, status=TicketStatus.OPEN, priority=Priority.LOW) == ["c"]
    assert await listed(store, status=TicketStatus.CLOSED) == []
    assert await listed(store, status=None, priority=None, breached=None) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("as_of", "breached"),
    [
        (Instant(ONE - 1), (False, False)),
        (ONE, (True, False)),
        (Instant(EIGHT - 1), (True, False)),
        (EIGHT, (True, True)),
    ],
)
async def test_tickets_are_narrowed_by_the_windows_that_are_exceeded_by_then(
    store: Store, as_of: Instant, breached: tuple[bool, bool]
) -> None:
    await a_measured_ticket(store, "tick_1")
    await store.tickets.create(ORGANIZATION, a_ticket("unmeasured", TicketStatus.OPEN))
    for windows in ((False, False), (True, False), (False, True), (True, True)):
        wanted = ["tick_1"] * (windows == breached) + ["unmeasured"] * (windows == (False, False))
        assert await listed(store, as_of=as_of, breached=windows) == wanted


async def test_a_list_shows_the_instance_of_a_ticket_that_has_one(store: Store) -> None:
    await a_measured_ticket(store, "tick_1")
    await store.tickets.create(ORGANIZATION, a_ticket("tick_2", snapshot=a_snapshot("tick_2")))
    found, _ = await store.tickets.list(ORGANIZATION, limit=10, offset=0, as_of=OPENED)
    instances = {one.ticket.id: one.instance for one in found}
    assert instances == {
        "tick_1": await store.instances.get(ORGANIZATION, "inst_sla_ticket_tick_1"),
        "tick_2": None,
    }
    assert instances["tick_1"] is not None


async def test_what_came_while_measuring_was_off_and_goes_on_is_unmeasured(store: Store) -> None:
    _, open_, acknowledged, resolved, closed = TicketStatus
    await store.tickets.create(ORGANIZATION, a_ticket("a"))
    await store.tickets.create(ORGANIZATION, a_ticket("b", open_))
    await store.tickets.create(ORGANIZATION, a_ticket("c", open_, acknowledged))
    await store.tickets.create(ORGANIZATION, a_ticket("d", open_, resolved))
    await store.tickets.create(ORGANIZATION, a_ticket("e", closed))
    await store.tickets.create(ORGANIZATION, a_ticket("f", open_, measured_from=OPENED))
    assert [one.id for one in await store.tickets.unmeasured(ORGANIZATION, 100)] == ["a", "b", "c"]
    assert [one.id for one in await store.tickets.unmeasured(ORGANIZATION, 2)] == ["a", "b"]


async def test_the_unmeasured_and_the_breached_are_found_by_indexes(store: Store) -> None:
    if not store.database.is_sqlite:
        pytest.skip("NO PLAN TO COMPARE: PostgreSQL chooses by its statistics")
    with sent(store) as statements:
        await store.tickets.unmeasured(ORGANIZATION, 20)
        await store.tickets.list(ORGANIZATION, limit=20, offset=0, as_of=ONE, breached=(True, False))
    assert len(statements) == 3

    def check(conn: sa.Connection) -> None:
        for statement, parameters in statements:
            steps = [str(row.detail) for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert any("SEARCH tickets" in step for step in steps), steps
            assert not any(step.startswith("SCAN") for step in steps), steps
            for step in steps:
                assert "instance_targets" not in step or "organization=? AND instance_id=?" in step, steps

    await store.database.read(check)


@contextmanager
def sent(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    engine = store.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", note)


async def test_a_title_that_a_column_cannot_hold_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValue):
        await store.tickets.create(ORGANIZATION, a_ticket(title="a\0b"))
    counted = sa.select(sa.func.count()).select_from(tables.tickets)
    assert await store.database.read(lambda conn: conn.scalar(counted)) == 0
