"""`/receivers`: create, list, get, change, delete, try, and rotate secrets.

They say where an organization's data goes, so changes need the scope that keys need.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Admin, Reader
from api.http.dependencies import Deps
from api.http.idempotency import SECRET
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.receivers.schemas import (
    SHOWN,
    NewReceiverView,
    ReceiverBody,
    ReceiverId,
    ReceiverPage,
    ReceiverPatch,
    ReceiverView,
    RotatedView,
    SampleBody,
    SampleView,
)
from domain.instants import render
from domain.record.receivers import Receiver
from store.database.ids import mint
from store.rules.receivers import LISTED, StoredReceiver

router = APIRouter(prefix=f"{V2}/receivers", tags=["Receivers"], route_class=JsonRoute)
_RECEIVERS: Collection[StoredReceiver] = Collection(router, "receiver_id", LISTED, ReceiverView)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_RECEIVERS.create("Create a receiver", NewReceiverView, secret=True)
async def create_receiver(body: ReceiverBody, owner: Admin, deps: Deps, response: Response) -> dict[str, Any]:
    """It is told from the next notice on, also those of tickets that are open already. The address is checked first:
    one in a private network is refused."""
    given = body.given()
    address = given.pop("address")
    receiver = Receiver.from_json({**given, "id": mint("rcv")})
    stored, secret = await deps.receivers.create(owner.organization, receiver, address)
    _RECEIVERS.locate(response, stored.receiver.id)
    response.headers["Cache-Control"] = "no-store"
    return {**receiver_view(stored), "secret": secret}


@_RECEIVERS.page("List receivers, oldest first", ReceiverPage, SHOWN)
async def list_receivers(owner: Reader, part: _Part, deps: Deps, response: Response) -> Any:
    """The operator's own, of `SLA_WEBHOOK_URLS`, are not among them.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    return await _RECEIVERS.table.answer(
        part, response, lambda asked: deps.store.receivers.list(owner.organization, asked), receiver_view
    )


@_RECEIVERS.get("Get a receiver")
async def get_receiver(receiver_id: ReceiverId, owner: Reader, deps: Deps) -> dict[str, Any]:
    return receiver_view(await deps.store.receivers.get(owner.organization, receiver_id))


@_RECEIVERS.change("Change a receiver")
async def change_receiver(receiver_id: ReceiverId, body: ReceiverPatch, owner: Admin, deps: Deps) -> dict[str, Any]:
    """Only the fields that are given change. The address is checked anew, and encrypted with the key that is the first
    in `SLA_SECRET_KEY` now."""
    return receiver_view(await deps.receivers.change(owner.organization, receiver_id, body.given()))


@_RECEIVERS.delete("Delete a receiver")
async def delete_receiver(receiver_id: ReceiverId, owner: Admin, deps: Deps) -> None:
    """Notices that are on their way to it are given up within seconds."""
    await deps.store.receivers.delete(owner.organization, receiver_id)


@router.post(
    "/{receiver_id}:rotate",
    openapi_extra=SECRET,
    response_model=RotatedView,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="Give a receiver a new secret",
)
async def rotate_secret(receiver_id: ReceiverId, owner: Admin, deps: Deps, response: Response) -> dict[str, Any]:
    """The secret before it stays valid until the next rotation: each webhook bears a signature by both. Rotate twice to
    be rid of one that others have learnt."""
    stored, secret = await deps.receivers.rotate(owner.organization, receiver_id)
    response.headers["Cache-Control"] = "no-store"
    return {**receiver_view(stored), "secret": secret}


@router.post(
    "/{receiver_id}:test",
    response_model=SampleView,
    responses=problems.documented(400, 401, 403, 404, 413, 415, 422, 503),
    summary="Send a sample to a receiver",
)
async def test_receiver(receiver_id: ReceiverId, body: SampleBody, owner: Admin, deps: Deps) -> dict[str, Any]:
    """A sample notice goes through the real channel, once, whatever the receiver has chosen and also while it is
    switched off. The answer says what came of it, 15 seconds later at most."""
    tried = await deps.receivers.try_out(owner.organization, receiver_id, body.type)
    return {"outcome": tried.outcome, "error": tried.error, "gone": tried.gone}


def receiver_view(stored: StoredReceiver) -> dict[str, Any]:
    return {
        **stored.receiver.to_json(),
        "disabled_because": stored.receiver.disabled_because,
        "secrets": len(stored.sealed.secrets),
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
    }
