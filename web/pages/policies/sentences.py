"""A policy as sentences: for which tickets, what it promises, what happens on the way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.instants import MINUTE, Micros
from domain.policy.actions import Action
from domain.policy.budgets import Budget, Deadline, WorkingDays
from domain.policy.escalations import EscalationRule, EscalationStatus, Trigger
from domain.policy.field_deadlines import FieldDeadline
from domain.policy.policies import OTHER_CAUSES, OnChange, Policy
from domain.policy.targets import TargetRule
from domain.ticket.conditions.criteria import Criteria
from domain.ticket.conditions.wording import conditions
from web.showing.durations import duration
from web.showing.words import words

WEEKDAYS = dict(
    zip(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)
AROUND_THE_CLOCK = "around the clock"


@dataclass(frozen=True, slots=True)
class Names:
    """What business hours and teams are called, by their ids. `default_hours` is the id of the organization's own."""

    hours: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    default_hours: str = ""


@dataclass(frozen=True, slots=True)
class Sentences:
    who: str
    promises: Sequence[str]
    steps: Sequence[str]
    notes: Sequence[str]


def sentences(policy: Policy, names: Names) -> Sentences:
    measured = hours_of(policy, names)
    return Sentences(
        who(policy),
        [promise(target, measured) for target in policy.targets] or ["nothing: tickets that match have no promise"],
        [step(one, names) for one in policy.steps],
        list(_notes(policy)),
    )


def who(policy: Policy) -> str:
    """`For tickets where priority is urgent or high`."""
    if not policy.conditions:
        return "For every ticket"
    return f"For tickets where {conditions(policy.conditions, policy.match)}"


def hours_of(policy: Policy, names: Names) -> str:
    """`of Business hours`, `around the clock`."""
    if not policy.business_hours:
        return AROUND_THE_CLOCK
    if policy.follows_team:
        return "of the hours of the team that has the ticket"
    wanted = policy.business_hours_id or names.default_hours
    named = names.hours.get(wanted, wanted or "business hours")
    return f"of {named}" if policy.business_hours_id else f"of the team's hours, else of {named}"


def promise(target: TargetRule, measured: str) -> str:
    """`first response within 1 h of Business hours, for priority urgent; a pause does not stop it`."""
    name = words(target.type) + (f" ({words(target.name)})" if target.name else "")
    whom = f", for priority {target.priority}" if target.priority else ""
    more = "".join(f"; {one}" for one in _details(target))
    return f"{name} {budget(target.budget, measured)}{whom}{more}"


def budget(allowed: Budget, measured: str) -> str:
    if isinstance(allowed, WorkingDays):
        days = f"{allowed.count} working day{'s' if allowed.count > 1 else ''}"
        whose = "" if measured == AROUND_THE_CLOCK else f" {measured}"
        return f"by the end of {days}{whose}" if allowed.end_of_day else f"within {days}{whose}"
    if isinstance(allowed, Deadline):
        day = "" if allowed.weekday is None else f"{WEEKDAYS[allowed.weekday]} "
        return f"by {day}{allowed.time:%H:%M}"
    if isinstance(allowed, FieldDeadline):
        return f"by what the ticket's field {allowed.field} says"
    apart = ", " if measured == AROUND_THE_CLOCK else " "
    return f"within {duration(allowed)}{apart}{measured}"


def _details(target: TargetRule) -> Iterable[str]:
    by_time = not isinstance(target.budget, Deadline | FieldDeadline)
    if by_time and not target.pausable:
        yield "a pause does not stop it"
    said_when = {"starts": "starts", "stops": "stops", "renews": "renews", "cancels": "is cancelled", "pauses": "waits"}
    for name, verb in said_when.items():
        on = getattr(target.triggers, f"{name}_on")
        if on:
            until = f" until {target.triggers.spoken('resumes_on')}" if name == "pauses" else ""
            yield f"{verb} on {words(target.triggers.spoken(f'{name}_on'))}{words(until)}"
        criteria = getattr(target.triggers, f"{name}_when", None)
        if isinstance(criteria, Criteria):
            while_ = "while" if name in ("pauses", "cancels") else "once"
            yield f"{verb} {while_} {conditions(criteria.conditions, criteria.match)}"


def step(rule: EscalationRule, names: Names) -> str:
    """`At 80 % of the time: notify the team lead`; one that has a name begins with it."""
    done = " and ".join(action(one, names) for one in rule.actions) or "say so"
    only = f" of {words(rule.target_type)}" if rule.target_type else ""
    again = f", again every {duration(rule.repeat)} until somebody acknowledges" if rule.repeat else ""
    held = f", within {names.hours.get(rule.hours, rule.hours)}" if rule.hours else ""
    off = "" if rule.status is EscalationStatus.ACTIVE else " (switched off)"
    called = f"{rule.name}: " if rule.name else ""
    return f"{called}{_when(rule, only)}: {done}{again}{held}{off}"


def _when(rule: EscalationRule, only: str) -> str:
    if rule.percent is not None:
        return f"At {rule.percent.normalize():f} % of the time{only}"
    if rule.lead is not None:
        return f"{duration(rule.lead)} before the breach{only}"
    assert rule.trigger is Trigger.BREACHED
    return f"{duration(rule.delay)} after the breach{only}" if rule.delay else f"At the breach{only}"


def action(document: Mapping[str, Any], names: Names) -> str:
    kind = document["type"]
    team = document.get("team_id")
    said_of: Mapping[str, str] = {
        Action.NOTIFY: "notify",
        Action.NOTIFY_TEAM_LEAD: "notify the team lead",
        Action.NOTIFY_CONTACT: f"notify {document.get('contact')}",
        Action.NOTIFY_ON_CALL: f"notify whoever is on call for {document.get('on_call')}",
        Action.REASSIGN: f"reassign to {names.teams.get(str(team), team)}",
        Action.SET_PRIORITY: f"set the priority to {document.get('priority')}",
        Action.SET_STATUS: f"set the status to {document.get('status')}",
        Action.ADD_TAG: f"add the tag {document.get('tag')}",
        Action.COMMENT: f"comment “{document.get('text')}”",
        Action.WEBHOOK: "call the webhook",
        "escalate": f"escalate to {document.get('contact')}",
    }
    return said_of.get(kind, words(str(kind)))


def _notes(policy: Policy) -> Iterable[str]:
    if policy.at_risk_percent is not None:
        yield f"At risk from {policy.at_risk_percent.normalize():f} % of the time on"
    for cause, length in policy.pauses_at_most.items():
        whose = "any other cause" if cause == OTHER_CAUSES else cause
        yield f"A pause for {whose} holds a clock for {duration(Micros(length))} at most"
    if policy.on_change is not OnChange.KEEP:
        yield f"When priority or policy change: {policy.on_change}"
    if policy.on_reopen != "continue":
        yield f"When a ticket is opened again: {words(policy.on_reopen)}"


def minutes(length: Micros) -> str:
    return f"{length / MINUTE:g}"
