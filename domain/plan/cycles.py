"""The walk of a clock over the events of its ticket: one life, or several where it begins again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.instants import Instant
from domain.policy.clocks import Clock, ClockState, Cycle, Hold, OnReopen, Span
from domain.ticket.events import Event, EventKind
from domain.ticket.stints import Stint

ENDS = (EventKind.RESOLVED, EventKind.CANCELLED)


@dataclass(frozen=True, slots=True)
class Moment:
    """An event, when it took effect, and the fields of the ticket from then on."""

    event: Event
    at: Instant
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClockSetup:
    """A clock as it is set up at a moment; one that `is_made` may start, one that `begins_anew` does so if it goes."""

    clock: Clock
    is_made: bool = True
    begins_anew: bool = False


def cycles(setups: Sequence[ClockSetup], moments: Sequence[Moment], stint: Stint | None = None) -> tuple[Cycle, ...]:
    """The lives of a clock under events in order, the first of which opens the ticket; at least one.

    `setups` has one for each moment, for what an event does is decided by the terms of its time. The clock of a `stint`
    starts with it, or with the reopening of a ticket that was closed then, and stops at its end.
    """
    walk = _Walk(setups[0], moments[0].at, stint)
    for setup, moment in zip(setups, moments, strict=True):
        walk.setup = setup
        walk.take(moment)
    return walk.finish()


@dataclass(slots=True)
class _OpenCycle:
    """A life in the making."""

    since: Instant
    state: ClockState = ClockState.WAITING
    started_at: Instant | None = None
    superseded: bool = False
    going_since: Instant | None = None
    going: list[Span] = field(default_factory=list)
    spans: dict[ClockState, list[Span]] = field(default_factory=lambda: {ClockState.RUNNING: [], ClockState.PAUSED: []})
    holding: dict[str, Instant] = field(default_factory=dict)
    held: list[Hold] = field(default_factory=list)

    def be(self, state: ClockState, causes: frozenset[str], at: Instant) -> None:
        if state is self.state and not causes and not self.holding:
            return
        if state is not self.state:
            self._close(at)
            self.state, self.since = state, at
            self._go(at)
        for cause in sorted(self.holding.keys() - causes):
            self._release(cause, at)
        for cause in sorted(causes - self.holding.keys()):
            self.holding[cause] = at

    def finish(self) -> Cycle:
        self._close(None)
        if self.going_since is not None:
            self.going.append(Span(self.going_since, None))
        for cause in sorted(self.holding):
            self._release(cause, None)
        ran, paused = self.spans[ClockState.RUNNING], self.spans[ClockState.PAUSED]
        held = tuple(sorted(self.held, key=lambda hold: (hold.start, hold.cause)))
        state = ClockState.CANCELLED if self.superseded else self.state
        going = tuple(self.going)
        return Cycle(state, self.since, self.started_at, going, tuple(ran), tuple(paused), held, self.superseded)

    def _go(self, at: Instant) -> None:
        """A stretch that ends at the instant at which it began is one too: the clock was started and stopped."""
        is_going = self.state in self.spans
        if is_going and self.going_since is None:
            self.going_since = at
        elif not is_going and self.going_since is not None:
            self.going.append(Span(self.going_since, at))
            self.going_since = None

    def _release(self, cause: str, at: Instant | None) -> None:
        start = self.holding.pop(cause)
        if start != at:
            self.held.append(Hold(cause, start, at))

    def _close(self, at: Instant | None) -> None:
        if self.state in self.spans and at != self.since:
            self.spans[self.state].append(Span(self.since, at))


@dataclass(slots=True)
class _Walk:
    setup: ClockSetup
    opened_at: Instant
    stint: Stint | None
    phase: ClockState = ClockState.WAITING
    ticket_is_open: bool = True
    is_wanted: bool = False
    may_run: bool = False
    was_resolved: bool = False
    in_stint: bool = False
    is_over: bool = False
    causes: set[str] = field(default_factory=set)
    cycles: list[_OpenCycle] = field(default_factory=list)

    def take(self, moment: Moment) -> None:
        if moment.event.kind in ENDS and not self.ticket_is_open:
            # What is closed cannot close: it answers nobody and ends no pause.
            return
        self._turn_causes(moment)
        self._turn_ticket(moment.event)
        self.is_wanted = self._is_wanted(moment)
        if not self.is_over and self.setup.is_made:
            self._turn_phase(moment)
        self._settle(moment.at)

    def finish(self) -> tuple[Cycle, ...]:
        return tuple(cycle.finish() for cycle in self.cycles)

    @property
    def clock(self) -> Clock:
        return self.setup.clock

    @property
    def _current(self) -> _OpenCycle:
        if not self.cycles:
            self.cycles.append(_OpenCycle(self.opened_at))
        return self.cycles[-1]

    def _settle(self, at: Instant) -> None:
        """Put the current life into the state that the walk has come to."""
        causes = frozenset(self.causes) if self.phase is ClockState.RUNNING and self.clock.pausable else frozenset()
        self._current.be(ClockState.PAUSED if causes else self.phase, causes, at)

    def _turn_causes(self, moment: Moment) -> None:
        event = moment.event
        if event.kind is EventKind.PAUSED:
            self.causes.add(event.cause)
        elif event.kind is EventKind.RESUMED and event.cause:
            self.causes.discard(event.cause)
        elif event.kind in (EventKind.RESUMED, *ENDS):
            self.causes.clear()
        if (criteria := self.clock.pauses_when) is not None:
            (self.causes.add if criteria.hold(moment.attributes) else self.causes.discard)(str(criteria))

    def _turn_ticket(self, event: Event) -> None:
        if event.kind in ENDS:
            self.ticket_is_open = False
        elif event.kind is EventKind.REOPENED:
            self.ticket_is_open = True
        if self.stint is None or event.event_id == self.stint.event_id:
            self.in_stint = True
        elif event.event_id == self.stint.ended_by:
            self.in_stint, self.is_over = False, True
            if self.phase is ClockState.RUNNING:
                self.phase = ClockState.STOPPED

    def _is_wanted(self, moment: Moment) -> bool:
        """Whether something asks for the clock: the start of one that came, or conditions that hold."""
        if self.clock.is_custom:
            return self._holds(moment)
        rule, kind = self.clock.rule, moment.event.kind
        if kind in rule.starts:
            return True
        return self.is_wanted and not (rule.recurs and kind in rule.stops)

    def _holds(self, moment: Moment) -> bool:
        starts, stops = self.clock.starts_when, self.clock.stops_when
        begun = starts is None or starts.hold(moment.attributes)
        return begun and not (stops is not None and stops.hold(moment.attributes))

    def _has_stopped(self, moment: Moment) -> bool:
        if moment.event.kind in self.clock.rule.stops:
            return True
        stops = self.clock.stops_when
        return stops is not None and stops.hold(moment.attributes)

    def _turn_phase(self, moment: Moment) -> None:
        event, at = moment.event, moment.at
        might_before, self.may_run = self.may_run, self.is_wanted and self.in_stint and self.ticket_is_open
        if self.phase is ClockState.WAITING:
            if self.may_run:
                self._start(at)
        elif self.phase is ClockState.RUNNING:
            self._turn_running(moment)
        elif event.kind is EventKind.REOPENED and (self.phase is ClockState.CANCELLED or self.was_resolved):
            self._reopen(at)
        elif self._comes_again(might_before):
            self._begin_again(at, superseded=False)

    def _turn_running(self, moment: Moment) -> None:
        kind = moment.event.kind
        if self._has_stopped(moment):
            self.phase, self.was_resolved = ClockState.STOPPED, kind is EventKind.RESOLVED
        elif kind is EventKind.CANCELLED:
            self.phase = ClockState.CANCELLED
        elif self.setup.begins_anew:
            self._begin_again(moment.at, superseded=True)
        elif kind in self.clock.rule.renews:
            self.phase = ClockState.STOPPED
            self._begin_again(moment.at, superseded=False)

    def _reopen(self, at: Instant) -> None:
        """A custom clock whose conditions no longer hold stays where it stopped."""
        rule = self.clock.rule
        if EventKind.REOPENED not in rule.continues and self.phase is ClockState.STOPPED:
            if self.may_run and rule.recurs:
                self._begin_again(at, superseded=False)
            return
        if self.clock.is_custom and not self.may_run:
            return
        mode = self.clock.on_reopen if rule.follows_reopen else OnReopen.CONTINUE
        if mode is OnReopen.CONTINUE:
            self.phase = ClockState.RUNNING
        else:
            self._begin_again(at, superseded=mode is OnReopen.RESTART)

    def _comes_again(self, might_before: bool) -> bool:
        """Whether a stopped clock is needed once more; one with conditions once they hold after they did not."""
        if self.phase is not ClockState.STOPPED or not (self.clock.rule.recurs and self.may_run):
            return False
        return not (self.clock.is_custom and might_before)

    def _start(self, at: Instant) -> None:
        self.phase, self._current.started_at = ClockState.RUNNING, at

    def _begin_again(self, at: Instant, superseded: bool) -> None:
        self._current.superseded = superseded
        if self.phase is ClockState.RUNNING:
            self.phase = ClockState.STOPPED
        self._settle(at)
        self.cycles.append(_OpenCycle(at))
        self._start(at)
