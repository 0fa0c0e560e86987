"""Which events start, stop and continue the clock of a target type, and how such a clock is set up.

A new clock is a row in `CLOCKS`; the walk over the events (`domain/plan/cycles.py`) is the same for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.calendar.local_time.intervals import Interval
from domain.errors import InvalidValue
from domain.instants import Instant, Micros
from domain.ticket.criteria import Criteria
from domain.ticket.events import EventKind

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Which events do what to a clock.

    `continues` lists the events after which a stopped clock runs on, `renews` those that end it and start it anew. A
    clock that `recurs` starts again whenever it has stopped and one of its starts comes. `follows_reopen` lets the
    policy say what a reopening does, instead of `continues`.
    """

    starts: frozenset[EventKind]
    stops: frozenset[EventKind]
    continues: frozenset[EventKind] = frozenset()
    renews: frozenset[EventKind] = frozenset()
    recurs: bool = False
    follows_reopen: bool = False


_OPENED = frozenset({EventKind.OPENED})
_RESOLVED = frozenset({EventKind.RESOLVED})
_REOPENED = frozenset({EventKind.REOPENED})

CLOCKS: Mapping[str, ClockRule] = {
    "first_response": ClockRule(
        starts=_OPENED,
        stops=frozenset({EventKind.ACKNOWLEDGED, EventKind.AGENT_REPLIED, EventKind.RESOLVED}),
    ),
    "resolution": ClockRule(starts=_OPENED, stops=_RESOLVED, continues=_REOPENED, follows_reopen=True),
    "total_resolution": ClockRule(starts=_OPENED, stops=_RESOLVED, continues=_REOPENED),
    "next_response": ClockRule(
        starts=frozenset({EventKind.CUSTOMER_REPLIED}),
        stops=frozenset({EventKind.AGENT_REPLIED, EventKind.RESOLVED}),
        recurs=True,
    ),
    "periodic_update": ClockRule(
        starts=frozenset({EventKind.OPENED, EventKind.REOPENED}),
        stops=_RESOLVED,
        renews=frozenset({EventKind.ACKNOWLEDGED, EventKind.AGENT_REPLIED}),
        recurs=True,
    ),
}

CUSTOM = ClockRule(starts=_OPENED, stops=_RESOLVED, continues=_REOPENED, recurs=True, follows_reopen=True)
"""The rule of a custom clock: its own conditions start and stop it, and the end of the ticket stops it too."""


def clock_name(type_: str, name: str | None) -> str:
    """What a clock is called among those of its ticket: `resolution`, or `resolution:workaround` where several targets
    of a type are told apart by name."""
    return type_ if name is None else f"{type_}:{name}"


def require_target_name(name: str, field: str = "name") -> str:
    """What tells targets of one type apart. Raises InvalidValue."""
    if not _NAME.fullmatch(name):
        raise InvalidValue(field, name, "must be 1 to 50 lower-case letters, digits and _, a letter first")
    return name


def require_clock_name(name: str, field: str = "type") -> str:
    """The type of a target: one of `CLOCKS`, or the name of a custom clock. Raises InvalidValue."""
    if not _NAME.fullmatch(name):
        known = ", ".join(CLOCKS)
        raise InvalidValue(field, name, f"must be one of {known}, or a name of lower-case letters, digits and _")
    return name


class OnReopen(StrEnum):
    """What a reopening does to a clock that had stopped: the clock runs on (`continue`), begins a cycle that supersedes
    the one before (`restart`), begins a cycle beside it (`new_cycle`), or stays stopped (`ignore`)."""

    CONTINUE = "continue"
    RESTART = "restart"
    NEW_CYCLE = "new_cycle"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock as a policy sets it up. `starts_when` and `stops_when` are the conditions of a custom clock."""

    rule: ClockRule
    pausable: bool = True
    pauses_when: Criteria | None = None
    starts_when: Criteria | None = None
    stops_when: Criteria | None = None
    on_reopen: OnReopen = OnReopen.CONTINUE

    @property
    def is_custom(self) -> bool:
        return self.rule is CUSTOM

    @property
    def may_start_again(self) -> bool:
        """Whether an open ticket may yet need it though it is not running."""
        return self.rule.recurs


class ClockState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open `[start, end)`; no end means that it is still going on."""

    start: Instant
    end: Instant | None

    def ended(self, at: Instant) -> Span:
        """The same span if it has ended, else the span that ends at `at`."""
        return Span(self.start, at) if self.end is None else self

    def clip(self, start: Instant, end: Instant) -> Interval[Instant] | None:
        """The part of it within `[start, end)`; None where the two have nothing in common."""
        return Interval(self.start, end if self.end is None else self.end).clip(start, end)


@dataclass(frozen=True, slots=True)
class Hold:
    """How long one cause held a clock; several at once overlap, and their union is the pause."""

    cause: str
    span: Span


@dataclass(frozen=True, slots=True)
class Cycle:
    """One clock from start to stop: when it ran, when it was paused and by what, and its `state` from `since` on.

    The clock is `going`, running or paused, from each start to the stop that follows. The first of these spans begins
    at `started_at`, the last ends at `stopped_at`; a span of no length is kept as well. `ran` and `paused` fill them.
    A cycle is `superseded` if the clock was begun again in its stead or its promise was taken back: then only what it
    had breached counts.
    """

    state: ClockState
    since: Instant
    started_at: Instant | None
    going: tuple[Span, ...]
    ran: tuple[Span, ...]
    paused: tuple[Span, ...]
    held: tuple[Hold, ...] = ()
    superseded: bool = False

    @property
    def stopped_at(self) -> Instant | None:
        return self.since if self.state in (ClockState.STOPPED, ClockState.CANCELLED) else None

    @property
    def paused_for(self) -> Micros:
        """Wall time of the pauses that have ended."""
        return Micros(sum(span.end - span.start for span in self.paused if span.end is not None))

    def taken_back(self, at: Instant) -> Cycle:
        """The cycle once its promise is taken back at `at`. A clock that has stopped by then keeps its verdict."""
        if self.state not in (ClockState.RUNNING, ClockState.PAUSED):
            return self
        going = (*self.going[:-1], Span(self.going[-1].start, at))
        ran, paused = _ended(self.ran, at), _ended(self.paused, at)
        held = tuple(Hold(hold.cause, span) for hold in self.held for span in _ended((hold.span,), at))
        return Cycle(ClockState.CANCELLED, at, self.started_at, going, ran, paused, held, superseded=True)


def _ended(spans: tuple[Span, ...], at: Instant) -> tuple[Span, ...]:
    """The spans with `at` as the end of one that goes on; a span that begins at that very instant is left out."""
    ended = (span.ended(at) for span in spans)
    return tuple(span for span in ended if span.start != span.end)
