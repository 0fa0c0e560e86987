from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from domain.errors import Conflict, NotFound, WorkingTimeExhausted
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import SECOND, Instant
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.record.records import first_record
from domain.ticket.conditions.conditions import Condition, Match
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from store.access.organizations import begin_change
from store.instances.open_tickets import ContestedClaim, ExistingInstance, NoPromise, OpenTicketResult, Start
from store.lists.listed import ListPart
from store.rules.claims import GRACE
from store.schema.tables import claims
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_policy, a_step

SOONER = a_policy("sla_sooner")
EVENT = Event(EventKind.OPENED, "open", OPENED, OPENED)


def a_ticket(subject: str = "42", kind: Kind = Kind.SLA, **ticket: Any) -> Ticket:
    return Ticket(InstanceId(kind, SubjectType.TICKET, subject), **ticket)


def prepare(catalog: Catalog, ticket: Ticket) -> Start | NoPromise:
    snapshot = catalog.snapshot(ticket, "2026a")
    if snapshot is None or not snapshot.targets:
        return NoPromise(None if snapshot is None else snapshot.policy.id)
    return Start(snapshot, plan(snapshot, (EVENT,)), EVENT)


async def opening(store: Store, *tickets: Ticket) -> OpenTicketResult:
    return (await store.open_tickets(ORGANIZATION, tickets or [a_ticket()], prepare))[0]


async def record(store: Store, one: OpenTicketResult) -> None:
    assert isinstance(one, Start)
    await store.instances.apply(first_record(one.snapshot.to_json(), one.plan, EVENT))


async def held(store: Store) -> dict[str, str]:
    own = sa.select(claims).where(claims.c.organization == ORGANIZATION)
    rows = await store.database.read(lambda conn: conn.execute(own).all())
    return {row.instance_id: row.policy_id for row in rows}


async def archive(store: Store, policy_id: str = "sla_1") -> int:
    """How many open instances kept it from being archived."""
    try:
        await store.policies.archive(ORGANIZATION, policy_id)
    except Conflict as refused:
        return int(refused.value)
    return 0


@pytest.fixture
async def ready(store: Store) -> Store:
    await store.organizations.ensure(ORGANIZATION)
    await store.policies.create(ORGANIZATION, a_policy())
    return store


def later(store: Store, seconds: float) -> None:
    """The store's clock runs ahead from now on."""
    ahead = round(seconds * SECOND)
    before = store.claims.now
    object.__setattr__(store.claims, "now", lambda: Instant(before() + ahead))


async def test_a_ticket_that_is_about_to_start_keeps_its_policy(ready: Store) -> None:
    started = await opening(ready)
    assert isinstance(started, Start)
    assert await held(ready) == {"inst_sla_ticket_42": "sla_1"}
    assert await archive(ready) == 1
    assert (await ready.policies.get(ORGANIZATION, "sla_1")).archived_at is None


async def test_the_first_record_takes_the_claim_over(ready: Store) -> None:
    started = await opening(ready)
    await record(ready, started)
    assert await held(ready) == {}
    assert await archive(ready) == 1
    assert isinstance(started, Start)
    closed = a_step(first_record(started.snapshot.to_json(), started.plan, EVENT), 2, closed_at=OPENED)
    await ready.instances.apply(closed)
    assert await archive(ready) == 0


async def test_a_later_record_that_comes_first_leaves_the_claim_to_the_opening(ready: Store) -> None:
    started = await opening(ready)
    assert isinstance(started, Start)
    first = first_record(started.snapshot.to_json(), started.plan, EVENT)
    await ready.instances.apply(a_step(first, 2))
    assert await archive(ready) == 1
    await ready.instances.apply(first)
    assert (await archive(ready), await held(ready)) == (1, {})


async def test_a_ticket_that_has_an_instance_or_no_promise_claims_nothing_and_writes_nothing(ready: Store) -> None:
    await record(ready, await opening(ready))
    statements: list[str] = []
    engine = ready.database.engine
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    again, untracked = await opening(ready), await opening(ready, a_ticket(kind=Kind.OLA))
    assert isinstance(again, ExistingInstance)
    assert untracked == NoPromise()
    # What was recorded before is told in a transaction of its own, some time after it.
    telling = {"SET", "NOTIFY"}
    words = {statement.partition(" ")[0] for statement in statements}
    assert words - telling <= {"SELECT", "PRAGMA", "BEGIN", "SHOW"}
    assert len([statement for statement in statements if statement.startswith("SELECT")]) <= 6


