"""Those whom a policy names are told: a real mail server, signed webhooks on loopback, a database that goes away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from standardwebhooks import Webhook

from addressees import OrganizationAddressees
from channels.channel import utc_now
from domain.errors import StoreUnavailable
from domain.people.addresses import Given, numbered
from domain.people.contacts import Contact
from domain.people.on_call import OnCall
from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.record.records import Delivery
from domain.ticket.origins import Origin
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket
from service.people.contacts import Contacts
from service.people.directories import KnownDirectories
from service.receivers import NoOutlets
from store.database.clock import system_clock
from store.people.contacts import StoredContact
from store.people.people import StoredPeople
from store.store import Store
from tests.support.clockwork import ORGANIZATION as OURS
from tests.support.clockwork import Clockwork, Mailbox, Opened, eventually
from tests.support.outlets import CIPHER
from tests.support.peers.mailbox import Mailbox as MailServer
from tests.support.peers.mailbox import receiving_mail
from tests.support.peers.outside import reaching
from tests.support.peers.receiver import receiving
from tests.workflows.telling.test_ladders_are_climbed import frozen, outcomes, policy

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwq3Vn5hWJkZE="


class Readable:
    """The store's contacts; while it is `down`, nobody can read them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.down = False

    async def __call__(self, organization: str) -> StoredPeople:
        if self.down:
            raise StoreUnavailable("the store is switched off")
        return await self.store.people.of(organization)


@contextmanager
def mail() -> Iterator[MailServer]:
    with receiving_mail() as server:
        yield server


@asynccontextmanager
async def telling(clockwork: Clockwork, readable: Readable, server: MailServer | None = None) -> AsyncIterator[Mailbox]:
    """A worker that asks for contacts each time, with one channel of the operator's."""
    operator = Mailbox("operator")
    sends = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_from": "sla@example.com"}
    settings: dict[str, Any] = {} if server is None else {**sends, "smtp_port": server.port}
    async with reaching(now=utc_now, **settings) as outside:
        known = KnownDirectories(readable, CIPHER, system_clock, fresh_seconds=0, writes_mail=server is not None)
        mark = Contacts(readable.store.contacts, CIPHER, NoOutlets()).mark
        addressees = OrganizationAddressees(known, outside, mark=mark)
        async with clockwork.worker(channels=[operator], addressees=addressees):
            yield operator


async def keep(store: Store, id_: str, name: str, *addresses: tuple[str, str], of: str = OURS, **fields: Any) -> None:
    found = numbered([Given(channel, address) for channel, address in addresses], id_)
    signed = tuple(replace(one, secrets=(SECRET,)) if one.channel == "webhook" else one for one in found)
    contact = Contact.from_json({"id": id_, "name": name, **fields}, signed)
    await store.contacts.create(of, contact.mapped(CIPHER.encrypted))


async def on_call(store: Store, *members: str) -> None:
    turns = {"members": list(members), "shift": {"days": 1}, "start": "2026-03-02"}
    document = {"id": "onc_1", "name": "Nights", "timezone": "UTC", "rotation": turns}
    await store.on_calls.create(OURS, OnCall.from_json(document), None)


async def delivered(store: Store, ticket: Opened, notice: Mapping[str, Any]) -> dict[str, Delivery]:
    """The deliveries of a notice as the store has them, each channel once."""
    found = await store.instances.deliveries(OURS, ticket.instance_id, [notice["id"]])
    assert len(found) == len({one.channel for one in found})
    return {one.channel: one for one in found}


async def settled(store: Store, ticket: Opened, notice: Mapping[str, Any], *channels: str) -> dict[str, Delivery]:
    async def now() -> dict[str, Delivery]:
        return await delivered(store, ticket, notice)

    found: dict[str, Delivery] = await eventually(now, lambda found: set(channels) <= set(found), seconds=30)
    return found


async def came_to(store: Store, ticket: Opened) -> list[str]:
    """What became of each action, as the store has it."""
    found = await store.instances.get(OURS, ticket.instance_id)
    return [] if found is None else [one["outcome"] for firing in found.ledger for one in firing.outcomes]


def of_type(operator: Mailbox, type_: str) -> list[Mapping[str, Any]]:
    return [one for one in operator.notices if one["type"] == type_]


