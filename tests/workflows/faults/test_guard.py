"""What the guard of decision 14 refuses, what it lets through, and whom it tells."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHandle, WorkflowQueryFailedError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker, WorkflowInstance

from domain.instants import SECOND, Instant
from domain.policy.policies import Policy
from guard import LEGACY_QUERY, REFUSAL, RIGHT_BEHIND, GuardedInstance, GuardedRunner, NotReplayed, Place, ignore
from service.temporal.queries import ask
from tests.support.clockwork import Clockwork, eventually, snapshot_of, working
from tests.support.replaying import event_types

HELD_UP_SECONDS = 3.5
Refusals = Callable[..., int]


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture) -> Refusals:
    """How many there were; of `what` alone, if it is given."""
    caplog.set_level(logging.INFO, "slakeeper.worker")

    def count(what: str = "") -> int:
        messages = [record.getMessage() for record in caplog.records]
        return sum(REFUSAL in message and what in message for message in messages)

    return count


async def test_news_that_comes_with_a_question_is_refused_and_who_asks_again_is_answered(
    realtime: Clockwork, refusals: Refusals
) -> None:
    # Two tasks at a time and nothing worked in this process: the questions wait in the server while the timers fire.
    async with _guarded(realtime, Reminds, HoldsUp, max_concurrent_workflow_tasks=2, debug_mode=True):
        holding = await _start(realtime, HoldsUp.run)
        reminders = await asyncio.gather(*(_start(realtime, Reminds.run) for _ in range(20)))
        await asyncio.gather(*(ask(reminder, Reminds.is_over) for reminder in reminders))
        asked = [holding.query(HoldsUp.hold_up), *(reminder.query(Reminds.is_over) for reminder in reminders)]
        _, *answers = await asyncio.gather(*asked, return_exceptions=True)
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        # A question whose server had given up waiting for this worker may be refused, and answered all the same.
        assert 0 < refusals() >= len(failed)
        assert {(type(failure), str(failure)) for failure in failed} <= {(WorkflowQueryFailedError, REFUSAL)}
        await asyncio.gather(*(reminder.result() for reminder in reminders))
        assert all([await ask(reminder, Reminds.is_over) for reminder in reminders])
    replayer = Replayer(workflows=[Reminds], workflow_runner=UnsandboxedWorkflowRunner())
    for reminder in reminders:
        await replayer.replay_workflow(await reminder.fetch_history())


async def test_what_an_activity_answers_to_its_cancellation_is_no_news(realtime: Clockwork, refusals: Refusals) -> None:
    async with _guarded(realtime, CancelsItsOwn):
        handle = await _start(realtime, CancelsItsOwn.run)
        await handle.signal(CancelsItsOwn.cancel)
        assert await asyncio.wait_for(handle.result(), 10) == "cancelled"
    assert refusals() == refusals(RIGHT_BEHIND)
    assert "WORKFLOW_TASK_FAILED" not in event_types(await handle.fetch_history())


async def test_an_instance_lives_through_skipped_time_without_a_refusal(
    clockwork: Clockwork, policy: Policy, refusals: Refusals
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(30)
        await ticket.signal("acknowledge", event_id="a")
        await ticket.applied("a")
        await ticket.go_to(241)
        await ticket.fired("resolution/breached")
        await ticket.signal("resolve", event_id="r")
        await ticket.result()
    assert refusals() == refusals(RIGHT_BEHIND)
    assert "WORKFLOW_TASK_FAILED" not in await ticket.history()


class Answers(WorkflowInstance):
    """A run of which only matters whether it was asked."""

    def __init__(self) -> None:
        self.taken: list[str | None] = []

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        self.taken += [job.WhichOneof("variant") for job in act.jobs]
        completion = WorkflowActivationCompletion(run_id=act.run_id)
        completion.successful.SetInParent()
        return completion

    def get_serialization_context(self, command_info: Any) -> Any: ...

    def get_external_store_context(self, command_info: Any) -> Any: ...

    def get_info(self) -> Any:
        return SimpleNamespace(workflow_id="w")

    def get_thread_id(self) -> int | None: ...


def _news(*, is_replaying: bool = False) -> WorkflowActivation:
    act = WorkflowActivation(run_id="r", history_length=12, is_replaying=is_replaying)
    act.timestamp.FromSeconds(8)
    act.jobs.add().fire_timer.seq = 1
    return act


def _question() -> WorkflowActivation:
    act = WorkflowActivation(run_id="r", history_length=12, is_replaying=True)
    act.jobs.add().query_workflow.query_id = LEGACY_QUERY
    return act


def test_a_question_right_behind_news_is_refused_for_it_may_have_brought_the_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The start of a task may come with a question before the task itself does."""
    guarded = GuardedInstance(Answers(), ignore)
    assert guarded.activate(_news()).HasField("successful")
    assert guarded.activate(_question()).failed.failure.message == REFUSAL
    monkeypatch.setattr("guard.RIGHT_BEHIND_SECONDS", 0)
    assert guarded.activate(_question()).HasField("successful")


