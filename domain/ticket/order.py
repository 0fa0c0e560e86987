"""The order in which the events of a ticket count: by the source's time, whenever they arrived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from typing import Any

from domain.ids import natural_order
from domain.instants import Instant
from domain.ticket.authors import Role
from domain.ticket.events import ENDS, EXCUSES, Event, EventKind


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events that count, in the order in which they took effect: the opening, then by event time.

    The order of arrival does not matter: a pause at 10:00 that arrives at 12:00 comes before an answer at 11:00. A
    repeated `event_id` counts once, as it first arrived; so does the opening. An event dated before the opening takes
    effect at the opening and comes after it. A message that a reply of cut time answers comes before that reply, though
    it may be dated later. Whoever appends events keeps `received_at` strictly increasing.
    """
    first_arrivals: dict[str, Event] = {}
    for event in sorted(events, key=_arrival):
        first_arrivals.setdefault(event.event_id, event)
    opening = min((e for e in first_arrivals.values() if e.kind is EventKind.OPENED), key=_arrival, default=None)
    others = (e for e in first_arrivals.values() if e.kind is not EventKind.OPENED)
    ordered = tuple(_with_answers(tuple(_by_event_time(others))))
    return ordered if opening is None else (opening, *ordered)


_AT_ONE_INSTANT = (
    EventKind.REOPENED,
    EventKind.ASSIGNED,
    EventKind.UPDATED,
    EventKind.REPLANNED,
    EventKind.RESET,
    EventKind.ACKNOWLEDGED,
    EventKind.AGENT_REPLIED,
    EventKind.CUSTOMER_REPLIED,
    EventKind.PAUSED,
    EventKind.RESUMED,
    *ENDS,
    *EXCUSES,
)
"""The order of kinds at one instant. `_Standing` moves a closing, and a resume that ends an earlier pause, forward."""


@dataclass(slots=True)
class _Standing:
    """Whether a ticket is open and what it waits for, as far as the order of simultaneous events depends on it."""

    is_open: bool = True
    causes: set[str] = field(default_factory=set)

    def in_order(self, simultaneous: Sequence[Event]) -> list[Event]:
        """The events of one instant, and of one sequence, in the order in which they count.

        An open ticket closes before it reopens; a closed ticket reopens before it closes. A resume comes before the
        pauses of its instant if it ends one that was there before, else after them.
        """
        closes_first = self.is_open and any(event.kind is EventKind.REOPENED for event in simultaneous)

        def rank(event: Event) -> tuple[Any, ...]:
            place, among_its_kind = _AT_ONE_INSTANT.index(event.kind), natural_order(event.event_id)
            if event.kind in ENDS and closes_first:
                return place - len(_AT_ONE_INSTANT), False, among_its_kind
            if event.kind is EventKind.RESUMED and self._ends_a_pause(event):
                return _AT_ONE_INSTANT.index(EventKind.PAUSED), False, among_its_kind
            return place, True, among_its_kind

        return sorted(simultaneous, key=rank)

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.REOPENED:
            self.is_open = True
        elif event.kind is EventKind.PAUSED:
            self.causes.add(event.cause)
        elif event.kind is EventKind.RESUMED and event.cause:
            self.causes.discard(event.cause)
        elif event.kind is EventKind.RESUMED:
            self.causes.clear()
        elif event.kind in ENDS and self.is_open:
            self.is_open = False
            self.causes.clear()

    def _ends_a_pause(self, resume: Event) -> bool:
        return resume.cause in self.causes if resume.cause else bool(self.causes)


def _by_event_time(events: Iterable[Event]) -> Iterator[Event]:
    standing = _Standing()
    for _, simultaneous in groupby(sorted(events, key=_source_order), key=_source_order):
        for event in standing.in_order(tuple(simultaneous)):
            standing.apply(event)
            yield event


def _arrival(event: Event) -> tuple[int, str, int, str, str, str]:
    return (event.received_at, event.event_id, event.occurred_at, event.kind, event.cause, event.team_id or "")


def _source_order(event: Event) -> tuple[Instant, bool, int]:
    """At one instant those that have a place in their source's order come first, in that order."""
    return event.occurred_at, event.sequence is None, event.sequence or 0


def _with_answers(ordered: Sequence[Event]) -> Iterator[Event]:
    """The events with each message that a reply of cut time answers right before that reply."""
    told: set[str] = set()
    for place, event in enumerate(ordered):
        if event.event_id in told:
            continue
        if event.kind is EventKind.AGENT_REPLIED and event.author is not Role.CUSTOMER:
            for message in _answered_by(event, ordered, place):
                told.add(message.event_id)
                yield message
        yield event


def _answered_by(reply: Event, ordered: Sequence[Event], place: int) -> Iterator[Event]:
    """The messages behind the reply that it may have followed, as far as its time and theirs are known.

    What no agent wrote moves no message in time, for to most policies it is no answer: it may only have followed
    those of its own instant.
    """
    length = 0 if reply.precision is None or not reply.is_told_by_usual_author else reply.precision.length
    later = (ordered[at] for at in range(place + 1, len(ordered)))
    for event in takewhile(lambda one: one.occurred_at <= reply.occurred_at + length, later):
        is_message = event.kind is EventKind.CUSTOMER_REPLIED and event.is_told_by_usual_author
        if is_message and _may_precede(event, reply, length) and not _is_behind(event, reply):
            yield event


def _may_precede(message: Event, reply: Event, length: int) -> bool:
    if message.occurred_at == reply.occurred_at:
        return reply.precision is not None or message.precision is not None
    return message.occurred_at < reply.occurred_at + length


def _is_behind(message: Event, reply: Event) -> bool:
    """Whether the source itself says that the message came later."""
    return message.sequence is not None and reply.sequence is not None and message.sequence > reply.sequence
