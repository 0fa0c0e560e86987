"""The board in this process, with the real store and Temporal server that the tests of the API use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from domain.access.scopes import SCOPES
from tests.api.conftest import (  # noqa: F401 - the same real servers
    KEY,
    Api,
    api,
    empty_database,
    filled,
    fillings,
    make_api,
    temporal_address,
)

PAGE = {"Accept": "text/html"}


@dataclass
class Board:
    """A browser without script: it keeps its cookie and sends forms with the session's token."""

    http: httpx.AsyncClient
    api: Api
    csrf: str = ""

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def sign_in(self, key: str | None = None, **options: Any) -> httpx.Response:
        key = f"{KEY}{self.api.organization}" if key is None else key
        answer = await self.http.post("/sign-in", data={"key": key, "back": "/settings"}, **options)
        page = await self.http.get("/nowhere")
        self.csrf = page.text.partition('<meta name="csrf" content="')[2].partition('"')[0]
        return answer

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form."""
        return await self.http.post(path, data={"csrf": self.csrf, **fields})


BoardMaker = Callable[..., Awaitable[Board]]


@pytest.fixture
async def make_board(make_api: Any) -> AsyncIterator[BoardMaker]:  # noqa: F811
    """Opens a board for an API, or for a new one; signed in with a key of these scopes unless there are none."""
    async with AsyncExitStack() as stack:

        async def make(api: Api | None = None, scopes: tuple[str, ...] = SCOPES) -> Board:
            api = api or await make_api()
            http = httpx.AsyncClient(transport=httpx.ASGITransport(api.app), base_url="http://board", headers=PAGE)
            await stack.enter_async_context(http)
            board = Board(http, api)
            if scopes:
                _, key = await api.dependencies.store.keys.create(api.organization, "a test", scopes)
                await board.sign_in(key)
            return board

        yield make


@pytest.fixture
async def board(make_board: BoardMaker) -> Board:
    return await make_board()
