"""Turns at Temporal: more commands at once would only make each of them slower, and all of them together, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.errors import EngineUnavailable

AT_ONCE = 16

asking: ContextVar[Request | None] = ContextVar("asking", default=None)
"""The request that is being answered."""


class Turns:
    """One for a process; whoever waits gets a turn in the order of arrival. Belongs to one event loop."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def one(self, within: float) -> AsyncIterator[None]:
        """Raises EngineUnavailable when it does not come within that many seconds, HTTPException for a client that has
        gone meanwhile: nothing is done for it then."""
        waits = self._free.locked()
        try:
            async with asyncio.timeout(within):
                await self._free.acquire()
        except TimeoutError as error:
            raise EngineUnavailable("Temporal does not answer fast enough; try again.") from error
        try:
            if waits:
                await require_client()
            yield
        finally:
            self._free.release()


async def require_client() -> None:
    """Raises HTTPException when whoever asked has closed the connection."""
    request = asking.get()
    if request is not None and await request.is_disconnected():
        raise HTTPException(400, "The connection was closed before anything was done.")
