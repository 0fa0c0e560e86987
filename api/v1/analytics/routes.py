"""`/sla-policies/analytics`: how many windows of a period were kept, and the uptime of the month."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.prefixes import V1
from api.http.requests import JsonRoute
from api.v1.analytics.schemas import EndDate, SlaAnalyticsView, StartDate
from api.v1.analytics.views import analytics_view
from domain.analytics.periods import read_period
from domain.scrubbe.uptime import month_of

router = APIRouter(prefix=f"{V1}/sla-policies/analytics", tags=["Scrubbe: SLA policies"], route_class=JsonRoute)


@router.get(
    "",
    response_model=SlaAnalyticsView,
    responses=problems.documented(401, 403, 422, 503),
    summary="Breaches, averages, compliance against the thresholds, and uptime",
)
async def get_sla_policy_analytics(
    owner: Reader, deps: Deps, start_date: StartDate = None, end_date: EndDate = None
) -> dict[str, Any]:
    """A window counts on the day on which its status was reached in time. One that was missed counts on the day it
    ended."""
    now = deps.now()
    timezone = (await deps.store.organizations.get(owner.organization)).timezone
    period = read_period(start_date, end_date, timezone, now, fields=("startDate", "endDate"))
    month = month_of(timezone, now)
    return analytics_view(await deps.store.compliance.figures(owner.organization, period, month), period, month)
