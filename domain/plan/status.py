"""Where an instance and its targets stand at an instant (Aurion, Instance Statuses; `cancelled` is ours)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from domain.calendar.local_time.zones import HORIZON
from domain.instants import Instant
from domain.plan.milestones import AT_RISK
from domain.plan.plans import Plan, TargetPlan, TicketEnd
from domain.policy.clocks.clocks import ClockState
from domain.ticket.stints import Ownership


class InstanceStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"
    UNTRACKED = "untracked"


def exceeded(target: TargetPlan, now: Instant) -> bool:
    return target.breached_at is not None and target.breached_at <= now


def met(target: TargetPlan, now: Instant) -> bool | None:
    """True once the clock stopped in time, False once it exceeded its budget; None before, and for a cancelled clock.

    A stop dated ahead of `now` may lie behind a breach that is still to come: then the answer is None as well.
    """
    if exceeded(target, now):
        return False
    return True if target.state is ClockState.STOPPED and target.breached_at is None else None


def runs_out_at(plan: Plan) -> Instant | None:
    """From when a clock runs past its due, as things stand; None where none runs, or runs on by itself."""
    return min((_running_from(one, one.due_at) for one in _going(plan) if one.due_at is not None), default=None)


def at_risk_from(plan: Plan) -> Instant | None:
    """From when a clock that runs is at risk, as things stand; None where none is."""
    marks = ((one, mark.planned_at) for one in _going(plan) for mark in one.milestones if mark.name == AT_RISK)
    return min((_running_from(one, at) for one, at in marks if at is not None), default=None)


def is_overdue(plan: Plan, now: Instant) -> bool:
    """Whether a clock runs past its due now. A breach stays; this ends as the clock stops or is paused."""
    due = runs_out_at(plan)
    return due is not None and due <= now


def is_at_risk(plan: Plan, now: Instant) -> bool:
    """Whether a clock that runs is at risk now, and none runs past its due."""
    risk = at_risk_from(plan)
    return risk is not None and risk <= now and not is_overdue(plan, now)


def resumes_at(plan: Plan, now: Instant) -> Instant | None:
    """When the next clock that is paused now runs on by itself; None where none does."""
    return min((at for one in plan.targets if (at := one.resumes_at) is not None and at > now), default=None)


def excused_until(plan: Plan) -> Instant | None:
    """Until when nothing counts that was broken, as things stand; None where nothing is excused."""
    if all(one.excuse is None for one in plan.targets):
        return None
    counting = (one.breached_at for one in plan.targets if one.excuse is None and one.breached_at is not None)
    return min(counting, default=Instant(HORIZON))


def is_excused(plan: Plan, now: Instant) -> bool:
    """Whether something is excused, and every breach there is by now with it. The breaches stay what they are."""
    until = excused_until(plan)
    return until is not None and until > now


def latest_excuse(plan: Plan) -> TargetPlan | None:
    """The target with the excuse that was given last, of those in force."""
    excused = ((one.excuse.at, place) for place, one in enumerate(plan.targets) if one.excuse is not None)
    last = max(excused, default=None)
    return None if last is None else plan.targets[last[1]]


def _going(plan: Plan) -> Iterator[TargetPlan]:
    """The clocks that run, now or once their pause has ended by itself."""
    return (one for one in plan.targets if one.state is ClockState.RUNNING or one.resumes_at is not None)


def _running_from(target: TargetPlan, at: Instant) -> Instant:
    return at if target.resumes_at is None else max(at, target.resumes_at)


def instance_status(plan: Plan, now: Instant) -> InstanceStatus:
    """`breached` as soon as one target is exceeded; else `paused` if every open clock is paused, `active` or `met`."""
    if any(exceeded(target, now) for target in plan.targets):
        return InstanceStatus.BREACHED
    breach_to_come = any(target.breached_at is not None and not target.is_open for target in plan.targets)
    if not (plan.latest or breach_to_come) and plan.ownership is None:
        # Nothing is promised, or every promise was taken back before its clock stopped.
        return InstanceStatus.UNTRACKED
    states = [target.as_of(now).state for target in plan.latest]
    if plan.end is not None:
        # A clock that waits for its start says nothing that the ticket does not, nor one that is cancelled alone.
        told = (ClockState.WAITING,) if plan.end.cancelled or _all_cancelled(states) else _SAY_NOTHING
        states = [state for state in states if state not in told]
        if ClockState.PAUSED not in states:
            states.append(_state_of_ticket(plan.end))
    if breach_to_come or ClockState.RUNNING in states or ClockState.WAITING in states:
        return InstanceStatus.ACTIVE
    if ClockState.PAUSED in states:
        return InstanceStatus.PAUSED
    return InstanceStatus.CANCELLED if ClockState.CANCELLED in states else InstanceStatus.MET


_SAY_NOTHING = (ClockState.WAITING, ClockState.CANCELLED)


def _all_cancelled(states: Sequence[ClockState]) -> bool:
    """Whether every clock that ever started is cancelled: then nothing was kept and nothing missed."""
    return all(state in _SAY_NOTHING for state in states)


def _state_of_ticket(end: Ownership | TicketEnd) -> ClockState:
    """The state of the ticket itself, as if it were a clock; for a ticket without a running clock."""
    if end.closed_at is None:
        return ClockState.RUNNING
    return ClockState.CANCELLED if end.cancelled else ClockState.STOPPED
