"""What is recorded and does not run, what runs and is not recorded: found, and put right, whatever was lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.notices import telling
from domain.instants import SECOND as ONE_SECOND
from domain.instants import Instant, render
from domain.plan.planning import plan
from domain.policy.policies import Policy
from domain.ticket.events import Event, EventKind
from service.reconciling import Finding, Reconciler, Report, Runs, Suspects, Suspicion, Trouble
from store.store import Store
from tests.support.clockwork import (
    ORGANIZATION,
    Clockwork,
    Opened,
    Switchable,
    eventually,
    snapshot_of,
    standing,
    target_of,
    working,
)
from tests.support.servers import new_namespace
from worker import StoreProjection, replays, system_now
from workflows.messages import WORKFLOW_TYPE, start_input

SECOND = 1 / 60
ID = "inst_sla_ticket_42"


def reconciler(clockwork: Clockwork, store: Store, *, dry: bool = False) -> Reconciler:
    """One for which everything has been so for a while."""
    runs = Runs(clockwork.client, clockwork.task_queue)
    return Reconciler(store, runs, replays(clockwork.client), lambda: Instant(system_now() + 15 * ONE_SECOND), dry=dry)


async def found(looking: Reconciler, trouble: Trouble) -> Finding:
    """Once a list of workflows shows what there is to be found."""

    async def look() -> Sequence[Finding]:
        return (await looking.round(thorough=True)).findings

    findings: Sequence[Finding] = await eventually(look)
    assert [one.trouble for one in findings] == [trouble]
    return findings[0]


async def recorded(ticket: Opened) -> None:
    await eventually(ticket.state, lambda state: state["unrecorded"] == 0 and not state["undelivered"])


async def newest(ticket: Opened) -> Opened:
    """The ticket by its newest run."""
    handle = ticket.clockwork.client.get_workflow_handle(ticket.handle.id)
    return Opened(ticket.clockwork, handle, ticket.opened_at)


async def test_nothing_is_found_where_nothing_is_wrong(realtime: Clockwork, store: Store, policy: Policy) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy))
        over = await realtime.open(snapshot_of(policy))
        await over.signal("resolve", event_id="r")
        await over.result()
        await recorded(ticket)
        await eventually(lambda: realtime.client.count_workflows("ExecutionStatus = 'Completed'"), lambda n: n.count)
        report = await reconciler(realtime, store).round(thorough=True)
    assert report == Report(recorded=1, running=1, finished=1)


async def test_a_clock_whose_workflow_was_lost_with_the_server_runs_again_from_its_record(
    realtime_address: str, realtime: Clockwork, store: Store
) -> None:
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 8 * SECOND}]})
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty, subject="42"))
        await ticket.signal("update", event_id="u", attributes={"n": 1})
        await ticket.fired("resolution/halfway")
        await recorded(ticket)
    async with await new_namespace(realtime_address) as empty:
        other = Clockwork(empty, Switchable(StoreProjection(store)))
        async with working(other):
            finding = await found(reconciler(other, store), Trouble.GONE)
            assert finding.done == "goes on from its record"
            again = Opened(other, empty.client.get_workflow_handle(ticket.handle.id), ticket.opened_at)
            await again.signal("resolve", event_id="r")
            state = await again.applied("opened", "u", "r")
            await again.result()
        assert [*realtime.mailbox.ids, *other.mailbox.ids] == fired(state)
    stored = await store.instances.get(ORGANIZATION, ID)
    assert stored is not None
    assert [firing.delivered_at is not None for firing in stored.ledger] == [True] * len(stored.ledger)


def fired(state: Mapping[str, Any]) -> list[str]:
    return [f"{f['target']}/{f['cycle']}/{f['milestone']}/1" for f in state["ledger"]]


async def test_an_instance_is_recorded_though_whoever_opened_it_died_before_that(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """The API records the first step behind the start, and the workflow leaves it to it."""
    snapshot = snapshot_of(policy, subject="42")
    opened = await realtime.now()
    first = Event(EventKind.OPENED, "opened", opened, opened)
    start = start_input(snapshot, plan(snapshot, [first]), first, recorded=True)
    async with working(realtime):
        await realtime.client.start_workflow(
            WORKFLOW_TYPE, start, id=f"sla/{ORGANIZATION}/inst_sla_ticket_42", task_queue=realtime.task_queue
        )
        finding = await found(reconciler(realtime, store), Trouble.UNRECORDED)
        assert finding.detail == "the store does not have it"
    stored = await store.instances.get(ORGANIZATION, "inst_sla_ticket_42")
    assert stored is not None
    assert (stored.sequence, stored.opened_at) == (1, opened)


async def test_records_that_were_lost_with_the_store_are_those_that_were_there(
    realtime: Clockwork, store: Store, policy: Policy, tmp_path: Path, migrated: bytes
) -> None:
    """Of a ticket that goes on, of one that has continued as new, and of one that is over."""
    async with working(realtime):
        tickets = [await realtime.open(snapshot_of(policy)) for _ in range(3)]
        going_on, long, over = tickets
        await going_on.signal("pause", event_id="p")
        await going_on.applied("p")
        first = (await long.handle.describe()).run_id
        await long.updated(14)
        await eventually(long.handle.describe, lambda described: described.run_id != first)
        await over.signal("resolve", event_id="r")
        await over.result()
        for ticket in (going_on, long):
            await recorded(ticket)
        ids = [ticket.handle.id.rpartition("/")[2] for ticket in tickets]
        before = [await store.chains.export(ORGANIZATION, id_) for id_ in ids]
        (tmp_path / "new.db").write_bytes(migrated)
        new = Store.open(f"sqlite:///{tmp_path / 'new.db'}")
        try:
            looking = reconciler(realtime, new)
            assert await rounds_until_quiet(looking) == {Trouble.UNRECORDED: 3}
            after = [await new.chains.export(ORGANIZATION, id_) for id_ in ids]
            assert [_steps(one) for one in after] == [_steps(one) for one in before]
            rows = [await new.instances.get(ORGANIZATION, id_) for id_ in ids]
            assert [row and row.status for row in rows] == ["paused", "active", "met"]
        finally:
            await new.close()


async def test_an_instance_that_lost_its_workflow_and_then_its_record_is_recorded_again(
    realtime_address: str, realtime: Clockwork, store: Store, policy: Policy, tmp_path: Path, migrated: bytes
) -> None:
    """No history tells its first steps then: they are one, and what came before it is missing from the chain."""
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.signal("pause", event_id="p")
        await ticket.applied("p")
        await recorded(ticket)
    async with await new_namespace(realtime_address) as empty:
        other = Clockwork(empty, Switchable(StoreProjection(store)))
        async with working(other):
            await found(reconciler(other, store), Trouble.GONE)
            again = Opened(other, empty.client.get_workflow_handle(ticket.handle.id), ticket.opened_at)
            await again.applied("opened", "p")
        (tmp_path / "new.db").write_bytes(migrated)
        new = Store.open(f"sqlite:///{tmp_path / 'new.db'}")
        try:
            await found(reconciler(other, new), Trouble.UNRECORDED)
            loaded = await new.instances.load(ORGANIZATION, ID)
            assert loaded is not None
            assert [event.event_id for event in loaded.events] == ["opened", "p"]
            assert (loaded.sequence, loaded.is_complete) == (2, False)
            other.projection = Switchable(StoreProjection(new))
            async with working(other):
                await again.signal("resolve", event_id="r")
                await again.result()
            row = await new.instances.get(ORGANIZATION, ID)
            assert row is not None
            assert (row.sequence, row.status) == (3, "met")
        finally:
            await new.close()


def _steps(export: Mapping[str, Any] | None) -> list[Any]:
    assert export is not None
    return [(step["hash"], step["link"]) for step in export["steps"]]


async def rounds_until_quiet(looking: Reconciler) -> dict[Trouble, int]:
    """What was found in all, until a round finds nothing."""
    counts: dict[Trouble, int] = {}
    for _ in range(20):
        findings = (await looking.round(thorough=True)).findings
        if not findings and counts:
            break
        for finding in findings:
            counts[finding.trouble] = counts.get(finding.trouble, 0) + 1
        await asyncio.sleep(0.1)
    return counts


async def test_a_store_restored_from_yesterday_is_given_what_it_lacks(
    realtime: Clockwork, store: Store, policy: Policy, tmp_path: Path
) -> None:
    """Also where a later step has come before anybody looked."""
    yesterday = tmp_path / "yesterday.db"
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await recorded(ticket)
        await _copy(tmp_path / "slakeeper.db", yesterday)
        await ticket.signal("update", event_id="u1")
        await ticket.applied("u1")
        await recorded(ticket)
    restored = Store.open(f"sqlite:///{yesterday}")
    try:
        looking = reconciler(realtime, restored)
        assert (await found(looking, Trouble.UNRECORDED)).done is not None
        assert (await looking.round(thorough=True)).findings == []
        realtime.projection = Switchable(StoreProjection(restored))
        async with working(realtime):
            await ticket.signal("update", event_id="u2")
            await ticket.applied("u2")
            await recorded(ticket)
        loaded = await restored.instances.load(ORGANIZATION, ID)
        assert loaded is not None
        assert loaded.is_complete
        assert [event.event_id for event in loaded.events] == ["opened", "u1", "u2"]
    finally:
        await restored.close()


async def test_steps_that_a_restored_store_lacks_before_newer_ones_are_filled_in(
    realtime: Clockwork, store: Store, policy: Policy, tmp_path: Path
) -> None:
    yesterday = tmp_path / "yesterday.db"
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await recorded(ticket)
        await _copy(tmp_path / "slakeeper.db", yesterday)
        await ticket.signal("update", event_id="u1")
        await ticket.applied("u1")
        await recorded(ticket)
    restored = Store.open(f"sqlite:///{yesterday}")
    try:
        realtime.projection = Switchable(StoreProjection(restored))
        async with working(realtime):
            await ticket.signal("update", event_id="u2")
            await ticket.applied("u2")
            await recorded(ticket)
        before = await restored.instances.load(ORGANIZATION, ID)
        assert before is not None
        assert not before.is_complete
        await found(reconciler(realtime, restored), Trouble.UNRECORDED)
        after = await restored.instances.load(ORGANIZATION, ID)
        assert after is not None
        assert after.is_complete
    finally:
        await restored.close()


async def _copy(database: Path, to: Path) -> None:
    with sqlite3.connect(database) as source, sqlite3.connect(to) as target:
        source.backup(target)


async def test_a_step_whose_notices_are_being_sent_is_left_to_whoever_sends_them(
    realtime: Clockwork, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written from the history meanwhile, it would lack how they fared, for good."""
    monkeypatch.setattr(telling, "PROMPT_SECONDS", 30)
    realtime.mailbox.seconds = 2
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 1 / 60}]})
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty, subject="42"), recorded=True)
        await eventually(lambda: asyncio.sleep(0, realtime.mailbox.attempts))
        await reconciler(realtime, store).round(thorough=True)
        loaded = await store.instances.load(ORGANIZATION, ID)
        assert loaded is not None
        assert loaded.sequence == 1
        await ticket.fired("resolution/breached")
        await recorded(ticket)
    loaded = await store.instances.load(ORGANIZATION, ID)
    assert loaded is not None
    assert (loaded.undelivered, loaded.is_complete) == ((), True)
    assert all(firing.delivered_at is not None for firing in loaded.ledger)


