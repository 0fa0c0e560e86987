"""Waiting for a turn. However many wait, nobody is refused while the one who has the turn makes progress."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


class WaitProgress:
    """Whoever has the turn calls `made()` at every progress, from any thread."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is the longest time without progress, in seconds."""
        self._timeout = timeout
        self._made_at = float("-inf")

    def made(self) -> None:
        self._made_at = time.monotonic()

    async def until(self, turn: Callable[[], Awaitable[Any]]) -> None:
        """Ask for the turn again and again while others make progress.

        Raises TimeoutError when nobody has made any for `timeout` seconds.
        """
        began = time.monotonic()
        while (left := max(began, self._made_at) + self._timeout - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await turn()
                    return
            except TimeoutError:
                continue
        raise TimeoutError
