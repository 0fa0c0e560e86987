"""Pauses that end by themselves: the turns at which they do, among those that the events make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.errors import WorkingTimeExhausted
from domain.ids import Kind
from domain.instants import Instant, Micros
from domain.plan.measured.hours import hours_of
from domain.plan.measured.promises import PolicyInForce, policy_at_each_turn
from domain.policy.clocks.event_patterns import matching
from domain.policy.clocks.triggers import Triggers
from domain.policy.snapshot import Snapshot
from domain.ticket.conditions.criteria import Criteria
from domain.ticket.events import ENDS, Event, EventKind
from domain.ticket.pauses import NOTHING_SAID, Endings, endings_by_cause
from domain.ticket.stints import Ownership
from domain.ticket.timeline import Turn


class EndedBy(StrEnum):
    """What ended a pause: the instant or length it was told with, an event or a condition, or the policy's limit."""

    UNTIL = "until"
    ENDS_WHEN = "ends_when"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class PauseEnded:
    """A pause that ends by itself at `at`.

    `event_id` is the event that began it: the pause itself, or the one with which a condition of `pauses_when` came to
    hold (`by_field`). `by_event_id` is the event that ends it, if any, and `condition` what came to hold with it, if
    that is what ended it.
    """

    cause: str
    event_id: str
    at: Instant
    by: EndedBy
    by_event_id: str | None = None
    condition: Criteria | None = None
    by_field: bool = False


@dataclass(frozen=True, slots=True)
class TurnsWithPauses:
    """The turns that clocks are walked over, the ends of pauses among them, and these ends in order."""

    turns: tuple[Turn, ...]
    ended: tuple[PauseEnded, ...] = ()


def with_pause_ends(
    snapshot: Snapshot, turns: tuple[Turn, ...], policies: Sequence[PolicyInForce], ownership: Ownership
) -> TurnsWithPauses:
    """Put a turn where a pause ends by itself, before the events of that instant; also where that lies ahead.

    Raises WorkingTimeExhausted for a length of working time that ends after the year 2100.
    """
    limited = tuple(_limited_triggers(policies))
    if not limited and not any(turn.event.kind is EventKind.PAUSED for turn in turns):
        return TurnsWithPauses(turns)
    criteria = dict.fromkeys(one.pauses_when for one in limited if one.pauses_when is not None)
    told = {one.cause: one for one in limited if one.pauses_on}
    walk = _PauseWalk(snapshot, ownership, turns[0], tuple(criteria), told)
    found = tuple(walk.turns(turns, policies))
    return TurnsWithPauses(found, tuple(walk.ended))


def _limited_triggers(policies: Iterable[PolicyInForce]) -> Iterator[Triggers]:
    """What pauses the clocks of the policies that limit pauses."""
    limiting = (one.policy for one in policies if one.policy.pauses_at_most)
    return (rule.triggers for policy in limiting for rule in policy.targets)


@dataclass(slots=True)
class _Pause:
    """A pause that was told, or that a field or events make, and that was not taken back.

    It is `over` once it has come to the limit of its policy. `held` are the conditions of `ends_when` that hold: one
    that holds as the pause begins ends it only once it has ceased to hold and does so again.
    """

    event_id: str
    limit: Instant | None
    ends_when: Endings = ()
    until: Instant | None = None
    over: bool = False
    held: frozenset[Criteria] = frozenset()
    by_field: bool = False

    @property
    def next_end(self) -> tuple[Instant, EndedBy] | None:
        limit = None if self.over else self.limit
        if self.until is not None and (limit is None or self.until <= limit):
            return self.until, EndedBy.UNTIL
        return None if limit is None else (limit, EndedBy.AT_MOST)

    def holding(self, turn: Turn) -> frozenset[Criteria]:
        """The conditions of `ends_when` that hold from that turn on."""
        criteria = (one for one in self.ends_when if isinstance(one, Criteria))
        return frozenset(one for one in criteria if one.hold(turn.attributes))

    def ended_by(self, turn: Turn) -> str | Criteria | None:
        """What of the turn ends it: the kind of its event, or the conditions that come to hold with it.

        A message that a bot wrote is none of the customer's.
        """
        if turn.event.kind in self.ends_when and turn.event.is_told_by_usual_author:
            return turn.event.kind
        holding = self.holding(turn) - self.held
        return next((one for one in self.ends_when if one in holding), None)