def test_a_question_to_a_run_that_was_read_from_its_history_is_answered() -> None:
    inner = Answers()
    guarded = GuardedInstance(inner, ignore)
    guarded.activate(_news(is_replaying=True))
    assert guarded.activate(_question()).HasField("successful")
    assert inner.taken == ["fire_timer", "query_workflow"]


@pytest.mark.parametrize(
    ("length", "at", "now", "refused"),
    [
        pytest.param(11, 5, 60, True, id="events that no task has taken"),
        pytest.param(9, 5, 60, False, id="an answer within the task"),
        pytest.param(12, 8, 60, False, id="a task"),
        pytest.param(12, 5, 4, True, id="clocks that differ a little"),
        pytest.param(12, 5, 3, False, id="a task after the server's clock was set back"),
    ],
)
def test_only_a_started_task_moves_the_time(length: int, at: int, now: int, refused: bool) -> None:
    place, before = Place(length, Instant(at * SECOND)), Place(9, Instant(5 * SECOND))
    assert place.is_beside_any_task(before, Instant(now * SECOND)) is refused


async def test_a_history_that_does_not_replay_is_told_of_by_its_ids(realtime: Clockwork) -> None:
    told: list[tuple[str, str]] = []

    async def heard() -> list[tuple[str, str]]:
        return told

    def hear(workflow_id: str, run_id: str) -> None:
        told.append((workflow_id, run_id))

    async with _guarded(realtime, Reminds, not_replayed=hear):
        handle = await _start(realtime, Reminds.run)
        await ask(handle, Reminds.is_over)
    assert told == []
    async with _guarded(realtime, RemindsAtOnce, not_replayed=hear):
        await eventually(heard)
    assert set(told) == {(handle.id, handle.first_execution_run_id)}


def _guarded(clockwork: Clockwork, *types: type, not_replayed: NotReplayed = ignore, **options: Any) -> Worker:
    return Worker(
        clockwork.client,
        task_queue=clockwork.task_queue,
        workflows=types,
        activities=[remind, wait_for_ever],
        workflow_runner=GuardedRunner(UnsandboxedWorkflowRunner(), not_replayed),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        **options,
    )


async def _start(clockwork: Clockwork, run: Any) -> WorkflowHandle[Any, Any]:
    handle: WorkflowHandle[Any, Any] = await clockwork.client.start_workflow(
        run, id=str(uuid.uuid4()), task_queue=clockwork.task_queue
    )
    return handle


@activity.defn
async def remind() -> None:
    """Called once it is time."""


@activity.defn
async def wait_for_ever() -> None:
    await asyncio.Event().wait()


@workflow.defn
class Reminds:
    """Asks what time it is whenever it wakes up, as an instance does."""

    def __init__(self) -> None:
        self._over = False

    @workflow.run
    async def run(self) -> None:
        deadline = workflow.now() + timedelta(seconds=2)
        while (left := deadline - workflow.now()) > timedelta(0):
            await workflow.sleep(left)
        await workflow.execute_activity(remind, start_to_close_timeout=timedelta(seconds=10))
        self._over = True

    @workflow.query
    def is_over(self) -> bool:
        return self._over


@workflow.defn(name="Reminds")
class RemindsAtOnce:
    """A change of `Reminds` that running ones cannot follow."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(remind, start_to_close_timeout=timedelta(seconds=10))


@workflow.defn
class HoldsUp:
    """Keeps its process from doing anything for a while."""

    @workflow.run
    async def run(self) -> None:
        """Over at once; a question brings it back."""

    @workflow.query
    def hold_up(self) -> None:
        time.sleep(HELD_UP_SECONDS)


@workflow.defn
class CancelsItsOwn:
    """Cancels an activity in a later task than it asked for it, and hears of it within that task, without an event."""

    def __init__(self) -> None:
        self._cancelled = False

    @workflow.run
    async def run(self) -> str:
        waiting = workflow.start_activity(wait_for_ever, start_to_close_timeout=timedelta(minutes=1))
        await workflow.wait_condition(lambda: self._cancelled)
        waiting.cancel()
        await asyncio.wait([waiting])
        return "cancelled"

    @workflow.signal
    def cancel(self) -> None:
        self._cancelled = True
