"""API keys: who asks, for which organization, and what the key may do."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.dependencies import Dependencies
from domain.errors import Forbidden, SlaError, Unauthorized
from store.keys import KeyOwner

HEADER = "X-API-Key"
PROTECTED = "/api"
TTL_SECONDS = 10.0
"""A revoked key works at most this much longer."""
MOST_CACHED = 1024

scheme = APIKeyHeader(name=HEADER, scheme_name="ApiKey", description="`ak_live_...`", auto_error=False)


class KeyCache:
    """Verified keys by their hash, for a short while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._owners: dict[bytes, tuple[float, KeyOwner]] = {}

    async def owner(self, key: str, dependencies: Dependencies) -> KeyOwner:
        """Raises Unauthorized for an unknown key, StoreUnavailable when it cannot be looked up."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        until, known = self._owners.get(digest, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        owner = await dependencies.store.keys.verify(key)
        if owner is None:
            self._owners.pop(digest, None)
            raise Unauthorized(f"The API key in {HEADER} is not known or has been revoked.")
        self._remember(digest, owner)
        return owner

    def _remember(self, digest: bytes, owner: KeyOwner) -> None:
        if len(self._owners) >= MOST_CACHED:
            self._owners.clear()
        self._owners[digest] = (self._clock() + TTL_SECONDS, owner)


class Authentication:
    """Asks for the key before anything is routed or read, so that no route under `/api` can be forgotten."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cache = KeyCache()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_protected(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            request.state.owner = await self._owner(request)
        except SlaError as error:
            await problems.response(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _owner(self, request: Request) -> KeyOwner:
        key = request.headers.get(HEADER)
        if not key:
            raise Unauthorized(f"Send an API key in the header {HEADER}.")
        return await self._cache.owner(key, request.app.state.dependencies)


def _is_protected(path: str) -> bool:
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


def reader(request: Request, _: Annotated[str | None, Security(scheme)]) -> KeyOwner:
    return _with_scope(request, "sla:read")


def writer(request: Request, _: Annotated[str | None, Security(scheme)]) -> KeyOwner:
    return _with_scope(request, "sla:write")


Reader = Annotated[KeyOwner, Depends(reader)]
Writer = Annotated[KeyOwner, Depends(writer)]


def _with_scope(request: Request, scope: str) -> KeyOwner:
    owner: KeyOwner = request.state.owner
    if scope not in owner.scopes:
        raise Forbidden(f"This API key does not have the scope {scope}.")
    return owner
