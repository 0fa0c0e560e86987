"""What a body would become, without doing it."""

from __future__ import annotations

from typing import Any

from service.dependencies import Dependencies
from service.hooks.configuring import source_of
from service.hooks.interpreting import Reading, subjects_of
from service.hooks.receiving import delivery_of, secrets_of
from store.sources.bodies import NewBody


async def tried(deps: Dependencies, organization: str, source_id: str, heard: NewBody) -> dict[str, Any]:
    """Whether the delivery would be accepted, and the outcome of each of its items, beside what is remembered now.

    Raises NotFound.
    """
    stored = await deps.store.sources.get(organization, source_id)
    source, delivery = source_of(stored.document), delivery_of(heard)
    verdict = source.verify(secrets_of(deps, stored), delivery)
    items = source.items(delivery)
    known = await deps.store.settling.remembered(organization, source_id, subjects_of(items))
    reading = Reading(source, known)
    return {
        "accepted": verdict.accepted,
        "reason": verdict.reason,
        "outcomes": [reading.interpret(item).to_json() for item in items],
    }
