"""What became of each action of an escalation that fired: a small document for each, in the order of the actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.digests import short_digest
from domain.instants import Instant
from domain.people.directory import Reach
from domain.plan.milestones import Milestone
from domain.plan.plans import TargetPlan
from domain.policy.actions import CONTACT, ESCALATE, NAMES_PEOPLE, ON_CALL, TEAM_ID, WARN_TEAM, Action
from domain.record.ledger import Firing
from domain.ticket.authors import Role
from domain.ticket.events import Event, EventKind
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket

ENGINE = "sla-engine"
"""The source of the events that an escalation makes of itself."""
LONGEST_EVENT_ID = 200
"""No instance takes a longer one from outside, so that another instance of the ticket could not be told."""
ORDERS_AT_MOST = 10
"""How often one step changes one ticket. Two policies that hand a ticket to and fro stop there."""
ORDERS: Mapping[str, EventKind] = {Action.REASSIGN: EventKind.ASSIGNED, Action.SET_PRIORITY: EventKind.UPDATED}
"""The actions that the engine carries out itself, as events of its own."""
FOR_THE_SYSTEM = frozenset({Action.SET_STATUS, Action.ADD_TAG, Action.COMMENT, *ORDERS})
"""What the ticket system does, where a connector leads to it."""
NO_SYSTEM = frozenset({"", "api", "signal", ENGINE})
"""Sources of events that are no ticket system's."""
SYSTEM, CONNECTOR = "system", "connector"
ASKED = "the notice asks the ticket system for it"
LONGEST_WHOM = 100
CONTACTS = "contacts"
"""In an outcome: those who were found, each with id and name."""
CHANNELS = "channels"
"""In an outcome: the names of the channels by which they are told."""


class Outcome(StrEnum):
    """`waiting`: the ticket system is to do it, or those named are still being looked up.
    `skipped`: it was not sent, as its step asks where nobody is found."""

    DONE = "done"
    TOLD_NOBODY = "told_nobody"
    FAILED = "failed"
    WAITING = "waiting"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Acting:
    """What an escalation that fires acts on: the ticket as it is now, its teams by id, all its events, and what has
    fired before."""

    ticket: Ticket
    teams: Mapping[str, Team]
    events: Sequence[Event]
    fired: Sequence[Firing] = ()


def outcomes(acting: Acting, target: TargetPlan, step: Milestone, firing_id: str) -> tuple[Mapping[str, Any], ...]:
    """The outcome of each action as the step fires, before anybody whom it names was looked up."""
    actions: Sequence[Mapping[str, Any]] = (step.escalation or {}).get("actions") or ()
    return tuple(
        _outcome(acting, target, step, action, _event_id(firing_id, place)) for place, action in enumerate(actions)
    )


def warned(team: str) -> tuple[Mapping[str, Any], ...]:
    """The outcome of a warning that is for that team, before the team was looked up."""
    return ({"action": WARN_TEAM, "outcome": Outcome.WAITING.value, "whom": team},)


def ordered_events(firing: Firing, received_at: Instant) -> Iterable[Event]:
    """The events that the engine makes of a firing; each has the same id whenever it is asked for.

    They come after the planned instant: what happens at that very instant would come before the milestone, and take it
    back.
    """
    occurred_at = Instant(max(firing.fired_at, firing.planned_at + 1))
    for outcome in firing.outcomes:
        if (event_id := outcome.get("event_id")) is None:
            continue
        kind = ORDERS[outcome["action"]]
        yield Event(
            kind,
            event_id,
            occurred_at,
            received_at,
            source=ENGINE,
            role=Role.SYSTEM,
            reason=firing.key.milestone,
            attributes={} if kind is EventKind.ASSIGNED else {"priority": outcome["priority"]},
            team_id=outcome[TEAM_ID] if kind is EventKind.ASSIGNED else None,
        )


def system_of(events: Iterable[Event]) -> str | None:
    """The ticket system that the ticket came from, by the `source` of the first event that names one."""
    told = sorted(events, key=lambda event: event.received_at)
    return next((event.source for event in told if event.source not in NO_SYSTEM), None)


