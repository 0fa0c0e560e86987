"""What the engine has written to a ticket system, as it comes back from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.digests import short_digest
from domain.ticket.authors import Role
from domain.ticket.events import EventKind
from sources.hooks.language.expressions import as_text, folded
from sources.hooks.outcomes import SourceEvent

COMMENT = "comment"
REASON = "written by an escalation"
_OF_STATUS = frozenset(
    {
        EventKind.ACKNOWLEDGED,
        EventKind.PAUSED,
        EventKind.RESUMED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
        EventKind.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Echo:
    """One action that was written and has not come back yet: `value` is what the policy says, `key` what it is known
    by."""

    key: str
    action: str
    value: str


def marker_of(key: str) -> str:
    """The word that a comment bears, by which it is found again."""
    return f"sla-engine:{short_digest(key)}"


def own_comment(text: str | None, echoes: Iterable[Echo]) -> str | None:
    """The key of the comment that this text is."""
    return next((one.key for one in echoes if one.action == COMMENT and text and marker_of(one.key) in text), None)


def recognised(events: Iterable[SourceEvent], echoes: Sequence[Echo]) -> tuple[dict[str, SourceEvent], list[str]]:
    """The events by their ids, those that only tell what was written as the system's; and the keys of these writes."""
    found: dict[str, SourceEvent] = {}
    heard: list[str] = []
    for event in events:
        keys = [one.key for one in echoes if _tells(event, one)]
        heard += keys
        found[event.event_id] = _own(event) if keys else event
    return found, list(dict.fromkeys(heard))


def _own(event: SourceEvent) -> SourceEvent:
    # The reason of a pause may stand for its cause.
    reason = event.reason if event.kind is EventKind.PAUSED else REASON
    return replace(event, role=Role.SYSTEM, own=True, reason=reason)


def _tells(event: SourceEvent, echo: Echo) -> bool:
    if echo.action == "reassign":
        return event.kind is EventKind.ASSIGNED and _same(event.team_id, echo.value)
    if echo.action == "set_priority":
        return event.kind is EventKind.UPDATED and _same(event.attributes.get("priority"), echo.value)
    if echo.action == "set_status":
        return event.kind in _OF_STATUS
    if echo.action == "add_tag":
        tagged = event.kind is EventKind.UPDATED and _holds(event.attributes, echo.value)
        return tagged or (event.kind is EventKind.PAUSED and _same(event.cause, echo.value))
    return False


def _holds(attributes: Mapping[str, Any], value: str) -> bool:
    return any(_same(one, value) for listed in attributes.values() if isinstance(listed, list) for one in listed)


def _same(left: Any, right: str) -> bool:
    text = as_text(left)
    return text is not None and folded(text) == folded(right)
