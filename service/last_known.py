"""What a worker knows of each organization: read anew when it is old, the last one while the store is down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True)
class _Held(Generic[T]):
    until: float
    value: T | None


class LastKnown(Generic[T]):
    """What `read` answers for each organization, read anew when it is older than `fresh_seconds`.

    While the store is down it is the last one known. `what` is what the log calls it.
    """

    def __init__(
        self,
        what: str,
        read: Callable[[str], Awaitable[T]],
        fresh_seconds: float,
        store_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._what = what
        self._read = read
        self._fresh_seconds = fresh_seconds
        self._store_seconds = store_seconds
        self._clock = clock
        self._held: dict[str, _Held[T]] = {}
        self._reading: dict[str, asyncio.Lock] = {}

    async def of(self, organization: str) -> T | None:
        """None while the store is down and nothing was ever read."""
        # One read at a time: a burst of notices asks once.
        async with self._reading.setdefault(organization, asyncio.Lock()):
            held = self._held.get(organization)
            if held is None or self._clock() >= held.until:
                held = await self._refreshed(organization, held)
        return held.value

    def forget(self, organization: str) -> None:
        """Read it anew at the next question."""
        if (held := self._held.get(organization)) is not None:
            held.until = self._clock()

    async def _refreshed(self, organization: str, before: _Held[T] | None) -> _Held[T]:
        known = None if before is None else before.value
        try:
            async with asyncio.timeout(self._store_seconds):
                known = await self._read(organization)
        except Exception as error:  # noqa: BLE001 - whatever the store suffers, the notices of others must leave
            log.warning("%s of %s are taken as last known: %r", self._what, organization, error)
        held = self._held[organization] = _Held(self._clock() + self._fresh_seconds, known)
        return held
