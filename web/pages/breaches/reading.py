"""What the page reads: the analytics that REST has, too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.analytics.periods import Period
from domain.analytics.week import Week
from service.analytics.asking import period_of, scope_of
from service.analytics.views import breach_views
from service.dependencies import Dependencies
from service.tools.cursors import cursor_of, place_of
from store.analytics.breach_order import NEWEST_DUE_FIRST
from store.analytics.queries import Scope
from store.analytics.summaries import Breaches
from store.analytics.weeks import Weeks
from web.http.access import Visitor
from web.pages.breaches.filters import BreachFilters
from web.pages.reports.choices import Choices, choices
from web.pages.reports.filters import PeriodFilters

PAGE = 50
OF_AN_EXPORT = 500


@dataclass(frozen=True, slots=True)
class Found:
    """`week` has the breaches that count, whatever is listed."""

    period: Period
    breaches: Breaches
    next_cursor: str
    week: Week
    choices: Choices


async def asked(deps: Dependencies, visitor: Visitor, query: PeriodFilters) -> tuple[Scope, Period]:
    """Raises InvalidValue and PlanRequired."""
    organization = visitor.organization.id
    scope = await scope_of(deps, organization, query.narrowing(visitor))
    return scope, await period_of(deps, organization, query.start_date or None, query.end_date or None)


async def find(deps: Dependencies, visitor: Visitor, query: BreachFilters) -> Found:
    """Raises InvalidValue, also for a cursor that is none, and PlanRequired."""
    scope, period = await asked(deps, visitor, query)
    now = deps.now()
    after = place_of(query.cursor, NEWEST_DUE_FIRST) if query.cursor else None
    found = await deps.store.analytics.breaches(
        scope, period, now, limit=PAGE, after=after, excused=bool(query.excused)
    )
    following = "" if found.last is None else cursor_of(NEWEST_DUE_FIRST, found.last)
    weeks = await deps.store.analytics.weeks(scope, period, now)
    return Found(period, found, following, weeks.breached, await choices(deps, visitor.organization, query))


async def weeks(deps: Dependencies, visitor: Visitor, query: BreachFilters) -> tuple[Weeks, Period]:
    scope, period = await asked(deps, visitor, query)
    return await deps.store.analytics.weeks(scope, period, deps.now()), period


async def every(deps: Dependencies, scope: Scope, period: Period, *, excused: bool) -> AsyncIterator[Mapping[str, Any]]:
    """All breaches of the period, as rows of a table."""
    now, after = deps.now(), None
    while True:
        found = await deps.store.analytics.breaches(
            scope, period, now, limit=OF_AN_EXPORT, after=after, excused=excused
        )
        for row in breach_views(found):
            yield row
        if found.last is None:
            return
        after = found.last
