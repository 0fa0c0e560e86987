"""API keys: a request is refused for its key first, then for the organization's plan, then for the key's scopes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http import problems
from domain.access.scopes import ADMIN, READ, WRITE
from domain.access.subscriptions import Subscription
from domain.errors import Forbidden, PlanRequired, SlaError, TooManyGuesses, Unauthorized
from service.dependencies import Dependencies
from store.access.keys import KeyOwner

HEADER = "X-API-Key"
PROTECTED = "/api"
TTL_SECONDS = 10.0
"""A revoked key is accepted for so many seconds longer, at most."""
MOST_CACHED = 1024

scheme = APIKeyHeader(name=HEADER, scheme_name="ApiKey", description="`ak_live_...`", auto_error=False)


class KeyCache:
    """Verified keys by their hash, kept for `TTL_SECONDS`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._owners: dict[bytes, tuple[float, KeyOwner]] = {}
        self._forgotten = 0

    async def owner(self, key: str, dependencies: Dependencies, address: str = "") -> KeyOwner:
        """Raises Unauthorized for an unknown key, StoreUnavailable when it cannot be looked up, and TooManyGuesses for
        one that was never verified here, while too many unknown ones have come from the address."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        until, known = self._owners.get(digest, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        if known is None:
            _require_few_guesses(dependencies, address)
        forgotten = self._forgotten
        owner = await dependencies.store.keys.verify(key)
        if owner is None:
            self._owners.pop(digest, None)
            dependencies.guesses.fail(address, key, dependencies.now())
            raise Unauthorized(f"The API key in {HEADER} is not known or has been revoked.")
        if forgotten == self._forgotten:
            self._remember(digest, owner)
        return owner

    def forget(self, organization: str) -> None:
        """Look the keys of an organization up anew, also those that are being looked up at the moment."""
        self._forgotten += 1
        self._owners = {
            digest: known for digest, known in self._owners.items() if known[1].organization != organization
        }

    def _remember(self, digest: bytes, owner: KeyOwner) -> None:
        if len(self._owners) >= MOST_CACHED:
            self._owners.clear()
        self._owners[digest] = (self._clock() + TTL_SECONDS, owner)


class Authentication:
    """Checks key and plan before anything is routed or read, so that no route under `/api` can be forgotten."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cache = KeyCache()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_protected(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.keys = self._cache
        try:
            request.state.owner = await self._owner(request)
            _require_subscription(request.state.owner, Subscription.PROFESSIONAL, "The API")
        except SlaError as error:
            await problems.response(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _owner(self, request: Request) -> KeyOwner:
        key = request.headers.get(HEADER)
        if not key:
            raise Unauthorized(f"Send an API key in the header {HEADER}.")
        address = request.client.host if request.client else ""
        return await self._cache.owner(key, request.app.state.dependencies, address)


def _require_few_guesses(dependencies: Dependencies, address: str) -> None:
    if seconds := dependencies.guesses.wait_seconds(address, dependencies.now()):
        reason = f"Too many API keys that are not known came from your address; no other is looked at for {seconds} s."
        raise TooManyGuesses(reason, seconds)


def _is_protected(path: str) -> bool:
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


async def known_keys(request: Request) -> KeyCache:
    """The keys that this process has verified lately."""
    keys: KeyCache = request.state.keys
    return keys


def require_enterprise(owner: KeyOwner, what: str) -> None:
    """Raises PlanRequired; `what` begins its sentence, such as `An escalation`."""
    _require_subscription(owner, Subscription.ENTERPRISE, what)


ApiKey = Annotated[str | None, Security(scheme)]


async def reader(request: Request, _: ApiKey) -> KeyOwner:
    return _with_scope(request, READ)


async def writer(request: Request, _: ApiKey) -> KeyOwner:
    return _with_scope(request, WRITE)


async def admin(request: Request, _: ApiKey) -> KeyOwner:
    return _with_scope(request, ADMIN)


async def enterprise_writer(request: Request, _: ApiKey) -> KeyOwner:
    require_enterprise(request.state.owner, "This route")
    return _with_scope(request, WRITE)


Reader = Annotated[KeyOwner, Depends(reader)]
Writer = Annotated[KeyOwner, Depends(writer)]
Admin = Annotated[KeyOwner, Depends(admin)]
KnownKeys = Annotated[KeyCache, Depends(known_keys)]


def _require_subscription(owner: KeyOwner, needed: Subscription, what: str) -> None:
    if not owner.subscription.covers(needed):
        reason = f"{what} needs the plan {needed}; this organization has the plan {owner.subscription}."
        raise PlanRequired(reason, field="plan", value=owner.subscription.value)


def _with_scope(request: Request, scope: str) -> KeyOwner:
    owner: KeyOwner = request.state.owner
    if scope not in owner.scopes:
        raise Forbidden(f"This API key does not have the scope {scope}.", field="scope", value=scope)
    return owner
