"""What a target says of its own clock: the events and conditions that start, stop, renew, cancel and pause it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.policy.clocks.event_patterns import EventPatterns, patterns_from_json, spoken_patterns
from domain.ticket.conditions.criteria import Criteria, optional_criteria
from domain.ticket.events import EventKind

_WHILE_OPEN = (
    EventKind.ACKNOWLEDGED,
    EventKind.PAUSED,
    EventKind.RESUMED,
    EventKind.REOPENED,
    EventKind.UPDATED,
    EventKind.ASSIGNED,
    EventKind.CUSTOMER_REPLIED,
    EventKind.AGENT_REPLIED,
)
EVENTS: Mapping[str, Collection[EventKind]] = {
    "starts_on": (EventKind.OPENED, *_WHILE_OPEN),
    "stops_on": (*_WHILE_OPEN, EventKind.RESOLVED),
    "renews_on": _WHILE_OPEN,
    "cancels_on": (*_WHILE_OPEN, EventKind.RESOLVED, EventKind.CANCELLED),
    "pauses_on": _WHILE_OPEN,
    "resumes_on": _WHILE_OPEN,
}
"""The events that each list may name. A ticket that closes starts nothing, and one that opens stops nothing."""
CONDITIONS = ("starts_when", "stops_when", "cancels_when", "pauses_when")
TRIGGER_FIELDS = (*EVENTS, *CONDITIONS)
HOLDING = ("pauses_on", "resumes_on", "pauses_when")
"""What pauses a clock."""
_APART = (
    ("starts_on", "stops_on", "starts it"),
    ("starts_on", "cancels_on", "starts it"),
    ("stops_on", "renews_on", "stops it"),
    ("stops_on", "cancels_on", "stops it"),
    ("renews_on", "cancels_on", "renews it"),
    ("pauses_on", "resumes_on", "pauses it"),
)
"""Lists between which no event may be in doubt, and what the first of them does."""
_OPPOSITES = (("starts_when", "stops_when"), ("starts_when", "cancels_when"), ("stops_when", "cancels_when"))


@dataclass(frozen=True, slots=True)
class Triggers:
    """The events (`..._on`) and the conditions on the ticket's fields (`..._when`) of a clock; either is enough.

    A list that is None is left to the type of the target, an empty one names no event. `pauses_on` holds the clock from
    such an event to one of `resumes_on`. Raises InvalidValue for what contradicts itself.
    """

    starts_on: EventPatterns | None = None
    stops_on: EventPatterns | None = None
    renews_on: EventPatterns | None = None
    cancels_on: EventPatterns | None = None
    pauses_on: EventPatterns | None = None
    resumes_on: EventPatterns | None = None
    starts_when: Criteria | None = None
    stops_when: Criteria | None = None
    cancels_when: Criteria | None = None
    pauses_when: Criteria | None = None

    def __post_init__(self) -> None:
        for name, other in (("pauses_on", "resumes_on"), ("resumes_on", "pauses_on")):
            if getattr(self, name) and not getattr(self, other):
                raise InvalidValue(name, self.spoken(name), f"needs {other}, the events of the other side")
        for first, second in _OPPOSITES:
            criteria = getattr(self, second)
            if criteria is not None and criteria == getattr(self, first):
                raise InvalidValue(second, str(criteria), f"must differ from {first}")

    @property
    def say_when_it_goes(self) -> bool:
        """Whether anything in them starts or stops the clock."""
        names = ("starts_on", "starts_when", "stops_on", "stops_when")
        return any(getattr(self, name) is not None for name in names)

    @property
    def pauses(self) -> str | None:
        """The name of what in them pauses the clock; None where nothing does."""
        return next((name for name in ("pauses_when", "pauses_on") if getattr(self, name)), None)

    @property
    def cause(self) -> str:
        """The cause of the pauses by events, among the other causes of pauses."""
        return f"{spoken_patterns(self.pauses_on or ())} until {spoken_patterns(self.resumes_on or ())}"

    def spoken(self, name: str) -> str:
        given = getattr(self, name)
        return spoken_patterns(given) if isinstance(given, tuple) else str(given)

    def to_json(self) -> dict[str, Any]:
        """Without what is left to the type."""
        lists = {name: getattr(self, name) for name in EVENTS}
        criteria = {name: getattr(self, name) for name in CONDITIONS}
        return {
            **{name: [one.to_json() for one in listed] for name, listed in lists.items() if listed is not None},
            **{name: value.to_json() for name, value in criteria.items() if value is not None},
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any], field: str) -> Triggers:
        """Those of a target's document; `field` is the path of the target."""
        given: dict[str, Any] = {
            **{name: patterns_from_json(body.get(name), f"{field}.{name}", kinds) for name, kinds in EVENTS.items()},
            **{name: optional_criteria(body.get(name), f"{field}.{name}") for name in CONDITIONS},
        }
        return cls(**given)


NO_TRIGGERS = Triggers()


def refuse_doubt(whole: Triggers, given: Triggers) -> None:
    """Raises InvalidValue for an event of which two lists say different things; it names one that is `given`."""
    for first, second, does in _APART:
        others = getattr(whole, first) or ()
        for pattern in getattr(whole, second) or ():
            if not any(pattern.overlaps(other) for other in others):
                continue
            if getattr(given, second) is None:
                raise InvalidValue(first, given.spoken(first), f"must not hold {pattern}, which is in {second}")
            raise InvalidValue(second, given.spoken(second), f"must not hold {pattern}, which {does} ({first})")
