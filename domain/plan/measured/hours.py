"""The hours in which a ticket's clocks are measured, where they follow the team that has the ticket."""

from __future__ import annotations

from collections.abc import Iterator

from domain.calendar.handover import Hours
from domain.ids import Kind
from domain.instants import Instant
from domain.plan.facts import Handover
from domain.plan.measured.promises import PolicyInForce
from domain.policy.snapshot import Snapshot
from domain.ticket.stints import Ownership


def hours_of(snapshot: Snapshot, in_force: PolicyInForce, ownership: Ownership, team_id: str | None) -> Hours:
    """What counts time while that policy is in force; `team_id` is the team whose stint it is (None: no stint's)."""
    policy_id = policy_of(in_force)
    if follows_team(snapshot, in_force):
        if not ownership.stints:
            # A ticket that was closed as it opened has been nobody's for any time at all.
            return snapshot.calendar_under(policy_id, snapshot.ticket.team_id).calendar
        return snapshot.hours_of_teams(policy_id, ((stint.start, stint.team_id) for stint in ownership.stints))
    return snapshot.calendar_under(policy_id, team_id).calendar


def handovers_since(since: Instant, ownership: Ownership) -> tuple[Handover, ...]:
    """The team that has the ticket at that instant, and those that it was handed over to later."""
    return tuple(_since(since, ownership))


def follows_team(snapshot: Snapshot, in_force: PolicyInForce) -> bool:
    """Whether each part of a clock is measured in its team's hours; clocks of an OLA belong to one team each."""
    return in_force.policy.follows_team and snapshot.ticket.instance.kind is not Kind.OLA


def policy_of(in_force: PolicyInForce) -> str | None:
    """The policy as a snapshot looks it up; None for that of the opening."""
    return None if in_force.is_first else in_force.policy.id


def _since(since: Instant, ownership: Ownership) -> Iterator[Handover]:
    before = [stint for stint in ownership.stints if stint.start <= since][-1:]
    later = [stint for stint in ownership.stints if stint.start > since]
    yield from (Handover(stint.start, stint.team_id) for stint in (*before, *later))
