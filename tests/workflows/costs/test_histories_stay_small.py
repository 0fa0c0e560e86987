"""What a life costs in the history, so that nobody adds cost unseen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from temporalio.client import WorkflowExecutionDescription

from domain.instants import SECOND, Instant, from_datetime, render, to_datetime
from domain.policy.policies import Policy
from service.temporal.search_attributes import available
from tests.support.clockwork import Clockwork, eventually, snapshot_of, working
from workflows.visibility import ATTRIBUTES, NEXT_DUE, STATUS

BUDGET = 30


async def test_open_acknowledge_resolve_without_a_milestone_takes_at_most_thirty_events(
    realtime: Clockwork, policy: Policy
) -> None:
    """With every search attribute set, and each signal waited for, so that none shares a task with another."""
    attributes = await available(realtime.client, ATTRIBUTES)
    assert attributes == [key.name for key in ATTRIBUTES]
    async with working(realtime, attributes=attributes):
        history = await life(realtime, policy, attributes)
        assert "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES" in history
        assert len(history) <= BUDGET, history
        # A local activity would leave one (decision 13).
        assert "MARKER_RECORDED" not in history


async def life(realtime: Clockwork, policy: Policy, attributes: Collection[str]) -> list[str]:
    """As the API opens it."""
    ticket = await realtime.open(snapshot_of(policy), recorded=True, attributes=attributes)
    await ticket.state()
    await ticket.signal("acknowledge", event_id="a")
    await ticket.applied("a")
    await eventually(ticket.state, lambda state: state["unrecorded"] == 0)
    await ticket.signal("resolve", event_id="r")
    await ticket.result()
    return await ticket.history()


async def test_operators_find_an_instance_by_its_search_attributes(realtime: Clockwork, policy: Policy) -> None:
    attributes = await available(realtime.client, ATTRIBUTES)
    async with working(realtime, attributes=attributes):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        query = "SlaStatus = 'active' AND SlaPriority = 'high' AND SlaKind = 'sla' AND SlaPolicy = 'sla_test'"
        count = await eventually(lambda: realtime.client.count_workflows(query), lambda found: found.count == 1)
        assert count.count == 1
        described = await ticket.handle.describe()
        assert described.typed_search_attributes[NEXT_DUE] == to_datetime(ticket.instant(60))


async def test_the_status_follows_the_end_of_a_pause_without_another_event(realtime: Clockwork, policy: Policy) -> None:
    attributes = await available(realtime.client, ATTRIBUTES)
    async with working(realtime, attributes=attributes):
        ticket = await realtime.open(snapshot_of(policy), recorded=True, attributes=attributes)
        end = render(Instant(from_datetime(datetime.now(UTC)) + SECOND))
        await ticket.signal("pause", event_id="p", cause="vendor", until=end)
        described = await eventually(ticket.handle.describe, lambda found: _status(found) == "paused")
        described = await eventually(ticket.handle.describe, lambda found: _status(found) == "active")
        assert described.typed_search_attributes[NEXT_DUE] is not None
        assert (await ticket.history()).count("TIMER_FIRED") == 1


def _status(described: WorkflowExecutionDescription) -> str | None:
    return described.typed_search_attributes.get(STATUS)


async def test_a_month_of_waiting_adds_nothing(clockwork: Clockwork) -> None:
    policy = Policy.from_json({"id": "sla_y", "name": "Year", "targets": [{"type": "resolution", "hours": 8760}]})
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await eventually(ticket.state, lambda state: state["unrecorded"] == 0)
        before = len(await ticket.history())
        await ticket.go_to(60 * 24 * 30)
        await ticket.state()
        assert len(await ticket.history()) <= before
