"""What many browsers fetch at once is read and made once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

FRESH_SECONDS = 2.0
MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Made:
    at: float
    thing: asyncio.Task[Any]


class Shared:
    """Belongs to one event loop. A key names everything that the thing depends on, whose it is first of all."""

    def __init__(self) -> None:
        self._made: dict[Hashable, _Made] = {}

    async def once(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What was made for the key within `FRESH_SECONDS`, or is being made. Raises what `make` raises."""
        now = asyncio.get_running_loop().time()
        made = self._made.get(key)
        if made is None or now - made.at > FRESH_SECONDS:
            self._made = {name: one for name, one in self._made.items() if now - one.at <= FRESH_SECONDS}
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            made = self._made[key] = _Made(now, asyncio.create_task(_awaited(make)))
        # Whoever waits and goes away takes it from nobody else.
        found: T = await asyncio.shield(made.thing)
        return found


async def _awaited(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