async def test_a_ticket_opened_twice_at_once_has_one_claim(ready: Store) -> None:
    both = [await opening(ready), await opening(ready)]
    assert all(isinstance(one, Start) for one in both)
    assert await archive(ready) == 1


async def test_the_tickets_of_one_opening_are_claimed_together(ready: Store) -> None:
    await ready.policies.create(ORGANIZATION, a_policy("ola_1", kind=Kind.OLA))
    await opening(ready, a_ticket(), a_ticket(kind=Kind.OLA))
    assert await held(ready) == {"inst_sla_ticket_42": "sla_1", "inst_ola_ticket_42": "ola_1"}


async def test_what_cannot_be_prepared_claims_nothing(ready: Store) -> None:
    def fail(catalog: Catalog, ticket: Ticket) -> NoPromise:
        raise WorkingTimeExhausted("too far")

    with pytest.raises(WorkingTimeExhausted):
        await ready.open_tickets(ORGANIZATION, [a_ticket()], fail)
    with pytest.raises(NotFound):
        await ready.open_tickets("nobody", [a_ticket()], prepare)
    assert await held(ready) == {}


async def test_a_claim_on_another_policy_stands_in_the_way(ready: Store) -> None:
    await opening(ready)
    await ready.policies.create(ORGANIZATION, SOONER)
    await ready.policies.reorder(ORGANIZATION, Kind.SLA, ["sla_sooner", "sla_1"])
    second = await opening(ready)
    assert isinstance(second, ContestedClaim)
    assert (second.claim.instance_id, second.claim.policy_id) == ("inst_sla_ticket_42", "sla_1")
    assert [await archive(ready, policy_id) for policy_id in ("sla_1", "sla_sooner")] == [1, 0]


async def test_a_claim_lapses_unless_it_is_renewed(ready: Store) -> None:
    await opening(ready)
    assert await ready.claims.lapsed(ORGANIZATION, "sla_1") == []
    later(ready, GRACE / SECOND + 1)
    [lapsed] = await ready.claims.lapsed(ORGANIZATION, "sla_1")
    assert (lapsed.instance_id, ready.claims.has_lapsed(lapsed)) == ("inst_sla_ticket_42", True)
    assert await archive(ready) == 1
    assert await ready.claims.lapsed("other", "sla_1") == []
    assert await ready.claims.lapsed(ORGANIZATION, "sla_other") == []


async def test_a_claim_that_was_renewed_meanwhile_is_not_dropped(ready: Store) -> None:
    await opening(ready)
    before = (await ready.claims.standing(ORGANIZATION, ["inst_sla_ticket_42"]))["inst_sla_ticket_42"]
    await opening(ready)
    await ready.claims.drop(ORGANIZATION, before)
    renewed = (await ready.claims.standing(ORGANIZATION, ["inst_sla_ticket_42"]))["inst_sla_ticket_42"]
    assert renewed.claimed_at > before.claimed_at
    await ready.claims.drop(ORGANIZATION, renewed)
    assert (await held(ready), await archive(ready)) == ({}, 0)


async def test_a_claim_beside_its_row_counts_for_nothing_and_is_released(ready: Store) -> None:
    """PostgreSQL may let a claim and the row of the same instance pass each other."""
    await record(ready, await opening(ready))
    late = {"instance_id": "inst_sla_ticket_42", "policy_id": "sla_1", "claimed_at": sa.func.current_timestamp()}
    await ready.database.write(lambda conn: conn.execute(sa.insert(claims).values(organization=ORGANIZATION, **late)))
    assert await archive(ready) == 1
    assert await ready.claims.standing(ORGANIZATION, ["inst_sla_ticket_42"]) == {}
    await ready.claims.release(ORGANIZATION, "inst_sla_ticket_42")
    assert await held(ready) == {}


