"""Receivers of an organization, in the store, while tickets run: real HTTP on loopback, a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.fernet import Fernet

from domain.errors import StoreUnavailable
from domain.policy.policies import Policy
from domain.record.receivers import Choice, Receiver
from outlets import OrganizationChannels
from service.receivers import KnownReceivers
from service.tools.ciphers import Cipher
from store.rules.receivers import Sealed, StoredReceiver
from store.store import Store
from tests.support.clockwork import ORGANIZATION as OURS
from tests.support.clockwork import Clockwork, Mailbox, eventually, snapshot_of
from tests.support.outlets import CIPHER
from tests.support.peers.outside import reaching
from tests.support.peers.receiver import Receiver as Desk
from tests.support.peers.receiver import receiving

FOREVER = 3600.0


class Readable:
    """The store's receivers; while it is `down`, nobody can read them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.down = False

    async def __call__(self, organization: str) -> Sequence[StoredReceiver]:
        if self.down:
            raise StoreUnavailable("the store is switched off")
        return await self._store.receivers.enabled(organization)


@asynccontextmanager
async def telling(
    clockwork: Clockwork, store: Store, readable: Readable, cipher: Cipher = CIPHER, fresh: float = 0
) -> AsyncIterator[Mailbox]:
    """A worker with one channel of the operator's; it asks the store for receivers each time, unless told otherwise."""
    operator = Mailbox("operator")
    async with reaching() as outside:
        known = KnownReceivers(readable, fresh)
        receivers = OrganizationChannels(known, cipher, outside, store.receivers.switch_off)
        async with clockwork.worker(channels=[operator], receivers=receivers):
            yield operator


async def keep(store: Store, desk: Desk, id_: str = "rcv_desk", **choice: Any) -> None:
    receiver = Receiver(id_, id_, "webhook", Choice.from_json(choice))
    await store.receivers.create(OURS, receiver, Sealed(CIPHER.encrypted(desk.url)))


async def sent(ticket: Any) -> dict[str, str]:
    """The channels of all deliveries, with their status."""
    return {one["channel"]: one["status"] for one in (await ticket.state())["deliveries"]}


def received(desk: Desk) -> Callable[[], Any]:
    async def types() -> list[str]:
        return [one.notice["type"] for one in desk.received]

    return types


@pytest.fixture
async def ours(store: Store) -> Store:
    await store.organizations.ensure(OURS)
    return store


async def test_a_receiver_added_while_a_ticket_runs_gets_its_next_notice(
    clockwork: Clockwork, ours: Store, policy: Policy
) -> None:
    with receiving() as desk:
        async with telling(clockwork, ours, Readable(ours)) as operator:
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(40)
            await ticket.fired("first_response/halfway")
            await keep(ours, desk)
            await ticket.go_to(50)
            await eventually(received(desk), lambda types: types == ["sla.at_risk"])
            assert [notice["type"] for notice in operator.notices] == ["sla.halfway", "sla.at_risk"]
        deliveries = await ours.instances.deliveries(OURS, ticket.instance_id, [desk.ids[0]])
        assert {one.channel for one in deliveries} == {"operator", "webhook:rcv_desk"}


async def test_a_receiver_is_told_what_it_has_chosen(clockwork: Clockwork, ours: Store, policy: Policy) -> None:
    with receiving() as all_, receiving() as breaches:
        await keep(ours, all_, "rcv_all")
        await keep(ours, breaches, "rcv_breaches", types=["breached"])
        async with telling(clockwork, ours, Readable(ours)):
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(70)
            await eventually(received(all_), lambda types: len(types) == 3)
            await eventually(received(breaches), lambda types: types == ["sla.breached"])


async def test_another_organizations_receivers_are_told_nothing(
    clockwork: Clockwork, ours: Store, policy: Policy
) -> None:
    await ours.organizations.ensure("others")
    with receiving() as theirs:
        receiver = Receiver("rcv_theirs", "Theirs", "webhook")
        await ours.receivers.create("others", receiver, Sealed(CIPHER.encrypted(theirs.url)))
        async with telling(clockwork, ours, Readable(ours)):
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(70)
            await eventually(ticket.state, lambda state: not state["undelivered"])
            await ticket.fired("first_response/breached")
        assert theirs.received == []


