"""Talking to Temporal about one instance: starting it, sending signals, asking for its state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

from domain.errors import EngineUnavailable, InvalidValue
from domain.ids import workflow_id
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event
from service.temporal.erasing import erase, erase_listed
from service.temporal.known_attributes import Attributes
from service.temporal.slots import CommandSlots
from service.temporal.starting import start_from_record
from service.temporal.states import QueriedState, StartedState
from service.temporal.statuses import suppress_status
from service.tools.timeouts import Timeouts
from workflows.documents import TakenEventDocument
from workflows.messages import PLANNED, STATE_QUERY, WORKFLOW_TYPE, start_input, summary
from workflows.packing import pack, unpack
from workflows.planned import PlannedEvent
from workflows.visibility import at_start, attribute_values

ClientProvider = Callable[[], Awaitable[Client]]
Begin = Callable[..., Awaitable[WorkflowHandle[Any, Any]]]

REFUSED_PAUSE = 0.05
FIRST_WAIT = 0.3
ERASING_SECONDS = 60.0
_AWAY = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNAVAILABLE)

# Connects on the first call, so that the API starts without Temporal. Retries for a moment only, so that clients soon
# learn that Temporal is away, and a start that was refused does not happen later after all.
CONNECT_OPTIONS: Mapping[str, Any] = {"lazy": True, "retry_config": RetryConfig(max_elapsed_time_millis=1500)}


def provider(client: Client) -> ClientProvider:
    async def provide() -> Client:
        return client

    return provide


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an event that was sent with its plan: `taken` is the answer of the instance that has taken it.

    `is_answered` is false where neither a worker nor Temporal has answered in time. The event may be taken later.
    """

    taken: TakenEventDocument | None
    is_answered: bool = True


