"""Histories recorded by earlier versions must take the same branches today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.calendar import pin_packaged_tzdata
from domain.ids import workflow_id
from domain.plan.planning import plan
from domain.policy.snapshot import Snapshot
from domain.policy.snapshot_facts import Facts
from domain.ticket.events import Event
from tests.support.replaying import replayer

HISTORIES = sorted(Path(__file__).with_name("histories").glob("*.json"))


def document(story: str) -> dict[str, Any]:
    return dict(json.loads(Path(__file__).with_name("histories").joinpath(f"{story}.json").read_text()))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    history = document(path.stem)
    await replayer().replay_workflow(WorkflowHistory.from_json(own_workflow_id(history), history))


async def test_a_history_that_took_another_branch_is_noticed() -> None:
    """The replayer can fail: without its second timer the history no longer fits the workflow."""
    doctored = document("met")
    first = next(event for event in doctored["events"] if event["eventType"] == "EVENT_TYPE_TIMER_STARTED")
    attributes = first["timerStartedEventAttributes"]
    first["eventType"] = "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"
    first["activityTaskScheduledEventAttributes"] = {
        "activityId": attributes["timerId"],
        "activityType": {"name": "deliver"},
        "workflowTaskCompletedEventId": attributes["workflowTaskCompletedEventId"],
    }
    del first["timerStartedEventAttributes"]
    with pytest.raises(Exception, match=r"(?i)nondeterminism"):
        await replayer().replay_workflow(WorkflowHistory.from_json(own_workflow_id(doctored), doctored))


def test_the_history_under_another_zone_rule_holds_a_plan_that_we_would_not_make_today() -> None:
    pin_packaged_tzdata()
    start = _start_input(document("under_another_zone_rule"))
    today = plan(Snapshot.from_json(start["snapshot"]), [Event.from_json(start["opened"])])
    recorded = start["plan"]["targets"][1]["due_at"]
    assert today.to_json()["targets"][1]["due_at"] != recorded


def own_workflow_id(history: dict[str, Any]) -> str:
    """Of a run that was started without rules, its history tells the id."""
    started = WorkflowHistory.from_json("x", history).events[0].workflow_execution_started_event_attributes
    if started.workflow_id:
        return started.workflow_id
    facts = Facts.of(_start_input(history)["snapshot"])
    return workflow_id(facts.organization, facts.instance_id)


def _start_input(history: dict[str, Any]) -> dict[str, Any]:
    converter = pydantic_data_converter.payload_converter
    payloads = WorkflowHistory.from_json("x", history).events[0].workflow_execution_started_event_attributes.input
    (start,) = converter.from_payloads(payloads.payloads)
    return dict(start)