def system_named(outcome: Mapping[str, Any]) -> str | None:
    """The ticket system that is to do it, while nobody has looked whether a connector leads there."""
    undecided = outcome["outcome"] == Outcome.WAITING and CONNECTOR not in outcome
    system: str | None = outcome.get(SYSTEM) if undecided else None
    return system


def with_connector(outcome: Mapping[str, Any], source_id: str) -> Mapping[str, Any]:
    """The outcome once a connector is known that carries it out."""
    return {**outcome, CONNECTOR: source_id, "reason": "it is being written to the ticket system"}


def without_connector(outcome: Mapping[str, Any], notice_id: str, place: int) -> Mapping[str, Any]:
    """The outcome once it is known that no connector leads to the system: the engine does what it can itself."""
    bare = {name: value for name, value in outcome.items() if name not in (SYSTEM, "reason")}
    if outcome["action"] in ORDERS:
        return {**bare, "outcome": Outcome.DONE.value, "event_id": _event_id(notice_id, place)}
    return {**bare, "reason": ASKED}


def written(outcome: Mapping[str, Any], problem: str | None) -> Mapping[str, Any]:
    """The outcome once the ticket system has taken it, or (`problem`) has refused it for good."""
    bare = {name: value for name, value in outcome.items() if name != "reason"}
    if problem is None:
        return {**bare, "outcome": Outcome.DONE.value}
    return {**bare, "outcome": Outcome.FAILED.value, "reason": problem}


def people_named(outcome: Mapping[str, Any]) -> str | None:
    """Whom the action names, as far as that can be looked up; None where it names nobody."""
    whom: str | None = outcome.get("whom") if outcome["action"] in NAMES_PEOPLE else None
    return whom


def is_open(outcome: Mapping[str, Any]) -> bool:
    """Whether those whom it names are still to be looked up: nobody was asked yet, or whoever was could not say."""
    open_ones = (Outcome.WAITING, Outcome.FAILED)
    return people_named(outcome) is not None and outcome["outcome"] in open_ones and CHANNELS not in outcome


def with_people(outcome: Mapping[str, Any], reach: Reach) -> Mapping[str, Any]:
    """The outcome once those whom it names were looked up. What came of each channel stands in the deliveries."""
    given = {name: value for name, value in outcome.items() if name != "reason"}
    if not reach.channels:
        reason = reach.reason or f"nobody is known as {outcome['whom']}"
        return {**given, "outcome": Outcome.TOLD_NOBODY.value, "reason": reason}
    people = [one.to_json() for one in reach.people]
    return {**given, "outcome": Outcome.DONE.value, CONTACTS: people, CHANNELS: list(reach.channels)}