async def escalations(operator: Mailbox, count: int) -> Sequence[Mapping[str, Any]]:
    async def now() -> list[Mapping[str, Any]]:
        return of_type(operator, "sla.escalated")

    found: Sequence[Mapping[str, Any]] = await eventually(now, lambda found: len(found) >= count)
    return found


@pytest.fixture
async def ours(store: Store) -> Store:
    await store.organizations.ensure(OURS)
    return store


def step(id_: str, *actions: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": id_, "trigger": "breached", "actions": list(actions), **fields}


async def test_whoever_is_on_call_gets_a_mail_and_the_contact_a_signed_webhook(
    clockwork: Clockwork, ours: Store
) -> None:
    """After 30 and 60 minutes. The desk is busy at first, so that its webhook is tried again; then the ticket turns out
    to have been resolved before, which both are told."""
    rules = policy(
        step(
            "esc_1", {"type": "notify_on_call", "on_call": "Nights"}, trigger="approaching_breach", threshold_minutes=30
        ),
        step(
            "esc_2",
            {"type": "notify_contact", "contact": "ADA@example.com"},
            {"type": "notify_contact", "contact": "Ada"},
        ),
    )
    with receiving() as desk, mail() as server:
        desk.answers.append((503, {}))
        await keep(ours, "con_grace", "Grace", ("email", "grace@example.com"), timezone="Asia/Tokyo")
        await keep(ours, "con_ada", "Ada", ("webhook", desk.url), ("email", "ada@example.com"))
        await on_call(ours, "con_grace")
        async with telling(clockwork, Readable(ours), server) as operator:
            ticket = await clockwork.open(frozen(rules))
            await ticket.go_to(61)
            first, second = await escalations(operator, 2)
            assert (await settled(ours, ticket, first, "email:con_grace")).keys() == {"operator", "email:con_grace"}
            channels = {"operator", "webhook:con_ada", "email:con_ada"}
            assert (await settled(ours, ticket, second, *channels)).keys() == channels
            state = await ticket.state()
            await ticket.signal("resolve", 20, event_id="done")
            await ticket.result()
    assert outcomes(state)["escalation:esc_1"] == [
        {
            "action": "notify_on_call",
            "on_call": "Nights",
            "outcome": "done",
            "whom": "Nights",
            "contacts": [{"id": "con_grace", "name": "Grace"}],
            "channels": ["email:con_grace"],
        }
    ]
    # Both actions mean one contact, who is told once: by mail and by webhook.
    assert [one["channels"] for one in outcomes(state)["escalation:esc_2"]] == [
        ["webhook:con_ada", "email:con_ada"]
    ] * 2
    types = [one.notice["type"] for one in desk.received]
    assert types == ["sla.escalated", "sla.withdrawn"]
    for one in desk.received:
        Webhook(SECRET).verify(one.body, one.headers)
    to_grace = [one for one in server.messages if one["to"] == "grace@example.com"]
    assert len(to_grace) == 2
    assert "Times are those of Asia/Tokyo." in to_grace[0].get_body().get_content()  # type: ignore[union-attr]
    assert "withdrawn" in to_grace[1]["subject"]
    assert [one["to"] for one in server.messages].count("ada@example.com") == 2


async def test_one_who_is_nobody_is_a_dead_delivery_at_once_and_the_notice_goes_to_the_others(
    clockwork: Clockwork, ours: Store
) -> None:
    rules = policy(
        step(
            "esc_1",
            {"type": "notify_contact", "contact": "Tier1"},
            {"type": "notify_contact", "contact": "Mute"},
            {"type": "notify_team_lead"},
            {"type": "notify_contact", "contact": "boss@example.com"},
        )
    )
    await keep(ours, "con_mute", "Mute")
    async with telling(clockwork, Readable(ours)) as operator:
        ticket = await clockwork.open(frozen(rules))
        await ticket.go_to(61)
        [notice] = await escalations(operator, 1)
        found = await settled(ours, ticket, notice, "operator")
        await ticket.signal("resolve", 20, event_id="done")
        await ticket.result()
        [withdrawal] = [one for one in of_type(operator, "sla.withdrawn") if one["data"]["milestone"].endswith("esc_1")]
        assert (await settled(ours, ticket, withdrawal, "operator")).keys() == {"operator"}
    assert {name: (one.status, one.error) for name, one in found.items()} == {
        "operator": ("delivered", ""),
        "notify_contact:Tier1": ("dead", "no contact is known as Tier1"),
        "notify_contact:Mute": ("dead", "Mute has no address"),
        "notify_team_lead": ("dead", "the ticket's team has no lead"),
        "notify_contact:boss@example.com": (
            "dead",
            "boss@example.com is no contact's, and no mail is sent without SLA_SMTP_HOST and SLA_SMTP_FROM",
        ),
    }
    assert [one["outcome"] for one in notice["data"]["outcomes"]] == ["told_nobody"] * 4


async def test_while_the_store_is_down_the_last_known_are_told(clockwork: Clockwork, ours: Store) -> None:
    readable = Readable(ours)
    named = {"type": "notify_contact", "contact": "Grace"}
    rules = policy(step("esc_1", named), step("esc_2", named, delay_minutes=10))
    await keep(ours, "con_grace", "Grace", ("email", "grace@example.com"))
    with mail() as server:
        async with telling(clockwork, readable, server) as operator:
            ticket = await clockwork.open(frozen(rules))
            await ticket.go_to(61)
            await escalations(operator, 1)
            readable.down = True
            await ticket.go_to(71)
            _, second = await escalations(operator, 2)
            await settled(ours, ticket, second, "email:con_grace")
    assert second["data"]["outcomes"][0]["outcome"] == "done"
    assert len(server.messages) == 2


async def test_whom_nobody_could_look_up_is_told_once_the_store_is_back(clockwork: Clockwork, ours: Store) -> None:
    readable = Readable(ours)
    rules = policy(
        step("esc_1", {"type": "notify_contact", "contact": "Grace"}, {"type": "notify_contact", "contact": "Tier1"})
    )
    await keep(ours, "con_grace", "Grace", ("email", "grace@example.com"))
    with mail() as server:
        readable.down = True
        async with telling(clockwork, readable, server) as operator:
            ticket = await clockwork.open(frozen(rules))
            await ticket.go_to(61)
            [notice] = await escalations(operator, 1)
            assert [one["outcome"] for one in notice["data"]["outcomes"]] == ["failed", "failed"]
            readable.down = False
            found = await settled(ours, ticket, notice, "email:con_grace", "notify_contact:Tier1")
            await eventually(lambda: came_to(ours, ticket), lambda found: found == ["done", "told_nobody"])
    assert {name: one.status for name, one in found.items()} == {
        "operator": "delivered",
        "email:con_grace": "delivered",
        "notify_contact:Tier1": "dead",
    }
    assert len(server.messages) == 1


async def test_a_step_that_went_out_before_anybody_could_look_is_not_skipped_when_nobody_is_found_later(
    clockwork: Clockwork, ours: Store
) -> None:
    readable = Readable(ours)
    rules = policy(step("esc_1", {"type": "notify_contact", "contact": "Tier1"}, skip_if_nobody=True))
    readable.down = True
    async with telling(clockwork, readable) as operator:
        ticket = await clockwork.open(frozen(rules))
        await ticket.go_to(61)
        [notice] = await escalations(operator, 1)
        readable.down = False
        found = await settled(ours, ticket, notice, "notify_contact:Tier1")
        await eventually(lambda: came_to(ours, ticket), lambda outcomes: outcomes == ["told_nobody"])
    assert {name: one.status for name, one in found.items()} == {
        "operator": "delivered",
        "notify_contact:Tier1": "dead",
    }


async def test_contacts_of_another_organization_are_nobody(clockwork: Clockwork, ours: Store) -> None:
    await ours.organizations.ensure("others")
    await keep(ours, "con_grace", "Grace", ("email", "grace@example.com"), of="others")
    rules = policy(step("esc_1", {"type": "notify_contact", "contact": "con_grace"}))
    with mail() as server:
        async with telling(clockwork, Readable(ours), server) as operator:
            ticket = await clockwork.open(frozen(rules))
            await ticket.go_to(61)
            [notice] = await escalations(operator, 1)
            await settled(ours, ticket, notice, "notify_contact:con_grace")
    assert server.messages == []


async def test_an_address_that_a_contact_loses_meanwhile_gets_no_notice_that_is_on_its_way(
    clockwork: Clockwork, ours: Store
) -> None:
    rules = policy(step("esc_1", {"type": "notify_contact", "contact": "Ada"}))
    with receiving() as desk:
        desk.answers += [(503, {})] * 50
        await keep(ours, "con_ada", "Ada", ("webhook", desk.url))
        async with telling(clockwork, Readable(ours)) as operator:
            ticket = await clockwork.open(frozen(rules))
            await ticket.go_to(61)
            [notice] = await escalations(operator, 1)
            await ours.contacts.delete(OURS, "con_ada")
            found = await settled(ours, ticket, notice, "webhook:con_ada")
    gone = found["webhook:con_ada"]
    assert (gone.status, gone.error) == ("dead", "webhook:con_ada is no address of a contact any more")


async def test_the_contact_and_the_team_of_a_scrubbe_policy_are_told(clockwork: Clockwork, ours: Store) -> None:
    """The team is warned halfway, its lead by mail; the contact is a mail address that no contact has."""
    rules = Policy.from_json(
        {
            "id": "pol_1",
            "name": "Critical Outage SLA",
            "origin": "v1",
            "conditions": [{"field": "priority", "operator": "eq", "value": "CRITICAL"}],
            "targets": [{"id": "target_r", "type": "resolution", "minutes": 60}],
            "at_risk_percent": None,
            "escalation_contact": "boss@example.com",
            "applicable_team": "Network",
        }
    )
    await ours.ims.put(OURS, auto_escalate=True)
    await ours.teams.create(OURS, Team("net", "Network", lead="Ada"))
    await keep(ours, "con_ada", "Ada", ("email", "ada@example.com"))
    ticket = Ticket.from_json({"ticket_id": "42", "priority": "CRITICAL", "origin": Origin.V1.value})
    snapshot = Catalog(OURS, (rules,), {}, auto_escalate=True).snapshot(ticket, "test")
    assert snapshot is not None
    with mail() as server:
        async with telling(clockwork, Readable(ours), server) as operator:
            opened = await clockwork.open(snapshot)
            await opened.go_to(61)
            [escalated] = await escalations(operator, 1)
            [boss] = escalated["data"]["outcomes"][0]["channels"]
            assert boss.startswith("email:example.com#")
            await settled(ours, opened, escalated, boss)
            [halfway] = of_type(operator, "sla.halfway")
            await settled(ours, opened, halfway, "email:con_ada")
    assert sorted(one["to"] for one in server.messages) == ["ada@example.com", "boss@example.com"]


async def test_a_contacts_webhook_that_is_gone_is_told_no_more_and_the_next_step_says_so(
    clockwork: Clockwork, ours: Store
) -> None:
    """It answers 410 after 60 minutes; after 70 nobody is reached, after 80 the address was given anew."""
    named = {"type": "notify_contact", "contact": "Ada"}
    rules = policy(step("esc_1", named), step("esc_2", named, delay_minutes=10), step("esc_3", named, delay_minutes=20))
    with receiving() as hook:
        hook.answers = [(410, {})]
        await keep(ours, "con_ada", "Ada", ("webhook", hook.url))
        async with telling(clockwork, Readable(ours)) as operator:
            ticket = await clockwork.open(frozen(rules))
            await ticket.go_to(61)
            [first] = await escalations(operator, 1)
            gone = (await settled(ours, ticket, first, "webhook:con_ada"))["webhook:con_ada"]
            assert (gone.status, "answered 410" in gone.error) == ("dead", True)
            await ticket.go_to(71)
            [_, second] = await escalations(operator, 2)
            dead = await settled(ours, ticket, second, "notify_contact:Ada")
            assert (
                "Ada has no address that is not gone (webhook:con_ada answered 410" in dead["notify_contact:Ada"].error
            )
            [kept] = (await ours.contacts.get(OURS, "con_ada")).sealed.addresses
            assert (kept.gone, hook.received) == (gone.error, [])

            def mended(stored: StoredContact) -> Contact:
                return replace(stored.sealed, addresses=(replace(kept, gone=""),))

            await ours.contacts.update(OURS, "con_ada", mended)
            await ticket.go_to(81)
            [*_, third] = await escalations(operator, 3)
            assert (await settled(ours, ticket, third, "webhook:con_ada"))["webhook:con_ada"].status == "delivered"
