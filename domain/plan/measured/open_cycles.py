"""A cycle in the making: the state of a clock, and the spans in which it was going, running and held."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.instants import Instant
from domain.policy.clocks.clocks import ClockState, Cycle, Hold, Span


@dataclass(slots=True)
class OpenCycle:
    """A cycle in the making."""

    since: Instant
    state: ClockState = ClockState.WAITING
    started_at: Instant | None = None
    superseded: bool = False
    started_by: str | None = None
    ended_by: str | None = None
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
        return Cycle(
            state,
            self.since,
            self.started_at,
            tuple(self.going),
            tuple(ran),
            tuple(paused),
            held,
            self.superseded,
            self.started_by,
            self.ended_by,
        )

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