async def test_while_the_store_is_down_the_last_known_receivers_are_told(
    clockwork: Clockwork, ours: Store, policy: Policy
) -> None:
    readable = Readable(ours)
    with receiving() as desk:
        await keep(ours, desk)
        async with telling(clockwork, ours, readable):
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(40)
            await eventually(received(desk), lambda types: types == ["sla.halfway"])
            readable.down = clockwork.projection.down = True
            await ticket.go_to(50)
            await eventually(received(desk), lambda types: types == ["sla.halfway", "sla.at_risk"])
            readable.down = clockwork.projection.down = False
            await eventually(ticket.state, lambda state: not state["undelivered"])


async def test_a_notice_waits_for_receivers_that_nobody_can_name_while_the_operators_has_it_at_once(
    clockwork: Clockwork, ours: Store, policy: Policy
) -> None:
    readable = Readable(ours)
    readable.down = True
    with receiving() as desk:
        await keep(ours, desk)
        async with telling(clockwork, ours, readable) as operator:
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(40)
            await ticket.fired("first_response/halfway")
            assert (await ticket.state())["undelivered"]
            readable.down = False
            await ticket.go_to(44)
            await eventually(received(desk), lambda types: types == ["sla.halfway"])
            await eventually(ticket.state, lambda state: not state["undelivered"])
            assert len(operator.notices) == 1


async def test_a_receiver_that_is_gone_is_switched_off_with_the_reason_and_told_no_more(
    clockwork: Clockwork, ours: Store, policy: Policy
) -> None:
    with receiving() as gone, receiving() as desk:
        gone.answers = [(410, {})]
        await keep(ours, gone, "rcv_gone")
        await keep(ours, desk)
        async with telling(clockwork, ours, Readable(ours), fresh=FOREVER):
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(50)
            await eventually(received(desk), lambda types: len(types) == 2)
            await eventually(ticket.state, lambda state: not state["undelivered"])
        assert gone.received == []
        off = (await ours.receivers.get(OURS, "rcv_gone")).receiver
        assert not off.enabled
        assert off.disabled_because == "webhook:rcv_gone answered 410: it is gone and takes no notice any more"


async def test_a_receiver_that_fails_or_cannot_be_read_holds_up_no_other(
    clockwork: Clockwork, ours: Store, policy: Policy
) -> None:
    with receiving() as ill, receiving() as desk:
        ill.answers = [(503, {})] * 2
        await keep(ours, ill, "rcv_ill")
        await keep(ours, desk)
        foreign = Sealed(Cipher([Fernet.generate_key().decode()]).encrypted(desk.url))
        await ours.receivers.create(OURS, Receiver("rcv_unread", "Unread", "webhook"), foreign)
        async with telling(clockwork, ours, Readable(ours)):
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(40)
            await eventually(received(desk), lambda types: types == ["sla.halfway"])
            await ticket.go_to(42)
            await eventually(received(ill), lambda types: types == ["sla.halfway"])
            assert (await ticket.state())["undelivered"], "the one that cannot be read still waits"
            await ours.receivers.delete(OURS, "rcv_unread")
            await ticket.go_to(44)
            await eventually(ticket.state, lambda state: not state["undelivered"])
        assert len(desk.received) == 1


async def test_a_burst_of_notices_asks_the_store_once() -> None:
    asked = []

    async def read(organization: str) -> Sequence[StoredReceiver]:
        asked.append(organization)
        await asyncio.sleep(0)
        return ()

    now = {"is": 0.0}
    known = KnownReceivers(read, fresh_seconds=2, clock=lambda: now["is"])
    await asyncio.gather(*(known.of("acme") for _ in range(50)), known.of("globex"))
    assert sorted(asked) == ["acme", "globex"]
    now["is"] = 2.0
    await known.of("acme")
    assert sorted(asked) == ["acme", "acme", "globex"]
