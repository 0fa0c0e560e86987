"""What the pages of policies read."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ids import Kind
from service.dependencies import Dependencies
from store.access.organizations import Organization
from store.lists.listed import ListPart
from store.rules.calendars import StoredCalendar
from store.rules.policies import StoredPolicy
from store.rules.policy_history import PolicyVersion
from web.pages.policies.sentences import Names

ALL = 1000
"""More policies, hours and teams than anybody looks at on one page."""


async def names_of(deps: Dependencies, organization: Organization) -> Names:
    teams = (await deps.store.teams.list(organization.id, ListPart(ALL))).rows
    return Names(
        hours={one.id: one.name for one in await hours_of(deps, organization.id)},
        teams={one.team.id: one.team.name for one in teams},
        default_hours=organization.default_calendar_id,
    )


async def hours_of(deps: Dependencies, organization: str) -> Sequence[StoredCalendar]:
    return (await deps.store.calendars.list(organization, ListPart(ALL))).rows


async def policies_of(deps: Dependencies, organization: str, *, archived: bool = False) -> Sequence[StoredPolicy]:
    """In evaluation order, of both kinds and both APIs."""
    return (await deps.store.policies.list(organization, None, ListPart(ALL), archived)).rows


async def policy_of(deps: Dependencies, organization: str, policy_id: str) -> StoredPolicy:
    """Of either kind, also an archived one. Raises NotFound."""
    return await deps.store.policies.get(organization, policy_id, include_archived=True)


async def versions_of(deps: Dependencies, organization: str, policy_id: str) -> Sequence[PolicyVersion]:
    """The latest, oldest first. Raises NotFound."""
    policies, most = deps.store.policies, 100
    total = (await policies.versions(organization, policy_id, ListPart(1))).total
    return (await policies.versions(organization, policy_id, ListPart(most, max(0, total - most)))).rows


def live_ids(policies: Sequence[StoredPolicy], kind: Kind) -> list[str]:
    return [one.policy.id for one in policies if one.policy.kind is kind and one.policy.origin == "v2"]
