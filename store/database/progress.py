"""Waiting for one's turn: however many wait, nobody is refused while somebody gets on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


class WaitProgress:
    """`made()` is called by whoever holds a turn, from any thread, whenever it has got on."""

    def __init__(self, timeout: float) -> None:
        """`timeout`: how many seconds may pass without any progress."""
        self._timeout = timeout
        self._made_at = float("-inf")

    def made(self) -> None:
        self._made_at = time.monotonic()

    async def until(self, turn: Callable[[], Awaitable[Any]]) -> None:
        """Ask for the turn, again and again while others get on. Raises TimeoutError once nobody has, for too long."""
        began = time.monotonic()
        while (left := max(began, self._made_at) + self._timeout - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await turn()
                    return
            except TimeoutError:
                continue
        raise TimeoutError
