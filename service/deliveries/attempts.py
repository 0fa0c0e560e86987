"""What workers have tried in vain, on its way into the log.

Notes are joined and written once a second, beside everything else: no notice waits for them, and a store that is down
loses none of them until it is back, unless there are too many. A worker that is killed takes its last second with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.errors import StoreUnavailable
from domain.instants import Instant
from domain.record.deliveries import DeliveryKey
from domain.record.notices import organization_of
from store.deliveries.attempts import Attempts, FailedAttempts

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
MOST_NOTED = 20_000
"""Deliveries whose attempts wait to be written."""
A_TURN = 500
"""Deliveries that are written in one transaction."""
ENDED_EVERY = 10
"""Rounds after which what was tried on channels that are gone is looked for."""
LONGEST_ERROR = 500
LAST_SECONDS = 2.0


class AttemptLog:
    def __init__(self, kept: Attempts) -> None:
        self._kept = kept
        self._noted: dict[DeliveryKey, FailedAttempts] = {}
        self._lost = 0

    def note(
        self, notice: Mapping[str, Any], channel: str, error: str, began_at: Instant | None, ended_at: Instant
    ) -> None:
        """One attempt in vain, which will be made again; none where nothing was sent (`began_at` is None)."""
        key = DeliveryKey(organization_of(notice), str(notice["subject"]), str(notice["id"]), channel)
        self._join(FailedAttempts(key, int(began_at is not None), began_at, ended_at, error[:LONGEST_ERROR]))

    async def flush(self) -> None:
        """Write what is noted. Raises StoreUnavailable, and then keeps what is not written."""
        while self._noted:
            some = list(self._noted.values())[:A_TURN]
            for one in some:
                del self._noted[one.key]
            early: Sequence[FailedAttempts] = some
            try:
                early = await self._kept.add(some)
            finally:
                for one in early:
                    self._join(one)
            if early:
                return

    async def keep(self) -> None:
        """Write what is noted, for ever."""
        rounds = 0
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            try:
                await self.flush()
                rounds += 1
                if rounds % ENDED_EVERY == 0:
                    await self._kept.end()
            except StoreUnavailable as error:
                log.warning("attempts wait to be written: %s", error)
            except Exception:
                # Whatever is wrong with one of them, the log of the others must go on.
                log.exception("attempts could not be written")

    async def close(self) -> None:
        """Write what is left, if that is soon done."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self.flush()
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("attempts of %d deliveries are not in the log: %r", len(self._noted), error)

    def _join(self, one: FailedAttempts) -> None:
        before = self._noted.get(one.key)
        if before is not None:
            newest = max(before, one, key=lambda some: some.ended_at)
            began_at = newest.began_at or before.began_at or one.began_at
            one = replace(newest, count=before.count + one.count, began_at=began_at)
        elif len(self._noted) >= MOST_NOTED:
            self._lost += 1
            if self._lost == 1:
                log.warning("too many attempts wait to be written: others are not noted")
            return
        self._noted[one.key] = one
