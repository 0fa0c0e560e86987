"""Which events start, stop and continue the clock of a target type, and the life of such a clock.

A new clock is a row in `CLOCKS`; the walk over the events is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.events import Event, EventKind
from domain.instants import Instant, Micros
from domain.stints import Stint


@dataclass(frozen=True, slots=True)
class ClockRule:
    """`continues` lists the events after which a stopped clock runs on with what it had used."""

    starts: frozenset[EventKind]
    stops: frozenset[EventKind]
    continues: frozenset[EventKind] = frozenset()


CLOCKS: Mapping[str, ClockRule] = {
    "first_response": ClockRule(
        starts=frozenset({EventKind.OPENED}),
        stops=frozenset({EventKind.ACKNOWLEDGED, EventKind.RESOLVED}),
    ),
    "resolution": ClockRule(
        starts=frozenset({EventKind.OPENED}),
        stops=frozenset({EventKind.RESOLVED}),
        continues=frozenset({EventKind.REOPENED}),
    ),
}


class ClockState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open `[start, end)`; no end means it is still going on."""

    start: Instant
    end: Instant | None


@dataclass(frozen=True, slots=True)
class Life:
    """One clock from start to stop: when it ran, when it was paused, and what it does since `since`."""

    state: ClockState
    since: Instant
    started_at: Instant | None
    ran: tuple[Span, ...]
    paused: tuple[Span, ...]

    @property
    def stopped_at(self) -> Instant | None:
        return self.since if self.state in (ClockState.STOPPED, ClockState.CANCELLED) else None

    @property
    def paused_for(self) -> Micros:
        """Wall time of the pauses that have ended."""
        return Micros(sum(span.end - span.start for span in self.paused if span.end is not None))


def live(
    rule: ClockRule, pausable: bool, opened_at: Instant, events: Iterable[Event], stint: Stint | None = None
) -> Life:
    """The life of a clock under events that are already in order; earlier ones take effect at the opening.

    The clock of a `stint` starts with it, or with the reopening of a ticket that was closed then, and stops at its end.
    """
    walk = _Walk(rule, pausable, opened_at, stint)
    for event in events:
        walk.take(event, Instant(max(event.occurred_at, opened_at)))
    return walk.finish()


@dataclass(slots=True)
class _Walk:
    rule: ClockRule
    pausable: bool
    since: Instant
    stint: Stint | None = None
    phase: ClockState = ClockState.WAITING
    ticket_is_open: bool = True
    is_current: bool = False
    is_over: bool = False
    started_at: Instant | None = None
    causes: set[str] = field(default_factory=set)
    spans: dict[ClockState, list[Span]] = field(default_factory=lambda: {ClockState.RUNNING: [], ClockState.PAUSED: []})

    @property
    def state(self) -> ClockState:
        held = self.phase is ClockState.RUNNING and self.pausable and bool(self.causes)
        return ClockState.PAUSED if held else self.phase

    def take(self, event: Event, at: Instant) -> None:
        before = self.state
        self._turn_pauses(event)
        self._turn_ticket(event)
        if not self.is_over:
            self._turn_phase(event.kind, at)
        if self.state is not before:
            self._close(before, at)
            self.since = at

    def finish(self) -> Life:
        self._close(self.state, None)
        ran, paused = self.spans[ClockState.RUNNING], self.spans[ClockState.PAUSED]
        return Life(self.state, self.since, self.started_at, tuple(ran), tuple(paused))

    def _turn_pauses(self, event: Event) -> None:
        if event.kind is EventKind.PAUSED:
            self.causes.add(event.cause)
        elif event.kind is EventKind.RESUMED and event.cause:
            self.causes.discard(event.cause)
        elif event.kind in (EventKind.RESUMED, EventKind.RESOLVED, EventKind.CANCELLED):
            self.causes.clear()

    def _turn_ticket(self, event: Event) -> None:
        if event.kind in (EventKind.RESOLVED, EventKind.CANCELLED):
            self.ticket_is_open = False
        elif event.kind is EventKind.REOPENED:
            self.ticket_is_open = True
        if self.stint is None:
            self.is_current = self.is_current or event.kind in self.rule.starts
        elif event.event_id == self.stint.event_id:
            self.is_current = True
        elif event.event_id == self.stint.ended_by:
            self.is_current, self.is_over = False, True
            if self.phase is ClockState.RUNNING:
                self.phase = ClockState.STOPPED

    def _turn_phase(self, kind: EventKind, at: Instant) -> None:
        if self.phase is ClockState.WAITING:
            if self.is_current and self.ticket_is_open:
                self.phase, self.started_at = ClockState.RUNNING, at
        elif self.phase is ClockState.RUNNING and kind in self.rule.stops:
            self.phase = ClockState.STOPPED
        elif self.phase is ClockState.RUNNING and kind is EventKind.CANCELLED:
            self.phase = ClockState.CANCELLED
        elif self._goes_on(kind):
            self.phase = ClockState.RUNNING

    def _goes_on(self, kind: EventKind) -> bool:
        if self.phase is ClockState.CANCELLED:
            return kind is EventKind.REOPENED
        return self.phase is ClockState.STOPPED and kind in self.rule.continues

    def _close(self, state: ClockState, at: Instant | None) -> None:
        if state in self.spans and at != self.since:
            self.spans[state].append(Span(self.since, at))
