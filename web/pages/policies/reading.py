"""What the pages of policies read."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ids import Kind
from service.dependencies import Dependencies
from store.access.organizations import Organization
from store.rules.calendars import StoredCalendar
from store.rules.policies import StoredPolicy
from store.rules.policy_history import PolicyVersion
from web.pages.policies.sentences import Names

ALL = 1000
"""More policies, hours and teams than anybody looks at on one page."""


async def names_of(deps: Dependencies, organization: Organization) -> Names:
    teams, _ = await deps.store.teams.list(organization.id, limit=ALL, offset=0)
    return Names(
        hours={one.id: one.name for one in await hours_of(deps, organization.id)},
        teams={one.team.id: one.team.name for one in teams},
        default_hours=organization.default_calendar_id,
    )


async def hours_of(deps: Dependencies, organization: str) -> Sequence[StoredCalendar]:
    found, _ = await deps.store.calendars.list(organization, limit=ALL, offset=0)
    return found


async def policies_of(deps: Dependencies, organization: str, *, archived: bool = False) -> Sequence[StoredPolicy]:
    """In evaluation order, of both kinds and both APIs."""
    found, _ = await deps.store.policies.list(organization, None, ALL, 0, archived)
    return found


async def policy_of(deps: Dependencies, organization: str, policy_id: str) -> StoredPolicy:
    """Of either kind, also an archived one. Raises NotFound."""
    return await deps.store.policies.get(organization, policy_id, include_archived=True)


async def versions_of(deps: Dependencies, organization: str, policy_id: str) -> Sequence[PolicyVersion]:
    """The latest, oldest first. Raises NotFound."""
    _, total = await deps.store.policies.versions(organization, policy_id, limit=1, offset=0)
    most = 100
    found, _ = await deps.store.policies.versions(organization, policy_id, limit=most, offset=max(0, total - most))
    return found


def live_ids(policies: Sequence[StoredPolicy], kind: Kind) -> list[str]:
    return [one.policy.id for one in policies if one.policy.kind is kind and one.policy.origin == "v2"]
