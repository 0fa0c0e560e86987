"""`/analytics`: how many promises were kept in a period, how that developed, and which were broken when."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Request, Response

from api.http import problems
from api.http.auth import Reader, require_enterprise
from api.http.dependencies import Deps
from api.http.lists.exports import documented_exports
from api.http.lists.listing import Asked, Chunk, Listing
from api.http.lists.spreadsheets import csv_response, documented_csv, prefers_csv
from api.http.lists.tables import asking
from api.http.negotiation import VARY
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.analytics import examples
from api.v2.analytics.schemas import (
    Assignee,
    BreachPage,
    BucketSize,
    EndDate,
    HeatmapView,
    KindOf,
    OnlyExcused,
    PolicyId,
    Priority,
    StartDate,
    SummaryView,
    TeamId,
    Timezone,
    TrendView,
    Type,
)
from api.v2.organization.dimensions import FieldFilter, GroupBy
from domain.analytics.buckets import Granularity, buckets
from domain.analytics.periods import Period
from domain.ids import Kind
from service.analytics.asking import Narrowing, period_of, scope_of
from service.analytics.rows import (
    BREACH_COLUMNS,
    HEATMAP_COLUMNS,
    OF_GROUPS,
    SUMMARY_COLUMNS,
    TREND_COLUMNS,
    grouped_trend_rows,
    heatmap_rows,
    summary_rows,
)
from service.analytics.views import (
    breach_views,
    bucket_view,
    clusters_view,
    heatmap_view,
    period_view,
    summary_view,
    trends_view,
)
from service.dimensions import require_group
from store.analytics.breach_order import BREACH_SORTS
from store.analytics.queries import Scope
from store.lists.keys import Place

router = APIRouter(prefix=f"{V2}/analytics", tags=["Analytics"], route_class=JsonRoute)


async def asked_period(
    owner: Reader, deps: Deps, start_date: StartDate = None, end_date: EndDate = None, timezone: Timezone = None
) -> Period:
    return await period_of(deps, owner.organization, start_date, end_date, timezone)


async def asked_scope(  # noqa: PLR0913  # each is a query parameter
    owner: Reader,
    deps: Deps,
    *,
    kind: KindOf = Kind.SLA,
    policy_id: PolicyId = None,
    priority: Priority = None,
    team_id: TeamId = None,
    type_: Type = None,
    assignee: Assignee = None,
    field: FieldFilter = None,
) -> Scope:
    if kind is Kind.OLA:
        require_enterprise(owner, "Analytics of internal commitments (OLA)")
    return await scope_of(
        deps, owner.organization, Narrowing(kind, policy_id, priority, team_id, type_, assignee, field)
    )


class BreachesAsked(NamedTuple):
    """Which breaches, and by what they are grouped."""

    excused: bool
    group_by: str | None


async def asked_group(owner: Reader, deps: Deps, group_by: GroupBy = None) -> str | None:
    return await require_group(deps, owner.organization, group_by)


AskedGroup = Annotated[str | None, Depends(asked_group)]


async def asked_breaches(group_by: AskedGroup, excused: OnlyExcused = False) -> BreachesAsked:
    return BreachesAsked(excused, group_by)


AskedPart = Annotated[Asked, Depends(asking(BREACH_SORTS))]
AskedBreaches = Annotated[BreachesAsked, Depends(asked_breaches)]
AskedPeriod = Annotated[Period, Depends(asked_period)]
AskedScope = Annotated[Scope, Depends(asked_scope)]


def _routed(example: str, *columns: str) -> dict[str, Any]:
    header = ",".join(columns)
    return {"responses": {**documented_csv(f"{header}\r\n{example}\r\n"), **problems.documented(401, 403, 422, 503)}}


@router.get(
    "/summary",
    response_model=SummaryView,
    summary="How promises were kept over a period, and over the one before",
    **_routed(
        "current,all,,2026-03-01,2026-03-08,Europe/Berlin,37,3,1,0,41,21,92.5,0.0731,,,,,,,",
        *SUMMARY_COLUMNS,
    ),
)
async def get_analytics_summary(
    period: AskedPeriod, scope: AskedScope, group_by: AskedGroup, deps: Deps, request: Request, response: Response
) -> Any:
    """A target counts on the day on which it was met or on which its due passed. Cancelled targets are counted
    apart."""
    view = summary_view(await deps.store.analytics.summary(scope, period, deps.now(), group_by), period)
    if prefers_csv(request):
        return csv_response(SUMMARY_COLUMNS, summary_rows(view))
    response.headers.update(VARY)
    return view


@router.get(
    "/trends",
    response_model=TrendView,
    summary="How promises were kept hour by hour, day by day, by week or by month",
    **_routed("2026-03-01T23:00:00Z,2026-03-08T23:00:00Z,2026-W10,false,37,3,0,92.5", *TREND_COLUMNS),
)
async def get_analytics_trend(
    period: AskedPeriod,
    scope: AskedScope,
    deps: Deps,
    group_by: AskedGroup,
    request: Request,
    response: Response,
    granularity: BucketSize = Granularity.DAY,
) -> Any:
    """Buckets follow the wall clock of the time zone, and empty ones are included. The first and the last are cut where
    the period begins and ends.

    With `group_by`, also for each value: the twenty with most targets. As CSV each then has its buckets below.
    """
    cut, now = buckets(period, granularity), deps.now()
    tallies = await deps.store.analytics.trend(scope, cut, now)
    trends = None if group_by is None else await deps.store.analytics.trend_by(scope, cut, now, group_by)
    rows = [bucket_view(bucket, tally) for bucket, tally in zip(cut, tallies, strict=True)]
    if prefers_csv(request):
        if trends is None:
            return csv_response(TREND_COLUMNS, rows)
        return csv_response((*TREND_COLUMNS, *OF_GROUPS), [*rows, *grouped_trend_rows(cut, trends)])
    response.headers.update(VARY)
    shown = {"period": period_view(period), "granularity": granularity, "data": rows}
    return {**shown, "groups": None if trends is None else trends_view(trends)}


@router.get(
    "/heatmap",
    response_model=HeatmapView,
    summary="In which hours of the week tickets open, and promises are kept and broken",
    **_routed("mon,9,4,11,1,0,91.67", *HEATMAP_COLUMNS),
)
async def get_analytics_heatmap(
    period: AskedPeriod, scope: AskedScope, deps: Deps, request: Request, response: Response
) -> Any:
    """Each instant counts in the hour that the wall clock of the time zone showed then. Where clocks are put back an
    hour is there twice, and both count in one place.

    What has opened are instances, whatever the `type`; what was met or broken are targets.
    """
    weeks = await deps.store.analytics.weeks(scope, period, deps.now())
    if prefers_csv(request):
        return csv_response(HEATMAP_COLUMNS, heatmap_rows(weeks))
    response.headers.update(VARY)
    return heatmap_view(weeks, period)


@router.get(
    "/breaches",
    response_model=BreachPage,
    response_model_exclude_unset=True,
    responses={
        200: documented_exports(BREACH_COLUMNS, examples.BREACH),
        **problems.documented(401, 403, 422, 503),
    },
    summary="List the breaches of a period, newest due first unless sorted otherwise, and where they cluster",
)
async def list_breaches(
    period: AskedPeriod, scope: AskedScope, asked: AskedBreaches, part: AskedPart, deps: Deps, response: Response
) -> Any:
    """A breach counts on the day of its due. The overrun of an open clock is as of now. Excused ones are counted beside
    (`excused`) and listed where they are asked for.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    now = deps.now()

    async def read(limit: int, offset: int, after: Place | None) -> Chunk:
        found = await deps.store.analytics.breaches(
            scope, period, now, limit=limit, offset=offset, after=after, sort=part.sort, **asked._asdict()
        )
        more = {"period": period_view(period), "excused": found.excused, "clusters": clusters_view(found)}
        return Chunk(breach_views(found), found.total, found.last, more)

    return await Listing(BREACH_COLUMNS, read, part.sort or BREACH_SORTS.first).answer(part, response)
