"""`/events:batch`: many events at once, each answered for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from api.http import problems
from api.http.auth import Writer
from api.http.dependencies import Deps
from api.http.idempotency import REPEATABLE, EventIdOfKey
from api.http.prefixes import V2
from api.http.requests import BatchRoute
from api.v2.instances.event_reading import read_event
from api.v2.instances.event_schemas import BatchBody, BatchView, EventBody, Misshapen
from domain.errors import SlaError
from domain.instants import Instant
from service.instances.batches import Refused, Result, take_batch
from service.instances.events import Part
from service.instances.subject_events import SubjectEvent
from store.access.keys import KeyOwner

STATUSES = ("applied", "accepted", "untracked", "refused")

router = APIRouter(prefix=f"{V2}/events", tags=["Events"], route_class=BatchRoute)


@router.post(
    ":batch",
    openapi_extra=REPEATABLE,
    response_model=BatchView,
    response_model_exclude_unset=True,
    responses={
        202: {"model": BatchView, "description": "Durable; one instance at least has not recorded all of it yet."},
        **problems.documented(400, 401, 403, 413, 415, 422, 503),
    },
    summary="Many things happened to tickets",
)
async def take_events(
    body: BatchBody, owner: Writer, deps: Deps, derived_id: EventIdOfKey, response: Response
) -> dict[str, Any]:
    """The events of one ticket are applied as one, in whatever order they stand: what is put right within the batch is
    never told. Each event is answered for itself, and a bad one refuses no other. After a 503 the same batch completes
    what was begun."""
    now = deps.now()
    read = [_read(one, at, body, owner, derived_id, now) for at, one in enumerate(body.events)]
    events = {at: one for at, one in enumerate(read) if isinstance(one, SubjectEvent)}
    results = dict(zip(events, await take_batch(deps, owner.organization, list(events.values())), strict=True))
    answers = [
        _answered(at, one, results[at]) if isinstance(one, SubjectEvent) else _refused(at, body.events[at], one)
        for at, one in enumerate(read)
    ]
    counts = Counter(one["status"] for one in answers)
    response.status_code = 202 if counts["accepted"] else 200
    return {**{status: counts[status] for status in STATUSES}, "events": answers}


def _read(
    body: EventBody | Misshapen, at: int, batch: BatchBody, owner: KeyOwner, derived_id: str | None, now: Instant
) -> SubjectEvent | Mapping[str, Any]:
    """The event, or the problem that it has."""
    if isinstance(body, Misshapen):
        return problems.misshapen(body.errors, ("events", at))
    document = {"quiet": batch.quiet, **body.given()}
    try:
        return read_event(document, owner, None if derived_id is None else f"{derived_id}/{at}", now)
    except SlaError as error:
        return problems.document(error, _place(at))


def _answered(at: int, event: SubjectEvent, result: Result) -> dict[str, Any]:
    if isinstance(result, Refused):
        return _problem(at, event.event_id, problems.document(result.error, _place(at)))
    status = "untracked" if not result else "applied" if all(part.applied for part in result) else "accepted"
    return {"index": at, "event_id": event.event_id, "status": status, "instances": _parts(result)}


def _parts(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [
        {"id": str(one.instance), "kind": one.instance.kind, "status": "applied" if one.applied else "accepted"}
        for one in parts
    ]


def _refused(at: int, body: EventBody | Misshapen, problem: Mapping[str, Any]) -> dict[str, Any]:
    return _problem(at, body.event_id or None if isinstance(body, EventBody) else None, problem)


def _problem(at: int, event_id: str | None, problem: Mapping[str, Any]) -> dict[str, Any]:
    return {"index": at, "event_id": event_id, "status": "refused", "instances": [], "problem": problem}


def _place(at: int) -> str:
    return f"events[{at}]"
