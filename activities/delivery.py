"""`deliver`: one notice to every channel that has not settled it yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import Channel, NoticeFailed, NoticeRefused
from domain.instants import Instant
from domain.records import Delivery
from workflows.calls import DELIVER

DELIVERED = "delivered"
DEAD = "dead"


class Deliverer:
    def __init__(self, channels: Sequence[Channel], now: Callable[[], Instant]) -> None:
        self._channels = tuple(channels)
        self._now = now

    @activity.defn(name=DELIVER)
    async def deliver(self, request: dict[str, Any]) -> dict[str, Any]:
        """`{notice, settled: [channel]}` to `{deliveries, pending: [channel]}`.

        Progress on any channel is answered at once, so that a retry for the others never sends it again; with no
        progress at all the attempt fails and Temporal retries it.
        """
        notice, settled = request["notice"], set(request["settled"])
        open_channels = [channel for channel in self._channels if channel.name not in settled]
        answers = await asyncio.gather(*(self._send(channel, notice) for channel in open_channels))
        deliveries = [answer for answer in answers if isinstance(answer, Delivery)]
        failures = [answer for answer in answers if isinstance(answer, NoticeFailed)]
        if failures and not deliveries:
            raise _retry(failures)
        done = {delivery.channel for delivery in deliveries}
        return {
            "deliveries": [delivery.to_json() for delivery in deliveries],
            "pending": [channel.name for channel in open_channels if channel.name not in done],
        }

    async def _send(self, channel: Channel, notice: Mapping[str, Any]) -> Delivery | NoticeFailed:
        try:
            await channel.send(notice)
        except NoticeRefused as refusal:
            activity.logger.warning("notice %s refused by %s: %s", notice["id"], channel.name, refusal.message)
            return Delivery(notice["id"], channel.name, DEAD, self._now(), refusal.message)
        except NoticeFailed as failure:
            return failure
        return Delivery(notice["id"], channel.name, DELIVERED, self._now())


def _retry(failures: Sequence[NoticeFailed]) -> ApplicationError:
    waits = [failure.retry_after for failure in failures if failure.retry_after is not None]
    delay = timedelta(seconds=min(waits)) if waits else None
    message = "; ".join(failure.message for failure in failures)
    return ApplicationError(message, type=NoticeFailed.code, next_retry_delay=delay)
