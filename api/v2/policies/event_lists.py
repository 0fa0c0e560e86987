"""The lists of events by which a target says what starts and stops its clock. The core reads them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import WithJsonSchema

from domain.policy.clocks.triggers import EVENTS
from domain.ticket.authors import Role
from domain.ticket.events import EventKind


def _listed(kinds: Collection[EventKind]) -> dict[str, Any]:
    event = {"type": "string", "enum": [*kinds]}
    by = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": [*Role]}}
    told = {"type": "object", "properties": {"event": event, "by": by}, "required": ["event"]}
    events = {"type": "array", "items": {"anyOf": [event, {**told, "additionalProperties": False}]}}
    return {"anyOf": [events, {"type": "null"}]}


StartsOn = Annotated[Any, WithJsonSchema(_listed(EVENTS["starts_on"]))]
StopsOn = Annotated[Any, WithJsonSchema(_listed(EVENTS["stops_on"]))]
CancelsOn = Annotated[Any, WithJsonSchema(_listed(EVENTS["cancels_on"]))]
WhileOpen = Annotated[Any, WithJsonSchema(_listed(EVENTS["renews_on"]))]
"""Any event that comes while the ticket is open: what renews a clock, pauses it, or lets it run on."""

EventList = list[str | dict[str, Any]] | None
"""Such a list as it is read back."""
