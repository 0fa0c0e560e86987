"""What ticket systems send: each request until it is answered 2xx, so that in the end nothing is uncertain."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.instants import Instant, render
from domain.ticket.events import EventKind
from tests.chaos.schedule import Schedule, Send
from tests.chaos.stories import Story, Told
from workflows.messages import SIGNALS

REQUEST_SECONDS = 15.0
# After the end of the load, by when no fault happens any more.
ANSWER_SECONDS = 240.0
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
# The connections of a help desk's outbox; what waits behind them keeps its event time.
AT_ONCE = 16
NO_ANSWER = 0
SECOND = 1_000_000
COMMANDS = {kind: signal for signal, kind in SIGNALS.items()}
# What `/instances/{id}/...` has a route for; the rest is told at `/events`.
COMMANDS_OF_INSTANCES = frozenset(
    {
        EventKind.ACKNOWLEDGED,
        EventKind.PAUSED,
        EventKind.RESUMED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
        EventKind.CANCELLED,
        EventKind.ASSIGNED,
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    body: Mapping[str, Any]
    key: str | None = None


@dataclass
class Load:
    http: httpx.AsyncClient
    base: Instant
    """The start of the run, which every second of the schedule is counted from."""
    counts: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """Requests by what kept them from being answered 2xx."""
    problems: list[str] = field(default_factory=list)
    accepted: defaultdict[str, dict[str, Told]] = field(default_factory=lambda: defaultdict(dict))
    """Of each ticket what was answered 2xx, by event id."""

    def __post_init__(self) -> None:
        self._settled: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._connections = asyncio.Semaphore(AT_ONCE)
        self._deadline = 0.0

    async def run(self, schedule: Schedule) -> None:
        self._deadline = self.base / SECOND + schedule.seconds + ANSWER_SECONDS
        await asyncio.gather(*(self._send_in_time(send) for send in schedule.sends))

    def extend(self) -> None:
        """Have as long again for what is told from now on."""
        self._deadline = time.time() + ANSWER_SECONDS

    async def tell(self, story: Story, told: Told) -> None:
        """Until it is answered 2xx; what is refused or never answered is a problem."""
        request = request_for(story, told, self.base)
        wait, tries = FIRST_WAIT, 0
        while time.time() < self._deadline:
            status, text = await self._attempt(request)
            if 200 <= status < 300:
                self.answers[status] += 1
                self.accepted[story.ticket_id][told.event_id] = told
                return
            if status not in (NO_ANSWER, 503):
                self.problems.append(f"{story.ticket_id}: {told.event_id} was answered {status}: {text[:500]}")
            if 400 <= status < 500:
                break
            tries += 1
            self.failures[text if status == NO_ANSWER else str(status)] += 1
            self.counts["events retried"] += tries == 1
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        self.problems.append(f"{story.ticket_id}: {told.event_id} was not answered {ANSWER_SECONDS:g} s after the load")

    async def _send_in_time(self, send: Send) -> None:
        await asyncio.sleep(max(0, self.base / SECOND + send.at - time.time()))
        if send.story.by_instances and send.told.kind is not EventKind.OPENED:
            # Nobody can command what does not exist yet.
            await self._settled[send.story.ticket_id].wait()
        self.counts["requests sent twice" if send.is_double else "events sent"] += 1
        self.counts["events sent late"] += send.is_late
        await self.tell(send.story, send.told)
        if send.told.kind is EventKind.OPENED:
            self._settled[send.story.ticket_id].set()

    async def _attempt(self, request: Request) -> tuple[int, str]:
        """Status and body, or no status and what kept the answer from coming."""
        headers = {} if request.key is None else {"Idempotency-Key": request.key}
        try:
            async with self._connections:
                answer = await self.http.post(request.path, json=request.body, headers=headers, timeout=REQUEST_SECONDS)
        except httpx.HTTPError as error:
            return NO_ANSWER, type(error).__name__
        return answer.status_code, answer.text


def request_for(story: Story, told: Told, base: Instant) -> Request:
    at = render(instant_of(told, base))
    ticket = {"priority": story.priority, "fields": dict(story.fields), "team_id": story.team_id}
    if story.by_instances and told.kind is EventKind.OPENED:
        body = {"ticket_id": story.ticket_id, **ticket, "occurred_at": at}
        return Request("/instances", body, key=told.event_id)
    body = {"event_id": told.event_id, "occurred_at": at, **_details(told)}
    if story.by_instances and told.kind in COMMANDS_OF_INSTANCES:
        return Request(f"/instances/{story.instances[0]}/{COMMANDS[told.kind]}", body)
    body |= {"type": told.kind.value, "ticket_id": story.ticket_id}
    if not story.by_instances:
        # Whichever event comes first opens the ticket, as it was opened.
        body["ticket"] = {**ticket, "occurred_at": render(instant_of(story.opening, base))}
    return Request("/events", body)


def instant_of(told: Told, base: Instant) -> Instant:
    return Instant(base + round(told.at * SECOND))


def _details(told: Told) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if told.cause:
        details["cause"] = told.cause
    if told.kind is EventKind.ASSIGNED:
        details["team_id"] = told.team_id
    if told.attributes:
        details["fields"] = dict(told.attributes)
    return details
