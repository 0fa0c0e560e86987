"""What a worker knows of each organization's settings, also while the store is down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

FRESH_SECONDS = 2.0
"""For so long a worker takes what it has read for what there is."""
STORE_SECONDS = 1.0


@dataclass(slots=True)
class _Held(Generic[T]):
    until: float
    known: T | None


class LastKnown(Generic[T]):
    """Something of each organization: read anew when it is older than `FRESH_SECONDS`, the last known while it cannot
    be read. `what` it is stands in the log, and for `store_seconds` it is waited for."""

    what: ClassVar[str] = "settings"
    store_seconds: ClassVar[float] = STORE_SECONDS

    def __init__(
        self,
        read: Callable[[str], Awaitable[T]],
        fresh_seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._held: dict[str, _Held[T]] = {}
        self._reading: dict[str, asyncio.Lock] = {}

    async def of(self, organization: str) -> T | None:
        """None while it cannot be read, and never was."""
        # One read at a time: a burst of notices asks once.
        async with self._reading.setdefault(organization, asyncio.Lock()):
            held = self._held.get(organization)
            if held is None or self._clock() >= held.until:
                held = await self._refreshed(organization, held)
        return held.known

    def forget(self, organization: str) -> None:
        """Read it anew at the next question."""
        if (held := self._held.get(organization)) is not None:
            held.until = self._clock()

    async def _refreshed(self, organization: str, before: _Held[T] | None) -> _Held[T]:
        known = None if before is None else before.known
        try:
            async with asyncio.timeout(self.store_seconds):
                known = await self._read(organization)
        except Exception as error:  # noqa: BLE001 - whatever the store suffers, the notices of others must leave
            log.warning("%s of %s are taken as last known: %r", self.what, organization, error)
        held = self._held[organization] = _Held(self._clock() + self._fresh_seconds, known)
        return held
