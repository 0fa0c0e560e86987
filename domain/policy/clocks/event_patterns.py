"""Events as a policy names them: a kind, and whose doing it has to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_list, require_mapping
from domain.ticket.authors import Role
from domain.ticket.events import AUTHORS, Event, EventKind

_FIELDS = frozenset({"event", "by"})
_ROLES = ", ".join(Role)


@dataclass(frozen=True, slots=True)
class EventPattern:
    """Events of a kind by authors of these roles.

    `by` None: by the author that the kind speaks of. `agent_replied` is then a reply that an agent wrote and none of a
    bot, `customer_replied` a message of the customer, `resolved` a resolution by anybody. An event of which nobody
    knows the author is matched by no `by`. Raises InvalidValue for an empty `by`.
    """

    kind: EventKind
    by: tuple[Role, ...] | None = None

    def __post_init__(self) -> None:
        if self.by is not None and not self.by:
            raise InvalidValue("by", [], f"must hold at least one of {_ROLES}")

    def matches(self, event: Event) -> bool:
        if event.kind is not self.kind:
            return False
        return event.is_told_by_usual_author if self.by is None else event.author in self.by

    def overlaps(self, other: EventPattern) -> bool:
        """Whether one event may match both."""
        if self.kind is not other.kind:
            return False
        mine, others = self._authors, other._authors
        return mine is None or others is None or not mine.isdisjoint(others)

    @property
    def _authors(self) -> frozenset[Role] | None:
        """The authors that it counts; None: anybody, known or not."""
        if self.by is not None:
            return frozenset(self.by)
        return frozenset({AUTHORS[self.kind]}) if self.kind in AUTHORS else None

    def __str__(self) -> str:
        return self.kind.value if self.by is None else f"{self.kind.value} by {' or '.join(self.by)}"

    def to_json(self) -> Any:
        """The kind alone, or an object where it says whose doing it has to be."""
        return self.kind.value if self.by is None else {"event": self.kind.value, "by": [*self.by]}

    @classmethod
    def from_json(cls, document: Any, field: str, kinds: Collection[EventKind]) -> EventPattern:
        """`"agent_replied"`, or `{"event": "agent_replied", "by": ["agent", "bot"]}`; the kind is one of `kinds`."""
        if not isinstance(document, Mapping):
            return cls(_one_of(document, field, kinds, "the name of an event or an object with event and by"))
        body = require_mapping(document, field)
        refuse_unknown(body, _FIELDS, field)
        kind = _one_of(body.get("event"), f"{field}.event", kinds, "the name of an event")
        return cls(kind, None if body.get("by") is None else _roles(body["by"], f"{field}.by"))


def _one_of(value: Any, field: str, kinds: Collection[EventKind], what: str) -> EventKind:
    if not isinstance(value, str):
        raise InvalidValue(field, value, f"must be {what}")
    if value not in kinds:
        raise InvalidValue(field, value, f"must be one of {', '.join(kinds)}")
    return EventKind(value)


def _roles(value: Any, field: str) -> tuple[Role, ...]:
    listed = require_list(value, field)
    for index, role in enumerate(listed):
        if role not in tuple(Role):
            raise InvalidValue(f"{field}[{index}]", role, f"must be one of {_ROLES}")
    if not listed:
        raise InvalidValue(field, listed, f"must hold at least one of {_ROLES}")
    return tuple(Role(role) for role in dict.fromkeys(listed))


EventPatterns = tuple[EventPattern, ...]


def matching(patterns: EventPatterns, event: Event) -> bool:
    """Whether any of the patterns matches the event."""
    # Called for every event of every clock: a loop costs half of what a generator does.
    for pattern in patterns:  # noqa: SIM110
        if pattern.matches(event):
            return True
    return False


def spoken_patterns(patterns: EventPatterns) -> str:
    return " or ".join(map(str, patterns))


def patterns_from_json(document: Any, field: str, kinds: Collection[EventKind]) -> EventPatterns | None:
    """A list of events; None where there is none. Raises InvalidValue with the path of the culprit."""
    if document is None:
        return None
    listed = require_list(document, field)
    found = tuple(EventPattern.from_json(one, f"{field}[{index}]", kinds) for index, one in enumerate(listed))
    for index, pattern in enumerate(found):
        if any(pattern.overlaps(earlier) for earlier in found[:index]):
            raise InvalidValue(f"{field}[{index}]", str(pattern), "is named already")
    return found