async def test_a_terminated_workflow_goes_on_with_every_signal_that_it_was_sent(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """Named or not, timed or not: what no record shows counts from when it was sent, and nothing counts twice."""
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.handle.signal("update", {"attributes": {"n": 1}})
        await eventually(ticket.state, lambda state: len(state["applied"]) == 2)
        await ticket.handle.signal("pause", "broken")
        await recorded(ticket)
    await ticket.handle.signal("acknowledge", {"event_id": "a", "occurred_at": None})
    await ticket.handle.signal("update", {"attributes": {"n": 2}})
    await ticket.handle.signal("assign", {"event_id": "nobody", "team_id": None})
    await ticket.handle.signal("resume", 7)
    sent = await realtime.now()
    await ticket.handle.terminate("by mistake")
    await asyncio.sleep(1)
    async with working(realtime):
        finding = await found(reconciler(realtime, store), Trouble.GONE)
        assert "terminated" in finding.detail
        again = await newest(ticket)
        state = await again.applied("opened", "a", "nobody")
        await recorded(again)
        assert len(state["applied"]) == 5
        assert state["set_aside"]["count"] == 2
        assert target_of(state, "first_response")["stopped_at"] is not None
        assert state["occurred_at"]["a"] <= render(sent)
        await again.signal("resolve", event_id="r")
        await again.result()
    loaded = await store.instances.load(ORGANIZATION, ID)
    assert loaded is not None
    assert loaded.is_complete


async def test_a_terminated_workflow_goes_on_with_each_of_several_events_that_came_together(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """Each counts for itself: what is recorded already counts once."""
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.handle.signal("update", {"event_id": "u", "fields": {"n": 1}})
        await ticket.applied("u")
        await recorded(ticket)
    several = [{"type": "update", "event_id": "u"}, {"type": "acknowledged"}, {"type": "closed"}, {"type": "paused"}]
    await ticket.handle.signal("events", {"events": several, "quiet": True})
    run = (await ticket.handle.describe()).run_id
    await ticket.handle.terminate("by mistake")
    await asyncio.sleep(1)
    async with working(realtime):
        await found(reconciler(realtime, store), Trouble.GONE)
        again = await newest(ticket)
        state = await again.applied("opened", "u", f"{run}/2/1", f"{run}/2/3")
        await recorded(again)
        assert (len(state["applied"]), state["set_aside"]["count"]) == (4, 1)
        await again.signal("resolve", event_id="r")
        await again.result()
    loaded = await store.instances.load(ORGANIZATION, ID)
    assert loaded is not None
    assert {event.event_id: event.quiet for event in loaded.events if event.event_id.startswith(run)} == {
        f"{run}/2/1": True,
        f"{run}/2/3": True,
    }


async def test_a_finished_ticket_that_is_reopened_is_told_nothing_again(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """Its last run is named to the new one, and all that it was sent is recorded, or was set aside."""
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.handle.signal("assign", {"team_id": None})
        await ticket.handle.signal("pause", "broken")
        await ticket.signal("resolve", event_id="r")
        await ticket.result()
        await Runs(realtime.client, realtime.task_queue).start(
            ticket.handle.id, (await ticket.handle.describe()).run_id, None
        )
        again = await newest(ticket)
        await again.result()
    loaded = await store.instances.load(ORGANIZATION, ID)
    assert loaded is not None
    assert (len(loaded.events), loaded.set_aside["count"]) == (3, 1)


async def test_a_signal_with_start_from_outside_finds_what_a_terminated_workflow_was_sent(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """Whoever sends it knows of no run before."""
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await recorded(ticket)
    await ticket.signal("acknowledge", event_id="a")
    await ticket.handle.terminate("by mistake")
    await eventually(lambda: realtime.client.count_workflows("ExecutionStatus = 'Terminated'"), lambda n: n.count)
    await realtime.client.start_workflow(
        WORKFLOW_TYPE,
        {},
        id=ticket.handle.id,
        task_queue=realtime.task_queue,
        start_signal="update",
        start_signal_args=[{"event_id": "u"}],
    )
    async with working(realtime):
        state = await (await newest(ticket)).applied("opened", "a", "u")
    assert state["applied"] == ["opened", "a", "u"]


async def test_a_workflow_that_was_terminated_before_anything_was_recorded_goes_on_as_it_began(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    ticket = await realtime.open(snapshot_of(policy, subject="42"))
    await ticket.signal("acknowledge", event_id="a")
    await ticket.handle.terminate("by mistake")
    async with working(realtime):
        assert (await rounds_until_quiet(reconciler(realtime, store))).keys() == {Trouble.UNRECORDED, Trouble.GONE}
        state = await (await newest(ticket)).applied("opened", "a")
    assert target_of(state, "first_response")["state"] == "stopped"


async def test_a_reset_workflow_goes_on_with_what_is_recorded(realtime: Clockwork, store: Store) -> None:
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 6 * SECOND}]})
    suspects = Suspects()
    async with working(realtime, refused=partial(suspects.report, Suspicion.REFUSED)):
        ticket = await realtime.open(snapshot_of(hasty, subject="42"))
        await ticket.signal("update", event_id="u")
        await ticket.fired("resolution/halfway")
        await recorded(ticket)
        before = await store.chains.export(ORGANIZATION, ID)
        await reset(realtime, ticket)
        await suspects.wait(30)
        keeping = asyncio.create_task(reconciler(realtime, store).keep(suspects))
        await eventually(lambda: count_runs(realtime), lambda runs: runs == 3)
        again = await newest(ticket)
        state = await again.fired("resolution/breached")
        await recorded(again)
        keeping.cancel()
    assert state["applied"] == ["opened", "u"]
    after = await store.chains.export(ORGANIZATION, ID)
    assert before is not None
    assert _steps(after)[: len(before["steps"])] == _steps(before)


async def test_a_run_that_is_older_than_its_record_goes_on_from_the_record(
    realtime_address: str, realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """As when Temporal was restored from yesterday: its run does not know of the resolution, and would breach."""
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.signal("acknowledge", event_id="a")
        await ticket.applied("a")
        await recorded(ticket)
    async with await new_namespace(realtime_address) as newer:
        other = Clockwork(newer, Switchable(StoreProjection(store)))
        async with working(other):
            await found(reconciler(other, store), Trouble.GONE)
            ahead = Opened(other, newer.client.get_workflow_handle(ticket.handle.id), ticket.opened_at)
            await ahead.signal("resolve", event_id="r")
            await ahead.result()
    async with working(realtime):
        await found(reconciler(realtime, store), Trouble.CONTRADICTORY)
        again = await newest(ticket)
        assert await again.result() == {"status": "met"}
    assert (await reconciler(realtime, store).round(thorough=True)).findings == []


async def reset(clockwork: Clockwork, ticket: Opened) -> None:
    """To its first task, as somebody may do in the Temporal UI."""
    history = await ticket.handle.fetch_history()
    completed = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    first = next(event.event_id for event in history.events if event.event_type == completed)
    run_id = (await ticket.handle.describe()).run_id
    await clockwork.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=clockwork.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=ticket.handle.id, run_id=run_id),
            reason="a try",
            workflow_task_finish_event_id=first,
            request_id="reset",
        )
    )


