"""The dimensions that a list or a report asks for, read against those that the organization has declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Query

from api.http.schemas import Several
from domain.ticket.dimensions import asked_values, require_declared
from service.dependencies import Dependencies
from store.analytics.groups import GROUPABLE

FieldFilter = Annotated[
    Several[str],
    Query(
        description="A dimension of the organization and a value, in whatever case, with a colon between them. Several "
        "values of one dimension are a union; of several dimensions each has to match. By the ticket as it is now.",
        examples=[["customer:acme"]],
    ),
]
GroupBy = Annotated[
    str | None,
    Query(
        description="Also counted by the values of this dimension of the organization, or by `assignee`, `policy_id`, "
        "`priority`, `team_id` or `type`.",
        examples=["customer"],
    ),
]


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
