"""The rest of the API's place in the application. It is loaded with the first request for any of it, or when the
application is to describe itself: building its models takes a quarter of what loading the API takes, and no start waits
for it."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.http.openapi import description


class Later(BaseRoute):
    """Takes what no route before it has taken, once: by then the rest is there, and the request is matched anew.

    The rest comes behind the routes that the application had when this was made.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._before = app.router.routes[-1]
        self._there = False
        self._described = app.openapi
        app.openapi = self._describe  # type: ignore[method-assign]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        asked = not self._there and scope["type"] == "http"
        return (Match.FULL if asked else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        # In a thread, while other requests are answered.
        self._add(await asyncio.to_thread(_rest))
        await self._app.router(scope, receive, send)

    def _describe(self) -> dict[str, Any]:
        self._add(_rest())
        return self._app.openapi()

    def _add(self, rest: ModuleType) -> None:
        # Of two first requests the one that is ready first counts.
        if self._there:
            return
        self._there = True
        routes = self._app.router.routes
        place = routes.index(self._before) + 1
        routes[place:place] = [route for part in rest.PARTS for route in part.router.routes]
        self._app.webhooks = rest.WEBHOOKS
        self._app.openapi = self._described  # type: ignore[method-assign]
        description.complete(self._app, rest.EXAMPLES)


def _rest() -> ModuleType:
    from api import rest  # noqa: PLC0415 - a quarter of a second, which a start need not pay

    return rest
