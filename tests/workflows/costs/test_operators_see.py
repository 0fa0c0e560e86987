"""What an operator finds in the Temporal UI, read the way the UI reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.instants import parse
from domain.plan.planning import plan
from domain.policy.policies import Policy
from domain.wording import spoken_instant
from service.temporal.queries import ask
from tests.support.builders import OFFICE, a_snapshot, at, opened, promise
from tests.support.clockwork import Clockwork, Opened, snapshot_of, working
from workflows.state.serializing import new_state
from workflows.visibility import details


async def timer_summaries(ticket: Opened, run_id: str | None) -> list[Any]:
    started = EventType.EVENT_TYPE_TIMER_STARTED
    handle = ticket.clockwork.client.get_workflow_handle(ticket.handle.id, run_id=run_id)
    events = (await handle.fetch_history()).events
    payloads = [event.user_metadata.summary for event in events if event.event_type == started]
    return [(await pydantic_data_converter.decode([payload]))[0] for payload in payloads]


async def test_each_timer_says_which_milestone_it_waits_for(realtime: Clockwork) -> None:
    hasty = Policy.from_json(
        {
            "id": "sla_h",
            "name": "Hasty",
            "targets": [{"type": "resolution", "minutes": 0.05}],
            "escalations": [
                {"id": "esc_a_b", "trigger": "breached", "delay_minutes": 0.02, "action_type": "notify"},
                {"id": "esc_b", "name": "Call the boss", "trigger": "breached", "delay_minutes": 0.04, "actions": []},
            ],
        }
    )
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty))
        details = str(await ask(ticket.handle, "__temporal_workflow_metadata"))
        assert "; next escalation notify 1.2 s after the breach, " in details
        await ticket.fired("resolution/escalation:esc_b")
        assert (await timer_summaries(ticket, ticket.handle.first_execution_run_id))[0] == "resolution: halfway"
        told = await timer_summaries(ticket, None)
        assert "resolution: notify 1.2 s after the breach" in told
        assert 'resolution: "Call the boss", escalation 2.4 s after the breach' in told


async def test_the_details_show_each_target_with_its_due_instant(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.signal("acknowledge", 0, event_id="a")
        await ticket.applied("a")
        await ticket.signal("pause", 0, event_id="p")
        await ticket.applied("p")
        details = str(await ask(ticket.handle, "__temporal_workflow_metadata"))
        due = spoken_instant(parse(ticket.at(60)), "UTC")
        assert f"- **first_response**: stopped, due {due}, met" in details
        assert "- **resolution**: paused, no due instant, not decided yet" in details


def test_the_details_are_a_line_a_target_with_times_in_the_zone_of_the_business_hours() -> None:
    calendar = replace(OFFICE, timezone="Asia/Tokyo")
    snapshot = a_snapshot(promise("first_response", 30), promise("resolution", 120), calendar=calendar)
    first = opened("00:30")
    state = new_state(snapshot.to_json(), plan(snapshot, [first]).to_json(), first.to_json())
    assert details(state, at("01:30")).splitlines() == [
        "**breached** under *Support* (version 1)",
        "",
        "- **first_response**: running, due Mon 2026-03-02 10:00:00+09:00, not met",
        "- **resolution**: running, due Mon 2026-03-02 11:30:00+09:00, not decided yet",
    ]
