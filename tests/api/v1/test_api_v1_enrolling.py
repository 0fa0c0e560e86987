"""Measuring is switched on: every open ticket is measured from that moment, whatever goes wrong meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from api.v1.tickets import enrolling
from domain.instants import HOUR, MINUTE, Instant, parse, render
from domain.scrubbe.ticket_statuses import TicketStatus
from tests.api.v1.test_api_v1_tickets import (
    MEASURED,
    TIMED,
    a_policy,
    create,
    get,
    instance,
    listed,
    lose_next_change,
    overtake,
    patch,
    stored,
    switch,
    told,
    turn,
    workflows,
)
from tests.support.clockwork import eventually


@pytest.fixture
async def desk(api: Any) -> Any:
    """Measuring is off, CRITICAL has a policy, a worker is there."""
    await a_policy(api)
    await api.with_worker()
    return api


async def enabled_at(api: Any) -> Instant:
    settings = await api.dependencies.store.ims.get(api.organization)
    assert settings.sla_enabled_at is not None
    at: Instant = settings.sla_enabled_at
    return at


def is_measured_from(ticket: dict[str, Any], at: Instant) -> bool:
    due = render(Instant(at + 15 * MINUTE)), render(Instant(at + HOUR))
    return due == (ticket["slaResponseDueAt"], ticket["slaResolveDueAt"])


def is_unmeasured(ticket: dict[str, Any]) -> bool:
    return {ticket[name] for name in (*MEASURED, *TIMED)} == {None} and ticket["slaBreachType"] == "NONE"


async def test_while_measuring_is_off_a_ticket_has_no_targets_whatever_becomes_of_it(desk: Any) -> None:
    ticket = await create(desk)
    for status in ("OPEN", "ACKNOWLEDGED", "RESOLVED", "OPEN", "CLOSED"):
        assert is_unmeasured(ticket)
        ticket = await turn(desk, ticket, status)
    assert await workflows(desk) == 0


async def test_every_open_ticket_is_measured_from_the_moment_that_measuring_is_switched_on(desk: Any) -> None:
    opened = await create(desk, "OPEN")
    acknowledged = await turn(desk, await create(desk, "OPEN"), "ACKNOWLEDGED")
    await switch(desk, True)
    at = await enabled_at(desk)
    for before in (opened, acknowledged):
        after = await get(desk, before)
        assert is_measured_from(after, at)
        assert after["instanceId"] == f"inst_sla_ticket_{before['id']}"
        assert {name: after[name] for name in ("status", "openedAt", "acknowledgedAt")} == {
            name: before[name] for name in ("status", "openedAt", "acknowledgedAt")
        }
    assert [(event.kind, event.occurred_at) for event in await told(desk, opened, 1)] == [("opened", at)]
    events = [(event.kind, event.occurred_at) for event in await told(desk, acknowledged, 2)]
    assert events == [("opened", at), ("acknowledged", at)]
    met = (await instance(desk, acknowledged))["targets"]["first_response"]["met"]
    assert met is True


async def test_a_new_ticket_gets_its_targets_and_its_timers_start_when_it_opens(desk: Any) -> None:
    ticket = await create(desk)
    await switch(desk, True)
    seen = await get(desk, ticket)
    assert (seen["slaResponseTimeMinutes"], seen["slaResolveTimeMinutes"]) == (15, 60)
    assert {seen[name] for name in TIMED} == {None}
    opened = await turn(desk, ticket, "OPEN")
    assert is_measured_from(opened, parse(opened["openedAt"]))


async def test_a_ticket_that_is_over_is_not_measured_until_it_is_reopened(desk: Any) -> None:
    resolved = await turn(desk, await create(desk, "OPEN"), "ACKNOWLEDGED", "RESOLVED")
    closed = await turn(desk, await create(desk, "OPEN"), "CLOSED")
    await switch(desk, True)
    assert is_unmeasured(await get(desk, resolved))
    assert is_unmeasured(await get(desk, closed))
    reopened = await turn(desk, resolved, "OPEN")
    history = (await stored(desk, resolved)).history
    assert is_measured_from(reopened, history[-1].at)
    assert (await instance(desk, resolved))["targets"]["first_response"]["met"] is True


async def test_a_ticket_whose_priority_has_no_policy_then_stays_without_targets(desk: Any) -> None:
    ticket = await create(desk, "OPEN", priority="LOW")
    await switch(desk, True)
    await a_policy(desk, priority="LOW")
    await switch(desk, True)
    assert is_unmeasured(await get(desk, ticket))
    assert is_unmeasured(await turn(desk, ticket, "ACKNOWLEDGED"))


async def test_the_policy_is_that_of_the_priority_that_the_ticket_has_then(desk: Any) -> None:
    ticket = await create(desk, "OPEN", priority="LOW")
    await patch(desk, ticket, priority="CRITICAL")
    await switch(desk, True)
    assert (await get(desk, ticket))["slaResponseTimeMinutes"] == 15


async def test_switched_off_running_timers_go_on_and_new_tickets_get_none(desk: Any) -> None:
    await switch(desk, True)
    running, new = await create(desk, "OPEN"), await create(desk)
    await switch(desk, False)
    assert await get(desk, running) == running
    assert (await turn(desk, running, "ACKNOWLEDGED"))["slaResolveDueAt"] == running["slaResolveDueAt"]
    assert is_unmeasured(await create(desk, "OPEN"))
    opened = await turn(desk, new, "OPEN")
    assert is_measured_from(opened, parse(opened["openedAt"]))


async def test_switched_on_again_what_came_meanwhile_counts_from_then_and_all_else_goes_on(desk: Any) -> None:
    await switch(desk, True)
    first = await create(desk, "OPEN")
    await switch(desk, False)
    second = await create(desk, "OPEN")
    await switch(desk, True)
    assert is_measured_from(await get(desk, second), await enabled_at(desk))
    assert await get(desk, first) == first


async def test_the_same_setting_again_changes_nothing(desk: Any) -> None:
    ticket = await create(desk, "OPEN")
    await switch(desk, True)
    measured = await get(desk, ticket)
    row = await stored(desk, ticket)
    await switch(desk, True)
    assert (await get(desk, ticket), await stored(desk, ticket)) == (measured, row)
    assert len(await told(desk, ticket, 1)) == 1


async def test_many_tickets_are_measured_batch_by_batch(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolling, "BATCH", 3)
    for number in range(8):
        await create(desk, "OPEN" if number % 2 else "NEW")
    await switch(desk, True)
    found = await listed(desk)
    assert [one["slaPolicyId"] is not None for one in found] == [True] * 8
    assert await workflows(desk) == 4


async def test_what_an_outage_left_behind_is_completed_by_the_same_setting(desk: Any) -> None:
    ticket = await turn(desk, await create(desk, "OPEN"), "ACKNOWLEDGED")
    await desk.lose_temporal()
    await switch(desk, True, status=503)
    at = await enabled_at(desk)
    assert is_unmeasured(await get(desk, ticket))
    refused = await patch(desk, ticket, status="RESOLVED")
    assert refused.status_code == 503
    desk.find_everything()
    await switch(desk, True)
    assert (await enabled_at(desk), is_measured_from(await get(desk, ticket), at)) == (at, True)


@pytest.mark.parametrize("completed_by", ["setting", "reading", "changing"])
async def test_what_a_crash_left_behind_is_completed_by_whoever_comes_next(desk: Any, completed_by: str) -> None:
    """The clocks had been started; the row did not learn of it."""
    ticket = await turn(desk, await create(desk, "OPEN"), "ACKNOWLEDGED")
    lose_next_change(desk)
    await switch(desk, True, status=503)
    before = await told(desk, ticket, 2)
    policy = (await desk.http.get("/api/v1/sla-policies")).json()[0]
    shorter = {"name": "Shorter", "priority": "CRITICAL", "responseTimeMinutes": 1, "resolveTimeMinutes": 2}
    await desk.http.put(f"/api/v1/sla-policies/{policy['id']}", json=shorter)
    if completed_by == "setting":
        await switch(desk, True)
    elif completed_by == "changing":
        await patch(desk, ticket, title="Changed")
    seen = await get(desk, ticket)
    assert is_measured_from(seen, await enabled_at(desk))
    assert (seen["slaResponseTimeMinutes"], seen["slaResolveTimeMinutes"]) == (15, 60)
    assert await told(desk, ticket, 2) == before


async def test_a_ticket_that_ends_while_it_is_enrolled_leaves_no_running_clock(desk: Any) -> None:
    """Somebody who saw measuring still off resolves it between the start of its clocks and its row."""
    ticket = await create(desk, "OPEN")
    await overtake(desk, ticket, TicketStatus.RESOLVED)
    await switch(desk, True)
    seen = await get(desk, ticket)
    assert (seen["status"], is_unmeasured(seen)) == ("RESOLVED", True)

    async def status() -> Any:
        return (await instance(desk, ticket))["status"]

    await eventually(status, lambda status: status == "cancelled")
