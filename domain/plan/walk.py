"""One walk over a ticket's events, from which its plan and the explanation of the plan are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from domain.calendar import tzdata_version
from domain.errors import InvalidValue
from domain.ids import Kind
from domain.plan.excuses import with_excuses
from domain.plan.measured.measuring import MeasuredCycle, measured_cycles
from domain.plan.measured.pauses import EndedBy, PauseEnded, with_pause_ends
from domain.plan.measured.promises import PolicyInForce, policies_in_force
from domain.plan.milestones import LongPause
from domain.plan.plans import Plan, TicketEnd
from domain.plan.replans import effective_snapshot
from domain.policy.clocks.clocks import OnReopen
from domain.policy.snapshot import Snapshot
from domain.ticket.events import EXCUSES, Event, EventKind
from domain.ticket.order import in_order
from domain.ticket.stints import Ownership, closing_event, ownership_of
from domain.ticket.timeline import Turn, timeline


@dataclass(frozen=True, slots=True)
class TicketWalk:
    """A ticket's story, walked over once.

    `snapshot` holds the rules in effect, after any replan. `turns` are the events in the order in which they count,
    the opening first. `policies` are those in force, in order, the policy of the opening first. `cycles` are the
    cycles of every clock in the order of the plan's targets. `pauses_ended` are the pauses that end by themselves.
    """

    snapshot: Snapshot
    turns: tuple[Turn, ...]
    policies: tuple[PolicyInForce, ...]
    ownership: Ownership
    cycles: tuple[MeasuredCycle, ...]
    pauses_ended: tuple[PauseEnded, ...] = ()

    @classmethod
    def of(cls, snapshot: Snapshot, events: Iterable[Event]) -> TicketWalk:
        """Walk the events of the ticket that the snapshot was frozen for; they may come in any order.

        Raises InvalidValue when no event opens the ticket, WorkingTimeExhausted when a due instant lies beyond 2100.
        """
        ordered = in_order(events)
        if not ordered or ordered[0].kind is not EventKind.OPENED:
            raise InvalidValue("events", [event.kind.value for event in ordered], "must hold the opening of the ticket")
        effective = effective_snapshot(snapshot, ordered)
        turns = timeline(effective.ticket, ordered)
        # An excuse speaks of an outcome and moves no clock, so no clock is walked over it.
        moving = tuple(turn for turn in turns if turn.event.kind not in EXCUSES)
        policies = policies_in_force(effective, moving)
        ownership = ownership_of(effective.ticket.team_id, ordered)
        whole = with_pause_ends(effective, moving, policies, ownership)
        cycles = measured_cycles(effective, whole.turns, policies, ownership, told_until=moving[-1].at)
        return cls(effective, turns, policies, ownership, tuple(with_excuses(cycles, turns)), whole.ended)

    @property
    def plan(self) -> Plan:
        is_owned = self.snapshot.ticket.instance.kind is Kind.OLA
        return Plan(
            opened_at=self.turns[0].at,
            targets=tuple(one.target for one in self.cycles),
            ownership=self.ownership if is_owned else None,
            ticket=self._ticket_end(),
            versions=self._versions(),
            long_pauses=tuple(self._long_pauses()),
        )

    def _long_pauses(self) -> Iterator[LongPause]:
        """The pauses that stop counting while they hold a clock; of others nobody need be told."""
        limited = [one for one in self.pauses_ended if one.by is EndedBy.AT_MOST]
        held = {(hold.cause, hold.span.end) for one in self.cycles for hold in one.cycle.held} if limited else set()
        for one in limited:
            if (one.cause, one.at) in held:
                yield LongPause(one.cause, one.event_id, one.at, one.by_field)

    def _ticket_end(self) -> TicketEnd | None:
        """How the ticket ended; None where no clock may start again while it is open."""
        rules = (target for one in self.policies for target in one.targets)
        if not any(rule.clock(OnReopen.CONTINUE).may_start_again for rule in rules):
            return None
        ended = closing_event([turn.event for turn in self.turns])
        if ended is None:
            return TicketEnd(None)
        at = next(turn.at for turn in self.turns if turn.event is ended)
        return TicketEnd(at, cancelled=ended.kind is EventKind.CANCELLED)

    def _versions(self) -> dict[str, Any]:
        latest = self.policies[-1]
        return {
            "policy_id": latest.policy.id,
            "policy_version": latest.policy.version,
            "calendar_id": latest.calendar.id,
            "calendar_version": latest.calendar.version,
            "tzdata_version": tzdata_version(),
        }
