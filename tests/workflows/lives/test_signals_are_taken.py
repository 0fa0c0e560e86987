"""Signals as ticket systems send them: at least once, late, early, malformed, all at once."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from domain.policy.policies import Policy
from service.temporal.queries import ask
from tests.support.clockwork import Clockwork, eventually, snapshot_of, target_of, working

MALFORMED = {
    "no payload": ("pause", []),
    "null": ("pause", [None]),
    "a string": ("pause", ["now"]),
    "a number": ("acknowledge", [7]),
    "a list": ("acknowledge", [[1]]),
    "two arguments": ("resolve", [1, {}]),
    "a date that is none": ("pause", [{"occurred_at": "yesterday"}]),
    "a date without an offset": ("pause", [{"occurred_at": "2026-03-01T10:00:00"}]),
    "a date as a number": ("pause", [{"occurred_at": 1772359200}]),
    "a date before 1970": ("pause", [{"occurred_at": "1932-03-01T10:00:00Z"}]),
    "a time far ahead": ("resolve", [{"occurred_at": "2099-01-01T00:00:00Z"}]),
    "an event id that is no text": ("resolve", [{"event_id": 17}]),
    "attributes that are no object": ("update", [{"attributes": [1]}]),
    "attributes of twenty kilobytes": ("update", [{"attributes": {"text": "x" * 20_000}}]),
    "an end of a pause that is none": ("pause", [{"until": {"weeks": 1}}]),
    "an end of a pause before its start": ("pause", [{"until": "2001-01-01T00:00:00Z"}]),
    "a pause that an event ends which cannot": ("pause", [{"ends_when": ["resolved"]}]),
    "an excuse without a reason": ("excuse", [{"target": "resolution", "actor": "ada"}]),
    "an unknown name": ("escalate", [{}]),
}


@pytest.mark.parametrize(("name", "args"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_signal_is_set_aside_counted_and_shown(
    clockwork: Clockwork, policy: Policy, name: str, args: list[Any]
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.handle.signal(name, args=args)
        state = await eventually(ticket.state, lambda state: state["set_aside"]["count"] == 1)
        (refusal,) = state["set_aside"]["recent"]
        assert refusal["signal"] == name
        assert refusal["problem"]
        metadata: WorkflowMetadata = await ask(ticket.handle, "__temporal_workflow_metadata")
        assert "1 signal(s) set aside" in str(metadata)
        await ticket.signal("resolve", event_id="still-alive")
        assert await ticket.result() == {"status": "met"}


@pytest.mark.parametrize("part", ["teams", "alternatives", "policy"])
async def test_a_replan_whose_rules_are_none_is_set_aside_and_the_clocks_go_on(
    clockwork: Clockwork, policy: Policy, part: str
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        rules = {**snapshot_of(policy).rules, part: 5}
        await ticket.signal("replan", 1, event_id="broken", rules=rules)
        await ticket.signal("acknowledge", 1, event_id="a")
        state = await eventually(ticket.state, lambda state: state["set_aside"]["count"] == 1)
        (refusal,) = state["set_aside"]["recent"]
        assert (refusal["signal"], refusal["value"]) == ("replanned", "broken")
        assert f"snapshot.{part}: must be" in refusal["problem"]
        assert "broken" not in (await ticket.applied("a"))["applied"]
        await ticket.signal("resolve", event_id="still-alive")
        assert await ticket.result() == {"status": "met"}


async def test_an_excuse_of_a_target_that_there_is_not_is_set_aside_by_the_names_that_there_are(
    clockwork: Clockwork, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        said: dict[str, Any] = {"reason": "storm", "actor": "ada"}
        await ticket.signal("excuse", event_id="unknown", target="next_response", **said)
        await ticket.signal("excuse", event_id="known", target="resolution", covers="result", **said)
        state = await eventually(ticket.state, lambda state: "known" in state["applied"])
        (refusal,) = state["set_aside"]["recent"]
        assert (refusal["signal"], refusal["value"]) == ("excused", "unknown")
        assert "target: must be one of first_response, resolution, got 'next_response'" in refusal["problem"]
        assert "unknown" not in state["applied"]
        excuses = [target.get("excuse", {}).get("actor") for target in state["plan"]["targets"]]
        assert excuses == [None, "ada"]


async def test_four_minutes_ahead_is_taken_and_six_are_not(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.signal("acknowledge", 4, event_id="early")
        await ticket.signal("resolve", 6, event_id="too-early")
        state = await eventually(ticket.state, lambda state: state["set_aside"]["count"] == 1)
        assert "early" in state["applied"]
        assert "too-early" not in state["applied"]
        assert state["set_aside"]["recent"][0]["field"] == "occurred_at"


async def test_a_repeated_signal_counts_once(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        for _ in range(3):
            await ticket.signal("pause", 0, event_id="p")
        await ticket.signal("resume", 1, event_id="r")
        await ticket.signal("pause", 0, event_id="p")
        state = await ticket.applied("r")
        assert state["applied"] == ["opened", "p", "r"]
        assert state["status"] == "active"


async def test_signals_before_the_first_task_are_all_applied(clockwork: Clockwork, policy: Policy) -> None:
    ticket = await clockwork.open(snapshot_of(policy))
    await ticket.signal("acknowledge", 0.1, event_id="a")
    await ticket.signal("pause", 0.2, event_id="p")
    await ticket.handle.signal("pause", "broken")
    async with working(clockwork):
        state = await ticket.applied("a", "p")
        assert target_of(state, "first_response")["state"] == "stopped"
        assert target_of(state, "resolution")["state"] == "paused"
        assert state["set_aside"]["count"] == 1


async def test_a_thousand_signals_end_in_the_same_plan_as_the_last_of_them(
    clockwork: Clockwork, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        for number in range(500):
            await ticket.signal("pause", number / 100, event_id=f"p{number}", cause="customer")
            await ticket.signal("resume", number / 100 + 0.005, event_id=f"r{number}")
        state = await eventually(ticket.state, lambda state: len(state["applied"]) == 1001, seconds=60)
        assert target_of(state, "resolution")["paused_for"] == 500 * 300_000
        assert "WORKFLOW_TASK_FAILED" not in await ticket.history()


async def test_a_pause_ends_with_any_resume_unless_the_resume_names_another_cause(
    clockwork: Clockwork, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.signal("pause", 1, event_id="p1", reason="waiting for customer")
        await ticket.signal("pause", 2, event_id="p2", cause="vendor")
        await ticket.signal("resume", 3, event_id="r1", cause="vendor")
        state = await ticket.applied("r1")
        assert state["status"] == "paused"
        await ticket.signal("resume", 4, event_id="r2", reason="customer replied")
        state = await ticket.applied("r2")
        assert state["status"] == "active"
        assert target_of(state, "resolution")["paused_for"] == 3 * 60_000_000


async def test_cancelling_the_workflow_withdraws_the_ticket(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(5)
        await ticket.handle.cancel()
        assert await ticket.result() == {"status": "cancelled"}


async def test_an_event_that_cannot_be_planned_is_set_aside_and_the_others_count(
    clockwork: Clockwork, policy: Policy
) -> None:
    """A pause until so late that the due instant would lie beyond the year 2100."""
    long = Policy.from_json({"id": "sla_l", "name": "Long", "targets": [{"type": "resolution", "hours": 8760 * 74}]})
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(long))
        await ticket.signal("pause", 0, event_id="p")
        await ticket.applied("p")
        await ticket.go_to(60 * 24 * 366)
        await ticket.signal("resume", 60 * 24 * 365, event_id="impossible")
        await ticket.signal("acknowledge", 60 * 24 * 365, event_id="fine")
        state = await eventually(ticket.state, lambda state: state["set_aside"]["count"] == 1)
        assert state["set_aside"]["recent"][0]["value"] == "impossible"
        await ticket.applied("fine")
