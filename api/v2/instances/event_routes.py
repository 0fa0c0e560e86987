"""`/events`: what happened to tickets, which are named by their own ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from api.http import problems
from api.http.auth import Writer
from api.http.dependencies import Deps
from api.http.idempotency import REPEATABLE, EventIdOfKey
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances.event_schemas import TYPES, EventBody, EventView
from domain.access.subscriptions import Subscription
from domain.errors import InvalidValue
from domain.fields import require_text
from domain.ids import InstanceId, Kind
from domain.instants import Instant
from domain.ticket.tickets import SUBJECT_FIELDS, Ticket
from service.instances.events import Part, subject_event, take_event
from store.access.keys import KeyOwner
from workflows.signals import LARGEST_ATTRIBUTES

OF_ONE_TYPE: Mapping[str, str] = {
    "fields": "update",
    "attributes": "update",
    "team_id": "assign",
    "until": "pause",
    "ends_when": "pause",
}
PLAIN = ("event_id", "occurred_at", "reason", "actor", "cause", "until", "ends_when", "sequence", "precision")

router = APIRouter(prefix=f"{V2}/events", tags=["Events"], route_class=JsonRoute)


@router.post(
    "",
    openapi_extra=REPEATABLE,
    response_model=EventView,
    response_model_exclude_unset=True,
    responses={
        202: {"model": EventView, "description": "Durable; one instance at least has not recorded it yet."},
        **problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    },
    summary="Something happened to a ticket",
)
async def take(
    body: EventBody, owner: Writer, deps: Deps, derived_id: EventIdOfKey, response: Response
) -> dict[str, Any]:
    """The event goes to every instance of the subject, also to finished ones. An unknown subject is opened first if the
    event has its `ticket`, and is 404 otherwise; for a known subject the ticket is ignored. The same `event_id` counts
    once. Where it is left out, it is made of the `Idempotency-Key`, if there is one."""
    document = body.given()
    signal = _signal(document)
    subject = Ticket.from_json({name: document.get(name) for name in SUBJECT_FIELDS}).instance
    payload = {"event_id": derived_id, **_payload(document, signal)}
    tickets, opened = _carried(document.get("ticket"), subject, _kinds(owner))
    event = subject_event([_of(subject, kind) for kind in Kind], signal, payload, tickets, opened, deps.now())
    parts = await take_event(deps, owner.organization, event)
    answer = _view(event.event_id, parts, deps.now())
    response.status_code = 202 if answer["status"] == "accepted" else 200
    return answer


def _signal(document: Mapping[str, Any]) -> str | None:
    if (type_ := document["type"]) not in TYPES:
        raise InvalidValue("type", type_, f"must be one of {', '.join(TYPES)}")
    for name, signal in OF_ONE_TYPE.items():
        if document.get(name) is not None and TYPES[type_] != signal:
            raise InvalidValue(name, document[name], f"is not for an event of the type {type_}")
    return TYPES[type_]


def _payload(document: Mapping[str, Any], signal: str | None) -> Mapping[str, Any]:
    payload = {name: document[name] for name in PLAIN if document.get(name) not in (None, "")}
    if "event_id" in payload:
        require_text(payload["event_id"], "event_id")
    if signal == "assign":
        payload["team_id"] = document.get("team_id") or None
    if fields := _fields(document):
        payload["attributes"] = fields
    return payload


def _fields(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Under either of its names. Raises InvalidValue for both at once, and for more than an instance takes."""
    name, other = ("attributes", "fields") if document.get("attributes") is not None else ("fields", "attributes")
    if document.get(other) is not None:
        raise InvalidValue(name, document[name], f"is another name of {other}; give one of them")
    fields: Mapping[str, Any] | None = document.get(name)
    # The instance would set the event aside, and whoever sent it would wait for an effect that never comes.
    if fields and (size := len(json.dumps(fields))) > LARGEST_ATTRIBUTES:
        raise InvalidValue(name, f"{size} bytes", f"must be at most {LARGEST_ATTRIBUTES} bytes of JSON")
    return fields


def _kinds(owner: KeyOwner) -> Sequence[Kind]:
    """The kinds of instance that a new ticket may get."""
    return list(Kind) if owner.subscription.covers(Subscription.ENTERPRISE) else [Kind.SLA]


def _carried(
    ticket: Mapping[str, Any] | None, subject: InstanceId, kinds: Sequence[Kind]
) -> tuple[Sequence[Ticket] | None, str | None]:
    if ticket is None:
        return None, None
    own = {f"{subject.subject_type}_id": subject.subject}
    tickets = [Ticket.from_json({**ticket, **own, "kind": kind.value}, "ticket") for kind in kinds]
    return tickets, ticket.get("occurred_at")


def _of(subject: InstanceId, kind: Kind) -> InstanceId:
    return InstanceId(kind, subject.subject_type, subject.subject)


def _view(event_id: str, parts: Sequence[Part], now: Instant) -> dict[str, Any]:
    shown = [_part(part, now) for part in parts]
    applied = "applied" if all(part.applied for part in parts) else "accepted"
    return {"event_id": event_id, "status": applied if parts else "untracked", "instances": shown}


def _part(part: Part, now: Instant) -> dict[str, Any]:
    status = "applied" if part.applied else "accepted"
    told = {"id": str(part.instance), "kind": part.instance.kind, "status": status}
    return told if part.found is None else {**told, "instance": part.found.view(now)}
