"""The board as an application of its own, and its place in the API's: the composition root of `web`."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from service.dependencies import Dependencies
from web.http import errors
from web.http.headers import SecurityHeaders
from web.http.rendering import FOLDERS, is_fragment
from web.live import routes as live
from web.live.hub import Hub
from web.pages.listed import PAGES, UNLISTED

WantsPage = Callable[[Request], bool]


def mount_board(app: FastAPI, wants_page: WantsPage) -> None:
    """Adds the board to an application whose `state` holds the dependencies.

    `wants_page` says whether a request comes from a browser: `/` and what is not there are answered by both.
    """

    def dependencies() -> Dependencies:
        found: Dependencies = app.state.dependencies
        return found

    board = create_board(dependencies)
    sections = {_section(route.path) for route in board.routes if hasattr(route, "path")} - {""}
    app.router.routes.insert(0, _Board(board, sections, wants_page))
    app.router.routes.append(_Nowhere(board, wants_page))


def create_board(dependencies: Callable[[], Dependencies]) -> FastAPI:
    board = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    board.state.dependencies = dependencies
    board.state.pages = PAGES
    board.state.live = Hub(dependencies)
    errors.install(board)
    board.add_middleware(SecurityHeaders)
    for one in (*(page.router for page in PAGES), *UNLISTED, live.router):
        board.router.routes.extend(one.routes)
    for name, folder in FOLDERS.items():
        # Pages are not compressed: they hold a token beside what an address may say, which their size would tell.
        files = GZipMiddleware(StaticFiles(directory=folder, check_dir=False))
        board.router.routes.append(Mount(f"/static/{name}", files))
    return board


def _section(path: str) -> str:
    return path.split("/")[1]


class _Board(BaseRoute):
    """Takes what is under the board's own first words, and `/` where a page is wanted."""

    def __init__(self, board: Starlette, sections: set[str], wants_page: WantsPage) -> None:
        self._board, self._sections, self._wants_page = board, sections, wants_page

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        section = _section(scope["path"]) if scope["path"].startswith("/") else ""
        ours = section in self._sections or (scope["path"] == "/" and self._is_asked(Request(scope)))
        return (Match.FULL if ours else Match.NONE), {}

    def _is_asked(self, request: Request) -> bool:
        # A part of a page is fetched with whatever a script accepts.
        return is_fragment(request) or self._wants_page(request)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._board(scope, receive, send)


class _Nowhere(_Board):
    """Takes what nothing else has taken, where a page is wanted: people get a page that says so, programs do not."""

    def __init__(self, board: Starlette, wants_page: WantsPage) -> None:
        super().__init__(board, set(), wants_page)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        taken = scope["type"] == "http" and scope["method"] == "GET" and _section(scope["path"]) != "api"
        return (Match.FULL if taken and self._is_asked(Request(scope)) else Match.NONE), {}
