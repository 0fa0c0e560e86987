"""`/analytics/deliveries`: how late notices were taken, and what became of them, channel by channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.http import problems
from api.http.auth import Reader
from api.http.dependencies import Deps
from api.http.lists.spreadsheets import csv_response, documented_csv, prefers_csv
from api.http.negotiation import VARY
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.schemas import Several, View
from api.v2.analytics.routes import AskedPeriod
from api.v2.analytics.schemas import PeriodView
from domain.instants import SECOND, Micros
from domain.record.deliveries import DeliveryState
from service.analytics.views import period_view
from store.analytics.lateness import SHARES, ChannelFigures
from store.deliveries.log import DeliveryFilters

router = APIRouter(prefix=f"{V2}/analytics", tags=["Analytics"], route_class=JsonRoute)

_SINCE = ("fired", "planned")
COLUMNS = (
    *("channel", "total", *(state.value for state in DeliveryState)),
    *(f"{since}_to_taken_{share}_seconds" for since in _SINCE for share in SHARES),
)
_CSV = ("webhook,120,0,1,118,1,0,0.042,0.31,1.204,61.5,0.05,0.36,1.31,61.52", ",".join(COLUMNS))

ChannelName = Annotated[
    Several[str], Query(description="Kinds of channels, such as `webhook`.", examples=[["webhook"]])
]
ReceiverName = Annotated[Several[str], Query(description="Ids of receivers.", examples=[["rcv_3q2-7wAbCdEfGhIj"]])]
PolicyName = Annotated[Several[str], Query(description="Ids of policies.", examples=[["sla_abc123"]])]


async def asked_deliveries(
    channel: ChannelName = None, receiver: ReceiverName = None, policy_id: PolicyName = None
) -> DeliveryFilters:
    return DeliveryFilters(kinds=channel or (), receivers=receiver or (), policy_ids=policy_id or ())


AskedDeliveries = Annotated[DeliveryFilters, Depends(asked_deliveries)]


class LatenessView(View):
    """In seconds, by nearest rank; null where nothing was taken."""

    p50: float | None = Field(examples=[0.042])
    p95: float | None = Field(examples=[0.31])
    p99: float | None = Field(examples=[1.204])
    max: float | None = Field(examples=[61.5])


class ChannelView(View):
    channel: str | None = Field(
        description="The kind of channel; null: of notices that no channel is known for.", examples=["webhook"]
    )
    total: int = Field(examples=[120])
    pending: int = Field(examples=[0])
    retried: int = Field(examples=[1])
    delivered: int = Field(examples=[118])
    dead: int = Field(examples=[1])
    skipped: int = Field(examples=[0])
    fired_to_taken_seconds: LatenessView = Field(description="From when the engine got to it.")
    planned_to_taken_seconds: LatenessView = Field(
        description="From when its milestone was planned; without withdrawals, which are not. A milestone that an "
        "event puts into the past is as late as the event came."
    )


class DeliveriesView(View):
    period: PeriodView
    data: list[ChannelView]


@router.get(
    "/deliveries",
    response_model=DeliveriesView,
    summary="How late notices were taken, and how many were not, by channel",
    responses={**documented_csv(f"{_CSV[1]}\r\n{_CSV[0]}\r\n"), **problems.documented(401, 403, 422, 503)},
)
async def get_delivery_figures(
    period: AskedPeriod, filters: AskedDeliveries, owner: Reader, deps: Deps, request: Request, response: Response
) -> Any:
    """Of the notices that fired in the period, as they stand now. Most deliveries first."""
    found = await deps.store.analytics.lateness(owner.organization, period, filters)
    if prefers_csv(request):
        return csv_response(COLUMNS, map(_row, found))
    response.headers.update(VARY)
    return {"period": period_view(period), "data": [_view(one) for one in found]}


def _view(one: ChannelFigures) -> dict[str, Any]:
    late = one.lateness
    return {
        "channel": one.channel,
        "total": sum(one.counts.values()),
        **{state.value: one.counts.get(state, 0) for state in DeliveryState},
        "fired_to_taken_seconds": _seconds(late.from_fired),
        "planned_to_taken_seconds": _seconds(late.from_planned),
    }


def _row(one: ChannelFigures) -> dict[str, Any]:
    view = _view(one)
    late = {
        f"{since}_to_taken_{share}_seconds": view[f"{since}_to_taken_seconds"][share]
        for since in _SINCE
        for share in SHARES
    }
    return {**view, **late}


def _seconds(lateness: Mapping[str, Micros]) -> dict[str, float | None]:
    return {share: lateness[share] / SECOND if share in lateness else None for share in SHARES}
