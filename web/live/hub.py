"""News for all open browsers together: one task asks the store, when it is told that something changed or else once a
second, and the engine less often.

A browser that hears `changed` fetches what it shows again. No browser asks the store by itself, and none a workflow.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from domain.errors import SlaError
from domain.instants import Instant
from service.dependencies import Dependencies
from service.readiness import readiness
from store.access.organizations import Organization
from store.instances.changes import Cursor
from web.live.lamp import UNKNOWN, Lamp, lamp_of
from web.live.pacing import Pacing
from web.live.shared import Shared

CHANGED, LAMP = "changed", "lamp"
LOOK_SECONDS = 1.0
"""So often the store is asked where nobody tells, and about so often an organization is told at most."""
TOLD_LOOK_SECONDS = 5.0
"""So often where changes are told: what was told to nobody is seen then."""
BETWEEN_LOOKS_SECONDS = 0.1
"""However often something is told."""
LAMP_SECONDS = 10.0
"""Asking whether the engine is well costs the store a write and Temporal some questions."""
QUIET_SECONDS = 20.0
"""Something is sent so often at least, so that proxies keep the connection and a browser that is gone is noticed."""

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Listener:
    organization: str
    news: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: set[str] = field(default_factory=set)

    def tell(self, what: str) -> None:
        """A browser that is slow hears once of what happened several times."""
        self.waiting.add(what)
        self.news.set()


class Hub:
    """Belongs to one event loop. Looks only while somebody listens."""

    def __init__(self, dependencies: Callable[[], Dependencies], look_seconds: float = LOOK_SECONDS) -> None:
        self._dependencies = dependencies
        self._look_seconds = look_seconds
        self._listeners: set[_Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._turns: Counter[str] = Counter()
        self.lamp: Lamp = UNKNOWN
        self._well_at: Instant | None = None
        self._shared = Shared()
        self._pacing = Pacing(0.9 * look_seconds)
        self._rung = asyncio.Event()
        self.is_told = False

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def turn(self, organization: str) -> int:
        """How often browsers of the organization were told of a change: what was made before is not fresh any more."""
        return self._turns[organization]

    async def once(self, owner: Organization, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` makes, once for all browsers of the organization between two changes that they are told of.

        `key` names everything else that it depends on. Raises what `make` raises.
        """
        return await self._shared.once((owner.id, owner.timezone, self.turn(owner.id), key), make)

    async def news(self, organization: str) -> AsyncIterator[str]:
        """`changed` when tickets of the organization have changed, `lamp` when the engine's state has; empty texts in
        between."""
        listener = _Listener(organization)
        self._listeners.add(listener)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_and_listen())
        try:
            yield LAMP
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(listener.news.wait(), QUIET_SECONDS)
                listener.news.clear()
                said, listener.waiting = sorted(listener.waiting), set()
                for what in said or [""]:
                    yield what
        finally:
            self._listeners.discard(listener)

    async def _look_and_listen(self) -> None:
        listening = asyncio.create_task(self._dependencies().store.changes.listen(self._hear))
        try:
            await self._look()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def _hear(self, is_told: bool) -> None:
        self.is_told = is_told
        self._rung.set()

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        cursor: Cursor | None = None
        lamp_due = 0.0
        while self._listeners:
            was_rung = self._rung.is_set()
            self._rung.clear()
            try:
                changes = await self._dependencies().store.changes.since(cursor)
            except SlaError as error:
                # The lamp says so; what was missed is told once the store answers again.
                log.warning("the store cannot be looked at: %s", error.message)
                lamp_due = 0.0
            else:
                if cursor is not None:
                    # Found without a word: a bell that rings for nobody is trusted again once it is heard.
                    self.is_told &= was_rung or self._rung.is_set() or not changes.organizations
                    self._turns.update(changes.organizations)
                    audience = (one.organization for one in self._listeners)
                    self._tell(CHANGED, self._pacing.told_now(changes.organizations, audience, clock()))
                cursor = changes.cursor
            if clock() >= lamp_due:
                await self._ask_lamp()
                lamp_due = clock() + LAMP_SECONDS
            await self._until_the_next_look(lamp_due - clock())

    async def _until_the_next_look(self, lamp_in: float) -> None:
        clock = asyncio.get_running_loop().time
        began, due_at = clock(), self._pacing.due_at()
        waits = [lamp_in, TOLD_LOOK_SECONDS if self.is_told else self._look_seconds]
        if due_at is not None:
            waits.append(due_at - began)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), max(0.0, min(waits)))
        least = min(BETWEEN_LOOKS_SECONDS, self._look_seconds)
        await asyncio.sleep(max(0.0, least - (clock() - began)))

    async def _ask_lamp(self) -> None:
        deps = self._dependencies()
        now = deps.now()
        found = await readiness(deps.store, deps.temporal, deps.task_queue, now, deps.timeouts.health)
        lamp = lamp_of(found, now, self._well_at)
        if lamp.kind != "bad":
            self._well_at = now
        if lamp.says != self.lamp.says:
            self._tell(LAMP, {one.organization for one in self._listeners})
        self.lamp = lamp

    def _tell(self, what: str, organizations: frozenset[str] | set[str]) -> None:
        for one in self._listeners:
            if one.organization in organizations:
                one.tell(what)
