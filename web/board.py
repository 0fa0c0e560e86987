"""The board as an application of its own: the composition root of its parts."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from service.dependencies import Dependencies
from web.http import errors
from web.http.headers import SecurityHeaders
from web.http.rendering import FOLDERS
from web.live import routes as live
from web.live.hub import Hub
from web.pages.listed import PAGES, UNLISTED


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
