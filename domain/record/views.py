"""An instance as people read it at an instant: elapsed, remaining, due (Aurion's shape of an instance, extended)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from domain.calendar import Calendar
from domain.calendar.handover import Hours
from domain.errors import WorkingTimeExhausted
from domain.instants import Instant, Micros, in_seconds, render, render_optional
from domain.plan.facts import PolicyFacts
from domain.plan.milestones import Milestone, without_distant_repeats
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import instance_status, is_at_risk, is_excused, is_overdue, latest_excuse, met
from domain.policy.clocks.clocks import ClockState
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Firing, Key, Ledger, standing
from domain.record.notices import step_label
from domain.record.records import next_due
from domain.ticket.stints import Stint
from domain.ticket.tickets import Ticket

MOST_SHOWN = 20
"""Earlier cycles, and stints, in the view of an instance: the latest. All of them are read in pages."""


def instance_view(
    snapshot: Snapshot, plan: Plan, ledger: Ledger, now: Instant, ticket: Ticket | None = None
) -> dict[str, Any]:
    """The instance as JSON, `targets` keyed by clock; elapsed and remaining are working seconds as of `now`.

    `ticket` is the ticket as later events have left it; None where it is as it opened.
    """
    ticket = snapshot.ticket if ticket is None else ticket
    instance = ticket.instance
    policy = policy_in_force(snapshot, plan)
    # Where several stints have clocks, the latest counts: the team that has the ticket is asked.
    latest = {target.clock_name: target for target in plan.targets}
    view = {
        "id": str(instance),
        "policy_id": policy.id,
        "policy_name": policy.name,
        "policy_version": policy.version,
        f"{instance.subject_type}_id": instance.subject,
        "kind": instance.kind.value,
        "priority": policy.priority,
        "status": instance_status(plan, now).value,
        "subject": ticket.title,
        "url": ticket.url,
        "team_id": ticket.team_id,
        "assignee": ticket.assignee,
        "opened_at": render(plan.opened_at),
        "closed_at": render_optional(plan.closed_at),
        "next_due_at": render_optional(next_due(plan)),
        "at_risk": is_at_risk(plan, now),
        "is_overdue": is_overdue(plan, now),
        "excused": is_excused(plan, now),
        "fields": dict(ticket.fields),
        "targets": _by_clock(snapshot, latest.values(), standing(ledger), now),
    }
    if (excused := latest_excuse(plan)) is not None and excused.excuse is not None:
        view["excuse"] = {"target": excused.name, "cycle": excused.cycle, **excused.excuse.to_json()}
    if earlier := earlier_cycles(plan):
        view["earlier_cycles"] = cycle_views(snapshot, earlier[-MOST_SHOWN:], ledger, now)
        view["earlier_cycles_total"] = len(earlier)
    if plan.ownership is not None:
        stints = plan.ownership.stints
        view["stints"] = stint_views(snapshot, plan, stints[-MOST_SHOWN:], ledger, now)
        view["stints_total"] = len(stints)
    return view


def earlier_cycles(plan: Plan) -> Sequence[TargetPlan]:
    """The cycles of clocks that have begun again since, in the order they began."""
    newest = {target.name: target.cycle for target in plan.targets}
    earlier = [target for target in plan.targets if target.cycle < newest[target.name]]
    return sorted(earlier, key=began_at)


def began_at(target: TargetPlan) -> Instant:
    """When the clock started; of one that waits, from when on."""
    return target.since if target.started_at is None else target.started_at


def cycle_views(snapshot: Snapshot, cycles: Iterable[TargetPlan], ledger: Ledger, now: Instant) -> list[dict[str, Any]]:
    """Earlier cycles as JSON."""
    stands = standing(ledger)
    return [_cycle_view(snapshot, target, stands, now) for target in cycles]


def stint_views(
    snapshot: Snapshot, plan: Plan, stints: Iterable[Stint], ledger: Ledger, now: Instant
) -> list[dict[str, Any]]:
    """Teams' times with the ticket, and the clocks they had in them."""
    stands = standing(ledger)
    own: dict[str | None, list[TargetPlan]] = {}
    for target in plan.targets:
        own.setdefault(target.stint, []).append(target)
    return [_stint_view(snapshot, stint, own.get(stint.event_id, ()), stands, now) for stint in stints]


def policy_in_force(snapshot: Snapshot, plan: Plan) -> PolicyFacts:
    """The policy of the opening, or the latest one that a change of the ticket has put in force."""
    opening = PolicyFacts(snapshot.policy.id, snapshot.policy.name, snapshot.policy.version, snapshot.ticket.priority)
    return plan.policy or opening


def _cycle_view(snapshot: Snapshot, target: TargetPlan, stands: dict[Key, Firing], now: Instant) -> dict[str, Any]:
    named = {"type": target.type, "cycle": target.cycle, "superseded": target.superseded}
    return {**named, **_target_view(snapshot, target, stands, now)}


