"""`/analytics`: how many promises were kept in a period, how that developed, and which were broken."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Request, Response

from api.http import problems
from api.http.auth import Reader, require_enterprise
from api.http.dependencies import Deps
from api.http.lists.spreadsheets import csv_response, documented_csv, prefers_csv
from api.http.negotiation import VARY
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.schemas import DEFAULT_LIMIT, Limit, Offset, page
from api.v2.analytics.rows import BREACH_COLUMNS, SUMMARY_COLUMNS, TREND_COLUMNS, summary_rows
from api.v2.analytics.schemas import (
    BreachPage,
    BucketSize,
    EndDate,
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
from api.v2.analytics.views import breach_views, bucket_view, clusters_view, period_view, summary_view
from domain.analytics.buckets import Granularity, buckets
from domain.analytics.periods import Period, read_period
from domain.ids import Kind
from domain.policy.clocks import require_clock_name
from store.analytics.queries import Scope

router = APIRouter(prefix=f"{V2}/analytics", tags=["Analytics"], route_class=JsonRoute)


async def asked_period(
    owner: Reader, deps: Deps, start_date: StartDate = None, end_date: EndDate = None, timezone: Timezone = None
) -> Period:
    if timezone is None:
        timezone = (await deps.store.organizations.get(owner.organization)).timezone
    return read_period(start_date, end_date, timezone, deps.now())


async def asked_scope(
    owner: Reader,
    kind: KindOf = Kind.SLA,
    policy_id: PolicyId = None,
    priority: Priority = None,
    team_id: TeamId = None,
    type_: Type = None,
) -> Scope:
    if kind is Kind.OLA:
        require_enterprise(owner, "Analytics of internal commitments (OLA)")
    for one in type_ or ():
        require_clock_name(one)
    return Scope(owner.organization, kind, policy_id, priority, team_id, type_)


class BreachesAsked(NamedTuple):
    """Which breaches, and which page of them."""

    limit: int
    offset: int
    excused: bool


async def asked_breaches(
    limit: Limit = DEFAULT_LIMIT, offset: Offset = 0, excused: OnlyExcused = False
) -> BreachesAsked:
    return BreachesAsked(limit, offset, excused)


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
async def summarize(period: AskedPeriod, scope: AskedScope, deps: Deps, request: Request, response: Response) -> Any:
    """A target counts on the day on which it was met or on which its due passed. Cancelled targets are counted
    apart."""
    view = summary_view(await deps.store.analytics.summary(scope, period, deps.now()), period)
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
async def follow_trend(
    period: AskedPeriod,
    scope: AskedScope,
    deps: Deps,
    request: Request,
    response: Response,
    granularity: BucketSize = Granularity.DAY,
) -> Any:
    """Buckets follow the wall clock of the time zone, and empty ones are included. The first and the last are cut where
    the period begins and ends."""
    cut = buckets(period, granularity)
    tallies = await deps.store.analytics.trend(scope, cut, deps.now())
    rows = [bucket_view(bucket, tally) for bucket, tally in zip(cut, tallies, strict=True)]
    if prefers_csv(request):
        return csv_response(TREND_COLUMNS, rows)
    response.headers.update(VARY)
    return {"period": period_view(period), "granularity": granularity, "data": rows}


@router.get(
    "/breaches",
    response_model=BreachPage,
    response_model_exclude_unset=True,
    summary="List the breaches of a period, newest due first, and where they cluster",
    **_routed(
        "inst_sla_conversation_conv_456,conv_456,,,resolution,2026-03-08T14:00:00Z,2026-03-08T14:30:00Z,1800,1800,"
        "sla_abc123,Critical Support,team_support,Support,urgent,false",
        *BREACH_COLUMNS,
    ),
)
async def list_breaches(
    period: AskedPeriod,
    scope: AskedScope,
    deps: Deps,
    request: Request,
    response: Response,
    asked: AskedBreaches,
) -> Any:
    """A breach counts on the day of its due. The overrun of an open clock is as of now. Excused ones are counted beside
    (`excused`) and listed where they are asked for."""
    found = await deps.store.analytics.breaches(scope, period, deps.now(), **asked._asdict())
    rows = breach_views(found)
    if prefers_csv(request):
        return csv_response(BREACH_COLUMNS, rows)
    response.headers.update(VARY)
    listed = page(list(rows), found.total, asked.limit, asked.offset)
    return {**listed, "period": period_view(period), "excused": found.excused, "clusters": clusters_view(found)}
