"""`/replan:preview`, `/replan:apply`, `/replan:undo` and `/replans`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.exports import Row, documented_exports
from api.http.lists.listing import AskedPart, Chunk, Listing
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.replans.schemas import (
    REPLAN,
    ApplyBody,
    PreviewView,
    ProgressView,
    ReplanBody,
    ReplanDetailView,
    ReplanPage,
    UndoBody,
)
from domain.errors import InvalidValue
from domain.instants import parse, render, render_optional
from domain.replan.replanning import ClosureRequest
from service.cursors import Place, text_in
from service.replans import replans
from service.replans.messages import ReplanProgress
from service.replans.replans import MovedInstance, ReplanRequest
from store.database.ids import mint
from store.instances.replans import Replan

ReplanId = Annotated[str, Path(examples=["replan_storm"])]

router = APIRouter(prefix=V2, tags=["Replans"], route_class=JsonRoute)

COLUMNS = ("id", "asked", "reason", "actor", "applied_at", "undone_at")


def _row(replan: Row) -> Row:
    return {**replan, "asked": json.dumps(replan["asked"], ensure_ascii=False)}


_PROGRESS: dict[str, Any] = {
    "response_model": ProgressView,
    "responses": {
        202: {"model": ProgressView, "description": "Durable; not every instance has been seen to show it."},
        **problems.documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    },
}


@router.post(
    "/replan:preview",
    response_model=PreviewView,
    responses=problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    summary="Which instances other rules would move",
)
async def preview_replan(body: ReplanBody, owner: Reader, deps: Deps) -> dict[str, Any]:
    """Changes nothing. It looks at open instances, and for a closure also at those that closed during it or later."""
    tally = await replans.preview(deps, owner.organization, _asked(body))
    return {
        "checked": tally.checked,
        "moved": tally.moved,
        "would_breach": tally.would_breach,
        "saved": tally.saved,
        "instances": [_moved(one) for one in tally.shown],
        "refused": [{"instance_id": one.instance_id, "reason": one.reason} for one in tally.refused],
    }


@router.post("/replan:apply", summary="Put other rules in place", **_PROGRESS)
async def apply_replan(body: ApplyBody, owner: Writer, deps: Deps, response: Response) -> dict[str, Any]:
    """Does what a preview shows. Breaches that the new rules excuse are withdrawn. New breaches are recorded at their
    true instant."""
    asked = _asked(body)
    given = body.model_dump(by_alias=True, exclude_none=True, exclude={"id", "reason"})
    if not body.quiet:
        del given["quiet"]
    reason = body.reason or ("" if asked.closure is None else asked.closure.reason)
    replan = Replan(body.id or mint("replan"), given, reason, owner.id, deps.now())
    return _progress(await replans.apply(deps, owner.organization, replan, asked, given), response)


@router.post("/replan:undo", summary="Put the rules back that a replan has replaced", **_PROGRESS)
async def undo_replan(body: UndoBody, owner: Writer, deps: Deps, response: Response) -> dict[str, Any]:
    """Refused (409) while a later replan of one of its instances stands. Undoing it again goes on with what was left
    undone. A closure is taken out of its business hours; other changes of those hours stay."""
    return _progress(await replans.undo(deps, owner.organization, body.replan_id, owner.id), response)


@router.get(
    "/replans",
    response_model=ReplanPage,
    responses={200: documented_exports(COLUMNS, _row(REPLAN)), **problems.documented(401, 403, 422, 503)},
    summary="List replans, newest first",
)
async def list_replans(owner: Reader, part: AskedPart, deps: Deps, response: Response) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""

    async def read(limit: int, offset: int, after: Place | None) -> Chunk:
        behind = None if after is None else (parse(text_in(after, 0), "cursor"), text_in(after, 1))
        # One more than is shown tells whether there is another page.
        found, total = await deps.store.replans.list(owner.organization, limit + 1, offset, behind)
        shown = found[:limit]
        last = (render(shown[-1].applied_at), shown[-1].id) if len(found) > limit else None
        return Chunk([_view(one) for one in shown], total, last)

    return await Listing(COLUMNS, read, "-applied_at", _row).answer(part, response)


@router.get(
    "/replans/{replan_id}",
    response_model=ReplanDetailView,
    responses=problems.documented(401, 403, 404, 503),
    summary="Get a replan and what it moved",
)
async def get_replan(replan_id: ReplanId, owner: Reader, deps: Deps) -> dict[str, Any]:
    replan = await deps.store.replans.get(owner.organization, replan_id)
    changed = await deps.store.replans.changed(owner.organization, replan_id)
    moved = [{"instance_id": one.instance_id, "targets": list(one.moves)} for one in changed if one.moves]
    refused = {one.instance_id: one.refused for one in changed if one.refused is not None}
    return {**_view(replan), "instances": moved, "refused": _refused(refused)}


def _asked(body: ReplanBody) -> ReplanRequest:
    closure = body.closure
    if not any((body.policy_id, body.business_hours_id, closure, body.time_zone_database)):
        reason = "one of policy_id, business_hours_id, closure and time_zone_database must be given"
        raise InvalidValue("policy_id", body.policy_id, reason)
    if closure is not None and body.business_hours_id not in (None, closure.business_hours_id):
        raise InvalidValue("business_hours_id", body.business_hours_id, "must be those of the closure, or left out")
    return ReplanRequest(
        policy_id=body.policy_id,
        business_hours_id=None if closure is not None else body.business_hours_id,
        closure=None
        if closure is None
        else ClosureRequest(parse(closure.from_, "closure.from"), parse(closure.to, "closure.to"), closure.reason),
        closed_hours_id=None if closure is None else closure.business_hours_id,
        time_zone_database=body.time_zone_database is True,
        instance_ids=body.instance_ids,
    )


def _moved(one: MovedInstance) -> dict[str, Any]:
    return {"instance_id": one.instance_id, "targets": [move.to_json() for move in one.moves]}


def _refused(reasons: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"instance_id": instance_id, "reason": reason} for instance_id, reason in reasons.items()]


def _view(replan: Replan) -> dict[str, Any]:
    return {
        "id": replan.id,
        "asked": dict(replan.request),
        "reason": replan.reason,
        "actor": replan.actor,
        "applied_at": render(replan.applied_at),
        "undone_at": render_optional(replan.undone_at),
    }


def _progress(progress: ReplanProgress, response: Response) -> dict[str, Any]:
    response.status_code = 202 if progress.pending else 200
    counts = {"instances": progress.instances, "applied": progress.applied, "pending": progress.pending}
    return {**_view(progress.replan), **counts, "refused": _refused(progress.refused)}
