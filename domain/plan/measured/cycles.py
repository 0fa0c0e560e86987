"""The walk of a clock over the events of its ticket: one cycle, or several where the clock begins again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.instants import Instant
from domain.plan.measured.open_cycles import OpenCycle
from domain.policy.clocks.clocks import Clock, ClockState, Cycle, OnReopen
from domain.policy.clocks.event_patterns import EventPatterns, matching
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
        walk.apply(turn, setup)
    return walk.finish()


class _Cancelled(StrEnum):
    """What a clock was cancelled by: the ticket closed, an event of `cancels_on`, or `cancels_when` holds."""

    CLOSING = "closing"
    EVENT = "event"
    CONDITION = "condition"


@dataclass(slots=True)
class _ClockWalk:
    """One clock on its way over the turns; `phase` is its state without regard to pauses.

    The clock is `asked` for by an event that starts it, and `wanted` by the ticket's fields from when they begin to say
    so. Both are used up when it stops, so that it begins again only with an event of its own, or once the fields have
    said something else in between; where a reopening lets it run on, a closing uses up neither.
    """

    setup: ClockSetup
    opened_at: Instant
    stint: Stint | None
    phase: ClockState = ClockState.WAITING
    ticket_is_open: bool = True
    asked: bool = False
    wanted: bool = False
    fields_ask: bool = False
    is_blocked: bool = False
    watches_fields: bool = True
    cancelled_by: _Cancelled = _Cancelled.CLOSING
    was_resolved: bool = False
    reopens: bool = False
    in_stint: bool = False
    is_over: bool = False
    causes: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    cycles: list[OpenCycle] = field(default_factory=list)
    seen: list[Event] = field(default_factory=list)

    def apply(self, turn: Turn, setup: ClockSetup) -> None:
        before, self.setup = self.setup, setup
        if setup is not before or not self.seen:
            self.watches_fields = setup.clock.watches_fields
        if turn.event.kind in ENDS and not self.ticket_is_open:
            # A closed ticket cannot close again: this event answers nobody and ends no pause.
            return
        self._update_causes(turn)
        self._update_ticket(turn.event)
        self._update_fields(turn)
        if self.setup.may_start:
            self._update_asked(turn, before)
            if not self.is_over:
                self._update_phase(turn)
        self._update_cycle(turn)

    def finish(self) -> tuple[Cycle, ...]:
        return tuple(cycle.finish() for cycle in self.cycles)

    @property
    def clock(self) -> Clock:
        return self.setup.clock

    @property
    def _current(self) -> OpenCycle:
        if not self.cycles:
            self.cycles.append(OpenCycle(self.opened_at))
        return self.cycles[-1]

    @property
    def _may_run(self) -> bool:
        return (self.asked or self.wanted) and self.in_stint and self.ticket_is_open and not self.is_blocked

    def _update_cycle(self, turn: Turn) -> None:
        """Put the current cycle into the state that the walk has come to."""
        cycle, was = self._current, self._current.state
        causes = frozenset(self.causes) if self.phase is ClockState.RUNNING and self.clock.pausable else frozenset()
        cycle.enter(ClockState.PAUSED if causes else self.phase, causes, turn.at)
        if self.phase is ClockState.RUNNING:
            cycle.ended_by = None
        elif cycle.state is not was:
            cycle.ended_by = turn.event.event_id

    def _update_causes(self, turn: Turn) -> None:
        event, triggers = turn.event, self.clock.triggers
        if turn.releases is not None:
            self.causes.discard(turn.releases)
        elif event.kind is EventKind.PAUSED:
            self.causes.add(event.cause)
        elif event.kind is EventKind.RESUMED and event.cause:
            self.causes.discard(event.cause)
        elif event.kind in (EventKind.RESUMED, *ENDS):
            self.causes.clear()
        if triggers.pauses_on and _is_told(triggers.pauses_on, turn):
            self.causes.add(triggers.cause)
        elif triggers.resumes_on and _is_told(triggers.resumes_on, turn):
            self.causes.discard(triggers.cause)
        self._update_field_causes(turn)

    def _update_field_causes(self, turn: Turn) -> None:
        """A field holds the clock while its condition does, as long as the policy lets it."""
        if (criteria := self.clock.triggers.pauses_when) is None:
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

    def _update_fields(self, turn: Turn) -> None:
        """What the ticket's fields say for the clock and against it. They ask for it anew each time they begin to."""
        clock, asked_before = self.clock, self.fields_ask
        if not (self.watches_fields or asked_before or self.is_blocked):
            return
        self.is_blocked = clock.is_stopped_by(turn.attributes) or clock.is_cancelled_by(turn.attributes)
        self.fields_ask = clock.wants(turn.attributes) and not self.is_blocked
        if self.fields_ask != asked_before:
            self.wanted = self.fields_ask

    def _update_asked(self, turn: Turn, before: ClockSetup) -> None:
        """What the events say for the clock and against it.

        Where other rules come into force while it waits, they also count for what had happened before.
        """
        if turn.releases is not None:
            return
        self.seen.append(turn.event)
        if self.phase is ClockState.WAITING and self.setup is not before:
            is_new = self.clock.rule.starts_on != before.clock.rule.starts_on
            for event in self.seen[:-1] if is_new else ():
                self._hear(event)
        self._hear(turn.event)

    def _hear(self, event: Event) -> None:
        rule = self.clock.rule
        if matching(rule.starts_on, event):
            self.asked = True
        elif matching(rule.cancels_on, event) and event.kind not in ENDS:
            self.asked = self.wanted = False
        elif rule.recurs and matching(rule.stops_on, event):
            self._settle(event)

    def _settle(self, event: Event) -> None:
        """The event has given what the clock was asked for."""
        if not self.clock.rule.recurs or (event.kind in ENDS and self.clock.rule.continues):
            return
        self.asked = self.wanted = False

    def _has_stopped(self, turn: Turn) -> bool:
        return _is_told(self.clock.rule.stops_on, turn) or self.clock.is_stopped_by(turn.attributes)

    def _update_phase(self, turn: Turn) -> None:
        if self._is_reset_by(turn):
            self._reset(turn)
        elif self.phase is ClockState.WAITING:
            if self._may_run:
                self._start(turn)
        elif self.phase is ClockState.RUNNING:
            self._update_running(turn)
        elif self.phase is ClockState.CANCELLED:
            self._update_cancelled(turn)
        elif self.was_resolved and (turn.event.kind is EventKind.REOPENED or (self.reopens and self._may_run)):
            self._reopen(turn)
        elif self.clock.rule.recurs and self._may_run:
            self._begin_again(turn, superseded=False)

    def _update_running(self, turn: Turn) -> None:
        event, rule = turn.event, self.clock.rule
        if self._has_stopped(turn):
            self.phase, self.was_resolved = ClockState.STOPPED, event.kind is EventKind.RESOLVED
            self._settle(event)
        elif event.kind in ENDS:
            self._cancel(_Cancelled.CLOSING)
        elif _is_told(rule.cancels_on, turn):
            self._cancel(_Cancelled.EVENT)
        elif self.clock.is_cancelled_by(turn.attributes):
            self._cancel(_Cancelled.CONDITION)
        elif self.setup.begins_anew:
            self._begin_again(turn, superseded=True)
        elif _is_told(rule.renews_on, turn):
            self.phase = ClockState.STOPPED
            self._begin_again(turn, superseded=False)

    def _cancel(self, by: _Cancelled) -> None:
        self.phase, self.cancelled_by = ClockState.CANCELLED, by

    def _update_cancelled(self, turn: Turn) -> None:
        """What the ticket's closing or a condition has cancelled runs on once it is undone; what an event has cancelled
        begins anew once it is asked for."""
        if self.cancelled_by is _Cancelled.CLOSING:
            if turn.event.kind is EventKind.REOPENED:
                self._reopen(turn)
        elif self.cancelled_by is _Cancelled.EVENT:
            if self._may_run:
                self._begin_again(turn, superseded=False)
        elif self._is_settled_by(turn):
            self.cancelled_by = _Cancelled.EVENT
            self.asked = self.wanted = False
        elif self._may_run:
            self.phase = ClockState.RUNNING

    def _is_settled_by(self, turn: Turn) -> bool:
        """Whether what the clock was for has come while it was cancelled, or has been cancelled by an event as well."""
        if turn.event.kind in ENDS and self.clock.rule.continues:
            return False
        return self._has_stopped(turn) or (turn.event.kind not in ENDS and _is_told(self.clock.rule.cancels_on, turn))

    def _reopen(self, turn: Turn) -> None:
        """A clock that nothing asks for any more stays where it stopped.

        What a cancel ended has no verdict that could stay: it runs on even where reopenings are ignored.
        """
        rule, is_cancelled, self.reopens = self.clock.rule, self.phase is ClockState.CANCELLED, False
        if not is_cancelled and (not rule.continues or matching(rule.starts_on, turn.event)):
            if self._may_run and rule.recurs:
                self._begin_again(turn, superseded=False)
            return
        mode = self.clock.on_reopen if rule.follows_reopen else OnReopen.CONTINUE
        if mode is OnReopen.IGNORE and not is_cancelled:
            self.asked = self.wanted = False
        elif not self._may_run:
            # What cancels it may end later, and what asks for it come.
            self.cancelled_by, self.reopens = _Cancelled.CONDITION, self.asked
        elif mode in (OnReopen.CONTINUE, OnReopen.IGNORE):
            self.phase = ClockState.RUNNING
        else:
            self._begin_again(turn, superseded=mode is OnReopen.RESTART)

    def _is_reset_by(self, turn: Turn) -> bool:
        """Whether the event resets the clock; one that has not started has nothing to be reset."""
        event, goes_on = turn.event, self.in_stint and self.ticket_is_open and not self.is_blocked
        is_meant = event.kind is EventKind.RESET and event.target in (None, self.clock.name)
        return is_meant and goes_on and self.phase is not ClockState.WAITING

    def _reset(self, turn: Turn) -> None:
        """A clock that goes begins again in place of the cycle before, one that is decided begins again beside it."""
        self._begin_again(turn, superseded=self.phase is ClockState.RUNNING)
        self.asked = True

    def _start(self, turn: Turn) -> None:
        self.phase = ClockState.RUNNING
        self._current.started_at, self._current.started_by = turn.at, turn.event.event_id

    def _begin_again(self, turn: Turn, superseded: bool) -> None:
        self._current.superseded = superseded
        if self.phase is ClockState.RUNNING:
            self.phase = ClockState.STOPPED
        self._update_cycle(turn)
        self.cycles.append(OpenCycle(turn.at))
        self._start(turn)


def _is_told(patterns: EventPatterns, turn: Turn) -> bool:
    """Whether the turn's event is one of these; the end that a pause comes to by itself is told by nobody."""
    return turn.releases is None and matching(patterns, turn.event)
