"""An explanation as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.calendar.rules.closures import Closure
from domain.explaining.explanation import (
    MOST_DEADLINES,
    ExplainedClock,
    ExplainedEvent,
    Explanation,
    PolicyChange,
    TeamHours,
)
from domain.explaining.milestones import ExplainedMilestone
from domain.explaining.movers import Mover
from domain.explaining.segments import Segment, Share, Totals
from domain.instants import Micros, in_seconds, render, render_optional
from domain.plan.milestones import LongPause
from domain.plan.status import instance_status, is_excused, met
from domain.policy.budgets import budget_to_json
from domain.policy.match_record import MatchRecord
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.ticket.origins import Origin


def explanation_view(explained: Explanation) -> dict[str, Any]:
    snapshot, plan = explained.snapshot, explained.plan
    instance = snapshot.ticket.instance
    pauses = {pause.milestone: pause for pause in plan.long_pauses}
    long_pauses = [_long_pause_view(moment, pauses) for moment in explained.long_pauses]
    return {
        "id": str(instance),
        f"{instance.subject_type}_id": instance.subject,
        "kind": instance.kind.value,
        "priority": snapshot.ticket.priority,
        "status": instance_status(plan, explained.at).value,
        "excused": is_excused(plan, explained.at),
        "at": render(explained.at),
        "opened_at": render(plan.opened_at),
        "closed_at": render_optional(plan.closed_at),
        "is_complete": explained.is_complete,
        "agrees_with_record": explained.agrees,
        "policy": _policy_view(snapshot),
        "changes": [_change_view(change) for change in explained.changes],
        "changes_in_all": explained.changes_in_all,
        "calendar": _calendar_view(snapshot.calendar),
        "tzdata_version": snapshot.tzdata_version,
        "tzdata_version_used": None if plan.versions is None else plan.versions["tzdata_version"],
        "targets": [_clock_view(explained, clock) for clock in explained.clocks],
        "targets_in_all": explained.clocks_in_all,
        "other_milestones": [_other_view(moment) for moment in explained.orphaned],
        "other_milestones_in_all": explained.orphaned_in_all,
        **({"long_pauses": long_pauses} if long_pauses else {}),
        "events": [_event_view(event) for event in explained.events],
        "events_in_all": explained.events_in_all,
    }


def _policy_view(snapshot: Snapshot) -> dict[str, Any]:
    policy, opening = snapshot.policy, snapshot.opening_rules
    view: dict[str, Any] = {
        "id": policy.id,
        "name": policy.name,
        "version": policy.version,
        "matched_by": "priority" if snapshot.ticket.origin is Origin.V1 else "conditions",
        "matching": _matching_view(snapshot.matching),
    }
    if opening is not None:
        view["opened_under"] = {name: opening["policy"][name] for name in ("id", "name", "version")}
    return view


def _matching_view(matching: MatchRecord | None) -> dict[str, Any] | None:
    return None if matching is None else matching.to_json()


def _change_view(change: PolicyChange) -> dict[str, Any]:
    in_force = change.in_force
    return {
        "at": render(in_force.start),
        "event_id": in_force.event_id,
        "policy": {"id": in_force.policy.id, "name": in_force.policy.name, "version": in_force.policy.version},
        "priority": in_force.priority,
        "restarts": in_force.restarts,
        "calendar": _calendar_view(in_force.calendar),
        "matching": _matching_view(change.matching),
    }


def _calendar_view(version: CalendarVersion) -> dict[str, Any]:
    return {"id": version.id, "version": version.version, "timezone": version.calendar.timezone}


def _clock_view(explained: Explanation, clock: ExplainedClock) -> dict[str, Any]:
    target, totals = clock.measured.target.as_of(explained.at), clock.trace.totals
    verdict = met(target, explained.at)
    view = {
        "type": target.type,
        "cycle": target.cycle,
        "state": target.state.value,
        "met": verdict,
        "started_at": render_optional(target.started_at),
        "stopped_at": render_optional(target.stopped_at),
        "due_at": render_optional(target.due_at),
        "breached_at": render_optional(target.breached_at if verdict is False else None),
        "promise": {**budget_to_json(clock.measured.rule.budget), "seconds": _seconds(target.budget)},
        "calendar": _calendar_view(clock.calendar),
        "elapsed_seconds": in_seconds(totals.counted),
        "remaining_seconds": _seconds(
            None if target.budget is None else Micros(max(0, target.budget - totals.counted))
        ),
        **_totals_view(totals),
        "causes": [_share_view(share) for share in clock.trace.shares],
        "segments": [_segment_view(segment) for segment in clock.trace.segments],
        "milestones": [_moment_view(moment) for moment in clock.milestones],
    }
    optional: dict[str, Any] = {
        "name": target.label,
        "stint": target.stint,
        "team_id": target.team_id,
        "superseded": target.superseded or None,
        "resumes_at": render_optional(target.resumes_at),
        "started_by": _mover_view(clock.started_by),
        "ended_by": _mover_view(clock.ended_by),
        "excused": None if target.excuse is None else True,
        "excuse": None if target.excuse is None else target.excuse.to_json(),
        "deadlines": [one.to_json() for one in clock.measured.deadlines[-MOST_DEADLINES:]] or None,
    }
    view |= {name: value for name, value in optional.items() if value is not None}
    view |= {"hours": [_hours_view(one) for one in clock.hours]} if clock.hours else {}
    return view if target.policy is None else {**view, "policy": target.policy.to_json()}


def _hours_view(hours: TeamHours) -> dict[str, Any]:
    return {"from": render(hours.start), "team_id": hours.team_id, "calendar": _calendar_view(hours.calendar)}


def _mover_view(mover: Mover | None) -> dict[str, Any] | None:
    if mover is None:
        return None
    event = mover.event
    facts = {"actor": event.actor or None, "role": event.author, "condition": mover.condition}
    told = {"event_id": event.event_id, "kind": event.kind.value, "did": mover.does}
    return told | {name: value for name, value in facts.items() if value is not None}


def _seconds(length: Micros | None) -> int | float | None:
    return None if length is None else in_seconds(length)


def _totals_view(totals: Totals) -> dict[str, Any]:
    return {
        "running_seconds": in_seconds(totals.running),
        "closed_seconds": in_seconds(totals.closed),
        "paused_seconds": in_seconds(totals.paused),
        "stopped_seconds": in_seconds(totals.stopped),
        "wall_seconds": in_seconds(totals.wall),
    }


def _segment_view(segment: Segment) -> dict[str, Any]:
    view: dict[str, Any] = {
        "kind": segment.kind.value,
        "start": render(segment.start),
        "end": render(segment.end),
        "seconds": in_seconds(segment.wall),
        "counted_seconds": in_seconds(segment.counted),
    }
    if segment.closed_by is not None:
        view |= _closure_view(segment.closed_by)
    if segment.shares:
        view["causes"] = [_share_view(share) for share in segment.shares]
    if segment.totals is not None:
        view["totals"] = _totals_view(segment.totals)
    return view


def _closure_view(closure: Closure) -> dict[str, Any]:
    return {"rule": closure.rule.value, "name": closure.name}


def _share_view(share: Share) -> dict[str, Any]:
    return {
        "cause": share.cause,
        "seconds": in_seconds(share.wall),
        "working_seconds": in_seconds(share.working),
    }


def _moment_view(moment: ExplainedMilestone) -> dict[str, Any]:
    firing = moment.firing
    view: dict[str, Any] = {
        "name": moment.name,
        "threshold_seconds": None if moment.threshold is None else in_seconds(moment.threshold),
        "planned_at": render_optional(moment.planned_at),
        "fired_at": None if firing is None else render(firing.fired_at),
        "delivered_at": None if firing is None else render_optional(firing.delivered_at),
        "withdrawn_at": None if firing is None else render_optional(firing.withdrawn_at),
        "lateness_seconds": None if moment.lateness is None else in_seconds(moment.lateness),
    }
    if moment.label is not None:
        view["label"] = moment.label
    if moment.held_since is not None:
        view["held_since"] = render(moment.held_since)
    if firing is None:
        return view
    view["generation"] = firing.generation
    if firing.outcomes:
        view["outcomes"] = [dict(one) for one in firing.outcomes]
    if firing.skipped:
        view["skipped"] = True
    return {**view, "quiet": True} if moment.quiet else view


def _other_view(moment: ExplainedMilestone) -> dict[str, Any]:
    assert moment.firing is not None
    return {"target": moment.firing.key.target, "cycle": moment.firing.key.cycle, **_moment_view(moment)}


def _long_pause_view(moment: ExplainedMilestone, pauses: Mapping[str, LongPause]) -> dict[str, Any]:
    """A pause that was long before a late event is known by its firing alone."""
    pause, view = pauses.get(moment.name), _moment_view(moment)
    del view["threshold_seconds"]
    return view if pause is None else {"cause": pause.cause, "event_id": pause.event_id, **view}


def _event_view(entry: ExplainedEvent) -> dict[str, Any]:
    event = entry.event
    view: dict[str, Any] = {
        "event_id": event.event_id,
        "kind": event.kind.value,
        "occurred_at": render(event.occurred_at),
        "received_at": render(event.received_at),
        "effective_at": render(entry.effective_at),
        "delay_seconds": in_seconds(entry.delay),
        "is_late": entry.is_late,
    }
    given = {name: getattr(event, name) or None for name in ("source", "actor", "reason", "cause")}
    given |= {"target": event.target, "role": event.author, "sequence": event.sequence, "precision": event.precision}
    view |= {name: value for name, value in given.items() if value is not None}
    if event.quiet:
        view["quiet"] = True
    if event.pause_end is not None:
        view |= event.pause_end.to_json()
    if event.excuse is not None:
        view |= event.excuse.to_json()
    if entry.in_force is not None:
        view["in_force"] = entry.in_force
    if entry.ended is not None:
        view |= {"ended_at": render(entry.ended.at), "ended_by": entry.ended.by.value}
        view |= {} if entry.ended.by_event_id is None else {"ended_by_event_id": entry.ended.by_event_id}
        view |= {} if entry.ended.condition is None else {"ended_by_condition": str(entry.ended.condition)}
    return {**view, "team_id": event.team_id} if event.kind == "assigned" else view
