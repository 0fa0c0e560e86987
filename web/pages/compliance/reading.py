"""What the pages read: the analytics that REST has, too, shown in the same words and digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.analytics.buckets import Granularity, buckets
from domain.analytics.periods import Period
from domain.instants import Instant
from service.analytics.asking import period_of, scope_of
from service.analytics.views import bucket_view, change_view, headline_view, summary_view
from service.dependencies import Dependencies
from service.dimensions import require_group
from store.analytics.queries import Scope
from store.analytics.summaries import Breaches
from web.http.access import Visitor
from web.pages.compliance.filters import ComplianceFilters, MonthFilters
from web.pages.reports.choices import Choices, choices
from web.pages.reports.days import month_before, month_period

Document = Mapping[str, Any]
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Found:
    """`summary` is what `GET /analytics/summary` answers, each of `trend` a bucket of `GET /analytics/trends`."""

    period: Period
    summary: Document
    trend: Sequence[Document]
    granularity: Granularity
    choices: Choices


@dataclass(frozen=True, slots=True)
class FoundMonth:
    """`change` is to the month before, None before the first of all. At most 200 of `breaches` and `excused` are
    listed, newest first."""

    period: Period
    before: Period | None
    summary: Document
    change: Document | None
    trend: Sequence[Document]
    breaches: Breaches
    excused: Breaches
    choices: Choices


async def find(deps: Dependencies, visitor: Visitor, query: ComplianceFilters) -> Found:
    """Raises InvalidValue and PlanRequired."""
    scope, period, summary = await summarized(deps, visitor, query)
    granularity = query.cut(period)
    trend = await trend_of(deps, scope, period, granularity, deps.now())
    return Found(period, summary, trend, granularity, await choices(deps, visitor.organization, query))


async def summarized(
    deps: Dependencies, visitor: Visitor, query: ComplianceFilters
) -> tuple[Scope, Period, dict[str, Any]]:
    organization = visitor.organization.id
    scope = await scope_of(deps, organization, query.narrowing(visitor))
    period = await period_of(deps, organization, query.start_date or None, query.end_date or None)
    group = await require_group(deps, organization, query.group)
    summary = await deps.store.analytics.summary(scope, period, deps.now(), group)
    return scope, period, summary_view(summary, period)


async def trend_of(
    deps: Dependencies, scope: Scope, period: Period, granularity: Granularity, now: Instant
) -> Sequence[dict[str, Any]]:
    """Raises InvalidValue for more than 2000 buckets."""
    cut = buckets(period, granularity)
    tallies = await deps.store.analytics.trend(scope, cut, now)
    return [bucket_view(bucket, tally) for bucket, tally in zip(cut, tallies, strict=True)]


async def find_month(deps: Dependencies, visitor: Visitor, query: MonthFilters, now: Instant) -> FoundMonth:
    """All as of one instant. Raises InvalidValue and PlanRequired."""
    analytics, organization = deps.store.analytics, visitor.organization.id
    scope = await scope_of(deps, organization, query.narrowing(visitor))
    period = month_period(query.month, visitor.zone, now)
    before = month_before(period)
    summary = summary_view(await analytics.summary(scope, period, now), period)
    change = None
    if before is not None:
        change = change_view(summary, headline_view((await analytics.summary(scope, before, now)).current))
    return FoundMonth(
        period=period,
        before=before,
        summary=summary,
        change=change,
        trend=await trend_of(deps, scope, period, Granularity.DAY, now),
        breaches=await analytics.breaches(scope, period, now, limit=MOST_LISTED),
        excused=await analytics.breaches(scope, period, now, limit=MOST_LISTED, excused=True),
        choices=await choices(deps, visitor.organization, query),
    )
