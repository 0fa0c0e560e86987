"""The worker's own log. It is no receiver: a notice that stands there alone has reached nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from channels.channel import Channel, ChannelKind, Outside
from domain.record.records import LOG

logger = logging.getLogger("slakeeper.notices")


class LogChannel:
    name = LOG

    async def send(self, notice: Mapping[str, Any]) -> None:
        logger.info("%s %s: %s", notice["type"], notice["id"], notice["data"]["message"])


def _always(_outside: Outside) -> Iterator[Channel]:
    yield LogChannel()


KIND = ChannelKind(LOG, "a line in the worker's log", from_settings=_always)
