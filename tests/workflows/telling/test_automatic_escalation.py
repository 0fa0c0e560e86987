"""Whether a breach goes to the escalation contact is asked when it happens; what was known last counts meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Firing
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, Opened, eventually, working
from tests.workflows.lives.test_instances_start import start_with_signal

INSTANCE = "inst_sla_ticket_42"
RESPONSE, RESOLUTION = "first_response/escalation:auto", "resolution/escalation:auto"


def scrubbe_policy(response_minutes: float = 60, resolve_minutes: float = 240) -> Policy:
    """One hour to the first response, four to the resolution, and a contact for what is breached."""
    return Policy.from_json(
        {
            "id": "pol_1",
            "name": "Critical Outage SLA",
            "origin": "v1",
            "conditions": [{"field": "priority", "operator": "eq", "value": "CRITICAL"}],
            "targets": [
                {"id": "target_r", "type": "first_response", "minutes": response_minutes},
                {"id": "target_s", "type": "resolution", "minutes": resolve_minutes},
            ],
            "at_risk_percent": None,
            "escalation_contact": "Tier1",
            "applicable_team": "oncall@example.com",
        }
    )


def frozen(auto_escalate: bool, policy: Policy | None = None) -> Snapshot:
    ticket = Ticket.from_json({"ticket_id": "42", "priority": "CRITICAL", "origin": Origin.V1.value})
    catalog = Catalog(ORGANIZATION, (policy or scrubbe_policy(),), {}, auto_escalate=auto_escalate)
    made = catalog.snapshot(ticket, "test")
    assert made is not None
    return made


@pytest.fixture(autouse=True)
async def organization(store: Store) -> None:
    await store.organizations.ensure(ORGANIZATION)


async def switch(store: Store, on: bool) -> None:
    await store.ims.put(ORGANIZATION, auto_escalate=on)


def skipped(state: Mapping[str, Any]) -> dict[str, bool]:
    """The automatic escalations that stand, and whether each was skipped."""
    return {
        f"{firing['target']}/{firing['milestone']}": firing.get("skipped", False)
        for firing in state["ledger"]
        if firing["milestone"] == "escalation:auto" and firing["withdrawn_at"] is None
    }


async def recorded(store: Store) -> tuple[Firing, ...]:
    """The automatic escalations as the store has them."""
    found = await store.instances.get(ORGANIZATION, INSTANCE)
    ledger = () if found is None else found.ledger
    return tuple(firing for firing in ledger if firing.key.milestone == "escalation:auto")


def of_type(clockwork: Clockwork, type_: str) -> list[Mapping[str, Any]]:
    return [notice for notice in clockwork.mailbox.notices if notice["type"] == type_]


async def sent(clockwork: Clockwork, type_: str, count: int = 1) -> list[Mapping[str, Any]]:
    """The notices of a type once there are so many."""

    async def notices() -> list[Mapping[str, Any]]:
        return of_type(clockwork, type_)

    found: list[Mapping[str, Any]] = await eventually(notices, lambda found: len(found) >= count)
    return found


async def test_switched_on_a_breach_goes_to_the_contact_whom_the_notice_names(
    clockwork: Clockwork, store: Store
) -> None:
    await switch(store, True)
    async with working(clockwork):
        ticket = await clockwork.open(frozen(auto_escalate=True))
        await ticket.go_to(61)
        state = await ticket.fired(RESPONSE)
        (escalated,) = await sent(clockwork, "sla.escalated")
    assert skipped(state) == {RESPONSE: False}
    assert escalated["time"] == ticket.at(60)
    assert escalated["data"]["escalation"]["actions"] == [{"type": "escalate", "contact": "Tier1"}]
    assert "escalates (escalate to Tier1 at the breach)" in escalated["data"]["message"]
    assert escalated["data"]["applicable_team"] == "oncall@example.com"
    # This worker knows neither contacts nor teams.
    [contact] = escalated["data"]["outcomes"]
    assert (contact["action"], contact["outcome"], contact["whom"]) == ("escalate", "told_nobody", "Tier1")
    [[warning], *_] = [notice["data"]["outcomes"] for notice in of_type(clockwork, "sla.halfway")]
    assert warning == {
        "action": "warn_team",
        "outcome": "told_nobody",
        "reason": "no contact is known as oncall@example.com",
        "whom": "oncall@example.com",
    }


async def test_switched_off_a_breach_is_told_and_goes_to_nobody(clockwork: Clockwork, store: Store) -> None:
    await switch(store, False)
    async with working(clockwork):
        ticket = await clockwork.open(frozen(auto_escalate=False))
        await ticket.go_to(241)
        state = await ticket.fired(RESPONSE, RESOLUTION)
        await sent(clockwork, "sla.breached", 2)
        await ticket.signal("resolve", 241, event_id="done")
        await ticket.result()
    assert skipped(state) == {RESPONSE: True, RESOLUTION: True}
    assert of_type(clockwork, "sla.escalated") == []
    assert [(firing.skipped, firing.delivered_at) for firing in await recorded(store)] == [(True, None)] * 2


@pytest.mark.parametrize("at_opening", [True, False])
async def test_what_holds_is_read_at_each_breach_and_not_at_the_opening(
    clockwork: Clockwork, store: Store, at_opening: bool
) -> None:
    await switch(store, at_opening)
    async with working(clockwork):
        ticket = await clockwork.open(frozen(auto_escalate=at_opening))
        await ticket.go_to(59)
        await ticket.fired("first_response/halfway")
        await switch(store, not at_opening)
        await ticket.go_to(61)
        assert skipped(await ticket.fired(RESPONSE)) == {RESPONSE: at_opening}
        await switch(store, at_opening)
        await ticket.go_to(241)
        assert skipped(await ticket.fired(RESOLUTION)) == {RESPONSE: at_opening, RESOLUTION: not at_opening}
        (escalated,) = await sent(clockwork, "sla.escalated")
    assert escalated["data"]["target"] == ("resolution" if at_opening else "first_response")


@pytest.mark.parametrize("at_opening", [True, False])
async def test_while_the_store_is_down_what_held_at_the_opening_counts(
    clockwork: Clockwork, store: Store, at_opening: bool
) -> None:
    await switch(store, not at_opening)
    clockwork.projection.down = True
    async with working(clockwork):
        ticket = await clockwork.open(frozen(auto_escalate=at_opening))
        await ticket.go_to(61)
        assert skipped(await ticket.fired(RESPONSE)) == {RESPONSE: not at_opening}
        await sent(clockwork, "sla.breached")
        if at_opening:
            await sent(clockwork, "sla.escalated")


@pytest.mark.parametrize("last_read", [True, False])
async def test_while_the_store_is_down_what_the_instance_was_told_last_counts(
    realtime: Clockwork, store: Store, last_read: bool
) -> None:
    """At its first breach; the worker of the second has never read it."""
    await switch(store, last_read)
    async with working(realtime):
        ticket = await realtime.open(frozen(not last_read, scrubbe_policy(response_minutes=0.01, resolve_minutes=0.05)))
        assert skipped(await ticket.fired(RESPONSE)) == {RESPONSE: not last_read}
    realtime.projection.down = True
    await switch(store, not last_read)
    async with working(realtime):
        # A task that the first worker took on its way out is given to another one after ten seconds.
        state = await eventually(ticket.state, lambda state: RESOLUTION in skipped(state), seconds=40)
        assert skipped(state) == {RESPONSE: not last_read, RESOLUTION: not last_read}


async def test_what_a_worker_has_read_for_another_ticket_counts_while_the_store_is_down(
    clockwork: Clockwork, store: Store
) -> None:
    await switch(store, True)
    async with working(clockwork):
        first = await clockwork.open(frozen(auto_escalate=True))
        await first.go_to(61)
        await first.fired(RESPONSE)
        await first.signal("resolve", 61, event_id="done")
        await first.result()
        clockwork.projection.down = True
        other = Ticket.from_json({"ticket_id": "43", "priority": "CRITICAL", "origin": "v1"})
        catalog = Catalog(ORGANIZATION, (scrubbe_policy(),), {})
        snapshot = catalog.snapshot(other, "test")
        assert snapshot is not None
        second = await clockwork.open(snapshot)
        await second.go_to(61)
        assert skipped(await second.fired(RESPONSE)) == {RESPONSE: False}


async def test_a_breach_waits_for_no_store(clockwork: Clockwork) -> None:
    clockwork.projection.down = True
    async with working(clockwork):
        ticket = await clockwork.open(frozen(auto_escalate=True))
        await ticket.go_to(60.01)
        (breached,) = await sent(clockwork, "sla.breached")
        (escalated,) = await sent(clockwork, "sla.escalated")
    for notice in (breached, escalated):
        assert ticket.minute(notice["data"]["fired_at"]) < 60 + 5 / 60


async def test_an_escalation_that_proves_wrong_is_taken_back_and_a_skipped_one_without_a_word(
    clockwork: Clockwork, store: Store
) -> None:
    await switch(store, False)
    async with working(clockwork):
        ticket = await clockwork.open(frozen(auto_escalate=False))
        await ticket.go_to(61)
        await ticket.fired(RESPONSE)
        await ticket.signal("acknowledge", 50, event_id="late")
        state = await ticket.applied("late")
        assert skipped(state) == {}
        await switch(store, True)
        await ticket.go_to(241)
        await ticket.fired(RESOLUTION)
        await sent(clockwork, "sla.escalated")
        await ticket.signal("resolve", 230, event_id="done")
        await ticket.result()
        withdrawn = await sent(clockwork, "sla.withdrawn", 3)
    taken_back = sorted(f"{notice['data']['target']}/{notice['data']['milestone']}" for notice in withdrawn)
    assert taken_back == ["first_response/breached", "resolution/breached", RESOLUTION]
    assert all(firing.withdrawn_at is not None for firing in await recorded(store))


async def test_what_was_skipped_stays_skipped_from_run_to_run_and_in_another_life(
    realtime: Clockwork, store: Store
) -> None:
    """Past the suggestion to continue as new, past completion, and back by a reopening; switched on since."""
    await switch(store, False)
    async with working(realtime):
        ticket = await realtime.open(frozen(False, scrubbe_policy(response_minutes=0.01, resolve_minutes=60)))
        await ticket.fired(RESPONSE)
        await switch(store, True)
        for number in range(40):
            await ticket.signal("update", event_id=f"u{number}")
        await eventually(lambda: run_id(ticket), lambda run: run != ticket.handle.first_execution_run_id)
        assert skipped(await ticket.applied("u39")) == {RESPONSE: True}
        await ticket.signal("resolve", event_id="done")
        await eventually(ticket.handle.describe, lambda described: described.close_time is not None)
        assert [firing.skipped for firing in await recorded(store)] == [True]
        handle = await start_with_signal(realtime, INSTANCE, {}, "reopen", event_id="again")
        revived = Opened(realtime, handle, ticket.opened_at)
        assert skipped(await revived.applied("again")) == {RESPONSE: True}
    assert of_type(realtime, "sla.escalated") == []
    assert len(of_type(realtime, "sla.breached")) == 1


async def run_id(ticket: Opened) -> str | None:
    return (await ticket.handle.describe()).run_id
