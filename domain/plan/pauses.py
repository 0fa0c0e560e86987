"""Pauses that end by themselves: the turns at which they do, among those that the events make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.errors import WorkingTimeExhausted
from domain.ids import Kind
from domain.instants import Instant, Micros
from domain.plan.promises import PolicyInForce, policy_at_each_turn
from domain.policy.snapshot import Snapshot
from domain.ticket.events import ENDS, Event, EventKind
from domain.ticket.pauses import NOTHING_SAID, kinds_by_cause
from domain.ticket.timeline import Turn


class EndedBy(StrEnum):
    """What ended a pause: the instant or length it was told with, an event, or the policy's limit."""

    UNTIL = "until"
    ENDS_WHEN = "ends_when"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class PauseEnded:
    """A pause that ends by itself at `at`. `event_id` is its own event, `by_event_id` the one that ends it, if any."""

    cause: str
    event_id: str
    at: Instant
    by: EndedBy
    by_event_id: str | None = None


@dataclass(frozen=True, slots=True)
class TurnsWithPauses:
    """The turns that clocks are walked over, the ends of pauses among them, and these ends in order."""

    turns: tuple[Turn, ...]
    ended: tuple[PauseEnded, ...] = ()


def with_pause_ends(snapshot: Snapshot, turns: tuple[Turn, ...], policies: Sequence[PolicyInForce]) -> TurnsWithPauses:
    """Put a turn where a pause ends by itself, before the events of that instant; also where that lies ahead.

    Raises WorkingTimeExhausted for a length of working time that ends after the year 2100.
    """
    if not any(turn.event.kind is EventKind.PAUSED for turn in turns):
        return TurnsWithPauses(turns)
    walk = _PauseWalk(snapshot, turns[0])
    found = tuple(walk.turns(turns, policies))
    return TurnsWithPauses(found, tuple(walk.ended))


@dataclass(slots=True)
class _Pause:
    """A pause that was told and not taken back. It is `over` once it has come to the limit of its policy."""

    event_id: str
    limit: Instant | None
    ends_when: tuple[str, ...]
    until: Instant | None = None
    over: bool = False

    @property
    def next_end(self) -> tuple[Instant, EndedBy] | None:
        limit = None if self.over else self.limit
        if self.until is not None and (limit is None or self.until <= limit):
            return self.until, EndedBy.UNTIL
        return None if limit is None else (limit, EndedBy.AT_MOST)


@dataclass(slots=True)
class _PauseWalk:
    snapshot: Snapshot
    before: Turn
    is_open: bool = True
    pauses: dict[str, _Pause] = field(default_factory=dict)
    ended: list[PauseEnded] = field(default_factory=list)

    def turns(self, turns: Sequence[Turn], policies: Sequence[PolicyInForce]) -> Iterator[Turn]:
        for turn, in_force in zip(turns, policy_at_each_turn(policies, turns), strict=True):
            # What is dated before the opening was said before a pause could end there.
            yield from self._ends_until(Instant(min(turn.at, turn.event.occurred_at)))
            yield from self._ends_with(turn)
            yield turn
            self.before = turn
            yield from self._take(turn, in_force)
        yield from self._ends_until(None)

    def _ends_until(self, at: Instant | None) -> Iterator[Turn]:
        """The ends that were planned up to an instant, the earliest first; None: all of them."""
        while planned := sorted((*end, cause) for cause, one in self.pauses.items() if (end := one.next_end)):
            when, by, cause = planned[0]
            if at is not None and when > at:
                return
            pause = self.pauses[cause]
            was_over = pause.over
            if by is EndedBy.AT_MOST:
                pause.over = True
            else:
                del self.pauses[cause]
            if not was_over:
                yield self._release(cause, pause, when, by)

    def _ends_with(self, turn: Turn) -> Iterator[Turn]:
        for cause in [cause for cause, one in self.pauses.items() if turn.event.kind in one.ends_when]:
            pause = self.pauses.pop(cause)
            if not pause.over:
                yield self._release(cause, pause, turn.at, EndedBy.ENDS_WHEN, turn.event.event_id)

    def _take(self, turn: Turn, in_force: PolicyInForce) -> Iterator[Turn]:
        event = turn.event
        if event.kind is EventKind.PAUSED:
            pause = self._told(turn, in_force)
            if pause.over:
                # Told again, it does not begin to count again.
                yield self._turn(event.cause, pause, turn.at)
        elif event.kind is EventKind.RESUMED and event.cause:
            self.pauses.pop(event.cause, None)
        elif event.kind is EventKind.RESUMED or (event.kind in ENDS and self.is_open):
            self.pauses.clear()
        if event.kind in ENDS or event.kind is EventKind.REOPENED:
            self.is_open = event.kind is EventKind.REOPENED

    def _told(self, turn: Turn, in_force: PolicyInForce) -> _Pause:
        """The pause of the event. Told again it keeps its start, and an end that it names replaces the one before."""
        event, said = turn.event, turn.event.pause_end or NOTHING_SAID
        if (pause := self.pauses.get(event.cause)) is None:
            limit = self._limit(turn, in_force)
            pause = self.pauses[event.cause] = _Pause(event.event_id, limit, kinds_by_cause(event.cause))
        if said.ends_when is not None:
            pause.ends_when = said.ends_when
        if said.at is not None:
            pause.until = Instant(max(said.at, turn.at))
        elif said.after is not None:
            pause.until = self._after(said.after, turn, in_force)
        return pause

    def _limit(self, turn: Turn, in_force: PolicyInForce) -> Instant | None:
        most = in_force.policy.longest_pause(turn.event.cause)
        try:
            return None if most is None else self._after(most, turn, in_force)
        except WorkingTimeExhausted:
            return None

    def _after(self, length: Micros, turn: Turn, in_force: PolicyInForce) -> Instant:
        owned = self.snapshot.ticket.instance.kind is Kind.OLA
        policy_id = None if in_force.is_first else in_force.policy.id
        calendar = self.snapshot.calendar_under(policy_id, turn.ticket.team_id if owned else None).calendar
        return calendar.add(turn.at, length)

    def _release(self, cause: str, pause: _Pause, at: Instant, by: EndedBy, by_event_id: str | None = None) -> Turn:
        self.ended.append(PauseEnded(cause, pause.event_id, at, by, by_event_id))
        return self._turn(cause, pause, at)

    def _turn(self, cause: str, pause: _Pause, at: Instant) -> Turn:
        event = Event(EventKind.RESUMED, f"{pause.event_id}/ended", at, at, cause=cause)
        return Turn(event, at, self.before.ticket, self.before.attributes, releases=cause)
