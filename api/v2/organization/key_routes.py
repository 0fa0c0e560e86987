"""`/keys`: create, list, revoke. They need a scope of their own, so that a key that may write cannot grant itself
more."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http.auth import Admin, KnownKeys
from api.http.dependencies import Deps
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.organization.key_schemas import KEY, KeyBody, KeyId, KeyPage, KeyView, NewKeyView
from domain.instants import render
from service.keys import new_key
from store.access.keys import LISTED, StoredKey

router = APIRouter(prefix=f"{V2}/keys", tags=["API keys"], route_class=JsonRoute)
_KEYS: Collection[StoredKey] = Collection(router, "key_id", LISTED, KeyView)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_KEYS.create("Create an API key", NewKeyView, secret=True)
async def create_key(body: KeyBody, owner: Admin, deps: Deps, response: Response) -> dict[str, Any]:
    """`key` is shown in this answer only. The store keeps a hash of it."""
    stored, key = await new_key(deps, owner, body.name, body.scopes)
    response.headers["Cache-Control"] = "no-store"
    return {**key_view(stored), "key": key}


@_KEYS.page("List API keys", KeyPage, KEY)
async def list_keys(owner: Admin, part: _Part, deps: Deps, response: Response) -> Any:
    """All keys, the oldest first unless `sort` says otherwise, also revoked ones.

    As CSV or NDJSON the list is whole unless a `limit` is given.
    """
    return await _KEYS.table.answer(
        part, response, lambda asked: deps.store.keys.list(owner.organization, asked), key_view
    )


@_KEYS.delete("Revoke an API key")
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
