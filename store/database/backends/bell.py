"""News between the processes of one PostgreSQL server: whoever has committed a change rings, whoever shows it listens.

A ring is a transaction of its own, after the one that it tells of: NOTIFY takes a lock that commits then queue for, so
that a flush of the disk would serve one of them instead of many. A ring may be lost with its process. Whoever listens
looks now and then anyway.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError

CHANNEL = "sla_changes"
PAUSE_SECONDS = 0.05
"""Between two rings of a process: a ring tells of all that was committed before it."""
CLOSING_SECONDS = 1.0
"""For a last ring."""
AGAIN_SECONDS = 1.0
"""Until a listener that has lost its connection tries again."""
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""Seconds and a number, by which a listener notices within half a minute that its server has vanished."""

log = logging.getLogger(__name__)

Heard = Callable[[bool], None]
"""True: something may have changed. False: from now on nobody tells."""


class Bell:
    """Belongs to one event loop."""

    def __init__(self, notify: Callable[[], Awaitable[None]]) -> None:
        """`notify` commits one NOTIFY."""
        self._notify = notify
        self._wanted = False
        self._ringing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def ring(self) -> None:
        """At once, or a moment after the ring before. Nobody waits for it, and its failure is of no consequence."""
        self._wanted = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def close(self) -> None:
        """Ring no more. A ring that is on its way is waited for: cancelled, it would leave its connection to nobody."""
        self._closing.set()
        if self._ringing is None:
            return
        _, late = await asyncio.wait({self._ringing}, timeout=CLOSING_SECONDS)
        for one in late:
            one.cancel()
            await asyncio.wait({one})

    async def _ring(self) -> None:
        while self._wanted and not self._closing.is_set():
            self._wanted = False
            try:
                await self._notify()
            except (SQLAlchemyError, TimeoutError, OSError) as error:
                log.debug("a change was not told: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), PAUSE_SECONDS)


async def listen(connect_to: Mapping[str, Any], heard: Heard) -> None:
    """Tell `heard` of every ring until cancelled, on a connection of its own that is made anew when it is lost.

    `connect_to` is what psycopg connects with. What was rung meanwhile is told with the next connection.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(**{**KEEPALIVES, **connect_to}, autocommit=True) as conn:
                await conn.execute(f"LISTEN {CHANNEL}".encode())
                heard(True)
                async for _ in conn.notifies():
                    heard(True)
        except (psycopg.Error, OSError) as error:
            log.info("changes are looked for, not told, until the database can be listened to: %s", error)
        finally:
            heard(False)
        await asyncio.sleep(AGAIN_SECONDS)
