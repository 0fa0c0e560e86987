"""Receivers on their bad days, and what the log says of them: nothing is lost, and nothing stands in it twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from standardwebhooks import Webhook

from addressees import OrganizationAddressees
from channels.channel import utc_now
from channels.webhook import new_secret
from domain.errors import StoreUnavailable
from domain.instants import Instant
from domain.policy.policies import Policy
from domain.record.deliveries import DeliveryState
from domain.record.receivers import Receiver
from outlets import OrganizationChannels
from service.deliveries.attempts import AttemptLog
from service.deliveries.resending import MOST_TRIES, Resender
from service.receivers import KnownReceivers
from service.templates import KnownTemplates
from store.deliveries.log import DeliveryFilters, LoggedDelivery
from store.deliveries.resends import Resends
from store.rules.receivers import Sealed
from store.store import Store
from tests.support.clockwork import ORGANIZATION as OURS
from tests.support.clockwork import Clockwork, Mailbox, eventually, snapshot_of
from tests.support.outlets import CIPHER
from tests.support.peers.mailbox import receiving_mail
from tests.support.peers.outside import reaching
from tests.support.peers.receiver import receiving
from tests.support.peers.trickling import trickling
from worker import addressees_of, named_among, system_now


@dataclass
class House:
    """A worker's parts, without those that would do their work by the clock."""

    store: Store
    attempts: AttemptLog
    channels: OrganizationChannels
    addressees: OrganizationAddressees
    operator: Mailbox

    async def log(self, **filters: Any) -> list[LoggedDelivery]:
        await self.attempts.flush()
        page = await self.store.deliveries.page(OURS, DeliveryFilters(**filters), limit=100)
        keys = Counter(one.key for one in page.deliveries)
        assert set(keys.values()) <= {1}
        return [one for one in page.deliveries if one.key.channel != self.operator.name]

    async def only(self) -> LoggedDelivery:
        (one,) = await self.log()
        return one

    async def resend(self, one: LoggedDelivery) -> LoggedDelivery:
        """Ask for it again, and let a worker look, a minute later each time, until it rests."""
        await self.store.resends.ask(one.key)
        ahead = 0

        def later() -> Instant:
            return Instant(system_now() + ahead)

        resends = Resends(self.store.database, later)
        resender = Resender(resends, named_among([self.operator], self.channels, self.addressees), later)
        while await resender.round():
            ahead += 3_600_000_000
        return await self.store.deliveries.get(one.key)

    async def keep(self, id_: str, address: str, channel: str = "webhook", *secrets: str) -> None:
        sealed = Sealed(CIPHER.encrypted(address), tuple(map(CIPHER.encrypted, secrets)))
        await self.store.receivers.create(OURS, Receiver(id_, id_, channel), sealed)


@asynccontextmanager
async def house(clockwork: Clockwork, store: Store, **settings: Any) -> AsyncIterator[House]:
    await store.organizations.ensure(OURS)
    attempts, operator = AttemptLog(store.attempts), Mailbox("operator")
    async with reaching(timeout=1, now=utc_now, **settings) as outside:
        channels = OrganizationChannels(
            KnownReceivers(store.receivers.enabled, 0),
            CIPHER,
            outside,
            store.receivers.switch_off,
            KnownTemplates(store.templates.of, 0),
        )
        addressees = addressees_of(store, CIPHER, outside)
        async with clockwork.worker(
            channels=[operator], receivers=channels, addressees=addressees, in_vain=attempts.note
        ):
            yield House(store, attempts, channels, addressees, operator)


async def told(clockwork: Clockwork, policy: Policy, minutes: float = 35) -> Any:
    ticket = await clockwork.open(snapshot_of(policy))
    await ticket.go_to(minutes)
    return ticket