def _stint_view(
    snapshot: Snapshot, stint: Stint, own: Iterable[TargetPlan], stands: dict[Key, Firing], now: Instant
) -> dict[str, Any]:
    return {
        "event_id": stint.event_id,
        "team_id": stint.team_id,
        "started_at": render(stint.start),
        "ended_at": render_optional(stint.end),
        "targets": _by_clock(snapshot, own, stands, now),
    }


def _by_clock(
    snapshot: Snapshot, targets: Iterable[TargetPlan], stands: dict[Key, Firing], now: Instant
) -> dict[str, Any]:
    return {target.clock_name: _target_view(snapshot, target, stands, now) for target in targets}


def _target_view(snapshot: Snapshot, target: TargetPlan, stands: dict[Key, Firing], now: Instant) -> dict[str, Any]:
    return target_view(target, calendar_of(snapshot, target), stands, now)


def calendar_of(snapshot: Snapshot, target: TargetPlan) -> Hours:
    """The hours in which the target's clock runs since its state has last changed."""
    if target.fixed:
        return Calendar.always()
    policy_id = None if target.policy is None else target.policy.id
    if target.handovers:
        return snapshot.hours_of_teams(policy_id, ((one.at, one.team_id) for one in target.handovers))
    return snapshot.calendar_under(policy_id, None if target.stint is None else target.team_id).calendar


def target_view(target: TargetPlan, calendar: Hours, stands: dict[Key, Firing], now: Instant) -> dict[str, Any]:
    target = target.as_of(now)
    used = used_at(target, calendar, now)
    view: dict[str, Any] = {
        "due_at": render_optional(target.due_at),
        "met": met(target, now),
        "state": target.state.value,
        "elapsed_seconds": in_seconds(used),
        "remaining_seconds": None if target.budget is None else in_seconds(Micros(max(0, target.budget - used))),
        "paused_seconds": in_seconds(paused_at(target, now)),
        "started_at": render_optional(target.started_at),
        "stopped_at": render_optional(target.stopped_at),
        "breached_at": render_optional(target.breached_at if met(target, now) is False else None),
        "milestones": _milestone_views(target, stands),
    }
    if target.label is not None:
        view |= {"type": target.type, "name": target.label}
    if target.team_id is not None:
        view["team_id"] = target.team_id
    if target.cycle > 1:
        view["cycle"] = target.cycle
    if target.policy is not None:
        view["policy"] = target.policy.to_json()
    if target.deadline is not None:
        view["deadline"] = target.deadline.to_json()
    if target.excuse is not None:
        view |= {"excused": True, "excuse": target.excuse.to_json()}
    if target.resumes_at is not None:
        view["resumes_at"] = render(target.resumes_at)
    if target.state is ClockState.PAUSED and target.due_at is None:
        view["due_if_resumed_now"] = render_optional(_due_if_resumed(target, calendar, now))
    return view


def _due_if_resumed(target: TargetPlan, calendar: Hours, now: Instant) -> Instant | None:
    if target.remaining is None:
        return None
    try:
        return calendar.add(max(now, target.since), target.remaining)
    except WorkingTimeExhausted:
        return None


def used_at(target: TargetPlan, calendar: Hours, now: Instant) -> Micros:
    """Working time used by `now`."""
    target = target.as_of(now)
    if target.state is not ClockState.RUNNING or now <= target.since:
        return target.used
    return Micros(target.used + calendar.elapsed(target.since, now))


def overrun_at(target: TargetPlan, calendar: Hours, now: Instant) -> Micros:
    """Working time from the due instant that passed to the stop, or to `now`; pauses in between do not count."""
    return Micros(max(0, used_at(target, calendar, now) - target.used_before_overrun))


def paused_at(target: TargetPlan, now: Instant) -> Micros:
    """Wall time spent paused by `now`."""
    target = target.as_of(now)
    going = max(0, now - target.since) if target.state is ClockState.PAUSED else 0
    return Micros(target.paused_for + going)


def _milestone_views(target: TargetPlan, stands: dict[Key, Firing]) -> list[dict[str, Any]]:
    shown = without_distant_repeats(target.milestones, lambda one: Key.of(target, one) in stands)
    return [_milestone_view(milestone, stands.get(Key.of(target, milestone))) for milestone in shown]


def _milestone_view(milestone: Milestone, firing: Firing | None) -> dict[str, Any]:
    view: dict[str, Any] = {
        "name": milestone.name,
        "planned_at": render_optional(milestone.planned_at),
        "fired_at": render_optional(firing.fired_at if firing else None),
        "delivered_at": render_optional(firing.delivered_at if firing else None),
    }
    if (label := step_label(milestone.name, milestone.escalation)) is not None:
        view["label"] = label
    if milestone.held_since is not None:
        view["held_since"] = render(milestone.held_since)
    if firing is not None and firing.outcomes:
        view["outcomes"] = [dict(one) for one in firing.outcomes]
    return view
