"""Which clocks of which days a report is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.analytics.periods import Period, read_period
from domain.ids import Kind
from domain.policy.clocks.clocks import require_clock_name
from service.dependencies import Dependencies
from service.dimensions import asked_dimensions
from store.analytics.queries import Scope

Several = Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a report is narrowed to: any of several values, None for all. `field` has a dimension and a value in each
    text, with a colon between them."""

    kind: Kind = Kind.SLA
    policy_id: Several = None
    priority: Several = None
    team_id: Several = None
    type: Several = None
    assignee: Several = None
    field: Several = None


async def scope_of(deps: Dependencies, organization: str, asked: Narrowing) -> Scope:
    """Raises InvalidValue for what is no clock's name, and for a dimension that is not declared."""
    for one in asked.type or ():
        require_clock_name(one)
    dimensions = await asked_dimensions(deps, organization, asked.field)
    names = ("policy_id", "priority", "team_id", "type", "assignee")
    given: dict[str, Any] = {name: None if (value := getattr(asked, name)) is None else list(value) for name in names}
    return Scope(organization, asked.kind, **given, dimensions=dimensions)


async def period_of(
    deps: Dependencies, organization: str, start_date: str | None, end_date: str | None, timezone: str | None = None
) -> Period:
    """In the organization's zone unless another is named. Raises InvalidValue."""
    if timezone is None:
        timezone = (await deps.store.organizations.get(organization)).timezone
    return read_period(start_date, end_date, timezone, deps.now())
