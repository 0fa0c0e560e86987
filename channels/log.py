"""The worker's own log. It is no receiver: a notice that stands there alone has reached nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from channels.channel import Channel, Configuration
from domain.record.records import LOG

logger = logging.getLogger("slakeeper.notices")


class LogChannel:
    name = LOG

    async def send(self, notice: Mapping[str, Any]) -> None:
        logger.info("%s %s: %s", notice["type"], notice["id"], notice["data"]["message"])


def log(_configuration: Configuration, _client: httpx.AsyncClient) -> Iterator[Channel]:
    """The log is always there."""
    yield LogChannel()
