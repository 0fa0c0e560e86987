"""A workflow runner that takes no events outside of a workflow task, and reports histories that did not replay.

Events are a timer that fires, an answer of an activity, a signal. While a query waits for a worker, such events may
come, and then they reach the worker together with the query, without a started workflow task. The SDK's core applies
them all the same, with the clock of the task before. Their commands go out with the next task. On replay the events
belong to that task and have its time, so the workflow takes another way, and every task of the run fails from then on
(decision 14).

An update that comes to a run which the worker does not know yet may be given to the workflow together with the events
of the task before, if nothing came of that task. On replay they come one after the other, as they did
(https://github.com/temporalio/sdk-python/issues/1591). So an update beside other events is turned away, which leaves
nothing in the history; whoever sent it sends a signal.
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

# Jobs that query the worker's copy of a run or put an end to it. Every other job changes what the workflow knows.
NO_EVENTS = frozenset({"query_workflow", "remove_from_cache"})
# Nor do these: a run begins with some of them, and updates are told from what is beside them.
NOT_BESIDE = NO_EVENTS | {"do_update", "initialize_workflow", "update_random_seed", "notify_has_patch"}
TURNED_AWAY = "an update beside other events"
"""What such an update is called by then: no workflow has a handler of that name."""
REFUSAL = "events outside of a workflow task; the run is read from its history again, and a query may be sent again"
UNREPLAYABLE = frozenset({RemoveFromCache.NONDETERMINISM, RemoveFromCache.FATAL})

# What core calls a query that comes with a task of its own, beside the workflow's tasks.
LEGACY_QUERY = "legacy_query"
# A query that brought events comes right behind them. Another one may come as soon by chance: it is refused once, too.
RIGHT_BEHIND_SECONDS = 0.05
RIGHT_BEHIND = "asked right behind events"

# How far a server's time may lie ahead of ours before its clock must have been set back: clocks differ by less.
AHEAD = SECOND

NotReplayed = Callable[[str, str], None]
"""Called with (workflow id, run id) of a run that the SDK has given up because its history did not replay."""


def _now() -> Instant:
    return from_datetime(datetime.now(UTC))


def ignore(_workflow_id: str, _run_id: str) -> None:
    """For callers that need not know which histories did not replay."""


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

    Only a task that starts moves the time. (The size of the history, which an activation has as well, is also moved by
    a task that ended with its worker.)
    """

    length: int
    at: Instant

    @classmethod
    def of(cls, act: WorkflowActivation) -> Place:
        return cls(act.history_length, from_datetime(act.timestamp.ToDatetime(tzinfo=UTC)))

    def is_beside_any_task(self, before: Place, now: Instant) -> bool:
        """Whether events were taken since, and no task has started.

        Answers to the workflow's own commands (such as the end of an activity it cancels) come within its task and are
        no events. A server whose clock was set back starts tasks without moving the time, so nothing is concluded while
        its time lies ahead of ours.
        """
        return self.length > before.length and self.at == before.at and self.at - now <= AHEAD


def turn_updates_away(act: WorkflowActivation) -> None:
    """A name that the workflow does not know is refused before anything of the update is run."""
    for job in act.jobs:
        if job.HasField("do_update"):
            job.do_update.name = TURNED_AWAY


class GuardedInstance(WorkflowInstance):
    """One run of a workflow in this worker, as long as it is cached."""

    def __init__(self, inner: WorkflowInstance, not_replayed: NotReplayed) -> None:
        self.inner = inner
        self._not_replayed = not_replayed
        self._place: Place | None = None
        self._took_events_at: float | None = None

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        jobs = {job.WhichOneof("variant") for job in act.jobs}
        if jobs <= NO_EVENTS:
            self._report_evictions(act)
            return self._refused(act, [RIGHT_BEHIND]) if self._is_right_behind_events(act) else self.inner.activate(act)
        place = Place.of(act)
        # What is replayed was taken once before, and comes again after a refusal: it would be refused for ever.
        if not act.is_replaying and self._place is not None and place.is_beside_any_task(self._place, _now()):
            return self._refused(act, sorted(str(job) for job in jobs))
        self._place = place
        if not act.is_replaying and jobs - NOT_BESIDE:
            turn_updates_away(act)
        completion = self.inner.activate(act)
        self._took_events_at = None if act.is_replaying else time.monotonic()
        return completion

    def _is_right_behind_events(self, act: WorkflowActivation) -> bool:
        """Whether a query may have brought the events that were taken last.

        The start of a task may reach the worker with a query before the task itself does. Such events look like those
        of a task, but the query comes right behind them. If it is refused, core forgets the events, too.
        """
        asked = any(job.query_workflow.query_id == LEGACY_QUERY for job in act.jobs if job.HasField("query_workflow"))
        took_at = self._took_events_at
        return asked and took_at is not None and time.monotonic() - took_at < RIGHT_BEHIND_SECONDS

    def get_serialization_context(self, command_info: Any) -> Any:
        return self.inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self.inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self.inner.get_info()

    def get_thread_id(self) -> int | None:
        return self.inner.get_thread_id()

    def _report_evictions(self, act: WorkflowActivation) -> None:
        if any(job.remove_from_cache.reason in UNREPLAYABLE for job in act.jobs if job.HasField("remove_from_cache")):
            self._not_replayed(self.get_info().workflow_id, act.run_id)

    def _refused(self, act: WorkflowActivation, jobs: Sequence[str]) -> WorkflowActivationCompletion:
        logger.info("run %s of %s: %s (%s)", act.run_id, self.get_info().workflow_id, REFUSAL, ", ".join(jobs))
        completion = WorkflowActivationCompletion(run_id=act.run_id)
        completion.failed.failure.message = REFUSAL
        return completion