def nobody_told(outcomes: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """Why nobody is told, by the name of the delivery that is dead for it, such as `notify_contact:Tier1`."""
    found = (one for one in outcomes if one["action"] in NAMES_PEOPLE and one["outcome"] == Outcome.TOLD_NOBODY)
    return {_nobody(one["action"], one.get("whom")): one["reason"] for one in found}


def is_nobody(channel: str) -> bool:
    """Whether a delivery of that name is one of `nobody_told`."""
    return channel.partition(":")[0] in NAMES_PEOPLE


def _nobody(action: str, whom: str | None) -> str:
    return action if whom is None else f"{action}:{whom[:LONGEST_WHOM]}"


def not_looked_up(outcome: Mapping[str, Any], problem: str) -> Mapping[str, Any]:
    reason = f"could not be looked up at once, and is tried again: {problem}"
    return {**outcome, "outcome": Outcome.FAILED.value, "reason": reason}


def skipped(escalation: Mapping[str, Any] | None, found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the step is not sent: it asks for that, and all it does is to tell people of whom none was found."""
    if escalation is None or not escalation.get("skip_if_nobody") or not found:
        return False
    return all(one["action"] in NAMES_PEOPLE and one["outcome"] == Outcome.TOLD_NOBODY for one in found)


def as_skipped(found: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    return tuple({**one, "outcome": Outcome.SKIPPED.value} for one in found)


def _event_id(firing_id: str, place: int) -> str:
    """The id of what the action at that place orders: the delivery key, or a digest of one that is too long."""
    whole = f"{firing_id}/{place}"
    return whole if len(whole) <= LONGEST_EVENT_ID else f"{ENGINE}/{short_digest(whole)}"


def _outcome(
    acting: Acting, target: TargetPlan, step: Milestone, action: Mapping[str, Any], event_id: str
) -> Mapping[str, Any]:
    type_ = action["type"]
    given = {"action": type_, **{name: value for name, value in action.items() if name != "type"}}
    if type_ in ORDERS:
        return {**given, **_ordered(acting, target, step, action, event_id)}
    if type_ in NAMES_PEOPLE:
        return {**given, **_naming(acting, target, action)}
    if type_ in FOR_THE_SYSTEM:
        return {**given, **_for_the_system(acting)}
    return {**given, "outcome": Outcome.DONE.value}


def _ordered(
    acting: Acting, target: TargetPlan, step: Milestone, action: Mapping[str, Any], event_id: str
) -> Mapping[str, Any]:
    if not target.is_open:
        return {"outcome": Outcome.FAILED.value, "reason": "the clock had stopped by then"}
    if action["type"] == Action.REASSIGN and action[TEAM_ID] == acting.ticket.team_id:
        return {"outcome": Outcome.DONE.value, "reason": "the team has the ticket already"}
    if action["type"] == Action.SET_PRIORITY and action["priority"] == acting.ticket.priority:
        return {"outcome": Outcome.DONE.value, "reason": "the ticket has the priority already"}
    if _ordered_before(acting, step) >= ORDERS_AT_MOST:
        reason = f"the step has changed the ticket {ORDERS_AT_MOST} times already"
        return {"outcome": Outcome.FAILED.value, "reason": reason}
    waiting = _for_the_system(acting)
    return waiting if SYSTEM in waiting else {"outcome": Outcome.DONE.value, "event_id": event_id}


def _for_the_system(acting: Acting) -> Mapping[str, Any]:
    """Whether a connector leads to the ticket's system is looked up as the notice is sent."""
    system = system_of(acting.events)
    return {"outcome": Outcome.WAITING.value, "reason": ASKED, **({} if system is None else {SYSTEM: system})}


def _ordered_before(acting: Acting, step: Milestone) -> int:
    """How often that step or a repeat of it, on whichever clock, has changed the ticket: by events of the engine, or by
    a connector."""
    events = sum(event.source == ENGINE and _is_of(step, event.reason) for event in acting.events)
    wrote = (one for one in acting.fired if _is_of(step, one.key.milestone))
    return events + sum(any(CONNECTOR in outcome for outcome in one.outcomes) for one in wrote)


def _is_of(step: Milestone, name: str) -> bool:
    return name == step.step or name.startswith(f"{step.step}:")


def _naming(acting: Acting, target: TargetPlan, action: Mapping[str, Any]) -> Mapping[str, Any]:
    whom = _whom(acting, target, action)
    if whom is None:
        return {"outcome": Outcome.TOLD_NOBODY.value, "reason": "the ticket's team has no lead"}
    return {"outcome": Outcome.WAITING.value, "whom": whom}


def _whom(acting: Acting, target: TargetPlan, action: Mapping[str, Any]) -> str | None:
    """A contact or a rotation as the policy names it; the lead of the clock's team, else of the ticket's."""
    if action["type"] in (Action.NOTIFY_CONTACT, ESCALATE):
        return str(action[CONTACT])
    if action["type"] == Action.NOTIFY_ON_CALL:
        return str(action[ON_CALL])
    team_id = acting.ticket.team_id if target.stint is None else target.team_id
    team = None if team_id is None else acting.teams.get(team_id)
    return None if team is None else team.lead
