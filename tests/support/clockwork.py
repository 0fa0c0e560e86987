"""A real Temporal server whose time can be moved, a real worker on it, and the tickets of a test."""

from __future__ import annotations

import asyncio
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.ports import NoticeChannel, Projection
from domain.errors import StoreUnavailable
from domain.ids import workflow_id
from domain.instants import Instant, from_datetime, parse, render, to_datetime
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.policy.snapshot import Snapshot
from domain.record.records import Delivery, Record, first_record
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from service.temporal.queries import ask
from tests.support.replaying import event_types
from worker import build_worker
from workflows.documents import StateDocument
from workflows.messages import STATE_QUERY, WORKFLOW_TYPE, start_input
from workflows.packing import unpack
from workflows.visibility import at_start, attribute_values

ORGANIZATION = "default"


def binary(name: str) -> str:
    """A server's program, from the environment that runs the tests."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found is not None, f"{name} is not installed"
    return found


async def time_skipping() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary("temporal-test-server"),
        data_converter=pydantic_data_converter,
        identity="tests",
    )


async def _unless_refused(answer: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await answer()
    except WorkflowQueryFailedError as refused:
        return refused


async def eventually(
    answer: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool] = bool, seconds: float = 60
) -> Any:
    """The first answer that holds; fails with the last one when none does in time.

    A workflow that is busy may refuse a question again and again (decision 14): it is asked again then.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while isinstance(last := await _unless_refused(answer), WorkflowQueryFailedError) or not holds(last):
        assert asyncio.get_running_loop().time() < deadline, f"never held; last answer: {last}"
        await asyncio.sleep(0.02)
    return last


