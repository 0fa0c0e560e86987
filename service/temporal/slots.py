"""Slots for commands at Temporal. With more commands at once each of them, and all together, take longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from domain.errors import ClientGone, EngineUnavailable

AT_ONCE = 16

client_is_gone: ContextVar[Callable[[], Awaitable[bool]] | None] = ContextVar("client_is_gone", default=None)
"""Asks whether the client of the present request has closed its connection."""


class CommandSlots:
    """One for a process. Slots are given in the order of arrival. Belongs to one event loop."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def one(self, within: float) -> AsyncIterator[None]:
        """A slot. Raises EngineUnavailable if it does not come within that many seconds.

        Raises ClientGone if the client has left meanwhile: nothing is done for it then.
        """
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
    """Raises ClientGone when the client has closed the connection."""
    is_gone = client_is_gone.get()
    if is_gone is not None and await is_gone():
        raise ClientGone("The connection was closed before anything was done.")
