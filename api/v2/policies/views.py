"""Policies and their parts as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.v2.policies.schemas import PolicyDocument
from domain.instants import render
from domain.people.directory import Directory
from domain.people.lints import Lint, lints, names_people
from domain.policy.escalations import EscalationRule
from domain.policy.policies import Policy
from domain.ticket.pauses import length_to_json
from service.dependencies import Dependencies
from store.rules.policies import StoredPolicy
from store.rules.policy_history import PolicyVersion


async def policy_views(deps: Dependencies, organization: str, found: Sequence[StoredPolicy]) -> list[dict[str, Any]]:
    """With what each says about people that would reach nobody now."""
    naming = any(names_people(stored.policy) for stored in found)
    directory = await deps.directory(organization) if naming else Directory()
    return [_view(stored, lints(stored.policy, directory, deps.now())) for stored in found]


async def policy_view(deps: Dependencies, organization: str, stored: StoredPolicy) -> dict[str, Any]:
    return (await policy_views(deps, organization, [stored]))[0]


def _view(stored: StoredPolicy, found: Sequence[Lint]) -> dict[str, Any]:
    archived_at = stored.archived_at
    return {
        **policy_document(stored.policy),
        "lints": [one.to_json() for one in found],
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
        "archived_at": None if archived_at is None else render(archived_at),
    }


def policy_document(policy: Policy) -> dict[str, Any]:
    document = policy.to_json() | {
        "escalations": [escalation_view(step) for step in policy.escalations],
        # Kept in documents only where they are not the default.
        "on_change": policy.on_change.value,
        "on_reopen": policy.on_reopen.value,
        "retarget_breaches": policy.retarget_breaches.value,
        "pauses_at_most": {cause: length_to_json(length) for cause, length in policy.pauses_at_most.items()},
    }
    return {name: document[name] for name in PolicyDocument.model_fields}


def escalation_view(step: EscalationRule) -> dict[str, Any]:
    # An action with more than a type would lose the rest if its type alone were sent back.
    plain = len(step.actions) == 1 and step.actions[0].keys() == {"type"}
    return {**step.to_json(), "action_type": step.actions[0]["type"] if plain else None}


def version_view(version: PolicyVersion) -> dict[str, Any]:
    return {
        "version": version.policy.version,
        "change": version.change,
        "changed_at": render(version.changed_at),
        "changed_by": version.changed_by,
        "changed_by_name": version.key_name,
        "policy": policy_document(version.policy),
    }