async def test_releasing_an_instance_without_a_row_leaves_its_claim(ready: Store) -> None:
    await opening(ready)
    await ready.claims.release(ORGANIZATION, "inst_sla_ticket_42")
    assert await archive(ready) == 1


async def test_an_opening_waits_for_the_change_that_is_being_made(
    ready: Store, open_store: Callable[[], Store]
) -> None:
    theirs = open_store()
    await theirs.open_tickets(ORGANIZATION, [a_ticket("warm")], prepare)
    async with ready.database.transaction():
        await ready.database.write(lambda conn: begin_change(conn, ORGANIZATION))
        waiting = asyncio.create_task(opening(theirs))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
    assert isinstance(await waiting, Start)


async def test_an_archive_and_openings_at_once_never_leave_an_opening_under_an_archived_policy(
    ready: Store, open_store: Callable[[], Store]
) -> None:
    stores = [ready, *(open_store() for _ in range(3))]
    outcomes = [await race(stores, round_) for round_ in range(30)]
    assert {refused > 0 for refused in outcomes} == {True, False}


async def race(stores: list[Store], round_: int) -> int:
    """Six tickets are opened by four processes while one of them archives the policy; how many it was told of.

    Of three rounds one is won by the archive, one by an opening, and one is free.
    """
    policy = a_policy(f"sla_race_{round_}", match=Match.ALL, conditions=(is_in(round_),))
    await stores[0].policies.create(ORGANIZATION, policy)
    live = [stored.policy.id for stored in (await stores[0].policies.list(ORGANIZATION, Kind.SLA, ListPart(100))).rows]
    await stores[0].policies.reorder(ORGANIZATION, Kind.SLA, [policy.id, *live[:-1]])

    archived, opened_first = asyncio.Event(), asyncio.Event()

    async def open_one(index: int) -> OpenTicketResult:
        if round_ % 3 == 0:
            await archived.wait()
        await asyncio.sleep(0.001 * (index + round_ % 5))
        made = await opening(stores[index % 4], a_ticket(f"{round_}-{index}", fields={"round": round_}))
        opened_first.set()
        return made

    async def archive_it() -> int:
        if round_ % 3 == 1:
            await opened_first.wait()
        await asyncio.sleep(0.004 * (round_ % 11))
        refused = await archive(stores[3], policy.id)
        archived.set()
        return refused

    openings = [asyncio.create_task(open_one(index)) for index in range(6)]
    refused = await archive_it()
    opened = [await one for one in openings]
    under = [one for one in opened if isinstance(one, Start) and one.snapshot.policy.id == policy.id]
    is_archived = (await stores[0].policies.get(ORGANIZATION, policy.id, include_archived=True)).archived_at is not None
    assert is_archived == (refused == 0)
    assert under == [] if is_archived else 1 <= refused <= len(under)
    return refused


def is_in(round_: int) -> Condition:
    return Condition.from_json({"field": "round", "operator": "eq", "value": round_})


async def test_a_record_and_an_archive_at_once_count_an_instance_once(
    ready: Store, open_store: Callable[[], Store]
) -> None:
    theirs = open_store()
    for number in range(20):
        started = await opening(ready, a_ticket(f"{number}"))
        _, refused = await asyncio.gather(record(theirs, started), archive(ready))
        assert refused == number + 1


async def test_an_instance_that_gets_its_row_while_an_archive_counts_is_counted(
    ready: Store, backend: str, database_url: str
) -> None:
    if backend == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    await record(ready, await opening(ready))
    with psycopg.connect(database_url) as before:
        before.execute("UPDATE instances SET snapshot_sequence = 0, closed_at = now()")
        before.execute("INSERT INTO claims VALUES ('default', 'inst_sla_ticket_42', 'sla_1', now())")
    counted = []

    def record_meanwhile(*call: Any) -> None:
        if "count(" in call[2] and "claims" in call[2]:
            counted.append(call[2])
            with psycopg.connect(database_url) as meanwhile:
                meanwhile.execute("UPDATE instances SET snapshot_sequence = 1, closed_at = NULL")
                meanwhile.execute("DELETE FROM claims")

    event.listen(ready.database.engine, "before_cursor_execute", record_meanwhile)
    assert await archive(ready) == 1
    assert len(counted) == 1
