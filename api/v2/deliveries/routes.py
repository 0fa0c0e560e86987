"""`/deliveries`: list, get, and send once more."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.exports import documented_exports
from api.http.lists.listing import Asked, Chunk, Listing
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
from domain.errors import InvalidValue
from domain.fields import require_text, require_unicode
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import parse, parse_optional, render
from domain.record.deliveries import DeliveryState
from domain.record.notices import WITHDRAWN
from domain.record.receivers import TYPES
from service.cursors import text_in
from service.deliveries.log import delivery_view
from store.deliveries.log import DeliveryFilters, DeliveryPlace
from store.lists.keys import Place

ORDER = "-fired_at"
"""The order of the log, as it stands in its cursors."""
COLUMNS = (
    *("id", "notice_id", "type", "channel", "state", "instance_id", "conversation_id", "ticket_id", "incident_id"),
    *("policy_id", "planned_at", "fired_at", "sent_at", "taken_at", "attempts", "resends", "error"),
)

router = APIRouter(prefix=V2, tags=["Deliveries"], route_class=JsonRoute)


class DeliveryList(DeliveryQuery):
    limit: Limit = DEFAULT_LIMIT
    offset: Offset = 0
    cursor: Cursor = None


@router.get(
    "/deliveries",
    response_model=DeliveryPage,
    response_model_exclude_unset=True,
    responses={200: documented_exports(COLUMNS, DELIVERY), **problems.documented(401, 403, 422, 503)},
    summary="List what became of notices on each channel, newest first",
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
        behind = None if after is None else _delivery_place(after)
        found = await deps.deliveries.page(owner.organization, filters, limit=limit, offset=offset, after=behind)
        last = None if found.last is None else _place(found.last)
        return Chunk([delivery_view(one) for one in found.deliveries], found.total, last)

    asked = Asked.of(request, query.limit, query.offset, query.cursor)
    return await Listing(COLUMNS, read, ORDER).answer(asked, response)


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


def filters_of(query: DeliveryQuery) -> DeliveryFilters:
    """Raises InvalidValue for what makes no sense."""
    since, until = parse_optional(query.since, "since"), parse_optional(query.until, "until")
    if since is not None and until is not None and since >= until:
        raise InvalidValue("until", query.until, "must be later than since")
    for place, one in enumerate(query.type or ()):
        if one not in (*TYPES, WITHDRAWN):
            raise InvalidValue(f"type[{place}]", one, f"must be one of {', '.join((*TYPES, WITHDRAWN))}")
    return DeliveryFilters(
        states=[DeliveryState(one) for one in query.state or ()],
        kinds=query.channel or (),
        receivers=query.receiver or (),
        types=query.type or (),
        instance_ids=_instances(query),
        policy_ids=query.policy_id or (),
        since=since,
        until=until,
    )


def _instances(query: DeliveryQuery) -> list[str]:
    """The ids of the instances that are asked for by id or by subject; a subject has one of each kind."""
    subjects = {
        SubjectType.CONVERSATION: query.conversation_id,
        SubjectType.TICKET: query.ticket_id,
        SubjectType.INCIDENT: query.incident_id,
    }
    given = {type_: ids for type_, ids in subjects.items() if ids is not None}
    names = [f"{type_}_id" for type_ in given] + ([] if query.instance_id is None else ["instance_id"])
    if len(names) > 1:
        raise InvalidValue(names[1], names[1], f"must not be given together with {names[0]}")
    found = [str(InstanceId.parse(one)) for one in query.instance_id or ()]
    for type_, ids in given.items():
        found += [str(InstanceId(kind, type_, one)) for one in ids for kind in Kind]
    return found


def _place(place: DeliveryPlace) -> Place:
    return render(place.fired_at), place.notice_id, place.channel


def _delivery_place(place: Place) -> DeliveryPlace:
    notice_id, channel = (require_unicode(text_in(place, part), "cursor") for part in (1, 2))
    return DeliveryPlace(parse(text_in(place, 0), "cursor"), notice_id, channel)
