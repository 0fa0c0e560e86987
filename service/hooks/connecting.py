"""The way back to a source's ticket system, as it was set up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from service.hooks.configuring import mapping_of, source_of
from service.hooks.credentials import connector_part
from service.systems import Target, TicketSystems
from service.tools.ciphers import Cipher
from sources.connectors import Connection, Credentials
from store.sources.sources import SourceDocument


@dataclass(frozen=True, slots=True)
class WayBack:
    """What a source's connector may be set to, and what it is set to. `base_url` is the vendor's own where nothing is
    set up, empty where it has none. `asks` are names of credentials; what they are is never said."""

    is_set_up: bool
    base_url: str
    asks: Sequence[str]
    by_project: bool
    projects: Sequence[str]
    lists: bool


def way_back(document: SourceDocument) -> WayBack | None:
    """None where the mapping describes none."""
    part = mapping_of(document.kind, document.mapping).connector
    if part is None:
        return None
    kept = document.connector or {}
    asks = [name for one in part.auth for name in (("user", "password") if one.scheme == "basic" else ("token",))]
    return WayBack(
        is_set_up=document.connector is not None,
        base_url=kept.get("base_url") or part.base_url or "",
        asks=tuple(dict.fromkeys(asks)),
        by_project=any(one.by_project for one in part.backfill),
        projects=tuple(kept.get("projects", ())),
        lists=bool(part.backfill),
    )


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
