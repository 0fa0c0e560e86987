"""Which events start, stop and renew the clock of a target type, and how such a clock is set up.

A new clock is a row in `CLOCKS`; the walk over the events (`domain/plan/measured/cycles.py`) is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from domain.calendar.local_time.intervals import Interval
from domain.errors import InvalidValue
from domain.instants import Instant, Micros
from domain.policy.clocks.event_patterns import EventPattern, EventPatterns
from domain.policy.clocks.triggers import NO_TRIGGERS, Triggers
from domain.ticket.events import EventKind

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Which events do what to a clock, in the words in which a target may say it itself (see `triggers.py`).

    A clock that `continues` runs on after a reopening, one that `follows_reopen` lets the policy say what a reopening
    does instead. `renews_on` lists the events that end a cycle and begin the next. A clock that `recurs` starts again
    whenever it has stopped and one of its starts comes.
    """

    starts_on: EventPatterns
    stops_on: EventPatterns
    cancels_on: EventPatterns = ()
    renews_on: EventPatterns = ()
    continues: bool = False
    recurs: bool = False
    follows_reopen: bool = False


def _on(*kinds: EventKind) -> EventPatterns:
    return tuple(EventPattern(kind) for kind in kinds)


_OPENED, _RESOLVED = _on(EventKind.OPENED), _on(EventKind.RESOLVED)
_ANSWERS = _on(EventKind.ACKNOWLEDGED, EventKind.AGENT_REPLIED)

CLOCKS: Mapping[str, ClockRule] = {
    "first_response": ClockRule(starts_on=_OPENED, stops_on=_ANSWERS + _RESOLVED),
    "resolution": ClockRule(starts_on=_OPENED, stops_on=_RESOLVED, continues=True, follows_reopen=True),
    "total_resolution": ClockRule(starts_on=_OPENED, stops_on=_RESOLVED, continues=True),
    "next_response": ClockRule(
        starts_on=_on(EventKind.CUSTOMER_REPLIED),
        stops_on=_on(EventKind.AGENT_REPLIED, EventKind.RESOLVED),
        recurs=True,
    ),
    "periodic_update": ClockRule(
        starts_on=_on(EventKind.OPENED, EventKind.REOPENED),
        stops_on=_RESOLVED,
        renews_on=_ANSWERS,
        recurs=True,
    ),
}

CUSTOM = ClockRule(starts_on=(), stops_on=_RESOLVED, continues=True, recurs=True, follows_reopen=True)
"""The rule of a custom clock: its target says what starts and stops it, and the end of the ticket stops it too."""


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
    """A clock as a policy sets it up: the rule of its type, with what its target says of it itself (`triggers`)."""

    rule: ClockRule
    pausable: bool = True
    triggers: Triggers = NO_TRIGGERS
    on_reopen: OnReopen = OnReopen.CONTINUE
    name: str = ""

    @classmethod
    def of(cls, rule: ClockRule, triggers: Triggers, *, pausable: bool, on_reopen: OnReopen, name: str = "") -> Clock:
        """The clock of a type under a target that may say some of it itself."""
        lists = ("starts_on", "stops_on", "renews_on", "cancels_on")
        own = {name: given for name in lists if (given := getattr(triggers, name)) is not None}
        if triggers.starts_when is not None:
            own = {"starts_on": (), **own}
        return cls(replace(rule, **own) if own else rule, pausable, triggers, on_reopen, name)

    @property
    def starts_by_fields(self) -> bool:
        """Whether conditions start it; a clock without any start runs as if conditions that always hold did."""
        return self.triggers.starts_when is not None or not self.rule.starts_on

    @property
    def watches_fields(self) -> bool:
        """Whether the ticket's fields start, stop or cancel it."""
        triggers = self.triggers
        return self.starts_by_fields or triggers.stops_when is not None or triggers.cancels_when is not None

    def wants(self, attributes: Mapping[str, Any]) -> bool:
        """Whether the ticket's fields ask for the clock, whatever they say against it."""
        criteria = self.triggers.starts_when
        return self.starts_by_fields and (criteria is None or criteria.hold(attributes))

    def is_stopped_by(self, attributes: Mapping[str, Any]) -> bool:
        criteria = self.triggers.stops_when
        return criteria is not None and criteria.hold(attributes)

    def is_cancelled_by(self, attributes: Mapping[str, Any]) -> bool:
        criteria = self.triggers.cancels_when
        return criteria is not None and criteria.hold(attributes)

    @property
    def may_start_again(self) -> bool:
        """Whether an open ticket may yet need it though it is not running: not only because it is reopened."""
        rule, triggers = self.rule, self.triggers
        starts_late = rule.starts_on != _OPENED or triggers.starts_when is not None
        is_cancelled = bool(rule.cancels_on) or triggers.cancels_when is not None
        return rule.recurs or starts_late or is_cancelled or _RESOLVED[0] not in rule.stops_on


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
    had breached counts. `started_by` and `ended_by` are the ids of the events that did so, None where none has.
    """

    state: ClockState
    since: Instant
    started_at: Instant | None
    going: tuple[Span, ...]
    ran: tuple[Span, ...]
    paused: tuple[Span, ...]
    held: tuple[Hold, ...] = ()
    superseded: bool = False
    started_by: str | None = None
    ended_by: str | None = None

    @property
    def stopped_at(self) -> Instant | None:
        return self.since if self.state in (ClockState.STOPPED, ClockState.CANCELLED) else None

    @property
    def paused_for(self) -> Micros:
        """Wall time of the pauses that have ended."""
        return Micros(sum(span.end - span.start for span in self.paused if span.end is not None))

    def taken_back(self, at: Instant, by: str | None) -> Cycle:
        """The cycle once its promise is taken back at `at`, by the event of that id.

        A clock that has stopped by then keeps its verdict.
        """
        if self.state not in (ClockState.RUNNING, ClockState.PAUSED):
            return self
        going = (*self.going[:-1], Span(self.going[-1].start, at))
        ran, paused = _ended(self.ran, at), _ended(self.paused, at)
        held = tuple(Hold(hold.cause, span) for hold in self.held for span in _ended((hold.span,), at))
        facts = (ClockState.CANCELLED, at, self.started_at, going, ran, paused, held)
        return Cycle(*facts, superseded=True, started_by=self.started_by, ended_by=by)


def _ended(spans: tuple[Span, ...], at: Instant) -> tuple[Span, ...]:
    """The spans with `at` as the end of one that goes on; a span that begins at that very instant is left out."""
    ended = (span.ended(at) for span in spans)
    return tuple(span for span in ended if span.start != span.end)
