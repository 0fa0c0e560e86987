"""A small mapping to change in tests, and what it makes of a body."""

from __future__ import annotations

import json
from typing import Any

from domain.instants import Instant, parse
from domain.ticket.authors import Role
from domain.ticket.events import EventKind
from sources.hooks import Delivery, Interpretation, Remembered, Source, SourceEvent, mapping_from

NOW = parse("2026-03-02T12:00:00Z")


def a_mapping(**changes: Any) -> dict[str, Any]:
    return {
        "name": "desk",
        "title": "A desk",
        "verify": [{"scheme": "token", "header": "X-Token"}],
        "event": "body.event",
        "ticket": {"id": "body.ticket", "fields": {"subject": "body.subject"}},
        "id": "body.id",
        "time": "body.at",
        "actor": {"role": "body.by"},
        "state": {
            "from": "body.status",
            "table": {"new": "new", "open": "open", "waiting": "pending", "done": "solved"},
        },
        "events": {"created": "opened", "status": "state", "message": "reply", "edited": "changes"},
        **changes,
    }


def a_source(settings: dict[str, Any] | None = None, adopt: bool = True, **changes: Any) -> Source:
    return Source(mapping_from(a_mapping(**changes)), settings or {}, adopt=adopt)


def tell(source: Source, known: dict[str, Remembered], body: Any, received_at: Instant = NOW) -> Interpretation:
    """What a body comes to; what is to be remembered is kept in `known`."""
    (outcome,) = source.preview(Delivery(json.dumps(body).encode(), received_at), known)
    if outcome.remembered is not None and outcome.ticket is not None:
        known[outcome.ticket.subject] = outcome.remembered
    return outcome


def told(outcome: Interpretation) -> list[str]:
    """`paused waiting`, `resolved`, `agent_replied by bot`: kinds with their causes, or whose reply it is."""
    return [f"{event.kind} {event.cause or _bot(event)}".strip() for event in outcome.events]


def _bot(event: SourceEvent) -> str:
    return "by bot" if event.kind is EventKind.AGENT_REPLIED and event.author is Role.BOT else ""
