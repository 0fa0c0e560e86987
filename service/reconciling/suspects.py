"""Runs that the worker has seen fail in a way that no retry repairs."""

from __future__ import annotations

import asyncio
import threading
from enum import StrEnum


class Suspicion(StrEnum):
    NOT_REPLAYED = "not_replayed"
    """The SDK has given up the run, because its history could not be replayed."""
    REFUSED = "refused"
    """The store has refused a record of the run, because it holds another record under its key."""


class Suspects:
    """Reported runs. Belongs to one event loop; any thread may report."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, str], Suspicion] = {}
        self._news = asyncio.Event()

    def report(self, suspicion: Suspicion, workflow_id: str, run_id: str) -> None:
        with self._lock:
            self._runs[workflow_id, run_id] = suspicion
        self._loop.call_soon_threadsafe(self._news.set)

    def take(self) -> dict[tuple[str, str], Suspicion]:
        """All (workflow id, run id) that were reported since the last call, with the suspicion."""
        with self._lock:
            taken, self._runs = self._runs, {}
        self._news.clear()
        return taken

    async def wait(self, seconds: float) -> None:
        """Wait until a run is reported, at most so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass
