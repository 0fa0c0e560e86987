"""Which channels there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import httpx

from channels.channel import Channel, Configuration
from channels.log import log
from channels.webhook import webhooks

Factory = Callable[[Configuration, httpx.AsyncClient], Iterable[Channel]]
"""The channels of one kind that the settings ask for. Those that speak HTTP share the client."""

CHANNELS: Mapping[str, Factory] = {"log": log, "webhook": webhooks}


def configured(configuration: Configuration, client: httpx.AsyncClient) -> tuple[Channel, ...]:
    """Every channel that the settings ask for, in the order of the registry."""
    return tuple(channel for make in CHANNELS.values() for channel in make(configuration, client))
