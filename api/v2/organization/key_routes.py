"""`/keys`: create, list, revoke. They need a scope of their own, so that a key that may write cannot grant itself
more."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Admin, KnownKeys
from api.http.dependencies import Deps
from api.http.idempotency import SECRET
from api.http.lists.listing import Asked
from api.http.lists.tables import TableOf, asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.organization.key_schemas import KEY, KeyBody, KeyId, KeyPage, KeyView, NewKeyView
from domain.instants import render
from service.keys import new_key
from store.access.keys import LISTED, StoredKey

_LIST: TableOf[StoredKey] = TableOf(LISTED, KeyView)
_Part = Annotated[Asked, Depends(asking(LISTED))]

router = APIRouter(prefix=f"{V2}/keys", tags=["API keys"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    openapi_extra=SECRET,
    response_model=NewKeyView,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Create an API key",
)
async def create_key(body: KeyBody, owner: Admin, deps: Deps, response: Response) -> dict[str, Any]:
    """`key` is shown in this answer only. The store keeps a hash of it."""
    stored, key = await new_key(deps, owner, body.name, body.scopes)
    response.headers["Cache-Control"] = "no-store"
    return {**key_view(stored), "key": key}


@router.get(
    "",
    response_model=KeyPage,
    responses=_LIST.documented(KEY, 401, 403, 422, 503),
    summary="List API keys",
)
async def list_keys(owner: Admin, part: _Part, deps: Deps, response: Response) -> Any:
    """All keys, the oldest first unless `sort` says otherwise, also revoked ones.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    return await _LIST.answer(part, response, lambda asked: deps.store.keys.list(owner.organization, asked), key_view)


@router.delete(
    "/{key_id}",
    status_code=204,
    responses=problems.documented(401, 403, 404, 503),
    summary="Revoke an API key",
)
async def revoke_key(key_id: KeyId, owner: Admin, deps: Deps, keys: KnownKeys) -> None:
    """The key is revoked for good. Other processes of the API may accept it for ten more seconds. Revoking it again
    changes nothing."""
    try:
        await deps.store.keys.revoke(key_id, owner.organization)
    finally:
        # Also when the store's answer was lost: the key may be revoked then.
        keys.forget(owner.organization)


def key_view(stored: StoredKey) -> dict[str, Any]:
    revoked_at = stored.revoked_at
    return {
        "id": stored.id,
        "name": stored.name,
        "prefix": stored.prefix,
        "scopes": list(stored.scopes),
        "created_at": render(stored.created_at),
        "revoked_at": None if revoked_at is None else render(revoked_at),
    }
