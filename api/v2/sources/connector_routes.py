"""`/sources/{source_id}:test` and `:backfill`: the way back to a ticket system, tried and used."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http import problems
from api.http.auth import Admin, Writer
from api.http.dependencies import Deps
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.sources.schemas import BackfillBody, BackfillView, ConnectorTestView, SourceId
from domain.instants import parse
from service.hooks.backfilling import backfill
from service.hooks.writing import try_connector

router = APIRouter(prefix=f"{V2}/sources", tags=["Sources"], route_class=JsonRoute)


@router.post(
    "/{source_id}:test",
    response_model=ConnectorTestView,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="Try a connector",
)
async def test_connector(source_id: SourceId, owner: Admin, deps: Deps) -> dict[str, Any]:
    """Asks the ticket system whose credentials these are, once; nothing is written there. 422 for a source without a
    connector."""
    stored = await deps.store.sources.get(owner.organization, source_id)
    tried = await try_connector(stored.document, deps.cipher, deps.systems)
    return {"outcome": tried.outcome, "account": tried.account, "error": tried.error}


@router.post(
    "/{source_id}:backfill",
    response_model=BackfillView,
    responses=problems.documented(400, 401, 403, 404, 413, 415, 422, 502, 503),
    summary="Ask a ticket system for what its webhooks lost",
)
async def import_lost_changes(source_id: SourceId, body: BackfillBody, owner: Writer, deps: Deps) -> dict[str, Any]:
    """What has changed there since then is kept as a delivery is, and applied in its order. What was kept before is not
    kept again, and events that a ticket has already count once."""
    stored = await deps.store.sources.get(owner.organization, source_id)
    done = await backfill(deps, stored, parse(body.since, "since"))
    return {"kept": done.kept, "repeated": done.repeated, "refused": done.refused, "more": done.more}
