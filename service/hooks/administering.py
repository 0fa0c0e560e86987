"""Sources as administrators make, change and try them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.instants import Instant
from service.dependencies import Dependencies
from service.hooks.configuring import changed, made
from service.hooks.connecting import check_address
from service.hooks.trying import tried
from sources.hooks import vendor, vendors
from store.sources.bodies import NewBody
from store.sources.sources import StoredSource


def kinds() -> Sequence[tuple[str, str]]:
    """The shipped mappings: name and title."""
    return [(name, vendor(name).title) for name in vendors()]


def address_of(deps: Dependencies, source_id: str, reached_at: str) -> str:
    """Where the ticket system sends its webhooks; `reached_at` is where the API was reached just now."""
    return f"{deps.public_url or reached_at.rstrip('/')}/hooks/{source_id}"


async def create_source(
    deps: Dependencies, organization: str, given: Mapping[str, Any]
) -> tuple[StoredSource, str | None]:
    """A new source, and its secret if it was made up here. Raises InvalidValue."""
    document, secret = made(given, deps.cipher)
    await check_address(document, deps.systems)
    return await deps.store.sources.create(organization, document), secret


async def change_source(
    deps: Dependencies, organization: str, source_id: str, given: Mapping[str, Any]
) -> StoredSource:
    """Change the fields that are given. Raises NotFound and InvalidValue."""
    if given.get("connector") is not None:
        before = await deps.store.sources.get(organization, source_id)
        await check_address(changed(before.document, given, deps.cipher), deps.systems)
    return await deps.store.sources.update(
        organization, source_id, lambda document: changed(document, given, deps.cipher)
    )


async def try_body(
    deps: Dependencies, organization: str, source_id: str, text: str, headers: Mapping[str, str], at: Instant
) -> dict[str, Any]:
    """What a body would become that arrived at that instant. Nothing is kept. Raises NotFound."""
    given = {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}}
    heard = NewBody(text.encode(), at, given, "POST", f"{deps.public_url}/hooks/{source_id}")
    found = await tried(deps, organization, source_id, heard)
    return {**found, "reason": found["reason"] or None}
