"""The settings of the API v1, the same on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from domain.errors import NotFound
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import MINUTE, Instant, parse
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from store.rules.ims import ImsSettings
from store.store import Store
from tests.store.samples import ORGANIZATION, a_policy

NOON = parse("2026-03-02T12:00:00Z")


async def test_an_organization_that_never_set_anything_measures_and_escalates_nothing(store: Store) -> None:
    assert await store.ims.get(ORGANIZATION) == ImsSettings(sla_enabled=False, auto_escalate=False)


async def test_what_is_not_given_stays_as_it_is(store: Store) -> None:
    assert (await store.ims.put(ORGANIZATION, auto_escalate=True)).auto_escalate is True
    on = await store.ims.put(ORGANIZATION, sla_enabled=True)
    assert (on.sla_enabled, on.auto_escalate) == (True, True)
    assert await store.ims.put(ORGANIZATION) == on
    off = await store.ims.put(ORGANIZATION, sla_enabled=False, auto_escalate=False)
    assert (off.sla_enabled, off.auto_escalate) == (False, False)
    assert await store.ims.get(ORGANIZATION) == off


async def test_measuring_counts_from_when_it_was_last_switched_on(database_url: str) -> None:
    time = [NOON]
    store = Store.open(database_url, now=lambda: time[0])
    assert (await store.ims.put(ORGANIZATION, auto_escalate=True)).sla_enabled_at is None
    assert (await store.ims.put(ORGANIZATION, sla_enabled=True)).sla_enabled_at == NOON
    time[0] = Instant(NOON + MINUTE)
    assert (await store.ims.put(ORGANIZATION, sla_enabled=True)).sla_enabled_at == NOON
    assert (await store.ims.put(ORGANIZATION, sla_enabled=False)).sla_enabled_at == NOON
    assert (await store.ims.put(ORGANIZATION, sla_enabled=True)).sla_enabled_at == time[0]
    assert (await store.ims.get(ORGANIZATION)).sla_enabled_at == time[0]
    await store.close()


async def test_settings_changed_at_once_are_all_kept(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    await asyncio.gather(one.ims.put(ORGANIZATION, sla_enabled=True), other.ims.put(ORGANIZATION, auto_escalate=True))
    found = await one.ims.get(ORGANIZATION)
    assert (found.sla_enabled, found.auto_escalate) == (True, True)


async def test_an_organization_that_does_not_exist_has_no_settings(store: Store) -> None:
    for attempt in (store.ims.get("nobody"), store.ims.put("nobody", sla_enabled=True)):
        with pytest.raises(NotFound):
            await attempt


async def test_the_settings_of_one_organization_are_not_those_of_another(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.ims.put("other", sla_enabled=True, auto_escalate=True)
    assert await store.ims.get(ORGANIZATION) == ImsSettings()


async def test_who_has_read_the_rules_before_sees_the_switch_at_once(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "42"), origin=Origin.V1)
    await one.policies.create(ORGANIZATION, a_policy("pol_1", origin=Origin.V1, escalation_contact="Tier1"))
    for escalates in (True, False):
        await other.ims.put(ORGANIZATION, auto_escalate=escalates)
        snapshot = (await one.catalog(ORGANIZATION)).snapshot(ticket, "2026a")
        assert snapshot is not None
        assert snapshot.auto_escalate is escalates
