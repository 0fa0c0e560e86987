"""Receivers that have said when to come again: until then an attempt for the sake of others leaves them alone."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from activities.notices.sending import Failure

MOST = 20_000


@dataclass(slots=True)
class Asked:
    """The last `most` failures of this worker with a time to come again, by Temporal's clock, which counts attempts.

    A worker that knows nothing of them asks a receiver earlier than it would have it.
    """

    most: int = MOST
    _waits: OrderedDict[tuple[str, str], tuple[Failure, datetime]] = field(default_factory=OrderedDict)

    def left(self, notice_id: str, channel: str, now: datetime) -> Failure | None:
        """What the channel came to last, and after how many seconds it is to be asked again; None where it is time."""
        failure, until = self._waits.get((notice_id, channel), (None, now))
        if failure is None or until <= now:
            return None
        return replace(failure, retry_after=(until - now).total_seconds(), began_at=None)

    def keep(self, notice_id: str, failure: Failure, now: datetime) -> None:
        """Of a failure that does not say when to come again nothing is kept."""
        self._waits.pop((notice_id, failure.channel), None)
        if failure.retry_after is None:
            return
        self._waits[notice_id, failure.channel] = failure, now + timedelta(seconds=failure.retry_after)
        if len(self._waits) > self.most:
            self._waits.popitem(last=False)
