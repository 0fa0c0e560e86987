"""Ways into an instance: by a ticket system with the ticket alone, and again after it had finished."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from domain.errors import NoticeFailed
from domain.ids import InstanceId, workflow_id
from domain.instants import HOUR, Instant, render
from domain.plan.planning import plan
from domain.policy.policies import Policy
from domain.ticket.events import Event, EventKind
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, Opened, eventually, snapshot_of, target_of, working
from workflows.messages import WORKFLOW_TYPE, start_input


async def start_with_signal(
    clockwork: Clockwork, instance: str, ticket: Any, signal: str = "acknowledge", **payload: Any
) -> WorkflowHandle[Any, Any]:
    return await clockwork.client.start_workflow(
        WORKFLOW_TYPE,
        ticket,
        id=workflow_id(ORGANIZATION, instance),
        task_queue=clockwork.task_queue,
        start_signal=signal,
        start_signal_args=[payload],
    )


async def test_a_ticket_system_starts_an_instance_with_the_ticket_alone(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    await store.policies.create(ORGANIZATION, policy)
    async with working(clockwork):
        before = await clockwork.now()
        handle = await start_with_signal(
            clockwork, "inst_sla_ticket_42", {"priority": "high", "fields": {"team": "red"}}, event_id="a"
        )
        ticket = Opened(clockwork, handle, before)
        state = await ticket.applied("a")
        assert state["snapshot"]["ticket"] == {
            "ticket_id": "42",
            "kind": "sla",
            "priority": "high",
            "fields": {"team": "red"},
        }
        assert target_of(state, "first_response")["state"] == "stopped"
        stored = await eventually(lambda: store.instances.get(ORGANIZATION, "inst_sla_ticket_42"))
        assert stored.status == "active"


@pytest.mark.parametrize("way", ["the ticket", "the organization"])
async def test_a_ticket_system_that_starts_an_instance_may_do_so_quietly(
    clockwork: Clockwork, store: Store, policy: Policy, way: str
) -> None:
    await store.policies.create(ORGANIZATION, policy)
    opened_at = Instant(await clockwork.now() - 2 * HOUR)
    if way == "the organization":
        await store.organizations.change(ORGANIZATION, quiet_before=Instant(opened_at + 1))
    given = {"priority": "high", "occurred_at": render(opened_at), **({"quiet": True} if way == "the ticket" else {})}
    async with working(clockwork):
        handle = await start_with_signal(clockwork, "inst_sla_ticket_42", given, "update", event_id="u")
        ticket = Opened(clockwork, handle, opened_at)
        state = await ticket.fired("first_response/breached")
        assert {firing["skipped"] for firing in state["ledger"]} == {True}
        await ticket.signal("resolve", event_id="r")
        await ticket.result()
    assert clockwork.mailbox.notices == []


async def test_a_ticket_that_no_policy_matches_is_untracked(clockwork: Clockwork) -> None:
    async with working(clockwork):
        handle = await start_with_signal(clockwork, "inst_sla_ticket_42", {"priority": "high"})
        assert await handle.result() == {"status": "untracked"}


@pytest.mark.parametrize(
    ("instance", "ticket", "named"),
    [
        ("inst_sla_ticket_42", {"ticket_id": "43"}, "ticket.ticket_id"),
        ("inst_sla_ticket_42", {"conversation_id": "42"}, "ticket.conversation_id"),
        ("inst_sla_ticket_42", "ticket 42", "ticket"),
        ("inst_sla_ticket_42", {"priority": 5}, "ticket.priority"),
        ("inst_sla_ticket_42", {"occurred_at": "soon"}, "ticket.occurred_at"),
        ("inst_sla_ticket_42", {"snapshot": {}}, "start input"),
        ("no-such-id", {"priority": "high"}, "instance_id"),
    ],
)
async def test_a_start_that_makes_no_sense_fails_and_names_the_field(
    clockwork: Clockwork, instance: str, ticket: Any, named: str
) -> None:
    async with working(clockwork):
        handle = await start_with_signal(clockwork, instance, ticket)
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        assert named in _root(failure.value)


def _root(error: BaseException | None) -> str:
    while error is not None and not isinstance(error, ApplicationError):
        error = error.__cause__
    assert error is not None
    return str(error)


async def test_a_reopened_instance_goes_on_with_its_recorded_past(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy, subject="42"))
        await ticket.go_to(130)
        await ticket.fired("resolution/halfway")
        await ticket.signal("resolve", 130, event_id="done")
        await ticket.result()
        await ticket.go_to(1000)
        handle = await start_with_signal(
            clockwork, "inst_sla_ticket_42", {}, "reopen", event_id="again", occurred_at=ticket.at(1000)
        )
        again = Opened(clockwork, handle, ticket.opened_at)
        state = await again.applied("done", "again")
        assert again.minute(target_of(state, "resolution")["due_at"]) == 1000 + 110
        await again.go_to(1111)
        state = await again.fired("resolution/breached")
        assert [f["generation"] for f in state["ledger"] if f["target"] == "resolution"] == [1, 1, 1]
        assert clockwork.mailbox.ids.count("resolution/1/halfway/1") == 1
        await again.signal("resolve", event_id="done-again")
        await again.result()
        loaded = await store.instances.load(ORGANIZATION, "inst_sla_ticket_42")
        assert loaded is not None
        assert [event.event_id for event in loaded.events] == ["opened", "done", "again", "done-again"]


async def test_a_late_event_for_a_finished_instance_withdraws_its_breach(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy, subject="42"))
        await ticket.go_to(70)
        await ticket.fired("first_response/breached")
        await ticket.signal("resolve", 70, event_id="done")
        assert await ticket.result() == {"status": "breached"}
        handle = await start_with_signal(
            clockwork, "inst_sla_ticket_42", {}, event_id="late", occurred_at=ticket.at(30)
        )
        assert await handle.result() == {"status": "met"}
        stored = await store.instances.get(ORGANIZATION, "inst_sla_ticket_42")
        assert stored is not None
        assert stored.status == "met"
        assert [f.stands for f in stored.ledger if f.key.milestone == "breached"] == [False]


async def test_an_input_for_another_instance_fails_and_writes_nothing(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    snapshot = snapshot_of(policy, subject="42")
    at = await clockwork.now()
    opened = Event(EventKind.OPENED, "opened", at, at)
    async with working(clockwork):
        handle = await clockwork.client.start_workflow(
            WORKFLOW_TYPE,
            start_input(snapshot, plan(snapshot, [opened]), opened),
            id=workflow_id("other", "inst_sla_ticket_43"),
            task_queue=clockwork.task_queue,
        )
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        assert "contradicts the workflow id" in _root(failure.value)
        assert await store.instances.get(ORGANIZATION, "inst_sla_ticket_42") is None


async def test_an_instance_that_was_terminated_sends_what_it_still_owed_when_it_is_started_again(
    clockwork: Clockwork, store: Store, policy: Policy
) -> None:
    clockwork.mailbox.failures = [NoticeFailed("down", retry_after=45 * 60)] * 3
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy, subject="42"))
        await ticket.go_to(61)
        await ticket.fired("first_response/breached")
        await eventually(ticket.state, lambda state: state["unrecorded"] == 0)
        await ticket.handle.terminate()
        handle = await start_with_signal(clockwork, "inst_sla_ticket_42", {}, event_id="a")
        again = Opened(clockwork, handle, ticket.opened_at)
        # The receiver has asked to be left alone until then.
        await again.go_to(110)
        await eventually(again.state, lambda state: state.get("undelivered") == [])
        assert sorted(clockwork.mailbox.ids) == [
            "first_response/1/at_risk/1",
            "first_response/1/breached/1",
            "first_response/1/halfway/1",
        ]


async def test_conversation_42_is_not_ticket_42() -> None:
    ids = {str(InstanceId.parse(text)) for text in ("inst_sla_ticket_42", "inst_sla_conversation_42")}
    assert len(ids) == 2