class Engine:
    """Every method raises EngineUnavailable when Temporal does not answer, unless it says otherwise."""

    def __init__(
        self,
        provide: ClientProvider,
        task_queue: str,
        timeouts: Timeouts,
        attributes: Attributes | None = None,
        slots: CommandSlots | None = None,
    ) -> None:
        self._provide = provide
        self._task_queue = task_queue
        self._timeouts = timeouts
        self._attributes = attributes or Attributes()
        self._slots = slots or CommandSlots()

    async def start(
        self,
        snapshot: Snapshot,
        plan: Plan,
        opened: Event,
        signal: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> bool:
        """Start an instance; false when it exists already, running or finished.

        A signal reaches Temporal in the same call, so that nothing happens between the two. A finished instance does
        not get it.
        """
        facts = snapshot.facts
        options, policy = _signal_options(signal, payload), WorkflowIDConflictPolicy.USE_EXISTING
        async with self._slot(), _answering(self._timeouts.start):
            client = await self._provide()
            known = await self._attributes.names(client)
            shown = at_start(attribute_values(facts, plan, opened.received_at), known)
            begin = partial(
                client.start_workflow,
                WORKFLOW_TYPE,
                start_input(snapshot, plan, opened, recorded=True),
                id=workflow_id(facts.organization, facts.instance_id),
                task_queue=self._task_queue,
                id_conflict_policy=policy if options else WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=summary(snapshot),
                rpc_timeout=timedelta(seconds=self._timeouts.start),
                **options,
            )
            try:
                handle = await self._shown(begin, shown)
            except WorkflowAlreadyStartedError:
                return False
            except RPCError as error:
                if error.status is RPCStatusCode.INVALID_ARGUMENT:
                    raise InvalidValue(
                        "policy_id", facts.policy_id, f"is frozen with more than Temporal takes: {error.message}"
                    ) from error
                if error.status is not RPCStatusCode.ALREADY_EXISTS:
                    raise
                return False
            # The answer to a signal with a start does not say whether a run was started.
            return not options or opened.event_id in (await _opening(client, handle)).event_ids

    async def _shown(self, begin: Begin, shown: TypedSearchAttributes) -> WorkflowHandle[Any, Any]:
        """Start with search attributes, or without them if the namespace does not have them."""
        if not shown.search_attributes:
            return await begin()
        try:
            return await begin(search_attributes=shown)
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise
            self._attributes.forget()
            return await begin()

    async def signal(self, organization: str, instance_id: str, name: str, payload: Mapping[str, Any]) -> bool:
        """Send a signal; false when no such instance is running."""
        async with self._slot(), _answering(self._timeouts.signal):
            handle = await self._handle(organization, instance_id)
            with suppress_status(RPCStatusCode.NOT_FOUND):
                await handle.signal(name, dict(payload), rpc_timeout=timedelta(seconds=self._timeouts.signal))
                return True
        return False

    async def tell_planned(self, organization: str, instance_id: str, planned: PlannedEvent) -> Told:
        """Send an event together with its plan to an instance that runs, and wait for a worker to take it.

        Told again under the same event id, an event that was taken is answered as it was then. Nothing that happens at
        Temporal is raised: a signal brings the event, too.
        """
        try:
            async with self._slot(), asyncio.timeout(self._timeouts.planned):
                client = await self._provide()
                handle = client.get_workflow_handle(workflow_id(organization, instance_id))
                planned = replace(planned, attributes=await self._attributes.names(client))
                answer = await handle.execute_update(
                    PLANNED,
                    pack(planned.to_json()),
                    id=planned.event.event_id,
                    result_type=dict,
                    rpc_timeout=timedelta(seconds=self._timeouts.planned),
                )
                return Told(unpack(answer, TakenEventDocument))
        except WorkflowUpdateFailedError:
            return Told(None)
        # A client that never connected raises RuntimeError.
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError, RuntimeError):
            return Told(None, is_answered=False)
        except RPCError as error:
            return Told(None, is_answered=error.status not in _AWAY)

    async def revive(
        self, snapshot: Snapshot, signal: str | None = None, payload: Mapping[str, Any] | None = None
    ) -> None:
        """Have an instance of the store run, and send it the signal, if any. A run that there is goes on.

        A new run loads the recorded past. If the run before did not complete, the new one gets its id: signals of that
        run may not be recorded.
        """
        facts = snapshot.facts
        async with self._slot(), _answering(self._timeouts.start):
            client, options = await self._provide(), _signal_options(signal, payload)
            latest = await self._describe(facts.organization, facts.instance_id)
            if latest is not None and latest.status is WorkflowExecutionStatus.RUNNING and not options:
                return
            completed = latest is not None and latest.status is WorkflowExecutionStatus.COMPLETED
            await start_from_record(
                client,
                workflow_id(facts.organization, facts.instance_id),
                self._task_queue,
                after=None if latest is None or completed else latest.run_id,
                summary=summary(snapshot),
                if_running=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=timedelta(seconds=self._timeouts.start),
                **options,
            )

    async def erase(self, organization: str, instance_id: str) -> bool:
        """End the instance's workflow, whatever it does, and have Temporal forget it; false where there is none."""
        async with self._slot(), _answering(self._timeouts.start):
            return await erase(await self._provide(), workflow_id(organization, instance_id))

    async def erase_all(self, organization: str) -> int:
        """The same for every run of the organization that Temporal lists; how many there were. Lists are a second
        late."""
        async with _answering(ERASING_SECONDS):
            return await erase_listed(await self._provide(), workflow_id(organization, ""))

    async def state(self, organization: str, instance_id: str) -> QueriedState | None:
        """The state as the workflow answers, None if there is no workflow or no worker answers in time."""
        clock = asyncio.get_running_loop().time
        deadline, wait = clock() + self._timeouts.state, FIRST_WAIT
        while (left := deadline - clock()) > 0:
            try:
                async with asyncio.timeout(min(wait, left)):
                    return await self._ask(organization, instance_id)
            except TimeoutError:
                # A query that arrives while the worker handles the instance may get stuck; a second one is answered.
                wait *= 2
            except WorkflowQueryFailedError:
                # A worker refuses a query that comes together with news (decision 14); a second one is answered.
                await asyncio.sleep(REFUSED_PAUSE)
        return None

    async def _ask(self, organization: str, instance_id: str) -> QueriedState | None:
        try:
            handle = await self._handle(organization, instance_id)
            return QueriedState.from_json(await handle.query(STATE_QUERY))
        # A client that never connected raises RuntimeError.
        except (WorkflowQueryRejectedError, RPCError, RuntimeError):
            return None

    async def opening(self, organization: str, instance_id: str) -> StartedState | None:
        """What the latest run was started with, read from its history: no worker is needed.

        None if there is no such workflow.
        """
        async with _answering(self._timeouts.state):
            handle = await self._handle(organization, instance_id)
            with suppress_status(RPCStatusCode.NOT_FOUND):
                return await _opening(await self._provide(), handle)
        return None

    async def is_running(self, organization: str, instance_id: str) -> bool:
        """Whether the workflow exists and has not ended. Temporal itself knows; no worker is needed."""
        async with _answering(self._timeouts.state):
            latest = await self._describe(organization, instance_id)
        return latest is not None and latest.status is WorkflowExecutionStatus.RUNNING

    async def _describe(self, organization: str, instance_id: str) -> WorkflowExecution | None:
        handle = await self._handle(organization, instance_id)
        with suppress_status(RPCStatusCode.NOT_FOUND):
            return await handle.describe(rpc_timeout=timedelta(seconds=self._timeouts.state))
        return None

    async def check(self) -> None:
        async with _answering(self._timeouts.health):
            client = await self._provide()
            await client.service_client.check_health(timeout=timedelta(seconds=self._timeouts.health))

    def _slot(self) -> AbstractAsyncContextManager[None]:
        return self._slots.one(self._timeouts.slot)

    async def _handle(self, organization: str, instance_id: str) -> WorkflowHandle[Any, Any]:
        return (await self._provide()).get_workflow_handle(workflow_id(organization, instance_id))


@asynccontextmanager
async def _answering(within: float) -> AsyncIterator[None]:
    # A client that never connected raises RuntimeError. Callers handle the statuses of RPCError that they expect.
    try:
        async with asyncio.timeout(within):
            yield
    except (TimeoutError, RPCError, RuntimeError) as error:
        raise EngineUnavailable("Temporal does not answer; try again.") from error


def _signal_options(signal: str | None, payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of `start_workflow` that send a signal along."""
    return {} if signal is None else {"start_signal": signal, "start_signal_args": [dict(payload or {})]}


async def _opening(client: Client, handle: WorkflowHandle[Any, Any]) -> StartedState:
    async for event in handle.fetch_history_events(page_size=1):
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            break
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        return StartedState.from_json((await client.data_converter.decode(list(payloads)))[0] if payloads else None)
    return StartedState.from_json(None)
