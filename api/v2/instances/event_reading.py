"""Reading an event as it is sent: the signal for its instances, and the ticket that it brings along."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from api.v2.instances.event_schemas import TYPES
from domain.access.subscriptions import Subscription
from domain.errors import InvalidValue
from domain.fields import require_text
from domain.ids import InstanceId, Kind
from domain.instants import Instant
from domain.ticket.events import require_reset_reason
from domain.ticket.tickets import SUBJECT_FIELDS, Ticket
from service.instances.events import subject_event
from service.instances.subject_events import SubjectEvent
from store.access.keys import KeyOwner
from workflows.messages import EXCUSE, RESET, UNDO_EXCUSE
from workflows.signals import LARGEST_ATTRIBUTES

OF_SOME_TYPES: Mapping[str, Sequence[str]] = {
    "fields": ("update",),
    "attributes": ("update",),
    "team_id": ("assign",),
    "until": ("pause",),
    "ends_when": ("pause",),
    "target": (EXCUSE, UNDO_EXCUSE, RESET),
    "cycle": (EXCUSE, UNDO_EXCUSE),
    "covers": (EXCUSE,),
}
"""The signals that a field is for."""
PLAIN = (
    *("event_id", "occurred_at", "reason", "actor", "cause", "until", "ends_when", "sequence", "precision", "quiet"),
    *("source", "target", "cycle", "covers"),
)


def read_event(document: Mapping[str, Any], owner: KeyOwner, derived_id: str | None, now: Instant) -> SubjectEvent:
    """`derived_id` is the id of an event that has none of its own. Raises InvalidValue."""
    signal = _signal(document)
    subject = Ticket.from_json({name: document.get(name) for name in SUBJECT_FIELDS}).instance
    payload = {"event_id": derived_id, **_payload(document, signal)}
    if signal in (EXCUSE, UNDO_EXCUSE):
        payload = {"actor": owner.id, **payload}
    tickets, opened = _carried(document.get("ticket"), subject, _kinds(owner))
    return subject_event([_of(subject, kind) for kind in Kind], signal, payload, tickets, opened, now)


def _signal(document: Mapping[str, Any]) -> str | None:
    if (type_ := document["type"]) not in TYPES:
        raise InvalidValue("type", type_, f"must be one of {', '.join(TYPES)}")
    for name, signals in OF_SOME_TYPES.items():
        if document.get(name) is not None and TYPES[type_] not in signals:
            raise InvalidValue(name, document[name], f"is not for an event of the type {type_}")
    return TYPES[type_]


def _payload(document: Mapping[str, Any], signal: str | None) -> Mapping[str, Any]:
    payload = {name: document[name] for name in PLAIN if document.get(name) not in (None, "")}
    if "event_id" in payload:
        require_text(payload["event_id"], "event_id")
    if signal == RESET:
        require_reset_reason(payload.get("reason"))
    if signal == "assign":
        payload["team_id"] = document.get("team_id") or None
    if fields := _fields(document):
        payload["attributes"] = fields
    elif signal == "update":
        # Whoever sends the whole ticket along believes that it counts; of a known subject it does not.
        raise InvalidValue("fields", document.get("fields"), "must hold the ticket's fields that have changed")
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
