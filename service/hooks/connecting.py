"""The way back to a source's ticket system, as it was set up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidValue
from service.hooks.configuring import mapping_of, source_of
from service.hooks.credentials import connector_part
from service.systems import Target, TicketSystems
from service.tools.ciphers import Cipher
from sources.connectors import Connection, Credentials
from store.sources.sources import SourceDocument


def connection_of(document: SourceDocument) -> Connection:
    """Raises InvalidValue for a source without a connector."""
    part = connector_part(mapping_of(document.kind, document.mapping))
    kept = _kept(document)
    return Connection(part, source_of(document).settings, document.prefix, tuple(kept.get("projects", ())))


def target_of(document: SourceDocument, cipher: Cipher) -> Target:
    """Raises SecretsUnreadable, and InvalidValue for a source without a connector."""
    part, kept = connector_part(mapping_of(document.kind, document.mapping)), _kept(document)
    name, value = Credentials(**json.loads(cipher.decrypted(kept["credentials"]))).header(part)
    return Target(kept["base_url"], {**part.headers, name: value})


async def check_address(document: SourceDocument, systems: TicketSystems) -> None:
    """Raises InvalidValue for an address where nothing may be sent."""
    if document.connector is None:
        return
    try:
        await systems.check(document.connector["base_url"])
    except InvalidValue as refusal:
        raise type(refusal)("connector.base_url", refusal.value, refusal.reason) from None


def _kept(document: SourceDocument) -> Mapping[str, Any]:
    if document.connector is None:
        raise InvalidValue("connector", None, "is not set up for this source")
    return document.connector
