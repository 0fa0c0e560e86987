"""The search attributes with which instances may be started: those that the namespace was found to have."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from temporalio.client import Client
from temporalio.service import RPCError

from service.temporal.search_attributes import available
from workflows.visibility import ATTRIBUTES

ASK_SECONDS = 1.0
ASK_AGAIN_SECONDS = 60.0
"""The pause, in seconds, before asking again while some are missing."""

log = logging.getLogger(__name__)


class Attributes:
    """One for a process.

    A start waits at most `ASK_SECONDS`: an instance sets attributes that it was started without.
    """

    def __init__(self) -> None:
        self._known: Collection[str] = ()
        self._ask_at = 0.0
        self._asking = asyncio.Lock()

    async def names(self, client: Client) -> Collection[str]:
        clock = asyncio.get_running_loop().time
        if len(self._known) < len(ATTRIBUTES) and clock() >= self._ask_at:
            async with self._asking:
                if clock() >= self._ask_at:
                    self._known = await _existing(client)
                    self._ask_at = clock() + ASK_AGAIN_SECONDS
        return self._known

    def forget(self) -> None:
        """Forget them after a start with them was refused: the namespace does not have them, or not everywhere yet."""
        self._known = ()
        self._ask_at = asyncio.get_running_loop().time() + ASK_AGAIN_SECONDS


async def _existing(client: Client) -> Collection[str]:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return await available(client, ATTRIBUTES)
    except (TimeoutError, RPCError, RuntimeError) as error:
        # A client that never connected raises RuntimeError.
        log.warning("search attributes cannot be asked for: %r", error)
        return ()
