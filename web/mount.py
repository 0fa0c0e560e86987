"""The board's place in the API's application. The board itself is loaded with the first page that somebody asks for: no
start waits for it, and an API that no person looks at never has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from service.dependencies import Dependencies
from web.http.fragments import is_fragment

WantsPage = Callable[[Request], bool]

SECTIONS = frozenset(
    {
        *("breaches", "calendars", "compliance", "demo", "deliveries", "live", "policies", "replans", "settings"),
        *("shared", "sign-in", "sign-out", "static", "tickets"),
    }
)
"""The first words of the board's addresses, besides `/`. A page of `web/pages/listed.py` needs its own here."""


def mount_board(app: FastAPI, wants_page: WantsPage) -> None:
    """Adds the board to an application whose `state` holds the dependencies.

    `wants_page` says whether a request comes from a browser: `/` and what is not there are answered by both.
    """

    def dependencies() -> Dependencies:
        found: Dependencies = app.state.dependencies
        return found

    board = LoadedBoard(dependencies)
    app.state.board = board
    app.router.routes.insert(0, _Sections(board, wants_page))
    app.router.routes.append(_Nowhere(board, wants_page))


class LoadedBoard:
    """The board, loaded in a thread when it is asked for first, while the API goes on."""

    def __init__(self, dependencies: Callable[[], Dependencies]) -> None:
        self._dependencies = dependencies
        self._app: FastAPI | None = None

    async def app(self) -> FastAPI:
        if self._app is None:
            made = await asyncio.to_thread(self._load)
            # Of two first requests the one that is ready first counts: browsers share its news.
            if self._app is None:
                self._app = made
        return self._app

    def _load(self) -> FastAPI:
        from web.board import create_board  # noqa: PLC0415 - an eighth of a second, which a start need not pay

        return create_board(self._dependencies)


class _Sections(BaseRoute):
    """Takes what is under the board's own first words, and `/` where a page is wanted."""

    def __init__(self, board: LoadedBoard, wants_page: WantsPage) -> None:
        self._board, self._wants_page = board, wants_page

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        ours = _section(scope) in SECTIONS or (scope["path"] == "/" and self._is_asked(Request(scope)))
        return (Match.FULL if ours else Match.NONE), {}

    def _is_asked(self, request: Request) -> bool:
        # A part of a page is fetched with whatever a script accepts.
        return is_fragment(request) or self._wants_page(request)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = await self._board.app()
        await app(scope, receive, send)


class _Nowhere(_Sections):
    """Takes what nothing else has taken, where a page is wanted: people get a page that says so, programs do not."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        taken = scope["type"] == "http" and scope["method"] == "GET" and _section(scope) != "api"
        return (Match.FULL if taken and self._is_asked(Request(scope)) else Match.NONE), {}


def _section(scope: Scope) -> str:
    return str(scope["path"]).removeprefix("/").partition("/")[0]
