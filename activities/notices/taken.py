"""What this worker knows to have been taken: an attempt that is made again sends none of it once more."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from domain.record.records import Delivery

MOST = 20_000


@dataclass(slots=True)
class Taken:
    """The last `most` deliveries of this worker.

    An attempt may be given up although its worker is alive, when that is too busy for a heartbeat. Without this all of
    its notices were sent again, which is what a busy worker needs least.
    """

    most: int = MOST
    _deliveries: OrderedDict[tuple[str, str], Delivery] = field(default_factory=OrderedDict)

    def of(self, notice_id: str, channel: str) -> Delivery | None:
        return self._deliveries.get((notice_id, channel))

    def keep(self, delivery: Delivery) -> None:
        self._deliveries[delivery.notice_id, delivery.channel] = delivery
        if len(self._deliveries) > self.most:
            self._deliveries.popitem(last=False)
