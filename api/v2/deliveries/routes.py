"""`/deliveries`: list, get, and send once more."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.exports import documented_exports
from api.http.lists.listing import Asked, Chunk, Listing
from api.http.lists.tables import sort_described
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.schemas import DEFAULT_LIMIT, Cursor, Limit, Offset
from api.v2.deliveries.schemas import (
    DELIVERY,
    DeliveryId,
    DeliveryPage,
    DeliveryQuery,
    DeliveryView,
    ResendBody,
    ResentView,
)
from domain.fields import require_text
from domain.instants import parse
from service.deliveries.asking import COLUMNS, filters_of
from service.deliveries.log import delivery_view
from store.deliveries.entries import LOGGED
from store.lists.keys import Place

router = APIRouter(prefix=V2, tags=["Deliveries"], route_class=JsonRoute)


class DeliveryList(DeliveryQuery):
    sort: str | None = Field(default=None, description=sort_described(LOGGED), examples=["-attempts"])
    limit: Limit = DEFAULT_LIMIT
    offset: Offset = 0
    cursor: Cursor = None


@router.get(
    "/deliveries",
    response_model=DeliveryPage,
    response_model_exclude_unset=True,
    responses={200: documented_exports(COLUMNS, DELIVERY), **problems.documented(401, 403, 422, 503)},
    summary="List what became of notices on each channel, newest first unless sorted otherwise",
)
async def list_deliveries(
    query: Annotated[DeliveryList, Query()], owner: Reader, deps: Deps, request: Request, response: Response
) -> Any:
    """Each notice is there once for each channel, from the moment it has fired, also while it is tried again. What
    workers try in vain is there a second later.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    filters = filters_of(query)

    async def read(limit: int, offset: int, after: Place | None) -> Chunk:
        found = await deps.deliveries.page(
            owner.organization, filters, limit=limit, offset=offset, after=after, sort=query.sort
        )
        return Chunk([delivery_view(one) for one in found.deliveries], found.total, found.last)

    asked = Asked.of(request, query.limit, query.offset, query.cursor)
    return await Listing(COLUMNS, read, query.sort or LOGGED.first).answer(asked, response)


@router.get(
    "/deliveries/{delivery_id}",
    response_model=DeliveryView,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 503),
    summary="Get what became of a notice on a channel",
)
async def get_delivery(delivery_id: DeliveryId, owner: Reader, deps: Deps) -> dict[str, Any]:
    return delivery_view(await deps.deliveries.get(owner.organization, delivery_id))


@router.post(
    "/deliveries/{delivery_id}:resend",
    status_code=202,
    response_model=DeliveryView,
    response_model_exclude_unset=True,
    responses=problems.documented(401, 403, 404, 409, 503),
    summary="Send a notice once more",
)
async def resend_delivery(delivery_id: DeliveryId, owner: Writer, deps: Deps) -> dict[str, Any]:
    """The recorded notice, under its own `id`, to the same receiver, within seconds; five attempts at most. What comes
    of it stands in this same entry. Refused (409) for one that is on its way, or was for nobody."""
    return delivery_view(await deps.deliveries.resend(owner.organization, delivery_id))


@router.post(
    "/deliveries:resend",
    status_code=202,
    response_model=ResentView,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Send the dead letters of a receiver once more",
)
async def resend_dead_letters(body: ResendBody, owner: Writer, deps: Deps) -> dict[str, Any]:
    """After the receiver was mended: those that were given up since an instant, the oldest first, a thousand at most.
    `left` says whether to ask again."""
    receiver, since = require_text(body.receiver, "receiver"), parse(body.since, "since")
    resent, left = await deps.deliveries.resend_dead(owner.organization, receiver, since)
    return {"resent": resent, "left": left}
