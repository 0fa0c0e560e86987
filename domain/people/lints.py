"""What a policy says about people that would reach nobody now. None of it is an error: people come and go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.instants import Instant
from domain.people.directory import Directory
from domain.policy.actions import CONTACT, ESCALATE, ON_CALL, WARN_TEAM, Action
from domain.policy.policies import Policy

MOST_LINTS = 50


@dataclass(frozen=True, slots=True)
class Lint:
    """`field` is the place in the policy, `value` what stands there, `reason` why nobody is reached."""

    field: str
    value: str | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "value": self.value, "reason": self.reason}


def names_people(policy: Policy) -> bool:
    return any(True for _ in _named(policy))


def lints(policy: Policy, directory: Directory, at: Instant) -> tuple[Lint, ...]:
    """Who is named in the policy and would not be reached at that instant."""
    found: list[Lint] = []
    for field, action, whom in _named(policy):
        if action == Action.NOTIFY_TEAM_LEAD:
            found += _leads(directory, field, at)
        elif whom is not None and (reason := _nobody(directory, action, whom, at)):
            found.append(Lint(field, whom, reason))
    return tuple(found[:MOST_LINTS])


def _nobody(directory: Directory, action: str, whom: str, at: Instant) -> str:
    found = directory.find(action, whom, at)
    return "" if found.people else found.reason


def _leads(directory: Directory, field: str, at: Instant) -> Iterator[Lint]:
    """A policy does not say which team will have its tickets, so each of them is asked for its lead."""
    if not directory.teams:
        yield Lint(field, None, "there is no team yet, so no ticket has a lead")
    for team in directory.teams:
        if not team.lead:
            yield Lint(field, team.id, f"team {team.name} has no lead")
        elif reason := _nobody(directory, Action.NOTIFY_TEAM_LEAD, team.lead, at):
            yield Lint(field, team.lead, f"the lead of team {team.name}: {reason}")


def _named(policy: Policy) -> Iterator[tuple[str, str, str | None]]:
    """The field, the action and whom it names, of all that names people."""
    for place, step in enumerate(policy.escalations):
        for number, action in enumerate(step.actions):
            if action["type"] in _WHOM:
                name = _WHOM[action["type"]]
                field = f"escalations[{place}].actions[{number}]"
                yield (f"{field}.{name}", action["type"], action[name]) if name else (field, action["type"], None)
    if policy.escalation_contact:
        yield "escalation_contact", ESCALATE, policy.escalation_contact
    if policy.applicable_team:
        yield "applicable_team", WARN_TEAM, policy.applicable_team


_WHOM: Mapping[str, str | None] = {
    Action.NOTIFY_TEAM_LEAD: None,
    Action.NOTIFY_CONTACT: CONTACT,
    Action.NOTIFY_ON_CALL: ON_CALL,
}