@dataclass(slots=True)
class _PauseWalk:
    snapshot: Snapshot
    ownership: Ownership
    before: Turn
    criteria: Sequence[Criteria] = ()
    told: Mapping[str, Triggers] = field(default_factory=dict)
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
            yield from self._hold_by_events(turn, in_force)
            self._hold(turn, in_force)
        yield from self._ends_until(None)

    def _ends_until(self, at: Instant | None) -> Iterator[Turn]:
        """The ends that were planned up to an instant, the earliest first; None: all of them.

        A limit comes after the events of its instant: a pause that one of them ends has not been too long.
        """
        while planned := sorted((*end, cause) for cause, one in self.pauses.items() if (end := one.next_end)):
            due = (one for one in planned if at is None or one[0] < at or (one[0] == at and one[1] is EndedBy.UNTIL))
            if (found := next(due, None)) is None:
                return
            when, by, cause = found
            pause = self.pauses[cause]
            was_over = pause.over
            if by is EndedBy.AT_MOST:
                pause.over = True
            else:
                del self.pauses[cause]
            if not was_over:
                yield self._release(cause, pause, when, by)

    def _ends_with(self, turn: Turn) -> Iterator[Turn]:
        for cause, pause in list(self.pauses.items()):
            if (ending := pause.ended_by(turn)) is None:
                pause.held = pause.holding(turn)
                continue
            del self.pauses[cause]
            if not pause.over:
                condition = ending if isinstance(ending, Criteria) else None
                yield self._release(cause, pause, turn.at, EndedBy.ENDS_WHEN, turn.event.event_id, condition)

    def _take(self, turn: Turn, in_force: PolicyInForce) -> Iterator[Turn]:
        event = turn.event
        if event.kind is EventKind.PAUSED:
            pause = self._told(turn, in_force)
            if pause.over:
                # Told again, it does not begin to count again.
                yield self._turn(event.cause, pause, turn.at)
        elif event.kind is EventKind.RESUMED or (event.kind in ENDS and self.is_open):
            ended = event.cause if event.kind is EventKind.RESUMED else ""
            self.pauses = {cause: one for cause, one in self.pauses.items() if one.by_field or ended not in ("", cause)}
        if event.kind in ENDS or event.kind is EventKind.REOPENED:
            self.is_open = event.kind is EventKind.REOPENED

    def _hold(self, turn: Turn, in_force: PolicyInForce) -> None:
        """Pauses by a field begin as their condition comes to hold, or as the ticket is reopened, and end with it."""
        for criteria in self.criteria:
            cause = str(criteria)
            if not (self.is_open and criteria.hold(turn.attributes)):
                self.pauses.pop(cause, None)
            elif cause not in self.pauses:
                limit = self._limit(cause, turn, in_force)
                self.pauses[cause] = _Pause(turn.event.event_id, limit, by_field=True)

    def _hold_by_events(self, turn: Turn, in_force: PolicyInForce) -> Iterator[Turn]:
        """Pauses by events (`pauses_on`) end as those that were told do: with a resume, or with the ticket."""
        for cause, triggers in self.told.items():
            if matching(triggers.pauses_on or (), turn.event):
                if cause not in self.pauses:
                    self.pauses[cause] = _Pause(turn.event.event_id, self._limit(cause, turn, in_force))
                elif self.pauses[cause].over:
                    # Told again, it does not begin to count again.
                    yield self._turn(cause, self.pauses[cause], turn.at)
            elif matching(triggers.resumes_on or (), turn.event):
                self.pauses.pop(cause, None)

    def _told(self, turn: Turn, in_force: PolicyInForce) -> _Pause:
        """The pause of the event. Told again it keeps its start, and an end that it names replaces the one before."""
        event, said = turn.event, turn.event.pause_end or NOTHING_SAID
        if (pause := self.pauses.get(event.cause)) is None:
            limit = self._limit(event.cause, turn, in_force)
            pause = self.pauses[event.cause] = _Pause(event.event_id, limit, endings_by_cause(event.cause))
        if said.ends_when is not None:
            pause.ends_when = said.ends_when
            pause.held = pause.holding(turn)
        if said.at is not None:
            pause.until = Instant(max(said.at, turn.at))
        elif said.after is not None:
            pause.until = self._after(said.after, turn, in_force)
        return pause

    def _limit(self, cause: str, turn: Turn, in_force: PolicyInForce) -> Instant | None:
        most = in_force.policy.longest_pause(cause)
        try:
            return None if most is None else self._after(most, turn, in_force)
        except WorkingTimeExhausted:
            return None

    def _after(self, length: Micros, turn: Turn, in_force: PolicyInForce) -> Instant:
        owned = self.snapshot.ticket.instance.kind is Kind.OLA
        team_id = turn.ticket.team_id if owned else None
        return hours_of(self.snapshot, in_force, self.ownership, team_id).add(turn.at, length)

    def _release(
        self,
        cause: str,
        pause: _Pause,
        at: Instant,
        by: EndedBy,
        by_event_id: str | None = None,
        condition: Criteria | None = None,
    ) -> Turn:
        self.ended.append(PauseEnded(cause, pause.event_id, at, by, by_event_id, condition, pause.by_field))
        return self._turn(cause, pause, at)

    def _turn(self, cause: str, pause: _Pause, at: Instant) -> Turn:
        event = Event(EventKind.RESUMED, f"{pause.event_id}/ended", at, at, cause=cause)
        return Turn(event, at, self.before.ticket, self.before.attributes, releases=cause)
