"""The walk of a clock over the events of its ticket: one cycle, or several where the clock begins again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.instants import Instant
from domain.policy.clocks import Clock, ClockState, Cycle, Hold, OnReopen, Span
from domain.ticket.events import ENDS, Event, EventKind
from domain.ticket.stints import Stint
from domain.ticket.timeline import Turn


@dataclass(frozen=True, slots=True)
class ClockSetup:
    """How a clock is set up at one turn of its ticket.

    The clock starts only at a turn at which it `may_start`. A clock that `begins_anew` at a turn begins its next cycle
    there if it is going.
    """

    clock: Clock
    may_start: bool = True
    begins_anew: bool = False


def cycles(setups: Sequence[ClockSetup], turns: Sequence[Turn], stint: Stint | None = None) -> tuple[Cycle, ...]:
    """The cycles of a clock over the turns of its ticket, at least one; the first turn is the opening.

    `setups` has one entry for each turn: the policy in force at an event decides what the event does. The clock of a
    `stint` starts with the stint, or with the reopening of a ticket that was closed then, and stops at its end.
    """
    walk = _ClockWalk(setups[0], turns[0].at, stint)
    for setup, turn in zip(setups, turns, strict=True):
        walk.setup = setup
        walk.apply(turn)
    return walk.finish()


@dataclass(slots=True)
class _OpenCycle:
    """A cycle in the making."""

    since: Instant
    state: ClockState = ClockState.WAITING
    started_at: Instant | None = None
    superseded: bool = False
    going_since: Instant | None = None
    going: list[Span] = field(default_factory=list)
    spans: dict[ClockState, list[Span]] = field(default_factory=lambda: {ClockState.RUNNING: [], ClockState.PAUSED: []})
    holding: dict[str, Instant] = field(default_factory=dict)
    held: list[Hold] = field(default_factory=list)

    def enter(self, state: ClockState, causes: frozenset[str], at: Instant) -> None:
        """From `at` on the clock is in this state, held by these causes."""
        if state is self.state and not causes and not self.holding:
            return
        if state is not self.state:
            self._close_span(at)
            self.state, self.since = state, at
            self._update_going(at)
        for cause in sorted(self.holding.keys() - causes):
            self._release(cause, at)
        for cause in sorted(causes - self.holding.keys()):
            self.holding[cause] = at

    def finish(self) -> Cycle:
        self._close_span(None)
        if self.going_since is not None:
            self.going.append(Span(self.going_since, None))
        for cause in sorted(self.holding):
            self._release(cause, None)
        ran, paused = self.spans[ClockState.RUNNING], self.spans[ClockState.PAUSED]
        held = tuple(sorted(self.held, key=lambda hold: (hold.span.start, hold.cause)))
        state = ClockState.CANCELLED if self.superseded else self.state
        going = tuple(self.going)
        return Cycle(state, self.since, self.started_at, going, tuple(ran), tuple(paused), held, self.superseded)

    def _update_going(self, at: Instant) -> None:
        """A span that ends at the instant at which it began is kept as well: the clock was started and stopped."""
        is_going = self.state in self.spans
        if is_going and self.going_since is None:
            self.going_since = at
        elif not is_going and self.going_since is not None:
            self.going.append(Span(self.going_since, at))
            self.going_since = None

    def _release(self, cause: str, at: Instant | None) -> None:
        start = self.holding.pop(cause)
        if start != at:
            self.held.append(Hold(cause, Span(start, at)))

    def _close_span(self, at: Instant | None) -> None:
        if self.state in self.spans and at != self.since:
            self.spans[self.state].append(Span(self.since, at))


@dataclass(slots=True)
class _ClockWalk:
    """One clock on its way over the turns; `phase` is its state without regard to pauses."""

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
    released: set[str] = field(default_factory=set)
    cycles: list[_OpenCycle] = field(default_factory=list)

    def apply(self, turn: Turn) -> None:
        if turn.event.kind in ENDS and not self.ticket_is_open:
            # A closed ticket cannot close again: this event answers nobody and ends no pause.
            return
        self._update_causes(turn)
        self._update_ticket(turn.event)
        self.is_wanted = self._is_wanted(turn)
        if not self.is_over and self.setup.may_start:
            self._update_phase(turn)
        self._update_cycle(turn.at)

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

    def _update_cycle(self, at: Instant) -> None:
        """Put the current cycle into the state that the walk has come to."""
        causes = frozenset(self.causes) if self.phase is ClockState.RUNNING and self.clock.pausable else frozenset()
        self._current.enter(ClockState.PAUSED if causes else self.phase, causes, at)

    def _update_causes(self, turn: Turn) -> None:
        event = turn.event
        if turn.releases is not None:
            self.causes.discard(turn.releases)
        elif event.kind is EventKind.PAUSED:
            self.causes.add(event.cause)
        elif event.kind is EventKind.RESUMED and event.cause:
            self.causes.discard(event.cause)
        elif event.kind in (EventKind.RESUMED, *ENDS):
            self.causes.clear()
        self._update_field_causes(turn)

    def _update_field_causes(self, turn: Turn) -> None:
        """A field holds the clock while its condition does, as long as the policy lets it."""
        if (criteria := self.clock.pauses_when) is None:
            return
        cause = str(criteria)
        if turn.releases == cause:
            self.released.add(cause)
        elif not (self.ticket_is_open and criteria.hold(turn.attributes)):
            self.released.discard(cause)
        holds = criteria.hold(turn.attributes) and cause not in self.released
        (self.causes.add if holds else self.causes.discard)(cause)

    def _update_ticket(self, event: Event) -> None:
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

    def _is_wanted(self, turn: Turn) -> bool:
        """Whether something asks for the clock: one of its starts that came, or conditions that hold."""
        if self.clock.is_custom:
            return self._conditions_hold(turn)
        rule, kind = self.clock.rule, turn.event.kind
        if kind in rule.starts:
            return True
        return self.is_wanted and not (rule.recurs and kind in rule.stops)

    def _conditions_hold(self, turn: Turn) -> bool:
        starts, stops = self.clock.starts_when, self.clock.stops_when
        begun = starts is None or starts.hold(turn.attributes)
        return begun and not (stops is not None and stops.hold(turn.attributes))

    def _has_stopped(self, turn: Turn) -> bool:
        if turn.event.kind in self.clock.rule.stops:
            return True
        stops = self.clock.stops_when
        return stops is not None and stops.hold(turn.attributes)

    def _update_phase(self, turn: Turn) -> None:
        event, at = turn.event, turn.at
        might_before, self.may_run = self.may_run, self.is_wanted and self.in_stint and self.ticket_is_open
        if self.phase is ClockState.WAITING:
            if self.may_run:
                self._start(at)
        elif self.phase is ClockState.RUNNING:
            self._update_running(turn)
        elif event.kind is EventKind.REOPENED and (self.phase is ClockState.CANCELLED or self.was_resolved):
            self._reopen(at)
        elif self._is_needed_again(might_before):
            self._begin_again(at, superseded=False)

    def _update_running(self, turn: Turn) -> None:
        kind = turn.event.kind
        if self._has_stopped(turn):
            self.phase, self.was_resolved = ClockState.STOPPED, kind is EventKind.RESOLVED
        elif kind is EventKind.CANCELLED:
            self.phase = ClockState.CANCELLED
        elif self.setup.begins_anew:
            self._begin_again(turn.at, superseded=True)
        elif kind in self.clock.rule.renews:
            self.phase = ClockState.STOPPED
            self._begin_again(turn.at, superseded=False)

    def _reopen(self, at: Instant) -> None:
        """A custom clock whose conditions no longer hold stays where it stopped.

        What a cancel ended has no verdict that could stay: it runs on even where reopenings are ignored.
        """
        rule = self.clock.rule
        if EventKind.REOPENED not in rule.continues and self.phase is ClockState.STOPPED:
            if self.may_run and rule.recurs:
                self._begin_again(at, superseded=False)
            return
        if self.clock.is_custom and not self.may_run:
            return
        mode = self.clock.on_reopen if rule.follows_reopen else OnReopen.CONTINUE
        if mode is OnReopen.IGNORE and self.phase is ClockState.STOPPED:
            return
        if mode in (OnReopen.CONTINUE, OnReopen.IGNORE):
            self.phase = ClockState.RUNNING
        else:
            self._begin_again(at, superseded=mode is OnReopen.RESTART)

    def _is_needed_again(self, might_before: bool) -> bool:
        """Whether a stopped clock is needed once more: a custom one is if its conditions hold and did not before."""
        if self.phase is not ClockState.STOPPED or not (self.clock.rule.recurs and self.may_run):
            return False
        return not (self.clock.is_custom and might_before)

    def _start(self, at: Instant) -> None:
        self.phase, self._current.started_at = ClockState.RUNNING, at

    def _begin_again(self, at: Instant, superseded: bool) -> None:
        self._current.superseded = superseded
        if self.phase is ClockState.RUNNING:
            self.phase = ClockState.STOPPED
        self._update_cycle(at)
        self.cycles.append(_OpenCycle(at))
        self._start(at)
