"""What an item of a delivery tells, handed to instances as `POST /events` hands it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind
from domain.instants import render
from domain.ticket.authors import Actor
from domain.ticket.events import EventKind
from service.dependencies import Dependencies
from service.instances.events import reach, subject_event
from service.instances.refusals import Refusals
from sources.hooks import SourceEvent, SourceTicket
from workflows.messages import SIGNALS
from workflows.signals import LARGEST_ATTRIBUTES

NAMES: Mapping[EventKind, str] = {kind: name for name, kind in SIGNALS.items()}


async def apply(
    deps: Dependencies,
    organization: str,
    told: Sequence[SourceEvent],
    ticket: SourceTicket,
    kinds: Sequence[Kind],
    source: str,
) -> Sequence[InstanceId]:
    """Send the events, one after the other and durably; return the instances that have them. None: no promise applies.

    An unknown ticket is opened first. Events that were sent before count once. Raises InvalidValue for an event that
    no instance takes, and Unavailable: then the same call completes what was begun.
    """
    reached: dict[InstanceId, None] = {}
    carried = [ticket.ticket(kind) for kind in kinds]
    subject = [InstanceId(kind, ticket.subject_type, ticket.subject) for kind in Kind]
    opened_at = render(ticket.opened_at)
    for one in told:
        name = NAMES.get(one.kind)
        event = subject_event(subject, name, _payload(one), carried, opened_at, deps.now(), source)
        narrowed = await Refusals(deps, organization).narrowed(event)
        reached |= dict.fromkeys((await reach(deps, organization, narrowed)).instances)
    return list(reached)


def _payload(event: SourceEvent) -> Mapping[str, Any]:
    """As signals carry it."""
    payload: dict[str, Any] = {"event_id": event.event_id, "occurred_at": render(event.occurred_at)}
    if author := Actor(event.actor, event.author).to_json():
        payload["actor"] = author
    for name in ("reason", "cause", "sequence"):
        if value := getattr(event, name):
            payload[name] = value
    if event.precision is not None:
        payload["precision"] = event.precision.value
    if event.until is not None:
        payload["until"] = render(event.until)
    if event.kind is EventKind.ASSIGNED:
        payload["team_id"] = event.team_id
    if event.attributes:
        payload["attributes"] = _fitting(event.attributes)
    return payload


def _fitting(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if (size := len(json.dumps(dict(fields)))) > LARGEST_ATTRIBUTES:
        raise InvalidValue("fields", f"{size} bytes", f"must be at most {LARGEST_ATTRIBUTES} bytes of JSON")
    return dict(fields)