async def test_a_receiver_that_fails_half_the_time_has_all_in_the_end_and_the_log_has_each_once(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    with receiving() as desk:
        desk.answers = [(503, {}), (204, {})] * 10
        async with house(clockwork, store) as ours:
            await ours.keep("rcv_desk", desk.url)
            tickets = [await clockwork.open(snapshot_of(policy)) for _ in range(4)]
            await tickets[0].go_to(50)
            await tickets[0].go_to(55)
            for ticket in tickets:
                await eventually(ticket.state, lambda state: not state["undelivered"])
            found = await eventually(ours.log, lambda log: all(one.taken_at is not None for one in log))
    assert len(found) == 8
    assert sorted(one.key.notice_id for one in found) == sorted(set(desk.ids)) == sorted(desk.ids)
    assert {one.state for one in found} == {DeliveryState.DELIVERED}
    assert sum(one.attempts for one in found) == 20 - len(desk.answers)
    assert {one.error for one in found} == {None}


async def test_a_delivery_that_is_tried_for_hours_is_seen_with_its_attempts_and_what_the_last_came_to(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    with receiving() as desk:
        desk.answers = [(503, {})] * 100
        async with house(clockwork, store) as ours:
            await ours.keep("rcv_desk", desk.url)
            ticket = await told(clockwork, policy)
            one = await eventually(ours.only, lambda one: one.state is DeliveryState.RETRIED and one.attempts >= 3)
            assert one.error == "webhook:rcv_desk answered 503"
            assert (one.taken_at, one.sent_at is not None) == (None, True)
            assert [other.state for other in await ours.log(states=[DeliveryState.RETRIED])] == [one.state]
            desk.answers = []
            await ticket.go_to(42)
            done = await eventually(ours.only, lambda one: one.state is DeliveryState.DELIVERED)
    assert done.attempts > one.attempts
    assert done.key == one.key
    assert len(desk.received) == 1


async def test_a_store_that_is_down_delays_the_log_and_no_notice(
    clockwork: Clockwork, store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as desk:
        desk.answers = [(503, {})] * 2
        async with house(clockwork, store) as ours:
            await ours.keep("rcv_desk", desk.url)
            ticket = await clockwork.open(snapshot_of(policy))
            await ticket.go_to(20)
            with monkeypatch.context() as patch:

                async def away(*_: Any) -> Any:
                    raise StoreUnavailable("the store is switched off")

                patch.setattr(type(store.attempts), "add", away)
                await ticket.go_to(40)
                await eventually(ticket.state, lambda state: state["ledger"] and not state["undelivered"])
                with pytest.raises(StoreUnavailable):
                    await ours.attempts.flush()
            one = await eventually(ours.only, lambda one: one.state is DeliveryState.DELIVERED)
    assert one.attempts == 3


async def test_one_that_said_410_is_dead_and_is_sent_once_more_after_it_was_mended_and_its_secret_rotated(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    old, new = new_secret(), new_secret()
    with receiving() as desk:
        desk.answers = [(410, {})]
        async with house(clockwork, store) as ours:
            await ours.keep("rcv_desk", desk.url, "webhook", old)
            await told(clockwork, policy)
            dead = await eventually(ours.only, lambda one: one.state is DeliveryState.DEAD)
            gone = await ours.resend(dead)
            assert (gone.state, gone.error) == (DeliveryState.DEAD, "is no channel any more")

            def mended(stored: Any) -> Any:
                secrets = tuple(map(CIPHER.encrypted, (new, old)))
                return replace(stored.receiver, enabled=True), Sealed(stored.sealed.address, secrets)

            await store.receivers.update(OURS, "rcv_desk", mended)
            taken = await ours.resend(gone)
            assert (taken.state, taken.resends, taken.error) == (DeliveryState.DELIVERED, 2, None)
            assert await ours.only() == taken
    (came,) = desk.received
    assert came.headers["webhook-id"] == came.notice["id"] == dead.key.notice_id
    for secret in (old, new):
        Webhook(secret).verify(came.body, came.headers)


async def test_what_is_sent_once_more_in_vain_is_given_up_after_a_few_attempts(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    with receiving() as desk:
        desk.answers = [(400, {}), *[(503, {})] * MOST_TRIES]
        async with house(clockwork, store) as ours:
            await ours.keep("rcv_desk", desk.url)
            await told(clockwork, policy)
            dead = await eventually(ours.only, lambda one: one.state is DeliveryState.DEAD)
            again = await ours.resend(dead)
            assert (again.state, again.error) == (DeliveryState.DEAD, "webhook:rcv_desk answered 503")
            assert (again.attempts, desk.answers) == (1 + MOST_TRIES, [])
            assert (await ours.resend(again)).state is DeliveryState.DELIVERED


async def test_what_is_sent_once_more_waits_while_its_receiver_is_left_alone(
    clockwork: Clockwork, store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.outgoing.doors.HANGS", 1)
    with receiving() as desk:
        desk.answers = [(400, {}), (503, {})]
        async with house(clockwork, store) as ours:
            await ours.keep("rcv_desk", desk.url)
            await told(clockwork, policy)
            dead = await eventually(ours.only, lambda one: one.state is DeliveryState.DEAD)
            monkeypatch.setattr("channels.outgoing.doors.HANGS_SECONDS", 0.0)
            await store.resends.ask(dead.key)
            resender = Resender(store.resends, named_among([ours.operator], ours.channels, ours.addressees), system_now)
            await resender.round()
            tried = await store.deliveries.get(dead.key)
            assert (tried.attempts, tried.error) == (2, "webhook:rcv_desk answered 503")
            later = Resends(store.database, lambda: Instant(system_now() + 60_000_000))
            await Resender(later, named_among([ours.operator], ours.channels, ours.addressees), system_now).round()
            waiting = await store.deliveries.get(dead.key)
    assert (waiting.attempts, waiting.state) == (2, DeliveryState.RETRIED)
    assert "webhook:rcv_desk was not tried: it has not answered 1 times in a row" in str(waiting.error)


async def test_a_mail_that_was_refused_goes_out_once_more_in_the_organizations_words(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    with receiving_mail() as mail:
        mail.answers = {"DATA": ["554 5.6.0 looks like spam"]}
        settings = {"smtp_host": "127.0.0.1", "smtp_port": mail.port, "smtp_security": "none"}
        async with house(clockwork, store, smtp_from="sla@example.com", **settings) as ours:
            await ours.keep("rcv_ada", "ada@example.com", "email")
            await told(clockwork, policy)
            dead = await eventually(ours.only, lambda one: one.state is DeliveryState.DEAD)
            assert dead.error == "email:rcv_ada: the server refuses it: 554 5.6.0 looks like spam"
            await store.templates.put(OURS, "email", {"subject": "Hear: {{ state }}"})
            taken = await ours.resend(dead)
    assert (taken.state, taken.attempts) == (DeliveryState.DELIVERED, 2)
    assert [message["Subject"] for message in mail.messages] == ["Hear: half of the time is used"]


async def test_templates_are_the_last_known_while_the_store_is_down_and_one_that_fails_gives_way(
    clockwork: Clockwork, store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving_mail() as mail:
        settings = {"smtp_host": "127.0.0.1", "smtp_port": mail.port, "smtp_security": "none"}
        async with house(clockwork, store, smtp_from="sla@example.com", **settings) as ours:
            await ours.keep("rcv_ada", "ada@example.com", "email")
            await store.templates.put(OURS, "email", {"subject": "Ours: {{ state }}"})
            ticket = await told(clockwork, policy)
            await eventually(ours.only, lambda one: one.state is DeliveryState.DELIVERED)

            async def away(*_: Any) -> Any:
                raise StoreUnavailable("the store is switched off")

            with monkeypatch.context() as patch:
                patch.setattr(ours.channels._templates, "_read", away)
                await ticket.go_to(50)
                await eventually(ours.log, lambda log: [one.state.value for one in log] == ["delivered"] * 2)
            # As one that was kept by an earlier version, which knew a name more.
            await store.templates.put(OURS, "email", {"subject": "{{ nothing.like.this }}"})
            await ticket.go_to(65)
            await eventually(ours.log, lambda log: [one.state.value for one in log] == ["delivered"] * 3)
    subjects = [message["Subject"] for message in mail.messages]
    assert subjects[:2] == ["Ours: half of the time is used", "Ours: at risk"]
    assert "breached" in subjects[2]
    assert "nothing" in mail.messages[2].get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_a_receiver_that_hangs_up_lies_and_hangs_and_whose_secret_is_rotated_meanwhile_has_all_once_in_the_log(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    """It is in turn a server that hangs up, one that says yes and talks nonsense, one that hangs, and a good one; its
    secret is rotated before the last. The log believes the yes."""
    old, new = new_secret(), new_secret()
    lie = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n\xff\xfe"
    with trickling(b"", hangs_up=True) as rude, trickling(lie) as liar, trickling(b"") as mute, receiving() as desk:
        async with house(clockwork, store) as ours:
            for id_, url in (("rcv_liar", liar), ("rcv_rude", rude), ("rcv_mute", mute)):
                await ours.keep(id_, url, "webhook", old)
            ticket = await told(clockwork, policy, 30.02)
            found = await eventually(ours.log, lambda log: [one.state.value for one in log].count("retried") == 2)
            errors = {one.key.channel: str(one.error) for one in found}
            assert errors["webhook:rcv_liar"] == "None"
            assert errors["webhook:rcv_rude"].endswith(("RemoteProtocolError", "ReadError"))
            assert errors["webhook:rcv_mute"].endswith("ReadTimeout")
            secrets = tuple(map(CIPHER.encrypted, (new, old)))
            sealed = Sealed(CIPHER.encrypted(desk.url), secrets)
            for id_ in ("rcv_rude", "rcv_mute"):
                await store.receivers.update(OURS, id_, lambda stored: (stored.receiver, sealed))
            await ticket.go_to(31)
            done = await eventually(ours.log, lambda log: {one.state for one in log} == {DeliveryState.DELIVERED})
    assert sorted(one.key.channel for one in done) == ["webhook:rcv_liar", "webhook:rcv_mute", "webhook:rcv_rude"]
    assert len(desk.received) == 2
    for came in desk.received:
        for secret in (old, new):
            Webhook(secret).verify(came.body, came.headers)
