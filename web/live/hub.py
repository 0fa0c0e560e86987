"""News for all open browsers together: one task asks the store once a second, and the engine less often.

A browser that hears `changed` fetches what it shows again. No browser asks the store by itself, and none a workflow.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from domain.errors import SlaError
from domain.instants import Instant
from service.dependencies import Dependencies
from service.readiness import readiness
from store.instances.changes import Cursor
from web.live.lamp import UNKNOWN, Lamp, lamp_of
from web.live.pacing import Pacing
from web.live.shared import Shared

CHANGED, LAMP = "changed", "lamp"
LOOK_SECONDS = 1.0
LAMP_SECONDS = 10.0
"""Asking whether the engine is well costs the store a write and Temporal some questions."""
QUIET_SECONDS = 20.0
"""Something is sent so often at least, so that proxies keep the connection and a browser that is gone is noticed."""

log = logging.getLogger(__name__)


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
        self.shared = Shared()
        self._pacing = Pacing()

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def turn(self, organization: str) -> int:
        """How often browsers of the organization were told of a change: what was made before is not fresh any more."""
        return self._turns[organization]

    async def news(self, organization: str) -> AsyncIterator[str]:
        """`changed` when tickets of the organization have changed, `lamp` when the engine's state has; empty texts in
        between."""
        listener = _Listener(organization)
        self._listeners.add(listener)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
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

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        cursor: Cursor | None = None
        lamp_due = 0.0
        while self._listeners:
            try:
                changes = await self._dependencies().store.changes.since(cursor)
            except SlaError as error:
                # The lamp says so; what was missed is told once the store answers again.
                log.warning("the store cannot be looked at: %s", error.message)
                lamp_due = 0.0
            else:
                if cursor is not None:
                    self._turns.update(changes.organizations)
                    audience = (one.organization for one in self._listeners)
                    self._tell(CHANGED, self._pacing.told_now(changes.organizations, audience, clock()))
                cursor = changes.cursor
            if clock() >= lamp_due:
                await self._ask_lamp()
                lamp_due = clock() + LAMP_SECONDS
            await asyncio.sleep(self._look_seconds)

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
