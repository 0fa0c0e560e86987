"""Who owned a ticket when.

Stints are derived from all events, so that a late assignment changes them as any late event would. The stints of a
ticket fill the time from its opening to its closing without gap or overlap: opened at 09:00 by network, assigned to
billing at 11:00 and closed at 12:00 are two stints, `[09:00, 11:00)` and `[11:00, 12:00)`. Only
the last one may have no length: that of a team that got the ticket at the instant of its closing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.instants import Instant, parse, parse_optional, render, render_optional
from domain.ticket.events import Event, EventKind

_CLOSING = frozenset({EventKind.RESOLVED, EventKind.CANCELLED})


@dataclass(frozen=True, slots=True)
class Stint:
    """A team's time with a ticket, `[start, end)`; no end: it goes on. `team_id` None: the ticket was nobody's.

    `event_id` is the event that gave the ticket to the team, `ended_by` the event that gave it to the next (None: the
    ticket was closed, or the team still has it).
    """

    event_id: str
    team_id: str | None
    start: Instant
    end: Instant | None = None
    ended_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "team_id": self.team_id,
            "start": render(self.start),
            "end": render_optional(self.end),
            "ended_by": self.ended_by,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Stint:
        end = parse_optional(body["end"])
        return cls(body["event_id"], body["team_id"], parse(body["start"]), end, body["ended_by"])


@dataclass(frozen=True, slots=True)
class Ownership:
    """The stints of a ticket, and how it ended: `closed_at` is None while it is open."""

    stints: tuple[Stint, ...]
    closed_at: Instant | None
    cancelled: bool = False

    def owner_before(self, instant: Instant | None) -> str | None:
        """The team that had the ticket just before an instant, or has it now (`instant` None).

        A clock that stops at 11:00 stops for the team that had the ticket until then.
        """
        begun = [stint for stint in self.stints if instant is None or stint.start < instant]
        return (begun or self.stints)[-1 if begun else 0].team_id if self.stints else None

    def to_json(self) -> dict[str, Any]:
        return {
            "stints": [stint.to_json() for stint in self.stints],
            "closed_at": render_optional(self.closed_at),
            "cancelled": self.cancelled,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Ownership:
        stints = tuple(Stint.from_json(stint) for stint in body["stints"])
        return cls(stints, parse_optional(body["closed_at"]), body["cancelled"])


def ownership_of(first_team: str | None, ordered: Sequence[Event]) -> Ownership:
    """The ownership of a ticket that belonged to `first_team` when it opened, under events that are already in order.

    An assignment to the team that has the ticket changes nothing. An assignment dated after the closing makes no
    stint, unless the ticket is reopened later. The team that has the ticket as it closes has a stint, also where it got
    it at that very instant: a reopening lets it run on.
    """
    opened = ordered[0]
    ended = closing_event(ordered)
    closed_at = None if ended is None else _effective(ended, opened)
    handovers = list(_handovers(first_team, ordered))
    closing_hands = _last_before(ended, handovers, ordered)
    stints = []
    for index, (event, team_id) in enumerate(handovers):
        following = handovers[index + 1][0] if index + 1 < len(handovers) else None
        stint = _stint(event, team_id, following, opened, closed_at)
        if stint.end is None or stint.start < stint.end or event is closing_hands:
            stints.append(stint)
    return Ownership(tuple(stints), closed_at, ended is not None and ended.kind is EventKind.CANCELLED)


def closing_event(ordered: Iterable[Event]) -> Event | None:
    """The event that closed the ticket; None while it is open."""
    ended: Event | None = None
    for event in ordered:
        if event.kind in _CLOSING:
            ended = ended or event
        elif event.kind is EventKind.REOPENED:
            ended = None
    return ended


def _handovers(first_team: str | None, ordered: Sequence[Event]) -> Iterable[tuple[Event, str | None]]:
    owner = first_team
    yield ordered[0], owner
    for event in ordered:
        if event.kind is EventKind.ASSIGNED and event.team_id != owner:
            owner = event.team_id
            yield event, owner


def _last_before(
    ended: Event | None, handovers: Sequence[tuple[Event, str | None]], ordered: Sequence[Event]
) -> Event | None:
    """The handover to the team that had the ticket as it closed."""
    if ended is None:
        return None
    given = {id(event) for event, _ in handovers}
    before = ordered[: next(index for index, event in enumerate(ordered) if event is ended)]
    return next((event for event in reversed(before) if id(event) in given), None)


def _stint(
    event: Event, team_id: str | None, following: Event | None, opened: Event, closed_at: Instant | None
) -> Stint:
    start = _effective(event, opened)
    handed_over = None if following is None else _effective(following, opened)
    if closed_at is not None and (handed_over is None or handed_over >= closed_at):
        return Stint(event.event_id, team_id, start, Instant(max(start, closed_at)))
    return Stint(event.event_id, team_id, start, handed_over, None if following is None else following.event_id)


def _effective(event: Event, opened: Event) -> Instant:
    return Instant(max(event.occurred_at, opened.occurred_at))