@dataclass
class Mailbox:
    """A channel that takes `seconds` to keep what it is sent; `failures` are raised first, one an attempt."""

    name: str = "mailbox"
    seconds: float = 0
    notices: list[Mapping[str, Any]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    attempts: int = 0

    async def send(self, notice: Mapping[str, Any]) -> None:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        await asyncio.sleep(self.seconds)
        self.notices.append(notice)

    @property
    def ids(self) -> list[str]:
        """Those of the notices, from the target on."""
        return [notice["id"].split("/", 2)[2] for notice in self.notices]


@dataclass
class Switchable:
    """A projection that can be switched off, as a store that is down."""

    inner: Projection
    down: bool = False

    async def apply(self, record: Record) -> None:
        self._check()
        await self.inner.apply(record)

    async def deliveries(self, step: Record) -> Sequence[Delivery]:
        self._check()
        return await self.inner.deliveries(step)

    async def load(self, organization: str, instance_id: str) -> StateDocument | None:
        self._check()
        return await self.inner.load(organization, instance_id)

    async def catalog(self, organization: str) -> Catalog:
        self._check()
        return await self.inner.catalog(organization)

    async def auto_escalate(self, organization: str) -> bool:
        self._check()
        return await self.inner.auto_escalate(organization)

    def _check(self) -> None:
        if self.down:
            raise StoreUnavailable("the store is switched off")


@dataclass
class Clockwork:
    env: WorkflowEnvironment
    projection: Switchable
    mailbox: Mailbox = field(default_factory=Mailbox)
    task_queue: str = field(default_factory=lambda: f"sla-{uuid.uuid4()}")

    @property
    def client(self) -> Client:
        return self.env.client

    def worker(self, channels: Sequence[NoticeChannel] | None = None, **options: Any) -> Worker:
        given = [self.mailbox] if channels is None else channels
        return build_worker(self.client, self.projection, given, task_queue=self.task_queue, **options)

    async def now(self) -> Instant:
        return from_datetime(await self.env.get_current_time())

    async def open(
        self,
        snapshot: Snapshot,
        opened_at: Instant | None = None,
        first: tuple[str, Mapping[str, Any]] | None = None,
        *,
        recorded: bool = False,
        attributes: Collection[str] = (),
    ) -> Opened:
        """Start an instance; `first` is the signal that comes with the start. With `recorded`, and the names of the
        search attributes that there are, the way the API does."""
        at = await self.now()
        opened = Event(EventKind.OPENED, "opened", at if opened_at is None else opened_at, at)
        planned = plan(snapshot, [opened])
        handle = await self.client.start_workflow(
            WORKFLOW_TYPE,
            start_input(snapshot, planned, opened, recorded=recorded),
            id=workflow_id(snapshot.organization, snapshot.facts.instance_id),
            task_queue=self.task_queue,
            search_attributes=at_start(attribute_values(snapshot.facts, planned, at), attributes),
            start_signal=None if first is None else first[0],
            start_signal_args=[] if first is None else [dict(first[1])],
        )
        if recorded:
            await self.projection.inner.apply(first_record(snapshot.to_json(), planned, opened))
        return Opened(self, handle, opened.occurred_at)

    async def sleep_until(self, instant: Instant) -> None:
        left = to_datetime(instant) - await self.env.get_current_time()
        if left > timedelta(0):
            await self.env.sleep(left)


@dataclass
class Opened:
    """One running ticket; minutes are counted from its opening."""

    clockwork: Clockwork
    handle: WorkflowHandle[Any, Any]
    opened_at: Instant

    @property
    def instance_id(self) -> str:
        return self.handle.id.rpartition("/")[2]

    def at(self, minutes: float) -> str:
        return render(self.instant(minutes))

    def instant(self, minutes: float) -> Instant:
        return Instant(self.opened_at + round(minutes * 60_000_000))

    def minute(self, text: str) -> float:
        return round((parse(text) - self.opened_at) / 60_000_000, 4)

    async def go_to(self, minutes: float) -> None:
        await self.clockwork.sleep_until(self.instant(minutes))

    async def has_standing(self, count: int) -> dict[str, Any]:
        """The state once at least so many milestones stand."""
        answer: dict[str, Any] = await eventually(self.state, lambda state: len(standing(state)) >= count)
        return answer

    async def signal(self, name: str, minutes: float | None = None, **payload: Any) -> None:
        if minutes is not None:
            payload["occurred_at"] = self.at(minutes)
        await self.handle.signal(name, payload)

    async def state(self) -> dict[str, Any]:
        return unpack(await ask(self.handle, STATE_QUERY))

    async def applied(self, *event_ids: str) -> dict[str, Any]:
        answer: dict[str, Any] = await eventually(self.state, lambda state: set(event_ids) <= set(state["applied"]))
        return answer

    async def fired(self, *names: str) -> dict[str, Any]:
        """The state once these milestones stand (`resolution/breached`)."""
        answer: dict[str, Any] = await eventually(self.state, lambda state: set(names) <= set(standing(state)))
        return answer

    async def target(self, type_: str) -> dict[str, Any]:
        return target_of(await self.state(), type_)

    async def updated(self, times: int) -> None:
        """Updates u0, u1 and so on, one after the other."""
        for number in range(times):
            await self.signal("update", event_id=f"u{number}", attributes={"n": number})
            await self.applied(f"u{number}")

    async def result(self) -> dict[str, Any]:
        answer: dict[str, Any] = await self.handle.result()
        return answer

    async def history(self) -> list[str]:
        return event_types(await self.handle.fetch_history())


def standing(state: Mapping[str, Any]) -> list[str]:
    return [f"{f['target']}/{f['milestone']}" for f in state.get("ledger", ()) if f["withdrawn_at"] is None]


def target_of(state: Mapping[str, Any], type_: str) -> dict[str, Any]:
    found: dict[str, Any] = next(target for target in state["plan"]["targets"] if target["type"] == type_)
    return found


@asynccontextmanager
async def working(clockwork: Clockwork, **options: Any) -> AsyncIterator[Clockwork]:
    async with clockwork.worker(**options):
        yield clockwork


def snapshot_of(
    policy: Any, priority: str | None = "high", subject: str | None = None, catalog: Any = None
) -> Snapshot:
    """The snapshot of a fresh ticket under one policy."""
    ticket = Ticket.from_json({"ticket_id": subject or str(uuid.uuid4()), "priority": priority})
    made = (catalog or Catalog(ORGANIZATION, (policy,), {})).snapshot(ticket, "test")
    assert made is not None
    return made
