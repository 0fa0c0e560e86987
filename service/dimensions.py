"""The dimensions that a list or a report asks for, read against those that the organization has declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.ticket.dimensions import asked_values, require_declared
from service.dependencies import Dependencies
from store.analytics.groups import GROUPABLE

ASSIGNEE = "assignee"


async def asked_dimensions(
    deps: Dependencies, organization: str, given: Sequence[str] | None
) -> Mapping[str, list[str]]:
    """Raises InvalidValue for a dimension that is not declared."""
    if not given:
        return {}
    return asked_values(given, await _declared(deps, organization), "field")


async def require_group(deps: Dependencies, organization: str, by: str | None) -> str | None:
    """Raises InvalidValue for what can neither be grouped by in every organization nor is a dimension of this one."""
    if by is None or by in GROUPABLE:
        return by
    return require_declared(by, (*GROUPABLE, *await _declared(deps, organization)), "group_by")


async def _declared(deps: Dependencies, organization: str) -> Sequence[str]:
    return (await deps.store.organizations.get(organization)).dimensions
