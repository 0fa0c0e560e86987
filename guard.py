"""A workflow runner that takes no news outside of a workflow task, and tells of histories that did not replay.

A question (a query) that waits for a worker while a timer fires, an activity answers or a signal comes reaches it
together with that news, without a started workflow task. The SDK's core applies the news all the same, with the clock
of the task before; the commands go out with the next task, and on replay, where the news belongs to that task and has
its time, the workflow takes another way. Every task of the run fails from then on (decision 14).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.bridge.proto.workflow_activation import RemoveFromCache, WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from domain.instants import SECOND, Instant, from_datetime

logger = logging.getLogger("slakeeper.worker")

# Jobs that ask or put an end to the worker's copy of a run. Everything else changes what the workflow knows.
NO_NEWS = frozenset({"query_workflow", "remove_from_cache"})
REFUSAL = "news outside of a workflow task; the run is read from its history again and what was asked may be asked anew"
UNREPLAYABLE = frozenset({RemoveFromCache.NONDETERMINISM, RemoveFromCache.FATAL})

# What core calls a question that comes with a task of its own, beside the workflow's tasks.
LEGACY_QUERY = "legacy_query"
# A question that brought news is asked right behind it. Another may come as soon by chance: it is refused once, too.
RIGHT_BEHIND_SECONDS = 0.05
RIGHT_BEHIND = "asked right behind news"

# How far a server's time may lie ahead of ours before its clock must have been set back: clocks differ by less.
AHEAD = SECOND

NotReplayed = Callable[[str, str], None]
"""Hears (workflow id, run id) of a run that the SDK has given up because its history did not replay."""


def _now() -> Instant:
    return from_datetime(datetime.now(UTC))


def ignore(_workflow_id: str, _run_id: str) -> None:
    """For whom it does not matter which histories do not replay."""


class GuardedRunner(WorkflowRunner):
    """Another runner whose instances are guarded. `not_replayed` is called from the worker's threads."""

    def __init__(self, inner: WorkflowRunner, not_replayed: NotReplayed = ignore) -> None:
        self._inner = inner
        self._not_replayed = not_replayed

    def prepare_workflow(self, defn: Any) -> None:
        self._inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return GuardedInstance(self._inner.create_instance(det), self._not_replayed)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._inner.set_worker_level_failure_exception_types(types)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its history a run has come to: how many events it has taken, and the time of its last task.

    Only a task that starts moves the time. (The size that an activation tells is moved by a task that came to nothing,
    too: one that a worker took with it when it was killed.)
    """

    length: int
    at: Instant

    @classmethod
    def of(cls, act: WorkflowActivation) -> Place:
        return cls(act.history_length, from_datetime(act.timestamp.ToDatetime(tzinfo=UTC)))

    def is_beside_any_task(self, before: Place, now: Instant) -> bool:
        """Whether events were taken since, and no task has started.

        Answers to the workflow's own commands (a cancelled activity's) come within its task and are no events. A server
        whose clock was set back starts tasks without moving the time: it is believed while its time lies ahead of ours.
        """
        return self.length > before.length and self.at == before.at and self.at - now <= AHEAD


class GuardedInstance(WorkflowInstance):
    """One run of a workflow in this worker, as long as it is cached."""

    def __init__(self, inner: WorkflowInstance, not_replayed: NotReplayed) -> None:
        self.inner = inner
        self._not_replayed = not_replayed
        self._place: Place | None = None
        self._took_news_at: float | None = None

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        jobs = {job.WhichOneof("variant") for job in act.jobs}
        if jobs <= NO_NEWS:
            self._hear_of_evictions(act)
            return self._refused(act, [RIGHT_BEHIND]) if self._asks_right_behind_news(act) else self.inner.activate(act)
        place = Place.of(act)
        # What is replayed has been taken once already, and will be again: refused, it would be for ever.
        if not act.is_replaying and self._place is not None and place.is_beside_any_task(self._place, _now()):
            return self._refused(act, sorted(str(job) for job in jobs))
        self._place = place
        completion = self.inner.activate(act)
        self._took_news_at = None if act.is_replaying else time.monotonic()
        return completion

    def _asks_right_behind_news(self, act: WorkflowActivation) -> bool:
        """The start of a task may reach the worker with a question before the task itself does. Nothing tells that news
        from a task's, but the question comes right behind it; refused, it makes core forget all of it."""
        asked = any(job.query_workflow.query_id == LEGACY_QUERY for job in act.jobs if job.HasField("query_workflow"))
        return asked and self._took_news_at is not None and time.monotonic() - self._took_news_at < RIGHT_BEHIND_SECONDS

    def get_serialization_context(self, command_info: Any) -> Any:
        return self.inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self.inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self.inner.get_info()

    def get_thread_id(self) -> int | None:
        return self.inner.get_thread_id()

    def _hear_of_evictions(self, act: WorkflowActivation) -> None:
        if any(job.remove_from_cache.reason in UNREPLAYABLE for job in act.jobs if job.HasField("remove_from_cache")):
            self._not_replayed(self.get_info().workflow_id, act.run_id)

    def _refused(self, act: WorkflowActivation, jobs: Sequence[str]) -> WorkflowActivationCompletion:
        logger.info("run %s of %s: %s (%s)", act.run_id, self.get_info().workflow_id, REFUSAL, ", ".join(jobs))
        completion = WorkflowActivationCompletion(run_id=act.run_id)
        completion.failed.failure.message = REFUSAL
        return completion
