"""What a page of figures can be narrowed to, and how what it names is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.policy.clocks.clocks import CLOCKS
from service.dependencies import Dependencies
from store.access.organizations import Organization
from store.lists.listed import ListPart
from web.pages.reports.filters import ReportFilters
from web.showing.words import words

MOST = 200
Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """(value, name) each. `people` are the names of keys by their ids, for who has done something."""

    teams: Sequence[Choice]
    policies: Sequence[Choice]
    types: Sequence[Choice]
    dimensions: Sequence[str]
    people: Mapping[str, str]


async def choices(deps: Dependencies, organization: Organization, query: ReportFilters) -> Choices:
    teams = (await deps.store.teams.list(organization.id, ListPart(MOST))).rows
    policies = (await deps.store.policies.list(organization.id, None, ListPart(MOST))).rows
    keys = (await deps.store.keys.list(organization.id, ListPart(MOST))).rows
    types = {rule.clock_name for one in policies for rule in one.policy.targets} | set(CLOCKS)
    return Choices(
        teams=with_chosen(((one.team.id, one.team.name) for one in teams), query.team_id),
        policies=with_chosen(((one.policy.id, one.policy.name) for one in policies), query.policy_id),
        types=with_chosen(((name, words(name)) for name in sorted(types)), query.type),
        dimensions=organization.dimensions,
        people={one.id: one.name for one in keys},
    )


def with_chosen(known: Iterable[Choice], chosen: str) -> Sequence[Choice]:
    """What was archived or deleted since can still be chosen by its address."""
    found = list(known)
    return found if not chosen or any(value == chosen for value, _ in found) else [*found, (chosen, chosen)]