async def count_runs(clockwork: Clockwork) -> int:
    return (await clockwork.client.count_workflows()).count


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class Otherwise:
    """Takes another way than an instance does."""

    @workflow.run
    async def run(self, start: Any) -> None:
        await workflow.sleep(timedelta(milliseconds=1))
        await workflow.sleep(timedelta(days=1))


async def test_a_run_whose_history_cannot_be_replayed_is_replaced_by_one_that_has_all_that_was_accepted(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    snapshot = snapshot_of(policy, subject="42")
    runner = UnsandboxedWorkflowRunner()
    async with Worker(realtime.client, task_queue=realtime.task_queue, workflows=[Otherwise], workflow_runner=runner):
        ticket = await realtime.open(snapshot)
        await eventually(ticket.history, lambda events: events.count("TIMER_STARTED") == 2)
    await ticket.signal("acknowledge", event_id="a")
    suspects = Suspects()
    async with working(realtime, not_replayed=partial(suspects.report, Suspicion.NOT_REPLAYED)):
        looking = reconciler(realtime, store)
        await suspects.wait(30)
        keeping = asyncio.create_task(looking.keep(suspects))
        await eventually(lambda: count_runs(realtime), lambda runs: runs == 2)
        again = await newest(ticket)
        state = await again.applied("opened", "a")
        await recorded(again)
        keeping.cancel()
    assert standing(state) == []
    loaded = await store.instances.load(ORGANIZATION, ID)
    assert loaded is not None
    assert [event.event_id for event in loaded.events] == ["opened", "a"]


async def test_a_run_that_has_not_loaded_its_past_yet_is_left_alone(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    """It has told the store nothing, and is no older than its record for that."""
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await ticket.signal("resolve", event_id="r")
        await ticket.result()
    run_id = (await ticket.handle.describe()).run_id
    await Runs(realtime.client, realtime.task_queue).start(ticket.handle.id, run_id, None)
    await eventually(lambda: realtime.client.count_workflows("ExecutionStatus = 'Running'"), lambda n: n.count)
    assert (await reconciler(realtime, store).round(thorough=True)).findings == []
    assert await count_runs(realtime) == 2


async def test_a_dry_round_names_what_it_would_do_and_does_nothing(
    realtime: Clockwork, store: Store, policy: Policy
) -> None:
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(policy, subject="42"))
        await recorded(ticket)
        await ticket.handle.terminate("by mistake")
        looking = reconciler(realtime, store, dry=True)
        for _ in range(2):
            assert (await found(looking, Trouble.GONE)).done == "it would go on from its record"
    assert await count_runs(realtime) == 1


async def test_a_milestone_that_nobody_fires_is_named(realtime: Clockwork, store: Store) -> None:
    hasty = Policy.from_json({"id": "h", "name": "H", "targets": [{"type": "resolution", "minutes": 2 * SECOND}]})
    async with working(realtime):
        ticket = await realtime.open(snapshot_of(hasty, subject="42"))
        await recorded(ticket)
    runs = Runs(realtime.client, realtime.task_queue)
    looking = Reconciler(
        store, runs, replays(realtime.client), lambda: Instant(system_now() + 65 * ONE_SECOND), dry=False
    )
    finding = await found(looking, Trouble.OVERDUE)
    assert (finding.workflow_id, finding.done) == (ticket.handle.id, None)
